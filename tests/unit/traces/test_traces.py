"""Traces of small arrays, worked by hand, and what they say at the edges."""

from __future__ import annotations

from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context

import numpy as np
import pytest

import analysis.traces.compute as compute
from analysis.predictors import resolve
from analysis.traces import FALLS, compute_traces, trace_logits
from analysis.traces.table import PER_EXIT

LN = np.log


def probs(*exits) -> np.ndarray:
    with np.errstate(divide="ignore"):
        return LN(np.array(exits, np.float64))


def same(one, other) -> None:
    for name in PER_EXIT:
        np.testing.assert_array_equal(getattr(one, name), getattr(other, name), err_msg=name)
    for key in FALLS:
        for part, expected in zip(one.falls[key], other.falls[key]):
            np.testing.assert_array_equal(part, expected, err_msg=str(key))


def test_every_column_by_hand():
    logits = probs([[0.5, 0.25, 0.25]], [[0.125, 0.75, 0.125]], [[0.25, 0.25, 0.5]])
    traces = trace_logits(logits, [2], "baseline")
    assert traces.predicted.T.tolist() == [[0, 1, 2]]
    assert traces.correct.T.tolist() == [[False, False, True]]
    assert traces.rank.T.tolist() == [[3, 3, 1]]
    np.testing.assert_allclose(traces.true_class_prob[:, 0], [0.25, 0.125, 0.5], rtol=1e-6)
    np.testing.assert_allclose(traces.log_true_class_prob[:, 0], LN([0.25, 0.125, 0.5]), rtol=1e-6)
    np.testing.assert_allclose(traces.max_prob[:, 0], [0.5, 0.75, 0.5], rtol=1e-6)
    np.testing.assert_allclose(traces.margin[:, 0], [0.25, 0.625, 0.25], rtol=1e-6)
    np.testing.assert_allclose(traces.sum_squared[:, 0], [0.375, 0.59375, 0.375], rtol=1e-6)
    np.testing.assert_allclose(
        traces.entropy[:, 0], [1.5 * LN(2), 0.75 * LN(4 / 3) + 0.25 * LN(8), 1.5 * LN(2)], rtol=1e-6
    )
    np.testing.assert_allclose(traces.final_prediction_prob[:, 0], [0.25, 0.125, 0.5], rtol=1e-6)
    assert traces.support.T.tolist() == [[3, 3, 3]]
    assert not traces.collapsed.any()


def test_falls_by_hand():
    logits = probs([[0.5, 0.25, 0.25]], [[0.125, 0.75, 0.125]], [[0.25, 0.25, 0.5]])
    falls = trace_logits(logits, [2], "baseline").falls
    expected = {
        ("true_class", "absolute"): (0.125, 0, 1),
        ("true_class", "relative"): (0.5, 0, 1),
        ("final_prediction", "absolute"): (0.125, 0, 1),
        ("any_class", "absolute"): (0.5, 1, 2),
        ("any_class", "relative"): (0.75, 0, 1),
    }
    for key, (size, start, end) in expected.items():
        assert falls[key].size[0] == pytest.approx(size, rel=1e-6), key
        assert (falls[key].from_exit[0], falls[key].to_exit[0]) == (start, end), key


def test_ties_go_to_the_lowest_index():
    traces = trace_logits(np.array([[[1.0, 2.0, 2.0]]]), [2], "baseline")
    assert traces.predicted.tolist() == [[1]]
    assert traces.rank.tolist() == [[2]]
    assert traces.margin.tolist() == [[0]]


def test_equal_products_in_another_order_are_a_tie():
    factors = np.array([0.1, 0.7, 1.3, 2.9, 0.3])
    logits = np.stack([factors[::-1], factors], axis=1)[:, None]
    traces = trace_logits(logits, [1], "pa", weights="uniform")
    assert traces.predicted[-1, 0] == 0
    assert traces.rank[-1, 0] == 2


def test_a_class_without_mass_ranks_below_all():
    traces = trace_logits(probs([[0.5, 0.5, 0.0, 0.0]]), [2], "baseline")
    assert traces.rank.tolist() == [[5]]
    assert traces.true_class_prob.tolist() == [[0]]
    assert np.isneginf(traces.log_true_class_prob).all()
    assert traces.support.tolist() == [[2]]
    assert traces.entropy[0, 0] == pytest.approx(LN(2))


def test_a_mass_too_small_for_a_float_is_not_zero():
    traces = trace_logits(np.array([[[1000.0, 0.0, -5.0]]]), [1], "baseline")
    assert traces.true_class_prob.tolist() == [[0]]
    assert traces.log_true_class_prob.tolist() == [[-1000]]
    assert traces.rank.tolist() == [[2]]
    assert traces.support.tolist() == [[3]]


COLLAPSING = np.array([[[1.0, -1.0]], [[-1.0, 2.0]]])


def test_a_collapse_is_outside_the_support_whatever_it_shows():
    traces = trace_logits(COLLAPSING, [1], "pa")
    assert traces.collapsed.T.tolist() == [[False, True]]
    assert traces.support.T.tolist() == [[1, 0]]
    assert traces.predicted.T.tolist() == [[0, 1]]
    assert traces.rank.T.tolist() == [[3, 1]]


