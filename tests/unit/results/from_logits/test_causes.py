"""Which factor loses a true class, of all samples at once: what is told of each by itself."""

import numpy as np
import pytest

from analysis.results import results_of
from analysis.results.factors import factors_of
from analysis.results.from_logits.causes import deciding_factors


@pytest.mark.parametrize(
    ("predictor", "settings"),
    [
        ("pa", {}),
        ("pa", {"weights": (0, 1, 2, 0, 1, 1, 3), "temperature": 2.0}),
        ("pa", {"fallback": "none"}),
        ("hard-poe", {}),
        ("softmax-poe", {"combine": "mean", "temperature": 0.5}),
        ("softmax-poe", {}),
        ("adaptive-pa", {"mass": 0.9}),
    ],
)
def test_each_lost_sample_is_decided_as_by_itself(small_run, predictor, settings):
    results = results_of(small_run, predictor, settings)
    found = deciding_factors(results)
    assert len(found.positions) == results.causes.lost == found.counts.sum() > 0
    for position, deciding in list(zip(found.positions.tolist(), found.deciding.tolist()))[:40]:
        alone = factors_of(small_run, predictor, results.settings, position, int(small_run.labels[position]))
        assert alone.ever_leads
        assert alone.overtaken is not None
        assert alone.deciding == deciding, position


def test_causes_are_those_of_each_sample(small_run):
    results = results_of(small_run, "pa")
    found = deciding_factors(results)
    off = 0
    for position in found.positions.tolist():
        alone = factors_of(small_run, "pa", results.settings, position, int(small_run.labels[position]))
        off += alone.lost_at is not None
    assert off == results.causes.off_support.sum()


def test_some_samples_and_other_predictors(small_run):
    whole = results_of(small_run, "pa")
    some = deciding_factors(whole.select(np.array([7, 3, 200, 5])))
    assert set(some.positions) <= set(deciding_factors(whole).positions)
    assert deciding_factors(results_of(small_run, "moe")) is None
    assert deciding_factors(whole.select(np.flatnonzero(whole.traces.correct[-1]))).counts.tolist() == [0] * 7
