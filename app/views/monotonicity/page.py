"""Monotonicity: how many samples get worse with more computation, by how much, and where?"""

from collections.abc import Sequence
from functools import partial

import numpy as np
import pandas as pd
import streamlit as st

from analysis.figures.decrease_curve import Curve, decrease_curve_figure, fall_grid
from analysis.figures.exit_pairs import exit_pairs_figure
from analysis.figures.fall_histogram import Bars, fall_histogram_figure
from analysis.figures.fall_scatter import fall_points, fall_scatter_figure
from analysis.metrics.decrease import THRESHOLDS
from analysis.metrics.fall_histogram import fall_edges
from analysis.reference.names import network_name
from analysis.results.fall_statistics import FallStatistics
from analysis.selection.marks import fall_axis, falls_above, falls_between, falls_from_to, falls_inside
from analysis.words.falls import curve_finding, histogram_finding, pairs_finding, scatter_finding, smallness_finding
from analysis.words.formats import at_most, counted, decimals, exit_labels
from analysis.words.selections import CELLS, lit_words
from app import cache, state
from app.components.chart import chart
from app.components.controls import control
from app.components.empty_split import no_samples
from app.components.figure_table import figure_table
from app.components.points import drawn_before, open_row, row_on_screen, sample_lines
from app.components.predictor_names import named
from app.components.selection import select, strip
from app.components.selection.held import clear
from app.components.table_export import offer_table
from app.components.text import plain_text
from app.view import View
from app.views.monotonicity.causes import lost_classes
from app.views.monotonicity.compared_falls import WHOSE, Compared, compared_falls, published_falls
from app.views.monotonicity.oscillation import oscillation_on_screen

HEIGHT = 330
RELATIVE = (
    "Relative falls divide by the highest value so far, so they do not shrink with the probabilities: a class that "
    "loses all of it has fallen by 1, however little it had."
)
ANY_CLASS = "Falls of any class: what one class gains, others lose, so a sample whose probabilities change falls here."


def render(view: View) -> None:
    """The page."""
    st.subheader("How many samples get worse, by how much, and where?", anchor=False)
    if no_samples(view):
        return
    if view.run.n_exits < 2:
        st.info("This run has one exit: nothing can fall from one exit to the next.")
        return
    compared = compared_falls(view)
    curve, scatter = st.columns([6, 5], gap="medium")
    told = compared.difference.falls(compared.of, compared.size)
    with curve:
        _curve(view, compared, told)
    with scatter:
        _scatter(view, compared, told)
    strip(view, "decrease", "scatter", hint="Draw a lasso in the scatter, or click a curve: the samples show here.")
    _explanation(view, compared)
    _save(view, compared)
    histogram, pairs = st.columns([6, 5], gap="medium")
    with histogram:
        _histogram(view, compared, told)
    with pairs:
        _pairs(view, compared)
    strip(view, "histogram", "exit-pairs", hint="Click a bar or a cell: its samples show here.")
    lost_classes(view)
    oscillation_on_screen(view)


# --- how many: percent over tau --------------------------------------------------------------------------------------


def _curve(view: View, compared: Compared, told: FallStatistics | None) -> None:
    grid = fall_grid(THRESHOLDS)
    curves = [
        Curve(key, compared.labels[key], compared.percents(key, grid), compared.percents(key, THRESHOLDS),
              emphasised=key == view.shown or key in state.get("beside"), selected=compared.lit_percents(key, grid))
        for key in compared.results
    ]  # fmt: skip
    published = published_falls(view, compared.of, compared.size) if state.get("published") else {}
    drawn = [(key, compared.labels[key], values) for key, values in published.items() if key in compared.results]
    figure = cache.drawn(
        decrease_curve_figure,
        curves,
        grid,
        THRESHOLDS,
        published=drawn,
        x_title=f"fall by more than, {compared.axis}",
        y_title="samples",
        title=curve_finding(told, compared.labels[view.predictor], relative=compared.size == "relative"),
        subtitle=f"Percent of {_samples(view, compared)} where {compared.what} falls by more than a threshold between "
        "an earlier and a later exit."
        + (f" Open markers: the paper's {network_name(view.run.dataset, view.run.model)}." if drawn else "")
        + lit_words(compared.lit_samples, "Thin lines"),
        log_percent=state.get("scale") == "log",
        height=HEIGHT,
    )
    chart(
        figure,
        name="decrease",
        height=HEIGHT,
        data=lambda: figure_table(view, _curve_data(compared, curves, grid, drawn)),
        on_click=partial(_open_over, compared),
    )


