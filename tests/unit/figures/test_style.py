"""The house style: one look per predictor, legible on both themes, and names that stay text."""

import itertools

import plotly.graph_objects as go
import pytest

from analysis.figures import style
from analysis.predictors import PREDICTORS

LIGHT, DARK = "#FFFFFF", "#15171C"  # the pages of .streamlit/config.toml


def luminance(colour: str) -> float:
    """Relative luminance of WCAG 2.2, 1.4.3."""
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [v / 12.92 if v <= 0.04045 else ((v + 0.055) / 1.055) ** 2.4 for v in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(a: str, b: str) -> float:
    high, low = sorted((luminance(a), luminance(b)), reverse=True)
    return (high + 0.05) / (low + 0.05)


def test_every_predictor_has_its_own_colour_dash_and_marker():
    looks = [style.predictor_style(predictor) for predictor in PREDICTORS]
    for what in ("color", "dash", "symbol"):
        assert len({look[what] for look in looks}) == len(PREDICTORS)


def test_an_own_correction_keeps_its_look_and_takes_nobody_elses():
    look = style.predictor_style("my_own_correction")
    assert look == style.predictor_style("my_own_correction")
    assert look["color"] not in style.COLOURS.values()
    assert (
        go.Scatter(line={"color": look["color"], "dash": look["dash"]}, marker={"symbol": look["symbol"]}) is not None
    )


@pytest.mark.parametrize("colour", style.COLOURS.values())
def test_lines_stand_out_and_labels_are_legible_on_both_pages(colour):
    light, dark, light_text, dark_text = style.THEMED[colour]
    assert contrast(light, LIGHT) >= 2
    assert contrast(dark, DARK) >= 3
    assert contrast(light_text, LIGHT) >= 4.5
    assert contrast(dark_text, DARK) >= 4.5


@pytest.mark.parametrize("variant", range(4))
def test_no_two_colours_become_one_on_a_page(variant):
    shown = [variants[variant] for variants in style.THEMED.values()]
    assert len(set(shown)) == len(shown)


def test_themed_colours_are_written_as_plotly_and_the_component_read_them():
    for colour in itertools.chain(style.THEMED, *style.THEMED.values()):
        assert len(colour) == 7
        assert int(colour[1:], 16) >= 0


def test_texts_of_a_figure_are_shown_as_they_are():
    figure = style.base_figure("a <b>bold</b> claim", "x < y & z", "<i>cost</i>", "p")
    style.line_end_label(figure, 1, 2, "<a href='x'>fox</a>", style.INK)
    assert figure.layout.title.text == "a &lt;b&gt;bold&lt;/b&gt; claim"
    assert figure.layout.title.subtitle.text == "x &lt; y &amp; z"
    assert figure.layout.xaxis.title.text == "&lt;i&gt;cost&lt;/i&gt;"
    assert "<" not in figure.layout.annotations[0].text


def test_a_longer_label_gets_more_room_up_to_a_limit():
    figure = style.base_figure("t")
    style.line_end_label(figure, 1, 2, "PA", style.INK)
    short = figure.layout.margin.r
    style.line_end_label(figure, 1, 2, "a longer name", style.INK)
    assert short < figure.layout.margin.r
    style.line_end_label(figure, 1, 2, "x" * 500, style.INK)
    assert figure.layout.margin.r == 180


def test_a_figure_sets_no_colours_of_page_or_text():
    layout = style.base_figure("t", "s", "x", "y", xaxis_type="log").to_plotly_json()["layout"]
    assert "paper_bgcolor" not in layout
    assert "font" not in layout
    assert layout["xaxis"]["type"] == "log"


@pytest.mark.parametrize(
    ("positions", "gap", "expected"),
    [
        ([0.5, 0.52], 0.1, [0.46, 0.56]),
        ([3.0, 1.0], 0.5, [3.0, 1.0]),
        ([1.0, 1.0, 1.0], 1.0, [0.0, 1.0, 2.0]),
        ([], 1.0, []),
    ],
)
def test_labels_are_moved_apart_as_little_as_possible(positions, gap, expected):
    assert style.spread(positions, gap) == pytest.approx(expected)
