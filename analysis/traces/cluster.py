"""Traces by a Dask cluster: workers read and trace spans of samples, and send a few numbers per sample and exit.

Workers must reach the run where this process does: on a shared disk, or on object storage. Results equal the local ones
bit for bit, since the chunks and their function are the same; they come in the run's order, and nothing holds more of
them than the workers are ahead. Imports distributed when it is called.
"""

from __future__ import annotations

import io
import queue
import signal
import tempfile
import time
import zipfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import lru_cache
from multiprocessing import resource_tracker
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from analysis.predictors import find_predictor, resolve
from analysis.run import Run
from analysis.runtime.code_version import code_version
from analysis.runtime.contents import hash_of
from analysis.runtime.folders import PROJECT
from analysis.runtime.objects import Interrupted
from analysis.storage.manifest import MANIFEST, RunError
from analysis.storage.reading import open_logits
from analysis.traces.compiled import Reduced, Requests, fused_requests
from analysis.traces.compute import FUSED_CHUNKS, as_traces, chunk_samples, empty_columns, trace_chunk, write_into
from analysis.traces.table import DTYPES, FALLS, PER_EXIT, Traces

if TYPE_CHECKING:
    from distributed import Client, Future

TASK_BYTES = 64 << 20
"""Of the logits of one task: a scheduler manages some hundred tasks a second, and is never waited for."""
RESULT_BYTES = 4 << 20
"""Of what one task gives, at most."""
TASKS_PER_WORKER = 3
"""Tasks that are under way or wait at a worker."""
AHEAD = 2
"""So many times as many may be done or under way beyond the first that is not done: their results are held here."""
PAUSES_S = (0.0, 11.0, 30.0)
"""Before logits that could not be read are asked for again: at once, in case they were opened long ago; then later."""
CONNECT_S = 5
WITHOUT_WORKERS_S = 30.0
"""Seconds for which a cluster may have no worker: they restart, and others come."""
_QUIET = {
    "MALLOC_TRIM_THRESHOLD_": str(1 << 30),  # Dask's own, 64 KiB, gives every chunk's memory back and asks again
    "MALLOC_MMAP_THRESHOLD_": str(1 << 30),
    "OMP_NUM_THREADS": "1",
}


@lru_cache(maxsize=2)
def _opened(place: str) -> tuple[Callable[[int, int], np.ndarray], str]:
    """What reads the logits of the run at a path or address, opened once in each worker; and which run it is."""
    logits, identity = open_logits(place)
    return logits.read, identity


def _read(place: str, identity: str, start: int, stop: int) -> np.ndarray:
    """Logits of samples start..stop-1, asked for again where the storage fails."""
    for pause in (*PAUSES_S, None):
        try:
            read, found = _opened(place)
            if found != identity:
                raise RunError(f"a worker finds another run at {place}: let all of them see the same disk or storage")
            return read(start, stop)
        except (RunError, Interrupted) as error:
            _opened.cache_clear()
            if pause is None or (pause and not isinstance(error, Interrupted)):
                raise
            time.sleep(pause)
    raise AssertionError


def trace_task(
    place: str, identity: str, start: int, step: int, labels: np.ndarray, requests: Requests, total: int
) -> Reduced:
    """The columns of some samples, read and traced by a worker, `step` at a time.

    Parameters
    ----------
    identity
        The sha256 of the run's `run.json`, which tells another run at the same place.
    start, labels
        The first of the samples, and the labels of all of them.
    requests
        One predictor id -> its resolved settings.

    Raises
    ------
    ValueError
        The worker finds another run there, or none; logits that cannot be read or traced.
    """
    logits = _read(place, identity, start, start + len(labels))
    whole = empty_columns(len(logits), len(labels))
    for at in range(0, len(labels), step):
        here = slice(at, min(at + step, len(labels)))
        chunk = np.ascontiguousarray(logits[:, here])
        (found,) = trace_chunk(chunk, labels[here], requests, start + at, total).values()
        write_into(whole, found, here)
    return whole


