"""Why true classes are lost: at which exit, off the support or outvoted on it, and through which exit's factor."""

import numpy as np
import pandas as pd

from analysis.figures.lost_classes import PARTS, lost_classes_figure
from analysis.predictors import find_predictor
from analysis.results import Results
from analysis.results.factors import PRODUCTS
from analysis.results.from_logits.causes import DecidingFactors, deciding_factors
from analysis.selection import Selection
from analysis.selection.marks import lost
from analysis.words import causes as words
from analysis.words.formats import counted, exit_labels
from analysis.words.selections import lit_words
from app import cache, state
from app.components.chart import chart
from app.components.controls import control
from app.components.figure_table import by_exit, figure_table
from app.components.predictor_names import named
from app.components.selection import select, strip
from app.view import View

HEIGHT = 230
BY = {"exit": "by the exit where it is lost", "factor": "by the factor that decides"}


def lost_classes(view: View) -> None:
    """The bars of the predictor on screen; nothing without labels."""
    if not view.has_labels:
        return
    results, factors = view.results(view.shown), None
    if view.shown in PRODUCTS and view.run.n_classes > 1 and state.get("causes") == "factor":
        factors = cache.numbers(deciding_factors, *results.key, results=results)
    if factors is None:
        _by_exit(view, results, view.lit_results(view.shown))
    else:
        _by_factor(view, factors, view.lit_results(view.shown))
    if view.shown in PRODUCTS:
        control("causes", "Lost true classes", show=BY.get)
    strip(view, "causes", hint="Click a bar: the samples that it counts show here.")


def _by_exit(view: View, results: Results, lit: Results | None) -> None:
    found, names = results.causes, exit_labels(view.run.exit_names)
    product = find_predictor(view.shown).is_product
    counts = {"outvoted": found.outvoted, "off support": found.off_support}
    selected = None if lit is None else {"outvoted": lit.causes.outvoted, "off support": lit.causes.off_support}
    shown = {key: values for key, values in counts.items() if key == "outvoted" or product or values.any()}
    figure = cache.drawn(
        lost_classes_figure,
        shown,
        exit_names=names,
        predictor_id=view.shown,
        x_title="exit at which another class takes the lead for good",
        title=words.lost_finding(
            found.lost,
            int(found.off_support.sum()),
            results.labelled.n_samples,
            named(view.shown),
            product=product,
        ),
        subtitle=("Hatched: its activation had reached 0 there. " if product else "")
        + f"{counted(found.never_led, 'further sample')} never had the true class in the lead."
        + lit_words(None if lit is None else lit.n_samples),
        selected=selected,
        height=HEIGHT,
    )
    predictor, n_exits = view.shown, view.run.n_exits
    chart(
        figure,
        name="causes",
        predictor=view.shown,
        height=HEIGHT,
        data=lambda: figure_table(view, _by_exit_data(view, shown), predictor=view.shown),
        on_click=lambda point: _open_exit(point, predictor, n_exits),
    )


def _by_exit_data(view: View, counts: dict[str, np.ndarray]) -> pd.DataFrame:
    parts = [by_exit(view.run.exit_names, {"samples": values}, cause=cause) for cause, values in counts.items()]
    return pd.concat(parts, ignore_index=True)


def _by_factor(view: View, found: DecidingFactors, lit: Results | None) -> None:
    names, selected = exit_labels(view.run.exit_names), None
    if lit is not None:
        deciding = found.deciding[np.isin(found.positions, lit.positions) & (found.deciding >= 0)]
        selected = {"lost": np.bincount(deciding, minlength=len(found.counts))}
    figure = cache.drawn(
        lost_classes_figure,
        {"lost": found.counts},
        exit_names=names,
        predictor_id=view.shown,
        x_title="exit whose factor decides",
        title=words.factor_finding(found.counts, named(view.shown), names),
        subtitle="The exit whose weight times the difference of the log activations, the true class's less those of "
        "the class that overtakes it, is smallest up to there." + lit_words(None if lit is None else lit.n_samples),
        selected=selected,
        height=HEIGHT,
    )
    ids = view.run.samples["id"].to_numpy()[found.positions]
    chart(
        figure,
        name="causes",
        predictor=view.shown,
        height=HEIGHT,
        data=lambda: figure_table(
            view, by_exit(view.run.exit_names, {"samples": found.counts}, cause="factor"), predictor=view.shown
        ),
        on_click=lambda point: _open_factor(point, found, ids),
    )


def _exit_of(point: dict, n_exits: int) -> tuple[int, str] | None:
    about = point["customdata"]
    if isinstance(about, list) and len(about) == 3 and isinstance(about[0], int) and 1 <= about[0] <= n_exits:
        return about[0], str(about[2])
    return None


def _open_exit(point: dict, predictor: str, n_exits: int) -> None:
    found = _exit_of(point, n_exits)
    if found is not None and found[1] in PARTS:
        select(lost(predictor, found[1], found[0]), "causes")


def _open_factor(point: dict, found: DecidingFactors, ids: np.ndarray) -> None:
    about = _exit_of(point, found.n_exits)
    if about is None:
        return
    try:
        select(Selection.of_ids(ids[found.deciding == about[0] - 1]), "causes")
    except ValueError as error:
        state.note(f"These samples cannot be named in the address: {error}")
