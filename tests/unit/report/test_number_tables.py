"""Summaries as text, CSV and LaTeX."""

from __future__ import annotations

import csv
import io

import pytest

from analysis.report.number_tables import as_csv, as_latex, as_markdown, as_text, latex_table, shown
from analysis.results import results_of
from analysis.results.run_numbers import summarize


def summaries(run, *predictors):
    return [summarize(results_of(run, predictor, settings)) for predictor, settings in predictors]


@pytest.fixture
def both(small_run):
    return summaries(small_run, ("baseline", {}), ("hard-poe", {}))


def test_the_table_shows_both_predictors_under_each_quantity(both):
    lines = as_text(both, ["Closing words."]).splitlines()
    assert lines[0] == "small: 300 samples of split test"
    assert lines[2].split() == ["exit", "1", "2", "3", "4", "5", "6", "7"]
    assert lines[3].split() == ["cost,", "M", "MACs", "1.0", "2.0", "3.0", "4.0", "5.0", "6.0", "7.0"]
    row = next(i for i, line in enumerate(lines) if line.startswith("accuracy %"))
    assert lines[row].split()[2] == "baseline"
    assert lines[row + 1].split()[0] == "hard-poe"
    cells = [f"{100 * exit_row['accuracy']:.2f}" for exit_row in both[1]["exits"]]
    assert lines[row + 1].split()[1:] == cells
    assert lines[-1] == "Closing words."
    assert max(map(len, lines)) <= 120
    nll = next(i for i, line in enumerate(lines) if line.startswith("NLL"))
    assert lines[nll + 1].split()[-1] == "inf"


def test_only_zero_reads_as_zero_and_only_all_as_all():
    assert [shown(value, 100, 2, 100) for value in (0.0, 0.00004, 0.99996, 1.0)] == ["0", "<0.01", ">99.99", "100.00"]
    assert [shown(value, 1, 3, 1) for value in (0.0, 0.0004, 0.99996, 1.0, 1.9)] == [
        "0", "<0.001", ">0.999", "1.000", "1.900"
    ]  # fmt: skip
    rows = [("falls", "pa", ["<0.01", ">99.99", "-"])]
    assert r"falls & pa & $<$0.01 & $>$99.99 & -- \\" in latex_table("caption", "exit", ["1", "2", "3"], rows)


def test_predictors_of_one_name_are_told_apart_by_their_settings(small_run):
    text = as_text(summaries(small_run, ("baseline", {}), ("baseline", {"temperature": 2})))
    assert "baseline temperature=2.0 " in text
    assert "activation" not in text


def test_without_labels_no_empty_rows_are_shown(unlabelled_run):
    text = as_text(summaries(unlabelled_run, ("baseline", {})))
    assert "accuracy" not in text
    assert "true class" not in text
    assert "overthinking" not in text
    assert "final prediction" in text
    assert "400 of them without label" in text


def test_the_csv_has_a_row_per_predictor_and_exit(both):
    rows = list(csv.DictReader(io.StringIO(as_csv(both))))
    assert [(row["predictor"], row["exit"]) for row in rows] == [
        (predictor, str(m)) for predictor in ("baseline", "hard-poe") for m in range(1, 8)
    ]
    assert float(rows[3]["accuracy"]) == both[0]["exits"][3]["accuracy"]
    assert float(rows[8]["decrease_percent_true_class_0.01"]) == both[1]["decrease_percent"]["true_class"]["0.01"]
    assert rows[13]["nll"] == ""


def test_latex_escapes_names_and_balances(both):
    for summary in both:
        summary["run"] = "my_run & 50%"
    text = as_latex(both)
    assert r"my\_run \& 50\%" in text
    assert text.count(r"\begin{tabular}") == text.count(r"\end{tabular}") == 2
    rows = [line for line in text.splitlines() if line.startswith("accuracy")]
    assert all(row.count("&") == 8 for row in rows)


def test_markdown_has_the_tables_of_latex(both):
    for summary in both:
        summary["run"] = "my_run"
    lines = as_markdown(both).splitlines()
    assert lines[0] == r"**Per exit: my\_run, 300 samples of split test.**"
    rows = [line for line in lines if line.startswith("| accuracy")]
    cells = [f"{100 * exit_row['accuracy']:.2f}" for exit_row in both[1]["exits"]]
    assert rows[1] == f"| accuracy % | hard-poe | {' | '.join(cells)} |"
    latex = [line for line in as_latex(both).splitlines() if line.endswith(r" \\")]
    assert sum(line.startswith("| ") for line in lines) == len(latex) + 2  # the rules below the heads
