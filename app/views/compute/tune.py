"""Settings of the chosen correction: tried or fitted on calibration samples, measured on the others, and taken over."""

import json
from collections.abc import Mapping

import numpy as np
import pandas as pd
import streamlit as st

from analysis.figures.tuning_frontier import below_axis, tuning_frontier_figure
from analysis.predictors import find_predictor
from analysis.report.policy_tables import fitting_lines
from analysis.results.from_logits.likeliest import FITTED
from analysis.results.from_logits.tuning import GRIDS
from analysis.settings import as_text, number_text
from analysis.words import formats
from analysis.words.deciding import tuning
from app import cache, state
from app.components.chart import chart
from app.components.controls import control
from app.components.figure_table import figure_table
from app.components.fitting.samples import on_test_badge
from app.components.long_work import long_work
from app.components.predictor_names import label_of
from app.components.setting_widgets import settings_text
from app.components.stopping.rules import Rules
from app.components.text import escape, plain_table, plain_text
from app.view import View
from app.views.compute.rule import samples_to_fit

HEIGHT = 340
SAID = {"nll_on_support": "NLL on the support, nats", "ece": "calibration error (ECE)", "accuracy": "accuracy"}
BY = {"accuracy": "accurate, and few fall", "likelihood": "labels are likeliest"}


def tune_on_screen(view: View, rules: Rules) -> None:
    """What to try, on which samples; then what came of it."""
    predictor = view.predictor
    ways = [by for by, among in (("accuracy", GRIDS), ("likelihood", FITTED)) if predictor in among]
    label = label_of(predictor)
    if not ways:
        others = ", ".join(label_of(key) for key in {**GRIDS, **FITTED} if key != "baseline")
        plain_text(f"Nothing of {label} is tuned: choose one of {others} on the left.")
        return
    if not view.has_labels:
        st.info("Settings are tuned on labels, and this run has none here: import it again with --labels.")
        return
    if rules.source is not view.run:
        st.info(
            "Settings are tuned on this run's own samples, and the rules above are fitted on another run's: choose "
            "this one there, under *Each sample stops by a rule*."
        )
        return
    by = _choices(ways)
    samples_to_fit(view, rules)
    if rules.choice is None:
        st.info(f"{escape(label)} {escape(rules.reason)}")
        return
    if by == "accuracy" and rules.axis.unit is None:
        st.info("Budgets that end computation need the exits' costs: import the run with --costs.")
        return
    printed = long_work(
        "tune",
        _command(view, rules, by),
        start_label="Try the settings" if by == "accuracy" else "Fit the setting",
        doing=f"Tuning {label}",
        note=f"On the {formats.counted(len(rules.choice.fitted), 'sample')} fitted on, computed beside the app.",
    )
    if printed is None:
        return
    numbers = json.loads(printed)
    if by == "accuracy":
        _frontier(view, numbers, label)
    else:
        _likelihood(view, numbers, label)


def _choices(ways: list[str]) -> str:
    by = state.narrow("tune_by", ways, ways[0])
    with st.container(horizontal=True, vertical_alignment="bottom"):
        if len(ways) > 1:
            control("tune_by", "Settings under which", ways, show=BY.get)
        if by == "accuracy":
            control("max_falling", "Samples that may fall, %", widget="number", step=0.5, width=180)
            control("fall_over", "By more than", widget="number", step=0.01, width=140)
    return by


def _command(view: View, rules: Rules, by: str) -> list[str]:
    """The command that computes it; whole paths."""
    choice = rules.choice
    argv = ["tune", str(view.run.path), "--predictor", view.predictor, "--by", by, "--split", view.split]
    if choice.named.startswith("random:"):
        argv += ["--calibration", choice.named, "--seed", str(choice.seed)]
    if choice.on_test:
        argv.append("--allow-test-fitting")
    if by == "accuracy":
        law = rules.settings("interruption")
        argv += ["--law", law["law"], "--set", f"prior={number_text(law['prior'])}"]
        if law["law"] == "exponential":
            argv += ["--set", f"mean={law['mean']!r}"]
        if law["law"] == "list":
            argv += ["--set", "budgets=" + ",".join(map(repr, law["budgets"]))]
        argv += ["--max-falling", str(state.get("max_falling")), "--threshold", str(state.get("fall_over"))]
        argv += ["--cost-unit", rules.axis.unit]
    elif FITTED[view.predictor] == "temperature":
        rows = {row.name: row for row in find_predictor(view.predictor).settings}
        own = {name: value for name, value in view.settings.items() if value not in (None, rows[name].default)}
        for name, value in own.items():
            if name != "temperature":
                argv += ["--set", f"{name}={as_text(rows[name], value)}"]
    return [*argv, "--format", "json"]


def _texts(predictor: str, settings: Mapping[str, object]) -> dict[str, str]:
    """What differs from the defaults, as the address holds it."""
    rows = {row.name: row for row in find_predictor(predictor).settings}
    values = {name: tuple(value) if isinstance(value, list) else value for name, value in settings.items()}
    return {
        name: as_text(rows[name], value)
        for name, value in values.items()
        if name in rows and value is not None and value != rows[name].default
    }


def _use(texts: Mapping[str, str]) -> None:
    """In a callback: the correction on screen has these settings."""
    text = settings_text(texts)
    if len(text) > state.CONTROLS["set"].high:
        state.note("These settings are too long for the address: use them on the command line.")
        return
    state.set("set", text)
    state.set("poe", True)


