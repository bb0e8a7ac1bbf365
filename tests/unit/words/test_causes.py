"""How true classes are lost, in words."""

import numpy as np

from analysis.words.causes import factor_finding, lost_finding


def test_one_sample_and_predictors_without_a_support():
    assert lost_finding(1, 0, 400, "PA", product=True) == (
        "Under PA, 1 sample (0.25%) loses its true class for good: 0 off the support, 1 outvoted on it"
    )
    assert lost_finding(30, 0, 400, "the baseline", product=False) == (
        "Under the baseline, 30 samples (7.50%) lose their true class for good"
    )


def test_nothing_is_decided_where_nothing_is_lost():
    assert factor_finding(np.zeros(3, int), "PA", ("1", "2", "3")) == (
        "Under PA, no sample loses a true class that once led"
    )
    assert factor_finding(np.array([0, 1]), "PA", ("1", "2")) == (
        "Of 1 sample that loses its true class under PA, exit 2's factor decides 1 (100%)"
    )
