"""Random numbers that belong to a sample and an exit: the same whatever is computed beside them. Needs only NumPy.

Philox (Salmon et al. 2011, "Parallel Random Numbers: As Easy as 1, 2, 3") is a function of a key and a counter: the key
is (seed, sample), the counter begins at (exit, purpose).
"""

from __future__ import annotations

import numpy as np
from jaxtyping import Float, Float64, Int64

LARGEST_SEED = 2**64 - 1
_UNIFORM, _GAMMA = 1, 2
"""Purposes."""


def _stream(seed: int, sample: int, exit_: int, purpose: int) -> np.random.Generator:
    key, counter = np.array([seed, sample], np.uint64), np.array([0, 0, exit_, purpose], np.uint64)
    return np.random.Generator(np.random.Philox(key=key, counter=counter))


def check_seed(seed: int) -> None:
    """Refuse a seed that is no key.

    Raises
    ------
    ValueError : below 0, or of more than 64 bits
    """
    if not 0 <= seed <= LARGEST_SEED:
        raise ValueError(f"seed is {seed}: give a whole number from 0 to {LARGEST_SEED}")


def uniforms(
    seed: int, samples: Int64[np.ndarray, " samples"], n_exits: int, *, per_exit: bool = False
) -> Float64[np.ndarray, "exits samples"]:
    """U in [0, 1) of each sample, by its position in the run: one for all exits, or with `per_exit` one for each."""
    rows = range(n_exits if per_exit else 1)
    drawn = [[_stream(seed, int(sample), row, _UNIFORM).random() for sample in samples] for row in rows]
    return np.broadcast_to(np.array(drawn, np.float64).reshape(len(rows), len(samples)), (n_exits, len(samples)))


def log_gammas(
    seed: int, samples: Int64[np.ndarray, " samples"], shapes: Float[np.ndarray, "exits samples classes"]
) -> Float64[np.ndarray, "exits samples classes"]:
    """log g, g ~ Gamma(shape, 1), of every class whose shape is above 0; -inf elsewhere.

    As log Gamma(shape + 1) + log(V) / shape with V uniform, so that small shapes do not underflow (Marsaglia and Tsang
    2000, ACM TOMS 26(3)). Divided by their sum these are a draw from a Dirichlet; without some classes, from that of
    the others.
    """
    logs = np.full(shapes.shape, -np.inf)
    for exit_, of_exit in enumerate(shapes):
        for place, row in enumerate(of_exit):
            stream = _stream(seed, int(samples[place]), exit_, _GAMMA)
            there = np.flatnonzero(row > 0)
            shape = row[there].astype(np.float64)
            larger = np.log(stream.standard_gamma(shape + 1))
            logs[exit_, place, there] = larger - stream.standard_exponential(len(shape)) / shape
    return logs
