"""Against the paper by AppTest: a run of the paper's network; runs without its numbers, without labels or logits."""

import base64
import html
import re
import time

import numpy as np
import pytest

from analysis.cli import main
from analysis.reference.published import published_for
from analysis.report.number_tables import exit_table, fall_table
from analysis.results import results_of
from analysis.results.run_numbers import summarize
from analysis.runtime.command_job import CommandJob
from analysis.storage import load_run, write_run
from analysis.traces import load_traces
from app.views.paper.reviewer_bundle import ReportJob
from tests.e2e.pages import figures, opened, title, words
from tests.toy import log_probs

FIGURES = {"paper-accuracy", "paper-falls"}


@pytest.fixture
def paper_run(runs, small_logits, small_labels):
    """A run of the paper's depth that says it is the paper's network."""
    return write_run(
        runs / "paper",
        logits=small_logits,
        labels=small_labels,
        dataset="cifar100",
        model="msdnet",
        provenance={"summary": "Trained for <2> epochs (the paper: 300)."},
    )


def shown(run="paper", **controls):
    app = opened("paper", run=run, **({"predictor": "pa", "poe": "1"} | controls))
    assert not app.exception
    return app


def numbers(values):
    """The numbers of an array as plotly packs it."""
    return np.frombuffer(base64.b64decode(values["bdata"]), values["dtype"]) if isinstance(values, dict) else values


def drawn(app, chart):
    return {trace["name"]: trace for trace in figures(app)[chart]["data"]}


def tables(app):
    """Every table of the page: its rows, each the texts of its cells."""
    bodies = [element.proto.body for element in app.get("html") if "<table" in element.proto.body]
    return [
        [
            [html.unescape(cell) for cell in re.findall(r"<t[hd][^>]*>(.*?)</t[hd]>", row)]
            for row in body.split("<tr>")[1:]
        ]
        for body in bodies
    ]


def column(table, name):
    """The cells below a heading."""
    return [row[table[0].index(name)] for row in table[1:]]


def test_both_figures_hold_the_run_s_numbers_and_the_paper_s(paper_run):
    app = shown()
    assert set(figures(app)) == FIGURES
    traces, paper = load_traces(paper_run, "pa"), published_for("cifar100", "msdnet", 7)["pa"]
    lines = drawn(app, "paper-accuracy")
    assert np.allclose(numbers(lines["PA: accuracy"]["y"]), 100 * traces.correct.mean(axis=1))
    assert np.allclose(numbers(lines["published, PA: accuracy"]["y"]), 100 * paper.accuracy)
    assert "in the paper 74.69%" in title(figures(app)["paper-accuracy"])


def test_the_switch_changes_every_figure_and_no_axis(paper_run):
    on, off = figures(shown()), figures(shown(poe="0"))
    for name in FIGURES:
        assert on[name]["data"] != off[name]["data"], name
        assert title(on[name]).startswith("PA: ")
        assert title(off[name]).startswith("Baseline: ")
        for axis in ("xaxis", "yaxis", "yaxis2"):
            assert on[name]["layout"][axis]["range"] == off[name]["layout"][axis]["range"], (name, axis)


def test_the_distance_in_training_is_always_said(paper_run, runs, small_logits, small_labels):
    assert "Trained for &lt;2&gt; epochs (the paper: 300)." in words(shown())
    write_run(runs / "untold", logits=small_logits, labels=small_labels, dataset="cifar100", model="msdnet")
    assert "how this network was trained is not recorded" in words(shown("untold")).lower()


def test_every_finding_stands_with_its_verdict_and_criterion(paper_run):
    findings, everything = tables(shown())
    assert len(findings) == 1 + 5
    assert set(column(findings, "verdict")) <= {"✓ shown", "✗ not shown"}
    assert all(
        "PA's" in criterion or "under PA" in criterion for criterion in column(findings, "finding, and what decides")
    )
    assert everything[0] == ["", "Baseline", "PA", "CA"]
    assert [len(row) for row in everything[2:]].count(10) == 7 + 8 + 8 + 1 + 6  # three columns for each predictor


