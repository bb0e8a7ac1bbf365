"""The table of policies: its functions exist, and what settings say together is checked."""

import importlib

import pytest

from analysis.policies import POLICIES, find_policy, resolve_policy


@pytest.mark.parametrize("policy", POLICIES)
def test_every_row_names_a_function_that_exists(policy):
    row = POLICIES[policy]
    assert row.id == policy
    assert row.function is None or callable(
        getattr(importlib.import_module(row.function.split(":")[0]), row.function.split(":")[1])
    )
    assert (row.function is None) == (policy == "interruption")


@pytest.mark.parametrize(
    ("policy", "given", "message"),
    [
        ("confidence", {}, "policy confidence needs the setting 'lambda'"),
        ("confidence", {"lambda": "2"}, "lambda is 2: give a number from 0 to 1"),
        ("confidence", {"lambda": "-1"}, "lambda is '-1'"),
        ("confidence", {"lambda": "nan"}, "lambda is 'nan'"),
        ("confidence", {"lambda": "0.5", "measure": "patience"}, "a whole number of at least 1"),
        ("confidence", {"lambda": "0", "measure": "patience"}, "a whole number of at least 1"),
        ("confidence", {"lambda": "0.5", "measure": "doubt"}, "max-prob, margin, entropy or patience"),
        ("budgeted", {"p": "2"}, "p is '2': give a number from 0.05 to 1.95"),
        ("interruption", {"law": "exponential"}, "law is 'exponential': give mean too"),
        ("interruption", {"law": "list"}, "law is 'list': give budgets too"),
        ("interruption", {"mean": "5"}, "mean belongs to law=exponential"),
        ("interruption", {"budgets": "1,2"}, "budgets belongs to law=list"),
        ("interruption", {"prior": "1.5"}, "prior is '1.5'"),
        ("interruption", {"law": "list", "budgets": "1,-2"}, "budgets, number 2, is '-2'"),
        ("risk", {"rule": "hope"}, "empirical, crc, ucb-wsr or ltt"),
        ("risk", {"epsilon": "0"}, "epsilon is '0'"),
        ("risk", {"epsilon": "1"}, "epsilon is 1, and consistency is never above 1: give less"),
        ("risk", {"epsilon": "2", "loss": "brier-gap"}, "brier-gap is never above 2"),
        ("risk", {"delta": "1"}, "delta is '1'"),
        ("pcee", {"bins": "0"}, "bins is '0'"),
        ("pcee", {"target": "1.1"}, "target is '1.1'"),
        ("luck", {}, "there is no policy 'luck': choose confidence, budgeted, interruption, risk or pcee"),
    ],
)
def test_what_does_not_hold_is_refused(policy, given, message):
    with pytest.raises(ValueError, match=message):
        resolve_policy(policy, given)


@pytest.mark.parametrize(
    ("policy", "given"),
    [
        ("confidence", {"lambda": "3", "measure": "patience"}),
        ("confidence", {"lambda": 1, "measure": "entropy"}),
        ("interruption", {"law": "exponential", "mean": "2e6"}),
        ("interruption", {"law": "list", "budgets": "1e6, 2e6"}),
        ("risk", {"epsilon": "1.5", "loss": "brier-gap-prediction"}),
        ("budgeted", {}),
        ("pcee", {}),
    ],
)
def test_resolving_twice_changes_nothing(policy, given):
    once = resolve_policy(policy, given)
    assert resolve_policy(policy, once) == once
    assert list(once) == [setting.name for setting in find_policy(policy).settings]


def test_labels_are_needed_where_they_are_fitted_on():
    needs = {
        loss: POLICIES["risk"].needs_labels({"loss": loss}) for loss in ("consistency", "accuracy-gap", "brier-gap")
    }
    assert needs == {"consistency": False, "accuracy-gap": True, "brier-gap": True}
    assert POLICIES["pcee"].needs_labels({})
    assert not POLICIES["budgeted"].needs_labels({})
