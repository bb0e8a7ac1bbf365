"""What figures of falls say: their titles as sentences, every number an argument. Needs only NumPy; texts are plain."""

from collections.abc import Mapping, Sequence

import numpy as np

from analysis.results.fall_statistics import FallStatistics
from analysis.words.formats import at_least, both_fall, counted, percent, small, smaller

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
    said = both_fall(before, after, f"by more than {near:g}{' of their highest value' if relative else ''}", label)
    if not before and not after:
        return said
    if not before_far and not after_far:
        return f"{said}; none by more than {far:g}"
    return f"{said}; by more than {far:g}: {_share(before_far)} and {_share(after_far)}"


def _share(value: float) -> str:
    return percent(value) if value else "none"


def scatter_finding(found: FallStatistics | None, label: str) -> str:
    """On how many samples a predictor falls less than the baseline, and on how many more; equal falls are neither."""
    if found is None:
        return NOTHING_KNOWN
    less, more = found.less_percent, found.more_percent
    if not less and not more:
        return f"Every sample falls as far under {label} as under the baseline"
    if not less:
        return f"{percent(more)} of samples fall more under {label} than under the baseline, none less"
    return f"{percent(less)} of samples fall less under {label} than under the baseline, {_share(more)} more"


def histogram_finding(found: FallStatistics | None, label: str) -> str:
    """What half of the samples do under each of two predictors, or how many never fall where that is half or more."""
    if found is None:
        return NOTHING_KNOWN
    half, never = "at least half of the samples fall", "of samples never fall"
    (before, after), (still, still_after) = found.median, map(percent, found.never_percent)
    if before > 0:
        said = f"{half.capitalize()} {_by(before)} under the baseline"
        return f"{said}, {_by(after)} under {label}" if after > 0 else f"{said}; {still_after} {never} under {label}"
    said = f"{still} {never} under the baseline"
    return f"{said}; {half} {_by(after)} under {label}" if after > 0 else f"{said}, {still_after} under {label}"


def _by(median: float) -> str:
    """A probability falls by 1 at most."""
    return f"by {at_least(median)}{'' if median == 1 else ' or more'}"


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
    'Under PA, largest falls above 0.01 go most often from exit 2 to 3 (75.0% of 4); 75.0% end at the last exit'
    """
    total = int(counts.sum())
    if not total:
        return f"Under {whose}, no sample falls by more than {threshold:g}"
    start, end = np.unravel_index(int(counts.argmax()), counts.shape)
    most, last = int(counts[start, end]), int(counts[:, -1].sum())
    way = f"from exit {exit_names[start]} to {exit_names[end]}"
    if total == 1:
        return f"Under {whose}, one sample falls by more than {threshold:g}, {way}"
    if most == total:
        return f"Under {whose}, all {total:,} samples that fall by more than {threshold:g} fall most {way}"
    end_there = f"{percent(100 * last / total) if last else 'none'} end{'' if last else 's'} at the last exit"
    others = int((counts == most).sum()) - 1
    tied = f", as between {counted(others, 'other pair')}" if others else ""
    return (
        f"Under {whose}, largest falls above {threshold:g} go most often {way} "
        f"({percent(100 * most / total)} of {total:,}{tied}); {end_there}"
    )


def smallness_finding(baseline: np.ndarray, predictor: np.ndarray, what: str, label: str) -> str:
    """Why absolute falls are small under a product, with this run's numbers; empty where it does not hold.

    Parameters
    ----------
    baseline, predictor : float, (exits,)
        Mean probability of what falls.
    what : str
        "true class" or "final prediction".
    """
    if not (np.isfinite(baseline).all() and np.isfinite(predictor).all()):
        return ""
    (at_first, at_last), (before, before_last) = ((small(p[0]), small(p[-1])) for p in (predictor, baseline))
    if not smaller(predictor[0], baseline[0]):
        return ""
    return (
        f"Nothing can fall by more than it has, and under {label} probabilities begin smaller: the {what} gets "
        f"{at_first} on average at the first exit and {at_last} at the last, against {before} and {before_last} under "
        "the baseline. Relative falls do not depend on that."
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
    'P(true class) never falls under PA; it falls by 0.250 under the baseline'
    """
    own = falls[shown]
    said = f"P({what}) never falls under {shown}"
    if own is not None:
        said = f"P({what}) falls by {_size(own[0])} from exit {own[1]} to {own[2]} under {shown}"
    if shown == "the baseline":
        return said
    before = falls["the baseline"]
    if before is None:
        return f"{said}, {'nor' if own is None else 'never'} under the baseline"
    return f"{said}{'; it falls' if own is None else ','} by {_size(before[0])} under the baseline"


def _size(size: float) -> str:
    """Three decimals, as the figure marks it."""
    if size == 1:
        return "1"
    if size < 0.001:
        return "less than 0.001"
    return f"{size:.3f}" if size < 0.9995 else "more than 0.999"
