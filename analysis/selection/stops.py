"""The samples that stop at an exit under a rule, or an interruption, as a query on the columns of the predictor shown.

Short, and exact: it keeps the very samples that the numbers count.

May import policies and results.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from analysis.policies.interruption import ends_of
from analysis.policies.rule import Rule
from analysis.policies.scores import certainty
from analysis.results import PolicyResults
from analysis.results.fitting import SampleChoice
from analysis.selection.grammar import written_number
from analysis.selection.marks import answered
from analysis.selection.selection import Selection

_NOBODY, _EVERYBODY = "false", "true"


@dataclass(frozen=True)
class Interruption:
    """What stands for a rule where the world decides: each sample stops where the budget ends that it is drawn.

    `reached` holds P(before exit 1) and P(exit m); `seed` draws.
    """

    reached: tuple[float, ...]
    seed: int

    @property
    def n_exits(self) -> int:
        """How many exits the network has."""
        return len(self.reached) - 1


def stopper_of(found: PolicyResults) -> Rule | Interruption:
    """What stops the samples of a policy."""
    return Interruption(tuple(found.reached.tolist()), found.seed) if found.rule is None else found.rule


def _above(column: str, threshold: float, reaches: bool) -> str:
    """Scores are float32, and so is what they are compared with."""
    return f"{column} {'>=' if reaches else '>'} {written_number(float(np.float32(threshold)))}"


def _low_entropy(exit_: int, threshold: float, reaches: bool, n_classes: int) -> str:
    """The largest entropy whose certainty stops; certainty falls as entropy rises, and both are float32."""

    def stops(entropy: np.float32) -> bool:
        score = certainty(np.asarray(entropy), n_classes)
        return bool(score >= np.float32(threshold) if reaches else score > np.float32(threshold))

    low, high = np.float32(0), np.float32(np.log(n_classes) + 1)
    if not stops(low):
        return _NOBODY
    if stops(high):
        return _EVERYBODY
    while np.nextafter(low, high) < high:
        middle = np.float32((np.float64(low) + np.float64(high)) / 2)
        middle = middle if low < middle < high else np.nextafter(low, high)
        low, high = (middle, high) if stops(middle) else (low, middle)
    return f"confidence_{exit_} > 0 and entropy_{exit_} <= {written_number(float(low))}"


def _patient(exit_: int, threshold: float) -> str:
    agreeing = int(threshold) + 1
    if exit_ < agreeing:
        return _NOBODY
    chain = " = ".join(f"predicted_{number}" for number in range(exit_ - agreeing + 1, exit_ + 1))
    return f"confidence_{exit_} > 0 and {chain}"


def _in_bins(rule: Rule, exit_: int) -> str:
    """Within the bins whose accuracy is enough, neighbours joined; the first and the last have no end."""
    bins, column = rule.bins[exit_ - 1], f"confidence_{exit_}"
    good = [accuracy is not None and accuracy >= rule.target for accuracy in bins.accuracy]
    if all(good):
        return _EVERYBODY
    parts = []
    for first in (i for i, one in enumerate(good) if one and not (i and good[i - 1])):
        last = next((i for i in range(first, len(good)) if not good[i]), len(good))
        ends = [f"{column} >= {written_number(bins.edges[first])}"] if first else []
        ends += [f"{column} < {written_number(bins.edges[last])}"] if last < len(good) else []
        parts.append(" and ".join(ends))
    return " or ".join(f"({part})" for part in parts) or _NOBODY


def _stops(rule: Rule | Interruption, exit_: int, n_classes: int) -> str:
    """That a sample which has come to an exit, from 1, stops there."""
    if rule.bins:
        return _in_bins(rule, exit_)
    threshold = rule.thresholds[exit_ - 1]
    if threshold is None:
        return _NOBODY
    match rule.measure:
        case "entropy":
            return _low_entropy(exit_, threshold, rule.reaches, n_classes)
        case "patience":
            return _patient(exit_, threshold)
    return _above(f"{'margin' if rule.measure == 'margin' else 'confidence'}_{exit_}", threshold, rule.reaches)


def _interrupted(law: Interruption, exit_: int, up_to: bool) -> Selection:
    """By the places that the seed draws in the law, whose ends are those of `exits_reached`."""
    ends = ends_of(np.asarray(law.reached))
    low, high = float(ends[0 if up_to else exit_ - 1]), float(ends[exit_])
    if not high > low:
        return Selection.parse(_NOBODY)
    column = f"interrupted_{law.seed}"
    least = [f"{column} >= {written_number(low)}"] * (low > 0)
    return Selection.parse(" and ".join([*least, f"{column} < {written_number(high)}"]))


def stopped_at(rule: Rule | Interruption, exit_: int, n_classes: int, *, up_to: bool = False) -> Selection:
    """The samples that stop at an exit under a rule on the predictor shown; with `up_to`, at it or before.

    Parameters
    ----------
    exit_ : int
        From 1.
    n_classes : int
        Of the run: certainty is relative to it.

    Examples
    --------
    >>> rule = Rule("confidence", {}, "max-prob", (0.5, 0.75, 0.0))
    >>> stopped_at(rule, 2, 10).text, stopped_at(rule, 3, 10).text
    ('not confidence_1 > 0.5 and confidence_2 > 0.75', 'not confidence_1 > 0.5 and not confidence_2 > 0.75')
    >>> stopped_at(rule, 2, 10, up_to=True).text
    'confidence_1 > 0.5 or confidence_2 > 0.75'
    """
    if isinstance(rule, Interruption):
        return _interrupted(rule, exit_, up_to)
    clauses = {number: _stops(rule, number, n_classes) for number in range(1, min(exit_, rule.n_exits - 1) + 1)}
    tried = {number: clause for number, clause in clauses.items() if clause != _NOBODY}
    if up_to:
        some = [Selection.parse(clause) for clause in tried.values() if clause != _EVERYBODY]
        if exit_ == rule.n_exits or len(some) < len(tried):
            return Selection()
        return _joined(some, any_of=True)
    here = Selection() if exit_ == rule.n_exits else Selection.parse(clauses[exit_])
    before = [~Selection.parse(clause) for number, clause in tried.items() if number < exit_]
    return _joined([*before, here])


def answered_where_stopped(
    rule: Rule | Interruption, exit_: int, part: str, n_classes: int, *, has_labels: bool = True
) -> Selection:
    """The samples that stop at an exit and are answered in one way there: a part of a bar.

    Parameters
    ----------
    exit_ : int
        From 1.
    part : str
        As of `answered`: `right`, `right_deeper` (stopped too early), `wrong_from_here`.
    has_labels : bool
        Without labels, right is whose answer is the final one.

    Examples
    --------
    >>> rule = Rule("confidence", {}, "max-prob", (0.5, 0.0))
    >>> answered_where_stopped(rule, 1, "right_deeper", 10).text
    'confidence_1 > 0.5 and not correct_1 and correct_2'
    """
    if part == "right_deeper" and exit_ == rule.n_exits:
        return Selection.parse(_NOBODY)
    return stopped_at(rule, exit_, n_classes) & answered(exit_, rule.n_exits, part, has_labels=has_labels)


def lost_where_stopped(rule: Rule | Interruption, exit_: int, n_classes: int, *, up_to: bool = False) -> Selection:
    """The samples that are wrong where they stop and right at the last exit; of all up to an exit, from 1, or there."""
    exits = range(1, exit_ + 1) if up_to else [exit_]
    return _joined(
        [
            stopped_at(rule, number, n_classes)
            & Selection.parse(f"not correct_{number} and correct_{rule.n_exits}" if number < rule.n_exits else _NOBODY)
            for number in exits
        ],
        any_of=True,
    )


def stopped_too_early(rule: Rule | Interruption, n_classes: int) -> Selection:
    """The samples that are wrong where they stop though a later exit is right."""
    exits = range(1, rule.n_exits + 1)
    return _joined([answered_where_stopped(rule, exit_, "right_deeper", n_classes) for exit_ in exits], any_of=True)


def stopped_too_late(rule: Rule | Interruption, n_classes: int) -> Selection:
    """The samples that an exit before the one where they stop had right already."""
    parts = []
    for exit_ in range(2, rule.n_exits + 1):
        before = " or ".join(f"correct_{number}" for number in range(1, exit_))
        parts.append(stopped_at(rule, exit_, n_classes) & Selection.parse(before))
    return _joined(parts, any_of=True)


def _joined(parts: list[Selection], *, any_of: bool = False) -> Selection:
    if not parts:
        return Selection.parse(_NOBODY) if any_of else Selection()
    found = parts[0]
    for part in parts[1:]:
        found = found | part if any_of else found & part
    return found


def measured_of(choice: SampleChoice) -> Selection:
    """The samples of the split that are measured: less those that were fitted on, said as shortly as may be.

    Of a random share by the column of the same seed, of the calibration split by the split, else by their ids.
    """
    split = choice.run.positions(choice.split)
    left_out = np.setdiff1d(split, choice.measured, assume_unique=True)
    if not len(left_out):
        return Selection()
    if choice.fitted_run is choice.run and choice.seed is not None:
        return Selection.parse(f"random_{choice.seed} >= {written_number(len(left_out) / len(split))}")
    if choice.fitted_run is choice.run and choice.named == "calibration":
        return Selection.parse("split != calibration")
    return ~Selection.of_ids(choice.run.samples["id"].to_numpy()[left_out], "fitted")
