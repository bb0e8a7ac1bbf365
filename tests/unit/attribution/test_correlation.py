"""Spearman's correlation against a naive one, by hand where values tie."""

import numpy as np
import pytest

from analysis.attribution.correlation import mean_ranks, neighbours, spearman


def naive_rank(values: list[float], value: float) -> float:
    return sum(other < value for other in values) + (sum(other == value for other in values) + 1) / 2


def naive(a: list[float], b: list[float]) -> float:
    x, y = [naive_rank(a, v) for v in a], [naive_rank(b, v) for v in b]
    mx, my = sum(x) / len(x), sum(y) / len(y)
    top = sum((p - mx) * (q - my) for p, q in zip(x, y))
    return top / (sum((p - mx) ** 2 for p in x) * sum((q - my) ** 2 for q in y)) ** 0.5


@pytest.mark.parametrize("distinct", [2, 5, 1000])
def test_it_is_the_naive_one_with_and_without_ties(distinct):
    generator = np.random.default_rng(distinct)
    a, b = generator.integers(0, distinct, (2, 6, 7)).astype(float)
    assert spearman(a, b) == pytest.approx(naive(a.ravel().tolist(), b.ravel().tolist()), abs=1e-12)


def test_ties_share_their_mean_rank():
    assert mean_ranks(np.array([2.0, 7.0, 2.0, 2.0, -1.0])).tolist() == [3, 5, 3, 3, 1]


def test_only_the_order_counts():
    a = np.random.default_rng(0).normal(size=50)
    assert spearman(a, np.exp(a)) == pytest.approx(1)
    assert spearman(a, -(a**3)) == pytest.approx(-1)


def test_a_constant_orders_nothing():
    assert np.isnan(spearman(np.zeros(4), np.arange(4.0)))


def test_neighbours_are_one_fewer_than_exits():
    maps = np.stack([np.arange(4.0), np.arange(4.0), -np.arange(4.0)]).reshape(3, 2, 2)
    assert neighbours(maps) == pytest.approx([1, -1])


def test_what_cannot_be_compared_is_refused():
    with pytest.raises(ValueError, match=r"shapes \(2,\) and \(3,\) differ"):
        spearman(np.zeros(2), np.zeros(3))
    with pytest.raises(ValueError, match="holds NaN or infinity"):
        spearman(np.array([0.0, np.nan]), np.zeros(2))
