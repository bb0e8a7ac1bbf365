"""`bench`: how fast traces are made and read here, against the simplest pass over the same logits.

Imports torch when called.
"""

from __future__ import annotations

import argparse
import json
import math
from typing import TYPE_CHECKING

from analysis.commands.options import add_size, chosen_size
from analysis.runtime.measuring import peak_growth, seconds, seconds_on_cuda

if TYPE_CHECKING:
    import numpy as np
    from torch import Tensor

CHUNK_ROWS = 500
"""Samples per chunk of the bare pass."""
SPREAD = 3.0
"""Standard deviation of the logits; the true class stands out by up to twice that."""
REPEATS = {"cpu": 3, "cuda": 9}
COPY_BYTES = 1 << 30
SIX = ("baseline", "pa", "hard-poe", "softmax-poe", "moe", "ca")
"""The predictors whose traces are timed together."""
QUICK = 0.005
"""Seconds: metrics and numbers that take less are told together in the table."""
REFERENCE_SAMPLES = 2000
"""So many samples the reference path is timed on; its seconds are scaled to all."""


def add_parser(subparsers) -> None:
    """Put `bench` and its options on the command line."""
    parser = subparsers.add_parser(
        "bench",
        help="time the computation of traces, metrics and policies",
        description="Time traces of seeded synthetic logits, and on the CPU every metric (under PA) and policy (under "
        "the baseline) on them, on all exits and samples, each done anew. There the measure is a bare pass over them "
        "(float32, softmax, maximum, into buffers that are kept); on a CUDA device the bandwidth of copying memory "
        "there, read and written bytes together.",
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
    """Seconds of the bare pass, the traces, the reference path, every metric and policy; ratios; the traces' memory."""
    import numpy as np
    import torch

    from analysis.commands.bench.numbers import comparisons_of, in_memory, metrics_of, numbers_of, policies_of
    from analysis.predictors import resolve
    from analysis.runtime.hardware import processor_name
    from analysis.runtime.threads import n_workers
    from analysis.storage.synthetic import synthetic_labels, synthetic_logits
    from analysis.traces import trace_logits, trace_together
    from analysis.traces.compiled import fused_requests
    from analysis.traces.compiled.chunk import METHODS
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
    for name in METHODS:
        add(f"traces, {name}", seconds(lambda name=name: trace_logits(logits, labels, name), 1))
    together = {"baseline and pa": ("baseline", "pa"), "all six": SIX}
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
    traces = trace_together(logits, labels, {"baseline": {}, "pa": {}})
    baseline, corrected = (in_memory(of, name) for name, of in traces.items())

    def by_the_public_loop() -> None:
        decrease_by_loops(corrected.traces.true_class_prob)

    works = metrics_of(corrected.traces) | numbers_of(corrected) | comparisons_of(baseline, corrected)
    for name, work in (works | policies_of(baseline)).items():
        add(name, seconds(work, REPEATS["cpu"]))
        if name == "metric, largest fall":
            add("the same by the public loop over pairs", seconds(by_the_public_loop, 1))
    return {
        "device": "cpu",
        "processor": processor_name(),
        "threads": n_workers(),
        "compiled": compiled,
        "logits_bytes": logits.nbytes,
        "peak_private_bytes": peak_growth(lambda: trace_together(logits, labels, {name: {} for name in SIX})),
        "passes": passes,
    }


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

    undecided = 0
    for name, given in fused_requests(logits, settings).items():
        add(f"kernel, {name}", seconds_on_cuda(lambda n=name, g=given: launch(logits, on_device, n, g), repeats))
        undecided += int((launch(logits, on_device, name, given).flags > 0).sum())
    chosen = {"baseline": ("baseline",), "pa": ("pa",), "baseline and pa": ("baseline", "pa")}
    for title, names in chosen.items():
        requests = {name: settings[name] for name in names}
        add(f"traces on the host, {title}", seconds(lambda r=requests: trace_tensor(logits, labels, r), 3))
    in_host_memory = logits.cpu()
    add(
        "traces of uploaded logits, baseline and pa",
        seconds(lambda: trace_uploaded(in_host_memory, labels, settings), 3),
    )
    return {
        "device": torch.cuda.get_device_name(),
        "logits_bytes": logits.nbytes,
        "copy_bytes_per_second": bandwidth,
        "left_to_the_reference_path": undecided,
        "passes": passes,
    }


def _is_quick(row: dict[str, object]) -> bool:
    return row["pass"].startswith(("metric, ", "results, ", "difference, ")) and row["seconds"] < QUICK


def as_text(measured: dict[str, object], shape: tuple[int, int, int]) -> str:
    """The measurements as a table, in which quick metrics and numbers are one line."""
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
    told = [row for row in measured["passes"] if not _is_quick(row)]
    if quick := [row for row in measured["passes"] if _is_quick(row)]:
        told.append(
            max(quick, key=lambda row: row["seconds"]) | {"pass": f"{len(quick)} other metrics and numbers, each"}
        )
    for row in told:
        line = f"{row['pass']:<48}{row['seconds'] * 1000:>12,.3f} ms"
        if "share_of_copy" in row:
            line += f"{row['bytes_per_second'] / 1e9:>10,.1f} GB/s{row['share_of_copy']:>8.1%} of a copy"
        else:
            times = row["times_the_bare_pass"]
            line += f"{times:>10,.{1 if times >= 1 else 3}f} x the bare pass"
        lines.append(line)
    return "\n".join(lines)


def run(args: argparse.Namespace) -> None:
    """Time what is computed of synthetic logits and print what was measured.

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
