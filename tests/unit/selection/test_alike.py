"""Samples whose last logits point the same way, against cosines written out; worked by hand."""

import numpy as np

from analysis.selection import alike
from analysis.selection.alike import nearest_by_logits
from analysis.storage import write_run


def run_of(folder, last: list[list[float]], kind: str = "logits"):
    logits = np.stack([np.random.default_rng(0).normal(size=np.shape(last)), np.array(last)]).astype(np.float32)
    return write_run(folder / "run", logits=logits, kind=kind)


def test_the_same_direction_comes_first_whatever_its_length(tmp_path):
    run = run_of(tmp_path, [[1, 0, 0], [0, 1, 0], [9, 1, 0], [-1, 0, 0], [5, 0, 0]])
    assert nearest_by_logits(run, np.arange(5), 0, 3).tolist() == [0, 4, 2, 1]


def test_places_are_among_the_positions_that_are_compared(tmp_path):
    run = run_of(tmp_path, [[1, 0, 0], [0, 1, 0], [9, 1, 0], [-1, 0, 0], [5, 0, 0]])
    assert nearest_by_logits(run, np.array([1, 2, 4]), 2, 1).tolist() == [2, 1]


def test_it_is_numpys_cosine_however_the_samples_are_chunked(tmp_path, small_logits, small_labels, monkeypatch):
    run = write_run(tmp_path / "run", logits=small_logits, labels=small_labels)
    last = small_logits[-1].astype(np.float64)
    unit = last / np.linalg.norm(last, axis=1, keepdims=True)
    whole = nearest_by_logits(run, np.arange(400), 7, 20)
    monkeypatch.setattr(alike, "CHUNK_BYTES", 4 * 20 * 7 * 30)
    assert nearest_by_logits(run, np.arange(400), 7, 20).tolist() == whole.tolist()
    similar = unit @ unit[7]
    assert whole[0] == 7
    assert np.allclose(np.sort(similar)[::-1][:21], similar[whole], atol=1e-6)


def test_a_class_of_no_probability_and_logits_of_zero_do_no_harm(tmp_path):
    run = run_of(tmp_path, [[1, 1, -np.inf], [0, 0, 0], [2, 2, 0], [1, -1, 0]])
    assert nearest_by_logits(run, np.arange(4), 0, 3).tolist() == [0, 2, 1, 3]
