"""Traces on disk: the long form, the bundled file and the cache, which give the same numbers and import no torch."""

from __future__ import annotations

import os
import subprocess
import sys

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest

import analysis.traces.compute as compute
import analysis.traces.load as load
from analysis.runtime import disk_cache
from analysis.storage import load_run, write_run
from analysis.storage.logits import FileLogits
from analysis.storage.validation import validate_run
from analysis.traces import (
    COLUMNS,
    at_hand,
    bundle_traces,
    bundled_name,
    compute_traces,
    load_traces,
    read_traces_parquet,
    write_traces_parquet,
)
from analysis.traces.table import FALLS, PER_EXIT


def same(one, other) -> None:
    for name in (*PER_EXIT, "labels"):
        ours, theirs = getattr(one, name), getattr(other, name)
        np.testing.assert_array_equal(ours, theirs, err_msg=name)
        assert ours.dtype == theirs.dtype, name
    for key in FALLS:
        for part, expected in zip(one.falls[key], other.falls[key]):
            np.testing.assert_array_equal(part, expected, err_msg=str(key))
            assert part.dtype == expected.dtype, key


@pytest.fixture(autouse=True)
def own_cache(tmp_path, monkeypatch):
    """A folder of the test's own, in which everything is kept: what takes no time too."""
    monkeypatch.setattr(load, "WORTH_KEEPING", 0.0)
    monkeypatch.setenv("EXITLENS_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache" / "traces"


@pytest.fixture
def counted(monkeypatch) -> list:
    """Grows whenever traces are computed."""
    calls = []

    def count(*args, **kwargs):
        calls.append(args)
        return compute_traces(*args, **kwargs)

    monkeypatch.setattr(load, "compute_traces", count)
    return calls


def test_the_long_form_has_a_row_per_sample_and_exit(small_run, tmp_path):
    traces = compute_traces(small_run, "pa")
    write_traces_parquet(traces, small_run, tmp_path / "all.parquet")
    table = pd.read_parquet(tmp_path / "all.parquet")
    assert tuple(table.columns) == COLUMNS
    assert table["sample"].tolist() == np.repeat(np.arange(400), 7).tolist()
    assert table["exit"].tolist() == np.tile(np.arange(1, 8), 400).tolist()
    assert table["id"].tolist() == small_run.samples["id"].repeat(7).tolist()
    assert table["split"].tolist() == small_run.samples["split"].repeat(7).tolist()
    np.testing.assert_array_equal(table["max_prob"].to_numpy().reshape(400, 7).T, traces.max_prob)
    fall = traces.falls["true_class", "relative"]
    rows = table[table["exit"] == 3]
    np.testing.assert_array_equal(rows["relative_fall_true_class"], fall.size)
    falling = fall.size > 0
    np.testing.assert_array_equal(rows["relative_fall_true_class_from"].notna(), falling)
    np.testing.assert_array_equal(rows["relative_fall_true_class_to"][falling], fall.to_exit[falling] + 1)


def test_what_needs_a_label_is_null_without_one(unlabelled_run, tmp_path):
    write_traces_parquet(compute_traces(unlabelled_run, "pa"), unlabelled_run, tmp_path / "t.parquet")
    table = pq.read_table(tmp_path / "t.parquet")
    nulls = {name for name in table.column_names if table.column(name).null_count == table.num_rows}
    assert {"true_class_prob", "log_true_class_prob", "correct", "rank", "fall_true_class"} <= nulls
    assert all("true_class" in name or name in ("correct", "rank") for name in nulls)
    assert table.column("predicted").null_count == 0


@pytest.mark.parametrize("split", ["test", "calibration", "all"])
def test_a_file_is_read_as_it_was_written(small_run, tmp_path, split):
    traces = compute_traces(small_run, "pa").select(small_run.positions(split))
    write_traces_parquet(traces, small_run, tmp_path / "t.parquet", split=split)
    same(read_traces_parquet(tmp_path / "t.parquet", small_run), traces)


def test_a_run_without_labels_is_read_as_it_was_written(unlabelled_run, tmp_path):
    traces = compute_traces(unlabelled_run, "baseline")
    write_traces_parquet(traces, unlabelled_run, tmp_path / "t.parquet", split="test")
    same(read_traces_parquet(tmp_path / "t.parquet", unlabelled_run), traces)


def test_traces_of_another_split_are_refused(small_run, tmp_path):
    with pytest.raises(ValueError, match="hold 400 samples, split 'test' of run small 300: give the split"):
        write_traces_parquet(compute_traces(small_run, "pa"), small_run, tmp_path / "t.parquet", split="test")
    assert not list(tmp_path.glob("t.parquet*"))


def test_the_bundled_file_is_used_for_defaults_on_the_test_split(small_run, counted, own_cache):
    expected = compute_traces(small_run, "pa").select(small_run.positions("test"))
    write_traces_parquet(expected, small_run, small_run.path / bundled_name("pa"), split="test")
    same(load_traces(small_run, "pa"), expected)
    same(load_traces(small_run, "pa", {"weights": "linear"}), expected)
    assert not counted
    assert not own_cache.exists()
    load_traces(small_run, "pa", {"weights": "uniform"})
    load_traces(small_run, "pa", split="calibration")
    assert len(counted) == 2


@pytest.mark.parametrize("damage", [lambda old: b"", lambda old: old[: len(old) // 2], lambda old: b"PAR1" + old[4:-9]])
def test_a_damaged_bundled_file_is_passed_over(small_run, counted, damage, caplog):
    file = small_run.path / bundled_name("pa")
    expected = compute_traces(small_run, "pa").select(small_run.positions("test"))
    write_traces_parquet(expected, small_run, file, split="test")
    file.write_bytes(damage(file.read_bytes()))
    same(load_traces(small_run, "pa"), expected)
    assert len(counted) == 1
    assert "compute them again" in caplog.text


def test_a_file_of_another_run_is_passed_over(small_run, imageless_run, counted, caplog):
    write_traces_parquet(
        compute_traces(imageless_run, "pa"), imageless_run, small_run.path / bundled_name("pa"), split="test"
    )
    same(load_traces(small_run, "pa"), compute_traces(small_run, "pa").select(small_run.positions("test")))
    assert "holds other samples" in caplog.text


def test_a_new_run_can_ship_its_traces(small_logits, small_labels, runs, counted):
    run = write_run(runs / "shipped", logits=small_logits, labels=small_labels, bundle=bundle_traces)
    validate_run(run.path)
    for predictor_id in ("baseline", "pa"):
        same(load_traces(run, predictor_id), compute_traces(run, predictor_id))
    assert not counted


def test_of_probabilities_what_they_give_is_shipped(probs_run):
    bundle_traces(probs_run.path)
    assert [path.name for path in probs_run.path.glob("traces-*")] == [bundled_name("baseline")]


def test_what_was_computed_is_cached_for_every_split(small_run, counted):
    first = load_traces(small_run, "moe", split="all")
    same(load_traces(small_run, "moe", split="all"), first)
    same(load_traces(small_run, "moe", split="calibration"), first.select(small_run.positions("calibration")))
    assert len(counted) == 1


def test_traces_are_at_hand_where_nothing_has_to_be_computed(small_run):
    assert not at_hand(small_run, "moe")
    load_traces(small_run, "moe")
    assert at_hand(small_run, "moe")
    assert at_hand(small_run, "moe", split="calibration")
    assert not at_hand(small_run, "moe", {"activation": "relu"})
    traces = compute_traces(small_run, "pa").select(small_run.positions("test"))
    write_traces_parquet(traces, small_run, small_run.path / bundled_name("pa"), split="test")
    assert at_hand(small_run, "pa")
    assert not at_hand(small_run, "pa", split="all")


def test_what_took_no_time_is_not_written(small_run, counted, own_cache, monkeypatch):
    monkeypatch.setattr(load, "WORTH_KEEPING", 60.0)
    first = load_traces(small_run, "pa", {"cap": 6})
    same(load_traces(small_run, "pa", {"cap": 6}), first)
    assert len(counted) == 2
    assert not own_cache.exists()


def test_every_setting_has_its_own_cache(small_run, counted):
    load_traces(small_run, "baseline", {"temperature": 2})
    load_traces(small_run, "baseline", {"temperature": "3"})
    load_traces(small_run, "baseline", {"temperature": "2.0"})
    assert len(counted) == 2


def test_changed_code_reads_no_old_numbers(small_run, counted, monkeypatch):
    load_traces(small_run, "moe")
    monkeypatch.setattr(disk_cache, "code_version", lambda module: "another")
    load_traces(small_run, "moe")
    assert len(counted) == 2


def entry(arrays, said=None):
    """What `disk_cache` keeps, as a function of the file that it is kept in."""
    return lambda path: disk_cache.write_entry(path, arrays(disk_cache.read_entry(path).arrays), said or {})


@pytest.mark.parametrize(
    "damage",
    [
        lambda file: file.write_bytes(file.read_bytes()[:1000]),
        lambda file: file.write_bytes(bytes(file.stat().st_size)),
        lambda file: file.write_bytes(file.read_bytes()[:-1] + b"\x55"),
        entry(lambda kept: kept | {"max_prob": kept["max_prob"][:, :-1]}),
        entry(lambda kept: kept | {"max_prob": kept["max_prob"].astype(np.float64)}),
        entry(lambda kept: kept | {"true_class/absolute/size": kept["true_class/absolute/size"][:1]}),
        entry(lambda kept: kept | {"any_class/absolute/to_exit": kept["true_class/absolute/size"]}),
        entry(lambda kept: {name: array for name, array in kept.items() if name != "rank"}),
        entry(lambda kept: {}),
    ],
    ids=[
        "cut off",
        "zeros",
        "a byte",
        "samples",
        "type",
        "shape of a fall",
        "exits of a fall",
        "a column less",
        "empty",
    ],
)
def test_a_damaged_cache_is_computed_anew(small_run, counted, own_cache, damage):
    expected = load_traces(small_run, "moe")
    (file,) = own_cache.iterdir()
    damage(file)
    same(load_traces(small_run, "moe"), expected)
    same(load_traces(small_run, "moe"), expected)
    assert len(counted) == 2


def test_the_traces_of_another_run_are_not_believed_under_this_ones_name(small_run, imageless_run, own_cache):
    expected = load_traces(small_run, "moe", split="all")
    (file,) = own_cache.iterdir()
    load_traces(imageless_run, "softmax-poe", split="all")
    (other,) = set(own_cache.iterdir()) - {file}
    file.write_bytes(other.read_bytes())
    same(load_traces(small_run, "moe", split="all"), expected)


def test_logits_that_run_json_does_not_tell_apart_have_traces_of_their_own(small_run, small_logits, counted):
    before = load_traces(small_run, "moe")
    file = small_run.path / "logits.safetensors"
    data = file.read_bytes()
    file.write_bytes(data[: -small_logits.nbytes] + small_logits[:, ::-1].tobytes())
    again = load_run(small_run.path)
    found = load_traces(again, "moe")
    same(found, compute_traces(again, "moe").select(again.positions("test")))
    assert (found.max_prob != before.max_prob).any()
    file.write_bytes(data)
    same(load_traces(load_run(small_run.path), "moe"), before)
    assert len(counted) == 2


def test_logits_that_change_under_a_run_leave_no_traces(small_run, own_cache, monkeypatch):
    monkeypatch.setattr(compute, "CHUNK_BYTES", 8 * 7 * 20 * 150)
    monkeypatch.setattr(compute, "FUSED_CHUNKS", 1)
    read = FileLogits.read

    def cut_second(logits, start, stop):
        if start == 150:
            os.truncate(logits.path, 3000)
        return read(logits, start, stop)

    monkeypatch.setattr(FileLogits, "read", cut_second)
    with pytest.raises(ValueError, match="was changed while the run was open"):
        load_traces(small_run, "moe")
    assert not own_cache.exists()


def test_a_cache_that_cannot_be_written_is_no_error(small_run, tmp_path, monkeypatch):
    (tmp_path / "file").write_text("not a folder")
    monkeypatch.setenv("EXITLENS_CACHE", str(tmp_path / "file"))
    assert load_traces(small_run, "moe").n_samples == 300


def test_bundled_and_cached_traces_import_no_torch(small_run):
    pa = compute_traces(small_run, "pa").select(small_run.positions("test"))
    write_traces_parquet(pa, small_run, small_run.path / bundled_name("pa"), split="test")
    load_traces(small_run, "moe")
    code = (
        "import sys; from pathlib import Path\n"
        "from analysis.storage import load_run; from analysis.traces import load_traces\n"
        f"run = load_run(Path({str(small_run.path)!r})); load_traces(run, 'pa'); load_traces(run, 'moe', split='all')\n"
        "sys.exit(any(name in sys.modules for name in ('torch', 'streamlit', 'plotly')))"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_someone_elses_predictor_is_traced_and_cached_by_its_content(small_run, counted, tmp_path):
    file = tmp_path / "mine.py"
    file.write_text("def mine(logits):\n    return logits.softmax(-1)\n")
    first = load_traces(small_run, f"{file}:mine")
    np.testing.assert_allclose(first.max_prob, load_traces(small_run, "baseline").max_prob, rtol=1e-5)
    load_traces(small_run, f"{file}:mine")
    assert len(counted) == 2
    file.write_text("def mine(logits):\n    return (2 * logits).softmax(-1)\n")
    assert (load_traces(small_run, f"{file}:mine").max_prob != first.max_prob).any()
