"""exp, log and the widening of float16, so plain that the compiler takes several classes at once. Imports numba.

Both are float64, so exact that what ties are told by, 9e-13, needs no second look.
"""

from __future__ import annotations

import numpy as np

from analysis.traces.compiled.compiler import AS_WRITTEN, bits_of, compiled, double_of, higher, single_of

LOG2_E = 1.4426950408889634
LN_2 = 0.6931471805599453
LOWEST = -708.0
"""exp of what is lower is taken to be exp of this, 3e-308: nothing beside a sum of at least 1, 0 in float32."""
SMALLEST = 2.2250738585072014e-308
"""The smallest number of which log is exact."""
TO_WHOLE = 6755399441055744.0
"""1.5 * 2^52: what is added to it is rounded to a whole number, which its last bits are."""
BITS_OF_2_52 = 0x4330000000000000
BITS_OF_ROOT_HALF = 0x3FE6A09E667F3BCD
HALF_SCALE = np.float32(2.0**112)


@compiled(AS_WRITTEN)
def half(raw):
    """The float64 of a float16's bits, infinities and NaN as they are."""
    bits = np.int32(raw)
    size = bits_of(single_of(np.int32((bits & 0x7FFF) << 13)) * HALF_SCALE)
    size |= np.int32(0x7F800000) if (bits & 0x7C00) == 0x7C00 else np.int32(0)
    return np.float64(single_of(np.int32(size | np.int32((bits & 0x8000) << 16))))


@compiled(AS_WRITTEN)
def exp(x):
    """exp(x) for -708 <= x <= 709: 2^n and a polynomial of the rest, of the least largest error.

    To 5e-14 relative; to 1e-13 on processors that do not multiply and add in one step.
    """
    whole = x * LOG2_E + TO_WHOLE
    n = whole - TO_WHOLE
    r = x - n * LN_2
    p = 2.749300441772592e-06
    p = p * r + 2.4880807561957317e-05
    p = p * r + 0.00019841539217957884
    p = p * r + 0.0013888811149101927
    p = p * r + 0.008333333095015076
    p = p * r + 0.04166666696221276
    p = p * r + 0.16666666667265392
    p = p * r + 0.49999999999664335
    p = p * (r * r) + (r + 1.0)
    return double_of(bits_of(p) + (bits_of(whole) << 52))


@compiled(AS_WRITTEN)
def log(x):
    """log(x) for 0, where it is -inf, and for finite x >= 2.3e-308, to 4e-16 relative.

    As FreeBSD's e_log.c, with a polynomial of one term less, of the least largest error.
    """
    bits = bits_of(x)
    # x = 2^k * (1 + f), with 1 + f between sqrt(1/2) and sqrt(2).
    k = (bits - BITS_OF_ROOT_HALF) >> 52
    f = double_of(bits - (k << 52)) - 1.0
    n = double_of(k + (BITS_OF_2_52 + 2048)) - (4503599627370496.0 + 2048.0)
    s = f / (2.0 + f)
    z = s * s
    p = 0.1681999017962764
    p = p * z + 0.18123629012220752
    p = p * z + 0.22223372087812343
    p = p * z + 0.28571417124327806
    p = p * z + 0.4000000005230592
    p = p * z + 0.6666666666658715
    value = n * LN_2 + (f - s * (f - p * z))
    return value if x > 0.0 else -np.inf


@compiled(AS_WRITTEN)
def log1p(x):
    """log(1 + x) for finite x >= 0."""
    whole = 1.0 + x
    return log(whole) + (x - (whole - 1.0)) / whole


@compiled(AS_WRITTEN)
def log_softplus(x):
    """log(log(1 + exp(x))); x itself below -40, as `analysis.predictors.activations` has it."""
    u = exp(higher(x if x < 0.0 else -x, LOWEST))
    value = log(higher(x, 0.0) + log1p(u))
    return x if x < -40.0 else value
