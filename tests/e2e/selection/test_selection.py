"""The selection by AppTest: one state on every page, what it restricts, undo, slices, questions, what is refused."""

import json
import re

import numpy as np
import pandas as pd
import pytest

from analysis.selection import SampleTable, Selection, Slice, Slices
from analysis.storage import write_run
from analysis.traces import load_traces
from app import state
from app.components.selection import store
from app.components.selection.slices_box import samples_csv
from app.page_table import PAGES
from tests.e2e.pages import address, figures, opened, points, title, words
from tests.e2e.test_samples import count, line, tiles

ONLY = state.CONTROLS["only"].pages
NUMBERS = [page for page in ONLY if page != "samples"]
ABOUT_A_RUN = [page.name for page in PAGES if page.needs_run]


@pytest.fixture(autouse=True)
def own_state(tmp_path, monkeypatch):
    monkeypatch.setenv("EXITLENS_STATE", str(tmp_path / "state"))
    return tmp_path / "state"


@pytest.fixture
def traces(small_run):
    return {key: load_traces(small_run, key, split="test") for key in ("baseline", "pa")}


def shown(page="samples", **address):
    app = opened(page, run="small", **({"predictor": "pa", "poe": "1"} | address))
    assert not app.exception
    return app


def saved(name="worst", ids=(3, 5, 8), labels=None, **fields):
    one = Slice(name, tuple(map(str, ids)), labels or (-1,) * len(ids), **fields)
    Slices().save(one)
    return one


@pytest.mark.parametrize("page", ABOUT_A_RUN)
def test_every_page_says_what_is_selected(small_run, page):
    app = shown(page, brush="label = 3", query="confidence > 0.2")
    whole = line(app)
    assert "test samples</b> " in whole
    assert "of the class class &lt;3&gt; and where confidence &gt; 0.2" in whole.partition("</b>")[2]
    said = "curves are over all" if page == "compute" else "numbers are over all"
    assert (f">{said}<" in whole) == (page == "compute" or page not in (*ONLY, "live"))
    assert ("control:only" in {toggle.key for toggle in app.toggle}) == (page in ONLY)
    empty = shown(page)
    assert "All 300 test samples</b>" in line(empty)
    assert "they stand out on every page" in line(empty)
    keys = {one.key for one in (*empty.button, *empty.toggle)}
    assert "selection:slices" in keys
    assert not keys & {"selection:clear", "selection:undo", "control:only"}


@pytest.mark.parametrize("page", NUMBERS)
def test_only_these_restricts_the_numbers_and_says_so(small_run, page):
    all_, some = shown(page), shown(page, brush="label in (3, 5, 9)", only="1")
    number = int((np.isin(small_run.labels[:300], [3, 5, 9])).sum())
    assert "numbers are over these alone" in line(some)
    assert figures(some) != figures(all_)
    assert re.search(rf"\b{number} (test )?samples", str(figures(some)))
    assert not re.search(r"\b300 (test )?samples", str(figures(some)))
    assert figures(shown(page, brush="label in (3, 5, 9)")).keys() == figures(all_).keys()


def test_restricted_numbers_are_those_of_the_selected_samples(small_run, traces):
    app = shown("compute", brush="baseline.fall_true_class > 0.1", only="1")
    chosen = traces["baseline"].falls["true_class", "absolute"].size > np.float32(0.1)
    expected = 100 * traces["pa"].correct[:, chosen].mean(axis=1)
    answers = figures(app)["answers"]["layout"]["title"]["subtitle"]["text"]
    assert f"{chosen.sum()} samples" in answers
    assert f"{expected[3]:.1f}%" in title(figures(app)["compute"])


LIT = {
    "overview": ("shares", "exits", "price"),
    "monotonicity": ("decrease", "histogram", "causes", "answer-changes", "answer-entropy", "settled"),
    "classes": ("class-falls", "class-pairs"),
    "compute": ("answers",),
}


@pytest.mark.parametrize("page", LIT)
def test_every_figure_that_counts_samples_lights_the_selected(small_run, page):
    chosen = np.flatnonzero(small_run.labels[:300] == 3)
    for brush, lit in (("label = 3", True), ("", False), ("false", False), ("true", False)):
        drawn = figures(shown(page, brush=brush, poe="0"))
        for name in LIT[page]:
            parts = [one for one in drawn[name]["data"] if one.get("name", "").endswith(", selected")]
            said = drawn[name]["layout"]["title"]["subtitle"]["text"]
            assert bool(parts) == lit, (name, brush)
            assert (f"the {len(chosen)} selected" in said) == lit


