"""Arrays of any real type as float16 or float32 chunks, bfloat16 included, which NumPy does not know. Imports numpy."""

from __future__ import annotations

import numpy as np

BFLOAT16 = np.dtype([("bfloat16", "<u2")])
"""How a bfloat16 array is held until a chunk of it is read: its bits, in a field that says what they are."""


def is_real(dtype: np.dtype) -> bool:
    """Whether an array of this type holds real numbers."""
    return dtype == BFLOAT16 or dtype.kind in "fiub"


def as_floats(values: np.ndarray) -> np.ndarray:
    """The numbers of a bfloat16 array as float32; any other array as it is."""
    if values.dtype != BFLOAT16:
        return values
    return (np.ascontiguousarray(values)["bfloat16"].astype("<u4") << 16).view("<f4")
