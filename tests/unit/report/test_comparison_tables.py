"""The tables of a comparison as people read them say what the command's CSV says."""

import csv
import io

import pytest

from analysis.report.comparison_tables import (
    as_csv,
    as_markdown,
    csv_rows,
    exits_shown,
    falls_shown,
    names,
    pairs_shown,
)
from analysis.report.entry_facts import entry_facts
from analysis.results import compare, results_of
from analysis.results.comparison import as_object
from analysis.storage import write_run
from analysis.words.formats import signed


@pytest.fixture
def entries(small_run):
    return [results_of(small_run, key) for key in ("baseline", "pa", "moe")]


@pytest.fixture
def found(entries):
    return as_object(compare(entries))


def test_rows_are_the_csvs(found):
    rows = list(csv.DictReader(io.StringIO(as_csv(found))))
    told = csv_rows(found)
    assert len(rows) == len(told) == 3 * (7 + 8)
    for row, one in zip(rows, told):
        assert {name: str(value) for name, value in one.items()} == {name: row[name] for name in one}


def test_what_is_shown_are_the_same_numbers(found):
    names = ("Baseline", "PA", "MoE")
    pair = found["pairs"][1]
    exits, falls = exits_shown(found, pair, names), falls_shown(found, pair, names)
    assert list(exits.columns[:3]) == ["exit", "Baseline, %", "MoE, %"]
    for row, one in zip(exits.itertuples(index=False), pair["exits"], strict=True):
        assert row[3].rstrip("*") == signed(100 * one["difference"])
        assert row[3].endswith("*") == (one["p_holm"] < 0.05)
        assert row[4].replace("\N{NO-BREAK SPACE}", " ") == f"{signed(100 * one['low'])} to {signed(100 * one['high'])}"
        assert row[8] == f"{one['p_holm']:.2g}"
    assert falls.set_index("true class falls by more than").loc["0.01", "difference, points"] == signed(
        pair["decrease"]["0.01"]["difference"]
    )
    every = pairs_shown(found, names)
    assert every["first"].tolist() == ["Baseline", "Baseline", "PA"]
    assert every.iloc[1, 4] == exits.iloc[-1, 3]


def test_no_two_entries_are_called_alike():
    entries = [{"run": "a", "predictor": "moe", "settings": one} for one in ({"own": 1}, {}, {"own": 2}, {})]
    assert names(entries) == ["moe", "moe without own (2)", "moe own=2", "moe without own (4)"]


def test_only_exits_that_differ(found):
    for pair in found["pairs"]:
        sure = [str(one["exit"]) for one in pair["exits"] if one["p_holm"] < 0.05]
        assert exits_shown(found, pair, "abc", only_differing=True)["exit"].tolist() == sure


def test_no_run_is_a_formula_in_the_csv(found):
    found["entries"][0]["run"] = "=1+1"
    assert as_csv(found).splitlines()[1].startswith("test,'=1+1,baseline,")
    assert "**Accuracy per exit, split test.**" in as_markdown(found)


def test_facts_side_by_side_and_only_those_that_differ(entries, runs, small_logits, small_labels):
    other = write_run(
        runs / "other", logits=small_logits, labels=small_labels, title="x" * 500, dataset="tiny",
        provenance={"made_by": "tests", "settings": {"lr": 0.1}},
    )  # fmt: skip
    facts = entry_facts([*entries, results_of(other, "baseline")], list("abcd")).set_index("field")
    assert facts.loc["predictor"].tolist() == ["baseline", "pa", "moe", "baseline"]
    assert facts.loc["setting weights"].tolist() == ["", "linear", "", ""]
    assert facts.loc["made: settings.lr"].tolist() == ["", "", "", "0.1"]
    assert facts.loc["cost of the last exit, MACs"].tolist() == ["7 M"] * 3 + [""]
    assert len(facts.loc["title", "d"]) == 300
    differing = entry_facts(entries, list("abc"), only_differing=True)
    assert set(differing["field"]) == {"predictor", *(f for f in differing["field"] if f.startswith("setting "))}
    same = entry_facts([entries[0], entries[0]], ["a", "b"], only_differing=True)
    assert same.empty
