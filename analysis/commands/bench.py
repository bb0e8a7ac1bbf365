"""`bench`: how fast traces are made here, against the simplest pass over the same logits. Imports torch when called."""

from __future__ import annotations

import argparse
import contextlib
import json
import math
import platform
import statistics
import threading
import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from analysis.commands.options import add_size, chosen_size

if TYPE_CHECKING:
    import numpy as np
    from torch import Tensor

CHUNK_ROWS = 500
"""Samples per chunk of the bare pass."""
SPREAD = 3.0
"""Standard deviation of the logits; the true class stands out by up to twice that."""
REPEATS = {"cpu": 3, "cuda": 9}
COPY_BYTES = 1 << 30
REFERENCE_SAMPLES = 2000
"""So many samples the reference path is timed on; its seconds are scaled to all."""


def add_parser(subparsers) -> None:
    """Put `bench` and its options on the command line."""
    parser = subparsers.add_parser(
        "bench",
        help="time the computation of traces",
        description="Time traces of seeded synthetic logits. On the CPU the measure is a bare pass over them (float32, "
        "softmax, maximum, into buffers that are kept); on a CUDA device the bandwidth of copying memory there, read "
        "and written bytes together.",
    )
    parser.add_argument("--device", choices=("cpu", "cuda"), default="cpu", help="where to compute (default: cpu)")
    add_size(parser)
    parser.add_argument("--format", choices=("table", "json"), default="table", help="how to print it (default: table)")


def synthetic(n_exits: int, n_samples: int, n_classes: int, device: str) -> tuple[Tensor, np.ndarray]:
    """Seeded float16 logits on a device whose true class stands out more at later exits, and the labels."""
    import torch

    generator = torch.Generator(device).manual_seed(0)
    labels = torch.randint(n_classes, (n_samples,), generator=generator, device=device)
    logits = torch.empty((n_exits, n_samples, n_classes), dtype=torch.float16, device=device)
    rows = torch.arange(n_samples, device=device)
    for m, exit_logits in enumerate(logits):
        exit_logits.normal_(generator=generator).mul_(SPREAD)
        exit_logits[rows, labels] += 2 * SPREAD * (m + 1) / n_exits
    return logits, labels.cpu().numpy()


def seconds_on_cuda(work: Callable[[], object], repeats: int) -> float:
    """Median time between CUDA events around the work, after two calls that count for nothing."""
    import torch

    times = []
    for repeat in range(repeats + 2):
        start, end = (torch.cuda.Event(enable_timing=True) for _ in range(2))
        start.record()
        work()
        end.record()
        torch.cuda.synchronize()
        if repeat >= 2:
            times.append(start.elapsed_time(end) / 1000)
    return statistics.median(times)


def seconds(work: Callable[[], object], repeats: int) -> float:
    """Median time of the work by the clock, after one call that counts for nothing."""
    times = []
    for _ in range(repeats + 1):
        start = time.perf_counter()
        work()
        times.append(time.perf_counter() - start)
    return statistics.median(times[1:])


def private_bytes() -> int | None:
    """Memory of this process that is no file's; None where the system does not say."""
    try:
        with open("/proc/self/status") as status:
            return next((int(line.split()[1]) << 10 for line in status if line.startswith("RssAnon")), None)
    except OSError:
        return None


def peak_growth(work: Callable[[], object]) -> int | None:
    """By how many bytes private memory grew at most while the work ran, looked at every millisecond."""
    before = private_bytes()
    if before is None:
        return None
    peak, done = before, threading.Event()

    def watch() -> None:
        nonlocal peak
        while not done.wait(0.001):
            peak = max(peak, private_bytes() or 0)

    watcher = threading.Thread(target=watch)
    watcher.start()
    try:
        work()
    finally:
        done.set()
        watcher.join()
    return peak - before


def decrease_by_loops(values: np.ndarray) -> list[float]:
    """Each sample's largest fall by the paper's public loop over pairs of exits."""
    falls = []
    for trajectory in values.T.tolist():
        largest = 0.0
        for i in range(len(trajectory)):
            for m in range(i, len(trajectory)):
                largest = max(largest, trajectory[i] - trajectory[m])
        falls.append(largest)
    return falls


