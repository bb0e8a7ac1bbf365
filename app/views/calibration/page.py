"""Calibration: do confidences mean what they say, do they find mistakes, and does that save compute?"""

from collections.abc import Sequence
from functools import partial

import numpy as np
import pandas as pd
import streamlit as st

from analysis.figures.deferral import DeferralLine, deferral_figure
from analysis.figures.exit_lines import ExitLine, exit_lines_figure
from analysis.figures.reliability import Diagram, reliability_figure, reliability_height
from analysis.metrics.calibration import BINS, reliability
from analysis.metrics.failure_prediction import DEFERRED, deferral_curve
from analysis.results.from_logits.calibration import Calibration
from analysis.selection.marks import answered_as, confident, less_confident
from analysis.words import formats
from analysis.words.deciding.calibration import (
    deferral_title,
    ece_title,
    failure_title,
    reliability_title,
    temperature_title,
)
from analysis.words.deciding.stopping import left_out_words
from app import cache, state
from app.components.chart import chart
from app.components.controls import control
from app.components.empty_split import no_samples
from app.components.figure_table import by_exit, figure_table
from app.components.fitting.samples import SAME, fit_controls, on_test_badge
from app.components.predictor_names import label_of, named
from app.components.selection import strip
from app.components.text import escape, plain_text
from app.view import View
from app.views.calibration.calibrated import Calibrated, calibrated
from app.views.calibration.saving import saving_on_screen
from app.views.calibration.table import calibration_table

PANELS = 8
"""Exits whose reliability is drawn at once."""
HEIGHT = 300


def render(view: View) -> None:
    """The page."""
    st.subheader("Do confidences mean what they say, and do they tell right answers from wrong ones?", anchor=False)
    if no_samples(view):
        return
    if not view.has_labels:
        st.info("Calibration is about being right, and this run has no labels: import it again with --labels.")
        return
    try:
        about = calibrated(view)
    except ValueError as error:
        st.info(escape(error))
        return
    if not about.samples:
        st.info("None of the samples measured has a label: choose other samples to fit on, or another split.")
        return
    with st.container(horizontal=True, vertical_alignment="bottom"):
        fit_controls(about.ways, drawn=about.choice.seed is not None)
        if view.run.n_exits > PANELS:
            control("first", "First exit drawn", widget="number", step=1, max_value=view.run.n_exits, width=160)
    _said(about)
    _reliability(about)
    strip(view, "reliability", hint="Click a point: the samples of that confidence show here.")
    found = {key: about.calibration(key) for key in about.keys}
    errors, temperatures = st.columns(2, gap="medium")
    with errors:
        _errors(about, found)
    with temperatures:
        _temperatures(about, found)
    failures, deferral = st.columns(2, gap="medium")
    with failures:
        _failures(about)
    with deferral:
        _deferral(about)
    strip(
        view, "ece-over-exits", "temperatures", "failure-prediction", "deferral",
        hint="Click a point of the four figures above: its samples show here.",
    )  # fmt: skip
    saving_on_screen(about, found)
    calibration_table(about, found)


def _said(about: Calibrated) -> None:
    """What is fitted on what."""
    choice, view = about.choice, about.view
    known, given = about.fitted("baseline").n_samples, len(choice.fitted)
    what = f"Temperatures and thresholds are fitted on {formats.counted(known, 'sample')}"
    what += f" with a label, of {given:,}" if known < given else ""
    drawn = choice.named.startswith("random:")
    if drawn and not len(view.run.positions("calibration")):
        what += ", as this run has no calibration split"
    lines = [f"{what}."]
    if left := len(view.run.positions(view.split)) - len(choice.measured):
        lines.append(left_out_words(left, choice.named, choice.seed))
    plain_text(" ".join(lines), role="caption")
    if choice.on_test:
        on_test_badge()


def _over(about: Calibrated, *, fits: bool = False) -> str:
    """Over how many samples; where something was fitted, whether on these."""
    split = "" if about.view.split == "all" else f"{about.view.split} "
    return formats.counted(about.samples, f"{split}sample") + (SAME if fits and about.choice.on_test else "")


# --- reliability -----------------------------------------------------------------------------------------------------


def _drawn(n_exits: int) -> list[int]:
    """The exits, from 0, whose diagrams are drawn."""
    if n_exits <= PANELS:
        return list(range(n_exits))
    first = state.get("first")
    if not 1 <= first <= n_exits:
        return np.unique(np.round(np.linspace(0, n_exits - 1, PANELS)).astype(int)).tolist()
    start = min(first - 1, n_exits - PANELS)
    return list(range(start, start + PANELS))


def _diagram(about: Calibrated, key: str, exit_: int) -> Diagram:
    traces = about.measured(key).traces
    found = about.number(key, reliability, exit_, confidence=traces.max_prob[exit_], correct=traces.correct[exit_])
    edges = 100 * found.low, 100 * found.high
    means = 100 * found.confidence, 100 * found.accuracy
    return Diagram(key, label_of(key), *edges, *means, found.samples, key == about.view.shown)


