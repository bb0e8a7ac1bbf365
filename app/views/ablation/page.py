"""Ablation: what does each activation do, and what each way to combine the exits, here and in the paper?"""

from collections.abc import Mapping
from functools import partial

import numpy as np
import pandas as pd
import streamlit as st

from analysis.figures.paper_panels import Beside, PaperPanel, paper_panels_figure
from analysis.figures.style import plain
from analysis.metrics.decrease import THRESHOLDS
from analysis.predictors import find_predictor, resolve, settings_key
from analysis.reference.names import network_name
from analysis.reference.outside_text import html_text
from analysis.reference.published import ABLATION, PublishedCell, published_ablation
from analysis.results.ablation import ACTIVATIONS, CELLS, COMBINATIONS, OF, SIZES, Cell, CellNumbers, cell_numbers
from analysis.words import ablation as words
from analysis.words import formats
from app import cache, state
from app.components.chart import chart
from app.components.controls import control
from app.components.empty_split import no_samples
from app.components.figure_table import figure_table, settings_text
from app.components.setting_widgets import settings_text as address_text
from app.components.table_export import offer_table
from app.components.text import escape, plain_text
from app.view import View

HEIGHT = 560
LINES = {"none": "each alone", "mixture": "mixture", "product": "product"}
WHOSE = {"true_class": "true class", "final_prediction": "final prediction"}
COUNTED = {"absolute": "in probability", "relative": "relative"}

Numbers = Mapping[tuple[str, str], CellNumbers]
Published = Mapping[tuple[str, str], PublishedCell]


def render(view: View) -> None:
    """The page."""
    st.subheader("What does each activation do, and what does each way to combine the exits?", anchor=False)
    plain_text(
        "The paper's ablation: three ways to turn an exit's logits into scores, by three ways to make one answer of "
        "the exits so far. Softmax alone is the baseline, the product of ReLUs is PA.",
        role="caption",
    )
    if no_samples(view):
        return
    if not view.has_labels:
        st.info("This run has no labels here, and accuracy is about the true class: import it again with --labels.")
        return
    numbers, refused = _measured(view)
    published = _published(view)
    with st.container(horizontal=True, vertical_alignment="bottom"):
        of = control("of", "Whose probability falls", list(OF), show=WHOSE.get)
        size = control("size", "Falls counted", list(SIZES), show=COUNTED.get)
        control("over", "By more than", widget="selectbox", options=[f"{tau:g}" for tau in THRESHOLDS], width=120)
        offer_table("ablation", _about(view), lambda: _table(view, numbers, published), runs=(view.run.id,))
    threshold = float(state.get("over"))
    _grid(view, numbers, refused, published, (of, size), threshold)
    accuracy, falls = st.columns(2, gap="medium")
    with accuracy:
        _accuracy(view, numbers, published)
    with falls:
        _falls(view, numbers, published, (of, size), threshold)


def _measured(view: View) -> tuple[Numbers, dict[tuple[str, str], str]]:
    """The numbers of the cells that the run can feed, and why not the others."""
    run, numbers, refused = view.run, {}, {}
    with st.spinner("Computing the nine predictors …"):
        for cell in CELLS:
            try:
                resolve(cell.predictor, cell.settings, kind=run.kind, n_exits=run.n_exits)
            except ValueError as error:
                refused[cell.key] = str(error)
                continue
            numbers[cell.key] = cache.numbers(
                cell_numbers,
                run.fingerprint, settings_key(cell.predictor, cell.settings), view.split,
                run=run, cell=cell, split=view.split,
            )  # fmt: skip
    return numbers, refused


def _published(view: View) -> Published:
    """The paper's numbers where the run is its network; they are of the test split."""
    return published_ablation(view.run.dataset, view.run.model, view.run.n_exits) if view.split == "test" else {}


def _about(view: View) -> str:
    return f"Activation by combination on {view.run.id}, split {view.split}"


# --- the nine cells --------------------------------------------------------------------------------------------------


