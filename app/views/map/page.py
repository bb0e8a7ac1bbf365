"""Map: which samples go the same way over the exits, and what do they have in common?"""

from collections.abc import Sequence
from functools import partial

import numpy as np
import pandas as pd
import streamlit as st

from analysis.figures.points import Colouring, Line, Points, by_category, by_number
from analysis.figures.trajectory_map import trajectory_map_figure
from analysis.selection import Axis, SampleTable
from analysis.selection.columns import FALL_NAMES
from analysis.selection.marks import on_the_map
from analysis.selection.sample_table import COLUMNS
from analysis.selection.trajectory_map import NEIGHBOURS, neighbours_kept, share_held
from analysis.words.formats import counted
from analysis.words.maps import nearness, neighbours_finding, plane_axes, plane_finding
from app import cache
from app.components.chart import chart
from app.components.controls import control
from app.components.empty_split import no_samples
from app.components.figure_table import figure_table
from app.components.points import drawn_before, open_row, row_on_screen, sample_lines
from app.components.selection import sample_table, select, strip
from app.components.selection.held import clear
from app.components.text import plain_text
from app.view import View
from app.views.map.umap import umap_is_there

HEIGHT = 520
COLUMNS_OF = {"pca": ("map_x", "map_y"), "umap": ("umap_x", "umap_y")}
NO_COLOUR = ("position", "id", "map_x", "map_y", "label", "predicted", "baseline_predicted")
"""Columns that colour nothing: another one says the same in words, or every sample has a value of its own."""
FALLS = ("fall", "relative_fall", *FALL_NAMES)


def render(view: View) -> None:
    """The page."""
    st.subheader("Which samples go the same way, and what do they have in common?", anchor=False)
    if no_samples(view):
        return
    plain_text(nearness(view.has_labels), role="caption")
    table = sample_table(view)
    colour, placed, _ = st.columns([3, 2, 4], vertical_alignment="bottom")
    with colour:
        options = [name for name in table.columns if name not in NO_COLOUR]
        shown = control("colour", "Coloured by", options, widget="selectbox")
    with placed:
        by = control("placed", "Placed by", show={"pca": "PCA", "umap": "UMAP"}.get)
    if by == "umap" and not umap_is_there(table.trajectories()):
        by = "pca"
    _map(view, table, shown, by)
    strip(view, "map", hint="Draw a box or a lasso: its samples show here.")


def _map(view: View, table: SampleTable, column: str, by: str) -> None:
    axes = COLUMNS_OF[by]
    everywhere, said = _places(view, table, by)
    kept = view.selected.mask if view.only else np.ones(len(table), dtype=bool)  # all of them tell where each one lies
    places, positions = everywhere[kept], table["position"].to_numpy()[kept]
    colouring, legend, bar = _colouring(table[column][kept], column)
    row = row_on_screen(view, positions)
    figure = cache.drawn(
        trajectory_map_figure,
        everywhere,
        legend=legend,
        legend_title=column,
        bar=bar,
        chosen=None if row is None else (float(places[row, 0]), float(places[row, 1])),
        subtitle=f"Each of {counted(len(places), 'sample' if view.split == 'all' else view.split + ' sample')} by its "
        f"trajectory at {counted(view.run.n_exits, 'exit')} under the baseline. "
        f"Colour: {COLUMNS.get(column, 'a column of this run')}. "
        "A box or lasso selects the samples in it, a click opens one.",
        unit=by == "pca",
        height=HEIGHT,
        uirevision=by,
        **said,
    )
    named = sample_lines(view, positions)
    lines = (*(named[:1] if column == "label_name" else named), Line("click to open it"))
    chart(
        figure,
        name="map",
        predictor=whose(view, column),
        height=HEIGHT,
        data=lambda: figure_table(view, _data(table, axes, column)[kept], predictor=whose(view, column)),
        on_select=partial(_open_region, axes),
        selection=drawn_before(view.selected, *(Axis(name) for name in axes)),
        points=Points(places[:, 0], places[:, 1], lines, colouring, view.lit(positions)),
        on_point=partial(open_row, view, positions),
    )


def _places(view: View, table: SampleTable, by: str) -> tuple[np.ndarray, dict[str, str]]:
    """Where the samples lie, and what the figure says of that."""
    return cache.numbers(_plane if by == "pca" else _umap, view.run.fingerprint, view.split, table=table, by=by)


def _plane(table: SampleTable, by: str) -> tuple[np.ndarray, dict[str, str]]:
    places = table[list(COLUMNS_OF[by])].to_numpy()
    share = share_held(table.trajectories(), places)
    across, up = plane_axes(share)
    return places, {"title": plane_finding(share), "x_title": across, "y_title": up}


def _umap(table: SampleTable, by: str) -> tuple[np.ndarray, dict[str, str]]:
    places = table[list(COLUMNS_OF[by])].to_numpy()
    kept = neighbours_kept(table.trajectories(), places)
    return places, {"title": neighbours_finding(kept, NEIGHBOURS), "x_title": "UMAP", "y_title": ""}


def _colouring(column: pd.Series, name: str) -> tuple[Colouring, Sequence[tuple[str, str]], dict | None]:
    """Colours of a column's values, with their legend or their scale."""
    numbers = pd.api.types.is_numeric_dtype(column.dtype) and not pd.api.types.is_bool_dtype(column.dtype)
    if numbers:
        falls = name.removeprefix("baseline_").removeprefix("poe_") in FALLS
        colouring, bar = by_number(column.to_numpy(dtype=np.float64, na_value=np.nan), name, falls=falls)
        return colouring, (), bar
    if pd.api.types.is_bool_dtype(column.dtype):
        codes, names = column.to_numpy(dtype=np.int64), ["no", "yes"]
    elif isinstance(column.dtype, pd.CategoricalDtype):
        codes, names = column.cat.codes.to_numpy(dtype=np.int64), [str(one) for one in column.cat.categories]
    else:
        codes, found = pd.factorize(column.astype(str).where(column.notna()))
        names = [str(one) for one in found]
    colouring, legend = by_category(codes, names, name)
    return colouring, legend, None


def whose(view: View, column: str) -> str:
    """The predictor that a column is of; the one shown where its name does not say another."""
    if column.startswith("poe_") or column in ("fixed", "broken", "gained"):
        return view.predictor
    return "baseline" if column.startswith("baseline_") else view.shown


def _data(table: SampleTable, axes: tuple[str, str], column: str) -> pd.DataFrame:
    places = table[list(axes)].round(6)  # what lies behind differs between processors
    return pd.DataFrame({"sample_id": table["id"], **places, column: table[column]})


def _open_region(axes: tuple[str, str], event: dict | None) -> None:
    if event is None:
        clear()
    else:
        select(on_the_map(axes, event), "map")
