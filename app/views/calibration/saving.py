"""Does a better confidence save more compute on this run? What each saves at one accuracy, over how good it is."""

from dataclasses import dataclass
from functools import partial

import numpy as np
import pandas as pd
import streamlit as st

from analysis.figures.saving_scatter import SavingPoint, saving_scatter_figure
from analysis.predictors import available_predictors, usable_predictors
from analysis.results.from_logits.calibration import Calibration
from analysis.results.policies import MEASURED_UNITS
from analysis.results.savings import MEASURES, Confidences, Saving, saving_of
from analysis.selection.marks import stops_early
from analysis.words import formats
from analysis.words.deciding.calibration import saving_title
from analysis.words.deciding.stopping import SAVINGS, cost_words
from app import cache, state
from app.components.chart import chart
from app.components.controls import control
from app.components.figure_table import figure_table
from app.components.fitting.passes import is_large
from app.components.fitting.samples import SAME
from app.components.predictor_names import label_of, named
from app.components.selection import strip
from app.components.text import plain_text
from app.views.calibration.calibrated import Calibrated

HEIGHT = 380
AXES = {
    "ece": "ECE, mean over the exits but the last",
    "failure": "AUROC, right or wrong, mean over the exits but the last",
    "improvable": "AUROC, mended later, mean over the exits but the last",
}


@dataclass(frozen=True)
class _One:
    """A predictor, as it is or at its fitted temperatures, and what it saves."""

    predictor: str
    tempered: bool
    saving: Saving

    @property
    def label(self) -> str:
        return f"{label_of(self.predictor)}{' tempered' if self.tempered else ''}"

    @property
    def named(self) -> str:
        return f"{named(self.predictor)}{' tempered' if self.tempered else ''}"


def saving_on_screen(about: Calibrated, found: dict[str, Calibration | None]) -> None:
    """The figure, its controls and its samples."""
    view = about.view
    st.subheader("Does a better confidence save more compute on this run?", anchor=False)
    if view.run.n_exits < 2:
        st.info("This run has one exit: nobody can stop before the last.")
        return
    if not about.fitted("baseline").n_samples:
        st.info("None of the samples to fit on has a label: no threshold can be fitted.")
        return
    predictors = available_predictors()
    others = [key for key in usable_predictors(view.run.kind) if key not in about.keys]
    with st.container(horizontal=True, vertical_alignment="bottom"):
        control("good", "How good a confidence is", show=MEASURES.get)
        control("give", "Accuracy given up, points", widget="segmented")
        kept = tuple(key for key in state.get("beside") if key in others)
        if kept != state.get("beside") and set(state.get("beside")) - set(kept) <= {*about.keys}:
            state.set("beside", kept)
        all_of_them = "more predictors" if is_large(view) else "all of them"
        control("beside", "Compare with", others, show=lambda key: predictors[key].label, placeholder=all_of_them)
    kept = state.get("beside") or (() if is_large(view) else tuple(others))
    unit, costs = view.run.cost(view.unit) or (None, tuple(range(1, view.run.n_exits + 1)))
    baseline = about.fitted("baseline").accuracy[-1]
    target = float(baseline) - float(state.get("give")) / 100
    ones = _all(about, found, kept, costs, target)
    _figure(about, ones, unit, target)
    strip(view, "saving", hint="Click a point: the samples that stop before the last exit show here.")
    how = "measured" if unit in MEASURED_UNITS else "simulated"
    unreached = [one.named for one in ones if one.saving.threshold is None]
    lines = [
        f"Each sample stops at the first exit whose confidence is above one threshold: the cheapest that reaches "
        f"{formats.percent(100 * target)} on the samples fitted on, the baseline's last exit there less "
        f"{state.get('give')} point{'' if state.get('give') == '1' else 's'}.",
        f"Savings are {SAVINGS[how]}{'' if unit else ': this run states no costs, so exits are counted'}, of the exits "
        "alone.",
        "Tempered: the same predictor with each exit's fitted temperature, so that its answers stay and only its "
        "confidences change.",
    ]
    if unreached:
        lines.append(f"No threshold reaches it with {', '.join(unreached)}.")
    plain_text(" ".join(lines), role="caption")


def _all(
    about: Calibrated, found: dict[str, Calibration | None], others: tuple[str, ...], costs: tuple, target: float
) -> list[_One]:
    ones = []
    for key in (*about.keys, *others):
        fitted, measured = about.fitted(key).traces, about.measured(key).traces
        pairs = [(False, fitted.max_prob, measured.max_prob)]
        calibration = found.get(key)
        if calibration is not None and calibration.confidence is not None:
            pairs.append((True, calibration.fitted_confidence, calibration.confidence))
        for tempered, theirs, ours in pairs:
            saving = about.number(
                key, saving_of, tempered, tuple(costs), target,
                fitted=Confidences(theirs, fitted.correct),
                measured=Confidences(ours, measured.correct),
                costs=costs,
                target=target,
            )  # fmt: skip
            ones.append(_One(key, tempered, saving))
    return ones


def _figure(about: Calibrated, ones: list[_One], unit: str | None, target: float) -> None:
    view, good = about.view, state.get("good")
    points = [
        SavingPoint(
            one.predictor, one.label, one.saving.measures[good], 100 * one.saving.saved,
            f"{cost_words(one.saving.mean_cost, unit)} on average, {formats.percent(100 * one.saving.accuracy)} right",
            one.tempered, one.predictor == view.shown,
        )
        for one in ones
    ]  # fmt: skip
    measures, saved = ([getattr(point, name) for point in points] for name in ("measure", "saved"))
    what = "costs" if unit is None else unit
    figure = cache.drawn(
        saving_scatter_figure,
        points,
        x_title=AXES[good],
        y_title=f"saved of the last exit's {what}, %",
        title=saving_title(good, [one.named for one in ones], measures, saved),
        subtitle=f"{formats.counted(about.samples, 'sample')}{SAME if about.choice.on_test else ''}, whose accuracy is "
        f"to be {formats.percent(100 * target)}; a point is a confidence. "
        + ("Measured in latency." if unit in MEASURED_UNITS else "Simulated from the exits' costs."),
        height=HEIGHT,
    )
    thresholds = {one.predictor: one.saving.threshold for one in ones if not one.tempered}
    chart(
        figure,
        name="saving",
        height=HEIGHT,
        data=lambda: figure_table(view, _data(ones, unit, target, about)),
        on_click=partial(_open, about, thresholds),
    )


def _data(ones: list[_One], unit: str | None, target: float, about: Calibrated) -> pd.DataFrame:
    return pd.DataFrame(
        [
            {
                "predictor": one.predictor,
                "tempered": one.tempered,
                **{f"mean_{name}": value for name, value in one.saving.measures.items()},
                "threshold": np.nan if one.saving.threshold is None else one.saving.threshold,
                "target_percent": 100 * target,
                "accuracy_percent": 100 * one.saving.accuracy,
                "mean_cost": one.saving.mean_cost,
                "cost_unit": unit or "exits",
                "saved_percent": 100 * one.saving.saved,
                "fitted_on": about.choice.named,
                "fitted_on_test": about.choice.on_test,
            }
            for one in ones
        ]
    )


def _open(about: Calibrated, thresholds: dict[str, float | None], point: dict) -> None:
    told = point["customdata"]
    if isinstance(told, list) and len(told) == 3 and told[1] == 0 and told[0] in list(thresholds):
        if thresholds[told[0]] is None:
            return
        about.select(stops_early(thresholds[told[0]], about.view.run.n_exits, told[0]), "saving")