def test_the_bundled_run_shows_its_numbers(monkeypatch):
    monkeypatch.delenv("EXITLENS_RUNS", raising=False)
    app = shown("msdnet-cifar100")
    assert "5 published findings on PA for MSDNet on CIFAR-100" in words(app)
    assert "the paper: 300" in words(app)
    last = 100 * load_traces(load_run("cached_runs/msdnet-cifar100"), "baseline").correct[-1].mean()
    assert next(row[1] for row in tables(app)[1] if row[0] == "7") == f"{last:.2f}"


def test_numbers_below_the_last_digit_are_text_in_the_table(monkeypatch):
    monkeypatch.delenv("EXITLENS_RUNS", raising=False)
    raw = "".join(element.proto.body for element in shown("msdnet-cifar100").get("html"))
    assert "± &lt;0.01" in raw
    assert "<0.01" not in raw
    assert ", outside<" in raw


def test_the_table_shows_the_digits_that_summarize_prints(paper_run):
    rows = tables(shown())[1]
    first = rows.index(next(row for row in rows if row[0] == "1"))
    for place, predictor in ((1, "baseline"), (4, "pa")):
        one = summarize(results_of(paper_run, predictor))
        printed = {name: cells for name, _, cells in [*exit_table([one]), *fall_table([one])[1]]}
        column = [row[place] for row in rows[first:] if len(row) > 1]
        assert column[:7] == printed["accuracy %"]
        assert column[7:15] == printed["true class"]
        assert column[15:23] == printed["final prediction"]


def test_findings_that_are_not_published_are_named_so(runs, small_logits, small_labels):
    write_run(runs / "imta", logits=small_logits, labels=small_labels, dataset="cifar100", model="imta")
    assert column(tables(shown("imta"))[0], "verdict").count("– not published") == 2


def test_runs_from_other_seeds_stand_beside_it(runs, small_logits, small_labels):
    write_seeds(runs, small_logits, small_labels, [3])
    assert not any("another seed" in name for name in drawn(shown("seed-3"), "paper-accuracy"))
    write_seeds(runs, small_logits, small_labels, [5, 4])
    app = shown("seed-3")
    for name, of in (("paper-accuracy", "accuracy"), ("paper-falls", "true class: samples that fall by more")):
        assert "Thin, without markers: other seeds" in figures(app)[name]["layout"]["title"]["subtitle"]["text"]
        drawn_names = [trace["name"] for trace in figures(app)[name]["data"]]
        assert drawn_names.count(f"another seed, PA: {of}") == 2
    rows = {row[0]: row[1:] for row in tables(app)[1]}
    assert [name for name in rows if "seed" in name] == ["seed 3, on screen", "seed 4", "seed 5"]
    accuracies = [100 * load_traces(load_run(runs / f"seed-{seed}"), "pa").correct[-1].mean() for seed in (3, 4, 5)]
    assert rows["seed 4"][1] == f"{accuracies[1]:.2f}"
    assert rows["mean ± sd of 3"][1] == f"{np.mean(accuracies):.2f} ± {np.std(accuracies):.2f}"
    assert "verdict on every finding" in words(app) or "The seeds differ" in words(app)


@pytest.mark.parametrize(("run", "own", "other"), [("msdnet-cifar10", 0, 1), ("msdnet-cifar10-seed1", 1, 0)])
def test_the_bundled_seeds_stand_beside_each_other(monkeypatch, run, own, other):
    monkeypatch.delenv("EXITLENS_RUNS", raising=False)
    app = shown(run)
    assert [row[0] for row in tables(app)[1] if "seed" in row[0]] == [f"seed {own}, on screen", f"seed {other}"]
    assert "another seed, PA: accuracy" in drawn(app, "paper-accuracy")


def write_seeds(runs, logits, labels, seeds):
    for seed in seeds:
        noise = np.random.default_rng(seed).normal(0, 1, logits.shape)
        write_run(
            runs / f"seed-{seed}",
            logits=(logits + noise).astype(np.float32),
            labels=labels,
            dataset="cifar100",
            model="msdnet",
            provenance={"recipe": "mine", "seed": seed},
        )


def test_another_predictor_gives_way_and_ca_is_drawn(paper_run):
    assert "The paper has no numbers for MoE" in words(shown(predictor="moe"))
    assert "PA: accuracy" in drawn(shown(predictor="moe"), "paper-accuracy")
    assert "CA: accuracy" in drawn(shown(predictor="ca"), "paper-accuracy")
    changed = shown(set="weights:uniform")
    assert "with the paper&#x27;s settings, not with those chosen" in words(changed)
    assert drawn(changed, "paper-accuracy")["PA: accuracy"] == drawn(shown(), "paper-accuracy")["PA: accuracy"]