@pytest.mark.parametrize("brush", ["label = 3", "", "false", "true"])
def test_the_exits_whose_factor_decides_light_the_selected_alike(small_run, brush):
    drawn = figures(shown("monotonicity", brush=brush, causes="factor"))["causes"]
    parts = [one["name"] for one in drawn["data"] if one.get("name", "").endswith(", selected")]
    assert bool(parts) == ("selected." in drawn["layout"]["title"]["subtitle"]["text"]) == (brush == "label = 3")


def test_lit_bars_count_the_selected_samples(small_run, traces):
    chosen = small_run.labels[:300] == 3
    drawn = figures(shown("monotonicity", brush="label = 3", poe="0"))
    changed = (np.diff(traces["baseline"].predicted[:, chosen], axis=0) != 0).sum(axis=0)
    whole = next(one for one in drawn["answer-changes"]["data"] if one["name"] == "Baseline")
    told = [int(text.split()[0]) for text in whole["hovertext"]]
    assert told == np.bincount(changed, minlength=small_run.n_exits).tolist()


@pytest.mark.parametrize("page", ONLY)
@pytest.mark.parametrize("brush", ["false", "position = 7"])
def test_none_or_one_selected_sample_harms_no_page(small_run, page, brush):
    app = shown(page, brush=brush, only="1")
    assert ("none is selected, so numbers are over all" in line(app)) == (brush == "false" and page in NUMBERS)
    assert figures(app)


def test_selected_samples_stand_out_and_are_drawn_first(small_run, traces):
    kept = points(shown("monotonicity", brush="label = 3"), "scatter")["kept"]
    assert np.flatnonzero(kept).tolist() == np.flatnonzero(small_run.labels[:300] == 3).tolist()
    assert "kept" not in points(shown("monotonicity"), "scatter")
    figure = figures(shown("overview", brush="label = 3", drawn="60"))["trajectories"]
    rest, drawn = ({row[0] for row in trace["customdata"] if row[0]} for trace in figure["data"][:2])
    threes = {str(row) for row in np.flatnonzero(small_run.labels[:300] == 3)}
    assert drawn == threes
    assert len(rest) == 60
    assert not rest & threes
    assert (
        f"{len(threes)} selected samples and, grey, 60 others drawn at random"
        in figure["layout"]["title"]["subtitle"]["text"]
    )
    assert title(figure).startswith(f"Of the same {len(threes)} samples")
    only = figures(shown("overview", brush="label = 3", drawn="60", only="1"))["trajectories"]["data"]
    assert sum(trace["name"] == "samples" for trace in only) == 2


def test_the_gallery_shows_the_selected_first_and_the_rest_in_grey_or_them_alone(small_run, traces):
    app = shown(brush="label = 3", sort="fall", per="24")
    fall = traces["pa"].falls["true_class", "absolute"].size
    threes = small_run.labels[:300] == 3
    wanted = np.concatenate(
        [rows[np.argsort(-fall[rows], kind="stable")] for rows in map(np.flatnonzero, (threes, ~threes))]
    )
    assert [tile["position"] for tile in tiles(app)] == wanted[:24].tolist()
    assert [tile["faint"] for tile in tiles(app)] == (~threes[wanted[:24]]).tolist()
    payloads = [json.loads(one.proto.json or "null") for one in app.get("bidi_component")]
    assert f"{(~threes).sum()} samples not selected" in [one.get("rest") for one in payloads if isinstance(one, dict)]
    alone = shown(brush="label = 3", sort="fall", per="24", only="1")
    assert [tile["position"] for tile in tiles(alone)] == wanted[: threes.sum()].tolist()
    assert not any(tile["faint"] for tile in tiles(alone))
    assert len(tiles(shown(brush="false", only="1", per="24"))) == 24
    both = shown(brush="label = 3", query="position < 40", per="96")
    assert [tile["position"] for tile in tiles(both) if tile["faint"]] == [
        p for p in wanted.tolist() if p < 40 and not threes[p]
    ]
    assert not any(tile["faint"] for tile in tiles(shown(true="3", per="96")))  # a filter hides


def test_a_mark_of_numbers_that_are_over_the_selection_selects_of_it(small_run):
    app = shown("compute", brush="label in (3, 5, 9, 11)", query="position < 200", only="1")
    button = next(one for one in app.button if "that a deeper exit has right" in one.label)
    button.click().run()
    assert address(app)["brush"].endswith(" and label in (3, 5, 9, 11) and position < 200")
    mask = Selection.parse(address(app)["brush"]).mask(SampleTable(small_run, predictor="pa", poe=True))
    assert re.search(rf"\b{mask.sum()} samples?\b", button.label)


