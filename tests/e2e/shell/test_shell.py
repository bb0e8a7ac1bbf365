"""The shell without a browser: addresses, shared controls, damaged and missing runs, settings, read through AppTest."""

import os
import re

import numpy as np
import pytest
from streamlit.util import calc_hash

from analysis.predictors import PREDICTORS
from analysis.storage import write_run
from app.page_table import EVERY_PAGE, PAGES
from tests.e2e import pages


def texts(app) -> str:
    return pages.words(app) + " ".join(block.value for block in app.code)


def test_an_empty_address_is_completed(small_run):
    app = pages.opened()
    assert not app.exception
    assert pages.address(app) == {"run": "small", "predictor": "pa", "poe": "0"}


def test_a_page_that_does_not_exist_is_said_once_and_leaves_the_address(small_run):
    app = pages.opened(**{"no-page": "nowhere"})
    assert "There is no page nowhere: this is the overview." in texts(app)
    assert "no-page" not in pages.address(app)
    app.run()
    assert "There is no page" not in texts(app)


@pytest.mark.parametrize("page", EVERY_PAGE)
def test_every_page_stands_for_a_missing_run_and_keeps_the_rest_of_the_address(small_run, page):
    app = pages.opened(page, run="gone", predictor="moe", poe="1")
    assert not app.exception
    assert "run = 'gone' does not exist here: showing the default instead." in texts(app)
    assert pages.address(app) | {"run": "small", "predictor": "moe", "poe": "1"} == pages.address(app)


@pytest.mark.parametrize("page", EVERY_PAGE)
def test_every_page_says_what_is_wrong_with_a_damaged_run(small_run, damaged_run, page):
    app = pages.opened(page, run="damaged")
    assert not app.exception
    assert "The run damaged cannot be opened" in texts(app)
    assert "logits.safetensors" in texts(app)
    assert "python -m analysis validate damaged" in texts(app)
    assert pages.address(app)["run"] == "damaged"


def test_an_address_without_a_run_opens_the_newest_and_never_a_damaged_one(small_run, imageless_run, damaged_run):
    os.utime(damaged_run / "run.json", (4e9, 4e9))
    assert pages.address(pages.opened())["run"] == "imageless"
    os.utime(small_run.path / "run.json", (3e9, 3e9))
    assert pages.address(pages.opened())["run"] == "small"


@pytest.mark.parametrize("page", EVERY_PAGE)
def test_every_page_names_the_run_that_it_is_about_and_links_every_other(small_run, page):
    app = pages.opened(page, run="small")
    about_a_run = {row.name: row.needs_run for row in PAGES}[page]
    assert ('<p class="xl-run" title="A small run">A small run</p>' in pages.words(app)) is about_a_run
    assert ('class="xl-selected"' in pages.words(app)) is about_a_run
    assert ("selection:slices" in [button.key for button in app.button]) is about_a_run
    links = [link.proto.label for link in app.get("page_link")]
    assert links == [row.title for row in PAGES]
    groups = re.findall(r'class="xl-group">([^<]*)<', pages.words(app))
    assert groups == ["Look", "Decide", "Convince"]


@pytest.mark.parametrize(
    ("predictor", "said", "paper"),
    [
        ("pa", "PoE: product anytime", "2306.02652"),
        ("hard-poe", "PoE: Heaviside product", "2306.02652"),
        ("softmax-poe", "PoE: product of softmaxes", None),
        ("ca", "Correction: caching anytime", "2306.02652"),
        ("moe", "Correction: mixture, growing ensemble", "2306.02652"),
    ],
)
def test_the_switch_says_what_it_applies_what_that_is_and_where_it_comes_from(small_run, predictor, said, paper):
    app = pages.opened(predictor=predictor)
    assert app.sidebar.toggle(key="control:poe").label.replace("\\", "") == said
    text = app.sidebar.markdown[0].value
    assert PREDICTORS[predictor].summary in text.replace("\\", "")
    assert ("https://arxiv.org/abs/" in text) == (paper is not None)
    assert paper is None or f"(https://arxiv.org/abs/{paper})" in text


def test_a_correction_of_one_s_own_links_nowhere(small_run, tmp_path, monkeypatch):
    file = tmp_path / "own.py"
    text = '"""[a](https://a.b) arXiv 2306.02652"""'
    file.write_text(f"def flat(logits):\n    {text}\n    return logits.softmax(dim=-1)\n", encoding="utf-8")
    monkeypatch.setenv("EXITLENS_PREDICTORS", f"{file}:flat")
    app = pages.opened(predictor="flat")
    assert app.sidebar.toggle(key="control:poe").label == "Correction: flat"
    assert "](https" not in app.sidebar.markdown[0].value


