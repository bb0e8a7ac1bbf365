"""Rules on disk: what is written is read back, and what is no rule is refused in a sentence."""

import json

import pytest

from analysis.policies import Rule, read_rule, resolve_policy, write_rule
from analysis.policies.rule import ExitBins
from analysis.policies.rule_files import rule_from_json, rule_to_json

RISK = Rule(
    "risk",
    resolve_policy("risk", {"rule": "ltt"}),
    "max-prob",
    (0.97, 0.97, 0.0),
    predictor="pa",
    predictor_settings={"weights": (1.0, 2.0, 3.0), "cap": None},
    run="a run",
    fitted_on={"run": "a run", "split": "calibration", "samples": 100, "seed": None},
)
PCEE = Rule(
    "pcee",
    resolve_policy("pcee"),
    "max-prob",
    (None, None, 0.0),
    bins=(ExitBins((0.1, 0.5, 1.0), (0.5, None)), ExitBins((0.5,), (1.0,))),
    target=0.9,
    fitted_on_test=True,
)


@pytest.mark.parametrize("rule", [RISK, PCEE], ids=["risk", "pcee"])
def test_a_rule_is_read_as_it_was_written(tmp_path, rule):
    path = tmp_path / "rule.json"
    write_rule(rule, path)
    found = read_rule(path)
    assert rule_to_json(found) == json.loads(path.read_text())
    assert (found.thresholds, found.bins, found.target) == (rule.thresholds, rule.bins, rule.target)
    assert [path.name for path in tmp_path.iterdir()] == ["rule.json"]


def with_(**changes: object) -> dict:
    return rule_to_json(RISK) | changes


@pytest.mark.parametrize(
    ("found", "message"),
    [
        ([], "does not say that it is"),
        ({"kind": "something"}, "does not say that it is"),
        (with_(version=2), "its version is 2, and this program reads version 1"),
        (with_(policy="luck"), "there is no policy 'luck'"),
        (with_(policy=3), "policy is 3, and not a policy's id"),
        (with_(settings={"epsilon": "many"}), "policy risk setting epsilon is 'many'"),
        (with_(measure="doubt"), "measure is 'doubt'"),
        (with_(thresholds=[]), "thresholds are not a number"),
        (with_(thresholds=[0.5, None]), "thresholds are not a number"),
        (with_(thresholds=[True, 0.0]), "thresholds are not a number"),
        (with_(thresholds=[float("nan"), 0.0]), "thresholds are not a number"),
        (with_(thresholds=[10**400, 0.0]), "thresholds are not a number"),
        (with_(thresholds=[-0.1, 0.0]), "thresholds are not a number"),
        (with_(bins=[{"edges": [0.1, 2], "accuracy": [1.0]}] * 2, target=0.9), "rising edges"),
        (with_(thresholds=0.5), "thresholds is 0.5, and not a list"),
        (with_(reaches="yes"), "reaches is 'yes', and not true or false"),
        (with_(bins=[{"edges": [0.5, 0.4], "accuracy": [1.0]}] * 2, target=0.9), "rising edges"),
        (with_(bins=[{"edges": [], "accuracy": [1.0]}] * 2, target=0.9), "rising edges"),
        (with_(bins=[{"edges": [0.1, 0.2], "accuracy": [1.0, 1.0]}] * 2, target=0.9), "rising edges"),
        (with_(bins=[7, 7], target=0.9), "rising edges"),
        (with_(bins=[{"edges": [0.1, 0.2], "accuracy": [1.0]}], target=0.9), "every exit but the last"),
        (with_(bins=[{"edges": [0.1, 0.2], "accuracy": [1.0]}] * 2, target=None), "with a target"),
        (with_(fitted_on=5), "fitted_on is 5"),
        (with_(predictor_settings=None), "predictor_settings is None"),
    ],
)
def test_what_is_no_rule_is_refused(found, message):
    with pytest.raises(ValueError, match=message):
        rule_from_json(found)


@pytest.mark.parametrize("content", [b"", b"{", b"\xff\xfe", b"[" * 100_000, b'{"kind": 1'])
def test_what_is_no_json_is_refused_by_its_name(tmp_path, content):
    path = tmp_path / "broken.json"
    path.write_bytes(content)
    with pytest.raises(ValueError, match=r"broken\.json is no .*: .*give the file that policy --out wrote|is no JSON"):
        read_rule(path)


def test_a_file_that_is_too_large_is_not_read(tmp_path, monkeypatch):
    monkeypatch.setattr("analysis.policies.rule_files.LARGEST_FILE", 10)
    path = tmp_path / "rule.json"
    write_rule(RISK, path)
    with pytest.raises(ValueError, match="bytes, more than any rule"):
        read_rule(path)


def test_a_setting_that_json_cannot_hold_is_said_and_nothing_is_written(tmp_path):
    rule = Rule("risk", resolve_policy("risk"), "max-prob", (0.5, 0.0), predictor="mine", predictor_settings={"a": {1}})
    with pytest.raises(ValueError, match="a setting of mine cannot be written as JSON"):
        write_rule(rule, tmp_path / "rule.json")
    assert not list(tmp_path.iterdir())
