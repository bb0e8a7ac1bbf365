"""Slices found automatically, against counting by hand; planted differences are found, chance is not."""

import dataclasses

import numpy as np
import pandas as pd
import pytest

from analysis.results import difference_of, results_of
from analysis.selection import SampleTable
from analysis.selection.found import LEAST, MOST, slices_that_differ
from analysis.statistics.paired import holm, mcnemar
from analysis.storage import load_run, write_run


@pytest.fixture
def planted(tmp_path):
    """600 samples, 4 classes: the second exit is right on all but those taken in the rain, the first the other way."""
    rng = np.random.default_rng(0)
    labels = rng.integers(4, size=600)
    rain = rng.random(600) < 0.2
    logits = rng.normal(0, 0.01, size=(2, 600, 4)).astype(np.float32)
    logits[0, np.arange(600), labels] += np.where(rain, 5, -5)
    logits[1, np.arange(600), labels] += np.where(rain, 5, 5)
    samples = pd.DataFrame(
        {"weather": np.where(rain, 'it\'s "rain"', "sun"), "size": rng.random(600), "dark": rng.random(600) < 0.5}
    )
    write_run(tmp_path / "planted", logits=logits, labels=labels, samples=samples)
    flipped = logits.copy()
    flipped[1, rain] *= -1
    write_run(tmp_path / "other", logits=flipped, labels=labels, samples=samples)
    return load_run(tmp_path / "planted"), load_run(tmp_path / "other"), labels, rain


def test_a_planted_difference_comes_first(planted):
    run, other, _, rain = planted
    difference = difference_of(results_of(run, "baseline"), results_of(other, "baseline"))
    search = slices_that_differ(run, SampleTable(run), difference)
    first = search.found[0]
    assert (first.column, first.value) == ("weather", 'it\'s "rain"')
    assert first.samples == rain.sum()
    assert (first.a, first.b, first.difference) == (1, 0, -1)
    assert first.low < -0.95
    assert first.high < 0
    assert first.selection.mask(SampleTable(run)).tolist() == rain.tolist()
    assert search.tried == 4 + 2 + 4 + 2  # classes, weathers, quarters of sizes, dark or not
    assert len(search.found) == 12


def test_every_number_is_that_of_counting(small_run):
    a, b = (results_of(small_run, key) for key in ("baseline", "pa"))
    search = slices_that_differ(small_run, SampleTable(small_run), difference_of(a, b))
    assert 0 < len(search.found) <= MOST
    positions = small_run.positions("test")
    for one in search.found:
        member = one.selection.mask(SampleTable(small_run))
        assert member.sum() == one.samples >= LEAST
        right = [side.traces.correct[-1][member] for side in (a, b)]
        assert (one.a, one.b) == (right[0].mean(), right[1].mean())
        assert one.p == mcnemar(int((right[0] & ~right[1]).sum()), int((right[1] & ~right[0]).sum()))
        assert one.low <= one.difference <= one.high
        if one.column == "class":
            index = small_run.class_names.index(one.value)
            assert member.tolist() == (small_run.labels[positions] == index).tolist()
    p = [one.p for one in search.found]
    assert p == sorted(p)
    if len(search.found) == search.tried:
        assert [one.p_holm for one in search.found] == pytest.approx(holm(p))


def test_chance_alone_is_rarely_sure(planted):
    run, _, _, _ = planted
    baseline = results_of(run, "baseline")
    rng = np.random.default_rng(5)
    sure = 0
    for _ in range(40):
        correct = np.stack([baseline.traces.correct[0], rng.random(600) < 0.7])
        others = dataclasses.replace(baseline.traces, correct=np.stack([correct[0], rng.random(600) < 0.7]))
        mine = dataclasses.replace(baseline.traces, correct=correct)
        a, b = (dataclasses.replace(baseline, traces=traces, kept={}) for traces in (mine, others))
        search = slices_that_differ(run, SampleTable(run), difference_of(a, b))
        sure += any(one.p_holm < 0.05 for one in search.found)
    assert sure <= 6  # 2 are expected at most


def test_without_labels_it_says_so(small_run):
    unlabelled = dataclasses.replace(
        small_run, samples=small_run.samples.assign(label=np.full(len(small_run.samples), -1))
    )
    results = results_of(unlabelled, "baseline")
    with pytest.raises(ValueError, match="has no labels"):
        slices_that_differ(unlabelled, SampleTable(unlabelled), difference_of(results, results))
