"""Runs on object storage: equal to those on disk, read by ranges, refused in a sentence, and in time."""

import json
import os
import socket
import threading
import time
from contextlib import suppress

import numpy as np
import pytest

from analysis.cli import main
from analysis.images.image_tables import image_source
from analysis.report.reviewer.bundle import report_html
from analysis.report.reviewer.facts import hash_rows
from analysis.runtime import objects
from analysis.runtime.objects import StorageError, checked_address, is_address
from analysis.storage import RunError, find_run, list_runs, load_run, write_run
from analysis.storage.remote import logits as remote_logits
from analysis.storage.remote import stubs
from analysis.storage.remote.stubs import is_stub
from analysis.storage.trash import why_not_deletable
from analysis.storage.validation import bytes_to_check, validate_run
from analysis.traces import load_traces
from analysis.traces.bundle import bundle_traces
from tests import toy


@pytest.fixture
def run_here(tmp_path, small_logits, small_labels):
    folder = tmp_path / "here" / "small"
    write_run(folder, logits=small_logits, labels=small_labels, title="A small one")
    return folder


@pytest.fixture
def asked(monkeypatch):
    """What is read of objects: (name, start, stop)."""
    found, ranges = [], objects.ranges

    def noted(address, wanted):
        found.extend((address.rsplit("/", 1)[-1], *span) for span in wanted)
        return ranges(address, wanted)

    monkeypatch.setattr(objects, "ranges", noted)
    monkeypatch.setattr(remote_logits, "ranges", noted)
    return found


def test_a_remote_run_is_the_one_on_disk(bucket, run_here):
    here, there = load_run(run_here), load_run(bucket.put(run_here, "runs/small"))
    assert (there.id, there.title, there.class_names) == (here.id, here.title, here.class_names)
    assert there.samples.equals(here.samples)
    np.testing.assert_array_equal(there.logits.read(0, here.n_samples), here.logits.read(0, here.n_samples))
    positions = np.array([399, 0, 17, 17, 200])
    np.testing.assert_array_equal(there.logits.take(positions), here.logits.take(positions))
    for predictor in ("baseline", "pa"):
        a, b = load_traces(here, predictor), load_traces(there, predictor)
        for name in ("true_class_prob", "max_prob", "entropy", "predicted", "rank"):
            np.testing.assert_array_equal(getattr(a, name), getattr(b, name))


def test_shards_are_one_run(bucket, tmp_path):
    folder = tmp_path / "here" / "sharded"
    sizes = ["--exits", "3", "--samples", "500", "--classes", "10", "--shards", "4"]
    folder.parent.mkdir()
    assert main(["synthesize", *sizes, "--out", str(folder)]) == 0
    here, there = load_run(folder), load_run(bucket.put(folder, "runs/sharded"))
    np.testing.assert_array_equal(there.logits.read(90, 410), here.logits.read(90, 410))
    np.testing.assert_array_equal(there.logits.take([499, 3, 124, 125]), here.logits.take([499, 3, 124, 125]))


def test_opening_reads_no_logits(bucket, run_here, asked):
    bundle_traces(run_here)
    address = bucket.put(run_here, "runs/small")
    run = load_run(address)
    assert {name for name, *_ in asked} == {
        "run.json",
        "samples.parquet",
        "traces-baseline.parquet",
        "traces-pa.parquet",
    }
    del asked[:]
    load_traces(run, "pa")
    assert run.fingerprint
    assert asked == []  # bundled
    load_run(address)
    assert asked == []  # copied, and not changed since
    run.logits.take([5])
    row = 20 * 2
    assert all(name == "logits.safetensors" for name, *_ in asked)
    assert sum(stop - start for _, start, stop in asked) <= objects.BLOCK
    assert [stop - start for _, start, stop in asked[1:]] == [row] * 7


def test_blocks_are_fetched_once_for_the_chunks_in_them(bucket, run_here, asked, monkeypatch):
    monkeypatch.setattr(remote_logits, "AHEAD_BYTES", 7 * 20 * 2 * 100)
    run = load_run(bucket.put(run_here, "runs/small"))
    run.logits.read(0, 1)
    del asked[:]
    for start in range(0, 400, 10):
        run.logits.read(start, start + 10)
    assert len(asked) == 7 * 3  # the first block is kept, three follow


