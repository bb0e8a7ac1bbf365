"""Trajectories as vectors: which samples go the same way over the exits, and where each lies on a map. NumPy only."""

from __future__ import annotations

import numpy as np

from analysis.traces import Traces

NEIGHBOURS = 15
"""Of each sample that UMAP looks at; as many are counted where maps are judged."""


def trajectory_vectors(traces: Traces, *, labelled: bool) -> np.ndarray:
    """What a sample's probabilities do over the exits, as one vector.

    Parameters
    ----------
    traces : Traces
        The baseline's.
    labelled : bool
        Whether labels are known: the first half is the probability of the true class at every exit, and else, as for
        each sample whose label is unknown, of the final prediction. The second half is the confidence.

    Returns
    -------
    numpy.ndarray
        float64, (samples, 2 * exits).
    """
    of = traces.final_prediction_prob
    if labelled:
        of = np.where(traces.labels >= 0, traces.true_class_prob, of)
    return np.concatenate([of, traces.max_prob]).T.astype(np.float64)


def nearest(vectors: np.ndarray, row: int, count: int) -> np.ndarray:
    """The rows nearest to one, it first, by Euclidean distance.

    Parameters
    ----------
    vectors : numpy.ndarray, (rows, n)
    row : int
    count : int
        How many beside it, at most.

    Returns
    -------
    numpy.ndarray
        int64. Equal distances in the order of the rows.

    Examples
    --------
    >>> nearest(np.array([[0.0], [5.0], [1.0], [-1.0]]), 0, 2).tolist()
    [0, 2, 3]
    """
    distance = np.square(vectors - vectors[row]).sum(axis=1)
    distance[row] = -1
    return np.argsort(distance, kind="stable")[: count + 1]


def on_a_plane(vectors: np.ndarray) -> np.ndarray:
    """The two directions in which vectors differ most (principal component analysis).

    Parameters
    ----------
    vectors : numpy.ndarray, (rows, n)

    Returns
    -------
    numpy.ndarray
        float64, (rows, 2), each column's mean 0, in the vectors' units. The sign of a direction is the one in which
        its largest loading is positive; a direction that does not exist is 0.

    Examples
    --------
    >>> on_a_plane(np.array([[0.0, 0.0], [4.0, 0.0], [2.0, 1.0], [2.0, -1.0]])).tolist()
    [[-2.0, 0.0], [2.0, 0.0], [0.0, 1.0], [0.0, -1.0]]
    """
    centred = vectors - vectors.mean(axis=0) if len(vectors) else vectors
    _, directions = np.linalg.eigh(centred.T @ centred)  # ascending
    two = directions[:, ::-1][:, :2]
    two = two * np.sign(two[np.abs(two).argmax(axis=0), range(two.shape[1])])
    places = centred @ two
    return np.pad(places, ((0, 0), (0, 2 - places.shape[1])))


def share_held(vectors: np.ndarray, places: np.ndarray) -> np.ndarray:
    """How much of the vectors' variance lies along each direction of `on_a_plane`: float64 (2,), from 0 to 1.

    0 where all vectors are alike.

    Examples
    --------
    >>> vectors = np.array([[0.0, 0.0], [4.0, 0.0], [2.0, 1.0], [2.0, -1.0]])
    >>> share_held(vectors, on_a_plane(vectors)).tolist()
    [0.8, 0.2]
    """
    total = vectors.var(axis=0).sum() if len(vectors) else 0.0
    return places.var(axis=0) / total if total > 0 else np.zeros(2)


def neighbours_kept(vectors: np.ndarray, places: np.ndarray, *, drawn: int = 300, seed: int = 0) -> float:
    """Of the `NEIGHBOURS` nearest among the vectors, the share that is among as many nearest on the map.

    Parameters
    ----------
    vectors, places : numpy.ndarray, (rows, n) and (rows, 2)
    drawn : int
        Over how many samples, drawn at random, at most.

    Returns
    -------
    float
        From 0 to 1, higher is better; NaN where there are fewer rows than neighbours.

    Examples
    --------
    >>> line = np.arange(40.0)[:, None]
    >>> neighbours_kept(line, np.hstack([3 * line, 0 * line]))
    1.0
    """
    if len(vectors) <= NEIGHBOURS:
        return float("nan")
    rows = np.random.default_rng(seed).choice(len(vectors), size=min(drawn, len(vectors)), replace=False)
    shared = [len(np.intersect1d(*(nearest(of, row, NEIGHBOURS)[1:] for of in (vectors, places)))) for row in rows]
    return float(np.mean(shared) / NEIGHBOURS)