def _grid(
    view: View,
    numbers: Numbers,
    refused: Mapping[tuple[str, str], str],
    published: Published,
    falls: tuple[str, str],
    threshold: float,
) -> None:
    at = THRESHOLDS.index(threshold)
    by_key = {cell.key: cell for cell in CELLS}
    for activation in ACTIVATIONS:
        for place, combination in zip(st.columns(3, gap="small"), COMBINATIONS):
            cell = by_key[activation, combination]
            with place, st.container(border=True, gap=None, key=f"cell-{activation}-{combination}"):
                said = f"{words.ACTIVATION[activation]}, {words.COMBINATION[combination]}"
                st.html(f'<div style="font-size:0.8125rem;opacity:0.72">{html_text(said)}</div>')
                if cell.key in refused:
                    plain_text(refused[cell.key], role="caption")
                else:
                    _cell(view, cell, numbers[cell.key], published.get(cell.key), falls, at)
    beside = (
        ""
        if published
        else (
            f" The paper's ablation is of {network_name(*ABLATION[:2])} ({ABLATION[2]} exits) on test samples; it has "
            "no numbers for what is shown here."
        )
    )
    plain_text(
        f"Right: at the last exit. Fall: samples of which the {WHOSE[falls[0]]}'s probability falls by more than "
        f"{threshold:g}{' of its highest value so far' if falls[1] == 'relative' else ''}. A cell's name opens its "
        f"falls.{beside}",
        role="caption",
    )


def _cell(
    view: View, cell: Cell, ours: CellNumbers, paper: PublishedCell | None, falls: tuple[str, str], at: int
) -> None:
    st.button(
        escape(_name(cell)),
        key=f"open-{cell.activation}-{cell.combination}",
        type="tertiary",
        icon=":material/arrow_forward:",
        help=f"Opens Monotonicity with this predictor. On the command line: `{_command(view, cell)}`",
        on_click=_open,
        args=(cell,),
    )
    lines = [("right", ours.accuracy[-1], None if paper is None else paper.accuracy[-1])]
    lines.append(("fall", ours.percents[falls][at], None if paper is None else paper.percents[falls][at]))
    body = "".join(
        f"<div><b>{html_text(formats.percent(value))}</b> {html_text(said)}"
        + ("" if theirs is None else f'<span style="opacity:0.72"> · paper {html_text(formats.percent(theirs))}</span>')
        + "</div>"
        for said, value, theirs in lines
    )
    st.html(f'<div style="font-size:0.875rem;font-variant-numeric:tabular-nums">{body}</div>')


def _name(cell: Cell) -> str:
    """The predictor's short name, with the settings that make it the cell."""
    own = ", ".join(f"{name} {value}" for name, value in cell.settings.items())
    return f"{find_predictor(cell.predictor).label}{f', {own}' if own else ''}"


def _command(view: View, cell: Cell) -> str:
    own = "".join(f" --set {name}={value}" for name, value in cell.settings.items())
    run = view.run.id if view.run.id.replace("-", "").replace("_", "").isalnum() else "RUN"
    return f"python -m analysis summarize {run} --predictor {cell.predictor}{own}"


def _open(cell: Cell) -> None:
    """In a callback: what falls under this predictor, on the page of falls; the baseline there is what is not PoE."""
    predictor, settings = cell.correction
    if predictor == "baseline":
        state.set("poe", False)
    else:
        state.set("predictor", predictor)
        state.set("set", address_text(settings))
        state.set("poe", True)
    state.open_page("monotonicity")


# --- the figures -----------------------------------------------------------------------------------------------------


def _panels(
    numbers: Numbers, published: Published, ours: str, *, from_zero: bool, key: tuple[str, str] | None
) -> tuple[list[PaperPanel], dict[str, Cell]]:
    """A panel for each activation, and the cell of each line by the line's name."""
    panels, cells = [], {}
    for activation in ACTIVATIONS:
        name, lines = f"{words.ACTIVATION[activation]}: {ours}", []
        for cell in (cell for cell in CELLS if cell.activation == activation and cell.key in numbers):
            values = numbers[cell.key].accuracy if key is None else numbers[cell.key].percents[key]
            paper = np.full(len(values), np.nan)
            if (found := published.get(cell.key)) is not None:
                paper = found.accuracy if key is None else found.percents[key]
            apart = tuple(
                f"run less paper: {'−' if gap < 0 else '+'}{formats.points(gap)}" if np.isfinite(gap) else ""
                for gap in values - paper
            )
            label = LINES[cell.combination]
            lines.append(Beside(cell.predictor, label, values, paper, np.full(len(values), np.nan), apart))
            cells |= {f"{kind}{plain(label)}: {plain(name)}": cell for kind in ("", "published, ")}
        if lines:
            panels.append(PaperPanel(name, tuple(lines), from_zero=from_zero))
    return panels, cells


