"""A run's numbers beside the published ones, and which of the published findings it shows too.

What is compared: accuracy per exit, the share of samples that fall by more than each of the paper's thresholds. A
finding is a comparison of the product (PA) with the baseline; every verdict is computed from the run's numbers by a
criterion, which `analysis.words.verdicts` says. May import published numbers, results and metrics.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from analysis.metrics.decrease import THRESHOLDS
from analysis.metrics.uncertainty import ENTROPY_THRESHOLDS
from analysis.reference.published import Published
from analysis.results.differences import difference_of
from analysis.results.results import Results

ORDER = ("baseline", "pa", "ca")
OF = ("true_class", "final_prediction")
LEVEL = 0.005
"""Points: accuracies closer than this are level; the paper gives hundredths of a point."""
TABLE = ("accuracy", *OF, "oracle", "entropy")  # the quantities of `comparison_table`, in its order

FINDINGS = (*OF, "accuracy", "oracle", "entropy")
"""What the published findings on PA are about, in the order in which they are told."""
_THRESHOLDS_OF = {**dict.fromkeys(OF, THRESHOLDS), "entropy": ENTROPY_THRESHOLDS}

SHOWN, NOT_SHOWN = "shown", "not shown"
UNPUBLISHED, UNKNOWN = "not published", "cannot be computed"


CLEAR = "clear"
"""Beside the quantities of `TABLE`: `Difference.clear` against the baseline, per exit."""
Percents = Mapping[str, np.ndarray]
"""What the paper reports of one predictor: a quantity of `TABLE` -> a run's numbers at its places, as `percents` gives
them."""


def percents(results: Results, baseline: Results) -> dict[str, np.ndarray]:
    """What the paper reports of a predictor, of a run: over the samples whose label is known, as `published_percents`.

    Returns
    -------
    dict
        A quantity of `TABLE` -> float (places,), percent of samples, the oracle gap in points; places as in
        `places_of`. And `CLEAR`.

    Raises
    ------
    ValueError
        No label is known.
    """
    if not results.has_labels:
        raise ValueError("no sample has a known label: import the run again with --labels")
    known = results.labelled
    return {
        "accuracy": 100 * known.accuracy,
        **{of: known.falling_percent(THRESHOLDS, of) for of in OF},
        "oracle": np.array([100 * known.overthinking.destructive]),
        "entropy": known.entropy_rise_percent,
        CLEAR: difference_of(baseline, results).clear,
    }


# --- the numbers -----------------------------------------------------------------------------------------------------


def difference(run: float, published: float, std: float, samples: int) -> tuple[float, bool | None]:
    """Run less published in points, and whether that is outside two standard deviations of such a difference.

    These are sqrt(std^2 + error^2), with `error` the binomial sampling error of one run, 100 sqrt(p (1 - p) / samples),
    at the run's or the published share p, whichever gives more: a published share of 0 alone would leave none.

    Parameters
    ----------
    run, published, std : float
        Percent of samples; `std` in points, NaN where the paper has none.
    samples : int
        How many the run's number is over.

    Returns
    -------
    tuple
        Points; True or False, None where the paper has no standard deviation or a number is no share.

    Examples
    --------
    >>> difference(68.0, 70.0, 0.5, 10_000), difference(69.5, 70.0, 0.18, 10_000), difference(68.0, 70.0, 0.0, 100)
    ((-2.0, True), (-0.5, False), (-2.0, False))
    >>> difference(68.0, 70.0, float("nan"), 10_000)
    (-2.0, None)
    """
    gap = run - published
    if np.isnan(std) or not all(0 <= share <= 100 for share in (run, published)):  # an oracle gap may be negative
        return gap, None
    variance = max(share * (100 - share) for share in (run, published)) / samples
    return gap, bool(abs(gap) > 2 * np.sqrt(std**2 + variance))


def comparison_table(
    run: Mapping[str, Percents], published: Mapping[str, Published], exit_names: Sequence[str], samples: int
) -> pd.DataFrame:
    """Every number of the run that the paper has too, one row each.

    Parameters
    ----------
    samples : int
        How many the run's numbers are over.

    Returns
    -------
    pandas.DataFrame
        `quantity` (one of `TABLE`), `at` (the exit's name, or the threshold), `predictor`, then `run`, `published`,
        `published_std`, `difference` (percent of samples, points) and `outside_2_sd`, as `difference` gives it.
    """
    rows = []
    for quantity, places in places_of(exit_names).items():
        for predictor in (key for key in ORDER if key in run and key in published):
            paper, std = published_percents(published[predictor], quantity)
            for place, ours, theirs, spread in zip(places, run[predictor][quantity], paper, std):
                if np.isfinite(theirs):
                    gap = difference(ours, theirs, spread, samples)
                    rows.append((quantity, place, predictor, ours, theirs, spread, *gap))
    columns = ["quantity", "at", "predictor", "run", "published", "published_std", "difference", "outside_2_sd"]
    return pd.DataFrame(rows, columns=columns).astype({"outside_2_sd": object})


def places_of(exit_names: Sequence[str]) -> dict[str, list[str]]:
    """Where each quantity of `TABLE` is measured: the exits' names, or the thresholds as text."""
    falls, rises = [f"{tau:g}" for tau in THRESHOLDS], [f"{tau:g}" for tau in ENTROPY_THRESHOLDS]
    at = {"accuracy": list(exit_names), **dict.fromkeys(OF, falls), "entropy": rises, "oracle": [exit_names[-1]]}
    return {quantity: at[quantity] for quantity in TABLE}


def published_percents(published: Published, quantity: str) -> tuple[np.ndarray, np.ndarray]:
    """The paper's numbers of one quantity in percent, and their standard deviations in points, NaN where missing."""
    if quantity == "accuracy":
        values, std = 100 * published.accuracy, published.accuracy_std
        return values, np.full(len(values), np.nan) if std is None else 100 * std
    if quantity == "entropy":
        values = np.array([published.entropy_rises.get(tau, np.nan) for tau in ENTROPY_THRESHOLDS])
        return values, np.full(len(values), np.nan)
    if quantity == "oracle":
        return np.array([np.nan if published.oracle_gap is None else 100 * published.oracle_gap]), np.array([np.nan])
    return published.decrease(quantity, THRESHOLDS), published.decrease_std(quantity, THRESHOLDS)


# --- the findings ----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, eq=False)
class Evidence:
    """The numbers of one source, the paper or a run, that a finding is about.

    Attributes
    ----------
    before, after : float (places,), of the baseline and of PA, as `published_percents` gives them
    holds : bool (places,), where they are as the finding says
    sides : int (exits,), as `sides` gives them; None but for the accuracy
    within_spread : bool (exits,), where the difference lies within the published spread; None without one
    clear : int (exits,), as `Difference.clear`, of a run's accuracy
    """

    before: np.ndarray
    after: np.ndarray
    holds: np.ndarray
    sides: np.ndarray | None = None
    within_spread: np.ndarray | None = None
    clear: np.ndarray | None = None


@dataclass(frozen=True, eq=False)
class Verdict:
    """Whether a run shows a published finding on PA, and the numbers that decide.

    PA, against the baseline, falls for fewer samples, lies on the paper's side of its accuracy, overthinks less, and
    its entropy rises for fewer samples.

    Attributes
    ----------
    on : what the finding is about, one of `FINDINGS`
    verdict : `SHOWN`, `NOT_SHOWN`, `UNPUBLISHED` or `UNKNOWN`
    thresholds : the places of falls and rises; empty where the places are exits
    paper, run : None where there are no numbers
    """

    on: str
    verdict: str
    thresholds: tuple[float, ...]
    paper: Evidence | None
    run: Evidence | None


def verdicts(run: Mapping[str, Percents], published: Mapping[str, Published]) -> list[Verdict]:
    """Every published finding on PA, and whether the run shows it too.

    Parameters
    ----------
    run
        By predictor id; without `pa` (a run that keeps only probabilities) nothing about PA can be computed.
    published
        Of the same network; holds `baseline` and `pa`.
    """
    paper = published["baseline"], published["pa"]
    both = (run["baseline"], run["pa"]) if "pa" in run else None
    return [_judged(on, paper, both) for on in FINDINGS]


def _judged(on: str, paper: tuple[Published, Published], run: tuple[Percents, Percents] | None) -> Verdict:
    theirs = None
    if all(_is_published(one, on) for one in paper):
        theirs = _evidence(on, *(published_percents(one, on)[0] for one in paper))
        if on == "accuracy":
            theirs = replace(theirs, within_spread=_within_spread(paper))
    ours = None
    if run is not None:
        ours = _evidence(on, *(one[on] for one in run), like=theirs)
        if on == "accuracy":
            ours = replace(ours, clear=run[1][CLEAR])
    if theirs is None or ours is None:
        verdict = UNPUBLISHED if theirs is None else UNKNOWN
    else:
        verdict = SHOWN if ours.holds.all() else NOT_SHOWN
    return Verdict(on, verdict, _THRESHOLDS_OF.get(on, ()), theirs, ours)


def _is_published(one: Published, on: str) -> bool:
    return bool(one.entropy_rises) if on == "entropy" else on != "oracle" or one.oracle_gap is not None


def _evidence(on: str, before: np.ndarray, after: np.ndarray, like: Evidence | None = None) -> Evidence:
    """What holds where; accuracies are held against the sides of `like`, by themselves they are as they are."""
    if on == "accuracy":
        found = sides(before, after)
        return Evidence(before, after, found == (found if like is None else like.sides), found)
    return Evidence(before, after, after < before if on == "oracle" else fewer(before, after))


def _within_spread(paper: tuple[Published, Published]) -> np.ndarray | None:
    """Where the paper's own difference is smaller than its spread, and not level; None without a spread."""
    if paper[0].accuracy_std is None:
        return None
    gain = np.abs(paper[1].accuracy - paper[0].accuracy)
    return (gain < np.maximum(paper[0].accuracy_std, paper[1].accuracy_std)) & (100 * gain >= LEVEL)


def fewer(before: np.ndarray, after: np.ndarray) -> np.ndarray:
    """Where `after` is smaller; where `before` is 0 nothing can be smaller, and 0 is asked."""
    return (after < before) | ((before == 0) & (after == 0))


def sides(baseline: np.ndarray, predictor: np.ndarray) -> np.ndarray:
    """-1, 0 or 1 per exit: the predictor's accuracy is below the baseline's, level with it, or above. Percent."""
    gain = np.asarray(predictor) - np.asarray(baseline)
    return np.where(np.abs(gain) < LEVEL, 0, np.sign(gain)).astype(int)
