"""The tables of a report as rows of text: exit by exit, falls, beside the paper, runs beside each other."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from analysis.metrics.decrease import THRESHOLDS
from analysis.predictors import PREDICTORS
from analysis.reference.published import Published
from analysis.report.number_tables import cost_row
from analysis.report.reviewer.subject import STATES, Subject
from analysis.results import Results, against_paper
from analysis.results.against_paper import Percents
from analysis.results.comparison import Comparison
from analysis.statistics.binomial import clopper_pearson_interval
from analysis.statistics.paired import SURE
from analysis.words import report as words
from analysis.words import verdicts
from analysis.words.formats import decimals, interval_words, signed

PAPER = {
    "accuracy": "Samples that are right, at exit",
    "true_class": "Samples whose true class's probability falls by more than",
    "final_prediction": "Samples whose final prediction's probability falls by more than",
    "oracle": "Oracle gap, points: right at some exit, less right at the last, exit",
    "entropy": "Samples whose entropy rises by more than, nats",
}
"""The parts of the table beside the paper."""


@dataclass(frozen=True)
class Table:
    """A table: the first cell of each row is its heading; a row of one cell is the heading of those below it.

    Attributes
    ----------
    states : in which states of the switch it is shown
    """

    caption: str
    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    states: tuple[str, ...] = STATES


def _share(successes: int, trials: int) -> tuple[str, str]:
    """A share in percent, and its exact 95% interval."""
    if not trials:
        return "unknown", ""
    low, high = clopper_pearson_interval(successes, trials)
    return decimals(100 * successes / trials), interval_words(100 * low, 100 * high)


def exit_tables(subject: Subject) -> list[Table]:
    """What every exit shows, a table for each state of the switch."""
    return [_exit_table(subject, state) for state in STATES]


def _exit_table(subject: Subject, state: str) -> Table:
    side, known = subject.sides[state], subject.difference.has_labels
    head = ["exit", "right, %" if known else "final answers, %", "95% interval"]
    columns = [(f"P({'true class' if known else 'final prediction'})", side.mean_prob(), 3)]
    columns.append(("entropy, nats", side.entropy, 3))
    if known:
        columns += [("ECE", side.ece, 3), ("Brier", side.brier, 3), ("NLL, nats", side.nll, 3)]
    cost, costs = "", []
    if (priced := subject.run.cost(subject.unit)) is not None:
        cost, costs = cost_row({"cost_unit": priced[0], "exits": [{"cost": one} for one in priced[1]]})
    right = side.answers["right"].tolist()
    rows = []
    for at, name in enumerate(subject.exit_names):
        cells = [name, *([costs[at]] if costs else []), *_share(right[at], side.n_samples)]
        rows.append((*cells, *(_number(values[at], places) for _, values, places in columns)))
    names = (name for name, _, _ in columns)
    head = (head[0], *([cost] if costs else []), *head[1:], *names)
    return Table(f"Exit by exit under {subject.named(state)}, {subject.over}", head, tuple(rows), (state,))


def _number(value: float, places: int) -> str:
    if np.isnan(value):
        return "unknown"
    return "infinite" if np.isinf(value) else decimals(float(value), places, np.inf)


def fall_tables(subject: Subject) -> list[Table]:
    """How many samples fall by more than each of the paper's thresholds, a table for each state."""
    return [
        Table(
            f"Samples whose {subject.quantity} falls under {subject.named(state)}, {subject.over}",
            ("by more than", "samples, %", "95% interval", "relative to the highest value so far, %"),
            tuple(_fall_rows(side)),
            (state,),
        )
        for state, side in subject.sides.items()
    ]


def _fall_rows(side: Results) -> list[tuple[str, ...]]:
    known = side.known_falls(side.of, "absolute")
    percents, relative = side.falling_percent(THRESHOLDS), side.falling_percent(THRESHOLDS, kind="relative")
    return [
        (f"{tau:g}", *_share(round(share * known / 100) if known else 0, known), _number(other, 2))
        for tau, share, other in zip(THRESHOLDS, percents.tolist(), relative.tolist())
    ]


def paper_table(subject: Subject, measured: Mapping[str, Percents]) -> Table | None:
    """Every number that the paper has too; None where it has none."""
    if not measured:
        return None
    published: Mapping[str, Published] = subject.all_published
    samples = subject.difference.a.n_samples
    found = against_paper.comparison_table(measured, published, subject.exit_names, samples)
    keys = list(dict.fromkeys(found["predictor"]))
    cells = {(row.quantity, row.at, row.predictor): _beside(row) for row in found.itertuples()}
    rows: list[tuple[str, ...]] = []
    for quantity, title in PAPER.items():
        places = dict.fromkeys(found["at"][found["quantity"] == quantity])
        rows += [(title,)] if places else []
        for place in places:
            rows.append((place, *(cell for key in keys for cell in cells.get((quantity, place, key), ("",) * 3))))
    heads = ((f"{PREDICTORS[key].label}: this run", "the paper", "difference, points") for key in keys)
    head = ("%", *(cell for one in heads for cell in one))
    judged = found["outside_2_sd"].notna().any()
    about = f"; differences: within or outside ±2 sd ({verdicts.SD})" if judged else ""
    return Table(f"This run's numbers beside the paper's{about}", head, tuple(rows))


def _beside(row: object) -> tuple[str, str, str]:
    """A number of the run, the paper's with its spread, and the difference."""
    spread = f" ± {decimals(row.published_std)}" if np.isfinite(row.published_std) else ""
    difference = verdicts.difference_words(row.difference, row.outside_2_sd, unit=False)
    return decimals(row.run), decimals(row.published) + spread, difference


def comparison_tables(compared: Comparison, names: Sequence[str]) -> list[Table]:
    """Runs and corrections side by side, then every two of them with intervals and tests.

    Parameters
    ----------
    names : of the entries
    """
    exits = max(one.n_exits for one in compared.entries)
    blank = ("",) * exits
    head = ("accuracy, %", *(f"exit {m + 1}" for m in range(exits)))
    rows = tuple(
        (name, *(*(decimals(100 * value) for value in one.accuracy), *blank)[:exits])
        for name, one in zip(names, compared.entries)
    )
    falls = tuple(
        (name, *(decimals(value) for value in one.falling_percent(THRESHOLDS, "true_class")))
        for name, one in zip(names, compared.entries)
    )
    found = [
        Table("Accuracy at each exit", head, rows),
        Table(
            "Percent of samples whose true class's probability falls by more than",
            ("", *map("{:g}".format, THRESHOLDS)),
            falls,
        ),
    ]
    rows = []
    for pair in compared.pairs:
        last, fallen = pair.exits[-1], pair.decrease[0.1]
        said = last.accuracy
        rows.append((
            f"{names[pair.b]} less {names[pair.a]}",
            f"{pair.samples:,}",
            signed(100 * said.difference) + ("*" if last.p_holm < SURE else ""),
            interval_words(100 * said.low, 100 * said.high),
            f"{last.b_only:,} / {last.a_only:,}",
            words.p_words(last.p_holm),
            signed(fallen.difference),
            interval_words(fallen.low, fallen.high),
        ))  # fmt: skip
    found.append(
        Table(
            "Every two, paired by sample, at the last exit that both have; 95% intervals from 2,000 paired resamples; "
            f"*: adjusted p below {SURE:g} (exact McNemar test, Holm over the exits of a pair)",
            ("the second less the first", "samples", "accuracy, points", "95% interval", "right alone, second / first",
             "p", "falls by more than 0.1, points", "95% interval"),
            tuple(rows),
        )
    )  # fmt: skip
    return found
