"""What is said of stopping rules: gains with their interval, who is lost where, what was promised and what holds."""

import numpy as np
import pytest

from analysis.results.policy_curves import Gain
from analysis.words.deciding import stopping

NUMBERS = {
    "policy": "risk",
    "run": "here",
    "settings": {"rule": "crc", "epsilon": 0.05},
    "fitted_on": {"run": "here"},
    "passed": True,
    "certified": True,
    "promised": 0.05,
    "realised": 0.0412,
    "guarantee": "the expected loss of a new sample is at most 0.05",
}


def test_what_is_lost_is_said_as_less_with_the_interval_turned():
    assert (
        stopping.gain_words(Gain(-0.02, -0.03, -0.01), "before") == "2.00 points less (95%: 1.00 to 3.00) than before"
    )


@pytest.mark.parametrize(
    ("gain", "said"),
    [
        (Gain(-0.0018, -0.0045, 0.0009), "0.18 points less (95%: 0.45 less to 0.09 more) than it"),
        (Gain(0.0018, -0.0009, 0.0045), "0.18 points more (95%: 0.09 less to 0.45 more) than it"),
        (Gain(0.0018, 0.0, 0.0045), "0.18 points more (95%: 0.00 to 0.45) than it"),
    ],
)
def test_an_interval_with_ends_either_way_names_the_way_of_each(gain, said):
    assert stopping.gain_words(gain, "it") == said


def test_a_title_without_a_rule_stays_as_it_is():
    assert stopping.title_with_rule("t", "threshold", None, None) == "t"
    gain = Gain(0.01, 0.0, 0.02)
    assert stopping.title_with_rule("t", "threshold", 0.7, gain) == (
        "t; each sample stopping by threshold 70.0%, 1.00 points more"
    )
    assert stopping.title_with_rule("t", "threshold", 0.7, Gain(0, 0, 0)).endswith("threshold 70.0%")


def test_without_an_exit_that_answers_the_other_predictor_is_compared_alone():
    said = stopping.better_rule("3 MACs", "threshold", "PA", 0.7, None, (Gain(0.01, 0, 0.02), "the baseline"))
    assert said == (
        "Within 3 MACs on average, threshold on PA gets 70.0% right: 1.00 points more (95%: 0.00 to 2.00) than the "
        "same rule on the baseline."
    )


def test_a_rule_that_does_not_follow_the_budget_is_said_with_what_it_spends():
    about = ("PA", "risk control", "accuracy", 0.7)
    assert stopping.standing_title(*about, "5 MACs", 0.5, Gain(0.01, 0.0, 0.02), "2 (6 MACs)") == (
        "PA stopping by risk control: accuracy 70.0% for 5 MACs (50.0% of the network) on average, 1.00 points more "
        "than everyone at exit 2 (6 MACs)"
    )
    assert stopping.standing_title(*about, "exit 2.10", None, Gain(-0.01, 0.0, 0.02), "2").endswith(
        "70.0% at exit 2.10 on average, 1.00 points less than everyone at exit 2"
    )
    gain = Gain(0.01, 0, 0.02)
    said = stopping.better_rule(
        "3 MACs", "risk control", "PA", 0.7, (gain, "2"), (gain, "the baseline"), ("exit 5.00", "4")
    )
    assert said == (
        "Risk control on PA stops at exit 5.00 on average and gets 70.0% right: 1.00 points more (95%: 0.00 to 2.00) "
        "than everyone at exit 2, 1.00 points more (95%: 0.00 to 2.00) than a threshold on the largest probability "
        "of the baseline that spends 4."
    )


def test_the_worst_exit_is_named_with_how_many_stop_there():
    gap = np.array([np.nan, 0.02, 0.05])
    said = stopping.risk_title(gap, np.array([0, 50, 1200]), 0.03, ["1", "2", "3"])
    assert said == "Of the 1,200 that stop at exit 3, 5.00% are wrong there and right at the last; of all, 3.00%"
    assert "No sample" in stopping.risk_title(np.zeros(2), np.array([1, 2]), 0.0, ["1", "2"])
    assert "Without labels" in stopping.risk_title(np.full(2, np.nan), np.array([1, 2]), np.nan, ["1", "2"])


def test_what_the_exit_reveals_stands_beside_chance():
    assert "no more than chance (95% below 2.00%)" in stopping.depth_title(0.02, 0.02)
    assert "more than chance" in stopping.depth_title(0.03, 0.02)
    assert "All stop at one exit" in stopping.depth_title(float("nan"), float("nan"))


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({}, "On the samples measured here it is 0.0412, within it."),
        ({"realised": 0.0612}, "it is 0.0612, above it."),
        ({"fitted_on": {"run": "clean"}}, "Promised for samples like those of clean: the expected loss of a new"),
        ({"certified": False}, "This rule promises nothing: risk 0.050 where it was fitted, 0.041 here"),
        ({"passed": False}, "No threshold passes, so everyone goes to the last exit"),
        ({"policy": "pcee", "promised": 0.9, "realised": 0.8}, "it was fitted 90.0%, here 80.0%: less."),
        ({"promised": None}, "Nothing was promised"),
    ],
)  # fmt: skip
def test_what_was_promised_stands_beside_what_holds(changed, said):
    assert said in stopping.promise_words(NUMBERS | changed)


def test_most_samples_stop_where_the_share_is_largest():
    shares = np.array([0.2, 0.5, 0.3])
    assert stopping.shares_title(shares, 0.7, ["1", "b", "3"], has_labels=True) == (
        "50.0% stop at exit b; 70.0% are right where they stop"
    )
    assert "final answer" in stopping.shares_title(shares, 0.7, ["1", "b", "3"], has_labels=False)


def test_what_holds_where_the_budget_and_the_rule_stop_is_said_once():
    late, later = (stopping.Stop(name, "fox", True, False, True) for name in ("4", "5"))
    early, right = stopping.Stop("2", "7", False, True, False), stopping.Stop("1", "fox", True, False, False)
    assert stopping.decision_words("30 M MACs", "threshold", "PA", late, later, "") == (
        "With 30 M MACs for everyone PA stops at exit 4: fox, right. By threshold this sample stops at exit 5: fox, "
        "right, both later than needed: an earlier exit was right already."
    )
    assert stopping.decision_words("30 M MACs", "threshold", "PA", late, early, "") == (
        "With 30 M MACs for everyone PA stops at exit 4: fox, right, later than needed: an earlier exit was right "
        "already. By threshold this sample stops at exit 2: class 7, wrong, too early: a later exit is right."
    )
    assert stopping.decision_words("9", "it", "PA", right, right, "").endswith("stops at exit 1: fox, right.")
    assert "later than needed" in stopping.decision_words("9", "it", "PA", late, None, "needs costs.")


def test_a_budget_of_exits_is_where_samples_answer_and_minus_is_a_minus():
    gain = Gain(0.01, -0.02, 0.04)
    said = stopping.better_rule("exit 3.00", "threshold", "PA", 0.7, None, (gain, "the baseline"))
    assert said == (
        "Answering at exit 3.00 or before on average, threshold on PA gets 70.0% right: 1.00 points more "
        "(95%: 2.00 less to 4.00 more) than the same rule on the baseline."
    )
    assert stopping.gain_words(Gain(0, -0.1633, 0.1633), "it") == "as much (95%: −16.33 to +16.33 points) as it"
