"""What a run gives: logits by range and by position over shards, splits, costs."""

import numpy as np
import pytest

from analysis.run import Logits


@pytest.fixture
def sharded() -> tuple[np.ndarray, Logits]:
    whole = np.arange(2 * 7 * 3, dtype=np.float32).reshape(2, 7, 3)
    return whole, Logits([whole[:, :3], whole[:, 3:4], whole[:, 4:]])


@pytest.mark.parametrize(("start", "stop"), [(0, 7), (2, 5), (3, 4), (4, 4), (6, 7)])
def test_read_joins_shards(sharded, start, stop):
    whole, logits = sharded
    assert logits.shape == (2, 7, 3)
    np.testing.assert_array_equal(logits.read(start, stop), whole[:, start:stop])


def test_take_keeps_the_order_asked_for(sharded):
    whole, logits = sharded
    positions = [6, 0, 3, 3, 2]
    np.testing.assert_array_equal(logits.take(positions), whole[:, positions])
    assert logits.take([]).shape == (2, 0, 3)


@pytest.mark.parametrize("ask", [lambda x: x.read(0, 8), lambda x: x.read(-1, 2), lambda x: x.take([7])])
def test_positions_outside_the_run_are_refused(sharded, ask):
    with pytest.raises(ValueError, match="7"):
        ask(sharded[1])


def test_shards_that_differ_are_refused():
    with pytest.raises(ValueError, match="float16"):
        Logits([np.zeros((2, 3, 4), np.float32), np.zeros((2, 3, 4), np.float16)])


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
