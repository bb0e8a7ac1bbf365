"""The house style: one look per predictor, legible on both themes, axes that fit, and names that stay text."""

import itertools
import re
import tomllib
from pathlib import Path

import numpy as np
import plotly.graph_objects as go
import pytest

from analysis.figures import style
from analysis.figures.answers import PARTS
from analysis.figures.names import name_ends
from analysis.predictors import PREDICTORS

THEME = tomllib.loads((Path(__file__).parents[3] / ".streamlit/config.toml").read_text(encoding="utf-8"))["theme"]
PAGE_CSS = (Path(__file__).parents[3] / "app/page.css").read_text(encoding="utf-8")
LIGHT, DARK = THEME["light"]["backgroundColor"], THEME["dark"]["backgroundColor"]


def luminance(colour: str) -> float:
    """Relative luminance of WCAG 2.2, 1.4.3."""
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [v / 12.92 if v <= 0.04045 else ((v + 0.055) / 1.055) ** 2.4 for v in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(a: str, b: str) -> float:
    high, low = sorted((luminance(a), luminance(b)), reverse=True)
    return (high + 0.05) / (low + 0.05)


def over(colour: str, page: str, opacity: float) -> str:
    """What is seen of a colour that is not opaque."""
    parts = [[int(one[i : i + 2], 16) for i in (1, 3, 5)] for one in (colour, page)]
    return "#" + "".join(f"{round(a * opacity + b * (1 - opacity)):02X}" for a, b in zip(*parts))


# Machado, Oliveira and Fernandes (2009), severity 1, on linear RGB.
BLINDNESS = {
    "protanopia": [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]],
    "deuteranopia": [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.01182, 0.04294, 0.968881]],
    "tritanopia": [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.3039]],
}


def seen(colour: str, matrix: list[list[float]]) -> np.ndarray:
    """A colour in CIELAB as a colour-blind reader sees it."""
    parts = np.array([int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)])
    linear = np.where(parts <= 0.04045, parts / 12.92, ((parts + 0.055) / 1.055) ** 2.4)
    linear = np.clip(np.array(matrix) @ linear, 0, 1)
    to_xyz = np.array([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]])
    x, y, z = np.cbrt(to_xyz @ linear / np.array([0.9505, 1.0, 1.089]))
    return np.array([116 * y - 16, 500 * (x - y), 200 * (y - z)])


def test_every_predictor_has_its_own_colour_dash_and_marker():
    looks = [style.predictor_style(predictor) for predictor in PREDICTORS]
    for what in ("color", "dash", "symbol"):
        assert len({look[what] for look in looks}) == len(PREDICTORS)


def test_an_own_correction_keeps_its_look_and_takes_nobody_elses():
    look = style.predictor_style("my_own_correction")
    assert look == style.predictor_style("my_own_correction")
    assert look["color"] not in style.COLOURS.values()
    assert look["dash"] not in style.DASHES.values()
    assert look["symbol"] not in style.MARKERS.values()
    assert (
        go.Scatter(line={"color": look["color"], "dash": look["dash"]}, marker={"symbol": look["symbol"]}) is not None
    )


SEEN = [colour for colour in style.THEMED if colour != style.SURFACE]


@pytest.mark.parametrize("colour", SEEN)
def test_lines_stand_out_and_labels_are_legible_on_both_pages(colour):
    light, dark, light_text, dark_text = style.THEMED[colour]
    assert contrast(light, LIGHT) >= 3
    assert contrast(dark, DARK) >= 3
    assert contrast(light_text, LIGHT) >= 4.5
    assert contrast(dark_text, DARK) >= 4.5


@pytest.mark.parametrize("colour", SEEN)
def test_what_lies_behind_stands_out_too(colour):
    light, dark, *_ = style.THEMED[colour]
    opacity = style.FAINT[colour]
    assert opacity < 1
    assert contrast(over(light, LIGHT, opacity), LIGHT) >= 3
    assert contrast(over(dark, DARK, opacity), DARK) >= 3


@pytest.mark.parametrize("colour", [*style.COLOURS.values(), *style.CUSTOM_COLOURS])
def test_numbers_on_bars_are_legible(colour):
    for page, line, ink in zip((LIGHT, DARK), style.THEMED[colour], style.THEMED[style.INK]):
        for _, numbered, _, _ in PARTS.values():
            assert contrast(ink, over(line, page, numbered)) >= 4.5


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_the_page_s_own_colours_are_legible(theme):
    own = THEME[theme]
    on_primary = dict(zip(("light", "dark"), re.search(r"light-dark\((#\w{6}), (#\w{6})\)", PAGE_CSS).groups()))
    assert contrast(on_primary[theme], own["primaryColor"]) >= 4.5
    assert contrast(own["primaryColor"], own["backgroundColor"]) >= 4.5
    assert contrast(own["linkColor"], own["backgroundColor"]) >= 4.5
    for ground in ("backgroundColor", "secondaryBackgroundColor"):
        assert contrast(own["textColor"], own[ground]) >= 4.5
        assert contrast(own["textColor"], own["sidebar"][ground]) >= 4.5


