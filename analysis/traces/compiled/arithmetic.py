"""exp, log and the widening of float16, so plain that the compiler takes several classes at once. Imports numba.

exp and log are float64 to the last bit or so: what is compared to 1.5e-11 needs no second look.
"""

from __future__ import annotations

import numpy as np

from analysis.traces.compiled.compiler import AS_WRITTEN, bits_of, compiled, double_of, higher, single_of

LOG2_E = 1.4426950408889634
LN_2_HIGH, LN_2_LOW = 6.93147180369123816490e-01, 1.90821492927058770002e-10
LOWEST = -708.0
"""exp of what is lower is taken to be exp of this, 3e-308: nothing beside a sum of at least 1, 0 in float32."""
TO_BITS = 6755399441055744.0
"""1.5 * 2^52: the last bits of a whole number plus this are the number."""
EXPONENT = 0x4330000000000000
"""The bits of 2^52: with a small number in their last ones, 2^52 and that number."""
HALF_SCALE = np.float32(2.0**112)
SMALLEST_NORMAL = 2.2250738585072014e-308


@compiled(AS_WRITTEN)
def half(raw):
    """The float64 of a float16's bits, infinities and NaN as they are."""
    bits = np.int32(raw)
    size = bits_of(single_of(np.int32((bits & 0x7FFF) << 13)) * HALF_SCALE)
    size |= np.int32(0x7F800000) if (bits & 0x7C00) == 0x7C00 else np.int32(0)
    return np.float64(single_of(np.int32(size | np.int32((bits & 0x8000) << 16))))


@compiled(AS_WRITTEN)
def exp(x):
    """exp(x) for -708 <= x <= 709."""
    n = np.floor(x * LOG2_E + 0.5)
    r = (x - n * LN_2_HIGH) - n * LN_2_LOW
    p = 1 / 479001600
    p = p * r + 1 / 39916800
    p = p * r + 1 / 3628800
    p = p * r + 1 / 362880
    p = p * r + 1 / 40320
    p = p * r + 1 / 5040
    p = p * r + 1 / 720
    p = p * r + 1 / 120
    p = p * r + 1 / 24
    p = p * r + 1 / 6
    p = p * r + 0.5
    p = p * r * r + r + 1.0
    return double_of(bits_of(p) + (bits_of(n + TO_BITS) << 52))


@compiled(AS_WRITTEN)
def log(x):
    """log(x) for finite x >= 0, -inf for 0; the method of FreeBSD's e_log.c."""
    is_small = x < SMALLEST_NORMAL
    bits = bits_of(x * 18014398509481984.0 if is_small else x)
    # The exponent of x / sqrt(1/2), so that the mantissa that is left lies between sqrt(1/2) and sqrt(2).
    k = (bits - 0x3FE6A09E667F3BCD) >> 52
    f = double_of(bits - (k << 52)) - 1.0
    n = bits_of(0.0) + (k + 2048)
    n = double_of(n | EXPONENT) - (4503599627370496.0 + 2048.0)
    n -= 54.0 if is_small else 0.0
    s = f / (2.0 + f)
    z = s * s
    p = 1.479819860511658591e-01
    p = p * z + 1.531383769920937332e-01
    p = p * z + 1.818357216161805012e-01
    p = p * z + 2.222219843214978396e-01
    p = p * z + 2.857142874366239149e-01
    p = p * z + 3.999999999940941908e-01
    p = p * z + 6.666666666666735130e-01
    p *= z
    half_square = 0.5 * f * f
    value = n * LN_2_HIGH - ((half_square - (s * (half_square + p) + n * LN_2_LOW)) - f)
    return value if x > 0.0 else -np.inf


@compiled(AS_WRITTEN)
def log_softplus(x):
    """log(log(1 + exp(x))); x itself below -40, as `analysis.predictors.activations` has it."""
    u = exp(higher(x if x < 0.0 else -x, LOWEST))
    w = 1.0 + u
    log1p = log(w) + (u - (w - 1.0)) / w
    value = log(higher(x, 0.0) + log1p)
    return x if x < -40.0 else value
