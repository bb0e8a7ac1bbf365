"""Traces by a Dask cluster: chunks are read and traced by workers, which send a few numbers per sample and exit.

Workers must reach the run where this process does: on a shared disk, or on object storage. Results equal the local ones
bit for bit, since the chunks and their function are the same. Imports distributed when it is called.
"""

from __future__ import annotations

import io
import tempfile
import time
import zipfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from analysis.predictors import find_predictor, resolve
from analysis.run import Run
from analysis.runtime.code_version import code_version
from analysis.runtime.folders import PROJECT
from analysis.storage import load_run
from analysis.traces.compiled import Reduced, Requests, fused_requests
from analysis.traces.compute import FUSED_CHUNKS, as_traces, chunk_samples, empty_columns, trace_chunk, write_into
from analysis.traces.table import Traces

if TYPE_CHECKING:
    from distributed import Client, Future

CHUNKS_PER_TASK = 8
TASKS_PER_WORKER = 4
"""Tasks that are under way or wait at a worker: what is sent back and not yet collected stays this little."""
CONNECT_S = 5
WITHOUT_WORKERS_S = 30.0
"""Seconds for which a cluster may have no worker: they restart, and others come."""
_QUIET = {
    "MALLOC_TRIM_THRESHOLD_": str(1 << 30),  # Dask's own, 64 KiB, gives every chunk's memory back and asks again
    "MALLOC_MMAP_THRESHOLD_": str(1 << 30),
    "OMP_NUM_THREADS": "1",
}


@lru_cache(maxsize=2)
def _opened(place: str) -> Run:
    """The run at a path or address, opened once in each worker."""
    return load_run(place)


def trace_task(
    place: str, fingerprint: str, bounds: tuple[tuple[int, int], ...], requests: Requests
) -> list[tuple[int, int, dict[str, Reduced]]]:
    """Some chunks, read and traced by a worker: start and stop of each with its columns.

    Raises
    ------
    ValueError
        The worker finds another run there, or none; logits that cannot be traced.
    """
    run = _opened(place)
    if run.fingerprint != fingerprint:
        _opened.cache_clear()
        raise ValueError(f"a worker finds another run at {place}: let all of them see the same disk or storage")
    found = []
    for start, stop in bounds:
        logits = run.logits.read(start, stop)
        found.append((start, stop, trace_chunk(logits, run.labels[start:stop], requests, start, run.n_samples)))
    return found


def _package() -> bytes:
    """This library as a zip file, for workers that may have another version of it, or none."""
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w", zipfile.ZIP_DEFLATED) as archive:
        for path in sorted((PROJECT / "analysis").rglob("*")):
            if path.suffix in (".py", ".json") and path.is_file():
                archive.write(path, path.relative_to(PROJECT).as_posix())
    return held.getvalue()


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
        with (
            dask.config.set(settings),
            LocalCluster(
                n_workers=int(count),
                threads_per_worker=1,
                host="127.0.0.1",
                dashboard_address="127.0.0.1:0",
                silence_logs=50,
            ) as local,
            Client(local) as client,
        ):
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


def _workers(client: Client) -> int:
    return sum(worker["nthreads"] for worker in client.scheduler_info(n_workers=-1)["workers"].values())


def _finished(client: Client, tasks: Iterable[tuple], submit: Callable[..., Future]) -> Iterator[Future]:
    """Futures as they end; as many are under way as the workers can use, and none begins after one has failed."""
    from distributed import wait

    pending: set[Future] = set()
    waiting = iter(tasks)
    alone_since, more = time.monotonic(), True
    while pending or more:
        workers = _workers(client)
        alone_since = time.monotonic() if workers else alone_since
        if time.monotonic() - alone_since > WITHOUT_WORKERS_S:
            raise ValueError(f"the cluster has had no worker for {WITHOUT_WORKERS_S:.0f} s: start some, and try again")
        while more and len(pending) < TASKS_PER_WORKER * max(workers, 1):
            task = next(waiting, None)
            more = task is not None
            if more:
                pending.add(submit(*task))
        if pending:
            try:
                done = wait(pending, timeout=1, return_when="FIRST_COMPLETED").done
            except TimeoutError:
                continue
            pending -= done
            more = more and all(future.status == "finished" for future in done)
            yield from done


def cluster_traces(
    run: Run,
    predictor_id: str,
    settings: Mapping[str, object] | None = None,
    *,
    cluster: str,
    progress: Callable[[int], None] | None = None,
) -> Traces:
    """The traces of all samples of a run, computed by a cluster: as `compute_traces` gives them, bit for bit.

    A worker that dies is replaced, and its chunks are traced again; a chunk that ends several workers ends this.

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
    requests: Requests = {predictor_id: resolved}
    step = chunk_samples(run.n_exits, run.n_classes) * (FUSED_CHUNKS if fused_requests(requests) else 1)
    starts = list(range(0, run.n_samples, step))
    tasks = [
        tuple((start, min(start + step, run.n_samples)) for start in starts[at : at + CHUNKS_PER_TASK])
        for at in range(0, len(starts), CHUNKS_PER_TASK)
    ]
    whole = empty_columns(run.n_exits, run.n_samples)
    first_sample: dict[str, int] = {}
    faults: dict[int, str] = {}
    with _client(cluster) as client:

        def submit(*bounds: tuple[int, int]) -> Future:
            future = client.submit(trace_task, run.place, run.fingerprint, bounds, requests, pure=False)
            first_sample[future.key] = bounds[0][0]
            return future

        for future in _finished(client, tasks, submit):
            if future.status != "finished":
                faults[first_sample[future.key]] = _fault(future)
                continue
            for start, stop, found in future.result():
                write_into(whole, found[predictor_id], slice(start, stop))
                if progress is not None:
                    progress(stop - start)
    if faults:
        raise ValueError(faults[min(faults)])  # that of the first samples, as it would be told here
    return as_traces(whole, run.labels, run.n_classes)


def _fault(future: Future) -> str:
    error = future.exception()
    if isinstance(error, ValueError):
        return str(error)
    if isinstance(error, OSError):
        return f"a worker cannot read the run ({type(error).__name__}): let it see the same disk or storage"
    if type(error).__name__ == "KilledWorker":
        return "workers died while they traced the same samples: give them more memory"
    return f"the cluster failed ({type(error).__name__}): see its logs, and try again"
