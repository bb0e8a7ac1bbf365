"""Two results on the same samples, worked by hand on four samples and three exits."""

from dataclasses import replace

import numpy as np
import pytest

from analysis.results import difference_of
from analysis.results.differences import check_joined, group_falls
from tests.unit.results.by_hand import results_by_hand, run_by_hand

LOGITS = np.log(
    np.array(
        [
            [[0.6, 0.3, 0.1], [0.2, 0.7, 0.1], [0.1, 0.1, 0.8], [0.5, 0.4, 0.1]],
            [[0.4, 0.5, 0.1], [0.1, 0.8, 0.1], [0.2, 0.1, 0.7], [0.6, 0.3, 0.1]],
            [[0.3, 0.6, 0.1], [0.1, 0.85, 0.05], [0.6, 0.1, 0.3], [0.7, 0.2, 0.1]],
        ]
    )
)
LABELS = [0, 1, 2, 0]


@pytest.fixture
def both():
    return results_by_hand(LOGITS, LABELS, "baseline"), results_by_hand(LOGITS, LABELS, "moe")


def test_the_sides_hold_means_over_the_samples(both):
    found = difference_of(*both)
    assert found.of == "true_class"
    np.testing.assert_allclose(found.a.right_share, [1, 0.75, 0.5])
    np.testing.assert_allclose(found.a.mean_prob(), [0.65, 0.625, 0.5375], atol=1e-6)
    np.testing.assert_allclose(found.a.falling_percent([0.01, 0.3, 0.45]), [50, 25, 25])


def test_fixed_and_broken_are_counted_per_exit(both):
    found = difference_of(*both)
    assert found.b_only.tolist() == [
        0,
        1,
        1,
    ]  # the mixture keeps sample 1 right at exit 2 (0.5 : 0.4), sample 3 at exit 3
    assert found.a_only.tolist() == [0, 0, 0]
    assert found.changed.tolist() == [0, 1, 1]


def test_unknown_labels_are_left_out():
    labels = [0, -1, 2, -1]
    found = difference_of(results_by_hand(LOGITS, labels, "baseline"), results_by_hand(LOGITS, labels, "moe"))
    assert found.a.positions.tolist() == [0, 2]
    np.testing.assert_allclose(found.a.right_share, [1, 0.5, 0])


def test_without_labels_the_final_prediction_stands_in():
    found = difference_of(results_by_hand(LOGITS, [-1] * 4, "baseline"), results_by_hand(LOGITS, [-1] * 4, "moe"))
    assert found.of == "final_prediction"
    assert found.a.right_share[-1] == 1
    assert np.isnan(found.a.ece).all()
    assert found.a_only.sum() == found.b_only.sum() == 0
    assert found.classes.tolist() == [1, 1, 0, 0]


def test_results_of_one_run_are_not_copied(both):
    found = difference_of(*both)
    assert found.pair == both
    assert (found.a, found.b) == both
    np.testing.assert_allclose(found.right_share, [0, 0.25, 0.25])


def other(ids, labels=(0, 2, 1), logits=LOGITS[:2, [3, 2, 1]]):
    """Another run with three of the samples, in another order, and two exits."""
    return results_by_hand(logits, list(labels), "baseline", ids, "other")


def test_samples_of_two_runs_are_paired_by_their_ids(both):
    found = difference_of(both[0], other(["3", "2", "9"]))
    assert found.a.ids.tolist() == found.b.ids.tolist() == ["2", "3"]
    assert (found.n_samples, found.n_exits, found.of) == (2, 2, "true_class")
    assert np.array_equal(found.a.traces.max_prob[:2], found.b.traces.max_prob)
    assert found.right_share.tolist() == [0, 0]
    assert found.a_only.tolist() == found.b_only.tolist() == found.changed.tolist() == [0, 0]


def test_the_two_sides_are_told_apart(both):
    wrong = np.log(np.full((3, 4, 3), [0.2, 0.2, 0.6]))
    found = difference_of(both[0], results_by_hand(wrong, LABELS, "baseline", list("0123"), "other"))
    assert found.a_only.tolist() == [3, 2, 2]  # sample 2 is right in both, but at the last exit of b alone
    assert found.b_only.tolist() == [0, 0, 1]
    np.testing.assert_allclose(found.right_share, [-0.75, -0.5, -0.25])
    assert found.falls("true_class", "absolute").less_percent == 50