def _package() -> bytes:
    """This library as a zip file, for workers that may have another version of it, or none."""
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w", zipfile.ZIP_DEFLATED) as archive:
        for path in sorted((PROJECT / "analysis").rglob("*")):
            if path.suffix in (".py", ".json") and path.is_file():
                archive.write(path, path.relative_to(PROJECT).as_posix())
    return held.getvalue()


@contextmanager
def _deaf_to_interrupts() -> Iterator[None]:
    """Threads that begin in the block, and processes that these start, never hear Ctrl+C: they are told to end."""
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    resource_tracker.ensure_running()  # which opens the ears of the thread that starts it
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


@contextmanager
def _client(cluster: str) -> Iterator[Client]:
    """A connection to an existing cluster, or to one of N processes of this machine that ends with the block."""
    try:
        import dask
        from distributed import Client, LocalCluster
    except ModuleNotFoundError:
        raise ValueError(f"--cluster {cluster} needs the package distributed: pip install distributed") from None
    kind, _, count = cluster.partition(":")
    if kind == "local":
        if not count.isdecimal() or not 1 <= int(count) <= 256:
            raise ValueError(f"--cluster {cluster}: give the number of local workers, such as local:2")
        settings = {"distributed.nanny.pre-spawn-environ": _QUIET, "distributed.worker.daemon": True}
        with dask.config.set(settings):
            with _deaf_to_interrupts():
                local = LocalCluster(
                    n_workers=int(count),
                    threads_per_worker=1,
                    host="127.0.0.1",
                    dashboard_address="127.0.0.1:0",
                    silence_logs=50,
                )
            with local, Client(local) as client:
                yield client
        return
    try:
        client = Client(cluster, timeout=CONNECT_S)
    except (OSError, ValueError) as error:
        raise ValueError(
            f"--cluster {cluster} cannot be reached ({type(error).__name__}): give the address of a Dask scheduler, "
            "such as tcp://host:8786, or local:N"
        ) from None
    with client:
        _bring_code(client)
        yield client


def _bring_code(client: Client) -> None:
    """Send this library to workers that have none, or another version of it; to those that come later too."""
    here = code_version(__name__)
    module, name = code_version.__module__, code_version.__name__
    asked = f"__import__({module!r}, fromlist=[{name!r}]).{name}({__name__!r})"  # words, since they may have no module
    if any(found != here for found in client.run(eval, asked, on_error="return").values()):
        with tempfile.TemporaryDirectory() as folder:
            package = Path(folder) / "exitlens_analysis.zip"
            package.write_bytes(_package())
            client.upload_file(str(package))


class _Workers:
    """How many threads there are to work, asked for once a second."""

    def __init__(self, client: Client) -> None:
        self._client, self._asked, self._alone_since, self._count = client, 0.0, time.monotonic(), 0

    def count(self) -> int:
        """At least 1.

        Raises
        ------
        ValueError : there has been none for `WITHOUT_WORKERS_S`, or the scheduler is gone
        """
        now = time.monotonic()
        if now - self._asked > 1:
            try:
                workers = self._client.scheduler_info(n_workers=-1)["workers"].values()
            except (OSError, RuntimeError, KeyError):
                raise ValueError(_GONE) from None
            self._count, self._asked = sum(worker["nthreads"] for worker in workers), now
            self._alone_since = now if self._count else self._alone_since
        if now - self._alone_since > WITHOUT_WORKERS_S:
            raise ValueError(f"the cluster has had no worker for {WITHOUT_WORKERS_S:.0f} s: start some, and try again")
        return max(self._count, 1)


_GONE = "the cluster's scheduler cannot be reached any more: see its logs, and try again"


