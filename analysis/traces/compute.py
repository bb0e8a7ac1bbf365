"""Logits -> traces, one chunk of samples at a time. Memory is bounded by the chunk, whatever the run's size.

The table's predictors are computed by a compiled kernel in one visit of each logit (`analysis.traces.compiled`). The
reference path is what is here: the predictor, then reductions over the classes, by torch, imported when it is called.
It computes anyone's own function, and everything where the kernel cannot be used.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

import numpy as np

from analysis.metrics.decrease import LOWEST_LOG, SAME, Fall
from analysis.predictors import find_predictor, resolve
from analysis.run import Run
from analysis.runtime.threads import map_chunks
from analysis.traces.compiled import Reduced, Requests, fused_chunk, fused_requests
from analysis.traces.table import DTYPES, FALLS, KINDS, PER_EXIT, Traces, falls_of_trajectory
from analysis.traces.ties import TIE

if TYPE_CHECKING:
    from torch import Tensor

CHUNK_BYTES = 2 << 20
"""Float64 probabilities per chunk: measured with predictor and reductions, 50 MB at most per chunk in flight."""
FUSED_CHUNKS = 8
"""So many times as large are the kernel's chunks, which hold no probabilities but logits."""


def chunk_samples(n_exits: int, n_classes: int) -> int:
    """Samples per chunk, at least 1."""
    return max(1, CHUNK_BYTES // (8 * n_exits * n_classes))


def numpy32(values: Tensor) -> np.ndarray:
    """float32 on the host."""
    return values.float().cpu().numpy()


def gather(values: Tensor, classes: Tensor) -> Tensor:
    """values[m, s, classes[m, s]] as (exits, samples)."""
    return values.gather(-1, classes.expand(values.shape[:2])[..., None])[..., 0]


def likeliest(log_probs: Tensor, probs: Tensor) -> dict[str, Tensor]:
    """Predicted class, its probability and the margin to the second; class -1 and 0 where a row is all zero."""
    highest = log_probs.amax(-1, keepdim=True)
    top = (log_probs >= highest - TIE).int().argmax(-1)  # of several maxima, torch returns the first: the lowest class
    max_prob = gather(probs, top)
    second = probs.scatter(-1, top[..., None], 0).amax(-1)
    margin = max_prob - second
    return {
        "predicted": top.masked_fill(highest[..., 0].isneginf(), -1).int(),
        "max_prob": max_prob,
        "margin": margin.masked_fill(margin <= TIE * max_prob, 0),
    }


def true_class(log_probs: Tensor, predicted: Tensor, labels: Tensor) -> dict[str, Tensor]:
    """Log-probability and rank of the true class, and whether it is predicted."""
    import torch

    known = labels >= 0
    classes = labels.clamp_min(0)
    log_prob = gather(log_probs, classes)
    above = (log_probs > log_prob[..., None] + TIE).sum(-1)
    lower = torch.arange(log_probs.shape[-1], device=log_probs.device) < classes[:, None]  # (samples, classes)
    tied = (log_probs - log_prob[..., None]).abs() <= TIE
    rank = (1 + above + (tied & lower).sum(-1)).masked_fill(predicted == classes, 1)
    rank = rank.masked_fill(log_prob.isneginf(), log_probs.shape[-1] + 1)
    in_float32 = log_prob.clamp_min(torch.finfo(torch.float32).min).masked_fill(log_prob.isneginf(), -torch.inf)
    return {
        "log_true_class_prob": in_float32.masked_fill(~known, torch.nan),
        "true_class_prob": log_prob.exp().masked_fill(~known, torch.nan),
        "rank": torch.where(known, rank, 0).int(),
        "correct": (predicted == labels) & known,
    }


def trajectory_that_falls_furthest(log_probs: Tensor, probs: Tensor) -> dict[str, Tensor]:
    """Kind -> the logarithms (exits, samples) of the class whose probability falls furthest, the lowest of equals.

    Found from every class's lowest later value. Falls are as `analysis.metrics.decrease` has them, relative ones as
    differences of logarithms, which are larger where these are.
    """
    import torch

    logs = log_probs.clamp_min(LOWEST_LOG)
    lowest, lowest_log = probs[-1].clone(), logs[-1].clone()
    furthest = {kind: torch.zeros_like(lowest) for kind in KINDS}
    for m in reversed(range(len(probs) - 1)):
        drop = probs[m] - lowest
        torch.maximum(furthest["absolute"], drop.masked_fill_(drop <= SAME * probs[m], 0), out=furthest["absolute"])
        torch.maximum(furthest["relative"], logs[m] - lowest_log, out=furthest["relative"])
        torch.minimum(lowest, probs[m], out=lowest)
        torch.minimum(lowest_log, logs[m], out=lowest_log)
    most = {kind: drops.amax(-1, keepdim=True) for kind, drops in furthest.items()}
    reached = {
        "absolute": most["absolute"] * (1 - SAME),
        "relative": -torch.log1p(torch.expm1(-most["relative"]) * (1 - SAME)),
    }
    return {kind: gather(log_probs, (furthest[kind] >= reached[kind]).int().argmax(-1)) for kind in KINDS}


def reduce_chunk(log_probs: Tensor, collapsed: Tensor, labels: Tensor) -> Reduced:
    """The columns of `Traces` and the falls, for one chunk.

    Parameters
    ----------
    log_probs
        Natural logarithms (exits, samples, classes), float64; -inf for no mass.
    collapsed
        Bool (exits, samples).
    labels
        int64 (samples,); -1 where unknown.
    """
    probs = log_probs.exp()
    columns = likeliest(log_probs, probs)
    columns |= true_class(log_probs, columns["predicted"], labels)
    final = columns["predicted"][-1].long()
    final_log = gather(log_probs, final.clamp_min(0)).masked_fill(final < 0, -float("inf"))
    columns["final_prediction_prob"] = final_log.exp()
    columns["sum_squared"] = probs.square().sum(-1)
    entropy = -(probs * log_probs.clamp_min(-1e300)).sum(-1)  # 0 * -1e300 is 0
    columns["entropy"] = entropy.clamp_min(0) + 0.0  # + 0.0 turns -0 into 0
    columns["support"] = (log_probs > -float("inf")).sum(-1).masked_fill(collapsed, 0).int()
    columns["collapsed"] = collapsed
    arrays = {
        name: numpy32(values) if values.is_floating_point() else values.cpu().numpy()
        for name, values in columns.items()
    }
    true_log = gather(log_probs, labels.clamp_min(0)).masked_fill(labels < 0, float("nan"))
    falls = {
        (of, kind): fall
        for of, logs in (("true_class", true_log), ("final_prediction", final_log))
        for kind, fall in falls_of_trajectory(logs.cpu().numpy()).items()
    }
    for kind, logs in trajectory_that_falls_furthest(log_probs, probs).items():
        falls["any_class", kind] = falls_of_trajectory(logs.cpu().numpy())[kind]
    return arrays, falls


def empty_columns(n_exits: int, n_samples: int) -> Reduced:
    """Arrays for the columns and falls of a whole run.

    Allocated first and filled by chunks: small results kept between the large arrays of the chunks would keep their
    freed memory from being reused (measured: 1 GB instead of 0.2 for 50,000 samples).
    """
    columns = {name: np.empty((n_exits, n_samples), DTYPES.get(name, np.float32)) for name in PER_EXIT}
    falls = {
        key: Fall(np.empty(n_samples, np.float32), *(np.empty(n_samples, np.int16) for _ in range(2))) for key in FALLS
    }
    return columns, falls


def reference_chunk(
    logits: np.ndarray | Tensor,
    labels: np.ndarray,
    predictor_id: str,
    settings: Mapping[str, object],
    first_sample: int = 0,
    total: int | None = None,
) -> Reduced:
    """The columns of some samples and their falls, by torch.

    Parameters
    ----------
    logits
        Of the chunk's samples, (exits, samples, classes), on whatever device: that is where it is computed.
    labels
        int64 (samples,); -1 where unknown.
    predictor_id, settings
        An id, and its resolved settings.
    first_sample, total
        Where the samples stand in their run; only messages mention it.

    Raises
    ------
    ValueError
        NaN, +inf or a row of only -inf, with exit and sample.
    """
    import torch

    from analysis.predictors.apply import apply_predictor

    prediction = apply_predictor(find_predictor(predictor_id), logits, dict(settings), first_sample, total)
    on = prediction.log_probs.device
    known = labels.to(on) if isinstance(labels, torch.Tensor) else torch.tensor(labels, device=on)
    return reduce_chunk(prediction.log_probs, prediction.collapsed, known)


def write_into(whole: Reduced, part: Reduced, where: slice | np.ndarray) -> None:
    """Put the columns of some samples into their places."""
    for name, values in part[0].items():
        whole[0][name][:, where] = values
    for key, fall in part[1].items():
        for array, values in zip(whole[1][key], fall):
            array[where] = values


def trace_chunk(
    logits: np.ndarray | Tensor,
    labels: np.ndarray,
    requests: Requests,
    first_sample: int = 0,
    total: int | None = None,
) -> dict[str, Reduced]:
    """The columns of some samples under one or more predictors: a pure function, which any thread or process can run.

    Parameters
    ----------
    requests
        Predictor id -> resolved settings.
    logits, labels, first_sample, total
        As `reference_chunk`, whose results these are, by the kernel where it can.
    """
    fused = fused_requests(requests)
    found, undecided = fused_chunk(logits, labels, fused, first_sample, total) if fused else ({}, ())
    for name, settings in requests.items():
        if name not in fused:
            found[name] = reference_chunk(logits, labels, name, settings, first_sample, total)
        elif len(undecided):
            write_into(found[name], reference_chunk(logits[:, undecided], labels[undecided], name, settings), undecided)
    return found


def trace_chunks(
    read: Callable[[int, int], np.ndarray],
    shape: tuple[int, int, int],
    labels: np.ndarray,
    requests: Requests,
    progress: Callable[[int], None] | None,
) -> dict[str, Traces]:
    """The pass: read the logits chunk by chunk, trace each in one of a few threads, and collect the columns.

    Parameters
    ----------
    read
        Start and stop -> the logits of these samples, as `Logits.read`; called by several threads at once.
    shape
        Exits, samples, classes.
    requests
        Predictor id -> resolved settings; one pass over the logits for all of them.
    """
    n_exits, n_samples, n_classes = shape
    fused = len(fused_requests(requests)) == len(requests)
    step = chunk_samples(n_exits, n_classes) * (FUSED_CHUNKS if fused else 1)
    whole = {name: empty_columns(n_exits, n_samples) for name in requests}

    def trace(start: int) -> int:
        here = slice(start, min(start + step, n_samples))
        logits = read(here.start, here.stop)
        for name, part in trace_chunk(logits, labels[here], requests, start, n_samples).items():
            write_into(whole[name], part, here)
        return here.stop - here.start

    starts = list(range(0, n_samples, step))
    if any(find_predictor(name).path for name in requests):
        traced = map(trace, starts)  # someone's own function may not expect to be called by two threads at once
    else:
        traced = map_chunks(trace, starts, with_torch=not fused)
    for done in traced:
        if progress is not None:
            progress(done)
    return {name: as_traces(reduced, labels, n_classes) for name, reduced in whole.items()}


def as_traces(reduced: Reduced, labels: np.ndarray, n_classes: int) -> Traces:
    """The traces whose columns are filled."""
    columns, falls = reduced
    return Traces(**columns, labels=labels, falls=falls, n_classes=n_classes)


def compute_traces(
    run: Run,
    predictor_id: str = "pa",
    settings: Mapping[str, object] | None = None,
    *,
    progress: Callable[[int], None] | None = None,
) -> Traces:
    """The traces of all samples of a run, in the run's order, computed anew.

    Parameters
    ----------
    run
        Its logits are read in chunks.
    predictor_id
        An id of `available_predictors()`, or `path/to/file.py:function`.
    settings
        What differs from the predictor's defaults.
    progress
        Told after each chunk how many more samples are done.

    Raises
    ------
    ValueError
        NaN or +inf logits, with exit and sample; settings out of range; a predictor that the run's kind does not allow.
    """
    resolved = resolve(predictor_id, settings or {}, kind=run.kind, n_exits=run.n_exits)
    requests = {predictor_id: resolved}
    return trace_chunks(run.logits.read, run.logits.shape, run.labels, requests, progress)[predictor_id]
