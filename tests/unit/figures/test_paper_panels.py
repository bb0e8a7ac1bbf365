"""The run beside the paper: filled and open markers, bands, what the switch changes, what is text."""

import numpy as np

from analysis.figures.paper_panels import Beside, PaperPanel, paper_panels_figure
from analysis.reference.symlog import PERCENT_UNIT, to_scale


def beside(predictor, run, published, std, label=None):
    words = tuple("+1.0 sd" for _ in run)
    return Beside(predictor, label or predictor.upper(), np.array(run), np.array(published), np.array(std), words)


def drawn(emphasised="pa", label="PA", **changed):
    both = (
        beside("baseline", [60.0, 70.0], [62.0, 72.0], [1.0, 0.0]),
        beside("pa", [60.0, 71.0], [62.0, np.nan], [np.nan, np.nan], label),
    )
    panels = [
        PaperPanel("accuracy", both),
        PaperPanel("gain", both[1:], " points", reference=True),
        PaperPanel("falls", both, from_zero=True),
    ]
    arguments = {"places": ["<1>", "2"], "emphasised": emphasised, "x_title": "exit", "title": "t", "subtitle": "s"}
    return paper_panels_figure(panels, **(arguments | changed))


def trace(figure, name):
    return next(one for one in figure.data if one.name == name)


def test_the_run_is_filled_and_the_paper_open():
    figure = drawn()
    assert trace(figure, "PA: accuracy").marker.symbol == "circle"
    assert trace(figure, "published, PA: accuracy").marker.symbol == "circle-open"
    assert trace(figure, "published, BASELINE: accuracy").marker.symbol == "square-open"


def test_the_band_is_one_standard_deviation_and_absent_without_one():
    figure = drawn()
    assert list(trace(figure, "published ± 1 sd, BASELINE: accuracy").y) == [61, 72, 72, 63]
    assert len(trace(figure, "published ± 1 sd, PA: accuracy").y) == 0


def test_falls_stand_on_powers_of_ten_down_to_zero_also_with_a_band_below_it():
    figure = drawn()
    assert np.allclose(trace(figure, "BASELINE: falls").y, to_scale([60, 70], PERCENT_UNIT))
    low = beside("pa", [0.0], [0.1], [0.3])
    figure = paper_panels_figure(
        [PaperPanel("falls", (low,), from_zero=True)],
        places=["0.1"], emphasised="pa", x_title="x", title="t", subtitle="s",
    )  # fmt: skip
    assert trace(figure, "published ± 1 sd, PA: falls").y[0] == 0


def test_the_switch_moves_the_emphasis_and_no_axis():
    on, off = drawn("pa"), drawn("baseline")
    assert trace(on, "PA: accuracy").line.width > trace(off, "PA: accuracy").line.width
    assert trace(on, "BASELINE: accuracy").opacity < trace(off, "BASELINE: accuracy").opacity == 1
    assert trace(on, "baseline").line.width < trace(off, "baseline").line.width  # the line that gains are counted from
    for axis in ("yaxis", "yaxis2", "yaxis3", "xaxis"):
        assert on.layout[axis].range == off.layout[axis].range


def test_an_axis_that_does_not_start_at_zero_says_so_and_gains_hold_zero():
    figure = drawn()
    headings = [one.text for one in figure.layout.annotations[:3]]
    assert headings[0].startswith("accuracy (axis from ")
    assert figure.layout.yaxis2.range[0] <= 0


def test_names_are_text():
    figure = drawn(label="<b>x</b>")
    assert figure.layout.xaxis.ticktext[0] == "&lt;1&gt;"
    assert any(
        one.text == "&lt;b&gt;x&lt;/b&gt;, paper" or one.text == "&lt;b&gt;x&lt;/b&gt;"
        for one in figure.layout.annotations
    )
    assert "<b>x" not in figure.to_json().replace("\\u003c", "<")


def test_what_is_on_screen_is_drawn_last():
    names = [one.name for one in drawn("baseline").data if one.yaxis == "y"]
    assert names[-1] == "BASELINE: accuracy"
