"""Which predictors a run can feed: from its kind, with the reason, and the one that stands in."""

import re

import pytest

from analysis.predictors import PREDICTORS, first_correction, resolve, usable_predictors, why_unusable

ON_PROBS = ["baseline", "softmax-poe", "moe", "ca", "exit-ensemble", "agreement-vote"]


def test_logits_feed_every_predictor_and_probabilities_those_that_need_no_logits():
    assert list(usable_predictors("logits")) == list(PREDICTORS)
    assert list(usable_predictors("probs")) == ON_PROBS


@pytest.mark.parametrize("row", PREDICTORS.values(), ids=list(PREDICTORS))
def test_the_reason_is_the_one_that_resolving_gives(row):
    assert why_unusable(row, "logits") is None
    reason = why_unusable(row, "probs")
    assert (reason is None) == (row.id in ON_PROBS)
    if reason is not None:
        with pytest.raises(
            ValueError,
            match=re.escape(f"{row.id} {reason}: choose softmax-poe, moe, ca, exit-ensemble or agreement-vote"),
        ):
            resolve(row, kind="probs")


def test_the_correction_that_stands_in_is_the_first_that_can():
    assert (first_correction("logits"), first_correction("probs")) == ("pa", "softmax-poe")


def test_a_correction_of_the_operator_is_among_them(tmp_path, monkeypatch):
    (tmp_path / "own.py").write_text("def mine(logits):\n    return logits.softmax(-1)\n")
    monkeypatch.setenv("EXITLENS_PREDICTORS", f"{tmp_path}/own.py:mine")
    assert list(usable_predictors("probs")) == [*ON_PROBS, "mine"]


@pytest.mark.parametrize("kind", ["", "logit"])
def test_another_kind_is_refused(kind):
    with pytest.raises(ValueError, match=f"kind is '{kind}': give logits or probs"):
        usable_predictors(kind)
