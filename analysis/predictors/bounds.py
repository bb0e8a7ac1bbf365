"""Bounds on logits in the type of the logits. Needs only NumPy."""

from __future__ import annotations

import numpy as np


def in_type_of(dtype: object, settings: dict[str, object]) -> dict[str, object]:
    """Bounds on logits rounded as the logits were: a logit stored as 0.3 lies at the threshold 0.3, not above it.

    float16 and bfloat16 logits count as float32, in which public code evaluates them. A bound beyond its range becomes
    the end of that range, which no logit exceeds.

    Parameters
    ----------
    dtype : NumPy's or torch's type of the logits
    settings : resolved settings
    """
    if "float64" in str(dtype):
        return settings
    bounds = {name: settings[name] for name in ("threshold", "cap") if settings.get(name) is not None}
    limit = np.finfo(np.float32).max
    rounded = {name: float(np.float32(np.clip(value, -limit, limit))) for name, value in bounds.items()}
    if bounds.get("cap", 0) > 0:  # a cap below every float32 still caps: it does not remove every class
        rounded["cap"] = max(rounded["cap"], float(np.nextafter(np.float32(0), np.float32(1))))
    return settings | rounded
