"""Counts of falls per bin, against a loop."""

import numpy as np

from analysis.metrics.fall_histogram import fall_counts, fall_edges


def test_edges_run_from_0_to_1_in_six_digits():
    edges = fall_edges(40)
    assert edges[0] == 0
    assert edges[-1] == 1
    assert (np.diff(edges) > 0).all()
    assert [float(f"{edge:.6g}") for edge in edges] == edges.tolist()


def test_every_known_fall_is_counted_once():
    sizes = np.array([0, 0, 0.25, 0.5, 0.5, 1, np.nan], np.float32)
    assert fall_counts(sizes, np.array([0, 0.25, 0.5, 1])).tolist() == [2, 1, 3]
    generator = np.random.default_rng(0)
    sizes = generator.random(500).astype(np.float32) ** 5
    edges = fall_edges(17)
    expected = [
        sum(low <= s and (s < high or high == np.float32(1)) for s in sizes)
        for low, high in zip(edges.astype(np.float32), edges[1:].astype(np.float32))
    ]
    assert fall_counts(sizes, edges).tolist() == expected
    assert fall_counts(sizes, edges).sum() == 500


def test_no_sample_no_count():
    assert fall_counts(np.array([np.nan], np.float32), np.array([0, 0.5, 1])).tolist() == [0, 0]