def _reliability(about: Calibrated) -> None:
    view, names = about.view, formats.exit_labels(about.view.run.exit_names)
    exits = _drawn(view.run.n_exits)
    panels = [
        (exit_ + 1, f"exit {names[exit_]}" if names[exit_].isdigit() else names[exit_],
         [_diagram(about, key, exit_) for key in about.keys])
        for exit_ in exits
    ]  # fmt: skip
    gaps = {named(key): float(_gap(about, key)) for key in about.keys}
    spread = "" if len(exits) == view.run.n_exits else f" {len(exits)} of {view.run.n_exits} exits."
    figure = cache.drawn(
        reliability_figure,
        panels,
        title=reliability_title(gaps),
        subtitle=f"{_over(about)} in {BINS} bins of equal width: mean confidence and share right in each, larger the "
        f"more samples it holds; below the diagonal, too sure.{spread}",
    )
    chart(
        figure,
        name="reliability",
        height=reliability_height(len(panels)),
        data=lambda: figure_table(view, _reliability_data(about)),
        on_click=partial(_open_bin, about),
    )


def _gap(about: Calibrated, key: str) -> float:
    traces = about.measured(key).traces
    return traces.max_prob[-1].mean(dtype=np.float64) - traces.correct[-1].mean()


def _reliability_data(about: Calibrated) -> pd.DataFrame:
    parts = []
    for key in about.keys:
        for exit_ in range(about.view.run.n_exits):
            one = _diagram(about, key, exit_)
            parts.append(
                pd.DataFrame(
                    {
                        "predictor": key,
                        "exit": exit_ + 1,
                        "from_percent": one.low,
                        "to_percent": one.high,
                        "samples": one.samples,
                        "confidence_percent": one.confidence,
                        "accuracy_percent": one.accuracy,
                    }
                )
            )
    return pd.concat(parts, ignore_index=True)


def _open_bin(about: Calibrated, point: dict) -> None:
    told = point["customdata"]
    if not (isinstance(told, list) and len(told) == 6 and told[2] in about.keys):
        return
    if _exit_of(about, told) and isinstance(told[1], int) and 0 <= told[1] < BINS:
        about.select(confident(told[0], told[1], told[2]), "reliability")


# --- errors and temperatures -----------------------------------------------------------------------------------------


def _lines(about: Calibrated, values: dict[str, np.ndarray], suffix: str = "", thin: bool = False) -> list[ExitLine]:
    return [
        ExitLine(key, f"{label_of(key)}{suffix}", of, key, full=key == about.view.shown, thin=thin)
        for key, of in values.items()
    ]


def _errors(about: Calibrated, found: dict[str, Calibration | None]) -> None:
    view = about.view
    errors = {key: about.measured(key).ece for key in about.keys}
    tempered = {key: one.ece_at_temperature for key, one in found.items() if one and one.temperatures is not None}
    figure = cache.drawn(
        exit_lines_figure,
        [*_lines(about, errors), *_lines(about, tempered, " tempered", thin=True)],
        exit_names=formats.exit_labels(view.run.exit_names),
        y_title="expected calibration error",
        title=ece_title(
            {named(key): float(of[-1]) for key, of in errors.items()},
            {named(key): float(of[-1]) for key, of in tempered.items()},
        ),
        subtitle=f"How far is confidence from accuracy? ECE, {BINS} bins of equal width, {_over(about, fits=True)}. "
        "Thin: each exit's probabilities at its fitted temperature, p^(1/T) normalised anew, after any product.",
        from_zero=True,
        opens="the mistakes there",
        height=HEIGHT,
    )
    columns = {f"{key}:ece": of for key, of in errors.items()} | {f"{key}:tempered": of for key, of in tempered.items()}
    chart(
        figure,
        name="ece-over-exits",
        height=HEIGHT,
        data=lambda: figure_table(view, _long(view, columns, "ece_of")),
        on_click=partial(_open_wrong, about, "ece-over-exits"),
    )


def _long(view: View, columns: dict[str, np.ndarray], kind: str) -> pd.DataFrame:
    """Columns named `predictor:what` as rows."""
    parts = []
    for name, values in columns.items():
        predictor, _, what = name.rpartition(":")
        parts.append(by_exit(view.run.exit_names, {"value": values}, predictor=predictor, **{kind: what}))
    return pd.concat(parts, ignore_index=True)


def _exit_of(about: Calibrated, told: list) -> bool:
    """Whether a mark tells one of the run's exits, from 1."""
    return isinstance(told[0], int) and 1 <= told[0] <= about.view.run.n_exits


def _open_wrong(about: Calibrated, figure: str, point: dict) -> None:
    """The mistakes of a predictor at an exit."""
    told = point["customdata"]
    if isinstance(told, list) and len(told) == 4 and told[2] in about.keys and _exit_of(about, told):
        about.select(answered_as(told[0], told[2], right=False), figure)


