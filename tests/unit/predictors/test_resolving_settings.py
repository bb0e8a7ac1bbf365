"""Settings: text becomes values, what is out of range is refused in one sentence, and keys are canonical."""

import re
from dataclasses import replace

import numpy as np
import pytest

from analysis.predictors import PREDICTORS, predict, resolve, settings_key


@pytest.mark.parametrize(
    ("predictor", "name", "text", "value"),
    [
        ("pa", "weights", "uniform", "uniform"),
        ("pa", "weights", "0.5, 1,2", (0.5, 1.0, 2.0)),
        ("pa", "weights", "[0, 1, 2]", (0.0, 1.0, 2.0)),
        ("pa", "weights", [1, 2], (1.0, 2.0)),
        ("pa", "weights", np.array([1, 2.5]), (1.0, 2.5)),
        ("pa", "weights", "3", (3.0,)),
        ("pa", "weights", ".5", (0.5,)),
        ("pa", "threshold", "none", None),
        ("pa", "threshold", "", None),
        ("pa", "threshold", "-0.5", -0.5),
        ("pa", "cap", np.float32(6), 6.0),
        ("pa", "activation", "Softplus", "softplus"),
        ("hard-poe", "threshold", "1e-3", 0.001),
        ("baseline", "temperature", 2, 2.0),
    ],
)
def test_values_are_typed(predictor, name, text, value):
    resolved = resolve(predictor, {name: text})
    assert resolved[name] == value
    assert type(resolved[name]) is type(value)
    assert resolve(predictor, resolved) == resolved


@pytest.mark.parametrize(
    ("predictor", "settings", "message"),
    [
        ("pa", {"wieghts": 1}, "pa has no setting 'wieghts': it takes weights, activation, threshold"),
        ("ca", {"temperature": 1}, "ca has no setting 'temperature': it takes none"),
        ("pa", {"activation": "tanh"}, "pa setting activation is 'tanh': give relu, softplus or heaviside"),
        ("pa", {"weights": "1,-2"}, "pa setting weights, exit 2, is '-2': give linear, uniform, or a number from 0"),
        ("pa", {"weights": "quadratic"}, "pa setting weights is 'quadratic': give linear, uniform, or a number"),
        (
            "pa",
            {"weights": "1,2"},
            "pa setting weights has 2 numbers and the run 7 exits: give one number for each exit",
        ),
        ("pa", {"weights": [1, float("nan")]}, "pa setting weights, exit 2, is nan"),
        ("pa", {"weights": None}, "pa setting weights is None"),
        ("pa", {"weights": ()}, "pa setting weights is ()"),
        ("pa", {"cap": 10**400}, "give a number, or none"),
        ("pa", {"cap": "1_0"}, "pa setting cap is '1_0': give a number, or none"),
        ("baseline", {"activation": 3}, "baseline setting activation is 3: give softmax, relu or heaviside"),
        ("pa", {"threshold": "high"}, "pa setting threshold is 'high': give a number, or none"),
        ("pa", {"threshold": float("inf")}, "pa setting threshold is inf"),
        ("pa", {"cap": True}, "pa setting cap is True"),
        ("pa", {"threshold": 2, "cap": 2}, "pa setting cap is 2: give a number above the threshold, 2"),
        ("pa", {"cap": 0}, "pa setting cap is 0, which leaves no class in the support: give a number above 0"),
        ("pa", {"relative_threshold": 1.5}, "pa setting relative_threshold is 1.5: give a number from 0 to 1, or none"),
        ("pa", {"relative_threshold": 0.1, "threshold": 0.0}, "pa has threshold 0 and relative_threshold 0.1"),
        (
            "hard-poe",
            {"relative_threshold": 0.1, "threshold": 1},
            "hard-poe has threshold 1 and relative_threshold 0.1",
        ),
        ("pa", {"threshold": 2, "cap": 1.99999999}, "cap is 1.99999999: give a number above the threshold, 2"),
        ("hard-poe", {"threshold": "none"}, "hard-poe setting threshold is 'none': give a number"),
        ("baseline", {"temperature": 0}, "baseline setting temperature is 0: give a number from 1e-06 to 1e+06"),
        ("nothing", {}, "predictor 'nothing' is no known id: give one of baseline, pa, hard-poe"),
    ],
)
def test_what_is_out_of_range_is_refused(predictor, settings, message):
    with pytest.raises(ValueError, match=re.escape(message)):
        resolve(predictor, settings, n_exits=7)


def test_a_row_states_what_must_hold_between_its_settings():
    def flatter(settings):
        return None if settings["temperature"] >= 1 else "setting temperature sharpens: give a number of at least 1"

    row = replace(PREDICTORS["baseline"], constraints=(flatter,))
    assert resolve(row)["temperature"] == 1
    assert resolve("baseline", {"temperature": 0.5})["temperature"] == 0.5
    with pytest.raises(ValueError, match="baseline setting temperature sharpens: give a number of at least 1"):
        resolve(row, {"temperature": 0.5})


def test_a_relative_threshold_takes_the_place_of_one_left_at_its_default():
    assert resolve("hard-poe", {"relative_threshold": 0.1, "threshold": 0})["relative_threshold"] == 0.1


def test_softplus_takes_a_cap_below_zero():
    assert resolve("pa", {"activation": "softplus", "cap": -1})["cap"] == -1.0


def test_predict_counts_the_weights():
    with pytest.raises(ValueError, match="has 2 numbers and the run 3 exits"):
        predict("pa", np.ones((3, 1, 2)), weights="1,2")


@pytest.mark.parametrize(
    ("predictor", "settings", "message"),
    [
        ("pa", {}, "pa needs logits, but this run holds probabilities only"),
        ("hard-poe", {}, "choose softmax-poe, moe, ca, exit-ensemble or agreement-vote"),
        ("baseline", {"activation": "relu"}, "baseline with activation=relu needs logits"),
        ("moe", {"activation": "heaviside"}, "set activation=softmax"),
    ],
)
def test_what_needs_logits_is_refused_on_probabilities(predictor, settings, message):
    with pytest.raises(ValueError, match=re.escape(message)):
        resolve(predictor, settings, kind="probs")


@pytest.mark.parametrize("predictor", ["baseline", "softmax-poe", "moe", "ca"])
def test_the_others_take_probabilities(predictor):
    resolve(predictor, kind="probs")


def test_keys_are_equal_exactly_when_the_settings_are():
    assert settings_key("pa") == settings_key("pa", {"cap": "none", "weights": "linear", "temperature": 1})
    assert settings_key("pa", {"weights": [1, 2]}) == settings_key("pa", {"weights": "1.0,2.0"})
    keys = [settings_key("pa", s) for s in ({}, {"cap": 6}, {"threshold": 0}, {"fallback": "none"}, {"weights": "1,2"})]
    assert len(set(keys)) == len(keys)
    assert settings_key("baseline") != settings_key("moe")
