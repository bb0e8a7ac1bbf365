"""Which exit's factor decides the sample on screen, where the chosen predictor is a product."""

from functools import partial

import numpy as np
import pandas as pd

from analysis.figures.exit_factors import exit_factors_figure
from analysis.predictors import settings_key
from analysis.reference.outside_text import shortened
from analysis.results.factors import Factors, factors_of
from analysis.words.factors import factors_finding
from analysis.words.formats import class_words, exit_labels
from app import cache
from app.components.chart import chart
from app.components.figure_table import by_exit, figure_table
from app.components.predictor_names import label_of
from app.view import View

HEIGHT = 260


def factors_chart(view: View, position: int, label: int, name: str) -> None:
    """The factors of the chosen predictor, whether it is shown or not; nothing where it is no product."""
    found = cache.numbers(
        factors_of,
        view.run.fingerprint, settings_key(view.predictor, view.settings), position,
        run=view.run, predictor_id=view.predictor, settings=view.settings, position=position, label=label,
    )  # fmt: skip
    if found is None:
        return
    followed, rival = (shortened(class_words(view.run.class_names[c]), 30) for c in (found.followed, found.rival))
    names = exit_labels(view.run.exit_names)
    figure = cache.drawn(
        exit_factors_figure,
        found.evidence,
        found.log_odds,
        found.weights,
        found.log_activations,
        predictor_id=view.predictor,
        exit_names=names,
        deciding=found.deciding,
        title=factors_finding(found, followed, rival, label_of(view.predictor), names),
        subtitle=f"An exit's weight times the difference of the log activations of {followed} and {rival}: up is for "
        f"{followed}. Line: the sum so far, their log odds. Outlined: what weighs most.",
        height=HEIGHT,
    )
    data = partial(_data, view, position, found)
    chart(figure, name=name, height=HEIGHT, data=data, predictor=view.predictor)


def _data(view: View, position: int, found: Factors) -> pd.DataFrame:
    table = by_exit(
        view.run.exit_names,
        {
            "weight": found.weights,
            "log_activation": found.log_activations[0],
            "rival_log_activation": found.log_activations[1],
            "evidence": found.evidence,
            "log_odds": np.asarray(found.log_odds),
        },
        sample_id=view.run.samples["id"].iloc[position],
        **{"class": view.run.class_names[found.followed], "rival": view.run.class_names[found.rival]},
    )
    return figure_table(view, table, predictor=view.predictor)
