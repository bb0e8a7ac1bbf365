"""Traces by a Dask cluster: bit for bit the local ones, also when workers are killed; refusals in a sentence."""

import itertools
import os
import signal
import subprocess
import sys
import threading
import time

import numpy as np
import pyarrow.parquet as pq
import pytest

from analysis.cli import main
from analysis.runtime.folders import PROJECT
from analysis.storage import RunError, load_run, write_run
from analysis.traces import cluster, compute_traces, parquet, read_traces_parquet, write_traces_parquet
from analysis.traces.cluster import cluster_traces
from analysis.traces.table import FALLS, PER_EXIT, joined

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
    monkeypatch.setattr(cluster, "TASK_BYTES", 1)


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


def by_cluster(run, predictor, settings=None, **options):
    """All parts as one."""
    return joined(list(cluster_traces(run, predictor, settings, **options)))


def assert_equal(a, b):
    for name in PER_EXIT:
        np.testing.assert_array_equal(getattr(a, name), getattr(b, name), err_msg=name)
    for key in FALLS:
        for x, y in zip(a.falls[key], b.falls[key]):
            np.testing.assert_array_equal(x, y, err_msg=str(key))


@pytest.mark.parametrize(("predictor", "settings"), [("pa", {}), ("baseline", {}), ("pa", {"weights": "uniform"})])
def test_a_cluster_gives_the_same_bits(run, scheduler, small_tasks, predictor, settings):
    told = []
    found = by_cluster(run, predictor, settings, cluster=scheduler.scheduler_address, progress=told.append)
    assert_equal(found, compute_traces(run, predictor, settings))
    assert sum(told) == 6000
    assert len(told) > 20


def test_killed_workers_are_replaced(run, scheduler, small_tasks):
    told = []

    def kill(done: int) -> None:
        told.append(done)
        if len(told) == 3:
            os.kill(next(iter(scheduler.workers.values())).pid, signal.SIGKILL)

    found = by_cluster(run, "pa", cluster=scheduler.scheduler_address, progress=kill)
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
        by_cluster(spoiled, "pa", cluster=scheduler.scheduler_address)
    assert str(here.value) == str(there.value)


def test_workers_that_see_another_run_are_told(run, scheduler, tmp_path, monkeypatch):
    monkeypatch.setattr(type(run), "place", property(lambda _: str(tmp_path / "none")))
    with pytest.raises(ValueError, match="there is no such run folder"):
        by_cluster(run, "pa", cluster=scheduler.scheduler_address)


def test_a_cluster_without_workers_is_not_waited_for(run, monkeypatch):
    from distributed import LocalCluster

    monkeypatch.setattr(cluster, "WITHOUT_WORKERS_S", 1.5)
    with LocalCluster(n_workers=0, host="127.0.0.1", dashboard_address="127.0.0.1:0", silence_logs=50) as empty:
        began = time.monotonic()
        with pytest.raises(ValueError, match="the cluster has had no worker for 2 s: start some"):
            by_cluster(run, "pa", cluster=empty.scheduler_address)
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
        by_cluster(run, f"{tmp_path}/own.py:mine", cluster="local:1")


def test_local_processes_by_the_command(run, tmp_path, capsys):
    out = [tmp_path / name for name in ("here.parquet", "there.parquet")]
    assert main(["traces", str(run.path), "--predictor", "pa", "--out", str(out[0])]) == 0
    assert main(["traces", str(run.path), "--predictor", "pa", "--cluster", "local:1", "--out", str(out[1])]) == 0
    assert out[0].read_bytes() == out[1].read_bytes()
    assert threading.active_count() < 50


def test_parts_come_in_order_and_few_are_held(run, scheduler, small_tasks):
    held, most = 0, 0
    given = cluster_traces(run, "pa", cluster=scheduler.scheduler_address, progress=lambda _: told.append(1))
    told: list[int] = []
    for number, part in enumerate(given):
        np.testing.assert_array_equal(part.labels, run.labels[200 * number : 200 * number + 200])
        most = max(most, len(told) - number)
        time.sleep(0.01)  # whoever writes them is slower than the workers
        held += 1
    assert held == 30
    assert most <= cluster.AHEAD * cluster.TASKS_PER_WORKER * 2


