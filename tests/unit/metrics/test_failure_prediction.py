"""Whether confidence tells right from wrong, against loops over pairs of samples."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.metrics.failure_prediction import (
    aurc,
    auroc,
    deferral_curve,
    deferred_accuracy,
    failure_auroc,
    improvable_auroc,
)

scored = st.lists(st.tuples(st.sampled_from([0.1, 0.25, 0.5, 0.9, 1.0]), st.booleans()), min_size=1, max_size=30)


def by_pairs(score, positive):
    won = [(a > b) + 0.5 * (a == b) for a, p in zip(score, positive) if p for b, q in zip(score, positive) if not q]
    return np.mean(won) if won else np.nan


@given(scored)
def test_auroc_is_the_share_of_pairs_in_order(samples):
    score, positive = (np.array(column) for column in zip(*samples))
    assert auroc(score, positive) == pytest.approx(by_pairs(score, positive), nan_ok=True)


@given(scored)
def test_aurc_and_deferral_are_those_of_a_loop(samples):
    confidence, correct = (np.array(column) for column in zip(*samples))
    order = sorted(range(len(confidence)), key=lambda i: -confidence[i])
    errors = [np.mean([not correct[i] for i in order[:k]]) for k in range(1, len(order) + 1)]
    assert aurc(confidence, correct) == pytest.approx(np.mean(errors))
    for share in (0.0, 0.1, 0.5):
        deferred = order[len(order) - int(share * len(order)) :]
        helped = [bool(right) or i in deferred for i, right in enumerate(correct)]
        assert deferred_accuracy(confidence, correct, share) == pytest.approx(np.mean(helped))


def test_of_ties_the_later_is_deferred():
    assert deferred_accuracy(np.array([0.5, 0.5]), np.array([True, False]), 0.5) == 1
    assert deferred_accuracy(np.array([0.5, 0.5]), np.array([False, True]), 0.5) == 0.5


def test_half_a_percent_by_default():
    correct = np.zeros(399, bool)
    assert deferred_accuracy(np.linspace(0, 1, 399), correct) == 1 / 399
    assert deferred_accuracy(np.linspace(0, 1, 199), correct[:199]) == 0


def test_what_computing_on_would_mend():
    confidence = np.array([[0.9, 0.2, 0.4, 0.6], [0.9, 0.9, 0.9, 0.9]])
    correct = np.array([[True, False, False, True], [True, True, False, False]])  # the second sample alone is mended
    assert improvable_auroc(confidence, correct)[0] == 1.0
    assert np.isnan(improvable_auroc(confidence, correct)[1])
    assert failure_auroc(confidence, correct)[0] == 1.0
    assert failure_auroc(confidence, correct)[1] == 0.5


def test_no_sample_gives_what_is_unknown():
    none, nobody = np.empty(0), np.empty(0, bool)
    assert all(np.isnan(value) for value in (auroc(none, nobody), aurc(none, nobody), deferred_accuracy(none, nobody)))


def test_the_deferral_curve_is_what_handing_over_gives():
    rng = np.random.default_rng(3)
    confidence = (rng.integers(0, 40, 500) / 40).astype(np.float32)
    correct = rng.random(500) < 0.7
    curve = deferral_curve(confidence, correct)
    assert (np.diff(curve.deferred) > 0).all()
    assert curve.deferred[0] == 0
    for threshold, deferred, accuracy in zip(*curve):
        below = confidence < threshold
        assert deferred == below.sum()
        assert accuracy == pytest.approx((correct | below).mean())


def test_nothing_is_handed_over_without_samples_and_equals_are_never_parted():
    assert not len(deferral_curve(np.empty(0, np.float32), np.empty(0, bool)).deferred)
    equal = deferral_curve(np.full(10, 0.5, np.float32), np.arange(10) < 4)
    assert (equal.deferred.tolist(), equal.accuracies.tolist()) == ([0], [0.4])
