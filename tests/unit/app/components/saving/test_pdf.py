"""PDFs of figures: what the browser may ask for, and that a read-only app makes none."""

import numpy as np
import pytest
import streamlit as st

from analysis.figures.points import Line, Points, one_colour
from analysis.figures.print_sizes import PrintSize
from analysis.report.pictures.about import About
from app.components.saving import pdf

ASKED = {"width": 234, "font": 8, "height": None, "title": True, "ranges": {"xaxis": [0, 1], "yaxis12": ["0.5", 2]}}


def test_a_wish_is_a_size_and_ranges_of_axes():
    found = pdf.wish(ASKED | {"figure": "<script>", "url": "file:///etc/passwd"})
    assert found == pdf.Wish(PrintSize(), {"xaxis": (0.0, 1.0), "yaxis12": (0.5, 2.0)})
    assert pdf.wish(ASKED | {"ranges": {"__proto__": [0, 1], "xaxis.title": [0, 1]}}).ranges == {}


@pytest.mark.parametrize(
    "changed",
    [
        {"width": 10},
        {"width": "x"},
        {"width": float("inf")},
        {"font": 1000},
        {"height": 1e9},
        {"title": "yes"},
        {"ranges": None},
        {"ranges": {"xaxis": [0, 1, 2]}},
        {"ranges": {"xaxis": [0, float("nan")]}},
        {"ranges": {"xaxis": 3}},
    ],
)
def test_what_is_no_wish_is_dropped(changed):
    with pytest.raises((TypeError, KeyError, ValueError)):
        pdf.wish(ASKED | changed)


def test_a_read_only_app_makes_none(monkeypatch):
    monkeypatch.setattr(st, "session_state", {})
    monkeypatch.setenv("EXITLENS_READ_ONLY", "1")
    assert not pdf.offered()
    pdf.want("chart:a", pdf.wish(ASKED))
    assert pdf.wanted_pdf("chart:b", "{}", About("", "", "b"), 300, {}) is None
    said = {"number": 1, "fault": "This app makes no PDF: save the figure as SVG."}
    assert pdf.wanted_pdf("chart:a", "{}", About("", "", "a"), 300, {}) == said
    assert pdf.wanted_pdf("chart:a", "{}", About("", "", "a"), 300, {}) is None  # a wish is granted once


def test_at_most_five_thousand_points_are_sent_evenly_spaced_and_all_are_counted():
    places = np.arange(12_000, dtype=np.float32)
    places[0] = np.nan
    points = Points(places, places, (Line("x"),), one_colour(12_000, "#0072B2"), kept=places > 6000)
    found = pdf.points_drawn(points, {"size": 3})
    assert found["of"] == 12_000
    assert [len(found[name]) for name in ("x", "y", "codes", "kept")] == [5000] * 4
    assert found["x"][:4] == [None, 2.0, 4.0, 7.0]
    assert found["x"][-1] == 11_997.0