def test_labels_that_disagree_are_refused(both):
    message = r"by hand \(split test\) and other \(split test\) disagree on the labels of 1 samples they share, "
    with pytest.raises(ValueError, match=message + "first of '2': class 2 and 1"):
        difference_of(both[0], other(["3", "2", "9"], labels=(0, 1, 1)))


def test_runs_without_a_common_id_are_refused(both):
    with pytest.raises(ValueError, match="have no sample id in common: compare runs of the same samples"):
        difference_of(both[0], other(["a", "b", "c"]))


def test_only_labels_that_both_know_are_judged(both):
    found = difference_of(both[0], other(["3", "2", "1"], labels=(0, -1, 1)))
    assert found.a.ids.tolist() == ["1", "3"]
    assert found.pair[0].n_samples == 3
    with pytest.raises(ValueError, match="has a label in both: import the runs again with --labels"):
        difference_of(both[0], other(["3", "2", "1"], labels=(-1, -1, -1)))


def test_groups_are_sorted_by_the_baselines_fall(both):
    falls = group_falls(difference_of(*both), 4)
    assert falls.group.tolist() == [2, 0, 1]  # class 3 has no sample
    assert falls.samples.tolist() == [1, 2, 1]
    np.testing.assert_allclose(falls.a, [0.5, 0.15, 0], atol=1e-6)


def test_superclasses_pool_their_classes(both):
    falls = group_falls(difference_of(*both), 2, np.array([0, 0, 1]))
    assert falls.group.tolist() == [1, 0]
    np.testing.assert_allclose(falls.a, [0.5, 0.1], atol=1e-6)


def test_falls_are_of_all_samples_and_computed_once():
    labels = [0, -1, 2, -1]
    found = difference_of(results_by_hand(LOGITS, labels, "baseline"), results_by_hand(LOGITS, labels, "moe"))
    assert found.falls("any_class", "absolute").median[0] == pytest.approx(0.25)  # of 0.3, 0.1, 0.5, 0.2
    assert found.falls("true_class", "absolute").median[0] == pytest.approx(0.4)  # of 0.3 and 0.5
    assert found.falls("true_class", "relative") is found.falls("true_class", "relative")


def counted(splits, labels, name, ids=None):
    """A run whose ids are positions, `splits` one a sample."""
    logits = np.zeros((2, len(splits), 3), np.float32)
    logits[..., 0] = 1
    run = run_by_hand(logits, labels, ids, name)
    return replace(run, samples=run.samples.assign(split=splits))


def test_ids_that_count_through_other_splits_are_named_as_the_cause():
    both = counted(["calibration"] * 3 + ["test"] * 3, [0, 1, 2, 2, 1, 0], "both")
    alone = counted(["test"] * 3, [2, 1, 0], "alone")
    cause = "ids that were not given count through all splits of a run, .* ids of their own by --samples"
    with pytest.raises(ValueError, match=f"both .* and alone .* have no sample id in common: {cause}"):
        check_joined([both, alone], "test")
    with pytest.raises(ValueError, match=f"disagree on the labels of 2 samples they share, .*; {cause}"):
        check_joined([both, alone], "all")
    given = [counted(["test"] * 3, [2, 1, 0], name, list("abc")) for name in ("one", "two")]
    check_joined(given, "test")
    with pytest.raises(ValueError, match="have no sample id in common: compare runs of the same samples"):
        check_joined([alone, given[0]], "test")
    with pytest.raises(ValueError, match=r"disagree .*; compare runs of the same samples"):
        check_joined([alone, counted(["test"] * 3, [2, 1, 1], "wrong")], "test")


def test_without_labels_ids_that_count_are_joined_only_where_they_count_the_same_splits():
    none = [-1] * 4
    one = counted(["test"] * 4, none, "one")
    check_joined([one, counted(["test"] * 4, none, "again")], "test")
    for other in (counted(["test"] * 3, none[:3], "fewer"), counted(["calibration"] + ["test"] * 3, none, "moved")):
        with pytest.raises(ValueError, match="cannot be joined: without labels, ids that were not given count"):
            check_joined([one, other], "test")