def test_a_collapse_without_fallback_shows_nothing_and_is_wrong():
    traces = trace_logits(COLLAPSING, [0], "pa", fallback="none")
    assert traces.predicted.T.tolist() == [[0, -1]]
    assert traces.correct.T.tolist() == [[True, False]]
    assert traces.shown.T.tolist() == [[True, False]]
    for name in ("true_class_prob", "max_prob", "entropy", "sum_squared", "margin"):
        assert getattr(traces, name)[1, 0] == 0, name
    assert traces.final_prediction_prob.tolist() == [[0], [0]]
    assert traces.rank.T.tolist() == [[1, 3]]
    assert traces.falls["true_class", "absolute"].size[0] == 1


def test_without_labels_only_the_true_class_is_unknown(small_logits, small_labels):
    unknown, known = trace_logits(small_logits, None, "pa"), trace_logits(small_logits, small_labels, "pa")
    assert not unknown.has_labels
    for name in PER_EXIT:
        if name not in ("true_class_prob", "log_true_class_prob", "correct", "rank"):
            np.testing.assert_array_equal(getattr(unknown, name), getattr(known, name), err_msg=name)
    assert np.isnan(unknown.true_class_prob).all()
    assert np.isnan(unknown.log_true_class_prob).all()
    assert not unknown.correct.any()
    assert not unknown.rank.any()
    assert np.isnan(unknown.falls["true_class", "relative"].size).all()
    assert unknown.labelled().n_samples == 0


@pytest.mark.parametrize("predictor_id", ["baseline", "pa", "hard-poe", "ca", "moe", "softmax-poe"])
def test_chunks_change_nothing(small_logits, small_labels, predictor_id, monkeypatch):
    whole = trace_logits(small_logits, small_labels, predictor_id)
    monkeypatch.setattr(compute, "CHUNK_BYTES", 8 * 7 * 20 * 37)
    monkeypatch.setattr(compute, "FUSED_CHUNKS", 1)
    same(trace_logits(small_logits, small_labels, predictor_id), whole)


def test_a_chunk_holds_a_sample_at_least():
    assert compute.chunk_samples(40, 10**9) == 1


def test_another_process_traces_a_chunk_and_who_asked_collects_it(small_run):
    """A chunk is a pure function of what can be sent: here to a new interpreter, as to a machine of a cluster."""
    resolved = resolve("pa", {}, n_exits=7)
    work = [
        (small_run.logits.read(start, start + 200), small_run.labels[start : start + 200], {"pa": resolved}, start, 400)
        for start in (0, 200)
    ]
    with ProcessPoolExecutor(1, get_context("spawn")) as pool:
        parts = list(pool.map(compute.trace_chunk, *zip(*work)))
    whole = compute.empty_columns(7, 400)
    for part, start in zip(parts, (0, 200)):
        compute.write_into(whole, part["pa"], slice(start, start + 200))
    same(compute.as_traces(whole, small_run.labels, 20), compute_traces(small_run, "pa"))


def test_a_chunk_holds_nothing_of_its_logits(small_logits, small_labels):
    one, two = (
        compute.trace_chunk(small_logits[:, :50], small_labels[:50], {"moe": resolve("moe", {}, n_exits=7)})["moe"]
        for _ in range(2)
    )
    small_logits[:] = 0
    for name in PER_EXIT:
        np.testing.assert_array_equal(one[0][name], two[0][name])


def test_selection_keeps_falls_and_order(small_logits, small_labels):
    traces, chosen = trace_logits(small_logits, small_labels), np.array([7, 3, 200])
    same(traces.select(chosen), trace_logits(small_logits[:, chosen], small_labels[chosen]))


def test_no_sample_gives_empty_traces():
    traces = trace_logits(np.empty((3, 0, 5)), [])
    assert (traces.n_exits, traces.n_samples) == (3, 0)
    assert traces.falls["any_class", "absolute"].size.shape == (0,)


def test_traces_cannot_be_written_into(small_logits):
    traces = trace_logits(small_logits)
    with pytest.raises(ValueError, match="read-only"):
        traces.max_prob[0, 0] = 2


def test_a_bad_sample_is_named_by_its_place_in_the_run(small_logits, monkeypatch):
    monkeypatch.setattr(compute, "CHUNK_BYTES", 8 * 7 * 20 * 37)
    monkeypatch.setattr(compute, "FUSED_CHUNKS", 1)
    small_logits[3, 321, 4] = np.nan
    with pytest.raises(ValueError, match=r"logits\[3, 321\] holds NaN \(exit 4, sample 322 of 400\)"):
        trace_logits(small_logits, None, "baseline")


def test_labels_that_do_not_fit_are_refused(small_logits):
    with pytest.raises(ValueError, match="labels must be 400 classes from 0 to 19"):
        trace_logits(small_logits, np.full(400, 20))


def test_progress_is_told_all_samples(small_run, monkeypatch):
    monkeypatch.setattr(compute, "CHUNK_BYTES", 8 * 7 * 20 * 150)
    monkeypatch.setattr(compute, "FUSED_CHUNKS", 1)
    told = []
    compute_traces(small_run, "baseline", progress=told.append)
    assert told == [150, 150, 100]


def test_torch_keeps_its_threads(small_logits):
    import torch

    before = torch.get_num_threads()
    trace_logits(small_logits)
    assert torch.get_num_threads() == before
