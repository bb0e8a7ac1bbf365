"""Figures: the ones that a paper on this run shows, ready to be saved at its column's width."""

import shlex
from functools import partial

import streamlit as st

from analysis.predictors import find_predictor, setting_arguments, settings_key
from analysis.report.ready_made import READY_MADE, Measured, ReadyMade, measured, numbers_of_another
from analysis.report.ready_made.measured import Numbers, Own, own_settings
from analysis.results.seeds import entries_alike, same_samples
from analysis.run import Run
from analysis.storage import RunEntry
from app import cache
from app.components.chart import chart
from app.components.empty_split import no_samples
from app.components.figure_table import figure_table
from app.components.text import escape, plain_text
from app.components.traced import traced
from app.server.read_only import read_only
from app.view import View

HEIGHT = 320


def render(view: View) -> None:
    """The page."""
    st.subheader("Which figures does a paper on this run show?", anchor=False)
    if no_samples(view):
        return
    formats = "SVG or PNG" if read_only() else "SVG, PDF or PNG"
    plain_text(
        f"The menu of each saves it as {formats} at the width of a column, a page or a slide, its text as text, and "
        "says inside which run it is of; so does the menu of every other figure.",
        role="caption",
    )
    numbers = _numbers(view)
    for start in range(0, len(READY_MADE), 2):
        for column, row in zip(st.columns(2, gap="medium"), list(READY_MADE.values())[start : start + 2]):
            with column:
                _figure(view, numbers, row)
    st.markdown("**The same from the command line**")
    st.code(_command(view), "bash", wrap_lines=True)


def _numbers(view: View) -> Measured:
    """Those of the run; another seed's are kept by its folder and the time of that, so that it is opened once.

    A large one of which there are no traces yet stands aside until these were made beside the app.
    """
    own = own_settings(view.run, view.predictor, view.settings)
    seeds, whole = [], True
    for entry in entries_alike(view.run, cache.runs()):
        if whole := whole and _traced(view, entry, own):
            seeds.append(entry)
    return measured(
        view.run,
        view.predictor,
        view.settings,
        view.split,
        unit=view.unit,
        entries=seeds,
        compute=cache.results,
        another=_another,
    )


def _traced(view: View, entry: RunEntry, own: Own) -> bool:
    """Whether another seed's numbers are at hand, or made at once; where not, the button that makes its traces."""
    try:
        run = cache.run(entry)
        if run.kind != view.run.kind or not same_samples(view.run, run, view.split):
            return True  # it is left out
        return all(traced("figures-traces", run, key, settings, view.split) for key, settings in own.items())
    except ValueError:  # damaged since it was listed
        return True


def _another(entry: RunEntry, run: Run, own: Own, split: str) -> Numbers | None:
    keys = tuple(settings_key(key, settings) for key, settings in own.items())
    with st.spinner(f"Measuring {escape(entry.id)} …", show_time=False):
        return cache.numbers(
            numbers_of_another,
            str(entry.path), entry.mtime_ns, run.fingerprint, split, keys,
            entry=entry, run=run, own=own, split=split,
        )  # fmt: skip


def _figure(view: View, numbers: Measured, row: ReadyMade) -> None:
    try:
        made = row.make(numbers, HEIGHT)
    except ValueError as error:
        st.info(f"{escape(str(error)[:1].upper() + str(error)[1:])}\\.")
        return
    chart(
        made.figure,
        name=row.id,
        height=HEIGHT,
        data=partial(figure_table, view, made.table),
        predictor=view.predictor,
    )


def _command(view: View) -> str:
    """What makes the first figure without the app."""
    row, first = find_predictor(view.predictor), view.run.cost()
    parts = ["python", "-m", "analysis", "figure", view.run.id, "--figure", next(iter(READY_MADE))]
    parts += ["--predictor", row.id if row.path is None else f"{row.path}:{row.id}"]
    parts += setting_arguments(row, view.settings)
    parts += [] if view.split == "test" else ["--split", view.split]
    parts += [] if first is None or view.unit == first[0] else ["--cost-unit", view.unit]
    return shlex.join([*parts, "--width", "3.25in", "--font-size", "8", "--out", "figure.pdf"])
