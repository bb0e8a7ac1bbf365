"""Which predictors and settings the fused kernel computes, and its launch. Imports torch; Triton when launched."""

from __future__ import annotations

import math
from collections.abc import Mapping

import torch
from torch import Tensor

from analysis.predictors.bounds import in_type_of
from analysis.predictors.weights import exit_weights
from analysis.traces.cuda_columns import FLOAT_COLUMNS, INTEGER_COLUMNS, FusedColumns
from analysis.traces.table import FALLS
from analysis.traces.ties import TIE

LOG2_E = math.log2(math.e)
LARGEST_BLOCK = 4096
"""Classes, rounded up to a power of two, that a program holds in registers."""
MOST_EXITS = 32
LARGEST_POWER = 8.0
"""Sum of weights / T up to which float32 logarithms give probabilities to 1e-6."""
LARGEST_LOG2 = {torch.float16: 24.0, torch.bfloat16: 128.0, torch.float32: 128.0}
"""Of a factor of the product, by the type of the logits."""


def product_powers(settings: Mapping[str, object], n_exits: int) -> list[float]:
    """The power of each exit's activations in the product: its weight divided by the temperature."""
    return [weight / settings["temperature"] for weight in exit_weights(settings["weights"], n_exits)]


def is_fused(shape: tuple[int, ...], dtype: torch.dtype, predictor_id: str, settings: Mapping[str, object]) -> bool:
    """Whether the kernel computes a predictor with these resolved settings on logits of that shape and type."""
    n_exits, n_samples, n_classes = shape
    if dtype not in LARGEST_LOG2 or n_samples == 0:
        return False
    if not (2 <= n_exits <= MOST_EXITS and 2 <= n_classes <= LARGEST_BLOCK):
        return False
    if predictor_id == "baseline":
        return settings["activation"] == "softmax" and 1e-3 <= settings["temperature"] <= 1e3
    if predictor_id != "pa" or settings["activation"] != "relu" or settings["fallback"] != "softmax":
        return False
    powers = product_powers(settings, n_exits)
    return settings["relative_threshold"] is None and powers[0] >= 1e-3 and sum(powers) <= LARGEST_POWER


def launch(
    logits: Tensor, labels: Tensor, predictor_id: str, settings: Mapping[str, object], **options: int
) -> FusedColumns:
    """Run the kernel for one predictor on tensors of one device.

    Parameters
    ----------
    logits
        (exits, samples, classes), classes contiguous; float16, bfloat16 or float32.
    labels
        int64 (samples,); -1 where unknown.
    predictor_id, settings
        Resolved settings for which `is_fused` holds.
    options
        Of Triton's compiler: `num_warps`, by default so many that a thread's registers hold what it keeps of 32
        classes; `maxnreg`.
    """
    import triton

    from analysis.traces.cuda_kernel import trace_kernel

    n_exits, n_samples, n_classes = logits.shape
    if logits.stride(-1) != 1:
        logits = logits.contiguous()
    device, is_product = logits.device, predictor_id == "pa"
    settings = in_type_of(logits.dtype, dict(settings)) if is_product else settings
    temperature = 1.0 if is_product else settings["temperature"]
    powers = product_powers(settings, n_exits) if is_product else [0.0] * n_exits
    threshold, cap = (settings["threshold"], settings["cap"]) if is_product else (None, None)
    narrow = logits.dtype == torch.float16
    columns = FusedColumns(
        torch.empty((len(FLOAT_COLUMNS), n_exits, n_samples), dtype=torch.float32, device=device),
        torch.empty((len(INTEGER_COLUMNS), n_exits, n_samples), dtype=torch.int32, device=device),
        torch.empty((len(FALLS), n_samples), dtype=torch.float64, device=device),
        torch.empty((2 * len(FALLS), n_samples), dtype=torch.int32, device=device),
        torch.empty(n_samples, dtype=torch.int32, device=device),
    )
    block = max(32, triton.next_power_of_2(n_classes))
    options = {"num_warps": max(1, block // 1024)} | options
    trace_kernel[(n_samples,)](
        logits, labels,
        torch.tensor([LOG2_E / temperature, *powers], dtype=torch.float64, device=device),
        columns.floats, columns.integers, columns.fall_sizes, columns.fall_exits, columns.flags,
        n_exits, n_samples, n_classes, logits.stride(0), logits.stride(1),
        float(threshold or 0.0), float(cap or 0.0),
        # float16 logits never differ by as little as ties do; others are looked at where they might.
        0.0 if narrow else 2 * temperature * TIE,
        LARGEST_LOG2[logits.dtype] * 2.0**-20.5,
        PRODUCT=is_product, HAS_THRESHOLD=threshold is not None,
        ZERO=is_product and settings["threshold_mode"] == "zero", HAS_CAP=cap is not None,
        EXITS=max(2, triton.next_power_of_2(n_exits)), BLOCK=block,
        ALIGNED=math.gcd(16, n_classes, logits.stride(0), logits.stride(1)), SUBNORMALS=not narrow,
        INTERPRETED=not isinstance(trace_kernel, triton.JITFunction), **options,
    )  # fmt: skip
    return columns
