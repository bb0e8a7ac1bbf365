"""A chunk of logits -> the columns of traces under one or more predictors, by the kernel. Imports numba when called."""

from __future__ import annotations

import contextlib
import functools
import logging
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

import numpy as np

from analysis.metrics.decrease import Fall
from analysis.predictors import check_logits
from analysis.predictors.bounds import in_type_of
from analysis.predictors.checks import check_shape, check_type
from analysis.predictors.weights import ensemble_weights, exit_weights
from analysis.traces.cuda_columns import FLOAT_COLUMNS, INTEGER_COLUMNS
from analysis.traces.table import FALLS, as_stored

if TYPE_CHECKING:
    from torch import Tensor

log = logging.getLogger(__name__)
METHODS = (
    *("baseline", "pa", "hard-poe", "softmax-poe", "moe", "ca"),
    *("adaptive-pa", "exit-ensemble", "agreement-vote"),
)
ACTIVATIONS = ("softmax", "relu", "heaviside", "softplus")
FALLBACKS = ("softmax", "previous", "none")
"""In the order of the kernel's numbers for them."""
TYPES = {"float16": 0, "float32": 1, "float64": 2}
Requests = Mapping[str, Mapping[str, object]]
"""Predictor id -> resolved settings."""
Reduced = tuple[dict[str, np.ndarray], dict[tuple[str, str], Fall]]
"""Columns and falls of some samples."""


@functools.cache
def kernel_or_none() -> Callable | None:
    """The compiled kernel; None, with a note, where numba is missing or fails."""
    try:
        from analysis.traces.compiled.kernel import trace_kernel

        return trace_kernel()
    except Exception as error:  # numba's compiler raises whatever it meets
        reason = str(error).strip().partition("\n")[0] or type(error).__name__
        log.warning("numba cannot be used here (%s): traces are computed by torch, many times slower", reason)
        return None


def kernel_at_hand() -> bool:
    """Whether the kernel is loaded, or can be without seconds of compiling."""
    if kernel_or_none.cache_info().currsize == 0:
        with contextlib.suppress(Exception):  # as above; whoever needs the kernel is told
            from analysis.traces.compiled.compiler import is_kept

            return is_kept() and kernel_or_none() is not None
        return False
    return kernel_or_none() is not None


def fused_requests(requests: Requests) -> Requests:
    """Those of the requests that the kernel computes: the table's predictors, with all settings; none without numba."""
    wanted = {name: settings for name, settings in requests.items() if name in METHODS}
    return wanted if wanted and kernel_or_none() is not None else {}


def as_rows(logits) -> np.ndarray:
    """The logits of a chunk as an array of a type the kernel reads, the classes of a row side by side."""
    if hasattr(logits, "detach"):
        logits = logits.detach().cpu()
        logits = (logits.float() if "bfloat16" in str(logits.dtype) else logits).numpy()
    logits = np.asarray(logits)
    if logits.dtype.name not in TYPES:
        logits = logits.astype(np.float64)
    if logits.strides[2] != logits.itemsize or min(logits.strides[:2]) < 0:
        logits = np.ascontiguousarray(logits)
    return logits


def encode(predictor_id: str, settings: Mapping[str, object]) -> tuple[list[int], list[float]]:
    """A predictor's settings as the kernel's `choices` and `numbers`."""
    relative = settings.get("relative_threshold")
    threshold = relative if relative is not None else settings.get("threshold")
    threshold = -np.inf if threshold is None else threshold
    cap = settings.get("cap")
    choices = [
        METHODS.index(predictor_id),
        ACTIVATIONS.index(settings.get("activation", "relu" if predictor_id == "adaptive-pa" else "softmax")),
        FALLBACKS.index(settings.get("fallback", "softmax")),
        int(settings.get("combine") == "mean"),
        int(relative is not None),
        int(settings.get("threshold_mode") == "clamp"),
    ]
    others = (settings.get(name, 1.0) for name in ("temperature", "mass", "power"))
    return choices, [threshold, np.inf if cap is None else cap, *others]


