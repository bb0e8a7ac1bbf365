"""Figures of several entries: what is drawn, and that any two are told apart without colour."""

import itertools

import numpy as np
import pytest

from analysis.figures.compared_entries import ComparedLine, compared_accuracy_figure, compared_falls_figure
from analysis.figures.entry_style import entry_styles
from analysis.figures.style import THEMED, predictor_style

KEYS = ("baseline", "pa", "hard-poe", "softmax-poe", "moe", "ca")
HOSTILE = '<b>x</b> %{y} <a href="https://evil.example">a</a>'


@pytest.mark.parametrize(
    "entries",
    [
        [("pa", run) for run in "abcdefgh"],
        [(key, run) for run in "abcd" for key in ("baseline", "pa")],
        [(key, "a") for key in KEYS],
        [("pa", "a"), ("pa", "b"), *((key, "a") for key in KEYS if key != "pa")],
        [("mine", "a"), ("yours", "a"), ("mine", "b"), ("yours", "b"), ("theirs", "a")],
    ],
)
def test_no_two_look_the_same(entries):
    styles = entry_styles(*zip(*entries))
    looks = [tuple(one.values()) for one in styles]
    assert len(set(looks)) == len(looks)
    assert all(one["color"] in THEMED for one in styles)
    for one, other in itertools.combinations(zip(entries, styles), 2):
        if one[0][0] == other[0][0]:  # the same predictor: by dash and marker, which grey print keeps
            assert one[1]["dash"] != other[1]["dash"]
            assert one[1]["symbol"] != other[1]["symbol"]


def test_predictors_of_one_run_look_as_everywhere():
    assert entry_styles(KEYS, ["a"] * 6) == [predictor_style(key) for key in KEYS]


def lines(count=2, exits=(4, 3), spread=None):
    styles = entry_styles(["pa"] * count, list(range(count)))
    return [
        ComparedLine(f"{HOSTILE} {i}", style, np.arange(1.0, n + 1), 60 + np.arange(n) + i, spread, np.arange(8.0))
        for i, (style, n) in enumerate(zip(styles, itertools.cycle(exits)))
    ]


def test_accuracy_of_different_depths_shares_an_axis_and_names_hold_the_last_value():
    figure = compared_accuracy_figure(lines(), exit_names=["1", "2", "3", "4"], unit=None, title="t", subtitle="s")
    assert [len(trace.x) for trace in figure.data] == [4, 3]
    assert figure.layout.xaxis.range[0] < 1
    assert figure.layout.xaxis.range[1] > 4
    assert [note.text.rsplit(" ", 1)[1] for note in figure.layout.annotations] == ["(63.00%)", "(63.00%)"]
    assert figure.layout.title.subtitle.text.endswith("does not start at 0.")
    for note in figure.layout.annotations:
        assert "<b>" not in note.text
    assert "<a" not in figure.to_json().replace("\\u003c", "<")
    over = compared_accuracy_figure(lines(), exit_names=["1"] * 4, unit="MACs", title="t", subtitle="s")
    assert over.layout.xaxis.title.text == "cumulative cost per sample, MACs"


def test_seeds_have_a_band():
    (line,) = lines(1, exits=(4,), spread=np.full(4, 0.5))
    figure = compared_accuracy_figure([line], exit_names=list("1234"), unit=None, title="t", subtitle="s")
    band, mean = figure.data
    assert band.fill == "toself"
    assert list(band.y[:4]) == [value + 0.5 for value in mean.y]
    assert list(band.y[4:]) == [value - 0.5 for value in mean.y][::-1]


@pytest.mark.parametrize(("count", "named"), [(2, 2), (8, 0)])
def test_falls_are_drawn_with_their_thresholds_and_few_are_named(count, named):
    grid, marked = np.linspace(0, 1, 11), np.linspace(0, 0.5, 8)
    drawn = [
        ComparedLine(one.name, one.style, grid, np.linspace(60, 0, 11), None, np.linspace(60, 0, 8))
        for one in lines(count)
    ]
    figure = compared_falls_figure(drawn, grid, marked, title="t", subtitle="s")
    assert len(figure.data) == 2 * count
    assert figure.data[1].customdata[3][0] == pytest.approx(marked[3])
    assert len(figure.layout.annotations) == named


def test_names_that_begin_alike_are_told_apart_by_where_they_differ():
    names = (
        "Baseline, mine-logits",
        "Baseline, mine-counts",
        *(f"PA, {'a long name of a run ' * 3}{i}" for i in (1, 2)),
    )
    styles = entry_styles(["baseline", "baseline", "pa", "pa"], list("abcd"))
    given = [
        ComparedLine(name, style, np.arange(1.0, 4), np.array([60, 70, 80.0 + 3 * i]), None, np.arange(8.0))
        for i, (name, style) in enumerate(zip(names, styles))
    ]
    told = {"title": "t", "subtitle": "s"}
    ends = [one.text for one in compared_accuracy_figure(given, exit_names="123", unit=None, **told).layout.annotations]
    assert ends[:2] == ["Baseline, mine-logits (80.00%)", "Baseline, mine-counts (83.00%)"]
    assert [one.split(" (")[0][-3:] for one in ends[2:]] == ["n 1", "n 2"]
    assert all("…" in one for one in ends[2:])
    grid = np.linspace(0, 1, 3)
    near = [one.text for one in compared_falls_figure(given, grid, np.arange(8) / 8, **told).layout.annotations]
    assert len(set(near)) == 4
