"""`figure` as it is called: what it writes, and what it refuses before anything is computed."""

import os

import pytest

from analysis.cli import main
from analysis.commands.figure import drawn_height
from analysis.figures.print_sizes import SLIDE, PrintSize
from analysis.runtime import browser


def test_html_needs_no_browser_and_says_what_it_is_of(small_run, tmp_path, capsys, monkeypatch):
    monkeypatch.setenv("EXITLENS_BROWSER", str(tmp_path / "gone"))
    out = tmp_path / "a.html"
    options = ["--figure", "falls", "--set", "weights=uniform", "--out", str(out)]
    assert main(["figure", "small", *options]) == 0
    assert capsys.readouterr().out == f"{out}: falls of small under pa\n"
    page = out.read_text(encoding="utf-8")
    assert "<title>small, pa: falls</title>" in page
    assert "Run small, predictor pa with weights=uniform, split test" in page
    assert "://" not in page.split("<script>")[0]
    second = tmp_path / "b.html"
    assert main(["figure", "small", *options[:-1], str(second)]) == 0
    assert second.read_bytes() == out.read_bytes()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--figure", "best", "--out", "a.svg"], "figure 'best': choose one of trajectories"),
        (["--figure", "falls", "--out", "a.eps"], "--out a.eps: end its name in .svg, .pdf or .html"),
        (["--figure", "falls", "--out", "none/a.svg"], "none is no folder"),
        (
            ["--figure", "falls", "--out", "a.html", "--width", "3"],
            "a width of '3': give a number with in, mm, cm or pt",
        ),
        (["--figure", "falls", "--out", "a.html", "--width", "3m"], "a width of '3m'"),
        (["--figure", "falls", "--out", "a.html", "--width", "90in"], "a width of 6480 pt: give 72 to 1440 pt"),
        (["--figure", "falls", "--out", "a.html", "--font-size", "0"], "a font size of 0 pt: give 4 to 48 pt"),
        (["--figure", "falls", "--out", "a.html", "--slide", "--width", "3in"], "--width and --slide"),
        (["--figure", "falls", "--out", "a.html", "--predictor", "baseline"], "the figure sets a correction beside it"),
        (["--figure", "falls", "--out", "a.html", "--predictor", "x"], "is no known id"),
        (["--figure", "falls", "--out", "a.html", "--cost-unit", "hours"], "has no cost in hours"),
    ],
)
def test_bad_input_is_one_line_and_leaves_nothing(small_run, tmp_path, capsys, monkeypatch, options, message):
    monkeypatch.chdir(tmp_path)
    before = sorted(os.listdir(tmp_path))
    assert main(["figure", "small", *options]) == 2
    printed, errors = capsys.readouterr()
    assert printed == ""
    assert message in errors
    assert errors.count("\n") == 1
    assert sorted(os.listdir(tmp_path)) == before


def test_an_existing_file_is_refused_and_stays(small_run, tmp_path, capsys):
    out = tmp_path / "a.html"
    out.write_text("mine")
    assert main(["figure", "small", "--figure", "falls", "--out", str(out)]) == 2
    assert "exists already" in capsys.readouterr().err
    assert out.read_text() == "mine"


@pytest.mark.parametrize("ending", ["svg", "pdf"])
def test_without_a_browser_it_says_so_in_one_sentence(small_run, tmp_path, capsys, monkeypatch, ending):
    monkeypatch.setenv("EXITLENS_BROWSER", str(tmp_path / "gone"))
    assert main(["figure", "small", "--figure", "falls", "--out", str(tmp_path / f"a.{ending}")]) == 2
    assert capsys.readouterr().err == f"{browser.NONE_FOUND}\n"
    assert not list(tmp_path.glob("a.*"))


def test_a_run_of_probabilities_takes_the_corrections_that_it_feeds(probs_run, tmp_path, capsys):
    out = ["--figure", "accuracy", "--out", str(tmp_path / "a.html")]
    assert main(["figure", "probs", "--predictor", "pa", *out]) == 2
    assert "pa needs logits" in capsys.readouterr().err.lower()
    assert main(["figure", "probs", *out]) == 0
    printed = capsys.readouterr()
    assert printed.out.endswith("under softmax-poe\n")
    assert printed.err.endswith("using softmax-poe.\n")


def test_a_figure_is_flatter_than_wide_within_bounds():
    assert drawn_height(PrintSize()) == 230
    assert drawn_height(PrintSize(486)) == 452
    assert drawn_height(SLIDE) == 446