def weights_of(predictor_id: str, settings: Mapping[str, object], n_exits: int) -> np.ndarray:
    """What the exits so far weigh at each exit, (exits, exits): an ensemble's shares, else the exit's own power."""
    if predictor_id == "exit-ensemble":
        return np.array(ensemble_weights(settings["weights"], n_exits))
    return np.diag(exit_weights(settings.get("weights", "uniform"), n_exits))


def run_kernel(logits: np.ndarray, labels: np.ndarray, requests: Requests, dtype: object) -> tuple[np.ndarray, ...]:
    """The kernel's arrays for a chunk: real columns in float64, integer columns, sizes and exits of falls, flags."""
    n_exits, n_samples, n_classes = logits.shape
    typed = {name: in_type_of(dtype, dict(settings)) for name, settings in requests.items()}
    encoded = [encode(name, settings) for name, settings in typed.items()]
    weights = [weights_of(name, settings, n_exits) for name, settings in typed.items()]
    written = (
        np.empty((len(typed), len(FLOAT_COLUMNS), n_exits, n_samples)),
        np.empty((len(typed), len(INTEGER_COLUMNS), n_exits, n_samples), np.int32),
        np.empty((len(typed), len(FALLS), n_samples)),
        np.empty((len(typed), 2 * len(FALLS), n_samples), np.int16),
        np.empty(n_samples, np.int32),
    )
    kernel_or_none()(
        logits.ctypes.data,
        TYPES[logits.dtype.name],
        *logits.strides[:2],
        np.array(labels, np.int64),
        np.array([choices for choices, _ in encoded], np.int64),
        np.array([numbers for _, numbers in encoded], np.float64),
        np.array(weights, np.float64),
        n_classes,
        *written,
    )
    return written


def reduced(floats: np.ndarray, integers: np.ndarray, sizes: np.ndarray, exits: np.ndarray, labels) -> Reduced:
    """One predictor's part of the kernel's arrays as columns and falls."""
    columns = dict(zip(FLOAT_COLUMNS, floats)) | dict(zip(INTEGER_COLUMNS, integers))
    logs = columns["log_true_class_prob"]
    lowest = np.finfo(np.float32).min
    columns["log_true_class_prob"] = np.where(np.isneginf(logs), logs, np.maximum(logs, lowest))
    columns |= {name: columns[name].astype(np.float32) for name in FLOAT_COLUMNS}
    columns["collapsed"] = columns["collapsed"].astype(bool)
    columns["correct"] = (columns["predicted"] == labels) & (labels >= 0)
    falls = {key: as_stored(Fall(sizes[i], *exits[2 * i : 2 * i + 2])) for i, key in enumerate(FALLS)}
    return columns, falls


def fused_chunk(
    logits: np.ndarray | Tensor, labels: np.ndarray, requests: Requests, first_sample: int = 0, total: int | None = None
) -> tuple[dict[str, Reduced], np.ndarray]:
    """The columns and falls of a chunk under one or more predictors, in one visit of each logit.

    Parameters
    ----------
    logits
        Array or CPU tensor (exits, samples, classes) of any real type.
    labels
        int64 (samples,); -1 where unknown.
    requests
        Predictor id -> resolved settings, as `fused_requests` gives them.
    first_sample, total
        Where these samples stand in their run; only messages mention it.

    Returns
    -------
    dict, array
        Predictor id -> (columns, falls); and the positions of samples whose mixture is too small for
        the kernel, which are left to the reference path.

    Raises
    ------
    ValueError
        NaN, +inf or a row of only -inf, with exit and sample.
    """
    check_type(logits)
    check_shape(tuple(logits.shape))
    given = as_rows(logits)
    *written, flags = run_kernel(given, labels, requests, logits.dtype)
    if (flags & 1).any():
        check_logits(given, first_sample, total)
    columns = {name: reduced(*(part[slot] for part in written), labels) for slot, name in enumerate(requests)}
    return columns, np.flatnonzero(flags)