def test_a_strip_shows_the_first_of_the_order_below_its_figure(small_run, traces):
    app = shown("monotonicity", brush="not correct", strip="scatter")
    fall = traces["pa"].falls["true_class", "absolute"].size
    wrong = np.flatnonzero(~traces["pa"].correct[-1])
    assert [tile["position"] for tile in tiles(app)] == wrong[np.argsort(-fall[wrong], kind="stable")][:24].tolist()
    app.button(key="open-strip:decrease").click().run()
    assert address(app)["brush"] == "not correct"
    assert tiles(shown("monotonicity", brush="not correct")) == []


def test_undo_takes_each_change_back(small_run):
    app = shown(brush="label = 3")
    app.text_input(key="control:query").set_value("confidence > 0.2").run()
    app.button(key="selection:clear").click().run()
    assert count(app) == 300
    app.button(key="selection:undo").click().run()
    assert (address(app)["brush"], address(app)["query"]) == ("label = 3", "confidence > 0.2")
    app.button(key="selection:undo").click().run()
    assert "query" not in address(app)
    assert "selection:undo" not in {button.key for button in app.button}


def test_a_slice_is_shown_with_its_ids_in_the_address(small_run):
    saved()
    app = shown(brush="in worst and not label = 7")
    assert address(app)["brush"] == "in worst and not label = 7; worst = ids(3, 5, 8)"
    assert "of the slice “worst” and where not label = 7" in line(app)
    app = shown("overview", brush="in worst", only="1")
    assert "<span>Slice “worst”: <b>3 of 300 test samples</b></span><span" in line(app)


def test_ids_that_are_too_many_leave_the_name_alone(small_run):
    saved("long", [f"{'x' * 40}{number}" for number in range(300)] + ["7"])
    app = shown(brush="in long")
    assert address(app)["brush"] == "in long"
    assert count(app) == 1


def test_a_slice_that_is_not_here_is_said_and_not_selected(small_run):
    app = shown(brush="in elsewhere")
    assert "the slice 'elsewhere' is not saved here: import its file first" in words(app)
    assert count(app) == 300


@pytest.mark.parametrize("fields", [{"dataset": "cifar100"}, {"labels": (19, 18, 17)}])
def test_a_slice_of_other_samples_is_refused_in_words(small_run, fields):
    saved(**fields)
    for brush in ("in worst", "in worst; worst = ids(3, 5, 8)"):
        app = shown(brush=brush)
        assert "not the same samples" in words(app) or "do not mean the same samples" in words(app)
        assert count(app) == 300


def test_ids_of_another_run_find_the_same_samples_there(small_run, runs, small_logits, small_labels):
    write_run(runs / "turned", logits=small_logits[:, ::-1], labels=small_labels[::-1],
              samples=pd.DataFrame({"id": [str(i) for i in range(399, -1, -1)]}))  # fmt: skip
    saved(labels=tuple(small_labels[[3, 5, 8]].tolist()))
    app = opened("samples", run="turned", brush="in worst", sort="position", order="up")
    assert [tile["position"] for tile in tiles(app) if not tile["faint"]] == [391, 394, 396]


def test_the_box_saves_joins_renames_and_deletes(small_run):
    app = shown(brush="label = 3")
    number = count(app)
    app.button(key="selection:slices").click().run()
    app.text_input(key="slice-name").set_value("threes")
    app.button(key="slice-save").click().run()
    assert len(Slices()["threes"].ids) == number
    saved("some", (0, 1, 2))
    for label in ("Show", "Or", "And not", "And"):
        app = shown(brush="label = 3")
        app.button(key="selection:slices").click().run()
        app.button(key=f"slice:{label}:0").click().run()  # `some`
        labels = small_run.labels[:300] == 3
        some = np.isin(np.arange(300), [0, 1, 2])
        masks = {"Show": some, "Or": labels | some, "And not": labels & ~some, "And": labels & some}
        assert count(app) == masks[label].sum(), label
    box = app.button(key="selection:slices")
    box.click().run()  # AppTest runs the whole page after each click, which closes the box
    app.text_input(key="slice:name:0:some").set_value("first three")
    app.button(key="slice:rename:0").click().run()
    assert set(Slices()) == {"first three", "threes"}
    box.click().run()
    app.button(key="slice:delete:0").click().run()
    assert set(Slices()) == {"threes"}
    assert app.session_state["slices-deleted"].name == "first three"


