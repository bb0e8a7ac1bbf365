"""Tuning: the numbers of each candidate are those of its own results, and what is chosen is what the words say."""

import numpy as np
import pytest

from analysis.policies.interruption import step_area
from analysis.predictors import resolve
from analysis.results import results_of, tuning_of
from analysis.results.from_logits.tuning import GRIDS, best_of, grid_settings, on_frontier
from analysis.results.from_logits.tuning_numbers import tuning_numbers


def test_the_grid_holds_the_defaults_first_and_nothing_twice():
    settings = list(grid_settings("pa"))
    assert settings[0] == {
        "weights": "linear",
        "threshold": None,
        "relative_threshold": None,
        "threshold_mode": "clamp",
        "cap": None,
        "temperature": 1.0,
    }
    assert len({tuple(of.items()) for of in settings}) == len(settings) == 2 * 11 * 3 * 3
    none = [of for of in settings if of["threshold"] is of["relative_threshold"] is None]
    assert {of["threshold_mode"] for of in none} == {"clamp"}
    assert not [of for of in settings if None not in (of["threshold"], of["relative_threshold"])]
    with pytest.raises(ValueError, match="no settings of predictor moe are tuned: choose pa, softmax-poe"):
        list(grid_settings("moe"))


@pytest.mark.parametrize("predictor", GRIDS)
def test_every_candidate_is_one_of_its_predictor_and_the_defaults_come_first(predictor):
    settings = list(grid_settings(predictor))
    defaults = resolve(predictor, n_exits=7)
    assert all(resolve(predictor, of, n_exits=7) != defaults for of in settings[1:])
    assert resolve(predictor, settings[0], n_exits=7) == defaults


@pytest.mark.parametrize("predictor", ["softmax-poe", "adaptive-pa", "agreement-vote"])
def test_other_predictors_are_tuned_too(small_run, predictor):
    found = tuning_of(small_run, predictor, threshold=0.05, max_falling=100)
    assert len(found.candidates) == len(list(grid_settings(predictor)))
    results = results_of(small_run, predictor, found.candidates[-1], "calibration")
    assert found.falling[-1] == pytest.approx(results.falling_percent([0.05])[0])


@pytest.mark.parametrize(
    ("expected", "falling", "limit", "chosen"),
    [
        ([0.7, 0.9, 0.8], [0, 5, 1], 1, 2),
        ([0.7, 0.9, 0.9], [0, 5, 4], 10, 2),  # as accurate, and fewer fall
        ([0.9, 0.9], [4, 4], 10, 0),
        ([0.9, 0.5, 0.6], [4, 3, 3], 1, 2),  # none holds: the fewest fall, then the more accurate
    ],
)
def test_what_is_chosen(expected, falling, limit, chosen):
    assert best_of(np.array(expected), np.array(falling, float), limit) == chosen


def test_the_frontier_keeps_equals():
    expected, falling = np.array([0.7, 0.7, 0.8, 0.6]), np.array([1.0, 1.0, 2.0, 2.0])
    assert on_frontier(expected, falling).tolist() == [True, True, True, False]


def test_the_numbers_of_a_candidate_are_those_of_its_results(small_run):
    found = tuning_of(small_run, threshold=0.05, max_falling=20)
    costs = small_run.cost()[1]
    for place in (0, 1, 17, 60, len(found.candidates) - 1):
        results = results_of(small_run, "pa", found.candidates[place], "calibration")
        assert found.expected[place] == pytest.approx(step_area(costs, results.accuracy))  # a uniform budget
        assert found.falling[place] == pytest.approx(results.falling_percent([0.05])[0])
        assert found.confidence[place] == pytest.approx(results.confidence[-1], rel=1e-6)
        assert found.last_accuracy[place] == results.accuracy[-1]
    assert found.feasible[found.chosen]
    assert found.expected[found.chosen] == found.expected[found.feasible].max()


def test_the_chosen_settings_are_measured_on_samples_left_out(small_run):
    found = tuning_of(small_run, threshold=0.01, max_falling=5)
    measured = results_of(small_run, "pa", found.candidates[found.chosen], "test")
    np.testing.assert_array_equal(found.measured.accuracy, measured.accuracy)
    assert found.fitted_on == {"run": "small", "split": "calibration", "samples": 100, "seed": None}
    assert not found.fitted_on_test
    numbers = tuning_numbers(found)
    assert numbers["measured"]["falling_percent"] == measured.falling_percent([0.01])[0]
    assert numbers["settings"] == numbers["settings"] | numbers["candidates"][found.chosen]["settings"]
    assert [row["chosen"] for row in numbers["candidates"]].count(True) == 1
    assert numbers["default"]["accuracy"] == results_of(small_run, "pa").accuracy.tolist()
    assert list(numbers["grid"]) == list(GRIDS["pa"])
    assert numbers["measured"]["confidence"] == measured.confidence.tolist()
    assert numbers["measured"]["ece"] == measured.ece.tolist()
    assert numbers["candidates"][3]["confidence"] == found.confidence[3]


def test_the_law_counts(small_run):
    """A budget that always ends at exit 1 makes all settings that agree there alike: the defaults are kept."""
    found = tuning_of(small_run, law={"law": "list", "budgets": (1.5e6,), "prior": 0.1}, max_falling=100)
    first = results_of(small_run, "pa", found.candidates[found.chosen], "calibration").accuracy[0]
    assert found.expected[found.chosen] == pytest.approx(first)
    assert found.law["budgets"] == (1.5e6,)


def test_chunks_change_nothing(small_run, monkeypatch):
    whole = tuning_of(small_run, calibration="random:0.4", seed=2)
    monkeypatch.setattr("analysis.results.from_logits.passes.chunk_samples", lambda *size: 50)
    parts = tuning_of(small_run, calibration="random:0.4", seed=2)
    np.testing.assert_array_equal(parts.expected, whole.expected)
    np.testing.assert_array_equal(parts.falling, whole.falling)


def test_what_is_missing_is_said(imageless_run, unlabelled_run, probs_run, small_run):
    with pytest.raises(ValueError, match=r"no calibration split to fit on.*--calibration random:0.2"):
        tuning_of(imageless_run)
    with pytest.raises(ValueError, match="tuning needs the exits' costs, and run imageless knows none"):
        tuning_of(imageless_run, calibration="random:0.2")
    with pytest.raises(ValueError, match="run unlabelled has none among the samples to fit on"):
        tuning_of(unlabelled_run, calibration="random:0.2")
    with pytest.raises(ValueError, match="needs logits"):
        tuning_of(probs_run, calibration="random:0.2")
    with pytest.raises(ValueError, match="max_falling is 101: give a percentage from 0 to 100"):
        tuning_of(small_run, max_falling=101)
    with pytest.raises(ValueError, match="threshold is nan"):
        tuning_of(small_run, threshold=float("nan"))
