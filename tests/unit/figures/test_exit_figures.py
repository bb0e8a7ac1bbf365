"""Figures of calibration, sets and answers: what is drawn, what a click reports, and that names stay text."""

import numpy as np
import pytest

from analysis.figures.deferral import DeferralLine, deferral_figure
from analysis.figures.exit_lines import ExitLine, exit_lines_figure
from analysis.figures.reliability import Diagram, reliability_figure, reliability_height
from analysis.figures.saving_scatter import SavingPoint, saving_scatter_figure
from analysis.figures.set_sizes import set_sizes_figure
from analysis.figures.share_bars import ShareBars, share_bars_figure

HOSTILE = "<img src=x onerror=alert(1)>" + "x" * 10_000
TOLD = {"title": HOSTILE, "subtitle": HOSTILE}


def lines(**more):
    drawn = [
        ExitLine("pa", HOSTILE, np.array([0.2, np.nan, 0.4]), "pa", about=[HOSTILE] * 3),
        ExitLine("pa:thin", "PA, second", np.array([0.1, 0.2, 0.3]), "pa", thin=True),
        ExitLine("running", "all so far", np.array([0.2, 0.1, 0.1]), full=False),
    ]
    return exit_lines_figure(drawn, exit_names=[HOSTILE, "2", "3"], y_title="quantity", **(TOLD | more))


def bars():
    one = ShareBars("pa", HOSTILE, np.array([1, 3]), np.array([25.0, 75.0]), True)
    return share_bars_figure([one], [HOSTILE, "b"], x_title="group", said=[HOSTILE, "b"], **TOLD)


def diagrams(panels: int = 5):
    ones = np.array([100.0, np.nan]), np.array([10.0, np.nan])
    one = Diagram("pa", HOSTILE, np.array([0.0, 50.0]), np.array([50.0, 100.0]), *ones, np.array([4, 0]), True)
    return reliability_figure([(number + 1, HOSTILE, [one]) for number in range(panels)], **TOLD)


def savings():
    points = [SavingPoint("pa", HOSTILE, 0.2, 40.0, HOSTILE), SavingPoint("pa", "PA tempered", 0.1, 42.0, "", True),
              SavingPoint("ca", "CA", 0.1, np.nan, "")]  # fmt: skip
    return saving_scatter_figure(points, x_title="ECE", y_title=HOSTILE, **TOLD)


def deferred():
    line = DeferralLine("pa", HOSTILE, np.array([0.0, 10.0]), np.array([0, 5]), np.array([70.0, 75.0]), True)
    return deferral_figure([line], **TOLD)


def sizes():
    samples, coverage = np.array([[0, 3], [1, 2]]), np.array([[np.nan, 90.0], [100.0, 50.0]])
    telling = np.array([[False, True], [False, True]])
    return set_sizes_figure(samples, coverage, telling, bins=["0", "1"], exit_names=[HOSTILE, "2"], **TOLD)


def test_a_few_sets_do_not_stretch_the_colours():
    samples, coverage = np.array([[1, 299], [0, 300]]), np.array([[0.0, 96.0], [np.nan, 94.0]])
    for telling, least in (
        ([[False, True]] * 2, 94.0),
        ([[False, True], [False, False]], 96.0),
        ([[False] * 2] * 2, 0),
    ):
        drawn = set_sizes_figure(samples, coverage, np.array(telling), bins=["0", "1"], exit_names="12", **TOLD)
        assert (drawn.data[0].zmin, drawn.data[0].zmax) == (least, 100)
        assert drawn.data[0].z[0][0] == 0  # it is drawn even so


@pytest.mark.parametrize("make", [lines, bars, diagrams, savings, deferred, sizes])
def test_no_name_is_markup(make):
    text = make().to_json()
    assert "<img" not in text
    assert "\\u003cimg" not in text


def test_a_point_reports_its_exit_and_whose_line_it_is():
    figure = lines(opens="them")
    told = {trace.customdata[0][2]: trace for trace in figure.data}
    assert list(told) == ["running", "pa", "pa:thin"]  # what is emphasised on top
    assert [about[0] for about in told["pa"].customdata] == [1, 2, 3]
    assert "click to see them" in told["pa"].hovertemplate
    assert told["pa:thin"].line.width < told["pa"].line.width


def test_a_reference_is_on_the_axis_and_the_axis_says_where_it_starts():
    figure = lines(reference=(0.9, "asked"))
    assert figure.layout.yaxis.range[1] > 0.9
    assert "asked" in [note.text for note in figure.layout.annotations]
    drawn = exit_lines_figure([ExitLine("a", "a", np.array([70.0, 72.0]))], exit_names="12", y_title="", **TOLD)
    assert drawn.layout.title.subtitle.text.endswith("does not start at 0.")
    assert lines(from_zero=True).layout.yaxis.range[0] == 0


def test_a_logarithmic_axis_has_its_names_at_the_lines():
    figure = exit_lines_figure([ExitLine("a", "a", np.array([0.1, 10.0]))], exit_names="12", y_title="", log=True,
                               reference=(1.0, "T = 1"), **TOLD)  # fmt: skip
    assert figure.layout.yaxis.type == "log"
    assert [note.y for note in figure.layout.annotations] == [1.0, 0.0]
    assert 1.0 in figure.layout.yaxis.tickvals


def test_empty_bins_are_not_drawn_and_panels_stand_in_rows():
    figure = diagrams()
    points = [trace for trace in figure.data if trace.customdata is not None]
    assert [tuple(trace.customdata[0][:4]) for trace in points] == [(m, 0, "pa", 4) for m in range(1, 6)]
    assert all(len(trace.customdata) == 1 for trace in points)
    assert [bool(figure.layout[f"xaxis{n}"].title.text) for n in ("", 2, 3, 4, 5)] == [False, True, True, True, True]
    assert reliability_height(5) > reliability_height(4) == reliability_height(1)


def test_what_saves_nothing_known_is_not_drawn_and_tempered_is_joined():
    figure = savings()
    assert [trace.mode for trace in figure.data].count("markers") == 2
    assert [list(trace.x) for trace in figure.data if trace.mode == "lines"] == [[0.2, 0.1]]
    nothing = saving_scatter_figure([], x_title="", y_title="", **TOLD)
    assert nothing.data == ()


def test_a_cell_without_samples_is_empty():
    cells = sizes().data[0]
    assert [list(row) for row in cells.z] == [[None, 100.0], [90.0, 50.0]]
    assert cells.customdata[1][0][:3] == [1, "1", 3]


def test_bars_report_their_place_and_count():
    told = bars().data[0].customdata
    assert [(about[0], about[2], about[3]) for about in told] == [(0, "pa", 1), (1, "pa", 3)]