@pytest.mark.parametrize("place", [0, 1])
def test_words_of_code_are_legible(place):
    own = THEME[("light", "dark")[place]]
    found = re.findall(r"\.token.*light-dark\((#\w{6}), (#\w{6})\)", PAGE_CSS)
    assert len(found) == 4
    for colours in found:
        for ground in ("backgroundColor", "secondaryBackgroundColor"):
            assert contrast(colours[place], own[ground]) >= 4.5


@pytest.mark.parametrize("blindness", BLINDNESS)
@pytest.mark.parametrize("page", [0, 1])
def test_the_colour_blind_tell_predictors_apart_and_grey_print_by_dash_and_marker(blindness, page):
    """No two colours become one (a CIELAB distance of 8 is plain to see), and no pair of dash and marker repeats."""
    looks = {key: seen(style.THEMED[colour][page], BLINDNESS[blindness]) for key, colour in style.COLOURS.items()}
    close = [(a, b) for a, b in itertools.combinations(looks, 2) if np.linalg.norm(looks[a] - looks[b]) < 8]
    assert not close
    assert len({(style.DASHES[key], style.MARKERS[key]) for key in looks}) == len(looks)


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
    name_ends(figure, [(1, 2, "<a href='x'>fox</a>", style.INK)], span=(0, 4), pixels=100)
    assert figure.layout.title.text == "a &lt;b&gt;bold&lt;/b&gt; claim"
    assert figure.layout.title.subtitle.text == "x &lt; y &amp; z"
    assert figure.layout.xaxis.title.text == "&lt;i&gt;cost&lt;/i&gt;"
    assert "<" not in figure.layout.annotations[0].text


def test_a_figure_sets_no_colours_of_page_or_text():
    layout = style.base_figure("t", "s", "x", "y", xaxis_type="log").to_plotly_json()["layout"]
    assert "paper_bgcolor" not in layout
    assert "font" not in layout
    assert layout["xaxis"]["type"] == "log"


@pytest.mark.parametrize("count", [1, 2, 7, 14, 15, 24, 40, 100, 1000])
def test_ticks_of_exits_are_few_and_begin_with_the_first(count):
    names = [f"<{number}>" for number in range(1, count + 1)]
    ticks = style.exit_ticks(names)
    assert ticks["tickvals"][0] == 1
    assert min(count, 7) <= len(ticks["tickvals"]) <= 15
    assert ticks["ticktext"] == [f"&lt;{at}&gt;" for at in ticks["tickvals"]]
    assert style.exit_ticks(names, [10.0 * number for number in range(count)])["tickvals"] == [
        10.0 * (at - 1) for at in ticks["tickvals"]
    ]


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ([70.0, 70.0], (68.5, 71.5)),
        ([100.0, 100.0], (97.5, 100.0)),
        ([0.0, 0.0], (0.0, 1.0)),
        ([99.99999, 99.99998], (97.5, 100.0)),
        ([60.0, 66.0], (59.0, 67.0)),
        ([63.2, 74.7], (62.0, 76.0)),
        ([np.nan, np.inf], (0.0, 1.0)),
        ([], (0.0, 1.0)),
    ],
)
def test_an_axis_fits_its_values_and_a_constant_gets_round_numbers(values, expected):
    low, high = style.fitted_range([np.array(values)], highest=100.0)
    assert low <= min([v for v in values if np.isfinite(v)], default=0)
    assert (low, high) == pytest.approx(expected)
    assert high - low >= 1


def test_bars_bear_all_their_labels_or_none():
    assert style.on_bars(["1,234"] * 7) == ["1,234"] * 7
    assert style.on_bars(["1,234"] * 24) == [""] * 24
    assert style.on_bars([]) == []


def cell_scales() -> dict[str, list[str]]:
    script = (Path(__file__).parents[3] / "analysis/figures/dress.js").read_text(encoding="utf-8")
    source = script[script.index("function sequentialScale") : script.index("function template")]
    dark, light = (re.findall(r'"(#[0-9a-f]{6})"', line) for line in source.splitlines() if "[[0," in line)
    return {"light": light, "dark": dark}


def test_cells_reach_contrast_from_the_palest_on_and_darken_or_brighten_all_the_way():
    """WCAG 1.4.11, of the scale of heatmaps, which the browser has for each page."""
    scales = cell_scales()
    for scale, page in ((scales["light"], LIGHT), (scales["dark"], DARK)):
        found = [contrast(colour, page) for colour in scale]
        assert found[0] >= 3
        assert found == sorted(found)
        assert found[-1] > 3 * found[0]


@pytest.mark.parametrize("page", ["light", "dark"])
def test_numbers_on_cells_are_legible(page):
    """Plotly writes white or #444, whichever differs more from the cell; the chart's CSS makes the grey darker."""
    css = (Path(__file__).parents[3] / "app/components/chart.css").read_text(encoding="utf-8")
    ink = re.search(r"heatmaplayer text.*fill: (#\w{6})", css).group(1)
    stops = np.array([[int(colour[i : i + 2], 16) for i in (1, 3, 5)] for colour in cell_scales()[page]])
    for at in np.linspace(0, len(stops) - 1, 50):
        cell = "#" + "".join(f"{round(float(np.interp(at, range(len(stops)), of))):02x}" for of in stops.T)
        number = "#FFFFFF" if contrast(cell, "#FFFFFF") > contrast(cell, "#444444") else ink
        assert contrast(cell, number) >= 4.5
