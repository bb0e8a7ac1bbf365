"""What a run gives: splits, costs, labels."""

import numpy as np
import pytest


def test_splits(small_run):
    np.testing.assert_array_equal(small_run.positions("test"), np.arange(300))
    np.testing.assert_array_equal(small_run.positions("calibration"), np.arange(300, 400))
    assert len(small_run.positions("all")) == 400
    with pytest.raises(ValueError, match="choose test, calibration or all"):
        small_run.positions("train")


def test_costs(small_run, imageless_run):
    assert small_run.cost() == ("MACs", tuple(1e6 * i for i in range(1, 8)))
    assert small_run.cost("params")[1][0] == 1e3
    assert imageless_run.cost() is None
    with pytest.raises(ValueError, match="no cost in ms: the units it knows are MACs, params"):
        small_run.cost("ms")


def test_labels_may_be_unknown(small_run, unlabelled_run):
    assert small_run.has_labels
    assert not unlabelled_run.has_labels
    assert set(unlabelled_run.labels) == {-1}


def test_positions_are_found_once_and_shared_read_only(small_run):
    for split in ("test", "calibration", "all"):
        assert small_run.positions(split) is small_run.positions(split)
        assert not small_run.positions(split).flags.writeable