def measure_cpu(n_exits: int, n_samples: int, n_classes: int) -> dict[str, object]:
    """Seconds of the bare pass, of the traces and of the reference path, their ratios, and the memory traces take."""
    import numpy as np
    import torch

    from analysis.metrics.decrease import largest_fall
    from analysis.predictors import PREDICTORS, resolve
    from analysis.runtime.threads import n_workers
    from analysis.storage.synthetic import synthetic_labels, synthetic_logits
    from analysis.traces import trace_logits, trace_together
    from analysis.traces.compiled import fused_requests
    from analysis.traces.compute import reference_chunk

    shape = n_exits, n_samples, n_classes
    logits, labels = np.empty(shape, np.float16), synthetic_labels(n_samples, n_classes)
    start = 0
    for chunk in synthetic_logits(*shape):
        logits[:, start : start + chunk.shape[1]] = chunk
        start += chunk.shape[1]
    kept = [torch.empty((n_exits, CHUNK_ROWS, n_classes)) for _ in range(2)]
    tensor = torch.from_numpy(logits)

    def bare_pass() -> None:
        for start in range(0, n_samples, CHUNK_ROWS):
            chunk = tensor[:, start : start + CHUNK_ROWS]
            wide, probs = (buffer[:, : chunk.shape[1]] for buffer in kept)
            torch.softmax(wide.copy_(chunk), -1, out=probs)
            probs.amax(-1)

    bare = seconds(bare_pass, REPEATS["cpu"])
    passes = []

    def add(name: str, taken: float) -> None:
        passes.append({"pass": name, "seconds": taken, "times_the_bare_pass": taken / bare})

    add("bare pass", bare)
    compiled = bool(fused_requests({"baseline": resolve("baseline")}))
    for name in PREDICTORS:
        add(f"traces, {name}", seconds(lambda name=name: trace_logits(logits, labels, name), 1))
    together = {"baseline and pa": ("baseline", "pa"), "all six": tuple(PREDICTORS)}
    for title, names in together.items():
        requests = {name: {} for name in names}
        add(f"traces, {title}", seconds(lambda r=requests: trace_together(logits, labels, r), REPEATS["cpu"]))
    part = min(n_samples, REFERENCE_SAMPLES)
    chunks = [slice(start, min(start + 50, part)) for start in range(0, part, 50)]
    settings = resolve("pa", n_exits=n_exits)

    def reference() -> None:
        for here in chunks:
            reference_chunk(logits[:, here], labels[here], "pa", settings)

    add("traces, pa, reference path on one thread", seconds(reference, 1) * n_samples / part)
    falling = trace_logits(logits, labels, "baseline").true_class_prob
    add("largest fall of the true class", seconds(lambda: largest_fall(falling), REPEATS["cpu"]))
    add("the same by the public loop over pairs", seconds(lambda: decrease_by_loops(falling), 1))
    return {
        "device": "cpu",
        "processor": processor_name(),
        "threads": n_workers(),
        "compiled": compiled,
        "logits_bytes": logits.nbytes,
        "peak_private_bytes": peak_growth(lambda: trace_together(logits, labels, {name: {} for name in PREDICTORS})),
        "passes": passes,
    }


def processor_name() -> str:
    """As the system names it."""
    with contextlib.suppress(OSError), open("/proc/cpuinfo") as lines:
        for line in lines:
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()


def copy_bandwidth(repeats: int) -> float:
    """Bytes read and written per second by a copy on the CUDA device."""
    import torch

    source = torch.empty(COPY_BYTES, dtype=torch.uint8, device="cuda")
    target = torch.empty_like(source)
    return 2 * COPY_BYTES / seconds_on_cuda(lambda: target.copy_(source), repeats)


