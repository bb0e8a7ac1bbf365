"""Sets of classes: do they hold the true class as often as asked, how large are they, and do they grow?"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial

import numpy as np
import pandas as pd
import streamlit as st

from analysis.figures.exit_lines import ExitLine, exit_lines_figure
from analysis.figures.set_sizes import set_sizes_figure
from analysis.figures.share_bars import ShareBars, share_bars_figure
from analysis.report.policy_tables import fitting_lines
from analysis.results.from_logits.set_numbers import set_numbers
from analysis.results.from_logits.uncertainty_sets import GROWTHS, SetResults
from analysis.selection import Selection
from analysis.selection.marks import in_steps, set_missed, sets_grown, sets_lost
from analysis.sets import SETS, find_sets
from analysis.sets.sizes import SIZE_BINS
from analysis.settings import number_text
from analysis.words import formats
from analysis.words.deciding.sets import (
    ABOVE_CHANCE,
    NESTED_PROMISE,
    by_size_title,
    consistency_title,
    coverage_title,
    growth_title,
    size_title,
)
from analysis.words.deciding.stopping import left_out_words
from app import cache, state
from app.components.chart import chart
from app.components.controls import control
from app.components.empty_split import no_samples
from app.components.figure_table import by_exit, figure_table
from app.components.fitting.samples import SAME, fit_controls, on_test_badge
from app.components.fitting.sets import Asked, asked_sets, key_of, owner_of_sets, sets_on_page
from app.components.predictor_names import label_of, named
from app.components.selection import select, strip
from app.components.setting_widgets import reset_button, setting_widget
from app.components.text import escape, plain_text
from app.view import View
from app.views.sets.table import sets_table

HEIGHT = 320


@dataclass(frozen=True)
class Shown:
    """What is on screen: the sets of each predictor, the baseline first; nested sets, which are of the logits, once."""

    view: View
    asked: Asked
    found: Mapping[str, SetResults]

    @property
    def nested(self) -> bool:
        """Whether they are nested."""
        return find_sets(self.asked.method).function is None

    @property
    def label(self) -> str:
        """What the method is called."""
        return find_sets(self.asked.method).label

    @property
    def one(self) -> str:
        """The predictor whose sets are shown where there is room for one."""
        return self.view.shown if self.view.shown in self.found else next(iter(self.found))

    def named(self, key: str) -> str:
        """The same within a sentence."""
        return "each set" if self.nested else named(key)

    @property
    def over(self) -> str:
        """Over how many samples, and whether these were fitted on."""
        return self._over(len(next(iter(self.found.values())).positions))

    @property
    def over_labelled(self) -> str:
        """The same of those whose label is known, as coverage is, where any is."""
        return self._over(int(next(iter(self.found.values())).labelled.sum())) if self.view.has_labels else self.over

    def _over(self, count: int) -> str:
        split = "" if self.view.split == "all" else f"{self.view.split} "
        same = SAME if next(iter(self.found.values())).fitted_on_test else ""
        return f"{formats.counted(count, f'{split}sample')}{same}"

    def select(self, which: Selection, figure: str) -> None:
        """In a callback: select the samples that a mark counts; those that are not measured have no set."""
        try:
            select(which, figure)
        except ValueError as error:
            state.note(f"These samples cannot be named in the address: {error}")


def render(view: View) -> None:
    """The page."""
    st.subheader("Do sets of classes hold the true one as often as asked, and do they grow?", anchor=False)
    if no_samples(view):
        return
    asked = asked_sets(view)
    _choices(view, asked)
    if asked.choice is None:
        st.info(escape(f"There are no such sets here: {asked.reason}"))
        return
    keys = ("baseline", view.predictor) if find_sets(asked.method).function else ("baseline",)
    made = {key: sets_on_page(view, asked, key) for key in dict.fromkeys(keys)}
    found = {key: one for key, one in made.items() if one is not None}
    if not found:
        return
    shown = Shown(view, asked, found)
    _said(shown)
    coverage, sizes = st.columns(2, gap="medium")
    with coverage:
        _coverage(shown)
    with sizes:
        _sizes(shown)
    strip(
        view,
        "set-coverage",
        "set-sizes",
        hint="Click a point: on the left the samples that a set misses show, on the right those whose set is larger.",
    )
    by_size, growth = st.columns(2, gap="medium")
    with by_size:
        _by_size(shown)
    with growth:
        _growth(shown)
    if shown.nested:
        _consistency(shown)
    strip(view, "sets-by-size", "set-growth", "set-consistency", hint="Click a cell or a bar: its samples show here.")
    sets_table(view, asked, found)


# --- controls --------------------------------------------------------------------------------------------------------


def _choices(view: View, asked: Asked) -> None:
    """The method, its settings, and on which samples they are calibrated."""
    row, owner = find_sets(asked.method), owner_of_sets(view, asked.method)
    first, *others = row.settings  # alpha, which all have
    with st.container(horizontal=True):
        control(
            "sets",
            "Sets",
            show=lambda key: SETS[key].label,
            widget="selectbox",
            help=f"{escape(row.summary)} {escape(row.citation)}",
            width=200,
        )
        with st.container(width=200, gap="xsmall"):
            setting_widget(owner, first, asked.texts)
        if asked.fits:
            fit_controls(asked.ways, drawn=True)
        else:
            control("fit_seed", "Seed", widget="number", step=1, width=120)
    changed = f" ({len(asked.texts)} changed)" if asked.texts else ""
    with st.expander(f"Settings of {escape(row.label)}{changed}", key="set-settings"):
        for place, setting in zip(st.columns(max(3, len(others)), vertical_alignment="top"), others):
            with place:
                setting_widget(owner, setting, asked.texts)
        reset_button(owner, asked.texts)


def _said(shown: Shown) -> None:
    view, choice, one = shown.view, shown.asked.choice, next(iter(shown.found.values()))
    numbers = _numbers(shown, next(iter(shown.found)))
    lines = fitting_lines(numbers)[:1] if shown.asked.fits else []
    if shown.asked.fits and not len(view.run.positions("calibration")) and choice.seed is not None:
        lines.append("The run has no calibration split.")
    if left := len(view.run.positions(view.split)) - len(choice.measured):
        lines.append(left_out_words(left, choice.named, choice.seed))
    lines.append(f"Random numbers belong to their sample (seed {one.seed}).")
    if shown.nested:
        lines.append(NESTED_PROMISE)
    if one.tuned is not None:
        end = "." if one.tuned.covers else "; no b covers as many as asked, this one covers most."
        lines.append(f"Tuned: b = {number_text(float(one.tuned.threshold))}{end}")
    if one.quantiles is not None and np.isinf(one.quantiles).any():
        lines.append("Too few samples are calibrated on for this alpha: sets hold every class.")
    plain_text(" ".join(lines), role="caption")
    if one.fitted_on_test:
        on_test_badge()


def _numbers(shown: Shown, key: str) -> dict:
    return cache.numbers(set_numbers, *key_of(shown.view, shown.asked, key), found=shown.found[key])


# --- over the exits --------------------------------------------------------------------------------------------------


def _lines(shown: Shown, values: Mapping[str, np.ndarray], running: np.ndarray | None) -> list[ExitLine]:
    """A line per predictor; of nested sets, in ink, the sets and thinner what all so far have in common."""
    if not shown.nested:
        return [ExitLine(key, label_of(key), of, key, full=key == shown.view.shown) for key, of in values.items()]
    lines = [ExitLine(key, "each set", of) for key, of in values.items()]
    return lines if running is None else [*lines, ExitLine("running", "all so far", running, thin=True)]


def _coverage(shown: Shown) -> None:
    names, asked = formats.exit_labels(shown.view.run.exit_names), 1 - float(shown.asked.settings["alpha"])
    values = {key: one.coverage for key, one in shown.found.items()}
    running = shown.found[shown.one].sequence_coverage
    told = {shown.named(key): of for key, of in values.items()} | ({} if running is None else {"all so far": running})
    chance = shown.found[shown.one].chance
    if chance is not None and not chance[0] < chance[1]:  # no label, or sets that hold every class
        chance = None
    more = "" if shown.found[shown.one].settings.get("allow_empty") else f"; {ABOVE_CHANCE}"
    figure = cache.drawn(
        exit_lines_figure,
        _lines(shown, {key: 100 * of for key, of in values.items()}, None if running is None else 100 * running),
        exit_names=names,
        y_title="sets that hold the true class, %",
        title=coverage_title(asked, told, names),
        subtitle=f"Do sets hold the true class as often as asked? {shown.label}, {shown.over_labelled}."
        + (" Thin: what every set so far holds." if shown.nested else "")
        + (f" Band: chance alone, 95%{more}." if chance else ""),
        unit="%",
        reference=(100 * asked, "asked"),
        around=(100 * chance[0], 100 * chance[1]) if chance else None,
        highest=100,
        opens="the samples that they miss",
        height=HEIGHT,
    )
    _chart(shown, figure, "set-coverage", {"coverage": values} | _of_running(shown, running), _open_missed)


def _of_running(shown: Shown, values: np.ndarray | None) -> dict[str, dict[str, np.ndarray]]:
    return {} if values is None else {"all_so_far": {shown.one: values}}


def _sizes(shown: Shown) -> None:
    values = {key: one.mean_size for key, one in shown.found.items()}
    sizes = shown.found[shown.one].running_sizes
    running = None if sizes is None else sizes.mean(axis=1)
    told = {shown.named(key): of for key, of in values.items()} | ({} if running is None else {"all so far": running})
    medians = {key: [f"median {value:g}" for value in one.median_size] for key, one in shown.found.items()}
    lines = [
        ExitLine(line.key, line.label, line.values, line.predictor_id, line.full, line.thin, medians.get(line.key, ()))
        for line in _lines(shown, values, running)
    ]
    figure = cache.drawn(
        exit_lines_figure,
        lines,
        exit_names=formats.exit_labels(shown.view.run.exit_names),
        y_title="classes in a set, mean",
        title=size_title(told),
        subtitle=f"How large are they at each exit? {shown.label}, {shown.over}, {shown.view.run.n_classes:,} classes.",
        from_zero=True,
        opens="the larger half of the sets",
        height=HEIGHT,
    )
    _chart(shown, figure, "set-sizes", {"mean_size": values} | _of_running(shown, running), _open_larger)


def _chart(shown: Shown, figure, name: str, columns: Mapping[str, Mapping[str, np.ndarray]], opened) -> None:
    """A figure over the exits, the table that it saves, and what a click opens."""

    def table() -> pd.DataFrame:
        parts = [
            by_exit(shown.view.run.exit_names, {"value": of}, predictor=key, quantity=what)
            for what, values in columns.items()
            for key, of in values.items()
        ]
        return figure_table(shown.view, _about(shown, pd.concat(parts, ignore_index=True)))

    whose = "" if shown.nested else None
    chart(figure, name=name, height=HEIGHT, data=table, on_click=partial(opened, shown), predictor=whose)


def _about(shown: Shown, table: pd.DataFrame) -> pd.DataFrame:
    """A table with columns that say which sets it is of."""
    one = next(iter(shown.found.values()))
    settings = " ".join(f"{name}={value}" for name, value in shown.asked.settings.items())
    fitted = "" if one.fitted_on is None else one.fitted_on["split"]
    return table.assign(
        sets=shown.asked.method, sets_settings=settings, seed=one.seed, fitted_on=fitted,
        fitted_on_test=one.fitted_on_test,
    )  # fmt: skip


def _point(shown: Shown, point: dict) -> tuple[int, str] | None:
    """The exit, from 1, and whose point was clicked."""
    told = point["customdata"]
    keys = [*shown.found, *(["running"] if shown.nested else [])]
    if not (isinstance(told, list) and len(told) == 4 and isinstance(told[0], int) and told[2] in keys):
        return None
    return (told[0], told[2]) if 1 <= told[0] <= shown.view.run.n_exits else None


def _open_missed(shown: Shown, point: dict) -> None:
    if (found := _point(shown, point)) is not None:
        exit_, key = found
        running = key == "running"
        shown.select(set_missed(exit_, shown.one if running else key, running=running), "set-coverage")


def _open_larger(shown: Shown, point: dict) -> None:
    """The sets that are larger than the median."""
    if (found := _point(shown, point)) is not None:
        exit_, key = found
        running = key == "running"
        key = shown.one if running else key
        sizes = shown.found[key].running_sizes if running else shown.found[key].sizes
        median = float(np.median(sizes[exit_ - 1]))
        shown.select(sets_grown(f"{'running' if running else 'set'}_size_{exit_}", key, median), "set-sizes")


# --- by size, and how they grow --------------------------------------------------------------------------------------


def _by_size(shown: Shown) -> None:
    view, names = shown.view, formats.exit_labels(shown.view.run.exit_names)
    key, bins, asked = shown.one, list(SIZE_BINS), 1 - float(shown.asked.settings["alpha"])
    found = shown.found[key].by_size
    samples, coverage = found.samples, found.coverage
    told = "nested sets" if shown.nested else f"{named(key)}'s sets"
    labelled = bool(shown.found[key].labelled.any())
    figure = cache.drawn(
        set_sizes_figure,
        samples,
        100 * coverage,
        found.telling,
        bins=bins,
        exit_names=names,
        title=by_size_title(told, asked, found.labelled[-1], coverage[-1], found.telling[-1], bins, names[-1]),
        subtitle="Does a set of every size keep the promise? Percent of a size's sets that hold the true class, "
        f"{shown.label}{'' if shown.nested else f' of {label_of(key)}'}, {shown.over_labelled}.",
        height=HEIGHT,
    )
    chart(
        figure,
        name="sets-by-size",
        predictor="" if shown.nested else key,
        height=HEIGHT,
        data=lambda: figure_table(view, _about(shown, pd.concat([
            by_exit(view.run.exit_names, {"samples": samples[:, place], "coverage": coverage[:, place]},
                    predictor=key, set_size=name)
            for place, name in enumerate(bins)
        ], ignore_index=True))),
        on_click=partial(_open_size, shown, key) if labelled else None,
    )  # fmt: skip


def _open_size(shown: Shown, key: str, point: dict) -> None:
    row, column = point["row"], point["column"]
    if row in range(len(SIZE_BINS)) and column in range(shown.view.run.n_exits):
        low, high = list(SIZE_BINS.values())[row]
        shown.select(in_steps(f"set_size_{int(column) + 1}", key, low, high), "sets-by-size")


def _growth(shown: Shown) -> None:
    view = shown.view
    bars = []
    for key, one in shown.found.items():
        percents = one.grows_percent
        counts = np.round(percents * len(one.positions) / 100).astype(int)
        bars.append(
            ShareBars(
                key, shown.label if shown.nested else label_of(key), counts, percents, shown.nested or key == view.shown
            )
        )
    figure = cache.drawn(share_bars_figure, 
        bars,
        [f"> {k}" for k in GROWTHS],
        x_title="growth of a set from an earlier exit to a later one, classes",
        said=[f"grow by more than {k} {'class' if k == 1 else 'classes'}" for k in GROWTHS],
        title=growth_title(
            {shown.label.lower() if shown.nested else named(key): float(one.grows_percent[0])
             for key, one in shown.found.items()}
        ),
        subtitle=f"Does more computation make anyone less sure? {shown.label}, {shown.over}; any later set against any "
        "earlier one.",
        height=HEIGHT,
    )  # fmt: skip
    chart(
        figure,
        name="set-growth",
        predictor="" if shown.nested else None,
        height=HEIGHT,
        data=lambda: figure_table(view, _about(shown, pd.concat([
            pd.DataFrame({"predictor": one.predictor_id, "grows_by_more_than": GROWTHS, "percent": one.percents})
            for one in bars
        ], ignore_index=True))),
        on_click=partial(_open_growth, shown),
    )  # fmt: skip


def _open_growth(shown: Shown, point: dict) -> None:
    told = point["customdata"]
    if not (isinstance(told, list) and len(told) == 4 and isinstance(told[0], int) and told[2] in list(shown.found)):
        return
    if 0 <= told[0] < len(GROWTHS):
        shown.select(sets_grown("set_growth", told[2], GROWTHS[told[0]]), "set-growth")


def _consistency(shown: Shown) -> None:
    names = formats.exit_labels(shown.view.run.exit_names)
    values = shown.found[shown.one].consistency
    figure = cache.drawn(
        exit_lines_figure,
        [ExitLine(shown.one, "consistency", values)],
        exit_names=names,
        y_title="consistency",
        title=consistency_title(values, names),
        subtitle="Do later sets keep to the earlier ones? Size of what all sets so far have in common over the size of "
        f"the set, mean of those that are not empty; {shown.over}. 1: nested by themselves.",
        highest=1,
        opens="the sets that hold a class that an earlier one had not",
        height=HEIGHT,
    )
    _chart(shown, figure, "set-consistency", {"consistency": {shown.one: values}}, _open_inconsistent)


def _open_inconsistent(shown: Shown, point: dict) -> None:
    if (found := _point(shown, point)) is not None:
        shown.select(sets_lost(found[0], shown.one), "set-consistency")
