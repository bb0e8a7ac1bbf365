"""What one image's run says, in a sentence. Pure text."""

import itertools
from collections.abc import Sequence


def live_finding(
    who: str,
    end: float,
    last: str,
    *,
    clean_end: float | None,
    distortion: str,
    predicted: Sequence[str],
    right: bool | None,
) -> str:
    """The title of a live trajectory: where it ends, against the image as it was.

    Parameters
    ----------
    who : whose probability is followed: "true class", or a class's name
    end : that probability at the last exit that ran, called `last`
    clean_end : the same for the undistorted image; None where it is that image
    distortion : what was done, in words
    predicted : the class that each exit that ran answers
    right : whether the last of them is right; None where that is unknown

    Examples
    --------
    >>> live_finding("fox", 0.2, "7", clean_end=0.9, distortion="blurred by 5%", predicted=["cat"], right=False)
    'P(fox) is 0.20 at exit 7, wrong, 0.70 below the undistorted image (blurred by 5%)'
    """
    judged = "" if right is None else ", right" if right else ", wrong"
    said = f"P({who}) {'is' if len(predicted) == 1 else 'ends at'} {end:.2f} at exit {last}{judged}"
    if clean_end is None:
        changes = sum(a != b for a, b in itertools.pairwise(predicted))
        times = {0: "the answer never changes", 1: "the answer changes once"}.get(
            changes, f"the answer changes {changes} times"
        )
        return said if len(predicted) < 2 else f"{said}; {times}"
    difference = end - clean_end
    if abs(difference) < 0.005:
        return f"{said}, as the undistorted image ({distortion})"
    return (
        f"{said}, {abs(difference):.2f} {'below' if difference < 0 else 'above'} the undistorted image ({distortion})"
    )
