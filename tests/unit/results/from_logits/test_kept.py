"""What passes over the logits gave is kept on disk: read back as it was, never of other samples or settings."""

import dataclasses

import numpy as np
import pytest

from analysis.results import calibration_of, sets_of
from analysis.results.fitting import results_at
from analysis.results.from_logits import kept
from analysis.results.from_logits.calibration import kept_calibration, samples_to_calibrate
from analysis.results.from_logits.calibration_numbers import calibration_numbers
from analysis.results.from_logits.set_numbers import set_numbers
from analysis.results.from_logits.uncertainty_sets import kept_sets, samples_for_sets


@pytest.fixture
def keeping(monkeypatch, tmp_path):
    """Everything is kept, however fast it was, in a cache of this test's own."""
    monkeypatch.setenv("EXITLENS_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(kept, "WORTH_KEEPING", 0.0)
    return tmp_path / "cache"


class Refused:
    """Logits that nobody may read."""

    def __init__(self, logits):
        self.shape, self.dtype = logits.shape, logits.dtype

    def read(self, start, stop):
        raise AssertionError("the logits were read again")

    take = read


def unread(run):
    """The same run, whose logits are not to be read."""
    _ = run.fingerprint
    return dataclasses.replace(run, logits=Refused(run.logits))


@pytest.mark.parametrize("method", [("raps", {}), ("lac", {}), ("nested", {}), ("nested", {"b": "tuned"})])
def test_sets_are_read_back_as_they_were_found_any_number_of_times(small_run, keeping, method):
    found = sets_of(small_run, *method, seed=3)
    for _ in range(2):
        again = sets_of(unread(small_run), *method, seed=3)
        assert set_numbers(again) == set_numbers(found)
        np.testing.assert_array_equal(again.sizes, found.sizes)
        np.testing.assert_array_equal(again.covered, found.covered)
        assert again.tuned == found.tuned


def test_other_sets_are_not_read(small_run, keeping):
    sets_of(small_run, "aps", seed=3)
    chosen = samples_for_sets(small_run, True)
    assert kept_sets("aps", {}, chosen, seed=3) is not None
    for method, settings, choice, predictor, own, seed in (
        ("raps", {}, chosen, "pa", {}, 3),
        ("aps", {"alpha": 0.1}, chosen, "pa", {}, 3),
        ("aps", {}, samples_for_sets(small_run, True, calibration="0:50"), "pa", {}, 3),
        ("aps", {}, chosen, "baseline", {}, 3),
        ("aps", {}, chosen, "pa", {"weights": "uniform"}, 3),
        ("aps", {}, chosen, "pa", {}, 4),
    ):
        assert kept_sets(method, settings, choice, predictor, own, seed=seed) is None


def test_nested_sets_are_the_same_whatever_the_predictor(small_run, keeping):
    sets_of(small_run, "nested")
    assert kept_sets("nested", {}, samples_for_sets(small_run, False), "baseline") is not None


@pytest.mark.parametrize("aside", [None, "random:0.3"])
def test_a_calibration_is_read_back_as_it_was_found(small_run, keeping, aside):
    found = calibration_of(small_run, "pa", calibration=aside)
    choice = samples_to_calibrate(small_run, calibration=aside)
    measured = results_at(small_run, "pa", {}, choice.measured)
    again = kept_calibration(measured, choice)
    assert calibration_numbers(again) == calibration_numbers(found)
    np.testing.assert_array_equal(again.fitted_confidence, found.fitted_confidence)
    other = samples_to_calibrate(small_run, calibration="0:40")
    assert kept_calibration(results_at(small_run, "pa", {}, other.measured), other) is None


def test_what_is_damaged_is_computed_anew(small_run, keeping):
    found = sets_of(small_run, "lac")
    for path in (keeping / "sets").iterdir():
        path.write_bytes(path.read_bytes()[:-1] + b"?")
    assert kept_sets("lac", {}, samples_for_sets(small_run, True)) is None
    assert set_numbers(sets_of(small_run, "lac")) == set_numbers(found)


def test_what_was_quick_is_not_kept(small_run, keeping, monkeypatch):
    monkeypatch.setattr(kept, "WORTH_KEEPING", 60.0)
    sets_of(small_run, "lac")
    assert not (keeping / "sets").exists()


def test_tempered_confidences_are_those_of_the_predictor_at_its_temperature(small_run):
    """On the fitted samples as on the measured ones; what collapsed keeps what it shows."""
    from analysis.results import results_of

    found = calibration_of(small_run, "pa")
    whole = results_of(small_run, "pa", split="all").traces
    assert found.measured.collapses > 0
    for m, temperature in enumerate(found.temperatures.values):
        at = results_of(small_run, "pa", {"temperature": float(temperature)}, split="all").traces
        expected = np.where(whole.collapsed[m], whole.max_prob[m], at.max_prob[m])
        for split, confidences in (("test", found.confidence), ("calibration", found.fitted_confidence)):
            np.testing.assert_allclose(confidences[m], expected[small_run.positions(split)], atol=1e-6)
