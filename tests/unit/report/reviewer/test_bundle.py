"""What a report says: the numbers of the results, for every kind of run, the same bytes each time."""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from analysis.cli import main
from analysis.report.reviewer.bundle import report_html
from analysis.report.reviewer.facts import hash_rows
from analysis.report.reviewer.subject import Options
from analysis.results import compare, difference_of, results_of
from analysis.statistics.binomial import clopper_pearson_interval
from analysis.storage import load_run, write_run
from analysis.words import correction
from tests.unit.report.reviewer.reading import read, rows

PROJECT = Path(__file__).parents[4]


@pytest.fixture
def sides(small_run):
    return [results_of(small_run, key) for key in ("baseline", "pa")]


def claims(document) -> list[str]:
    return [one.text for one in document.all("ol")[0].all("li")]


def test_claims_are_the_results_in_words_with_their_intervals(small_run, sides):
    said = claims(read(report_html([small_run])))
    difference = difference_of(*sides)
    assert said[0] == correction.correction_sentence(difference, "product anytime (PA)")
    assert said[-1] == correction.price_sentence(difference, "PA")
    last = compare(sides).pairs[0].exits[-1].accuracy
    low, high = sorted((abs(100 * last.low), abs(100 * last.high)))
    assert f"(95%: {low:.2f} to {high:.2f})" in said[1]
    assert "exact McNemar test" in said[1]
    assert f"{100 * sides[1].accuracy[-1]:.1f}%" in said[1]
    fallen = compare(sides).pairs[0].decrease[0.1]
    assert f"(95%: {-fallen.high:.2f} to {-fallen.low:.2f})" in said[2]


def test_tables_hold_both_states_with_exact_intervals(small_run, sides):
    document = read(report_html([small_run]))
    for name, side in zip(("the baseline", "PA"), sides):
        found = rows(document, f"Exit by exit under {name}")
        assert found[0][:4] == ["exit", "cost, M MACs", "right, %", "95% interval"]
        for row, correct in zip(found[1:], side.traces.correct):
            low, high = clopper_pearson_interval(int(correct.sum()), correct.size)
            assert row[2:4] == [f"{100 * correct.mean():.2f}", f"{100 * low:.2f} to {100 * high:.2f}"]
        falls = rows(document, f"Samples whose true class's probability falls under {name}")[1:]
        assert [float(row[1].strip("<")) for row in falls] == pytest.approx(side.falling_percent(), abs=0.005)
    states = {table.attributes["class"] for table in document.all("div", class_="table")}
    assert {"table off", "table on"} <= states


def test_what_is_shown_is_said_first_with_exact_intervals(small_run, sides):
    document = read(report_html([small_run]))
    section = document.all("section")[0]
    for state, name, side in zip(("off", "on"), ("the baseline", "PA"), sides):
        (said,) = (one.text for one in section.all("span", class_=state) if "right at the last exit" in one.text)
        low, high = clopper_pearson_interval(int(side.traces.correct[-1].sum()), 300)
        start = f"Under {name}, {100 * side.accuracy[-1]:.1f}% of samples are right at the last exit "
        assert said.startswith(f"{start}(95%: {100 * low:.2f} to {100 * high:.2f}), ")
        assert said.count("95%") == 3


def test_samples_are_those_that_were_asked_for(small_run, sides):
    document = read(report_html([small_run], Options(samples=4, seed=3)))
    groups = document.all("div", class_="cards")
    assert [len(group.all("figure")) for group in groups][:3] == [4, 8, 8]
    worst = np.argsort(-sides[0].fall().size, kind="stable")[:8]
    shown = [next(one.text for one in card.all("span")) for card in groups[1].all("figure")]
    assert shown == [f"sample {sides[0].ids[place]}" for place in worst]
    assert len(document.all("img")) == len(document.all("figure", class_="card"))
    ids = [one.attributes["data-sample"] for one in document.all("figure") if "data-sample" in one.attributes]
    assert len(ids) == len(set(ids))


def test_what_was_fitted_on_what_is_said(small_run, imageless_run):
    rule = dict(rows(read(report_html([small_run])), "Settings"))
    assert rule["stopping rules are fitted on"] == "100 samples (calibration) of small"
    document = read(report_html([imageless_run]))
    assert dict(rows(document, "Settings"))["stopping rules are fitted on"] == (
        "80 samples (random:0.2, drawn by seed 0) of imageless"
    )
    assert not document.all("p", class_="badge")[1:]  # the first tells that scripts are off
    on_test = read(report_html([imageless_run], Options(allow_test_fitting=True)))
    assert [one.text for one in on_test.all("p", class_="badge")][1:] == ["fitted on test"]
    assert "FITTED ON TEST" in dict(rows(on_test, "Settings"))["stopping rules are fitted on"]


@pytest.mark.parametrize("kind", ["unlabelled_run", "imageless_run", "probs_run"])
def test_every_kind_of_run_has_a_report(kind, request):
    run = request.getfixturevalue(kind)
    document = read(report_html([run]))
    assert len(claims(document)) >= 3
    assert not document.all("img")
    assert ("Fixed by" in document.text) == run.has_labels
    assert "nan" not in document.all("main")[0].text.lower().split()


def test_a_run_of_one_exit_and_three_samples_has_one_too(runs, small_logits, small_labels):
    run = write_run(runs / "one", logits=small_logits[-1:, :3], labels=small_labels[:3])
    document = read(report_html([run]))
    assert claims(document)[0].startswith("This network has one exit")
    assert "Samples whose" not in document.text