def measure_cuda(n_exits: int, n_samples: int, n_classes: int) -> dict[str, object]:
    """Bandwidth of a copy on the device, and the seconds of each pass as a share of it.

    Raises
    ------
    ValueError
        No CUDA device.
    """
    import torch

    from analysis.predictors import resolve

    if not torch.cuda.is_available():
        raise ValueError("--device cuda: torch finds no CUDA device here, use --device cpu")
    from analysis.traces.cuda_launch import launch
    from analysis.traces.on_device import fused_requests, trace_tensor, trace_uploaded

    repeats = REPEATS["cuda"]
    bandwidth = copy_bandwidth(repeats)
    logits, labels = synthetic(n_exits, n_samples, n_classes, "cuda")
    on_device = torch.tensor(labels, device="cuda")
    settings = {name: resolve(name, {}, n_exits=n_exits) for name in ("baseline", "pa")}
    passes = []

    def add(name: str, taken: float) -> None:
        rate = logits.nbytes / taken
        passes.append({"pass": name, "seconds": taken, "bytes_per_second": rate, "share_of_copy": rate / bandwidth})

    chosen = {"baseline": ("baseline",), "pa": ("pa",), "baseline and pa": ("baseline", "pa")}
    for title, names in chosen.items():
        requests = fused_requests(logits, {name: settings[name] for name in names})
        if len(requests) == len(names):
            add(f"kernel, {title}", seconds_on_cuda(lambda r=requests: launch(logits, on_device, r), repeats))
    for title, names in chosen.items():
        requests = {name: settings[name] for name in names}
        add(f"traces on the host, {title}", seconds(lambda r=requests: trace_tensor(logits, labels, r), 3))
    in_host_memory = logits.cpu()
    add(
        "traces of uploaded logits, baseline and pa",
        seconds(lambda: trace_uploaded(in_host_memory, labels, settings), 3),
    )
    undecided = 0
    if fused_requests(logits, settings):
        undecided = int((launch(logits, on_device, fused_requests(logits, settings)).flags > 0).sum())
    return {
        "device": torch.cuda.get_device_name(),
        "logits_bytes": logits.nbytes,
        "copy_bytes_per_second": bandwidth,
        "left_to_the_reference_path": undecided,
        "passes": passes,
    }


def as_text(measured: dict[str, object], shape: tuple[int, int, int]) -> str:
    """The measurements as a table."""
    size = " x ".join(f"{n:,}" for n in shape)
    if measured["device"] == "cpu":
        how = "" if measured["compiled"] else ", without the compiled kernel"
        named = f"cpu, {measured['processor']}, {measured['threads']} threads{how}"
    else:
        named = measured["device"]
    lines = [f"{named}, {size} float16 logits, {measured['logits_bytes'] / 1e6:,.1f} MB"]
    if "copy_bytes_per_second" in measured:
        lines.append(f"copy on the device: {measured['copy_bytes_per_second'] / 1e9:,.0f} GB/s, read and written")
        lines.append(f"samples left to the reference path: {measured['left_to_the_reference_path']:,}")
    if measured.get("peak_private_bytes") is not None:
        peak = math.ceil(measured["peak_private_bytes"] / 1e6)
        lines.append(f"private memory of the traces of all six predictors, results and all: {peak:,} MB at most")
    for row in measured["passes"]:
        line = f"{row['pass']:<44}{row['seconds'] * 1000:>12,.3f} ms"
        if "share_of_copy" in row:
            line += f"{row['bytes_per_second'] / 1e9:>10,.1f} GB/s{row['share_of_copy']:>8.1%} of a copy"
        else:
            line += f"{row['times_the_bare_pass']:>10,.1f} x the bare pass"
        lines.append(line)
    return "\n".join(lines)


def run(args: argparse.Namespace) -> None:
    """Time traces of synthetic logits and print what was measured.

    Raises
    ------
    ValueError : no exits, samples or classes
    """
    shape = chosen_size(args)
    measured = (measure_cuda if args.device == "cuda" else measure_cpu)(*shape)
    if args.format == "json":
        named = dict(zip(("exits", "samples", "classes"), shape))
        print(json.dumps(named | measured, indent=2, allow_nan=False))
    else:
        print(as_text(measured, shape))
