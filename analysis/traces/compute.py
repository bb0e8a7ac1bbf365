"""Logits -> traces: the predictor on one chunk of samples at a time, then reductions over the classes.

torch does both, imported when something is computed. Memory is bounded by the chunk, whatever the run's size.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

import numpy as np

from analysis.metrics.decrease import Fall, largest_fall
from analysis.predictors import find_predictor, resolve
from analysis.run import Run
from analysis.runtime.threads import map_chunks
from analysis.traces.table import DTYPES, KINDS, PER_EXIT, Traces, falls_of_columns

if TYPE_CHECKING:
    from torch import Tensor

CHUNK_BYTES = 2 << 20
"""Float64 probabilities per chunk: measured with predictor and reductions, 50 MB at most per chunk in flight."""
TIE_GRID = 2.0**36
"""Log-probabilities that agree to 1.5e-11 are ties: a product of the same factors in another order differs by 1e-15."""


def chunk_samples(n_exits: int, n_classes: int) -> int:
    """Samples per chunk, at least 1."""
    return max(1, CHUNK_BYTES // (8 * n_exits * n_classes))


def numpy32(values: Tensor) -> np.ndarray:
    """A tensor as a float32 array."""
    return values.float().cpu().numpy()


def gather(values: Tensor, classes: Tensor) -> Tensor:
    """values[m, s, classes[m, s]] as (exits, samples)."""
    return values.gather(-1, classes.expand(values.shape[:2])[..., None])[..., 0]


def likeliest(keys: Tensor, probs: Tensor) -> dict[str, Tensor]:
    """Predicted class, its probability and the margin to the second; class -1 and 0 where a row is all zero."""
    import torch

    top = keys.max(-1)  # of several maxima, torch returns the first: the lowest class index
    shown = top.values > -torch.inf
    max_prob = gather(probs, top.indices)
    second = probs.scatter(-1, top.indices[..., None], 0).amax(-1)
    return {
        "predicted": torch.where(shown, top.indices, -1).int(),
        "max_prob": max_prob,
        "margin": max_prob - second,
    }


def true_class(log_probs: Tensor, keys: Tensor, predicted: Tensor, labels: Tensor) -> dict[str, Tensor]:
    """Log-probability and rank of the true class, and whether it is predicted."""
    import torch

    known = labels >= 0
    classes = labels.clamp_min(0)
    log_prob = gather(log_probs, classes)
    key = gather(keys, classes)[..., None]
    above = (keys > key).sum(-1)
    lower = torch.arange(keys.shape[-1], device=keys.device) < classes[:, None]  # (samples, classes)
    rank = 1 + above + ((keys == key) & lower).sum(-1)
    rank = torch.where(torch.isneginf(log_prob), keys.shape[-1] + 1, rank)
    in_float32 = log_prob.clamp_min(torch.finfo(torch.float32).min).masked_fill(torch.isneginf(log_prob), -torch.inf)
    return {
        "log_true_class_prob": in_float32.masked_fill(~known, torch.nan),
        "true_class_prob": log_prob.exp().masked_fill(~known, torch.nan),
        "rank": torch.where(known, rank, 0).int(),
        "correct": (predicted == labels) & known,
    }


def falls_of_any_class(probs: Tensor) -> dict[tuple[str, str], Fall]:
    """The largest fall over the classes of float32 probabilities (exits, samples, classes).

    The class that falls furthest is found from every class's lowest later value; its trajectory gives size and exits.
    """
    import torch

    lowest = probs[-1].clone()
    furthest = {kind: torch.zeros_like(lowest, dtype=torch.float64) for kind in KINDS}
    for exit_index in reversed(range(len(probs) - 1)):
        start = probs[exit_index].double()
        drop = start - lowest
        torch.maximum(furthest["absolute"], drop, out=furthest["absolute"])
        torch.maximum(furthest["relative"], drop / start.clamp_min(1e-300), out=furthest["relative"])  # 0 / 1e-300 is 0
        torch.minimum(lowest, probs[exit_index], out=lowest)
    falls = {}
    for kind, drops in furthest.items():
        trajectory = gather(probs, drops.argmax(-1)).cpu().numpy()
        falls["any_class", kind] = largest_fall(trajectory, relative=kind == "relative")
    return falls


def reduce_chunk(log_probs: Tensor, collapsed: Tensor, labels: Tensor) -> tuple[dict[str, np.ndarray], dict]:
    """The columns of `Traces` and the falls of any class, for one chunk.

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
    keys = (log_probs * TIE_GRID).round_()
    columns = likeliest(keys, probs)
    columns |= true_class(log_probs, keys, columns["predicted"], labels)
    final = columns["predicted"][-1].long()
    columns["final_prediction_prob"] = gather(probs, final.clamp_min(0)).masked_fill(final < 0, 0)
    columns["sum_squared"] = probs.square().sum(-1)
    entropy = -(probs * log_probs.clamp_min(-1e300)).sum(-1)  # 0 * -1e300 is 0
    columns["entropy"] = entropy.clamp_min(0) + 0.0  # + 0.0 turns -0 into 0
    columns["support"] = (log_probs > -float("inf")).sum(-1).masked_fill(collapsed, 0).int()
    columns["collapsed"] = collapsed
    arrays = {
        name: numpy32(values) if values.is_floating_point() else values.cpu().numpy()
        for name, values in columns.items()
    }
    return arrays, falls_of_any_class(probs.float())


