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


def ensemble_weights(weights: str | Sequence[float], n_exits: int) -> tuple[tuple[float, ...], ...]:
    """The shares of all exits in the ensemble at each exit: a row per exit, 0 for later ones, each summing to 1.

    >>> ensemble_weights((1.0, 1.0, 3.0), 2)
    ((1.0, 0.0), (0.25, 0.75))
    """
    if weights == "latest":
        return tuple(tuple(float(i == m) for i in range(n_exits)) for m in range(n_exits))
    rows = []
    for m in range(n_exits):
        own = [1.0] * (m + 1) if weights == "equal" else [*weights[m * (m + 1) // 2 : (m + 1) * (m + 2) // 2]]
        total = sum(own)
        rows.append(tuple([value / total for value in own] + [0.0] * (n_exits - m - 1)))
    return tuple(rows)
