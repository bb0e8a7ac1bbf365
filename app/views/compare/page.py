"""Compare: which of several runs and predictors is better, by how much, and for which samples?"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
import pandas as pd
import streamlit as st

from analysis.figures.compared_entries import ComparedLine, compared_accuracy_figure, compared_falls_figure
from analysis.figures.entry_style import entry_styles
from analysis.metrics.decrease import THRESHOLDS
from analysis.reference.outside_text import distinct
from analysis.reference.symlog import FALL_UNIT, from_scale
from analysis.report.entry_facts import entry_facts
from analysis.report.pictures import About
from analysis.results import Results, difference_of
from analysis.results.comparison import shared_unit
from analysis.results.seeds import seed_groups
from analysis.words.comparing import accuracy_finding, collapsed_name, falls_finding
from analysis.words.formats import counted, exit_labels
from app import cache, state
from app.components.chart import chart
from app.components.controls import control
from app.components.table_export import offer_table
from app.components.text import escape, plain_table, plain_text
from app.view import View
from app.views.compare.differences import differences_on_screen
from app.views.compare.entries import Shown, adding, chosen_entries, opened_entries, run_ids, sound_runs
from app.views.compare.entry_table import about_entry, entry_table

HEIGHT = 380
SPOKEN_OF = 0.01  # the fall that the second figure's title speaks of


def render(view: View) -> None:
    """The page."""
    st.subheader("Which is better, by how much, and for which samples?", anchor=False)
    runs = sound_runs()
    entries = chosen_entries(view, runs)
    controls = st.container(horizontal=True, vertical_alignment="bottom")
    shown = opened_entries(view, runs, entries)
    if shown is None or len(shown) < 2:
        with controls:
            adding(view, runs, entries)
    if shown is None:
        return
    if len(shown) < 2:
        st.info("Choose two to eight: a run under a predictor each. Type in the box above to find them.")
        return
    groups = seed_groups([one.results for one in shown])
    with controls:
        unit, why = _axis(view, shown, collapsible=len(groups) < len(shown))
        adding(view, runs, entries)
    if why:
        plain_text(why, role="caption")
    lines = _drawn(shown, groups if state.get("collapse") else [(place,) for place in range(len(shown))])
    accuracy, falls = st.columns([6, 5], gap="medium")
    with accuracy:
        _accuracy(view, shown, lines, unit)
    with falls:
        _falls(view, shown, lines)
    styles = {place: line.style for line in lines for place in line.places}
    entry_table(view, shown, [styles[place] for place in range(len(shown))], unit)
    differences_on_screen(view, shown, unit)
    _facts(view, shown)


# --- what accuracy runs over -----------------------------------------------------------------------------------------


def _axis(view: View, shown: Sequence[Shown], *, collapsible: bool) -> tuple[str | None, str]:
    """The controls of the figures; the unit of the cost that accuracy runs over, None for exits, and why not."""
    unit, why = None, ""
    try:
        unit = shared_unit([one.run for one in shown], view.unit)
        if unit is None:
            why = "Accuracy runs over the exits: none of these runs states what its exits cost."
    except ValueError as error:
        why = f"Accuracy runs over the exits: {error}."
    if unit is None:  # what is drawn, whatever the address asks for where costs are known
        choices = state.CONTROLS["along"].choices
        st.segmented_control("Accuracy over", choices, default="exits", disabled=True, key="along-exits", help=why)
    else:
        control("along", "Accuracy over")
    if collapsible:
        control("collapse", "Seeds as mean and band")
    control("differ", "Only what differs")
    return unit if state.get("along") == "cost" else None, why


# --- the figures -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Drawn:
    """A line of both figures: the places of the entries that it is of, what it is called, how it is drawn."""

    places: tuple[int, ...]
    name: str
    style: Mapping[str, str]


def _drawn(shown: Sequence[Shown], groups: Sequence[tuple[int, ...]]) -> list[Drawn]:
    styles = entry_styles(
        [shown[group[0]].entry.predictor for group in groups],
        [(tuple(sorted(shown[place].run.id for place in group)), shown[group[0]].entry.settings) for group in groups],
    )
    names = [
        shown[group[0]].name if len(group) == 1 else collapsed_name([shown[place].name for place in group])
        for group in groups
    ]
    return [Drawn(*each) for each in zip(groups, distinct(names, lambda place: str(place + 1)), styles)]


def _line(drawn: Drawn, x: np.ndarray, values: Sequence[np.ndarray], marked: Sequence = ()) -> ComparedLine:
    """One entry's line, or the mean of several seeds with their spread."""
    mean, marks = np.mean(values, axis=0), np.mean(marked, axis=0) if marked else None
    spread = np.std(values, axis=0) if len(values) > 1 else None
    return ComparedLine(drawn.name, drawn.style, x, mean, spread, marks)


def _of(view: View, shown: Sequence[Shown], name: str) -> About:
    """What a figure's files say that it is of: the entries, whatever the sidebar shows."""
    runs, predictors = (
        " and ".join(dict.fromkeys(getattr(one.entry, what) for one in shown)) for what in ("run", "predictor")
    )
    each = "; ".join(" ".join(filter(None, (f"{one.entry.run}/{one.entry.predictor}", one.told))) for one in shown)
    return About(runs, predictors, name, each, view.split)


def _about(view: View, shown: Sequence[Shown]) -> str:
    samples = sorted({one.results.judged.n_samples for one in shown})
    many = counted(samples[0], "sample") if len(samples) == 1 else f"{samples[0]:,} to {samples[-1]:,} samples"
    return many if view.split == "all" else many.replace(" sample", f" {view.split} sample")


