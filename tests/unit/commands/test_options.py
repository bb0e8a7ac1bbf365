"""Shared options: slices, settings, predictors."""

import argparse

import pytest

from analysis.commands.options import chosen_predictor, parse_settings, parse_slice, predictors_help
from analysis.predictors import PREDICTORS


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("0:10", (0, 10)),
        (":5", (0, 5)),
        ("395:", (395, 400)),
        (":", (0, 400)),
        ("-5:", (395, 400)),
        ("0:9999", (0, 400)),
    ],
)
def test_slices_are_pythons(text, expected):
    found = parse_slice(text, 400)
    assert (found.start, found.stop) == expected


@pytest.mark.parametrize("text", ["5", "a:b", "1:2:3", "", "1.5:3"])
def test_other_slices_are_refused(text):
    with pytest.raises(ValueError, match="give a slice A:B of whole numbers"):
        parse_slice(text, 400)


@pytest.mark.parametrize("text", ["5:5", "400:", "9:3"])
def test_empty_slices_are_refused(text):
    with pytest.raises(ValueError, match="holds none of the 400 samples"):
        parse_slice(text, 400)


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
