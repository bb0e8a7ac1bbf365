"""Panels of predictors with their spread: bands, axes, names."""

import numpy as np

from analysis.figures.spread_panels import SpreadLine, SpreadPanel, spread_panels_figure


def line(predictor, mean, spread):
    return SpreadLine(predictor, f"<{predictor}>", np.array(mean), np.array(spread))


def drawn(*panels):
    return spread_panels_figure(panels, title="t", subtitle="s")


def test_a_band_goes_one_deviation_to_either_side_where_there_is_one():
    both = (line("baseline", [60.0, 70.0], [0.0, 0.0]), line("pa", [61.0, 72.0], [1.0, 0.5]))
    figure = drawn(SpreadPanel("accuracy, %", "exit", np.array([1.0, 2.0]), both))
    (band,) = [one for one in figure.data if one.fill == "toself"]
    assert list(band.x) == [1, 2, 2, 1]
    assert list(band.y) == [60, 71.5, 72.5, 62]
    assert band.fillcolor == "rgba(0,114,178,0.2)"
    lines = [one for one in figure.data if one.mode == "lines+markers"]
    assert [list(one.y) for one in lines] == [[60, 70], [61, 72]]
    assert lines[1].customdata == ("61 ± 1", "72 ± 0.5")
    low, high = figure.layout.yaxis.range
    assert low <= 60
    assert high >= 72.5
    heading = next(note.text for note in figure.layout.annotations if note.name == "heading")
    assert heading == f"accuracy, % (axis from {low:g})"


def test_each_panel_has_its_own_axis_and_the_last_names_the_lines_as_text():
    lines = (line("baseline", [3.0, 1.0], [0.0, 0.0]),)
    ticks = {"tickvals": [1, 2], "ticktext": ["a", "b"]}
    figure = drawn(
        SpreadPanel("entropy", "exit", np.array([1.0, 2.0]), lines, from_zero=True),
        SpreadPanel("rises", "more than", np.array([1.0, 2.0]), lines, ticks, from_zero=True),
    )
    assert figure.layout.xaxis.domain[1] < figure.layout.xaxis2.domain[0]
    assert figure.layout.xaxis2.ticktext == ("a", "b")
    assert -0.5 < figure.layout.yaxis.range[0] == figure.layout.yaxis2.range[0] < 0  # markers at 0 stand above it
    named = [note for note in figure.layout.annotations if note.name != "heading"]
    assert [(note.text, note.xref) for note in named] == [("&lt;baseline&gt;", "x2")]


def test_what_is_unknown_is_not_drawn():
    lines = (line("baseline", [np.nan, 1.0], [np.nan, 0.5]), line("ca", [np.nan, np.nan], [0.0, 0.0]))
    figure = drawn(SpreadPanel("entropy", "exit", np.array([1.0, 2.0]), lines))
    (band,) = [one for one in figure.data if one.fill == "toself"]
    assert list(band.y) == [0.5, 1.5]
    assert [note.text for note in figure.layout.annotations if note.name != "heading"] == ["&lt;baseline&gt;"]