def test_a_list_of_runs_on_object_storage(bucket, run_here, monkeypatch, tmp_path, small_logits):
    address = bucket.put(run_here, "runs/small")
    bucket.storage.pipe_file(f"{bucket.name}/runs/broken/run.json", b"{")
    bucket.storage.pipe_file(f"{bucket.name}/runs/datasets/x.parquet", b"")
    write_run(tmp_path / "local" / "other", logits=small_logits)
    monkeypatch.setenv("EXITLENS_RUNS", os.pathsep.join([str(tmp_path / "local"), f"s3://{bucket.name}/runs"]))
    entries = {entry.id: entry for entry in list_runs()}
    assert list(entries) == ["other", "broken", "small"]
    assert entries["small"].error is None
    assert entries["small"].bytes == sum(path.stat().st_size for path in run_here.iterdir())
    assert "is not valid JSON" in entries["broken"].error
    assert load_run(find_run("small")).n_samples == 400
    assert find_run("small") == find_run(address)
    assert is_stub(find_run("small"))
    assert why_not_deletable(find_run("small")) == "it lies on object storage, where this app writes nothing"


def test_images_are_read_there(bucket, tmp_path, small_logits, small_labels):
    runs = tmp_path / "here"
    here = toy.full_run(runs / "full", small_logits, small_labels, column="site")
    bucket.put(runs, "runs")
    there = load_run(f"s3://{bucket.name}/runs/full")
    found = image_source(there).encoded([0, 3, 399])
    assert found == image_source(here).encoded([0, 3, 399])
    assert any(found)


def test_a_report_is_written_of_a_remote_run(bucket, tmp_path, small_logits, small_labels):
    runs = tmp_path / "here"
    here = toy.full_run(runs / "full", small_logits, small_labels, column="site")
    bucket.put(runs, "runs")
    there = dict(hash_rows(load_run(f"s3://{bucket.name}/runs/full")))
    own = dict(hash_rows(here))
    shared = own.keys() & there.keys() - {"fingerprint of all that numbers depend on"}
    assert "sha256 of samples.parquet" in shared
    assert all(own[name] == there[name] for name in shared)
    assert there["pictures"].startswith(f"s3://{bucket.name}/runs/datasets/")
    assert "full" in report_html([load_run(f"s3://{bucket.name}/runs/full")])


def test_images_outside_the_runs_are_refused(bucket, run_here):
    said = json.loads((run_here / "run.json").read_text())
    said["images"] = {"test": ["../../secret/x.parquet"]}
    (run_here / "run.json").write_text(json.dumps(said))
    with pytest.raises(RunError, match=r"its images lie outside s3://.*/runs: copy them into"):
        load_run(bucket.put(run_here, "runs/small"))


def test_an_object_that_is_replaced_is_another_run(bucket, run_here, small_logits):
    address = bucket.put(run_here, "runs/small")
    run = load_run(address)
    before = run.fingerprint
    bucket.storage.pipe_file(
        f"{bucket.name}/runs/small/logits.safetensors",
        run_here.joinpath("logits.safetensors").read_bytes()[:-2] + b"\0\0",
    )
    with pytest.raises(ValueError, match="was changed while the run was open: open the run again"):
        run.logits.read(0, 5)
    assert load_run(address).fingerprint != before


@pytest.mark.parametrize(
    ("address", "said"),
    [
        ("s3://KEY:PASSWORD@bucket/runs/small", "s3://...: an address is shown and kept, so it may hold no user"),
        ("s3://bucket/runs/small?X-Amz-Signature=PASSWORD", "an address is shown and kept"),
        ("s3://bucket/runs/../small", "leads upwards"),
        ("nonsense://bucket/run", "nonsense:// is no kind of storage that fsspec knows"),
    ],
)
def test_addresses_that_are_refused(address, said, capsys):
    assert main(["summarize", address]) == 2
    err = capsys.readouterr().err
    assert said in err
    assert "PASSWORD" not in err
    assert err.count("\n") == 1


def test_what_is_not_there(bucket, run_here, capsys):
    bucket.put(run_here, "runs/small")
    for address in (f"s3://{bucket.name}/runs/other", "s3://no-such-bucket/run"):
        assert main(["summarize", address]) == 2
        err = capsys.readouterr().err
        assert address in err
        assert "KEYKEYKEY" not in err
        assert err.count("\n") == 1
    bucket.storage.rm(f"{bucket.name}/runs/small/samples.parquet")
    assert main(["summarize", f"s3://{bucket.name}/runs/small"]) == 2
    assert "samples.parquet is missing" in capsys.readouterr().err


def test_commands_take_an_address(bucket, run_here, capsys, tmp_path):
    address = bucket.put(run_here, "runs/small")
    assert main(["summarize", address, "--format", "json"]) == 0
    there = json.loads(capsys.readouterr().out)
    assert main(["summarize", str(run_here), "--format", "json"]) == 0
    assert there == json.loads(capsys.readouterr().out)


