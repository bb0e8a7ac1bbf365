"""Numbers that need passes over the logits: at once where that is quick, else by the command, beside the app."""

from collections.abc import Callable, Mapping, Sequence
from typing import TypeVar

import streamlit as st

from analysis.predictors import find_predictor, resolve, setting_arguments
from analysis.results.fitting import SampleChoice
from app import cache, state
from app.components.long_work import long_work
from app.view import View

AT_ONCE = 30_000_000
"""Logits that are passed over while the page waits: a second or two."""
Numbers = TypeVar("Numbers")


def is_large(view: View) -> bool:
    """Whether a pass over the run's logits is long work."""
    run = view.run
    return run.n_exits * run.n_samples * run.n_classes > AT_ONCE


def command(name: str, view: View, predictor: str, choice: SampleChoice, options: Sequence[str] = ()) -> list[str]:
    """What follows `python -m analysis` for a command of a run, with what is on screen."""
    row, run = find_predictor(predictor), view.run
    settings = resolve(row, view.settings_of(predictor), kind=run.kind, n_exits=run.n_exits)
    source = f"{row.path}:{row.id}" if row.path is not None else predictor
    argv = [name, str(run.path), "--predictor", source, "--split", view.split, "--format", "json", *options]
    argv += setting_arguments(row, settings)
    if choice.on_test:
        argv += ["--allow-test-fitting"]
    elif choice.named.startswith("random:"):
        argv += ["--calibration", choice.named]
    return [*argv, "--seed", str(state.get("fit_seed"))]


def passed_over(
    view: View,
    key: tuple,
    *,
    name: str,
    kept: Callable[[], Numbers | None],
    compute: Callable[[], Numbers],
    argv: Sequence[str],
    start: str,
    doing: str,
) -> Numbers | None:
    """The numbers; of a large run, where nobody has computed them yet, None: a button then starts that, or it goes on.

    Parameters
    ----------
    key : tuple
        All that the numbers depend on.
    kept : callable
        What is on disk, or None.
    compute : callable
        Passes over the logits.
    argv : sequence of str
        The command that leaves them on disk.
    start, doing : str
        "Calibrate PA", "Calibrating PA".
    """
    if not is_large(view):
        with st.spinner(f"{doing} …"):
            return cache.numbers(_call, *key, function=compute)
    found = kept()
    if found is None:
        done = long_work(
            name,
            argv,
            start_label=start,
            doing=doing,
            note="Passes over all logits, once for this run and these settings.",
        )
        if done is None:
            return None
        found = kept()
        if found is None:  # the cache cannot be written
            with st.spinner(f"{doing} …"):
                return cache.numbers(_call, *key, function=compute)
    return cache.numbers(_itself, *key, value=found)


def _call(function: Callable[[], Numbers]) -> Numbers:
    return function()


def _itself(value: Numbers) -> Numbers:
    return value


def settings_options(settings: Mapping[str, str]) -> list[str]:
    """`--set` for each setting, as texts."""
    return [part for name, text in settings.items() for part in ("--set", f"{name}={text}")]