def _in_order(
    client: Client, submit: Callable[[int], Future], tell: Callable[[int], None], n_tasks: int
) -> Iterator[Reduced]:
    """What tasks give, in their order; no more begin than the workers can use, and none once one has failed.

    Raises
    ------
    ValueError : the fault of the first task that has one
    """
    ended: queue.SimpleQueue[int] = queue.SimpleQueue()
    workers = _Workers(client)
    pending: dict[int, Future] = {}
    done: dict[int, Reduced] = {}
    faults: dict[int, str] = {}
    begun = following = 0
    while following < n_tasks and (pending or not faults):
        most = TASKS_PER_WORKER * workers.count()
        while begun < n_tasks and not faults and len(pending) < most and begun - following < AHEAD * most:
            pending[begun] = submit(begun)
            pending[begun].add_done_callback(lambda _, number=begun: ended.put(number))
            begun += 1
        try:
            number = ended.get(timeout=1)
        except queue.Empty:
            if client.status != "running":
                raise ValueError(_GONE) from None
            continue
        future = pending.pop(number)
        try:
            done[number] = future.result(timeout=WITHOUT_WORKERS_S)
        except Exception as error:  # whatever was raised there
            faults[number] = _fault(error)
            continue
        tell(number)
        while following in done:
            yield done.pop(following)
            following += 1
    if faults:
        raise ValueError(faults[min(faults)])  # that of the first samples, as it would be told here


def cluster_traces(
    run: Run,
    predictor_id: str,
    settings: Mapping[str, object] | None = None,
    *,
    cluster: str,
    progress: Callable[[int], None] | None = None,
) -> Iterator[Traces]:
    """The traces of all samples of a run, part by part in the run's order, computed by a cluster.

    Together they are what `compute_traces` gives, bit for bit. A worker that dies is replaced, and its samples are
    traced again; samples that end several workers end this. What cannot be read is asked for again. Whoever does not
    take all parts closes the iterator.

    Parameters
    ----------
    cluster
        The address of a Dask scheduler (`tcp://host:8786`), or `local:N` for N processes of this machine.
    progress
        Told how many more samples are done.

    Raises
    ------
    ValueError
        Someone's own predictor; no cluster there, or none of its workers left; what `compute_traces` refuses.
    """
    resolved = resolve(predictor_id, settings or {}, kind=run.kind, n_exits=run.n_exits)
    if find_predictor(predictor_id).path is not None:
        raise ValueError(f"--cluster: {predictor_id} is a file of yours, which workers may not have: trace it here")
    return _parts(run, {predictor_id: resolved}, cluster, progress)


def _parts(run: Run, requests: Requests, cluster: str, progress: Callable[[int], None] | None) -> Iterator[Traces]:
    step = chunk_samples(run.n_exits, run.n_classes) * (FUSED_CHUNKS if fused_requests(requests) else 1)
    size = _task_samples(run, step)
    identity = hash_of(run.path / MANIFEST)
    with _client(cluster) as client:

        def submit(number: int) -> Future:
            start = number * size
            labels = run.labels[start : start + size]
            told = (run.place, identity, start, step, labels, requests, run.n_samples)
            return client.submit(trace_task, *told, pure=False)

        def tell(number: int) -> None:
            if progress is not None:
                progress(min(size, run.n_samples - number * size))

        start = 0
        for columns in _in_order(client, submit, tell, -(-run.n_samples // size)):
            labels = run.labels[start : start + size]
            start += len(labels)
            yield as_traces(columns, labels, run.n_classes)


def _task_samples(run: Run, step: int) -> int:
    """Samples of one task: whole chunks, bounded by what is read and by what is sent back."""
    read = run.n_exits * run.n_classes * run.logits.dtype.itemsize
    per_exit = sum(np.dtype(DTYPES.get(name, np.float32)).itemsize for name in PER_EXIT)
    sent = run.n_exits * per_exit + len(FALLS) * 8  # a float32 and two int16
    return step * max(1, min(TASK_BYTES // read, RESULT_BYTES // sent) // step)


def _fault(error: BaseException) -> str:
    if isinstance(error, ValueError):
        return str(error)
    if type(error).__name__ == "KilledWorker":
        return "workers died while they traced the same samples: give them more memory"
    if isinstance(error, TimeoutError) or "Cancelled" in type(error).__name__:
        return _GONE
    if isinstance(error, OSError):
        return f"a worker cannot read the run ({type(error).__name__}): let it see the same disk or storage"
    return f"the cluster failed ({type(error).__name__}): see its logs, and try again"