def _open_line(cells: Mapping[str, Cell], point: dict) -> None:
    if (cell := cells.get(point["curve"])) is not None:
        _open(cell)


def _over(view: View, numbers: Numbers, published: Published) -> str:
    samples = next(iter(numbers.values())).samples
    split = "" if view.split == "all" else f"{view.split} "
    paper = f" Open: the paper's {network_name(*ABLATION[:2])}, one seed." if published else ""
    return f"Filled: this run, {formats.counted(samples, f'{split}sample')}.{paper} A click opens the line's predictor."


def _accuracy(view: View, numbers: Numbers, published: Published) -> None:
    panels, cells = _panels(numbers, published, "accuracy", from_zero=False, key=None)
    figure = cache.drawn(
        paper_panels_figure,
        panels,
        places=formats.exit_labels(view.run.exit_names),
        emphasised=None,
        x_title="exit",
        title=words.accuracy_finding(numbers),
        subtitle=_over(view, numbers, published),
        name_published=False,
        height=HEIGHT,
    )
    table = partial(_table, view, numbers, published, ["accuracy"])
    chart(
        figure, name="ablation-accuracy", height=HEIGHT, data=table, on_click=partial(_open_line, cells), predictor=""
    )


def _falls(view: View, numbers: Numbers, published: Published, key: tuple[str, str], threshold: float) -> None:
    relative = "relative " if key[1] == "relative" else ""
    panels, cells = _panels(numbers, published, "samples that fall by more", from_zero=True, key=key)
    figure = cache.drawn(
        paper_panels_figure,
        panels,
        places=[f"{tau:g}" for tau in THRESHOLDS],
        emphasised=None,
        x_title=f"{relative}fall of the {WHOSE[key[0]]}'s probability between an earlier and a later exit, more than",
        title=words.falls_finding(numbers, *key, threshold),
        subtitle=_over(view, numbers, published),
        name_published=False,
        height=HEIGHT,
    )
    table = partial(_table, view, numbers, published, [key])
    chart(figure, name="ablation-falls", height=HEIGHT, data=table, on_click=partial(_open_line, cells), predictor="")


def _table(view: View, numbers: Numbers, published: Published, of: list | None = None) -> pd.DataFrame:
    """Every number with the cell, the predictor and the settings that it is of, the paper's beside it."""
    parts = []
    for cell in (cell for cell in CELLS if cell.key in numbers):
        ours, paper = numbers[cell.key], published.get(cell.key)
        for key in ["accuracy", *ours.percents] if of is None else of:
            values = ours.accuracy if key == "accuracy" else ours.percents[key]
            theirs = np.full(len(values), np.nan)
            if paper is not None:
                theirs = paper.accuracy if key == "accuracy" else paper.percents[key]
            quantity = "accuracy" if key == "accuracy" else f"falls of {key[0]}, {key[1]}"
            at = list(view.run.exit_names) if key == "accuracy" else [f"{tau:g}" for tau in THRESHOLDS]
            parts.append(
                pd.DataFrame(
                    {
                        "of_predictor": cell.predictor,
                        "of_settings": settings_text(view, cell.predictor, cell.settings),
                        "activation": cell.activation,
                        "combination": cell.combination,
                        "quantity": quantity,
                        "at": at,
                        "percent": values,
                        "published": theirs,
                    }
                )
            )
    table = figure_table(view, pd.concat(parts, ignore_index=True))
    return table.rename(columns={"of_predictor": "predictor", "of_settings": "settings"})
