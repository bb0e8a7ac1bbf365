"""What a connection may do to a run on object storage: bytes are counted, answers stall, break off or trickle."""

import json
import os
import subprocess
import sys
import time

import numpy as np
import pytest

from analysis.images.image_tables import image_source
from analysis.runtime import objects
from analysis.runtime.objects import Interrupted
from analysis.storage import RunError, find_run, list_runs, load_run, write_run
from analysis.storage.remote import stubs
from analysis.traces import load_traces
from analysis.traces.bundle import bundle_traces
from tests import toy
from tests.unit.storage.remote.proxy import Proxy

HEADS = 1000
"""Bytes of an answer without its body, at most."""


@pytest.fixture
def run_here(tmp_path, small_logits, small_labels):
    folder = tmp_path / "here" / "small"
    write_run(folder, logits=small_logits, labels=small_labels, title="A small one")
    bundle_traces(folder)
    return folder


@pytest.fixture
def address(bucket, run_here):
    return bucket.put(run_here, "runs/small")


@pytest.fixture
def proxy(server, at, address):
    """Between this process and the server, from now on."""
    passing = Proxy(server)
    at(passing.address)
    yield passing
    passing.close()


@pytest.fixture
def not_silent(monkeypatch):
    monkeypatch.setattr(objects, "SILENT_S", 0.0)


def test_opening_receives_no_more_than_the_small_files(proxy, address, run_here):
    small = {path.name: path.stat().st_size for path in run_here.iterdir() if not path.name.startswith("logits")}
    run = load_run(address)
    load_traces(run, "pa")
    assert run.fingerprint
    assert len(small) == 4
    assert proxy.requests <= 2 * len(small) + 1, proxy.seen  # a list; each file, and whether it is still the same
    assert proxy.received <= sum(small.values()) + (proxy.requests + 1) * HEADS
    assert not any(b"logits" in line for line in proxy.seen)

    before = proxy.received, proxy.requests
    again = load_run(address)
    load_traces(again, "pa")
    assert proxy.requests - before[1] == 1  # the list
    assert proxy.received - before[0] < 4000

    before = proxy.received
    run.logits.take([5])
    row = run.n_classes * run.logits.dtype.itemsize
    header = min(run_here.joinpath("logits.safetensors").stat().st_size, 1 << 16)
    assert proxy.received - before <= header + run.n_exits * (row + HEADS) + 3 * HEADS


@pytest.mark.parametrize("how", ["stalls", "cuts", "trickles"])
def test_a_spoiled_connection_is_a_sentence_in_time_and_then_forgotten(proxy, address, run_here, how, not_silent):
    run, here = load_run(address), load_run(run_here)
    proxy.how = how
    began = time.monotonic()
    with pytest.raises(Interrupted, match=rf"^{address}/logits\.safetensors"):
        run.logits.read(3, 40)
    assert time.monotonic() - began < 12  # 9, and what this machine does meanwhile
    proxy.how = "well"
    np.testing.assert_array_equal(run.logits.read(3, 40), here.logits.read(3, 40))


def test_what_breaks_off_once_is_asked_for_again(proxy, address, run_here, monkeypatch):
    monkeypatch.setattr(objects, "SECONDS", 60.0)  # the library waits a random while before it asks again
    run, here = load_run(address), load_run(run_here)
    run.logits.read(0, 1)
    proxy.how, proxy.spoiled = "cuts", 2
    np.testing.assert_array_equal(run.logits.take([399, 3]), here.logits.take([399, 3]))
    assert proxy.spoiled == 0


def test_a_storage_that_was_silent_is_left_alone_for_a_while(proxy, address, monkeypatch):
    run = load_run(address)
    monkeypatch.setattr(objects, "SECONDS", 1.0)
    proxy.how = "stalls"
    with pytest.raises(Interrupted, match="did not answer within 1 s"):
        objects.within(address, lambda: time.sleep(5))
    asked, began = proxy.requests, time.monotonic()
    for _ in range(20):
        with pytest.raises(Interrupted, match="did not answer"):
            run.logits.read(0, 5)
    assert time.monotonic() - began < 1
    assert proxy.requests == asked


