"""A table as CSV, Markdown and LaTeX, and that whatever stands in it stays text in each."""

import csv
import io
import re

import numpy as np
import pandas as pd
import pytest

from analysis.report.table_formats import as_latex, as_markdown, cell_text, csv_text

HOSTILE = (
    "<script>alert(1)</script>",
    "[click](javascript:alert(1)) ![x](https://evil.example/x.png)",
    "a | b \\| c \\",
    "$x$ $$\\input{/etc/passwd}$$",
    "\\end{tabular}\\write18{id} % gone",
    "[2pt]",
    "*",
    "two\nlines\r\n\r\nand a paragraph",
    "שלום 12 \u202eabc",
    "=HYPERLINK(1)",
    "#1 @someone https://evil.example www.evil.example",
    "fox\u200d \x00\x07 🦊",
    "a_b^c~d&e`f`",
    "x" * 10_000,
)


def table_of(text):
    return pd.DataFrame({"name": [text, "fox"], text: ["1.5", text], "number": [0.123456, np.nan]})


def test_the_csv_holds_a_table_and_quotes_what_needs_it():
    table = pd.DataFrame({"exit": [1, 2], "class": ["b, c", 'a "d"'], "accuracy": [0.5, np.nan]})
    assert csv_text(table) == 'exit,class,accuracy\n1,"b, c",0.5\n2,"a ""d""",\n'


def test_a_saved_table_holds_no_formula_and_its_numbers_stay_as_they_are():
    table = pd.DataFrame({"=a": ["=1+1", "-0.5"], "b": [-1, 2], "c": [None, -0.25]})
    assert csv_text(table).splitlines() == ["'=a,b,c", "'=1+1,-1,", "-0.5,2,-0.25"]


@pytest.mark.parametrize("text", HOSTILE)
def test_csv_keeps_every_cell_apart(text):
    rows = list(csv.reader(io.StringIO(csv_text(table_of(text)), newline="")))
    assert [len(row) for row in rows] == [3, 3, 3]
    assert not any(cell.startswith(("=", "@")) for row in rows for cell in row)


@pytest.mark.parametrize("text", HOSTILE)
def test_markdown_keeps_the_table_and_makes_nothing_of_its_text(text):
    lines = as_markdown(table_of(text), text).splitlines()
    assert len(lines) == 6  # the title, nothing, the heads, the rule, two rows
    for line in lines[2:]:
        assert len(re.findall(r"(?<!\\)(?:\\\\)*\|", line)) == 4
    title = lines[0].removeprefix("**").removesuffix("**")
    said = re.sub(r"\\[\W_]", "", "\n".join([title, *(line[1:-1] for line in lines[4:])])).replace("|", "")
    assert not re.search(r"[`*_{}\[\]<>#$^!~\\]", said)
    assert "https://" not in said
    assert "www." not in said


@pytest.mark.parametrize("text", HOSTILE)
def test_latex_keeps_the_table_and_runs_nothing_of_its_text(text):
    lines = [line for line in as_latex(table_of(text), text).splitlines() if not line.startswith("% ")]
    assert len(lines) == 11  # the title and the rows are one line each
    known = r"\\(?:textbackslash|textasciitilde|textasciicircum|textasciigrave|textbar)\{\}|\\[&%$#_{}]|\$[<>]\$"
    rows = [line.removesuffix(r" \\") for line in (lines[4], *lines[6:8])]
    for row in (lines[1].removeprefix(r"\caption{").removesuffix("}"), *rows):
        rest = re.sub(known, "", row)
        assert not re.search(r"[\\%$#_^~]", rest)
        assert re.fullmatch(r"(?:[^{}]|\{[\[*]\})*", rest)
        assert rest[:1] not in ("[", "*")
        assert not any(ord(character) < 32 or character in "\u202e\u200d\u2068" for character in row)
    assert [len(re.findall(r"(?<!\\)&", row)) for row in rows] == [2, 2, 2]


def test_letters_that_pdflatex_does_not_have_are_announced():
    assert "LuaLaTeX" in as_latex(pd.DataFrame({"a": ["狐"]}), "title")
    assert "LuaLaTeX" not in as_latex(pd.DataFrame({"a": ["Zürich"]}), "title")


def test_numbers_stand_to_the_right_and_unknown_ones_are_dashes():
    table = pd.DataFrame({"run": ["a", "b"], "accuracy": [0.5, np.nan], "points": ["+1.25*", "-0.10"], "p": ["", "-"]})
    latex, markdown = as_latex(table, "title").splitlines(), as_markdown(table, "title").splitlines()
    assert r"\begin{tabular}{lrrl}" in latex
    assert r"a & 0.5 & +1.25* &  \\" in latex
    assert r"b & -- & -0.10 & -- \\" in latex
    assert markdown[3] == "| :-- | --: | --: | :-- |"
    assert markdown[5] == "| b | - | -0.10 | - |"


def test_a_table_without_rows_has_its_heads():
    assert as_markdown(pd.DataFrame({"a": []}), "t").splitlines()[2:] == ["| a |", "| :-- |"]
    assert r"a \\" in as_latex(pd.DataFrame({"a": []}), "t").splitlines()


def test_what_is_no_number_is_shown_as_it_is():
    shown = [cell_text(value) for value in (1234, 1e-9, np.float32(0.5), True, pd.NA, (1, 2))]
    assert shown == ["1,234", "1e-09", "0.5", "True", "-", "(1, 2)"]