def _samples(view: View, compared: Compared) -> str:
    return counted(compared.samples, f"{'' if view.split == 'all' else view.split + ' '}sample")


def _curve_data(
    compared: Compared,
    curves: Sequence[Curve],
    grid: np.ndarray,
    published: Sequence[tuple[str, str, np.ndarray]],
) -> pd.DataFrame:
    parts = [
        pd.DataFrame({"source": "run", "predictor": c.predictor_id, "threshold": grid, "percent": c.percents})
        for c in curves
    ]
    parts += [
        pd.DataFrame({"source": "published", "predictor": key, "threshold": THRESHOLDS, "percent": values})
        for key, _, values in published
    ]
    return pd.concat(parts, ignore_index=True).assign(of=compared.of, falls=compared.size)


def _open_over(compared: Compared, point: dict) -> None:
    about = point["customdata"]
    if isinstance(about, list) and len(about) == 3 and about[2] in compared.results:
        select(falls_above(compared.column(about[2]), float(about[0])), "decrease")


def _save(view: View, compared: Compared) -> None:
    """The curves at the paper's thresholds, as a table to take away."""
    percents = {key: compared.percents(key, THRESHOLDS) for key in compared.results}
    parts = [pd.DataFrame({"predictor": key, "threshold": THRESHOLDS, "percent": percents[key]}) for key in percents]
    offer_table(
        "falls",
        f"Percent of {_samples(view, compared)} of {view.run.id} where {compared.what} falls by more than a threshold"
        f"{compared.by}",
        lambda: figure_table(view, pd.concat(parts, ignore_index=True).assign(of=compared.of, falls=compared.size)),
        runs=(view.run.id,),
        shown=lambda: pd.DataFrame(
            {"fall by more than": [f"{tau:g}" for tau in THRESHOLDS]}
            | {compared.labels[key]: [decimals(value) for value in values] for key, values in percents.items()}
        ),
        label="Save these percentages",
    )


# --- which samples: baseline against predictor -----------------------------------------------------------------------


def _scatter(view: View, compared: Compared, told: FallStatistics | None) -> None:
    before, after = compared.falls["baseline"].size, compared.falls[view.predictor].size
    positions, label = compared.results["baseline"].positions, compared.labels[view.predictor]
    row = row_on_screen(view, positions)
    figure = cache.drawn(
        fall_scatter_figure,
        predictor_id=view.predictor,
        chosen=None if row is None else (float(before[row]), float(after[row])),
        x_title=f"largest fall under the baseline, {compared.axis}",
        y_title=f"largest fall under {label}",
        title=scatter_finding(told, label),
        subtitle=f"Each of {_samples(view, compared)} by its largest fall; on the diagonal, equal falls. "
        "A box or lasso selects the samples in it, a click opens one.",
        height=HEIGHT,
    )
    axes = [fall_axis(compared.column(key)) for key in ("baseline", view.predictor)]
    chart(
        figure,
        name="scatter",
        height=HEIGHT,
        data=lambda: figure_table(view, _scatter_data(view, compared, np.flatnonzero(~np.isnan(before)))),
        on_select=partial(_open_region, compared, view.predictor),
        selection=drawn_before(view.selected, *axes),
        points=fall_points(
            before,
            after,
            sample_lines(view, positions),
            predictor_label=label,
            colour_of=view.shown,
            kept=view.lit(positions),
        ),
        on_point=partial(open_row, view, positions),
    )


def _scatter_data(view: View, compared: Compared, rows: np.ndarray) -> pd.DataFrame:
    ids = compared.results["baseline"].ids[rows]
    parts = [
        pd.DataFrame({"predictor": key, "of": compared.of, "falls": compared.size, "sample_id": ids,
                      "largest_fall": compared.falls[key].size[rows]})
        for key in ("baseline", view.predictor)
    ]  # fmt: skip
    return pd.concat(parts, ignore_index=True)


def _open_region(compared: Compared, predictor: str, event: dict | None) -> None:
    if event is None:
        clear()
    else:
        select(falls_inside(compared.column("baseline"), compared.column(predictor), event), "scatter")


# --- by how much: the histogram --------------------------------------------------------------------------------------


