"""Slices found automatically, against counting by hand; planted differences are found, chance is not."""

import dataclasses

import numpy as np
import pandas as pd
import pytest

from analysis.results import difference_of, results_of
from analysis.selection import SampleTable
from analysis.selection.found import LEAST, MOST, Search, slices_that_differ
from analysis.statistics.paired import holm, mcnemar
from analysis.storage import load_run, write_run
from analysis.words.found import search_sentence


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


def test_only_what_can_be_told_apart_is_said_to_differ_surely(planted):
    run, other, *_ = planted
    a, b = (results_of(one, "baseline") for one in (run, other))
    some = slices_that_differ(run, SampleTable(run), difference_of(a, b))
    none = slices_that_differ(run, SampleTable(run), difference_of(a, a))
    assert 1 < some.sure < len(some.found) == 12
    assert [one.p_holm < 0.05 for one in some.found] == [place < some.sure for place in range(12)]
    said = f"The first {some.sure} differ surely between A and B; in the others the two cannot be told apart."
    assert said in search_sentence(some, "A", "B")
    said = search_sentence(none, "A", "B")
    assert "In none of them can A and B be told apart; these 12 come nearest." in said
    assert "surely" not in said
    first = Search(some.found[:1], 12), Search(some.found[: some.sure], 12), Search(none.found[:1], 12)
    assert "This one differs surely between A and B." in search_sentence(first[0], "A", "B")
    assert f"These {some.sure} differ most surely between A and B." in search_sentence(first[1], "A", "B")
    assert "told apart; this one comes nearest." in search_sentence(first[2], "A", "B")


def test_two_runs_are_joined_by_their_ids(planted, tmp_path):
    run, other, labels, rain = planted
    order = np.random.default_rng(1).permutation(600)[:500]
    samples = other.samples.iloc[order].reset_index(drop=True)[["id", "weather", "size", "dark"]]
    logits = other.logits.read(0, 600)[:, order].astype(np.float32)
    write_run(tmp_path / "turned", logits=logits, labels=labels[order], samples=samples)
    turned = load_run(tmp_path / "turned")
    for a, b, sign in ((run, turned, -1), (turned, run, 1)):
        difference = difference_of(results_of(a, "baseline"), results_of(b, "baseline"))
        first = slices_that_differ(a, SampleTable(a), difference).found[0]
        assert (first.value, first.samples, first.difference) == ('it\'s "rain"', rain[order].sum(), sign)
        ids = a.samples["id"].to_numpy()[first.selection.positions(SampleTable(a))]
        assert set(turned.samples["id"][rain[order]]) <= set(ids)


def test_columns_that_the_second_run_alone_has_are_tried_on_its_table(planted, tmp_path):
    run, other, labels, rain = planted
    order = np.random.default_rng(1).permutation(600)
    samples = pd.DataFrame({"id": other.samples["id"].to_numpy()[order], "camera": np.where(rain[order], "old", "new")})
    logits = other.logits.read(0, 600)[:, order].astype(np.float32)
    write_run(tmp_path / "turned", logits=logits, labels=labels[order], samples=samples)
    turned = load_run(tmp_path / "turned")
    difference = difference_of(results_of(run, "baseline"), results_of(turned, "baseline"))
    table, second = SampleTable(run), SampleTable(turned)
    alone, both = slices_that_differ(run, table, difference), slices_that_differ(run, table, difference, second)
    assert both.tried == alone.tried + 2
    cameras = [one for one in both.found if one.of == "b"]
    assert [(one.column, one.value) for one in cameras] == [("camera", "old"), ("camera", "new")]
    assert cameras[0].samples == rain.sum()
    assert cameras[0].selection.mask(second).tolist() == rain[order].tolist()
    assert {one.of for one in alone.found} == {"a"}


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
