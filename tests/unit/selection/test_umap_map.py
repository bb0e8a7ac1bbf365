"""UMAP's map: kept once computed, refused where it is not installed, few samples, a process that fails or is ended."""

import sys
import types

import numpy as np
import pytest

from analysis.selection import SampleTable, Selection, umap_map
from analysis.selection.trajectory_map import NEIGHBOURS, neighbours_kept, on_a_plane, share_held


@pytest.fixture(autouse=True)
def empty_cache(monkeypatch, tmp_path):
    monkeypatch.setenv("EXITLENS_CACHE", str(tmp_path))


@pytest.fixture
def vectors():
    return np.random.default_rng(0).random((40, 6))


@pytest.fixture
def counted(monkeypatch):
    """A stand-in for umap-learn that doubles the first two numbers, and how often it was asked."""
    asked = []

    def fit_transform(vectors):
        asked.append(len(vectors))
        return 2 * vectors[:, :2].astype(np.float32)

    fake = types.ModuleType("umap")
    fake.UMAP = lambda **_: types.SimpleNamespace(fit_transform=fit_transform)
    monkeypatch.setitem(sys.modules, "umap", fake)
    for module in (umap_map, sys.modules["analysis.selection.sample_table"]):
        monkeypatch.setattr(module, "umap_installed", lambda: True)
    monkeypatch.setattr(umap_map, "_made", {})
    return asked


def test_a_map_is_computed_once(vectors, counted):
    assert umap_map.kept_umap(vectors) is None
    first, again = umap_map.by_umap(vectors), umap_map.by_umap(vectors)
    assert np.array_equal(first, again)
    assert np.allclose(first, 2 * vectors[:, :2])
    assert counted == [40]
    umap_map.by_umap(vectors + 1)
    assert counted == [40, 40]


def test_the_map_of_few_samples_is_pca_s(counted):
    few = np.random.default_rng(0).random((NEIGHBOURS, 4))
    assert np.array_equal(umap_map.by_umap(few), on_a_plane(few))
    assert counted == []


def test_without_the_package_it_is_refused_with_the_remedy(vectors, monkeypatch):
    monkeypatch.setattr(umap_map, "umap_installed", lambda: False)
    with pytest.raises(ValueError, match="pip install umap-learn"):
        umap_map.by_umap(vectors)


def test_its_columns_are_there_where_it_is_installed(small_run, counted):
    table = SampleTable(small_run)
    assert "umap_x" in table
    assert "umap_x" not in table.columns
    mask = Selection.parse("umap_x > 1").mask(table)
    assert mask.tolist() == (2 * table.trajectories()[:, 0].astype(np.float32) > 1).tolist()
    assert counted == [len(table)]


def test_its_columns_say_what_they_need(small_run, monkeypatch):
    monkeypatch.setattr(sys.modules["analysis.selection.sample_table"], "umap_installed", lambda: False)
    with pytest.raises(ValueError, match="needs the package umap-learn"):
        Selection.parse("umap_x > 1").mask(SampleTable(small_run))


def test_a_process_that_fails_says_why(vectors, monkeypatch):
    monkeypatch.setattr(umap_map, "MODULE", "tests.no_such_module")
    job = umap_map.UmapJob(vectors)
    job.process.wait()
    with pytest.raises(ValueError, match=r"the map was not computed: .* \(.*No module named tests.no_such_module\)"):
        job.done()
    assert not job.folder.exists()


def test_the_share_of_variance_and_of_neighbours(vectors):
    share = share_held(vectors, on_a_plane(vectors))
    assert 0 < share[1] <= share[0] < 1
    spread = np.linalg.svd(vectors - vectors.mean(axis=0), compute_uv=False) ** 2
    assert np.allclose(share, spread[:2] / spread.sum())
    assert share_held(np.ones((3, 2)), np.zeros((3, 2))).tolist() == [0, 0]
    assert neighbours_kept(vectors, vectors[:, :2]) < 1
    assert neighbours_kept(vectors[:, :2], 7 * vectors[:, :2]) == 1
    assert np.isnan(neighbours_kept(vectors[:3], vectors[:3, :2]))