def empty_columns(n_exits: int, n_samples: int) -> tuple[dict[str, np.ndarray], dict[tuple[str, str], Fall]]:
    """Arrays for the columns and for the falls of any class, of a whole run.

    Allocated first and filled by chunks: small results kept between the large arrays of the chunks would keep their
    freed memory from being reused (measured: 1 GB instead of 0.2 for 50,000 samples).
    """
    columns = {name: np.empty((n_exits, n_samples), DTYPES.get(name, np.float32)) for name in PER_EXIT}
    falls = {
        ("any_class", kind): Fall(np.empty(n_samples, np.float32), *(np.empty(n_samples, np.int16) for _ in range(2)))
        for kind in KINDS
    }
    return columns, falls


def trace_chunks(
    read: Callable[[int, int], np.ndarray],
    shape: tuple[int, int, int],
    labels: np.ndarray,
    predictor_id: str,
    settings: Mapping[str, object],
    progress: Callable[[int], None] | None,
) -> Traces:
    """The traces of a predictor, chunk by chunk, several at a time where the predictor allows it.

    Parameters
    ----------
    read : start and stop to logits (exits, samples, classes)
    shape : exits, samples and classes of all
    labels : int64 (samples,), -1 where unknown
    settings : resolved ones
    progress : told the number of samples of each chunk that is done
    """
    n_exits, n_samples, n_classes = shape
    step = chunk_samples(n_exits, n_classes)
    predictor = find_predictor(predictor_id)
    columns, falls = empty_columns(n_exits, n_samples)

    def trace_chunk(start: int) -> int:
        import torch

        from analysis.predictors.apply import apply_predictor

        here = slice(start, min(start + step, n_samples))
        logits = read(here.start, here.stop)
        prediction = apply_predictor(predictor, logits, dict(settings), start, n_samples)
        chunk_labels = torch.tensor(labels[here], device=prediction.log_probs.device)
        arrays, any_class = reduce_chunk(prediction.log_probs, prediction.collapsed, chunk_labels)
        for name, values in arrays.items():
            columns[name][:, here] = values
        for key, fall in any_class.items():
            for whole, part in zip(falls[key], fall):
                whole[here] = part
        return here.stop - here.start

    starts = list(range(0, n_samples, step))
    # Someone's own function may not expect to be called by two threads at once.
    for done in map(trace_chunk, starts) if predictor.path else map_chunks(trace_chunk, starts):
        if progress is not None:
            progress(done)
    falls |= falls_of_columns(columns["true_class_prob"], columns["final_prediction_prob"])
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
    return trace_chunks(run.logits.read, run.logits.shape, run.labels, predictor_id, resolved, progress)
