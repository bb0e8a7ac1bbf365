"""Drops of accuracy in windows, and the alarms that the confidence raises: by hand."""

import numpy as np
import pytest

from analysis.metrics.accuracy_drops import accuracy_drops, lowest_usual, window_means

CLEAN = np.array([1, 1, 1, 0] * 5 + [1, 1, 1, 1] * 5, bool)  # windows of four: 0.75 and 1
SURE = np.where(CLEAN, 0.9, 0.8)


def test_what_is_usual_is_three_standard_deviations_below():
    means = window_means(CLEAN, 4)
    assert means.tolist() == [0.75] * 5 + [1.0] * 5
    assert lowest_usual(means) == pytest.approx(0.875 - 3 * means.std(ddof=1))
    assert np.isnan(lowest_usual(means[:1]))


def test_a_stream_that_drops_raises_alarms():
    correct = np.array([0, 0, 0, 1] * 4 + [1, 1, 1, 1], bool)
    confidence = np.array([0.3] * 12 + [0.9] * 8)
    found = accuracy_drops(CLEAN, SURE, correct, confidence, window=4)
    assert found.windows == 5
    assert (found.dropped, found.alarmed, found.caught, found.false_alarms) == (0.8, 0.6, 0.75, 0)
    # 3 of 4 dropped windows are below all 11 others, the fourth above ten of them at 0.875 or 0.9, level with the rest
    assert 0.75 <= found.auroc < 1


def test_a_stream_like_the_clean_one_drops_nowhere():
    found = accuracy_drops(CLEAN, SURE, CLEAN, SURE, window=4)
    assert (found.dropped, found.alarmed, found.false_alarms) == (0, 0, 0)
    assert np.isnan(found.caught)
    assert np.isnan(found.auroc)


def test_too_few_clean_samples_say_nothing():
    found = accuracy_drops(CLEAN[:4], SURE[:4], CLEAN, SURE, window=4)
    assert np.isnan(found.dropped)
    assert accuracy_drops(CLEAN, SURE, CLEAN[:3], SURE[:3], window=4).windows == 0
