"""What figures of falls say: their titles as sentences, every number an argument. Needs only NumPy; texts are plain."""

from collections.abc import Mapping, Sequence

import numpy as np

from analysis.results.fall_statistics import FallStatistics
from analysis.words.formats import percent, smaller

NOTHING_KNOWN = "No sample has a known fall"


def curve_finding(found: FallStatistics | None, label: str, *, relative: bool) -> str:
    """How many samples fall by more than two thresholds, under the baseline and under a predictor.

    Parameters
    ----------
    found
        None where no fall is known.
    label : str
        The predictor's short name.
    relative : bool
        Whether falls are shares of the highest value.
    """
    if found is None:
        return NOTHING_KNOWN
    (near, (before, after)), (far, (before_far, after_far)) = found.falling_percent.items()
    share = " of their highest value" if relative else ""
    return (
        f"{percent(before)} of samples fall by more than {near:g}{share} under the baseline, "
        f"{percent(after)} under {label}; by more than {far:g}: {percent(before_far)} and {percent(after_far)}"
    )


def scatter_finding(found: FallStatistics | None, label: str) -> str:
    """On how many samples a predictor falls less than the baseline, and on how many more; equal falls are neither."""
    if found is None:
        return NOTHING_KNOWN
    less, more = percent(found.less_percent), percent(found.more_percent)
    return f"{label} falls less than the baseline on {less} of samples, more on {more}"


def histogram_finding(found: FallStatistics | None, label: str) -> str:
    """What half of the samples do under each of two predictors."""
    if found is None:
        return NOTHING_KNOWN
    first, second = map(_half, found.median, found.never_percent, ("the baseline", label))
    return f"{first[0].upper()}{first[1:]}; {second}"


def _half(median: float, never_percent: float, whose: str) -> str:
    """What half of the samples do, or how many never fall where that is half or more."""
    if median > 0:
        size = f"{median:.2g}" if median >= 1e-4 else f"{median:.0e}"
        return f"half of the samples fall by {size} or more under {whose}"
    return f"{percent(never_percent)} never fall under {whose}"


def pairs_finding(counts: np.ndarray, threshold: float, whose: str, exit_names: Sequence[str]) -> str:
    """Between which exits largest falls happen most often.

    Parameters
    ----------
    counts : int, (exits, exits)
        Of `analysis.metrics.decrease.exit_pairs`.
    whose : str
        "the baseline" or a predictor's short name.

    Examples
    --------
    >>> pairs_finding(np.array([[0, 1, 0], [0, 0, 3], [0, 0, 0]]), 0.01, "PA", ["1", "2", "3"])
    'Under PA falls above 0.01 go most often from exit 2 to 3 (75.0% of 4); 75.0% end at the last exit'
    """
    total = int(counts.sum())
    if not total:
        return f"Under {whose} no sample falls by more than {threshold:g}"
    start, end = np.unravel_index(int(counts.argmax()), counts.shape)
    most, last = 100 * float(counts[start, end]) / total, 100 * float(counts[:, -1].sum()) / total
    return (
        f"Under {whose} falls above {threshold:g} go most often from exit {exit_names[start]} to {exit_names[end]} "
        f"({percent(most)} of {total:,}); {percent(last)} end at the last exit"
    )


def smallness_finding(baseline: np.ndarray, predictor: np.ndarray, what: str, label: str) -> str:
    """Why absolute falls are rare under a product, with this run's numbers; empty where it does not hold.

    Parameters
    ----------
    baseline, predictor : float, (exits,)
        Mean probability of what falls.
    what : str
        "true class" or "final prediction".
    """
    if not (np.isfinite(baseline).all() and np.isfinite(predictor).all()) or not smaller(predictor[0], baseline[0]):
        return ""
    return (
        f"Absolute falls are rare under {label} partly because its probabilities are small: the {what} gets "
        f"{predictor[0]:.3f} on average at the first exit and {predictor[-1]:.3f} at the last, against "
        f"{baseline[0]:.3f} and {baseline[-1]:.3f} under the baseline, and nothing can fall by more than it has. "
        "Relative falls do not depend on that."
    )


def trajectory_finding(what: str, falls: Mapping[str, tuple[float, str, str] | None], shown: str) -> str:
    """How far one sample falls under what is shown, against the baseline.

    Parameters
    ----------
    what : str
        "true class" or "final prediction".
    falls : mapping
        "the baseline" and the predictor's short name -> (size, from exit, to exit), None without a fall.
    shown : str
        Which of them is shown.

    Examples
    --------
    >>> trajectory_finding("true class", {"the baseline": (0.25, "1", "3"), "PA": None}, "PA")
    'P(true class) never falls under PA, by 0.250 under the baseline'
    """
    own = falls[shown]
    if own is None:
        said = f"P({what}) never falls under {shown}"
    else:
        said = f"P({what}) falls by {_size(own[0])} from exit {own[1]} to {own[2]} under {shown}"
    if shown == "the baseline":
        return said
    before = falls["the baseline"]
    if before is not None:
        return f"{said}, by {_size(before[0])} under the baseline"
    return f"{said}, {'nor' if own is None else 'never'} under the baseline"


def _size(size: float) -> str:
    return f"{size:.3f}" if size >= 0.0005 else "less than 0.001"
