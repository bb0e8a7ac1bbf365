"""On which samples something is fitted and on which it is measured: the controls, what they come to, and the badge."""

from collections.abc import Sequence

import numpy as np
import streamlit as st

from analysis.results import Results
from analysis.results.fitting import SampleChoice, choose_samples, split_that_holds
from analysis.run import Run
from analysis.selection import Selection
from analysis.selection.stops import measured_of
from app import cache, state
from app.components.controls import control
from app.view import View

ON_TEST = "What is fitted was fitted on the very samples that are reported, so these numbers flatter."
SAME = ", THE SAME AS FITTED ON"
"""What a figure says of its samples then, since the badge stays on the page."""
FITS = {
    "calibration": "the calibration split",
    "random:0.1": "10% of the samples, drawn",
    "random:0.2": "20% of the samples, drawn",
    "random:0.5": "half of the samples, drawn",
    "test": "the samples measured",
}


def ways_to_fit(view: View, source: Run | None = None) -> tuple[str, ...]:
    """How samples of a run may be chosen: its calibration split where it is not itself measured; else a share of the
    samples, or all of them. The first stands for the default."""
    source = source or view.run
    apart = len(source.positions("calibration")) and not (source is view.run and view.split == "calibration")
    return ("calibration", "random:0.2", "random:0.1", "random:0.5") if apart else (
        "random:0.2", "random:0.1", "random:0.5", "test")  # fmt: skip


def chosen_way(ways: Sequence[str]) -> str:
    """The way that the address says, of those that there are."""
    if (chosen := state.get("fit")) in ways:
        return chosen
    if chosen != state.CONTROLS["fit"].default:
        state.note(state.fallback_note("fit", chosen, "does not exist here"))
        state.reset("fit")
    return ways[0]


def choose(view: View, way: str, source: Run | None = None, *, fits: bool = True) -> SampleChoice:
    """The samples that a way comes to.

    Raises
    ------
    ValueError
        There are none to fit on, or none left to measure.
    """
    return choose_samples(
        view.run,
        view.split,
        calibration=way if way.startswith("random:") else None,
        seed=state.get("fit_seed"),
        fitted_on=None if source is view.run else source,
        allow_test_fitting=way == "test",
        fits=fits,
    )


def fit_controls(ways: Sequence[str], *, drawn: bool) -> None:
    """What is fitted on, and where it is `drawn` by which seed: two controls in a row of the caller's."""
    control("fit", "Fitted on", ways, default=ways[0], show=FITS.get, widget="selectbox", width=260)
    if drawn:
        control("fit_seed", "Seed", widget="number", step=1, width=120)


def on_test_badge() -> None:
    """That what is fitted was fitted on what is reported."""
    st.badge("fitted on test", icon=":material/warning:", color="orange", help=ON_TEST)


def results_of_some(view: View, run: Run, predictor: str, positions: np.ndarray) -> Results:
    """A predictor's results over some samples of a run, with the settings on screen."""
    split, places = split_that_holds(run, positions)
    return cache.some(cache.results(run, predictor, view.settings_of(predictor), split), places)


def of_measured(view: View, choice: SampleChoice | None, which: Selection) -> Selection:
    """The samples that a mark counts: of those measured, with labels those whose label is known."""
    if choice is not None:
        which = measured_of(choice) & which
    if view.has_labels and (view.run.labels < 0).any():
        which = which & Selection.parse("label is not missing")
    return which
