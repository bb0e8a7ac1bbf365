"""How a true class is lost: by hand, ties with the other statistics, and what every sample is counted under."""

import numpy as np
import pytest

from analysis.metrics.lost_class import CAUSES, lost_at, lost_by, lost_counts

CORRECT = np.array([[1, 1, 0, 1, 0], [1, 0, 0, 0, 1], [0, 1, 0, 1, 1]], bool)  # (exits, samples)


def test_a_class_is_lost_where_it_never_leads_again():
    assert lost_at(CORRECT).tolist() == [2, 3, 0, 3, 3]


def test_off_the_support_there_is_told_apart_from_outvoted():
    logs = np.full((3, 5), -1.0)
    none = np.zeros((3, 5), bool)
    assert [CAUSES[c] for c in lost_by(CORRECT[:, [0, 2]], logs[:, :2], none[:, :2])] == ["outvoted", "never led"]
    logs[2, 0] = -np.inf
    assert CAUSES[lost_by(CORRECT, logs, none)[0]] == "off support"
    logs[2, 0], none[2, 0] = -1.0, True  # the fallback's mass is not the product's
    assert CAUSES[lost_by(CORRECT, logs, none)[0]] == "off support"
    assert (lost_by(CORRECT, logs, none)[[1, 3, 4]] == -1).all()


def test_the_mass_at_another_exit_does_not_count():
    logs = np.array([[-1.0, -1.0], [-1.0, -1.0], [-1.0, -np.inf], [-np.inf, -1.0]])
    correct = np.array([[1, 1], [1, 1], [0, 0], [0, 0]], bool)
    found = lost_counts(correct, logs, np.zeros((4, 2), bool))
    assert found.off_support.tolist() == [0, 0, 1, 0]
    assert found.outvoted.tolist() == [0, 0, 1, 0]


@pytest.mark.parametrize("seed", range(5))
def test_every_sample_is_right_at_the_end_or_lost_in_one_way(seed):
    generator = np.random.default_rng(seed)
    correct = generator.random((4, 50)) < 0.4
    logs = np.where(generator.random((4, 50)) < 0.3, -np.inf, -1.0)
    found = lost_counts(correct, logs, generator.random((4, 50)) < 0.1)
    assert found.lost + found.never_led + correct[-1].sum() == 50
    assert found.lost == (correct.any(axis=0) & ~correct[-1]).sum()  # destructive overthinking
    assert found.off_support[0] == found.outvoted[0] == 0


def test_without_samples_there_are_none():
    found = lost_counts(np.zeros((3, 0), bool), np.zeros((3, 0)), np.zeros((3, 0), bool))
    assert (found.lost, found.never_led) == (0, 0)