def test_a_run_without_published_numbers_says_which_networks_have_them(small_run):
    app = shown("small")
    assert not figures(app)
    assert "no numbers for this run's network (“msdnet” on “tiny”)" in words(app).replace("&#x27;", "'")
    assert {"cifar10", "cifar100", "imagenet"} == set(column(tables(app)[0], "dataset"))


@pytest.mark.parametrize(("about", "said"), [({}, "neither"), ({"model": "msdnet"}, "only “msdnet”")])
def test_a_run_that_does_not_say_what_it_is_of_is_told_so(runs, small_logits, small_labels, about, said):
    write_run(runs / "bare", logits=small_logits, labels=small_labels, **about)
    app = words(shown("bare")).replace("&#x27;", "'")
    assert f"found by a run's model and data set, and this one names {said}. There are published numbers" in app


def test_another_depth_is_another_network(runs, small_logits, small_labels):
    write_run(runs / "short", logits=small_logits[:4], labels=small_labels, dataset="cifar100", model="msdnet")
    assert "has 7 exits, this run has 4" in words(shown("short"))


def test_without_labels_there_is_nothing_to_compare(runs, small_logits):
    write_run(runs / "blind", logits=small_logits, dataset="cifar100", model="msdnet")
    app = shown("blind")
    assert not figures(app)
    assert "no labels" in words(app)


def test_probabilities_only_leave_pa_open(runs, small_logits, small_labels):
    paper = {"dataset": "cifar100", "model": "msdnet"}
    write_run(runs / "soft", logits=log_probs(small_logits), labels=small_labels, kind="probs", **paper)
    app = shown("soft")
    assert "CA: accuracy" in drawn(app, "paper-accuracy")
    assert set(column(tables(app)[0], "verdict")) == {"? cannot be computed"}


def test_other_runs_are_told_plainly(unlabelled_run, probs_run, imageless_run, damaged_run):
    for run in ("unlabelled", "probs", "imageless"):
        assert "There are published numbers for" in words(shown(run))
    assert any("analysis validate" in code.value for code in opened("paper", run="damaged").code)


def bundled(app):
    """The page once the bundle is made, and the job that made it."""
    for _ in range(600):
        if app.get("download_button"):
            return app, app.session_state["long-work-reviewer-bundle"][1]
        assert not app.error, app.error[0].value
        time.sleep(0.1)
        app = app.run()
    raise AssertionError("no bundle within a minute")


def offered(app):
    return next(button for button in app.button if button.label == "Reviewer bundle")


def test_the_reviewer_bundle_is_what_the_command_writes_of_what_is_on_screen(small_run, tmp_path, monkeypatch):
    monkeypatch.setenv("EXITLENS_READ_ONLY", "1")
    app, job = bundled(offered(shown("small", predictor="ca", split="all", unit="params")).click().run())
    (download,) = app.get("download_button")
    assert download.proto.label == "Download the bundle"
    out = tmp_path / "r.html"
    options = ["--predictor", "ca", "--split", "all", "--cost-unit", "params"]
    assert main(["report", str(small_run.path), *options, "--out", str(out)]) == 0
    assert job.output == out.read_text()
    assert f"python -m analysis report small {' '.join(options)} --out small-ca.html" in job.output
    assert not list(job.folder.glob("*.html"))


def test_settings_on_screen_are_those_of_the_bundle(paper_run, monkeypatch):
    asked = []
    monkeypatch.setattr(ReportJob, "__init__", lambda self, argv: asked.append(argv) or CommandJob.__init__(self, argv))
    offered(shown(set="weights:uniform")).click().run()
    assert asked[0] == (
        "report",
        str(paper_run.path),
        "--predictor",
        "pa",
        "--set",
        "weights=uniform",
        "--split",
        "test",
    )


def test_every_run_with_samples_has_a_bundle(unlabelled_run, imageless_run, probs_run):
    for run in ("unlabelled", "imageless", "probs"):
        assert offered(shown(run, poe="0"))