def _histogram(view: View, compared: Compared, told: FallStatistics | None) -> None:
    edges = fall_edges()
    keys = ["baseline", view.predictor] if view.poe else [view.predictor, "baseline"]
    bars = []
    for key in keys:
        counts = compared.results[key].fall_counts(compared.of, compared.size)
        lit = compared.lit.get(key) if compared.lit_samples else None
        bars.append(
            Bars(
                key,
                compared.labels[key],
                counts,
                100 * counts / max(compared.samples, 1),
                key == view.shown,
                None if lit is None else lit.fall_counts(compared.of, compared.size),
            )
        )
    figure = cache.drawn(
        fall_histogram_figure,
        bars,
        edges,
        x_title=f"largest fall, {compared.axis}",
        y_title="samples in a bin",
        title=histogram_finding(told, compared.labels[view.predictor]),
        subtitle=f"Largest fall of {compared.what} between two exits{compared.by}; {_samples(view, compared)}. "
        f"Bins widen with the fall; those that never fall are in the first, which ends at {at_most(edges[1])}."
        + lit_words(compared.lit_samples),
        log_percent=state.get("scale") == "log",
        height=HEIGHT,
    )
    chart(
        figure,
        name="histogram",
        height=HEIGHT,
        data=lambda: figure_table(view, _histogram_data(compared, bars, edges)),
        on_click=partial(_open_bin, compared),
    )


def _histogram_data(compared: Compared, bars: Sequence[Bars], edges: np.ndarray) -> pd.DataFrame:
    parts = [
        pd.DataFrame(
            {
                "predictor": b.predictor_id,
                "from": edges[:-1],
                "to": edges[1:],
                "samples": b.counts,
                "percent": b.percents,
            }
        )
        for b in bars
    ]
    return pd.concat(parts, ignore_index=True).assign(of=compared.of, falls=compared.size)


def _open_bin(compared: Compared, point: dict) -> None:
    about = point["customdata"]
    if isinstance(about, list) and len(about) == 5 and about[4] in compared.results:
        select(falls_between(compared.column(about[4]), float(about[0]), float(about[1])), "histogram")


# --- where: pairs of exits -------------------------------------------------------------------------------------------


def _pairs(view: View, compared: Compared) -> None:
    threshold = float(state.get("over"))
    counts = compared.results[view.shown].exit_pairs(compared.of, compared.size, threshold)
    lit = compared.lit.get(view.shown) if compared.lit_samples else None
    names = exit_labels(view.run.exit_names)
    by = f"{compared.by}," if compared.by else ""
    figure = cache.drawn(
        exit_pairs_figure,
        counts,
        compared.samples,
        exit_names=names,
        threshold=threshold,
        title=pairs_finding(counts, threshold, named(view.shown), names),
        subtitle=f"Percent of {_samples(view, compared)} whose largest fall of {compared.what}{by} goes from "
        "the row's exit to the column's." + lit_words(compared.lit_samples, CELLS),
        selected=None if lit is None else lit.exit_pairs(compared.of, compared.size, threshold),
        height=HEIGHT - 58,
    )
    chart(
        figure,
        name="exit-pairs",
        predictor=view.shown,
        height=HEIGHT - 58,
        data=lambda: figure_table(view, _pairs_data(compared, counts, names, threshold), predictor=view.shown),
        on_click=partial(_open_pair, compared, view.shown, threshold),
    )
    control("over", "Count falls above", widget="selectbox", width=180)


def _pairs_data(compared: Compared, counts: np.ndarray, names: Sequence[str], threshold: float) -> pd.DataFrame:
    start, end = np.triu_indices(len(names), 1)
    return pd.DataFrame({
        "from_exit": start + 1, "to_exit": end + 1, "from": [names[i] for i in start], "to": [names[i] for i in end],
        "samples": counts[start, end], "threshold": threshold, "of": compared.of, "falls": compared.size,
    })  # fmt: skip


def _open_pair(compared: Compared, predictor: str, threshold: float, point: dict) -> None:
    row, column = point["row"], point["column"]
    if isinstance(row, int) and isinstance(column, int) and 0 <= row < column:
        select(falls_from_to(compared.column(predictor), threshold, row + 1, column + 1), "exit-pairs")


# --- how to read it --------------------------------------------------------------------------------------------------


def _explanation(view: View, compared: Compared) -> None:
    """Why a product's absolute falls are rare, with this run's numbers; or what a relative fall is."""
    if compared.size == "relative":
        plain_text(RELATIVE, role="caption")
        return
    if compared.of == "any_class":
        plain_text(ANY_CLASS, role="caption")
        return
    means = (compared.results[key].mean_prob(compared.of) for key in ("baseline", view.predictor))
    if said := smallness_finding(*means, WHOSE[compared.of], compared.labels[view.predictor]):
        plain_text(said, role="caption")