def _temperatures(about: Calibrated, found: dict[str, Calibration | None]) -> None:
    view = about.view
    fitted = {key: one.temperatures for key, one in found.items() if one and one.temperatures is not None}
    if not fitted:
        return
    values = {key: one.values for key, one in fitted.items()}
    lines = [
        ExitLine(key, label_of(key), of, key, full=key == view.shown,
                 about=["at the bound of the search: a better one lies beyond" if end else "" for end in
                        fitted[key].at_bound])
        for key, of in values.items()
    ]  # fmt: skip
    bounds = any(one.at_bound.any() for one in fitted.values())
    figure = cache.drawn(
        exit_lines_figure,
        lines,
        exit_names=formats.exit_labels(view.run.exit_names),
        y_title="temperature T (log)",
        title=temperature_title({named(key): of for key, of in values.items()}),
        subtitle="Which way does each exit err? The T that minimises the negative log-likelihood of the samples fitted "
        "on; above 1, probabilities are too sharp." + (" Some end at the bound of the search." if bounds else ""),
        reference=(1.0, "T = 1"),
        log=True,
        opens="the mistakes there",
        height=HEIGHT,
    )
    chart(
        figure,
        name="temperatures",
        height=HEIGHT,
        data=lambda: figure_table(view, _long(view, {f"{k}:temperature": v for k, v in values.items()}, "quantity")),
        on_click=partial(_open_wrong, about, "temperatures"),
    )


# --- failures --------------------------------------------------------------------------------------------------------


def _failures(about: Calibrated) -> None:
    view = about.view
    failure = {key: about.measured(key).failure_auroc for key in about.keys}
    improvable = {key: about.measured(key).improvable_auroc for key in about.keys}
    figure = cache.drawn(
        exit_lines_figure,
        [*_lines(about, failure), *_lines(about, improvable, ", mended later", thin=True)],
        exit_names=formats.exit_labels(view.run.exit_names),
        y_title="AUROC of the confidence",
        title=failure_title(
            {named(key): _mean(of[:-1]) for key, of in failure.items()},
            {named(key): _mean(of[:-1]) for key, of in improvable.items()},
        ),
        subtitle="Does confidence find the mistakes? Right against wrong at each exit; thin: against the mistakes "
        "alone that the last exit mends (early-exit failure prediction, our reading). Ties: one half; 0.5 is chance.",
        highest=1,
        opens="the mistakes there",
        height=HEIGHT,
    )
    columns = {f"{key}:failure": of for key, of in failure.items()}
    columns |= {f"{key}:improvable": of for key, of in improvable.items()}
    chart(
        figure,
        name="failure-prediction",
        height=HEIGHT,
        data=lambda: figure_table(view, _long(view, columns, "auroc_of")),
        on_click=partial(_open_wrong, about, "failure-prediction"),
    )


def _mean(values: Sequence[float] | np.ndarray) -> float:
    known = np.asarray(values)[np.isfinite(values)]
    return float(known.mean()) if len(known) else float("nan")


def _deferral(about: Calibrated) -> None:
    view, last = about.view, about.view.run.n_exits - 1
    curves = {}
    for key in about.keys:
        traces = about.measured(key).traces
        at = {"confidence": traces.max_prob[last], "correct": traces.correct[last]}
        curves[key] = about.number(key, deferral_curve, last, **at)
    samples = max(about.samples, 1)
    figure = cache.drawn(
        deferral_figure,
        [
            DeferralLine(key, label_of(key), 100 * of.deferred / samples, of.deferred, 100 * of.accuracies,
                         key == view.shown)
            for key, of in curves.items()
        ],
        title=deferral_title(
            formats.exit_labels(view.run.exit_names)[last],
            {named(key): float(about.measured(key).accuracy[last]) for key in about.keys},
            {named(key): float(about.measured(key).deferred_accuracy[last]) for key in about.keys},
        ),
        subtitle=f"What does it help to ask an oracle where confidence is least? {_over(about)}; a point is a "
        f"threshold that never parts equal confidences. The table holds the title's {100 * DEFERRED:g}% too.",
        height=HEIGHT,
    )  # fmt: skip
    chart(
        figure,
        name="deferral",
        height=HEIGHT,
        data=lambda: figure_table(view, pd.concat([
            pd.DataFrame({"predictor": key, "exit": last + 1, "threshold": of.thresholds, "deferred": of.deferred,
                          "accuracy_percent": 100 * of.accuracies})
            for key, of in curves.items()
        ], ignore_index=True)),
        on_click=partial(_open_deferred, about, {key: of.thresholds for key, of in curves.items()}),
    )  # fmt: skip


def _open_deferred(about: Calibrated, thresholds: dict[str, np.ndarray], point: dict) -> None:
    told = point["customdata"]
    if not (isinstance(told, list) and len(told) == 3 and told[1] in about.keys and isinstance(told[0], int)):
        return
    row = thresholds[told[1]]
    if 0 <= told[0] < len(row):
        about.select(less_confident(about.view.run.n_exits, float(row[told[0]]), told[1]), "deferral")