def _accuracy(view: View, shown: Sequence[Shown], drawn: Sequence[Drawn], unit: str | None) -> None:
    lines = []
    for one in drawn:
        results = [shown[place].results for place in one.places]
        first = results[0].run
        x = np.arange(1, first.n_exits + 1.0) if unit is None else np.asarray(first.cost(unit)[1], float)
        lines.append(_line(one, x, [100 * each.accuracy for each in results]))
    unsure = _unsure(shown, drawn, [line.values[-1] for line in lines])
    longest = max((one.run for one in shown), key=lambda run: run.n_exits)
    spread = " Bands: ± 1 standard deviation over seeds." if any(line.spread is not None for line in lines) else ""
    figure = cache.drawn(
        compared_accuracy_figure,
        lines,
        exit_names=exit_labels(longest.exit_names),
        unit=unit,
        title=accuracy_finding([line.name for line in lines], [line.values[-1] / 100 for line in lines], unsure)
        if len(lines) > 1
        else f"{lines[0].name}: {lines[0].values[-1]:.2f}% ± {lines[0].spread[-1]:.2f} are right at the last exit",
        subtitle=f"Everyone stops at one exit: percent of {_about(view, shown)} that are right there; after a name, at "
        f"its last.{spread}",
        height=HEIGHT,
    )
    data = partial(_accuracy_data, view, shown)
    chart(figure, name="compare-accuracy", height=HEIGHT, data=data, of=_of(view, shown, "compare-accuracy"))


def _unsure(shown: Sequence[Shown], drawn: Sequence[Drawn], last: Sequence[float]) -> list[int]:
    """Places of lines below the best whose difference to it may be chance; of seeds every two are asked."""
    best = [one for one, value in zip(drawn, last) if value == max(last)]
    return [
        place
        for place, (one, value) in enumerate(zip(drawn, last))
        if value < max(last)
        and any(_chance(shown[a], shown[b]) for top in best for a in one.places for b in top.places)
    ]


def _chance(below: Shown, above: Shown) -> bool:
    try:
        both = below.results, above.results
        return cache.numbers(_clear_at_last, *both[0].key, *both[1].key, a=both[0], b=both[1]) < 1
    except ValueError:  # no samples in common: not tested
        return False


def _clear_at_last(a: Results, b: Results) -> int:
    return difference_of(a, b).clear_at_last


def _accuracy_data(view: View, shown: Sequence[Shown]) -> pd.DataFrame:
    parts = []
    for one in shown:
        exits = range(1, one.run.n_exits + 1)
        costs = {f"cost_{unit}": list(costs) for unit, costs in one.run.costs.items()}
        about = {
            "exit": exits,
            "exit_name": one.run.exit_names,
            **costs,
            "accuracy_percent": 100 * one.results.accuracy,
        }
        parts.append(_named(view, one, pd.DataFrame(about)))
    return pd.concat(parts, ignore_index=True)


def _named(view: View, one: Shown, table: pd.DataFrame) -> pd.DataFrame:
    """A table with columns before it that say of which entry it is."""
    about = about_entry(view, one)
    return table.assign(**about)[[*about, *table.columns]]


def _grid() -> np.ndarray:
    """Thresholds from 0 to 1, evenly spaced on the axis, and the paper's."""
    return np.unique([float(f"{value:.6g}") for value in (*from_scale(np.linspace(0, 4, 81), FALL_UNIT), *THRESHOLDS)])


def _falls(view: View, shown: Sequence[Shown], drawn: Sequence[Drawn]) -> None:
    grid = _grid()
    lines = []
    for one in drawn:
        results = [shown[place].results for place in one.places]
        values, marked = ([each.falling_percent(taus, "true_class") for each in results] for taus in (grid, THRESHOLDS))
        lines.append(_line(one, grid, values, marked))
    at = THRESHOLDS.index(SPOKEN_OF)
    figure = cache.drawn(
        compared_falls_figure,
        lines,
        grid,
        THRESHOLDS,
        title=falls_finding([line.name for line in lines], [float(line.marked[at]) for line in lines], SPOKEN_OF),
        subtitle=f"Percent of {_about(view, shown)} where the true class's probability falls by more than a threshold "
        "between an earlier and a later exit.",
        height=HEIGHT,
    )
    data = partial(_falls_data, view, shown, grid)
    chart(figure, name="compare-falls", height=HEIGHT, data=data, of=_of(view, shown, "compare-falls"))


def _falls_data(view: View, shown: Sequence[Shown], grid: np.ndarray) -> pd.DataFrame:
    parts = [
        _named(view, one, pd.DataFrame({"threshold": grid, "percent": one.results.falling_percent(grid, "true_class")}))
        for one in shown
    ]
    return pd.concat(parts, ignore_index=True)


# --- what they are of ------------------------------------------------------------------------------------------------


def _facts(view: View, shown: Sequence[Shown]) -> None:
    """Settings and provenance side by side."""
    only = state.get("differ")
    facts = entry_facts([one.results for one in shown], [one.name for one in shown], only_differing=only)
    title = f"Settings and provenance{': only what differs' if only else ''}"
    with st.expander(escape(title), expanded=only):
        if facts.empty:
            plain_text("Nothing that is recorded differs.")
            return
        plain_table(facts)
        offer_table("compared-settings", f"{title} of {', '.join(one.name for one in shown)}", facts,
                    runs=run_ids(shown))  # fmt: skip
