"""Whose falls are compared on the page, of which predictors: the controls that choose, and what they come to."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import streamlit as st

from analysis.metrics.decrease import THRESHOLDS, Fall
from analysis.predictors import available_predictors, usable_predictors
from analysis.results import Difference, Results
from analysis.selection.columns import FallColumn
from app import state
from app.components.controls import control
from app.components.published import published_beside
from app.view import View

WHOSE = {"true_class": "true class", "final_prediction": "final prediction", "any_class": "any class"}


@dataclass(frozen=True)
class Compared:
    """What the page compares: falls of one kind by predictor id, the baseline first, the chosen predictor second.

    `of` and `size` are what and `kind` of `Results.fall`; `difference` is the chosen predictor's against the baseline.
    `lit` holds what is over the selected samples alone, where these stand out.
    """

    of: str
    size: str
    results: Mapping[str, Results]
    difference: Difference
    labels: Mapping[str, str]
    lit: Mapping[str, Results]

    @property
    def falls(self) -> Mapping[str, Fall]:
        """By predictor id, of every sample of the split."""
        return {key: one.fall(self.of, self.size) for key, one in self.results.items()}

    @property
    def samples(self) -> int:
        """How many samples' fall is known."""
        return self.results["baseline"].known_falls(self.of, self.size)

    def percents(self, predictor: str, thresholds: Sequence[float] | np.ndarray) -> np.ndarray:
        """Percent of samples that fall by more than each threshold."""
        return self.results[predictor].falling_percent(thresholds, self.of, self.size)

    @property
    def lit_samples(self) -> int | None:
        """How many of these are selected, where they stand out; None where no fall of theirs is known."""
        return self.lit["baseline"].known_falls(self.of, self.size) or None if self.lit else None

    def lit_percents(self, predictor: str, thresholds: np.ndarray) -> np.ndarray | None:
        """Percent of the selected samples that fall by more than each threshold, where they stand out."""
        return self.lit[predictor].falling_percent(thresholds, self.of, self.size) if self.lit_samples else None

    def column(self, predictor: str) -> FallColumn:
        """The column of the sample table that holds a predictor's falls of this kind."""
        return FallColumn(predictor, self.of, self.size)

    @property
    def what(self) -> str:
        """The falling quantity, in words."""
        return {"true_class": "the true class's probability", "final_prediction": "the final prediction's probability",
                "any_class": "any class's probability"}[self.of]  # fmt: skip

    @property
    def by(self) -> str:
        """How a fall is counted, where it is not in probability."""
        return ", as a share of its highest value so far" if self.size == "relative" else ""

    @property
    def axis(self) -> str:
        """Title of an axis of falls."""
        return "share of the highest value so far" if self.size == "relative" else "probability"


def compared_falls(view: View) -> Compared:
    """The controls, and the falls that they choose."""
    predictors = available_predictors()
    usable = [key for key in usable_predictors(view.run.kind) if key not in ("baseline", view.predictor)]
    whose, size, beside, scale, published = st.columns([4, 3, 5, 3, 4], vertical_alignment="bottom")
    with whose:
        options = list(WHOSE) if view.has_labels else list(WHOSE)[1:]
        default = None if view.has_labels else options[0]
        of = control("of", "Whose probability falls", options, default=default, show=WHOSE.get, widget="selectbox")
    with size:
        kind = control(
            "size", "Falls counted", widget="selectbox", show={"absolute": "in probability", "relative": "relative"}.get
        )
    with beside:
        state.set("beside", tuple(key for key in state.get("beside") if key != view.predictor))
        control("beside", "Compare with", usable, show=lambda key: predictors[key].label, placeholder="more predictors")
    with scale:
        control(
            "scale",
            "Percent axis",
            show={"log": "powers of ten", "linear": "linear"}.get,
            widget="selectbox",
        )
    with published:
        known = bool(published_falls(view, of, kind))
        control(
            "published",
            "Published values",
            disabled=not known,
            help="What the paper reports for this network and data set, as open markers."
            if known
            else "The paper's numbers are over all samples: switch “Only these” off to see them."
            if view.only
            else "The paper reports no such numbers for this run: it has absolute falls of the true class and of the "
            "final prediction, for MSDNet, IMTA and DViT on CIFAR-10, CIFAR-100 and ImageNet.",
        )
    chosen = ["baseline", view.predictor, *state.get("beside")]
    return Compared(
        of,
        kind,
        {key: view.results(key) for key in chosen},
        view.difference(),
        {key: predictors[key].label for key in chosen},
        {key: lit for key in chosen if (lit := view.lit_results(key)) is not None},
    )


def published_falls(view: View, of: str, size: str) -> Mapping[str, np.ndarray]:
    """Percents at the paper's thresholds, by predictor id."""
    if size != "absolute":
        return {}
    percents = {key: one.decrease(of, THRESHOLDS) for key, one in published_beside(view).items()}
    return {key: values for key, values in percents.items() if not np.isnan(values).all()}
