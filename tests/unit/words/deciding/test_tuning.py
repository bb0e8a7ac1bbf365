"""Tuned settings in words."""

from analysis.words.deciding.tuning import likelihood_finding, tuning_finding


def test_gains_have_their_sign():
    numbers = {"threshold": 0.1, "fitted_on_test": False, "default": {"expected_accuracy": 0.7, "falling_percent": 5.0}}
    better = numbers | {"measured": {"expected_accuracy": 0.712, "falling_percent": 0.0}}
    assert tuning_finding(better, "PA") == (
        "Tuned PA on the samples left out: 71.2% expected accuracy (+1.20 points), falls by more than 0.1: 5.00% → 0%"
    )
    assert "(−2.00 points)" in tuning_finding(
        numbers | {"measured": {"expected_accuracy": 0.68, "falling_percent": 1}}, "PA"
    )


def test_a_likelihood_that_is_unknown_is_said():
    sides = {
        "fitted": "temperature",
        "fitted_on_test": False,
        "default": {"nll_on_support": [2.0, 1.5]},
        "measured": {"nll_on_support": [1.0, 1.25]},
    }
    assert likelihood_finding(sides, "PA") == (
        "Fitted temperature of PA: 1.500 → 1.250 nats per label at the last exit, on the samples left out"
    )
    assert "unknown" in likelihood_finding(sides | {"default": {"nll_on_support": [None]}}, "PA")


def test_samples_that_were_fitted_on_are_not_called_left_out():
    numbers = {"threshold": 0.1, "fitted_on_test": True, "fitted": "temperature"}
    numbers |= {
        side: {"expected_accuracy": 0.7, "falling_percent": 5.0, "nll_on_support": [1.0]}
        for side in ("default", "measured")
    }
    for finding in (tuning_finding(numbers, "PA"), likelihood_finding(numbers, "PA")):
        assert "on the very samples fitted on" in finding
        assert "left out" not in finding
