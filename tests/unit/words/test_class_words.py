"""What is said of classes: the names and numbers that are handed in, and the sides where there is nothing."""

import numpy as np
import pytest

from analysis.results.factors import Factors
from analysis.words.classes import answers_at, classes_finding, confusion_finding, pairs_finding
from analysis.words.factors import factors_finding


def test_nothing_is_said_to_fall_or_to_be_confused_where_nothing_is():
    assert classes_finding(None, "PA", 0.1) == "No class has samples here"
    assert classes_finding(("fox", 0.0, 3.0), "PA", 0.1) == "No sample falls by more than 0.1 under the baseline"
    assert pairs_finding(None, "PA") == "No class is taken for another"
    assert confusion_finding(0, 0, 20, "PA") == "Under PA, no class is taken for another"
    assert confusion_finding(1, 1, 20, "PA") == "Under PA, one answer is of another class"


@pytest.mark.parametrize(("before", "after", "said"), [
    (1, 0, "1 time under the baseline, never under PA"), (0, 1200, "never under the baseline, 1,200 under PA"),
])  # fmt: skip
def test_once_and_never_are_words(before, after, said):
    assert pairs_finding(("fox", "wolf", before, after), "PA") == f"Most often fox is taken for wolf: {said}"


def test_exits_are_called_by_their_names():
    assert answers_at("2", ["stem", "exit 2"]) == "at exit exit 2"


def factors(evidence, **named):
    about = {
        "followed": 0,
        "rival": 1,
        "overtaken": None,
        "ever_leads": True,
        "until": 2,
        "deciding": 1,
        "lost_at": None,
    }
    logs = np.zeros((2, 3))
    return Factors(**(about | named), weights=np.ones(3), log_activations=logs, evidence=np.array(evidence, float))


@pytest.mark.parametrize(("found", "said"), [
    (factors([0, 1.5, 0]), "Under PA, fox leads wolf at the last exit, most by exit 2's factor (1.50 of the log odds)"),
    (factors([0, -1.5, 0], overtaken=1, until=1),
     "Under PA, wolf overtakes fox at exit 2, most by exit 2's factor (1.50 of the log odds)"),
    (factors([0, -0.001, 0], ever_leads=False),
     "Under PA, fox never leads; wolf does at the last exit, most by exit 2's factor (next to nothing)"),
    (factors([0, -np.inf, 0], overtaken=1, until=1, lost_at=1),
     "Under PA, fox leaves the support at exit 2, where its activation is 0; wolf leads it at exit 2"),
    (factors([0, np.inf, 0]), "Under PA, fox leads wolf at the last exit, most by exit 2's factor (without limit)"),
    (factors([0, 0, 0]), "Under PA, fox leads wolf at the last exit, by no factor more than another"),
])  # fmt: skip
def test_a_sample_s_factors_in_words(found, said):
    assert factors_finding(found, "fox", "wolf", "PA", ["1", "2", "3"]) == said
