"""Shared options: settings, predictors."""

import argparse

import pytest

from analysis.commands.options import chosen_predictor, own_settings, parse_settings, predictors_help
from analysis.policies import POLICIES
from analysis.predictors import PREDICTORS


def test_settings():
    assert parse_settings(["fallback=softmax", " weights = 1,2 ", "a=b=c"]) == {
        "fallback": "softmax",
        "weights": "1,2",
        "a": "b=c",
    }
    with pytest.raises(ValueError, match="give it as KEY=VALUE"):
        parse_settings(["fallback"])
    with pytest.raises(ValueError, match="fallback is given twice"):
        parse_settings(["fallback=softmax", "fallback=none"])


def test_the_help_lists_every_setting():
    text = predictors_help()
    for predictor in PREDICTORS.values():
        assert f"  {predictor.id}: " in text
        assert all(f"{setting.name}=" in text for setting in predictor.settings)


def test_a_predictor_is_checked_against_the_run(small_run, probs_run):
    args = argparse.Namespace(predictor="pa", settings=["weights=1,2"])
    with pytest.raises(ValueError, match="7 exits"):
        chosen_predictor(args, small_run)
    args = argparse.Namespace(predictor="pa", settings=[])
    assert chosen_predictor(args, small_run)[0] == "pa"
    with pytest.raises(ValueError, match="pa"):
        chosen_predictor(args, probs_run)


def test_settings_are_dealt_to_the_policy_and_the_predictor(tmp_path):
    """What the policy knows is its own, the rest is the predictor's, and what both know is refused."""
    rows = POLICIES["risk"].settings
    args = argparse.Namespace(predictor="pa", settings=["epsilon=0.1", "cap=6", "delta=0.2"])
    assert own_settings(args, rows, "policy risk", "logits") == ({"epsilon": "0.1", "delta": "0.2"}, {"cap": "6"})
    file = tmp_path / "mine.py"
    file.write_text("def mine(logits, epsilon=1):\n    return logits.softmax(-1)\n")
    args = argparse.Namespace(predictor=f"{file}:mine", settings=["epsilon=0.1"])
    with pytest.raises(ValueError, match="--set epsilon: both policy risk and predictor mine have a setting"):
        own_settings(args, rows, "policy risk", "logits")


def test_a_setting_that_neither_knows_is_answered_with_the_settings_of_both():
    args = argparse.Namespace(predictor="baseline", settings=["eps=0.02"])
    said = (
        "^neither policy risk nor baseline has a setting 'eps': policy risk takes rule, loss, epsilon and delta; "
        "baseline takes temperature, activation and fallback$"
    )
    with pytest.raises(ValueError, match=said):
        own_settings(args, POLICIES["risk"].settings, "policy risk", "logits")


def test_a_predictor_that_takes_any_setting_is_given_what_the_policy_does_not_know(tmp_path):
    file = tmp_path / "open.py"
    file.write_text("def open_(logits, **more):\n    return logits.softmax(-1)\n")
    args = argparse.Namespace(predictor=f"{file}:open_", settings=["eps=0.02"])
    assert own_settings(args, POLICIES["risk"].settings, "policy risk", "logits") == ({}, {"eps": "0.02"})