def _provenance(numbers: Mapping) -> None:
    plain_text(" ".join(fitting_lines(numbers)), role="caption")
    if numbers["fitted_on_test"]:
        on_test_badge()


def _use_button(texts: Mapping[str, str], *, recommended: bool = True) -> None:
    said = ", ".join(f"{name} {value}" for name, value in texts.items()) or "the defaults"
    st.button(
        "Use this setting" if recommended else "Use it all the same",
        type="primary" if recommended else "secondary",
        on_click=_use,
        args=(texts,),
        help=escape(said),
        key="use-tuned",
    )


# --- by accuracy -----------------------------------------------------------------------------------------------------


def _frontier(view: View, numbers: Mapping, label: str) -> None:
    rows = numbers["candidates"]
    texts = [_texts(view.predictor, row["settings"]) for row in rows]
    told = [", ".join(f"{name} {value}" for name, value in of.items()) or "defaults" for of in texts]
    chosen = next(place for place, row in enumerate(rows) if row["chosen"])
    law, accuracy = numbers["law"]["law"], 100 * np.array([row["expected_accuracy"] for row in rows])
    further = below_axis(accuracy, chosen)
    figure = cache.drawn(
        tuning_frontier_figure,
        np.array([row["falling_percent"] for row in rows]),
        accuracy,
        np.array([row["frontier"] for row in rows]),
        chosen,
        told,
        predictor_id=view.predictor,
        max_falling=numbers["max_falling"],
        x_title=f"samples whose true class falls by more than {number_text(numbers['threshold'])}",
        y_title=f"accuracy expected, {law} interruption",
        title=tuning.tuning_finding(numbers, label),
        subtitle=f"Each of {len(rows)} settings on the {numbers['fitted_on']['samples']:,} samples fitted on; joined: "
        f"what no other beats in both. Chosen: {told[chosen]}"
        + ("." if numbers["feasible"] else ", under which fewest fall.")
        + (f" {formats.counted(further, 'less accurate setting')} below the axis." if further else ""),
        height=HEIGHT,
    )
    chart(
        figure,
        name="tuning",
        predictor=view.predictor,
        height=HEIGHT,
        data=lambda: _saved(view, numbers, told),
        on_click=lambda point: _take(point, texts),
    )
    plain_text(" ".join(tuning.cost_sentences(numbers, told)))
    _provenance(numbers)
    with st.container(horizontal=True, vertical_alignment="center"):
        _use_button(texts[chosen], recommended=tuning.recommended(numbers))
    plain_table(_sides(numbers, ("expected_accuracy", "falling_percent")))


def _saved(view: View, numbers: Mapping, told: list[str]) -> pd.DataFrame:
    names = ("expected_accuracy", "falling_percent", "confidence", "feasible", "frontier", "chosen")
    table = pd.DataFrame([{"candidate": said} | {name: row[name] for name in names}
                          for said, row in zip(told, numbers["candidates"])])  # fmt: skip
    about = {"of": view.predictor, "threshold": numbers["threshold"], "law": numbers["law"]["law"]}
    fitted = f"{numbers['fitted_on']['run']} {numbers['fitted_on']['split']}"
    return figure_table(view, table.assign(**about, fitted_on=fitted, fitted_on_test=numbers["fitted_on_test"]))


def _take(point: dict, texts: list[dict[str, str]]) -> None:
    about = point["customdata"]
    if isinstance(about, list) and len(about) == 2 and isinstance(about[0], int) and 0 <= about[0] < len(texts):
        _use(texts[about[0]])


# --- by likelihood ---------------------------------------------------------------------------------------------------


def _likelihood(view: View, numbers: Mapping, label: str) -> None:
    texts = _texts(view.predictor, numbers["settings"])
    st.markdown(f"**{escape(tuning.likelihood_finding(numbers, label))}**")
    _provenance(numbers)
    if numbers["at_bound"]:
        plain_text("The search ended at its bound: the best value lies beyond it.", role="caption")
    with st.container(horizontal=True, vertical_alignment="center"):
        _use_button(texts)
        plain_text(f"{numbers['fitted']} {texts.get(numbers['fitted'], 'its default')}", role="caption")
    plain_table(_sides(numbers, ("nll_on_support", "ece", "accuracy")))


def _sides(numbers: Mapping, names: tuple[str, ...]) -> pd.DataFrame:
    """With and without, on the samples measured; per exit where it is."""
    rows = []
    fitted = "chosen" if "law" in numbers else "fitted"
    for name in (name for name in names if isinstance(numbers["default"][name], list)):
        for side, said in (("default", "before"), ("measured", fitted)):
            shown = [_cell(name, value) for value in numbers[side][name]]
            rows.append({"": f"{SAID[name]}, {said}"} | {f"exit {m}": v for m, v in enumerate(shown, 1)})
    if rows:
        return pd.DataFrame(rows)
    sides = {"default settings": numbers["default"], "chosen settings": numbers["measured"]}
    return pd.DataFrame([
        {tuning.measured_words(numbers): said, "expected accuracy": _cell("accuracy", side["expected_accuracy"]),
         "falls": formats.percent(side["falling_percent"]),
         **{f"exit {m}": _cell("accuracy", value) for m, value in enumerate(side["accuracy"], 1)}}
        for said, side in sides.items()
    ])  # fmt: skip


def _cell(name: str, value: float | None) -> str:
    if value is None:
        return "unknown"
    return formats.percent(100 * value) if name == "accuracy" else f"{value:.3f}"