def test_the_list_of_runs_is_sorted_by_what_it_shows_damaged_ones_last(runs, small_logits, small_labels, damaged_run):
    for seed in (10, 2):
        title = f"MSDNet on CIFAR-10, 18 epochs, seed {seed}"
        write_run(runs / f"run{seed}", logits=small_logits, labels=small_labels, title=title)
    app = pages.opened(run="run2")
    assert app.sidebar.selectbox(key="control:run").options == [
        "seed 2 · MSDNet on CIFAR-10, 18 epochs",
        "seed 10 · MSDNet on CIFAR-10, 18 epochs",
        "damaged (damaged)",
    ]


def test_beside_a_damaged_run_the_others_are_a_choice_away(small_run, damaged_run):
    app = pages.opened(run="damaged")
    app.sidebar.selectbox(key="control:run").select("small").run()
    assert not app.exception
    assert "cannot be opened" not in texts(app)
    assert pages.figures(app)


@pytest.mark.parametrize("page", EVERY_PAGE)
def test_an_empty_folder_says_how_to_fill_it(runs, page):
    app = pages.opened(page)
    assert not app.exception
    assert str(runs) in texts(app)
    assert "python -m analysis import" in texts(app)


def test_a_run_that_is_added_appears_without_a_restart(runs, small_logits, small_labels):
    app = pages.opened()
    write_run(runs / "new", logits=small_logits, labels=small_labels)
    app.run()
    assert pages.address(app)["run"] == "new"
    assert pages.figures(app)


def test_a_run_that_is_rewritten_while_it_is_open_shows_its_new_numbers_and_then_that_it_is_damaged(small_run):
    file = small_run.path / "logits.safetensors"
    app = pages.opened(poe="0")
    before = pages.figures(app)["exits"]
    content = file.read_bytes()
    turned = np.frombuffer(content[-7 * 400 * 20 * 2 :], np.float16).reshape(7, 400, 20)[::-1]
    file.write_bytes(content[: -turned.nbytes] + turned.tobytes())
    app.run()
    assert not app.exception
    after = pages.figures(app)["exits"]
    assert after != before
    os.truncate(file, 3000)
    app.run()
    assert not app.exception
    assert "The run small cannot be opened" in texts(app)
    file.write_bytes(content)
    app.run()
    assert pages.figures(app)["exits"] == before


HOSTILE = {
    "run": "../../etc/passwd",
    "predictor": "os:system",
    "poe": "<script>",
    "sample": "'; drop table",
    "set": "cap:__import__('os')",
    "split": "train",
    "unit": "x" * 300,
}


@pytest.mark.parametrize("page", EVERY_PAGE)
def test_a_hostile_address_shows_defaults_and_a_line_for_each_value(small_run, page):
    app = pages.opened(page, **HOSTILE)
    assert not app.exception
    (note,) = [element.value for element in app.info if "showing the default" in element.value]
    for name in ("run", "predictor", "poe", "sample", "split", "unit"):
        assert f"{name} \\= " in note
    assert "Setting cap" in note
    address = pages.address(app)
    assert address.pop("sample", "0").isdigit()  # the gallery opens a sample of its own
    assert address == {"run": "small", "predictor": "pa", "poe": "0"}


def test_the_note_is_gone_after_the_next_action(small_run):
    app = pages.opened(poe="maybe")
    assert "poe = 'maybe'" in texts(app)
    app.run()
    assert "poe = 'maybe'" not in texts(app)


def test_the_switch_changes_figures_and_address_and_keeps_the_choice_while_off(small_run):
    app = pages.opened(predictor="moe")
    before = pages.figures(app)
    app.sidebar.toggle(key="control:poe").set_value(True).run()
    assert pages.address(app) == {"run": "small", "predictor": "moe", "poe": "1"}
    assert pages.figures(app).keys() == before.keys()
    assert pages.figures(app) != before
    app.sidebar.toggle(key="control:poe").set_value(False).run()
    assert pages.address(app) == {"run": "small", "predictor": "moe", "poe": "0"}
    assert pages.figures(app) == before


def test_settings_are_typed_kept_in_the_address_and_reset(small_run):
    app = pages.opened(poe="1")
    before = pages.figures(app)
    app.sidebar.text_input(key="setting:pa:cap").set_value("6").run()
    assert pages.address(app)["set"] == "cap:6"
    assert pages.figures(app) != before
    app.sidebar.text_input(key="setting:pa:weights").set_value("uniform").run()
    assert pages.address(app)["set"] == "cap:6,weights:uniform"
    restored = pages.opened(poe="1", set="cap:6,weights:uniform")
    assert pages.figures(restored) == pages.figures(app)
    app.sidebar.button[0].click().run()
    assert "set" not in pages.address(app)
    assert pages.figures(app) == before