def test_a_remote_run_is_validated_to_its_last_byte(bucket, tmp_path, small_logits, small_labels, capsys):
    runs = tmp_path / "here"
    toy.full_run(runs / "full", small_logits, small_labels, column="site")
    bundle_traces(runs / "full")
    bucket.put(runs, "runs")
    address, told = f"s3://{bucket.name}/runs/full", []
    assert main(["validate", str(runs / "full"), "--deep"]) == 0
    here = capsys.readouterr().out
    assert main(["validate", address, "--deep"]) == 0
    assert capsys.readouterr().out == here
    validate_run(address, told.append)
    assert sum(told) == bytes_to_check(address) == bytes_to_check(runs / "full")

    file = runs / "full" / "logits.safetensors"
    data = file.read_bytes()
    bucket.storage.pipe_file(f"{bucket.name}/runs/full/{file.name}", data[:-1] + bytes([data[-1] ^ 1]))
    assert main(["validate", address]) == 2
    said = f"{address}/{file.name} is not the file that was written (sha256 differs): copy the run again\n"
    assert capsys.readouterr().err == said
    bucket.storage.pipe_file(f"{bucket.name}/runs/full/{file.name}", data)
    shard = next(path for path in (runs / "datasets").rglob("*.parquet"))
    bucket.storage.pipe_file(f"{bucket.name}/runs/{shard.relative_to(runs).as_posix()}", shard.read_bytes()[:-9])
    assert main(["validate", address]) == 2
    assert "images: s3://" in capsys.readouterr().err


class BadServer:
    """Answers as an S3 that is broken in one way."""

    def __init__(self, how: str) -> None:
        self.how, self.socket = how, socket.create_server(("127.0.0.1", 0))
        threading.Thread(target=self.serve, daemon=True).start()
        self.address = f"http://127.0.0.1:{self.socket.getsockname()[1]}"

    def serve(self) -> None:
        while True:
            try:
                connection, _ = self.socket.accept()
            except OSError:
                return
            threading.Thread(target=self.answer, args=(connection,), daemon=True).start()

    def answer(self, connection: socket.socket) -> None:
        with connection, suppress(OSError):  # whoever asked has had enough
            connection.recv(65536)
            if self.how == "stalls":
                time.sleep(30)
            elif self.how == "cuts":
                connection.sendall(
                    b"HTTP/1.1 200 OK\r\nContent-Length: 5000\r\nContent-Type: text/xml\r\n\r\n<ListBuck"
                )
            else:
                connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 5000\r\nContent-Type: text/xml\r\n\r\n")
                for _ in range(60):
                    connection.sendall(b"<")
                    time.sleep(0.5)


@pytest.mark.parametrize("how", ["stalls", "cuts", "trickles", "refuses"])
def test_a_storage_that_does_not_answer_is_a_sentence_in_time(at, how, capsys, tmp_path, monkeypatch):
    monkeypatch.setenv("EXITLENS_CACHE", str(tmp_path / "cache"))
    server = BadServer(how)
    if how == "refuses":
        server.socket.close()
    at(server.address)
    objects._filesystem("s3")  # imports take their own time
    began = time.monotonic()
    assert main(["summarize", "s3://bucket/runs/small"]) == 2
    assert time.monotonic() - began < 12  # 9, and what this machine does meanwhile
    err = capsys.readouterr().err
    assert "s3://bucket/runs/small: the storage" in err
    assert "KEYKEYKEY" not in err
    assert err.count("\n") == 1
    server.socket.close()


def test_a_run_folder_from_elsewhere_is_no_stub(tmp_path, run_here):
    (run_here / ".exitlens-remote.json").write_text('{"address": "s3://evil/run", "stamps": {}, "copied": {}}')
    assert not is_stub(run_here)
    assert load_run(run_here).n_samples == 400


def test_addresses():
    assert is_address("s3://bucket/run")
    assert is_address("hf://datasets/me/runs")
    assert not is_address("/runs")
    assert not is_address("C:/runs")
    assert checked_address("s3://bucket/run/") == "s3://bucket/run"
    with pytest.raises(StorageError):
        checked_address("s3://bucket/run#x")


@pytest.mark.parametrize("failing", [False, True])
def test_a_list_that_cannot_be_had_is_a_sentence_whatever_fails(failing, monkeypatch):
    """One whose address is none, and one whose library fails in a way of its own."""
    address = "memory://runs" if failing else "s3://[bucket/runs"
    monkeypatch.setenv("EXITLENS_RUNS", address)
    monkeypatch.setattr(stubs, "listed", lambda _: {}["ETag"])
    stubs._lists.clear()
    (entry,) = list_runs()
    assert entry.error == (
        "memory://runs: its runs cannot be listed (KeyError): try again"
        if failing
        else "s3://...: this is no address: give it as s3://bucket/folder"
    )
    with pytest.raises(RunError, match="there is no run 'x' in "):
        find_run("x")
    stubs._lists.clear()
