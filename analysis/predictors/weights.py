"""The power of each exit in a product. Imports nothing."""

from __future__ import annotations

from collections.abc import Sequence


def exit_weights(weights: str | Sequence[float], n_exits: int) -> tuple[float, ...]:
    """The power of each of the exits: 'linear' is m/L, 'uniform' is 1, and numbers are themselves.

    >>> exit_weights("linear", 4)
    (0.25, 0.5, 0.75, 1.0)
    """
    if weights == "linear":
        return tuple(m / n_exits for m in range(1, n_exits + 1))
    return (1.0,) * n_exits if weights == "uniform" else tuple(weights)