def test_whoever_lists_runs_is_not_held_up_by_a_storage_that_stalls(
    proxy, bucket, address, tmp_path, small_logits, monkeypatch, not_silent
):
    monkeypatch.setattr(objects, "SECONDS", 2.0)
    write_run(tmp_path / "local" / "other", logits=small_logits)
    monkeypatch.setenv("EXITLENS_RUNS", os.pathsep.join([str(tmp_path / "local"), f"s3://{bucket.name}/runs"]))
    proxy.how = "stalls"
    began = time.monotonic()
    entries = list_runs(0.3)
    assert time.monotonic() - began < 2
    assert [entry.id for entry in entries] == ["other", f"s3 {bucket.name} runs"]
    assert entries[1].error == f"s3://{bucket.name}/runs: the storage has not answered yet: look again soon"
    assert load_run(find_run("other")).n_samples == 400
    assert "did not answer within" in list_runs()[1].error  # waits as long as it may take
    proxy.how = "well"
    monkeypatch.setattr(stubs, "AGAIN_S", 0.0)
    stubs._lists.clear()
    assert [entry.id for entry in list_runs()] == ["other", "small"]
    monkeypatch.setattr(stubs, "LISTED_S", 0.0)
    stubs._lists[f"s3://{bucket.name}/runs"]._until = 0.0
    proxy.how = "cuts"
    began = time.monotonic()
    assert [entry.error for entry in list_runs()] == [None, None]  # as they were found last
    assert time.monotonic() - began < 1
    stubs._lists[f"s3://{bucket.name}/runs"]._asking.join()
    kept = list_runs()
    assert [entry.id for entry in kept] == ["other", "small", f"s3 {bucket.name} runs"]
    assert kept[1].error is None
    assert f"s3://{bucket.name}/runs: the storage" in kept[2].error


def test_a_copy_is_of_the_object_that_was_listed(bucket, address, run_here):
    folder = stubs.stub_of(address)
    other = run_here.joinpath("samples.parquet").read_bytes()
    bucket.storage.pipe_file(f"{bucket.name}/runs/small/samples.parquet", other[:-1] + b"2")
    with pytest.raises(RunError, match=r"samples\.parquet was changed while it was read: open the run again"):
        load_run(folder)
    assert not (folder / "samples.parquet").exists()


def test_pictures_that_are_replaced_are_noticed(bucket, monkeypatch):
    monkeypatch.setattr(objects.ObjectFile, "AHEAD", 1)
    bucket.storage.pipe_file(f"{bucket.name}/datasets/x.parquet", b"123456")
    file = objects.ObjectFile(f"s3://{bucket.name}/datasets/x.parquet")
    assert file.read(3) == b"123"
    bucket.storage.pipe_file(f"{bucket.name}/datasets/x.parquet", b"123999")
    with pytest.raises(objects.StorageError, match=r"x\.parquet was changed while it was read: open the run again"):
        file.read(3)


def test_pictures_that_cannot_be_had_now_are_no_run_without_pictures(
    proxy, bucket, tmp_path, small_logits, small_labels, at
):
    at(proxy.address)
    runs = tmp_path / "pictured"
    toy.full_run(runs / "full", small_logits, small_labels, column="site")
    bucket.put(runs, "runs")
    run = load_run(f"s3://{bucket.name}/runs/full")
    proxy.how = "cuts"
    with pytest.raises(Interrupted):
        image_source(run)


def test_keys_stand_nowhere(server, bucket, address, tmp_path, small_logits):
    """Not in what commands print of what works and what fails, with all that the libraries log, nor in the cache."""
    environment = os.environ | {
        "EXITLENS_RUNS": f"s3://{bucket.name}/runs{os.pathsep}s3://KEYKEYKEY:SECRETSECRET@{bucket.name}/runs",
        "EXITLENS_STATE": str(tmp_path / "state"),
        "S3FS_LOGGING_LEVEL": "DEBUG",
    }
    said = ""
    for argv, status in [
        (["summarize", "small"], 0),
        (["traces", address, "--predictor", "ca", "--out", str(tmp_path / "traces.parquet")], 0),
        (["report", "small", "--out", str(tmp_path / "report.html")], 0),
        (["summarize", "s3://no-such-bucket/none"], 2),
        (["summarize", f"s3://KEYKEYKEY:SECRETSECRET@{bucket.name}/runs/small"], 2),
        (["app", f"s3://KEYKEYKEY:SECRETSECRET@{bucket.name}/runs"], 2),
    ]:
        done = subprocess.run(
            [sys.executable, "-m", "analysis", *argv], env=environment, capture_output=True, text=True, check=False
        )
        assert done.returncode == status, done.stderr
        said += done.stdout + done.stderr
    assert "s3://..." in said
    written = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert len([path for path in written if "cache" in path.parts]) > 3
    for text in (said.encode(), *(path.read_bytes() for path in written), *(str(path).encode() for path in written)):
        assert b"KEYKEYKEY" not in text
        assert b"SECRETSECRET" not in text


def test_a_stub_says_what_was_listed(bucket, address, run_here):
    folder = stubs.stub_of(address)
    said = json.loads((folder / ".exitlens-remote.json").read_text())
    assert said["address"] == address
    assert set(said["stamps"]) == {path.name for path in run_here.iterdir()}
