"""What one sample's or image's run says, in a sentence. Pure text."""

import itertools
from collections.abc import Sequence

from analysis.words.formats import class_words, probability, range_words


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
    'P(fox) is 0.20 at exit 7, wrong, 0.70 less than without distortion (blurred by 5%)'
    """
    judged = "" if right is None else ", right" if right else ", wrong"
    said = f"P({who}) {'is' if len(predicted) == 1 else 'ends at'} {probability(end)} at exit {last}{judged}"
    if clean_end is None:
        changes = sum(a != b for a, b in itertools.pairwise(predicted))
        times = {0: "the answer never changes", 1: "the answer changes once"}.get(
            changes, f"the answer changes {changes} times"
        )
        return said if len(predicted) < 2 else f"{said}; {times}"
    gap = end - clean_end
    if abs(gap) < 0.005:
        return f"{said}, {'' if gap == 0 else 'nearly '}as without distortion ({distortion})"
    return f"{said}, {probability(abs(gap))} {'less' if gap < 0 else 'more'} than without distortion ({distortion})"


def likeliest_finding(likeliest: Sequence[tuple[str, float]], *, true_class_missing: bool) -> str:
    """The title of one sample's likeliest classes: what the last exit gives to the first of them.

    Parameters
    ----------
    likeliest : (class's name, its probability at the last exit), from the largest down
    true_class_missing : whether the true class is known, and not drawn

    Examples
    --------
    >>> likeliest_finding([("fox", 0.9), ("7", 0.1), ("cat", 0.0)], true_class_missing=False)
    'The last exit gives 0.90 to fox, 0.10 to class 7'
    """
    given = [f"{probability(prob)} to {class_words(name)}" for name, prob in likeliest if prob > 0]
    missing = "; the true class is not among them" if true_class_missing else ""
    if not given:
        return "The last exit gives no class any probability"
    return f"The last exit gives {', '.join(given)}{missing}"


def attribution_finding(correlations: Sequence[float]) -> str:
    """The title of a film-strip of attributions: how alike neighbouring exits' are.

    Parameters
    ----------
    correlations : Spearman's, of those neighbours that have both

    Examples
    --------
    >>> attribution_finding([0.31, 0.8]), attribution_finding([0.5])
    ("Neighbouring exits' attributions correlate by 0.31 to 0.80", "Neighbouring exits' attributions correlate by 0.50")
    """
    if not len(correlations):
        return "No two neighbouring exits have attributions to compare"
    by = range_words(min(correlations), max(correlations), lambda one: f"{one:z.2f}".replace("-", "\N{MINUS SIGN}"))
    return f"Neighbouring exits' attributions correlate by {by}"
