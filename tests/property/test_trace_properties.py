"""Falls equal the loop over pairs of exits; traces do not depend on the order of samples and agree with each other."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from analysis.metrics.decrease import decrease_percent, largest_fall, largest_relative_fall
from analysis.metrics.overthinking import overthinking
from analysis.predictors import predict
from analysis.traces import FALLS, trace_logits
from analysis.traces.table import KINDS, PER_EXIT, falls_of_trajectory

PROBS = hnp.arrays(
    np.float32,
    st.tuples(st.integers(1, 8), st.integers(1, 5)),
    elements=st.one_of(st.sampled_from([0.0, 0.25, 0.5, 1.0]), st.floats(0, 1, width=32, allow_subnormal=False)),
)
LOGITS = hnp.arrays(
    np.float32,
    st.tuples(st.integers(1, 5), st.integers(1, 6), st.integers(1, 6)),
    elements=st.one_of(st.integers(-3, 3).map(float), st.floats(-30, 30, width=32, allow_subnormal=False)),
)
PREDICTORS = st.sampled_from(["baseline", "pa", "hard-poe", "softmax-poe", "moe", "ca"])


def loop(values: np.ndarray, relative: bool) -> tuple[float, int, int]:
    """The largest fall of one sample over all pairs of exits, the first pair of equals."""
    drops = {}
    for i, start in enumerate(values.astype(np.float64)):
        for m in range(i + 1, len(values)):
            drop = start - values[m]
            if drop > 1e-9 * start:
                drops[i, m] = drop / start if relative else drop
    most = max(drops.values(), default=0)
    return next(((most, i, m) for (i, m), drop in drops.items() if drop >= most * (1 - 1e-9)), (0, -1, -1))


@given(values=PROBS)
def test_the_largest_fall_is_that_of_the_loop_over_pairs(values):
    found = largest_fall(values)
    for sample, column in enumerate(values.T):
        size, start, end = loop(column, relative=False)
        assert found.size[sample] == np.float32(size)
        assert (found.from_exit[sample], found.to_exit[sample]) == (start, end)


@given(values=PROBS)
def test_the_largest_relative_fall_is_that_of_the_loop_over_pairs(values):
    with np.errstate(divide="ignore"):
        found = largest_relative_fall(np.log(values.astype(np.float64)))
    for sample, column in enumerate(values.T):
        size, start, end = loop(column, relative=True)
        assert found.size[sample] == pytest.approx(size, rel=1e-6, abs=1e-13)
        assert (found.from_exit[sample], found.to_exit[sample]) == (start, end)


@given(values=PROBS, threshold=st.floats(0, 1))
def test_the_share_that_falls_is_that_of_the_running_maximum(values, threshold):
    drops = np.maximum.accumulate(values, axis=0) - values
    expected = 100 * np.mean(drops.max(axis=0) > np.float32(threshold))
    assert decrease_percent(largest_fall(values).size, [threshold])[0] == pytest.approx(expected)


@given(logits=LOGITS, predictor_id=PREDICTORS)
def test_the_fall_of_any_class_is_the_largest_over_the_classes(logits, predictor_id):
    traces = trace_logits(logits, None, predictor_id)
    log_probs = predict(predictor_id, logits).log_probs.numpy()
    for kind in KINDS:
        by_class = [falls_of_trajectory(log_probs[..., c])[kind].size for c in range(log_probs.shape[2])]
        np.testing.assert_allclose(
            traces.falls["any_class", kind].size, np.max(by_class, axis=0), rtol=2e-7, atol=1e-12
        )


@given(logits=LOGITS, predictor_id=PREDICTORS, seed=st.integers(0, 99))
def test_the_order_of_samples_is_irrelevant(logits, predictor_id, seed):
    rng = np.random.default_rng(seed)
    labels, order = rng.integers(0, logits.shape[2], logits.shape[1]), rng.permutation(logits.shape[1])
    expected = trace_logits(logits, labels, predictor_id).select(order)
    found = trace_logits(logits[:, order], labels[order], predictor_id)
    for name in PER_EXIT:
        np.testing.assert_array_equal(getattr(found, name), getattr(expected, name), err_msg=name)
    for key in FALLS:
        np.testing.assert_array_equal(found.falls[key].size, expected.falls[key].size)


@given(logits=LOGITS, predictor_id=PREDICTORS, seed=st.integers(0, 99))
def test_traces_agree_with_each_other(logits, predictor_id, seed):
    _, n_samples, n_classes = logits.shape
    labels = np.random.default_rng(seed).integers(0, n_classes, n_samples)
    traces = trace_logits(logits, labels, predictor_id, **({"fallback": "none"} if predictor_id == "pa" else {}))
    np.testing.assert_array_equal(traces.correct, traces.rank == 1)
    np.testing.assert_array_equal(traces.correct, traces.predicted == labels)
    assert ((traces.rank >= 1) & (traces.rank <= n_classes + 1)).all()
    np.testing.assert_array_equal(traces.rank == n_classes + 1, np.isneginf(traces.log_true_class_prob))
    assert (traces.support[traces.collapsed] == 0).all()
    assert (traces.support[~traces.collapsed] >= 1).all()
    assert (traces.true_class_prob <= traces.max_prob * (1 + 1e-6)).all()
    assert (traces.entropy <= np.log(n_classes) + 1e-5).all()
    np.testing.assert_array_equal(traces.final_prediction_prob[-1], traces.max_prob[-1])
    for name in PER_EXIT:
        assert not np.isnan(getattr(traces, name)).any(), name
    for of in ("true_class", "final_prediction", "any_class"):
        absolute, relative = traces.falls[of, "absolute"].size, traces.falls[of, "relative"].size
        assert (absolute <= relative).all()
        assert ((relative >= 0) & (relative <= 1)).all()
    found = overthinking(traces.correct)
    assert found.oracle_accuracy == pytest.approx(traces.correct[-1].mean() + found.destructive)
