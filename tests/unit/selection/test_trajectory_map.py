"""Vectors of trajectories, their neighbours and their map, against a singular value decomposition and loops."""

import dataclasses

import numpy as np

from analysis.selection import SampleTable, Selection
from analysis.selection.trajectory_map import nearest, on_a_plane, trajectory_vectors
from analysis.traces import load_traces


def test_a_vector_holds_the_true_class_and_the_confidence_at_every_exit(small_run):
    traces = load_traces(small_run, "baseline")
    vectors = trajectory_vectors(traces, labelled=True)
    assert vectors.shape == (traces.n_samples, 14)
    assert np.array_equal(vectors[5], [*traces.true_class_prob[:, 5], *traces.max_prob[:, 5]])
    assert np.array_equal(trajectory_vectors(traces, labelled=False)[5][:7], traces.final_prediction_prob[:, 5])


def test_an_unknown_label_is_replaced_by_the_final_prediction(small_run):
    traces = load_traces(small_run, "baseline")
    labels = traces.labels.copy()
    labels[5] = -1
    vectors = trajectory_vectors(dataclasses.replace(traces, labels=labels), labelled=True)
    assert np.array_equal(vectors[5][:7], traces.final_prediction_prob[:, 5])
    assert np.array_equal(vectors[6][:7], traces.true_class_prob[:, 6])


def test_the_nearest_are_those_of_a_loop(small_run):
    vectors = SampleTable(small_run).trajectories()
    distances = [float(np.linalg.norm(vector - vectors[17])) for vector in vectors]
    expected = [17, *(i for i in sorted(range(len(vectors)), key=distances.__getitem__) if i != 17)][:11]
    assert nearest(vectors, 17, 10).tolist() == expected
    twins = np.zeros((4, 2))
    assert nearest(twins, 2, 10).tolist() == [2, 0, 1, 3]


def test_the_map_is_that_of_a_singular_value_decomposition_up_to_the_sign(small_run):
    vectors = SampleTable(small_run).trajectories()
    left, size, _ = np.linalg.svd(vectors - vectors.mean(axis=0), full_matrices=False)
    ours, theirs = on_a_plane(vectors), left[:, :2] * size[:2]
    for mine, other in zip(ours.T, theirs.T):
        assert np.allclose(mine, other, atol=1e-9) or np.allclose(mine, -other, atol=1e-9)


def test_a_map_of_nearly_nothing():
    assert on_a_plane(np.zeros((3, 4))).tolist() == [[0, 0]] * 3
    assert on_a_plane(np.array([[1.0], [3.0]])).tolist() == [[-1, 0], [1, 0]]
    assert on_a_plane(np.zeros((0, 4))).shape == (0, 2)


def test_a_lasso_over_the_map_is_a_selection(small_run):
    table = SampleTable(small_run)
    places = on_a_plane(table.trajectories())
    mask = Selection.parse("in drawn; drawn = box(map_x, map_y, 0,0, 9,9)").mask(table)
    assert mask.tolist() == ((places >= 0).all(axis=1)).tolist()
    assert 0 < mask.sum() < len(table)
