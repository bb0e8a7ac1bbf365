"""The report as a file: one that takes nothing from outside, in which every text is text and every picture is told."""

from __future__ import annotations

import base64
import hashlib
import re

import pandas as pd
import pytest

from analysis.figures.browser import BUNDLE
from analysis.report.reviewer.bundle import report_html
from analysis.storage import load_run, write_run
from tests.unit.report.reviewer.reading import figures, read

MARKUP = '</script><script>alert(1)</script><!-- <b>b</b> &lt;i> <a href="https://evil.example">a</a> %{y} \u202eturned'
LONG = "x" * 10_000


@pytest.fixture
def hostile(runs, small_logits, small_labels):
    """A run, every text of which is markup, or too long, or turned."""
    folder = write_run(
        runs / "hostile",
        logits=small_logits,
        labels=small_labels,
        title=f"{MARKUP} title",
        dataset=f"{MARKUP} data",
        model=MARKUP,
        class_names=[LONG, *(f"{MARKUP} {i}" for i in range(1, 20))],
        exit_names=[f"{MARKUP} exit {i}" for i in range(7)],
        costs={f"{MARKUP} cost": range(1, 8)},
        samples=pd.DataFrame({"id": [f"{MARKUP} {i}" for i in range(400)]}),
        provenance={"summary": f"{MARKUP} summary", MARKUP: MARKUP},
    ).path
    return load_run(folder)


@pytest.fixture
def page(small_run):
    return report_html([small_run])


def test_every_text_from_outside_is_text(hostile):
    page = report_html([hostile])
    document = read(page)
    assert [one.attributes.get("id") for one in document.all("script")] == ["figures", None, None]
    assert not document.all("a")
    assert all(one.text != "b" for one in document.all("b"))
    assert "<b>b</b>" in document.all("h2")[0].text
    assert "</script>" in document.all("title")[0].text
    assert MARKUP.split("%")[0] in document.all("table")[0].text
    assert "\u202e" not in document.text
    assert not re.search("[<>&]", document.all("script", id="figures")[0].text)
    assert max(map(len, (cell.text for cell in document.all("td")))) < 1000
    assert len(page) < 6e6


def test_nothing_is_taken_from_outside(page):
    document = read(page)
    (policy,) = (
        one.attributes["content"]
        for one in document.all("meta")
        if one.attributes.get("http-equiv") == "Content-Security-Policy"
    )
    rules = dict(rule.strip().split(" ", 1) for rule in policy.split(";"))
    assert rules["default-src"] == "'none'"
    assert rules["img-src"] == "data:"
    assert set(rules) == {"default-src", "script-src", "style-src", "img-src", "base-uri", "form-action"}
    for element in document.all():
        for name in ("src", "href", "action", "srcset", "data"):
            assert (element.attributes.get(name) or "data:").startswith(("data:", "#"))
        assert not any(name.startswith("on") for name in element.attributes)
    (style,) = document.all("style")
    assert "url(" not in style.text
    assert "@import" not in style.text


def test_only_its_own_scripts_may_run(page):
    document = read(page)
    scripts = [one for one in document.all("script") if "type" not in one.attributes]
    hashes = [base64.b64encode(hashlib.sha256(one.text.encode()).digest()).decode() for one in scripts]
    allowed = re.search(r"script-src ([^;]*);", page)[1]
    assert allowed.split() == [f"'sha256-{one}'" for one in hashes]
    assert scripts[0].text == BUNDLE.read_text(encoding="utf-8")
    assert page.count(scripts[0].text[:2000]) == 1


def test_every_picture_is_told(page):
    document = read(page)
    assert document.all("img")
    assert all(one.attributes["alt"] for one in document.all("img"))
    pictures = document.all(role="img")
    assert len(pictures) > 20
    assert all(one.attributes["aria-label"] for one in pictures)
    for one in document.all("div", class_="plot"):
        assert one.attributes["aria-label"] == one.attributes["data-on"]
        assert one.attributes["data-off"]
    assert [one.name for one in document.all("h1")] == ["h1"]
    assert document.all("html")[0].attributes["lang"] == "en"


def test_every_figure_has_its_data_and_its_title(page):
    document = read(page)
    found, places = figures(document), document.all("div", class_="plot")
    assert {one.attributes["data-figure"] for one in places} == set(found)
    assert [key.split("-", 1)[1] for key in sorted(found)] == sorted(
        [
            "trajectories",
            "exits",
            "decrease",
            "scatter",
            "classes",
            "exit-pairs",
            "uncertainty",
            "rises",
            "price",
            "compute",
        ]
    )
    for states in found.values():
        assert "on" in states
        for figure in states.values():
            assert figure["data"]
            assert not {"title", "template", "shapes"} & figure["layout"].keys()
    assert set(found["1-trajectories"]) == {"on"}
    assert all(set(states) == {"off", "on"} for key, states in found.items() if key != "1-trajectories")


def test_nothing_invites_a_click_that_does_nothing(page):
    for key, states in figures(read(page)).items():
        for figure in states.values():
            told = [trace.get("hovertemplate", "") for trace in figure["data"]]
            assert any("click" in text for text in told) == (key == "1-trajectories"), key
            assert not any("customdata[4]" in text for text in told if key == "1-price")


def test_the_switch_works_without_scripts(page):
    """What belongs to one state is hidden by the style alone."""
    document = read(page)
    (switch,) = document.all("input")
    assert switch.attributes["id"] == "poe"
    assert "checked" in switch.attributes
    style = document.all("style")[0].text
    assert "body:has(#poe:checked) .off, body:not(:has(#poe:checked)) .on { display: none; }" in style
    assert len(document.all(class_="off")) == len(document.all(class_="on")) > 10
