"""Text from outside stays text: a hostile string for each place that would read more into it; e2e has the browser's."""

import io
import unicodedata

import pandas as pd
import pytest

from analysis.reference.outside_text import (
    bare,
    csv_cell,
    distinct,
    file_name,
    html_text,
    isolated,
    markdown_text,
    plotly_text,
    shortened,
)

RIGHT_TO_LEFT_OVERRIDE = "\u202e"


@pytest.mark.parametrize("point", [*range(0x202A, 0x202F), *range(0x2066, 0x206A)])
def test_no_character_that_turns_what_follows_is_left(point):
    assert isolated(f"a{chr(point)}b") == "ab"


def test_a_script_from_right_to_left_is_enclosed_and_others_are_not():
    assert isolated("שלום") == "\u2068שלום\u2069"
    assert isolated("שלום \u2069\u2068") == "\u2068שלום \u2069"
    assert [isolated(name) for name in ("crane", "Zürich", "狐", 3)] == ["crane", "Zürich", "狐", "3"]


def test_a_sentence_of_isolated_names_stays_as_it_is():
    sentence = f"0.93 to {isolated('שלום')}, 0.05 to {isolated('fox')}"
    assert isolated(sentence) == sentence
    assert isolated(isolated(f"שלום {sentence}")) == isolated(f"שלום {sentence}")
    assert bare(isolated("שלום")) == "שלום"


def test_html_has_no_tags_and_no_quotes():
    assert html_text(f'"><img onerror=x>{RIGHT_TO_LEFT_OVERRIDE}') == "&quot;&gt;&lt;img onerror=x&gt;"


@pytest.mark.parametrize("link", ["https://evil.example", "HTTP://evil.example", "www.evil.example", "me@evil.example"])
def test_markdown_has_no_address_that_becomes_a_link(link):
    read = markdown_text(f"see {link} now").replace("\\", "")
    assert link not in read
    assert "".join(c for c in read if unicodedata.category(c) != "Cf") == f"see {link} now"


def test_plotly_has_no_link_and_no_template():
    assert plotly_text('<a href="x">%{y}</a>').startswith("&lt;a href=")
    assert "%{" not in plotly_text("%{y}")


@pytest.mark.parametrize("formula", ['=HYPERLINK("https://evil.example")', "+1+cmd|' /C calc'!A0", "-2+3", "@SUM(A1)"])
def test_csv_has_no_formula(formula):
    assert pd.read_csv(io.StringIO(pd.DataFrame({"a": [csv_cell(formula)]}).to_csv())).loc[0, "a"] == f"'{formula}"


def test_numbers_and_names_stay_as_they_are_in_csv():
    assert [csv_cell(value) for value in (-1, -0.5, "-0.5", "+3", "crane", None)] == [
        -1,
        -0.5,
        "-0.5",
        "+3",
        "crane",
        None,
    ]


@pytest.mark.parametrize(
    ("names", "told"),
    [
        (["crane", "fox", "crane"], ("crane (class 0)", "fox", "crane (class 2)")),
        (["crane", "crane ", "cr\u200bane"], ("crane (class 0)", "crane  (class 1)", "cr\u200bane (class 2)")),
        (["fi", "ﬁ"], ("fi (class 0)", "ﬁ (class 1)")),
        (["a", "a", "a (class 1)"], ("a (class 0)", "a (class 1) (class 1)", "a (class 1) (class 2)")),
    ],
)
def test_names_that_look_alike_are_told_apart(names, told):
    assert distinct(names, lambda place: f"class {place}") == told


def test_what_tells_a_name_apart_survives_a_cut():
    cut = [shortened(f"great blue heron of the north (class {number})", 28) for number in (134, 517)]
    assert len(set(cut)) == 2
    assert all(len(one) <= 28 for one in cut)


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("../../etc/passwd", "etc-passwd"),
        ("..", "run"),
        ("", "run"),
        ("C:\\a:b*c?.csv", "C-a-b-c-.csv"),
        ("a\0b\nc\u202ed", "a-b-c-d"),
        ("狐 1", "狐-1"),
        ("-rf", "rf"),
        ("__", "run"),
        ("x" * 300, "x" * 60),
        ("x" * 59 + "." + "y", "x" * 59),
        ("狐" * 300, "狐" * 20),
        ("x" + "狐" * 300, "x" + "狐" * 19),  # 58 bytes, and no part of a letter
    ],
)
def test_a_name_is_one_that_a_file_can_have_everywhere(text, name):
    assert file_name(text, "run") == name


def test_long_names_that_begin_alike_are_told_apart_where_they_are_cut():
    names = [f"{'a very long name of a class, ' * 10}{number}" for number in range(3)]
    told = distinct([*names, "fox"], lambda place: f"class {place}", cut=True)
    assert told == (*(f"{name} (class {place})" for place, name in enumerate(names)), "fox")
    assert [shortened(name, 20) for name in told[:2]] == ["a very lo… (class 0)", "a very lo… (class 1)"]
    assert distinct(names, str) == tuple(names)
    assert distinct(["crane", "crane"], lambda place: f"class {place}", cut=True) == (
        "crane (class 0)",
        "crane (class 1)",
    )