def test_a_setting_is_dragged_too_and_its_slider_follows_what_is_typed(small_run):
    app = pages.opened(poe="1")
    before = pages.figures(app)
    slider = app.sidebar.slider(key="slide:setting:pa:cap")
    assert (slider.min, slider.max, slider.value) == (0.5, 20.0, 20.0)
    slider.set_value(6.1).run()
    assert pages.address(app)["set"] == "cap:6.1"
    assert app.sidebar.text_input(key="setting:pa:cap").value == "6.1"
    assert pages.figures(app) != before
    app.sidebar.text_input(key="setting:pa:cap").set_value("50").run()
    assert pages.address(app)["set"] == "cap:50"  # a field takes what lies beyond the slider's ends
    assert app.sidebar.slider(key="slide:setting:pa:cap").value == 20.0
    app.sidebar.slider(key="slide:setting:pa:temperature").set_value(0.1 + 0.2).run()
    assert pages.address(app)["set"] == "cap:50,temperature:0.3"


def test_numbers_without_sensible_ends_have_no_slider(small_run):
    app = pages.opened(poe="1")
    slid = {slider.key.rpartition(":")[2] for slider in app.sidebar.slider}
    assert slid == {"threshold", "relative_threshold", "cap", "temperature"}


def test_a_setting_that_is_no_number_is_refused_with_the_reason_and_the_rest_stays(small_run):
    app = pages.opened(poe="1", set="cap:6")
    before = pages.figures(app)
    app.sidebar.text_input(key="setting:pa:cap").set_value("six").run()
    assert "pa setting cap is 'six': give a number, or none" in texts(app)
    assert pages.address(app)["set"] == "cap:6"
    assert pages.figures(app) == before


def test_another_predictor_starts_from_its_own_defaults(small_run):
    app = pages.opened(set="cap:6")
    app.sidebar.selectbox(key="control:predictor").select("moe").run()
    assert not app.exception
    assert pages.address(app) == {"run": "small", "predictor": "moe", "poe": "0"}


def test_probabilities_show_softmax_poe_in_the_place_of_what_needs_logits(probs_run):
    app = pages.opened(predictor="pa", poe="1")
    assert not app.exception
    assert "Product anytime needs logits" in texts(app)
    assert pages.address(app)["predictor"] == "softmax-poe"


def test_units_and_splits_are_offered_where_the_run_has_them(small_run):
    app = pages.opened("compute", split="calibration", unit="params")
    assert not app.exception
    assert app.sidebar.selectbox(key="control:split").value == "calibration"
    assert pages.address(app)["unit"] == "params"
    app.sidebar.selectbox(key="control:unit").select("MACs").run()
    assert "unit" not in pages.address(app)


def test_a_predictor_of_the_operator_is_offered_with_its_settings(small_run, tmp_path, monkeypatch):
    file = tmp_path / "own.py"
    file.write_text("def flat(logits, power=1.0):\n    return (logits * power).softmax(dim=-1)\n", encoding="utf-8")
    monkeypatch.setenv("EXITLENS_PREDICTORS", f"{file}:flat")
    app = pages.opened(predictor="flat", poe="1")
    assert not app.exception
    assert pages.address(app)["predictor"] == "flat"
    before = pages.figures(app)
    app.sidebar.text_input(key="setting:flat:power").set_value("2.0").run()
    assert pages.address(app)["set"] == "power:2.0"
    assert pages.figures(app) != before


def test_what_stands_on_every_page_is_kept_when_the_page_changes(small_run):
    app = pages.opened(predictor="pa", poe="1")
    before = {element.proto.id: element.proto for element in (*app.sidebar.selectbox, *app.sidebar.slider)}
    app._page_hash = calc_hash("compute")
    app.run()
    assert app.subheader[0].value.startswith("What does a budget per sample buy")
    after = {element.proto.id: element.proto for element in (*app.sidebar.selectbox, *app.sidebar.slider)}
    assert len(after) > 4
    assert set(after) == set(before)  # else the browser makes all of them anew
    assert not any(proto.set_value for proto in after.values())  # else it draws all of them anew
    app.sidebar.toggle(key="control:poe").set_value(False).run()
    app._page_hash = calc_hash("samples")
    app.run()
    assert app.sidebar.toggle(key="control:poe").value is False
    assert pages.address(app)["poe"] == "0"
