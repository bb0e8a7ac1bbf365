"""Traces of logits on a CUDA device: the fused kernel where it applies, else the reference path on that device.

Imports torch; Triton when the kernel is called. Without Triton everything takes the reference path.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Iterator, Mapping

import numpy as np
import torch
from torch import Tensor

from analysis.metrics.decrease import Fall
from analysis.predictors import check_logits
from analysis.traces.compiled import Reduced, Requests
from analysis.traces.compute import as_traces, empty_columns, reference_chunk, write_into
from analysis.traces.cuda_columns import FLOAT_COLUMNS, INTEGER_COLUMNS, INVALID, FusedColumns
from analysis.traces.cuda_launch import is_fused, launch
from analysis.traces.table import FALLS, Traces, as_stored

REFERENCE_BYTES = 256 << 20
"""Float64 probabilities per chunk of the reference path; some ten times that is in use at once."""
UPLOAD_BYTES = 64 << 20
"""Logits per chunk that is uploaded, of which two are under way."""


def fused_requests(logits: Tensor, requests: Requests) -> Requests:
    """The requests that the kernel computes; none without Triton."""
    if importlib.util.find_spec("triton") is None:
        return {}
    return {name: given for name, given in requests.items() if is_fused(logits.shape, logits.dtype, name, given)}


def reference(
    logits: Tensor, labels: Tensor, name: str, settings: Mapping[str, object], first: int, total: int
) -> Reduced:
    """The reference path on the logits' device, in chunks of bounded memory."""
    n_exits, n_samples, n_classes = logits.shape
    step = max(1, REFERENCE_BYTES // (8 * n_exits * n_classes))
    whole = empty_columns(n_exits, n_samples)
    for start in range(0, n_samples, step):
        here = slice(start, min(start + step, n_samples))
        write_into(whole, reference_chunk(logits[:, here], labels[here], name, settings, first + start, total), here)
    return whole


def refuse_invalid(logits: Tensor, flags: np.ndarray, first: int, total: int) -> None:
    """Raise the reference's error for the first sample that the kernel found invalid."""
    invalid = np.flatnonzero(flags & INVALID)
    if len(invalid):
        check_logits(logits[:, invalid[0] : invalid[0] + 1], first + int(invalid[0]), total)


def collect(
    written: FusedColumns,
    logits: Tensor,
    labels: Tensor,
    name: str,
    settings: Mapping[str, object],
    first: int,
    total: int,
) -> Reduced:
    """What the kernel wrote, on the host; the samples that it left undecided by the reference path."""
    flags = written.flags.cpu().numpy()
    refuse_invalid(logits, flags, first, total)
    floats, integers = written.floats.cpu().numpy(), written.integers.cpu().numpy()
    fall_sizes, fall_exits = written.fall_sizes.cpu().numpy(), written.fall_exits.cpu().numpy().astype(np.int16)
    known = labels.cpu().numpy()
    columns = dict(zip(FLOAT_COLUMNS, floats)) | dict(zip(INTEGER_COLUMNS, integers))
    columns["collapsed"] = columns["collapsed"].astype(bool)
    columns["correct"] = (columns["predicted"] == known) & (known >= 0)
    falls = {key: as_stored(Fall(fall_sizes[i], *fall_exits[2 * i : 2 * i + 2])) for i, key in enumerate(FALLS)}
    undecided = np.flatnonzero(flags)
    if len(undecided):
        at = torch.from_numpy(undecided).to(logits.device)
        write_into((columns, falls), reference(logits[:, at], labels[at], name, settings, 0, total), undecided)
    return columns, falls


def reduce_tensor(
    logits: Tensor, labels: Tensor, requests: Requests, first: int, total: int
) -> Iterator[dict[str, Reduced]]:
    """Start the kernel for each predictor that it computes at the first step, and give all results at the second."""
    logits = logits.detach()
    written = {name: launch(logits, labels, name, given) for name, given in fused_requests(logits, requests).items()}
    yield {}
    yield {
        name: collect(written[name], logits, labels, name, given, first, total)
        if name in written
        else reference(logits, labels, name, given, first, total)
        for name, given in requests.items()
    }


def trace_tensor(logits: Tensor, labels: np.ndarray, requests: Requests) -> dict[str, Traces]:
    """The traces of logits on a device under one or more predictors.

    Parameters
    ----------
    logits
        (exits, samples, classes), real.
    labels
        int64 (samples,) in [-1, classes); -1 where unknown.
    requests
        Predictor id -> resolved settings.

    Raises
    ------
    ValueError
        NaN, +inf or a row of only -inf, with exit and sample.
    """
    started = reduce_tensor(logits, torch.tensor(labels, device=logits.device), requests, 0, logits.shape[1])
    next(started)
    return {name: as_traces(reduced, labels, logits.shape[2]) for name, reduced in next(started).items()}


def trace_uploaded(
    logits: Tensor, labels: np.ndarray, requests: Requests, device: str | torch.device = "cuda", step: int | None = None
) -> dict[str, Traces]:
    """As `trace_tensor`, for logits in host memory: while the device works on a chunk of samples, the next is uploaded.

    Parameters
    ----------
    logits
        (exits, samples, classes) on the CPU. Each chunk is copied into pinned memory first.
    labels, requests
        As in `trace_tensor`.
    device
        A CUDA device.
    step
        Samples per chunk; by default as many as fill `UPLOAD_BYTES`.
    """
    n_exits, n_samples, n_classes = logits.shape
    step = max(1, min(n_samples, step or UPLOAD_BYTES // (logits.element_size() * n_exits * n_classes)))
    whole = {name: empty_columns(n_exits, n_samples) for name in requests}
    copying, computing = torch.cuda.Stream(device), torch.cuda.current_stream(device)
    pinned = [torch.empty((n_exits, step, n_classes), dtype=logits.dtype, pin_memory=True) for _ in range(2)]
    buffers = [torch.empty_like(part, device=device) for part in pinned]
    copying.wait_stream(computing)  # the memory of these buffers may still be in use there
    uploaded = [torch.cuda.Event() for _ in range(2)]
    on_device = torch.tensor(labels, device=device)
    pending = None

    def finish(here: slice, started: Iterator[dict[str, Reduced]]) -> None:
        for name, reduced in next(started).items():
            write_into(whole[name], reduced, here)

    for number, start in enumerate(range(0, n_samples, step)):
        here, side = slice(start, min(start + step, n_samples)), number % 2
        uploaded[side].synchronize()  # the chunk before the last has left this pinned buffer
        pinned[side][:, : here.stop - start].copy_(logits[:, here])
        # The chunk before the last has been collected, so nothing reads this buffer any more.
        with torch.cuda.stream(copying):
            buffers[side].copy_(pinned[side], non_blocking=True)
            uploaded[side].record(copying)
        if pending is not None:
            finish(*pending)
        computing.wait_event(uploaded[side])
        chunk = buffers[side][:, : here.stop - start]
        pending = here, reduce_tensor(chunk, on_device[here], requests, start, n_samples)
        next(pending[1])
    if pending is not None:
        finish(*pending)
    return {name: as_traces(reduced, labels, n_classes) for name, reduced in whole.items()}
