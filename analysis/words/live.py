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


def race_finding(leaders: Sequence[str | None], exit_names: Sequence[str], ends: Sequence[tuple[str, float]]) -> str:
    """The title of one sample's race of classes: who leads when, and what the last exit gives.

    Parameters
    ----------
    leaders : (exits,)
        The likeliest class at each; None where no class has a probability.
    ends : (class's name, its probability at the last exit), from the largest down

    Examples
    --------
    >>> names, ends = ["1", "2", "3"], [("fox", 0.9), ("7", 0.1), ("cat", 0.0)]
    >>> race_finding(["fox", "fox", "fox"], names, ends)
    'Fox leads at every exit; the last gives 0.90 to fox, 0.10 to class 7'
    >>> race_finding(["7", "7", "fox"], names, ends)
    'Class 7 leads until fox overtakes at exit 3; the last gives 0.90 to fox, 0.10 to class 7'
    >>> race_finding(["fox", "7", "fox"], names, ends)
    'The lead changes 2 times, for good at exit 3; the last gives 0.90 to fox, 0.10 to class 7'
    """
    given = [f"{probability(prob)} to {class_words(name)}" for name, prob in ends if prob > 0]
    last = f"the last gives {', '.join(given)}" if given else "the last gives no class any probability"
    if len(leaders) == 1:
        return last[:1].upper() + last[1:].replace("last", "only exit", 1)
    changes = [place for place in range(1, len(leaders)) if leaders[place] != leaders[place - 1]]
    first, final = (class_words(name) if name is not None else "no class" for name in (leaders[0], leaders[-1]))
    if not changes:
        said = f"{first} leads at every exit"
    elif len(changes) == 1:
        said = f"{first} leads until {final} overtakes at exit {exit_names[changes[0]]}"
    else:
        said = f"the lead changes {len(changes)} times, for good at exit {exit_names[changes[-1]]}"
    return f"{said[:1].upper()}{said[1:]}; {last}"


def exits_listed(names: Sequence[str]) -> str:
    """Exits by their names, within a sentence.

    Examples
    --------
    >>> exits_listed(["2"]), exits_listed(["1", "3", "4"])
    ('exit 2', 'exits 1, 3 and 4')
    """
    *before, last = names
    return f"exits {', '.join(before)} and {last}" if before else f"exit {last}"


def attribution_finding(correlations: Sequence[float], doubtful: Sequence[str] = ()) -> str:
    """The title of a film-strip of attributions: how alike neighbouring exits' are.

    Parameters
    ----------
    correlations : Spearman's, of those neighbours that both have some that converged
    doubtful : the exits, by name, whose attributions did not converge

    Examples
    --------
    >>> attribution_finding([0.31, 0.8]), attribution_finding([0.5])
    ("Neighbouring exits' attributions correlate by 0.31 to 0.80", "Neighbouring exits' attributions correlate by 0.50")
    >>> attribution_finding([0.5], ["1", "4"])
    "Neighbouring exits' attributions correlate by 0.50; those of exits 1 and 4 did not converge"
    """
    if doubtful:
        return f"{attribution_finding(correlations)}; those of {exits_listed(doubtful)} did not converge"
    if not len(correlations):
        return "No two neighbouring exits have attributions to compare"
    by = range_words(min(correlations), max(correlations), lambda one: f"{one:z.2f}".replace("-", "\N{MINUS SIGN}"))
    return f"Neighbouring exits' attributions correlate by {by}"
