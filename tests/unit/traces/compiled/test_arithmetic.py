"""The kernel's own exp and log are as exact as they say, against NumPy's in a wider type."""

import numpy as np
import pytest

numba = pytest.importorskip("numba")

from analysis.traces.compiled import arithmetic  # noqa: E402

pytestmark = pytest.mark.skipif(np.finfo(np.longdouble).eps > 1e-18, reason="no type here is wider than float64")
RNG = np.random.default_rng(0)
ANY = np.exp(RNG.uniform(-708, 709, 200_000))
NEAR_ONE = RNG.uniform(0.5, 2, 200_000)
EDGES = [arithmetic.SMALLEST, 2**-0.5, np.nextafter(2**-0.5, 1), np.nextafter(1, 0), np.nextafter(1, 2), 2**0.5, 1e300]


def of_each(function, values: np.ndarray) -> np.ndarray:
    @numba.njit
    def apply(given, into):
        for place in range(len(given)):
            into[place] = function(given[place])

    into = np.empty_like(values)
    apply(values, into)
    return into


@pytest.mark.parametrize(
    ("name", "values", "most"),
    [
        ("exp", np.concatenate([RNG.uniform(-708, 709, 200_000), [-708.0, -1e-300, 0.0, 709.0]]), 1e-13),
        ("log", np.concatenate([ANY, NEAR_ONE, EDGES]), 4e-16),
        ("log1p", np.concatenate([ANY, NEAR_ONE, 1e-16 * NEAR_ONE, EDGES]), 5e-16),
    ],
)
def test_within_the_error_that_is_told(name, values, most):
    exact = getattr(np, name)(values.astype(np.longdouble))
    error = np.abs(of_each(getattr(arithmetic, name), values) - exact) / np.abs(exact)
    assert error.max() <= most


def test_at_the_ends():
    assert of_each(arithmetic.log, np.array([0.0, 1.0])).tolist() == [-np.inf, 0.0]
    assert of_each(arithmetic.log1p, np.array([0.0])).tolist() == [0.0]
    assert of_each(arithmetic.exp, np.array([0.0])).tolist() == [1.0]
