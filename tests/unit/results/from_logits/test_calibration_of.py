"""Calibration of a run: numbers by hand from the whole array, provenance, and that chunks change nothing."""

import numpy as np
import pandas as pd
import pytest

from analysis.metrics.calibration import classwise_ece
from analysis.metrics.temperature import fit_temperatures, likelihood_curve
from analysis.predictors import predict
from analysis.results import calibration_of, results_of
from analysis.results.from_logits.calibration_numbers import calibration_numbers
from analysis.run import Run
from analysis.storage import write_run


@pytest.mark.parametrize("predictor", ["baseline", "pa"])
def test_the_numbers_are_those_of_the_whole_array(small_run, small_logits, small_labels, predictor):
    found = calibration_of(small_run, predictor)
    whole = predict(predictor, small_logits)
    probs, collapsed = whole.probs.numpy(), whole.collapsed.numpy()
    test, held = small_run.positions("test"), small_run.positions("calibration")
    slow = [classwise_ece(probs[m, test], small_labels[test]) for m in range(7)]
    np.testing.assert_allclose(found.ece_classwise, slow, atol=1e-12)
    curve = likelihood_curve(whole.log_probs.numpy()[:, held], collapsed[:, held], small_labels[held])
    np.testing.assert_allclose(found.temperatures.values, fit_temperatures(curve).values, rtol=1e-6)
    assert found.fitted_on == {"run": "small", "split": "calibration", "samples": 100, "seed": None}
    assert not found.fitted_on_test


def test_the_error_at_a_temperature_is_that_of_the_predictor_with_this_setting(small_run):
    """Collapses keep what they show, in both."""
    for predictor in ("baseline", "pa"):
        found = calibration_of(small_run, predictor)
        assert predictor == "baseline" or found.measured.collapses > 0
        for m, temperature in enumerate(found.temperatures.values):
            tempered = results_of(small_run, predictor, {"temperature": float(temperature)})
            assert found.ece_at_temperature[m] == pytest.approx(tempered.ece[m], abs=1e-6)


def test_chunks_and_gaps_change_nothing(small_run, monkeypatch):
    whole = calibration_of(small_run, "pa", calibration="random:0.3", seed=5)
    monkeypatch.setattr("analysis.results.from_logits.passes.chunk_samples", lambda *size: 17)
    parts = calibration_of(small_run, "pa", calibration="random:0.3", seed=5)
    np.testing.assert_allclose(parts.ece_classwise, whole.ece_classwise, atol=1e-12)
    np.testing.assert_allclose(parts.temperatures.values, whole.temperatures.values, rtol=1e-6)
    np.testing.assert_allclose(parts.ece_at_temperature, whole.ece_at_temperature, atol=1e-6)


class Counted:
    """Logits that count how often each sample is read."""

    def __init__(self, logits) -> None:
        self.logits, self.shape, self.dtype = logits, logits.shape, logits.dtype
        self.times = np.zeros(logits.shape[1], int)

    def read(self, start: int, stop: int) -> np.ndarray:
        self.times[start:stop] += 1
        return self.logits.read(start, stop)

    def take(self, positions: np.ndarray) -> np.ndarray:
        self.times[positions] += 1
        return self.logits.take(positions)


def test_the_logits_are_read_three_times_at_most(small_run):
    counted = Counted(small_run.logits)
    run = Run(**{**vars(small_run), "logits": counted})
    done = []
    calibration_of(run, "moe", {"fallback": "none"}, "all", allow_test_fitting=True, progress=done.append)
    assert counted.times.max() <= 3
    assert sum(done) == counted.times.sum()


def test_without_a_calibration_split_there_is_no_temperature(imageless_run):
    found = calibration_of(imageless_run, "baseline")
    assert (found.temperatures, found.fitted_on, found.fitted_on_test) == (None, None, False)
    numbers = calibration_numbers(found)
    assert {row["temperature"] for row in numbers["exits"]} == {None}
    assert {row["ece_at_temperature"] for row in numbers["exits"]} == {None}
    assert (numbers["samples"], numbers["cost_unit"]) == (400, None)


def test_samples_may_be_set_aside_or_fitted_on_where_that_is_said(imageless_run):
    aside = calibration_of(imageless_run, "baseline", calibration="random:0.25", seed=3)
    assert aside.measured.n_samples == 300
    assert aside.fitted_on == {"run": "imageless", "split": "random:0.25", "samples": 100, "seed": 3}
    same = calibration_of(imageless_run, "baseline", allow_test_fitting=True)
    assert same.fitted_on_test
    assert same.measured.n_samples == 400


def test_what_is_fitted_on_is_not_measured_silently(small_run):
    assert calibration_of(small_run, "baseline", split="all").measured.n_samples == 300
    with pytest.raises(ValueError, match=r"none is left to measure.*--allow-test-fitting"):
        calibration_of(small_run, "baseline", split="calibration")


def test_a_run_without_labels_is_refused(unlabelled_run):
    with pytest.raises(ValueError, match=r"run unlabelled has no label among the measured samples.*--labels"):
        calibration_of(unlabelled_run)


def test_unlabelled_samples_are_left_out(runs, small_logits, small_labels):
    known = np.arange(400) % 4 != 0
    splits = ["test"] * 200 + ["calibration"] * 200
    some = write_run(
        runs / "some",
        logits=small_logits,
        labels=np.where(known, small_labels, np.nan),
        samples=pd.DataFrame({"split": splits}),
    )
    only = write_run(
        runs / "only",
        logits=small_logits[:, known],
        labels=small_labels[known],
        samples=pd.DataFrame({"split": np.array(splits)[known]}),
    )
    here, there = calibration_of(some, "pa"), calibration_of(only, "pa")
    np.testing.assert_array_equal(here.ece_classwise, there.ece_classwise)
    np.testing.assert_allclose(here.temperatures.values, there.temperatures.values, rtol=1e-6)
    assert calibration_numbers(here)["labelled"] == 150
    numbers, others = calibration_numbers(here)["exits"], calibration_numbers(there)["exits"]
    assert numbers[3]["aurc"] == others[3]["aurc"]


def test_nan_logits_are_named_where_samples_lie_apart(small_run, small_logits):
    damaged = small_logits.copy()
    damaged[2, 61, 4] = np.nan

    class Array:
        shape, dtype = damaged.shape, damaged.dtype

        def read(self, start, stop):
            return damaged[:, start:stop]

        def take(self, positions):
            return damaged[:, positions]

    from analysis.results.from_logits.passes import over_predictions

    run = Run(**{**vars(small_run), "logits": Array()})
    with pytest.raises(ValueError, match="exit 3, sample 62 of 400"):
        list(over_predictions(run, "baseline", {"temperature": 1.0}, np.arange(1, 400, 2), lambda *found: None))