def test_numbers_of_the_paper_stand_beside_those_of_its_network(runs, small_logits, small_labels):
    run = write_run(runs / "paper", logits=small_logits, labels=small_labels, dataset="cifar100", model="msdnet")
    document = read(report_html([run]))
    assert [row[0] for row in rows(document, "The published findings")][1:]
    numbers = rows(document, "This run's numbers beside the paper's")
    assert numbers[0][1::3] == ["Baseline: this run", "PA: this run", "CA: this run"]
    assert numbers[1] == ["Samples that are right, at exit"]
    assert numbers[8][0] == "7"
    assert numbers[8][2].startswith("72.20")
    assert [row[0][:12] for row in numbers if len(row) == 1] == [
        "Samples that",
        "Samples whos",
        "Samples whos",
        "Oracle gap, ",
        "Samples whos",
    ]
    other = read(report_html([run], Options(predictor="pa", settings={"weights": "uniform"})))
    assert "PA: this run" in rows(other, "This run's numbers beside the paper's")[0]
    assert "setting weights" in dict(rows(other, "Settings"))


def test_runs_stand_beside_each_other(small_run, imageless_run):
    both = [small_run, imageless_run]
    document = read(report_html(both))
    assert len(document.all("section")) == 4
    accuracy = rows(document, "Accuracy at each exit")
    assert [row[0] for row in accuracy[1:]] == ["small baseline", "small pa", "imageless baseline", "imageless pa"]
    assert len(rows(document, "Every two, paired by sample")) == 1 + 6


def test_those_of_the_same_samples_are_compared_though_another_is_not(
    small_run, imageless_run, runs, small_logits, small_labels
):
    other = write_run(runs / "other", logits=small_logits, labels=(small_labels + 1) % 20)
    document = read(report_html([small_run, other, imageless_run]))
    assert len(rows(document, "Accuracy at each exit")) == 1 + 4
    said = document.all("section", id="comparison")[0].text
    assert "small and other are not compared: " in said
    assert "disagree on the labels" in said


def test_runs_that_cannot_be_compared_are_told_why(small_run, unlabelled_run):
    section = read(report_html([small_run, unlabelled_run])).all("section", id="comparison")[0]
    assert "small and unlabelled are not compared: run unlabelled has no labels." in section.text
    assert not section.all("table")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"predictor": "baseline"}, "--predictor baseline: a report sets a correction beside it, name one of pa, hard"),
        ({"samples": 0}, "--samples 0: draw 1 to 100"),
        ({"seed": -1}, "--seed -1: give a whole number from 0"),
        ({"split": "calibration"}, "run imageless has no samples of split calibration: choose another --split"),
        ({"cost_unit": "hours"}, "run imageless has no cost in hours"),
        ({"settings": {"strength": "2"}}, "pa has no setting 'strength'"),
        ({"calibration": "0:400"}, "all 400 samples of split test are fitted on"),
    ],
)
def test_what_cannot_be_is_refused(imageless_run, options, message):
    with pytest.raises(ValueError, match="^.*" + message.replace("(", r"\(")[:40]):
        report_html([imageless_run], Options(**options))


def test_too_many_runs_and_one_run_twice_are_refused(small_run):
    with pytest.raises(ValueError, match="5 runs to report: name 1 to 4"):
        report_html([small_run] * 5)
    with pytest.raises(ValueError, match="a run is named twice"):
        report_html([small_run] * 2)


def test_the_command_in_it_makes_the_same_bytes_in_another_process(small_run, imageless_run, tmp_path):
    options = Options(predictor="hard-poe", settings={"threshold": "0.5"}, split="all", samples=3, seed=7)
    page = report_html([load_run(small_run.path), imageless_run], options)
    (command,) = (one.text for one in read(page).all("code"))
    assert command == (
        "python -m analysis report small imageless --predictor hard-poe --set threshold=0.5 --split all --samples 3 "
        "--seed 7 --out small-imageless-hard-poe.html"
    )
    environment = os.environ | {
        "PYTHONHASHSEED": "123",
        "PYTHONPATH": str(PROJECT),
        "EXITLENS_CACHE": str(tmp_path / "c"),
    }
    words = [sys.executable, *shlex.split(command)[1:]]
    subprocess.run(words, cwd=tmp_path, env=environment, check=True)
    assert (tmp_path / "small-imageless-hard-poe.html").read_bytes() == page.encode()


def test_a_bundled_run_is_far_below_fifteen_megabytes(tmp_path):
    out = tmp_path / "r.html"
    assert main(["report", str(PROJECT / "cached_runs" / "msdnet-cifar10"), "--out", str(out)]) == 0
    assert out.stat().st_size < 4e6


def test_runs_of_which_not_every_two_share_samples_are_all_told(runs, small_logits, small_labels):
    parts = {"whole": slice(0, 400), "begin": slice(0, 200), "end": slice(200, 400)}
    made = [
        write_run(
            runs / name,
            logits=small_logits[:, part],
            labels=small_labels[part],
            samples=pd.DataFrame({"id": [str(place) for place in range(part.start, part.stop)]}),
        )
        for name, part in parts.items()
    ]
    said = read(report_html(made)).text
    assert "whole and end are not compared: " in said
    assert "have no sample id in common" in said


def test_pictures_on_object_storage_are_named_by_their_address(small_run):
    elsewhere = replace(small_run, image_tables={"test": ("s3://bucket/datasets/a.parquet",)})
    assert ("pictures", "s3://bucket/datasets/a.parquet") in hash_rows(elsewhere)