def test_without_a_selection_the_first_of_the_order_are_saved(small_run, traces):
    app = shown(sort="fall")
    app.button(key="selection:slices").click().run()
    assert app.number_input(key="slice-first").value == 10
    app.text_input(key="slice-name").set_value("ten")
    app.button(key="slice-save").click().run()
    fall = traces["pa"].falls["true_class", "absolute"].size
    assert Slices()["ten"].ids == tuple(map(str, sorted(np.argsort(-fall, kind="stable")[:10].tolist())))


@pytest.mark.parametrize("name", ["", "a`b"])
def test_a_name_that_no_query_can_say_is_refused(small_run, name):
    app = shown(brush="label = 3")
    app.button(key="selection:slices").click().run()
    app.text_input(key="slice-name").set_value(name)
    app.button(key="slice-save").click().run()
    assert "name" in app.session_state["slices-fault"]
    assert not list(Slices())


def test_a_read_only_app_shows_slices_and_changes_none(small_run, monkeypatch):
    saved()
    monkeypatch.setenv("EXITLENS_READ_ONLY", "1")
    app = shown(brush="in worst")
    assert count(app) == 3
    app.button(key="selection:slices").click().run()
    keys = {button.key for button in app.button}
    assert "slice:Show:0" in keys
    assert not keys & {"slice-save", "slice:rename:0", "slice:delete:0"}
    assert not app.get("file_uploader")
    with pytest.raises(ValueError, match="read-only"):
        store.changeable()


def test_a_damaged_file_of_slices_is_said(small_run, own_state):
    own_state.mkdir()
    (own_state / "slices.sqlite").write_bytes(b"no database" * 100)
    app = shown()
    app.button(key="selection:slices").click().run()
    assert any("cannot be used" in error.value for error in app.error)
    assert not app.exception
    assert "cannot be used" in words(shown(brush="in worst"))


def test_each_question_selects_as_many_as_it_says(small_run):
    app = shown()
    questions = [
        button.key for button in app.button if (button.key or "").startswith("question:") and not button.disabled
    ]
    assert len(questions) > 4
    for key in questions:
        if key == "question:found":
            continue
        app.button(key=key).click().run()
        said = app.button(key=key).label
        assert count(app) == int(said.rsplit("**", 2)[1].replace(",", "")), said
        assert address(app)["brush"]


def test_what_is_alike_is_nearest_first_and_can_be_selected(small_run, traces):
    app = shown(sample="12")
    app.button(key="alike:select").click().run()
    assert count(app) == 17
    assert "12" in address(app)["brush"]
    vectors = np.concatenate([traces["baseline"].true_class_prob, traces["baseline"].max_prob]).T.astype(float)
    nearest = np.argsort(np.square(vectors - vectors[12]).sum(axis=1), kind="stable")[:17]
    assert address(app)["brush"].startswith(f"in chosen; chosen = ids({nearest[0]}, {nearest[1]}")
    assert "chosen one by one" in line(app)


def test_csv_holds_the_chosen_columns_and_no_formula(runs, small_logits, small_labels):
    ids = [f"=1+{number}" for number in range(400)]
    run = write_run(runs / "run", logits=small_logits, labels=small_labels, samples=pd.DataFrame({"id": ids}))
    text = samples_csv(SampleTable(run), np.array([2, 0]), ["label"])
    assert text.splitlines()[1:] == [f"'=1+2,{float(small_labels[2])}", f"'=1+0,{float(small_labels[0])}"]


def test_a_wrong_query_of_an_address_is_said_on_samples_and_keeps_every_page(small_run):
    for page in ABOUT_A_RUN:
        app = shown(page, query="fall >> 3")
        said = "0 of 300 test samples</b> · query, character 7" in line(app)
        assert said == (page != "samples")
        assert [error.value for error in app.error if "character 7" in error.value] or said  # once, in full
        assert "0 of 300 test samples</b>" in line(app)


def test_a_press_that_comes_with_the_address_of_before_holds_and_a_step_back_goes_back(small_run):
    app = shown(sort="position", order="up", sample="0")
    before = address(app)
    app.button(key="step:Next").click().run()
    app.query_params["sample"] = "0"  # as the browser sends a press that is faster than the script
    app.button(key="step:Next").click().run()
    assert address(app)["sample"] == "2"
    app.query_params["sample"] = "0"  # as the browser goes back
    app.run()
    assert address(app) == before
