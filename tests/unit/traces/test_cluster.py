"""Traces by a Dask cluster: bit for bit the local ones, also when workers are killed; refusals in a sentence."""

import os
import signal
import threading
import time

import numpy as np
import pytest

from analysis.cli import main
from analysis.storage import load_run, write_run
from analysis.traces import cluster, compute_traces
from analysis.traces.cluster import cluster_traces
from analysis.traces.table import FALLS, PER_EXIT

pytest.importorskip("distributed")


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """Of 6,000 samples: several tasks of small chunks."""
    logits = np.random.default_rng(0).normal(size=(4, 6000, 50)).astype(np.float16) * 3
    labels = np.random.default_rng(1).integers(0, 50, 6000)
    return write_run(tmp_path_factory.mktemp("runs") / "some", logits=logits, labels=labels)


@pytest.fixture
def small_tasks(monkeypatch):
    monkeypatch.setattr(cluster, "chunk_samples", lambda *_: 25)
    monkeypatch.setattr(cluster, "CHUNKS_PER_TASK", 1)


@pytest.fixture(scope="module")
def scheduler():
    """A cluster of two processes that is there already."""
    import dask
    from distributed import LocalCluster

    with (
        dask.config.set({"distributed.nanny.pre-spawn-environ": cluster._QUIET}),
        LocalCluster(
            n_workers=2, threads_per_worker=1, host="127.0.0.1", dashboard_address="127.0.0.1:0", silence_logs=50
        ) as found,
    ):
        yield found


def assert_equal(a, b):
    for name in PER_EXIT:
        np.testing.assert_array_equal(getattr(a, name), getattr(b, name), err_msg=name)
    for key in FALLS:
        for x, y in zip(a.falls[key], b.falls[key]):
            np.testing.assert_array_equal(x, y, err_msg=str(key))


@pytest.mark.parametrize(("predictor", "settings"), [("pa", {}), ("baseline", {}), ("pa", {"weights": "uniform"})])
def test_a_cluster_gives_the_same_bits(run, scheduler, small_tasks, predictor, settings):
    told = []
    found = cluster_traces(run, predictor, settings, cluster=scheduler.scheduler_address, progress=told.append)
    assert_equal(found, compute_traces(run, predictor, settings))
    assert sum(told) == 6000
    assert len(told) > 20


def test_killed_workers_are_replaced(run, scheduler, small_tasks):
    told = []

    def kill(done: int) -> None:
        told.append(done)
        if len(told) == 3:
            os.kill(next(iter(scheduler.workers.values())).pid, signal.SIGKILL)

    found = cluster_traces(run, "pa", cluster=scheduler.scheduler_address, progress=kill)
    assert_equal(found, compute_traces(run, "pa"))
    assert sum(told) == 6000


def test_bad_logits_are_told_as_they_are_here(scheduler, small_tasks, tmp_path):
    logits = np.random.default_rng(0).normal(size=(3, 400, 5)).astype(np.float32)
    made = write_run(tmp_path / "bad", logits=logits)
    data = bytearray((made.path / "logits.safetensors").read_bytes())
    for sample in (310, 120):
        place = len(data) - logits.nbytes + 4 * (1 * 400 * 5 + sample * 5)
        data[place : place + 4] = np.float32(np.nan).tobytes()
    (made.path / "logits.safetensors").write_bytes(data)
    spoiled = load_run(made.path)
    with pytest.raises(ValueError, match="sample 121 of 400") as here:
        compute_traces(spoiled, "pa")
    with pytest.raises(ValueError, match="sample 121 of 400") as there:
        cluster_traces(spoiled, "pa", cluster=scheduler.scheduler_address)
    assert str(here.value) == str(there.value)


def test_workers_that_see_another_run_are_told(run, scheduler, tmp_path, monkeypatch):
    monkeypatch.setattr(type(run), "place", property(lambda _: str(tmp_path / "none")))
    with pytest.raises(ValueError, match="there is no such run folder"):
        cluster_traces(run, "pa", cluster=scheduler.scheduler_address)


def test_a_cluster_without_workers_is_not_waited_for(run, monkeypatch):
    from distributed import LocalCluster

    monkeypatch.setattr(cluster, "WITHOUT_WORKERS_S", 1.5)
    with LocalCluster(n_workers=0, host="127.0.0.1", dashboard_address="127.0.0.1:0", silence_logs=50) as empty:
        began = time.monotonic()
        with pytest.raises(ValueError, match="the cluster has had no worker for 2 s: start some"):
            cluster_traces(run, "pa", cluster=empty.scheduler_address)
    assert time.monotonic() - began < 20


@pytest.mark.parametrize(
    ("where", "said"),
    [
        ("tcp://127.0.0.1:1", "cannot be reached"),
        ("nonsense", "cannot be reached"),
        ("local:0", "give the number of local workers, such as local:2"),
        ("local:x", "give the number of local workers"),
    ],
)
def test_no_cluster(run, where, said, capsys, tmp_path):
    out = tmp_path / "x.parquet"
    assert main(["traces", str(run.path), "--predictor", "pa", "--cluster", where, "--out", str(out)]) == 2
    err = capsys.readouterr().err
    assert said in err
    assert err.count("\n") == 1
    assert not out.exists()


def test_ones_own_predictor_stays_here(run, tmp_path):
    (tmp_path / "own.py").write_text("def mine(logits):\n    return logits.softmax(-1)\n")
    with pytest.raises(ValueError, match="is a file of yours, which workers may not have: trace it here"):
        cluster_traces(run, f"{tmp_path}/own.py:mine", cluster="local:1")


def test_local_processes_by_the_command(run, tmp_path, capsys):
    out = [tmp_path / name for name in ("here.parquet", "there.parquet")]
    assert main(["traces", str(run.path), "--predictor", "pa", "--out", str(out[0])]) == 0
    assert main(["traces", str(run.path), "--predictor", "pa", "--cluster", "local:1", "--out", str(out[1])]) == 0
    import pyarrow.parquet as pq

    assert pq.read_table(out[0]).equals(pq.read_table(out[1]))
    assert threading.active_count() < 50
