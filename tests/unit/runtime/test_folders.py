"""Where runs are looked for, and where new ones go."""

import os

import pytest

from analysis.runtime.folders import PROJECT, folder_for_new_runs, named_places, runs_folders


def test_the_bundled_runs_and_one_s_own_once_there_are_any(tmp_path, monkeypatch):
    monkeypatch.delenv("EXITLENS_RUNS", raising=False)
    monkeypatch.setenv("EXITLENS_STATE", str(tmp_path))
    assert runs_folders() == [PROJECT / "cached_runs"]
    (tmp_path / "runs").mkdir()
    assert runs_folders() == [PROJECT / "cached_runs", tmp_path / "runs"]


def test_where_nothing_is_bundled_one_s_own_is_looked_in(tmp_path, monkeypatch):
    monkeypatch.delenv("EXITLENS_RUNS", raising=False)
    monkeypatch.setenv("EXITLENS_STATE", str(tmp_path / "state"))
    monkeypatch.setattr("analysis.runtime.folders.PROJECT", tmp_path)
    assert runs_folders() == [tmp_path / "state" / "runs"]
    assert folder_for_new_runs() == tmp_path / "state" / "runs"


def test_new_runs_go_to_the_first_that_can_be_written(tmp_path, monkeypatch):
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
    monkeypatch.setenv("EXITLENS_RUNS", os.pathsep.join(str(tmp_path / name) for name in ("none", "a", "b")))
    monkeypatch.setenv("EXITLENS_STATE", str(tmp_path / "state"))
    assert folder_for_new_runs() == tmp_path / "a"
    monkeypatch.setattr(os, "access", lambda path, mode: path == tmp_path / "b")
    assert folder_for_new_runs() == tmp_path / "b"
    monkeypatch.setattr(os, "access", lambda path, mode: False)
    assert folder_for_new_runs() == tmp_path / "state" / "runs"


@pytest.mark.skipif(os.pathsep != ":", reason="a colon separates nothing here")
@pytest.mark.parametrize(
    ("named", "places"),
    [
        ("/a:s3://bucket/runs:/b", ["/a", "s3://bucket/runs", "/b"]),
        ("s3://bucket:gs://other/c", ["s3://bucket", "gs://other/c"]),
        ("s3://KEY:SE/CR:ET@bucket/runs:/a", ["s3://KEY:SE/CR:ET@bucket/runs", "/a"]),  # whole, so that it is refused
        ("", []),
    ],
)
def test_a_colon_within_an_address_separates_nothing(named, places, monkeypatch):
    monkeypatch.setenv("EXITLENS_RUNS", named)
    assert named_places() == places
