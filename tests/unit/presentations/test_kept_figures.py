"""Figures that are kept: what they show is what was shown, and nothing that is no figure of ours is drawn."""

import base64
import json

import numpy as np
import plotly.graph_objects as go
import pytest

from analysis.figures import style
from analysis.figures.points import Colouring, Line, Points
from analysis.presentations import kept_figure, points_of
from analysis.presentations.kept_figures import LARGEST, checked_figure


def figure(**layout):
    made = style.base_figure("Falls by 3 < 4", "Of 5 samples. A click opens a sample.", "exit", "probability", **layout)
    made.add_scatter(
        x=np.arange(3.0),
        y=np.array([0.1, np.nan, 0.3]),
        hovertemplate="%{y:.2f}<br>click to open it<extra></extra>",
        customdata=["<b>5</b>", '<a href="https://a.b">6</a>', "7"],
    )
    return made


def kept(**changes):
    return kept_figure(figure().to_json(), 300) | changes


def test_what_is_kept_is_the_figure_without_what_it_answered_to():
    found = kept()
    trace = go.Figure(found["data"], found["layout"]).data[0]
    np.testing.assert_array_equal(np.frombuffer(base64.b64decode(trace.y["bdata"])), [0.1, np.nan, 0.3])
    assert trace.hovertemplate == "%{y:.2f}<extra></extra>"
    assert found["layout"]["title"] == {"text": "Falls by 3 &lt; 4", "subtitle": {"text": "Of 5 samples."}}
    assert "template" not in found["layout"]
    assert checked_figure(json.loads(json.dumps(found)), "it") == found


def test_foreign_tags_become_text():
    assert kept()["data"][0]["customdata"] == ["<b>5</b>", '&lt;a href="https://a.b">6&lt;/a>', "7"]
    text = '<span style="x">y</span><br><img src=//a.b><B>z</B><script>'
    found = checked_figure(kept(layout={"title": {"text": text}}), "it")
    assert found["layout"]["title"]["text"] == (
        '&lt;span style="x">y&lt;/span><br>&lt;img src=//a.b><B>z</B>&lt;script>'
    )


def test_zoom_is_kept_where_it_is_one():
    zoom = {"xaxis": [0.5, 1.5], "yaxis": ["a", 1], "xaxis9": [0, 1], "__proto__": [0, 1]}
    layout = kept_figure(figure().to_json(), 300, zoom=zoom)["layout"]
    assert (layout["xaxis"]["range"], layout["xaxis"]["autorange"]) == ([0.5, 1.5], False)
    assert "range" not in layout["yaxis"]
    assert "xaxis9" not in layout
    assert kept_figure(figure().to_json(), 300, zoom="x") == kept()


def test_line_and_region_are_kept():
    region = {"kind": "box", "x": [0.0, 1.0], "y": [0.0, 1.0]}
    found = kept_figure(figure().to_json(), 300, line=2.5, region=region)
    assert (found["line"], found["region"]) == (2.5, region)


