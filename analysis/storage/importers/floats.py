"""Numbers that NumPy has no type for, as float32 chunks: bfloat16, float8, and tensors whose sign is turned when read.

Imports numpy.
"""

from __future__ import annotations

import numpy as np

_FLOAT8 = {
    "float8_e4m3fn": (4, 7),
    "float8_e4m3fnuz": (4, 8),
    "float8_e5m2": (5, 15),
    "float8_e5m2fnuz": (5, 16),
    "float8_e8m0fnu": (8, 127),
}
"""Name, as torch has it -> bits of the exponent, and what is taken off it."""
_NEGATED = "negated "


def _held(name: str, code: str) -> np.dtype:
    return np.dtype([(name, code)])


BFLOAT16 = _held("bfloat16", "<u2")
"""How a bfloat16 array is held until a chunk of it is read: its bits, in a field that says what they are."""
NAMED = {"bfloat16": BFLOAT16, **{name: _held(name, "u1") for name in _FLOAT8}}
"""Every type that is held so, by its name."""


def _float8_values(name: str) -> np.ndarray:
    """What each of the 256 bytes means, float32 (256,): https://github.com/jax-ml/ml_dtypes#specifications."""
    exponent_bits, bias = _FLOAT8[name]
    codes = np.arange(256)
    if name == "float8_e8m0fnu":
        return np.where(codes == 255, np.nan, np.ldexp(1.0, codes - bias)).astype(np.float32)
    bits = 7 - exponent_bits  # of the mantissa
    exponent, mantissa = codes >> bits & (1 << exponent_bits) - 1, codes & (1 << bits) - 1
    normal = np.ldexp(1 + mantissa / (1 << bits), exponent - bias)
    values = np.where(exponent == 0, np.ldexp(mantissa / (1 << bits), 1 - bias), normal)
    values = np.where(codes >> 7, -values, values)
    if name.endswith("uz"):
        values[0x80] = np.nan
    elif name == "float8_e4m3fn":
        values[[0x7F, 0xFF]] = np.nan
    else:  # as IEEE 754 has it
        values[[0x7C, 0xFC]] = np.inf, -np.inf
        values[[*range(0x7D, 0x80), *range(0xFD, 0x100)]] = np.nan
    return values.astype(np.float32)


def is_real(dtype: np.dtype) -> bool:
    """Whether an array of this type holds real numbers."""
    return dtype.kind in "fiub" or _name(dtype) is not None


def _name(dtype: np.dtype) -> str | None:
    """What a type is called here; None for NumPy's own."""
    name = dtype.names[0] if dtype.names and len(dtype.names) == 1 else ""
    held = NAMED.get(name.removeprefix(_NEGATED))
    if held is not None and dtype == _held(name, held[0].str):
        return name
    return name if name.startswith(_NEGATED) and dtype[0].kind in "fi" else None


def negated(values: np.ndarray) -> np.ndarray | None:
    """The array with the other sign, which is turned only when a chunk is read; None where it can have none."""
    name = _name(values.dtype) or values.dtype.name
    if name.startswith(_NEGATED) or values.dtype.kind not in "fiV" or not is_real(values.dtype):
        return None
    inner = values.dtype[0] if values.dtype.names else values.dtype
    return values.view(_held(_NEGATED + name, inner.str))


def as_floats(values: np.ndarray) -> np.ndarray:
    """The numbers of an array of these types as float32, or what is negated in its own type; any other as it is."""
    name = _name(values.dtype)
    if name is None:
        return values
    held, kind = values[name], name.removeprefix(_NEGATED)
    if kind == "bfloat16":
        held = (held.astype("<u4") << 16).view("<f4")
    elif kind in _FLOAT8:
        held = _float8_values(kind)[held]
    return -held if name.startswith(_NEGATED) else held
