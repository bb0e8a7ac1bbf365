"""`bench`: how fast traces are made here, against the simplest pass over the same logits. Imports torch when called."""

from __future__ import annotations

import argparse
import json
import statistics
import time
from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from torch import Tensor

CHUNK_ROWS = 500
"""Samples per chunk of the bare pass."""
SPREAD = 3.0
"""Standard deviation of the logits; the true class stands out by up to twice that."""
REPEATS = {"cpu": 3, "cuda": 9}
COPY_BYTES = 1 << 30


def add_parser(subparsers) -> None:
    """Put `bench` and its options on the command line."""
    parser = subparsers.add_parser(
        "bench",
        help="time the computation of traces",
        description="Time traces of seeded synthetic logits. On the CPU the measure is a bare pass over them (float32, "
        "softmax, maximum); on a CUDA device the bandwidth of copying memory there, read and written bytes together.",
    )
    parser.add_argument("--device", choices=("cpu", "cuda"), default="cpu", help="where to compute (default: cpu)")
    for option, default in (("exits", 5), ("samples", 50_000), ("classes", 1000)):
        parser.add_argument(
            f"--{option}", metavar="N", type=int, default=default, help=f"number of {option} (default: {default})"
        )
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


def measure_cpu(n_exits: int, n_samples: int, n_classes: int) -> dict[str, object]:
    """Seconds of the bare pass and of the traces of each predictor, and the ratio of the two."""
    import torch

    from analysis.predictors import PREDICTORS
    from analysis.traces import trace_logits

    logits, labels = synthetic(n_exits, n_samples, n_classes, "cpu")
    kept = [torch.empty((n_exits, CHUNK_ROWS, n_classes)) for _ in range(2)]

    def bare_pass() -> None:
        for start in range(0, n_samples, CHUNK_ROWS):
            chunk = logits[:, start : start + CHUNK_ROWS]
            wide, probs = (buffer[:, : chunk.shape[1]] for buffer in kept)
            torch.softmax(wide.copy_(chunk), -1, out=probs)
            probs.amax(-1)

    bare = seconds(bare_pass, REPEATS["cpu"])
    measured = {"device": "cpu", "threads": torch.get_num_threads(), "logits_bytes": logits.nbytes}
    passes = [{"pass": "bare pass", "seconds": bare, "times_the_bare_pass": 1.0}]
    array = logits.numpy()
    for name in PREDICTORS:
        taken = seconds(lambda name=name: trace_logits(array, labels, name), 1)
        passes.append({"pass": f"traces, {name}", "seconds": taken, "times_the_bare_pass": taken / bare})
    return measured | {"passes": passes}


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
    lines = [f"{measured['device']}, {size} float16 logits, {measured['logits_bytes'] / 1e6:,.1f} MB"]
    if "copy_bytes_per_second" in measured:
        lines.append(f"copy on the device: {measured['copy_bytes_per_second'] / 1e9:,.0f} GB/s, read and written")
        lines.append(f"samples left to the reference path: {measured['left_to_the_reference_path']:,}")
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
    shape = args.exits, args.samples, args.classes
    for option, value in zip(("exits", "samples", "classes"), shape):
        if value < 1:
            raise ValueError(f"--{option} {value}: give at least 1")
    measured = (measure_cuda if args.device == "cuda" else measure_cpu)(*shape)
    if args.format == "json":
        named = dict(zip(("exits", "samples", "classes"), shape))
        print(json.dumps(named | measured, indent=2, allow_nan=False))
    else:
        print(as_text(measured, shape))
