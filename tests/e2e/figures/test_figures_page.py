"""The page of figures by AppTest: the four of them for every kind of run, and the command that makes them."""

import json

import pandas as pd
import pytest

from analysis.runtime.browser import NONE_FOUND
from analysis.storage import write_run
from tests.e2e.pages import figures, opened, payloads, title, told, words
from tests.e2e.runs import HOSTILE

ALL = {"trajectories", "accuracy", "falls", "entropy"}


def test_the_four_figures_stand_there_named_after_run_and_correction_whatever_the_switch_says(small_run):
    for poe in ("0", "1"):
        app = opened("figures", run="small", predictor="ca", poe=poe)
        assert not app.exception
        assert set(figures(app)) == ALL
        files = {one["about"]["file"] for one in payloads(app).values()}
        assert files == {f"small-ca-{name}" for name in ALL}
        assert "under CA" in title(figures(app)["falls"])


def test_the_command_line_says_the_chosen_settings(small_run):
    app = opened("figures", run="small", predictor="pa", poe="1", set="weights:uniform", split="all")
    (code,) = app.get("code")
    assert code.value == (
        "python -m analysis figure small --figure trajectories --predictor pa --set weights=uniform "
        "--split all --width 3.25in --font-size 8 --out figure.pdf"
    )
    assert "Run small, predictor pa with weights:uniform;" in payloads(app)["falls"]["about"]["text"]


def test_the_command_line_finds_a_predictor_of_ones_own_and_the_unit(small_run, tmp_path, monkeypatch):
    file = tmp_path / "mine.py"
    file.write_text("def by_two(logits, by=(1, 2)):\n    return logits.softmax(-1)\n", encoding="utf-8")
    monkeypatch.setenv("EXITLENS_PREDICTORS", f"{file}:by_two")
    app = opened("figures", run="small", predictor="by_two", set="by:(3, 4)", unit="params")
    (code,) = app.get("code")
    assert f"--predictor {file}:by_two --set 'by=(3, 4)' --cost-unit params" in code.value


@pytest.mark.parametrize("run", ["unlabelled", "imageless", "probs", "one-exit", "damaged", "hostile"])
def test_every_kind_of_run_has_its_page(runs, unlabelled_run, imageless_run, probs_run, damaged_run, small_logits, run):
    write_run(runs / "one-exit", logits=small_logits[:1])
    names = [HOSTILE, "x" * 10_000, *map(str, range(18))]
    write_run(runs / "hostile", logits=small_logits, labels=[0] * 200 + [1] * 200, class_names=names, title=HOSTILE)
    app = opened("figures", run=run, poe="1")
    assert not app.exception
    assert set(figures(app)) == (set() if run == "damaged" else ALL - {"falls"} if run == "one-exit" else ALL)
    if run == "one-exit":
        assert "has one exit: nothing can fall from one exit to the next." in words(app)


def test_where_a_split_is_empty_another_stands_in(runs, small_logits, small_labels):
    split = pd.DataFrame({"split": ["calibration"] * len(small_labels)})
    write_run(runs / "calibrated", logits=small_logits, labels=small_labels, samples=split)
    app = opened("figures", run="calibrated")
    assert set(figures(app)) == ALL
    assert "400 calibration samples" in figures(app)["falls"]["layout"]["title"]["subtitle"]["text"]


def asked_for_pdf(app, name: str) -> dict:
    """What a chart is sent once its box has asked for a PDF, as the browser asks."""
    states = app._tree.get_widget_states()
    for component in app.get("bidi_component"):
        if json.loads(told(component.proto) or "{}").get("name") == name:
            trigger = f"$$STREAMLIT_INTERNAL_KEY_{component.proto.id}__events"
            wish = {"width": 234, "font": 8, "height": None, "title": True, "ranges": {}}
            asked = json.dumps([{"event": "pdf", "value": {"value": wish}}])
            states.widgets.add(id=trigger, json_trigger_value=asked)
    app._run(states)
    assert not app.exception
    return {key: one.get("pdf") for key, one in payloads(app).items()}


def test_where_no_pdf_can_be_made_the_one_that_asked_is_told_why(small_run, monkeypatch, tmp_path):
    monkeypatch.setenv("EXITLENS_BROWSER", str(tmp_path / "gone"))
    app = opened("figures", run="small")
    sent = asked_for_pdf(app, "falls")
    assert sent.pop("falls")["fault"] == f"{NONE_FOUND[0].upper()}{NONE_FOUND[1:]}."
    assert set(sent.values()) == {None}
    monkeypatch.setenv("EXITLENS_READ_ONLY", "1")  # refused too where somebody asks who was not offered one
    assert asked_for_pdf(app, "falls")["falls"]["fault"] == "This app makes no PDF: save the figure as SVG."


def test_a_read_only_app_offers_no_pdf(small_run, monkeypatch):
    assert all(one["offers_pdf"] for one in payloads(opened("figures", run="small")).values())
    monkeypatch.setenv("EXITLENS_READ_ONLY", "1")
    app = opened("figures", run="small")
    assert not any(one["offers_pdf"] for one in payloads(app).values())
    assert "SVG or PNG" in words(app)


def test_a_large_seed_that_is_not_traced_stands_aside_until_it_was_traced_beside_the_app(
    runs, small_logits, small_labels, monkeypatch
):
    for seed in (0, 1):
        provenance = {"recipe": "tests", "seed": seed}
        write_run(runs / f"seed{seed}", logits=small_logits + seed, labels=small_labels, provenance=provenance)
    start = "long-work-figures-traces-start"
    monkeypatch.setattr("app.components.traced.LONG", 0)
    app = opened("figures", run="seed0")
    assert [one.label for one in app.button if one.key == start] == ["Compute its traces"]
    assert any("Baseline on seed1 has not been traced yet" in one.value for one in app.caption)
    assert set(figures(app)) == ALL
    assert "One run." in figures(app)["accuracy"]["layout"]["title"]["subtitle"]["text"]
    monkeypatch.setattr("app.components.traced.at_hand", lambda *told: True)
    app = opened("figures", run="seed0")
    assert not [one for one in app.button if one.key == start]
    assert "means over 2 seeds" in figures(app)["accuracy"]["layout"]["title"]["subtitle"]["text"]
