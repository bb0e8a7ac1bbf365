"""Tuned settings in words."""

import pytest

from analysis.words.deciding.tuning import (
    cost_sentences,
    flattened,
    likelihood_finding,
    recommended,
    tuning_finding,
)


def tuned(measured: dict, *, feasible=True, candidates=(), **more) -> dict:
    """What `tuning_numbers` returns, as far as words need it."""
    default = {"expected_accuracy": 0.7, "falling_percent": 5.0, "accuracy": [0.6, 0.74], "confidence": [0.6, 0.7]}
    default |= {"ece": [0.05, 0.04]}
    numbers = {"threshold": 0.1, "max_falling": 1.0, "fitted_on_test": False, "feasible": feasible, "default": default}
    return numbers | {"measured": default | measured, "candidates": list(candidates)} | more


def candidate(expected, falling, last, confidence, *, feasible=False, chosen=False) -> dict:
    return {"expected_accuracy": expected, "falling_percent": falling, "last_accuracy": last, "confidence": confidence,
            "feasible": feasible, "chosen": chosen}  # fmt: skip


def test_gains_have_their_sign():
    better = tuned({"expected_accuracy": 0.712, "falling_percent": 0.0})
    assert tuning_finding(better, "PA") == (
        "Tuned PA on the samples left out: 71.2% expected accuracy (+1.20 points), falls by more than 0.1: 5.00% → 0%"
    )
    assert "(−2.00 points)" in tuning_finding(tuned({"expected_accuracy": 0.68, "falling_percent": 1}), "PA")


def test_what_a_setting_costs_is_said_beside_falls():
    better = tuned({"falling_percent": 0.0, "confidence": [0.5, 0.65], "ece": [0.1, 0.09]})
    assert recommended(better)
    assert cost_sentences(better, ["defaults"]) == [
        "At the last exit on the samples left out, default → chosen settings: mean confidence 70.0% → 65.0%, accuracy "
        "74.0% → 74.0%, ECE 0.040 → 0.090."
    ]


def test_a_limit_that_is_held_by_flattening_says_so():
    rows = [candidate(0.7, 5, 0.74, 0.7), candidate(0.7, 0, 0.74, 0.1, chosen=True), candidate(0.695, 3, 0.74, 0.6)]
    flat = tuned({"falling_percent": 0.0, "confidence": [0.1, 0.1], "ece": [0.5, 0.64]}, candidates=rows)
    assert flattened(flat)
    assert not recommended(flat)
    assert tuning_finding(flat, "PA").endswith("5.00% → 0%, confidence at the last exit 70.0% → 10.0%")
    said = cost_sentences(flat, ["defaults", "a", "b"])
    assert said[0] == (
        "The limit on falls is held by flattening: at the last exit the mean confidence is 10.0% where 74.0% are "
        "right, so that probabilities have less to fall from."
    )
    assert "ECE 0.040 → 0.640." in said[1]
    assert "fewest fall under b: 3.00%, 69.5% accurate, 60.0% confident" in said[2]
    rows[0]["feasible"] = True
    said = cost_sentences(flat, ["defaults", "a", "b"])
    assert said[0].startswith("These settings flatten the answers: ")
    assert said[2:] == ["The defaults hold the limit too."]


def test_where_no_setting_holds_the_limit_none_is_recommended():
    rows = [candidate(0.7, 5, 0.74, 0.7), candidate(0.5, 1.5, 0.6, 0.2, chosen=True)]
    none = tuned({"expected_accuracy": 0.474, "falling_percent": 1.6}, feasible=False, candidates=rows)
    assert not recommended(none)
    assert tuning_finding(none, "PA") == (
        "No setting of PA holds the limit on falls; the one under which fewest fall, on the samples left out: 47.4% "
        "expected accuracy (−22.6 points), falls by more than 0.1: 5.00% → 1.60%"
    )
    said = cost_sentences(none, ["defaults", "a"])
    assert said[0] == (
        "No setting tried holds the limit: on the samples fitted on at least 1.50% fall by more than 0.1, and 1% may. "
        "Chosen is only the one under which fewest fall, which costs 22.6 points of expected accuracy."
    )
    assert len(said) == 2  # the defaults are no other setting
    free = cost_sentences(tuned({}, feasible=False, candidates=rows), ["defaults", "a"])
    assert free[0].endswith("Chosen is only the one under which fewest fall.")


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


@pytest.mark.parametrize("feasible", [True, False])
def test_samples_that_were_fitted_on_are_not_called_left_out(feasible):
    sides = {side: {"nll_on_support": [1.0]} for side in ("default", "measured")}
    rows = [candidate(0.7, 5, 0.74, 0.7, chosen=True)]
    numbers = tuned({}, feasible=feasible, candidates=rows, fitted_on_test=True)
    fitted = sides | {"fitted": "temperature", "fitted_on_test": True}
    for text in (
        tuning_finding(numbers, "PA"), likelihood_finding(fitted, "PA"), " ".join(cost_sentences(numbers, ["defaults"]))
    ):  # fmt: skip
        assert "on the very samples fitted on" in text
        assert "left out" not in text
