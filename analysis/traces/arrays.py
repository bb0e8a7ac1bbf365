"""Traces of logits that are no run: an array in memory, or a tensor on a CUDA device. For notebooks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from analysis.predictors import resolve
from analysis.traces.compute import trace_chunks
from analysis.traces.table import Traces

if TYPE_CHECKING:
    from torch import Tensor


def trace_logits(
    logits: np.ndarray | Tensor,
    labels: Sequence[int] | np.ndarray | Tensor | None = None,
    predictor_id: str = "pa",
    **settings: object,
) -> Traces:
    """The traces of an array of logits (exits, samples, classes), for notebooks.

    Parameters
    ----------
    logits
        Any float dtype; -inf is a class of probability 0. A tensor on a CUDA device is traced there.
    labels
        One class per sample, wherever they lie; None or -1 where unknown.
    predictor_id, settings
        As in `PREDICTORS`.

    Raises
    ------
    ValueError
        NaN or +inf logits, with exit and sample; unknown settings; labels that do not fit.
    """
    return trace_together(logits, labels, {predictor_id: settings})[predictor_id]


def trace_together(
    logits: np.ndarray | Tensor,
    labels: Sequence[int] | np.ndarray | Tensor | None,
    predictors: Mapping[str, Mapping[str, object]],
) -> dict[str, Traces]:
    """The traces of an array of logits under several predictors, in one pass over them.

    Parameters
    ----------
    logits, labels
        As in `trace_logits`.
    predictors
        Predictor id -> what differs from its default settings.

    Raises
    ------
    ValueError
        As `trace_logits`.
    """
    n_exits, n_samples, n_classes = logits.shape
    if hasattr(labels, "cpu"):
        labels = labels.cpu()
    labels = np.full(n_samples, -1, np.int64) if labels is None else np.array(labels, np.int64)
    if labels.shape != (n_samples,) or not ((labels >= -1) & (labels < n_classes)).all():
        raise ValueError(
            f"labels must be {n_samples} classes from 0 to {n_classes - 1} (-1: unknown), not {labels.shape[0]} "
            f"from {labels.min(initial=0)} to {labels.max(initial=0)}"
        )
    requests = {name: resolve(name, settings, n_exits=n_exits) for name, settings in predictors.items()}
    if getattr(logits, "is_cuda", False):
        from analysis.traces.on_device import trace_tensor

        return trace_tensor(logits, labels, requests)
    return trace_chunks(lambda a, b: logits[:, a:b], logits.shape, labels, requests, None)
