"""The scale of axes that run from exactly 0 over several powers of ten: t(v) = log10(1 + v / c).

Zero is at 0, values far below c are linear, values far above it logarithmic. Figures draw t, what is brushed in them is
resolved in t. May import NumPy only.
"""

import numpy as np

FALL_UNIT = 1e-4  # c for falls of a probability: the smallest threshold of the paper
PERCENT_UNIT = 0.1  # c for percents of samples


def to_scale(values: object, unit: float) -> np.ndarray:
    """Where values >= 0 lie on the scale: log10(1 + values / unit).

    Examples
    --------
    >>> to_scale([0.0, 0.0009, 0.9999], 1e-4).round(3).tolist()
    [0.0, 1.0, 4.0]
    """
    return np.log10(1.0 + np.asarray(values, dtype=np.float64) / unit)


def from_scale(places: object, unit: float) -> np.ndarray:
    """The values at places on the scale: the inverse of `to_scale`."""
    return (10.0 ** np.asarray(places, dtype=np.float64) - 1.0) * unit


def ticks(low: float, high: float, unit: float) -> tuple[list[float], list[str]]:
    """Where to write which values on an axis from `low` to `high`: 0, powers of ten from `unit` on, half the last.

    Returns
    -------
    places : list of float
        On the scale.
    labels : list of str
        The values, as plain numbers.

    Examples
    --------
    >>> ticks(0, 1, 1e-4)[1]
    ['0', '0.0001', '0.001', '0.01', '0.1', '0.5', '1']
    """
    first, last = int(np.ceil(np.log10(unit) - 1e-9)), int(np.floor(np.log10(high) + 1e-9)) if high > 0 else 0
    values = [0.0, *(10.0**power for power in range(first, last + 1))]
    if high >= 10.0**last and last > first:
        values.insert(-1, 0.5 * 10.0**last)
    values = [value for value in values if low <= value <= high * (1 + 1e-9)]
    return to_scale(values, unit).tolist(), [
        f"{value:.6f}".rstrip("0").rstrip(".") if value else "0" for value in values
    ]