def test_a_file_is_written_as_parts_come(run, tmp_path, monkeypatch):
    monkeypatch.setattr(parquet, "ROWS", 4 * 700)
    whole = compute_traces(run, "pa")
    sizes = (100, 1500, 7, 1, 2092, 2300)
    places = np.cumsum([0, *sizes])
    parts = (whole.select(slice(a, b)) for a, b in itertools.pairwise(places))
    write_traces_parquet(parts, run, tmp_path / "parts.parquet")
    write_traces_parquet(whole, run, tmp_path / "whole.parquet")
    assert (tmp_path / "parts.parquet").read_bytes() == (tmp_path / "whole.parquet").read_bytes()
    with pq.ParquetFile(tmp_path / "parts.parquet") as file:
        groups = [file.metadata.row_group(i).num_rows for i in range(file.metadata.num_row_groups)]
    assert groups == [2800] * 8 + [1600]
    assert_equal(read_traces_parquet(tmp_path / "parts.parquet", run), whole)
    for wrong in ([whole, whole.select(slice(3))], [whole.select(slice(5999))], []):
        with pytest.raises(ValueError, match="split 'all' of run some 6000: give the split that they are of"):
            write_traces_parquet(wrong, run, tmp_path / "wrong.parquet")
    assert not (tmp_path / "wrong.parquet").exists()


def test_logits_are_asked_for_again_where_the_storage_fails(run, monkeypatch):
    from analysis.runtime.objects import Interrupted
    from analysis.storage.reading import open_logits

    logits, identity = open_logits(run.place)
    failures, slept = [Interrupted("cut"), Interrupted("cut")], []

    class Failing:
        def read(self, start, stop):
            if failures:
                raise failures.pop()
            return logits.read(start, stop)

    monkeypatch.setattr(cluster, "open_logits", lambda _: (Failing(), identity))
    monkeypatch.setattr(cluster.time, "sleep", slept.append)
    cluster._opened.cache_clear()
    np.testing.assert_array_equal(cluster._read(run.place, identity, 5, 9), logits.read(5, 9))
    assert slept == [0.0, 11.0]
    failures += [Interrupted("cut")] * 4
    with pytest.raises(Interrupted, match="cut"):
        cluster._read(run.place, identity, 5, 9)
    with pytest.raises(RunError, match="a worker finds another run at"):
        cluster._read(run.place, "another", 5, 9)
    assert slept == [0.0, 11.0, 0.0, 11.0, 30.0, 0.0]
    cluster._opened.cache_clear()


@pytest.mark.skipif(not hasattr(os, "killpg"), reason="no process groups")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_it_with_all_processes_and_without_a_file(run, tmp_path, number):
    out = tmp_path / "x.parquet"
    argv = ["x", "traces", str(run.path), "--predictor", "pa", "--cluster", "local:2", "--out", str(out)]
    script = (
        "import sys\n"
        "from analysis.__main__ import command\n"
        "from analysis.traces import cluster\n"
        "cluster.chunk_samples, cluster.TASK_BYTES = lambda *_: 1, 1\n"
        f"if __name__ == '__main__':\n    sys.argv = {argv}\n    sys.exit(command())\n"
    )
    file = tmp_path / "script.py"
    file.write_text(script)
    process = subprocess.Popen(
        [sys.executable, str(file)],
        env=os.environ | {"PYTHONPATH": str(PROJECT)},
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    until = time.monotonic() + 60
    while not list(tmp_path.glob("x.*.partial")) and time.monotonic() < until:
        time.sleep(0.1)
    time.sleep(4)
    if number == signal.SIGINT:
        os.killpg(process.pid, number)  # as a terminal does
    else:
        process.terminate()
    said = process.communicate(timeout=60)[1]
    assert process.returncode == (130 if number == signal.SIGINT else 143)
    assert said == ""
    assert not [path for path in tmp_path.iterdir() if path.name.startswith("x.")]
    left = True
    while left and time.monotonic() < until + 60:  # multiprocessing's own helper ends a moment later
        time.sleep(0.1)
        try:
            os.killpg(process.pid, 0)
        except ProcessLookupError:
            left = False
    assert not left
