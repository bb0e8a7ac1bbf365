"""What predictors refuse: NaN, +inf and empty rows among the logits, and what is no probability among results.

Takes NumPy arrays and torch tensors alike, and imports no torch.
"""

from __future__ import annotations

import numpy as np

SUM_TOLERANCE = {"float16": 1e-2, "bfloat16": 2e-2}
"""How far a row's sum may be from 1, by the type that the probabilities came in; 1e-4 for others."""
LARGEST = 1e300
"""Beyond it, possible in float64 only, sums over exits overflow."""


def row_maxima(values) -> np.ndarray:
    """The largest value of each row, NaN where the row holds one; (exits, samples)."""
    if hasattr(values, "amax"):
        return values.detach().amax(-1).double().cpu().numpy()
    with np.errstate(invalid="ignore"):
        return values.max(axis=-1)


def as_row(values, exit_index: int, sample: int) -> np.ndarray:
    """float64 (classes,) of one exit and sample, of an array or of a tensor on any device."""
    row = values[exit_index, sample]
    return row.detach().double().cpu().numpy() if hasattr(row, "detach") else np.asarray(row, dtype=np.float64)


def place(exit_index: int, sample: int, total: int | None) -> str:
    """Exit and sample, both from 1, for messages; `total` is the number of samples where it is known."""
    return f"exit {exit_index + 1}, sample {sample + 1}" + (f" of {total}" if total is not None else "")


def check_type(logits) -> None:
    """Refuse what is no array or tensor of real numbers.

    Raises
    ------
    ValueError : naming the type that was given
    """
    dtype = getattr(logits, "dtype", None)
    if dtype is None or not any(word in str(dtype) for word in ("float", "int")):
        raise ValueError(f"logits are {dtype or type(logits).__name__}: give an array or tensor of real numbers")


def check_shape(shape: tuple[int, ...], name: str = "logits") -> None:
    """Refuse what is not (exits, samples, classes) with at least one exit and one class."""
    if len(shape) != 3 or shape[0] < 1 or shape[2] < 1:
        raise ValueError(
            f"{name} has shape {tuple(shape)}: give (exits, samples, classes), with at least one exit and class"
        )


def first_bad(bad: np.ndarray) -> tuple[int, int]:
    """The exit and sample of the first bad row, by sample, then exit."""
    sample = int(np.flatnonzero(bad.any(axis=0))[0])
    return int(np.flatnonzero(bad[:, sample])[0]), sample


def check_logits(logits, first_sample: int = 0, total: int | None = None) -> None:
    """Refuse logits that no predictor can use.

    One pass: the largest value of a row is NaN, +inf or -inf exactly where the row holds NaN, holds +inf, or holds only
    -inf. A single -inf is a class of probability 0, and is fine.

    Parameters
    ----------
    logits : array or tensor (exits, samples, classes)
    first_sample : position of the first of these samples in the run, for the message
    total : number of samples in the run, for the message; by default, where these are the first, their number

    Raises
    ------
    ValueError
        Naming the first bad exit and sample, and what to do.
    """
    check_shape(tuple(logits.shape))
    if logits.shape[1] == 0:
        return
    top = row_maxima(logits).astype(np.float64)
    bad = ~(np.abs(top) <= LARGEST)
    if not bad.any():
        return
    exit_index, sample = first_bad(bad)
    row = as_row(logits, exit_index, sample)
    total = logits.shape[1] if total is None and first_sample == 0 else total
    where = f"logits[{exit_index}, {first_sample + sample}]"
    spot = place(exit_index, first_sample + sample, total)
    if np.isnan(row).any():
        raise ValueError(f"{where} holds NaN ({spot}): re-export the run, or drop the sample with --drop-nan")
    if np.isposinf(row).any():
        raise ValueError(f"{where} holds +inf ({spot}): re-export the run in a wider type, or without this sample")
    if not np.isneginf(row).all():
        raise ValueError(
            f"{where} has a largest logit of {row.max():.3g} ({spot}): rescale the logits to below {LARGEST:g}"
        )
    raise ValueError(f"{where} is -inf for every class ({spot}): re-export the run, or without this sample")


def check_probs(probs: np.ndarray, shape: tuple[int, ...], name: str, tolerance: float, first_sample: int = 0) -> None:
    """Refuse what is no distribution over the classes at every exit and sample.

    Parameters
    ----------
    probs : array (exits, samples, classes), float64
    shape : the shape that is expected
    name : what made them, for the message
    tolerance : how far a sum may be from 1
    first_sample : position of the first of these samples in the run, for the message

    Raises
    ------
    ValueError
        Naming the first bad exit and sample and what is wrong there.
    """
    if tuple(probs.shape) != tuple(shape):
        raise ValueError(
            f"{name} returned shape {tuple(probs.shape)} for logits of shape {tuple(shape)}: return the same shape"
        )
    sums = probs.sum(-1)
    bad = ~(np.abs(sums - 1) <= tolerance) | (probs.min(-1) < 0)
    if not bad.any():
        return
    exit_index, sample = first_bad(bad)
    row, spot = probs[exit_index, sample], place(exit_index, first_sample + sample, None)
    if np.isnan(row).any():
        raise ValueError(f"{name} returned NaN at {spot}: return finite probabilities")
    if np.isinf(row).any():
        raise ValueError(f"{name} returned an infinite value at {spot}: return finite probabilities")
    if (row < 0).any():
        raise ValueError(f"{name} returned {row.min():.6g} for a class at {spot}: return probabilities of at least 0")
    raise ValueError(f"{name} returned probabilities that sum to {row.sum():.6g} at {spot}: divide each row by its sum")