@pytest.mark.parametrize(
    ("found", "reason"),
    [
        ([], "and nothing else"),
        (kept(script="x"), "and nothing else"),
        (kept(data={}), "data must be a list"),
        (kept(data=[1]), "data must be a list"),
        (kept(height=1e9), "height must be a whole number from 80"),
        (kept(height=True), "height must be a whole number"),
        (kept(data=[{"type": "image", "source": "https://a.b/c.png"}]), "data\\[0\\] is of type 'image', and only"),
        (kept(data=[{"type": "scattergeo"}]), "'scattergeo'"),
        (kept(data=[{"type": ["scatter"]}]), "is of type"),
        (kept(layout={"images": [{"source": "https://a.b"}]}), "layout.images is not drawn"),
        (kept(layout={"updatemenus": []}), "layout.updatemenus is not drawn"),
        (kept(layout={"shapes": []}), "layout.shapes is not drawn"),
        (kept(data=[{"x": {"dtype": "object", "bdata": "AAAA"}}]), r"it: data.x holds numbers that are packed"),
        (kept(data=[{"x": {"dtype": "f4", "bdata": "not base64!"}}]), "packed in no known way"),
        (kept(data=[{"x": {"dtype": "f4", "bdata": "AAAA", "shape": "1e9"}}]), "packed in no known way"),
        (kept(data=[{"x": [float("nan")]}]), "holds 'nan'"),
        (kept(data=[{"marker": {"__proto__": {"a": 1}}}]), "it: data.marker.__proto__ is no property of a figure"),
        (kept(data=[{"constructor": {}}]), "data.constructor is no property"),
        (kept(line=float("inf")), "line must be a finite number"),
        (kept(line="2"), "line must be"),
        (kept(line=10**400), "line must be a finite number"),
        (kept(data=[{"x": [10**400]}]), "data.x|data holds"),
        (kept(data=[{"marker": {"size": 10**400}}]), "data.marker.size holds"),
        (kept(region={"kind": "box", "x": [0, 10**400], "y": [0, 1]}), "region must be a box or a lasso"),
        (kept(region={"kind": "circle", "x": [0, 1], "y": [0, 1]}), "region must be a box or a lasso"),
        (kept(region={"kind": "box", "x": [0], "y": [0]}), "region must be"),
        (kept(points={"x": "AAAA"}), "the points are damaged"),
    ],
)
def test_what_is_no_figure_of_ours_is_refused_and_said(found, reason):
    with pytest.raises(ValueError, match=reason):
        checked_figure(found, "it")


def test_nothing_is_too_deep_or_too_large():
    deep = {"a": 1}
    for _ in range(50):
        deep = {"a": deep}
    with pytest.raises(ValueError, match="nested too deep"):
        checked_figure(kept(data=[deep]), "it")
    with pytest.raises(ValueError, match="takes more than 12,000,000 characters"):
        kept_figure(json.dumps({"data": [{"text": "x" * LARGEST}], "layout": {}}), 300)


# --- points ----------------------------------------------------------------------------------------------------------


def cloud():
    rng = np.random.default_rng(0)
    colouring = Colouring(
        np.array([0, 1, 1, 0, 2]), ("#0072B2", "#D55E00", "grey"), Line("class: ", list("abcde")), rest=2
    )
    lines = (
        Line("sample ", np.array(["<a>", "b", "c", "d", "e"], dtype=object)),
        Line("fall: ", np.array([0.123456789, np.nan, 1, 2, 3], np.float32)),
        Line("click to open it"),
    )
    return Points(rng.random(5), rng.random(5), lines, colouring, np.array([1, 0, 1, 1, 0], bool))


def test_points_come_back_as_they_were_but_for_their_invitation():
    before = cloud()
    found = kept_figure(figure().to_json(), 300, points=before)
    after = points_of(json.loads(json.dumps(found))["points"])
    np.testing.assert_array_equal(after.x, before.x.astype("f4"))
    np.testing.assert_array_equal(after.colouring.codes, before.colouring.codes)
    np.testing.assert_array_equal(after.kept, before.kept)
    assert (after.colouring.colours, after.colouring.rest) == (before.colouring.colours, 2)
    assert (after.colouring.opacity, after.size) == (before.colouring.opacity, before.size)
    assert [line.values for line in after.lines] == [["<a>", "b", "c", "d", "e"], [0.12346, None, 1.0, 2.0, 3.0]]
    assert after.colouring.line.values == list("abcde")


@pytest.mark.parametrize(
    "changes",
    [
        {"codes": "AQMBAAI="},  # a colour that there is not
        {"x": "AAAAAA=="},
        {"colours": []},
        {"colours": [1, 2, 3]},
        {"scale": 1},
        {"rest": "2"},
        {"rest": 10**400},
        {"lines": [["a", [10**400] * 5, "b"]]},
        {"kept": "AAE="},
        {"lines": [["a", [1], "b"]]},
        {"lines": [["a", [{}] * 5, "b"]]},
        {"shade": ["a", [1], "b"]},
    ],
)
def test_damaged_points_are_refused(changes):
    found = kept_figure(figure().to_json(), 300, points=cloud())
    with pytest.raises(ValueError, match="the points are damaged"):
        checked_figure(found | {"points": found["points"] | changes}, "it")
