"""The gallery by AppTest: every kind of run, every filter against NumPy, what a step does, what the address holds."""

import base64
import json
import re

import numpy as np
import pandas as pd
import pytest
from streamlit.testing.v1 import AppTest

from analysis.storage import write_run
from analysis.traces import load_traces
from tests.e2e.pages import address, figures, opened, title, words
from tests.unit.images.test_image_tables import spoilt

FIGURES = {"trajectory", "class-race", "factors"}


def tiles(app: AppTest) -> list[dict]:
    """The gallery's tiles, as they are sent to the browser."""
    for component in app.get("bidi_component"):
        payload = json.loads(component.proto.json or "null")
        if isinstance(payload, dict) and "tiles" in payload:
            return payload["tiles"]
    return []


def shown(**filters: str) -> AppTest:
    app = opened("samples", run="small", **({"predictor": "pa", "poe": "1", "per": "96"} | filters))
    assert not app.exception
    return app


def count(app: AppTest) -> int:
    """How many samples pass: the number that the page says."""
    return int(re.search(r"<b>(?:All )?([\d,]+) (?:of|test|sample)", line(app))[1].replace(",", ""))


def line(app: AppTest) -> str:
    """The selection's line, as HTML."""
    return next(html for element in app.get("html") if "xl-selected" in (html := element.proto.body))


@pytest.fixture
def traces(small_run):
    return {key: load_traces(small_run, key, split="test") for key in ("baseline", "pa")}


def test_a_full_run_shows_pictures_and_the_one_that_falls_most(traces):
    app = shown()
    sizes = traces["pa"].falls["true_class", "absolute"].size
    wall = tiles(app)
    assert len(wall) == 96
    assert [tile["position"] for tile in wall] == np.argsort(-sizes, kind="stable")[:96].tolist()
    assert all(tile["image"].startswith("data:image/png;base64,") for tile in wall)
    assert set(figures(app)) == FIGURES
    assert address(app)["sample"] == str(int(sizes.argmax()))
    assert count(app) == 300


def test_a_damaged_picture_is_a_placeholder_with_its_sentence(small_run, square):
    spoilt(small_run, 7, square(7)[:50])
    app = shown(sample="7", sort="position", order="up")
    *others, seventh = tiles(app)[:8]
    assert (seventh["image"], seventh["shown"]) == ("", "")
    assert seventh["fault"].startswith("This image cannot be shown: the ")
    assert seventh["fault"] in words(app)
    assert all(tile["image"] and not tile["fault"] for tile in others)


def test_images_in_a_damaged_file_are_said_and_the_page_stands(small_run):
    shard = next(small_run.path.parent.glob("datasets/tiny/test-*.parquet"))
    data = bytearray(shard.read_bytes())
    data[4:2000] = bytes(1996)
    shard.write_bytes(data)
    app = shown(sample="7", sort="position", order="up")
    assert "is damaged: copy the images again" in words(app)
    assert tiles(app)[7]["shown"]
    assert set(figures(app)) == FIGURES


def test_every_filter_is_what_numpy_says(small_run, traces):
    labels, pa, baseline = small_run.labels[:300], traces["pa"], traces["baseline"]
    fall = pa.falls["true_class", "absolute"].size
    wrong = ~pa.correct[2]
    changed = pa.predicted[-1] != baseline.predicted[-1]
    expected = {
        (("true", "3"),): labels == 3,
        (("guess", "5"),): pa.predicted[-1] == 5,
        (("right", "wrong"), ("at", "3")): wrong,
        (("right", "right"),): pa.correct[-1],
        (("effect", "fixed"),): pa.correct[-1] & ~baseline.correct[-1],
        (("effect", "broken"),): ~pa.correct[-1] & baseline.correct[-1],
        (("effect", "changed"),): changed,
        (("above", "0.02"),): fall > 0.02,
        (("query", "difficulty < 0.1 and not correct_3"),): (np.linspace(0, 1, 400).round(3)[:300] < 0.1) & wrong,
        (("brush", "over:true_class:absolute:pa:0.01"),): fall > 0.01,
        (("brush", "pa.fall_true_class > 0.01"),): fall > 0.01,
        (("brush", "label = 3 or pa.confidence_1 > 0.5"), ("right", "right")): pa.correct[-1]
        & ((labels == 3) | (pa.max_prob[0] > 0.5)),
        (("query", "in part; part = box(difficulty, pa.fall, 0,0.01, 1,1)"),): fall >= 0.01,
    }
    for filters, mask in expected.items():
        assert count(shown(**dict(filters))) == mask.sum(), filters


def test_the_switch_keeps_the_sample_and_changes_both_figures(small_run):
    on, off = shown(sample="12"), shown(sample="12", poe="0")
    assert address(on)["sample"] == address(off)["sample"] == "12"
    assert figures(on)["factors"] == figures(off)["factors"]  # of the chosen predictor, shown or not
    for name in FIGURES - {"factors"}:
        assert figures(on)[name]["data"] != figures(off)[name]["data"]
        assert figures(on)[name]["layout"]["yaxis"]["range"] == figures(off)[name]["layout"]["yaxis"]["range"]
    assert "under PA" in title(figures(on)["trajectory"])
    assert "under the baseline" in title(figures(off)["trajectory"])


def test_any_column_sorts_either_way(small_run):
    app = shown(sort="difficulty", order="up")
    assert [tile["position"] for tile in tiles(app)] == list(range(96))
    app = shown(sort="difficulty", order="down")
    assert [tile["position"] for tile in tiles(app)] == list(range(299, 203, -1))
    app = shown(sort="label_name", order="up", page="2", per="24")
    assert len(tiles(app)) == 24


def test_next_and_previous_go_through_the_order_and_turn_pages(small_run):
    app = shown(sort="position", order="up", per="24", sample="23")
    app.button(key="step:Next").click().run()
    assert address(app)["sample"] == "24"
    assert address(app)["page"] == "2"
    app.button(key="step:Previous").click().run()
    assert address(app)["sample"] == "23"
    assert "page" not in address(app)


def test_the_ends_of_the_order_have_no_next(small_run):
    app = shown(sort="position", order="up", sample="0")
    assert app.button(key="step:Previous").disabled
    app = shown(sort="position", order="up", sample="299")
    assert app.button(key="step:Next").disabled


def test_trajectories_run_over_cost_too(small_run):
    figure = figures(shown(sample="12", axis="cost"))["trajectory"]
    assert figure["layout"]["xaxis"]["title"]["text"] == "cumulative cost, thousands of MACs"
    assert figure["layout"]["xaxis"]["range"][0] == 0


@pytest.mark.parametrize("scale", ["linear", "log", "share"])
def test_the_axis_of_probabilities_is_chosen_and_tells_what_it_tells(small_run, traces, scale):
    figure = figures(shown(sample="12", upright=scale))["trajectory"]
    (line,) = [one for one in figure["data"] if one["name"] == "PA, P(true class)"]
    probs = traces["pa"].true_class_prob[:, 12].astype(float)
    expected = {"linear": probs, "log": np.log10(probs), "share": probs / probs.max()}[scale]
    np.testing.assert_allclose(packed(line["y"]), expected, rtol=1e-6)
    np.testing.assert_allclose([about[3] for about in line["customdata"]], probs, rtol=1e-6)
    low, high = figure["layout"]["yaxis"]["range"]
    assert all(low <= place <= high for place in packed(line["y"]))


def packed(values: dict | list) -> np.ndarray:
    """The numbers of an axis, which plotly packs."""
    if isinstance(values, list):
        return np.array(values, float)
    return np.frombuffer(base64.b64decode(values["bdata"]), values["dtype"])


def test_a_second_sample_is_pinned_beside_and_kept_in_the_address(small_run):
    app = shown(sample="12")
    app.button(key="pin").click().run()
    assert not app.exception
    assert address(app)["pin"] == "12"
    assert app.button(key="pin").disabled
    app.button(key="step:Next" if not app.button(key="step:Next").disabled else "step:Previous").click().run()
    drawn = figures(app)
    assert set(drawn) == FIGURES | {f"pinned-{name}" for name in FIGURES}
    assert drawn["pinned-trajectory"]["data"] == figures(shown(sample="12"))["trajectory"]["data"]
    assert drawn["trajectory"]["data"] != drawn["pinned-trajectory"]["data"]
    app.button(key="unpin").click().run()
    assert set(figures(app)) == FIGURES
    assert "pin" not in address(app)


def test_the_sample_stands_beside_itself_in_another_run(runs, small_run, small_logits, small_labels):
    turned = {"samples": pd.DataFrame({"id": [str(i) for i in range(399, -1, -1)]}), "labels": small_labels[::-1]}
    same = {"class_names": small_run.class_names, "dataset": small_run.dataset}
    write_run(runs / "turned", logits=small_logits[:5, ::-1], **turned, **same)
    write_run(runs / "others", logits=small_logits, labels=(small_labels + 1) % 20, **same)
    app = shown(sample="12")
    assert set(app.selectbox(key="control:pin_run").options) == {"none", "others", "turned"}
    app.selectbox(key="control:pin_run").select("turned").run()
    assert not app.exception
    assert address(app)["pin_run"] == "turned"
    mine, theirs = (figures(app)[name]["data"] for name in ("class-race", "other-class-race"))
    assert len(packed(mine[-1]["x"])) == 7
    assert len(packed(theirs[-1]["x"])) == 5
    labels = {t["name"] for t in theirs}
    assert small_run.class_names[small_labels[12]].replace("<", "&lt;").replace(">", "&gt;") in labels
    refused = shown(sample="12", pin_run="others")
    assert "its sample 12 has another label, so it is another sample" in words(refused)
    assert "other-class-race" not in figures(refused)


def test_a_pinned_sample_that_is_not_there_is_noted_and_dropped(small_run):
    for pin in ("399", "gone"):
        app = shown(pin=pin)
        assert f"The pinned sample {pin} is not in the split test" in words(app)
        assert "pin" not in address(app)
        assert set(figures(app)) == FIGURES


def test_the_factors_are_those_of_the_chosen_product_and_only_of_a_product(small_run):
    assert title(figures(shown(sample="12"))["factors"]).startswith("Under PA, ")
    assert title(figures(shown(sample="12", predictor="hard-poe"))["factors"]).startswith("Under Hard PoE, ")
    assert set(figures(shown(sample="12", predictor="moe"))) == FIGURES - {"factors"}


def test_a_picture_can_be_enlarged(small_run):
    assert '<details class="xl-enlarge"><summary' in words(shown(sample="12"))


def test_a_wrong_query_says_where_and_the_page_stands(small_run):
    app = shown(query="fall >> 3")
    assert "query, character 7" in words(app)
    assert "No sample passes" not in words(app)
    assert set(figures(app)) == FIGURES
    assert tiles(app) == []


def test_a_wrong_query_keeps_the_last_result(small_run):
    app = shown(query="fall > 0.02", sort="position", order="up")
    before, sample, samples = tiles(app), address(app)["sample"], count(app)
    app.text_input(key="control:query").set_value("fall >> 0.02").run()
    assert "query, character 7" in words(app)
    assert "those of the last query" in words(app)
    assert (tiles(app), address(app)["sample"], count(app)) == (before, sample, samples)
    app.text_input(key="control:query").set_value("fall > 0.2").run()
    assert not app.error
    assert 0 < count(app) < samples


def test_a_filter_that_hides_the_sample_shows_the_first_that_passes(small_run, traces):
    fall = traces["pa"].falls["true_class", "absolute"].size
    hidden, passing = np.flatnonzero(fall <= 0.02)[0], np.flatnonzero(fall > 0.02)
    app = shown(sample=str(hidden), sort="position", order="up")
    app.text_input(key="control:query").set_value("fall > 0.02").run()
    assert address(app)["sample"] == str(passing[0])
    assert "filtered out" not in [caption.value for caption in app.caption]
    app = shown(sample=str(passing[1]), sort="position", order="up")
    app.slider(key="control:above").set_value(0.02).run()
    assert address(app)["sample"] == str(passing[1])


def test_a_switch_keeps_a_sample_that_it_filters_out_so_that_it_can_be_compared(small_run):
    app = shown(query="fall > 0.1", poe="0")
    sample = address(app)["sample"]
    app.toggle(key="control:poe").set_value(True).run()
    assert address(app)["sample"] == sample
    assert "filtered out" in [caption.value for caption in app.caption]


def test_of_two_classes_of_one_name_the_chosen_one_opens(runs, small_logits, small_labels):
    names = ["crane", *(f"class {i}" for i in range(1, 7)), "crane", *(f"class {i}" for i in range(8, 20))]
    write_run(runs / "cranes", logits=small_logits, labels=small_labels, class_names=names)
    app = opened("samples", run="cranes")
    select = app.selectbox(key="control:true")
    assert [name for name in select.options if "crane" in name] == ["crane (class 0)", "crane (class 7)"]
    select.select("0").run()
    assert address(app)["true"] == "0"
    assert count(app) == (small_labels == 0).sum()
    assert {tile["title"] for tile in tiles(app)} == {"crane (class 0)"}


def test_nothing_found_is_said_and_taken_back(small_run):
    app = shown(query="fall > 2")
    assert "No sample passes every filter" in words(app)
    app.button(key="selection:clear").click().run()
    assert count(app) == 300
    assert "query" not in address(app)


def test_a_page_beyond_the_last_is_the_last(small_run):
    app = shown(page="99", per="24")
    assert len(tiles(app)) == 12
    assert address(app)["page"] == "13"


def test_an_earlier_version_s_brush_stands_in_the_address_as_a_selection(small_run):
    app = shown(brush="pair:true_class:absolute:baseline:2-4,0.001")
    text = "baseline.fall_true_class > 0.001 and baseline.fall_true_class_from = 2 and baseline.fall_true_class_to = 4"
    assert address(app)["brush"] == text
    again = shown(brush=text)
    assert address(again) == address(app)
    assert words(again) == words(app)
    assert "fall of the true class is above 0.001 under the baseline and goes from exit 2 to 4" in words(app)


def test_any_selection_has_its_line(small_run):
    app = shown(brush="not correct_2 and label in (1, 2)")
    assert "of 300 test samples</b> where not correct_2 and of the classes class &lt;1&gt; or class &lt;2&gt;" in line(
        app
    )
    app.button(key="selection:clear").click().run()
    assert "brush" not in address(app)


def test_a_brush_that_is_none_is_noted_and_dropped(small_run):
    app = shown(brush="scatter:nonsense")
    assert "What was selected is not shown" in words(app)
    assert "brush" not in address(app)
    assert count(app) == 300


def test_a_sample_of_another_split_is_noted(small_run):
    app = shown(sample="399")
    assert "is not in the split test" in words(app)


def test_without_labels_nothing_asks_for_them(unlabelled_run):
    app = opened("samples", run="unlabelled", poe="1")
    assert not app.exception
    assert not {"True class", "Answer", "Judged at"} & {box.label for box in app.selectbox}
    assert {tile["mark"] for tile in tiles(app)} == {""}
    assert "P(final prediction)" in title(figures(app)["trajectory"])
    app = opened("samples", run="unlabelled", right="wrong", true="3", sort="rank", at="99")
    assert not app.exception
    assert len(tiles(app)) == 48


def test_a_split_without_labels_is_as_a_run_without(runs, small_logits, small_labels):
    split = np.repeat(["test", "calibration"], [300, 100])
    samples = pd.DataFrame({"split": split, "label": np.where(split == "test", None, small_labels)})
    write_run(runs / "half", logits=small_logits, samples=samples)
    app = opened("samples", run="half", poe="1")
    assert not app.exception
    assert "True class" not in {box.label for box in app.selectbox}
    assert any(tile["fall"] for tile in tiles(app))
    assert "P(final prediction)" in title(figures(app)["trajectory"])
    whose = next(box for box in opened("monotonicity", run="half").selectbox if box.label == "Whose probability falls")
    assert "True class" not in str(whose.options)
    assert "True class" in {box.label for box in opened("samples", run="half", split="calibration").selectbox}


def test_without_images_trajectories_stand_in(imageless_run):
    app = opened("samples", run="imageless", poe="1")
    assert all(tile["image"] == "" and tile["shown"].startswith("M") and tile["behind"] for tile in tiles(app))
    assert not any(tile["behind"] for tile in tiles(opened("samples", run="imageless", poe="0")))


def test_probabilities_only(probs_run):
    app = opened("samples", run="probs", poe="1")
    assert not app.exception
    assert set(figures(app)) == FIGURES


def test_one_exit(runs, small_logits, small_labels):
    write_run(runs / "one", logits=small_logits[:1, :30], labels=small_labels[:30])
    app = opened("samples", run="one", poe="1")
    assert not app.exception
    assert len(tiles(app)) == 30


def test_partly_labelled(runs, small_logits, small_labels):
    labels = small_labels.astype(float)
    labels[::2] = np.nan
    write_run(runs / "some", logits=small_logits, labels=labels)
    app = opened("samples", run="some", sample="0", per="96")
    assert not app.exception
    assert "P(final prediction)" in title(figures(app)["trajectory"])


def test_an_empty_split_says_so(imageless_run):
    app = opened("samples", run="imageless", split="calibration")
    assert not app.exception
    assert not app.error


def test_a_damaged_run_says_what_to_do(damaged_run):
    app = opened("samples", run="damaged")
    assert not app.exception
    assert any("analysis validate" in code.value for code in app.code)


def test_names_from_files_stay_text(runs, small_logits, small_labels):
    evil = '<img src=x onerror="alert(1)"> **b** $x$ %{y}'
    write_run(
        runs / "evil", logits=small_logits, labels=small_labels,
        class_names=[f"{i} {evil}" for i in range(20)], exit_names=[f"{i} {evil}" for i in range(7)],
        samples=pd.DataFrame({"id": [f"<i>{i}</i>" for i in range(400)], evil: [evil] * 400}),
    )  # fmt: skip
    app = opened("samples", run="evil", poe="1")
    assert not app.exception
    assert tiles(app)[0]["title"].endswith(f" {evil}")
    assert all("<img src=x" not in element.proto.body for element in app.get("html"))
    assert "<img src=x" not in json.dumps(figures(app))
    assert all("<img src=x" not in part.value for part in app.markdown if part.value.count("\\") == 0)


def test_marks_and_guesses_are_those_of_the_chosen_exit(small_run, traces):
    pa, labels = traces["pa"], small_run.labels[:300]
    for at, exit_ in (("2", 1), ("last", -1)):
        for tile in tiles(shown(at=at, sort="position", order="up")):
            row = tile["position"]
            right = bool(pa.correct[exit_, row])
            assert tile["mark"] == ("right" if right else "wrong")
            guess = small_run.class_names[pa.predicted[exit_, row]]
            assert tile["note"] == ("" if guess == small_run.class_names[labels[row]] else f"as {guess}")


@pytest.mark.parametrize(
    "more", [{"policy_set": "lambda:0.4"}, {"policy": "risk", "policy_set": "epsilon:0.2"}, {"policy": "interruption"}]
)
def test_the_decision_is_that_of_the_budget_and_the_rule_that_are_chosen(small_run, traces, more):
    from analysis.results import policy_of

    policy = more.get("policy", "confidence")
    settings = dict(one.split(":") for one in [more["policy_set"]]) if "policy_set" in more else {}
    found = policy_of(small_run, policy, settings, "pa")
    for row in (5, 12, 200):
        said = words(shown(sample=str(row), budget="2500000", **more))
        at, by = 1, int(found.stops[row])
        name = small_run.class_names[traces["pa"].predicted[at, row]].replace("<", "&lt;").replace(">", "&gt;")
        right = "right" if traces["pa"].correct[at, row] else "wrong"
        assert f"With 2.5 M MACs for everyone PA stops at exit 2: {name}, {right}" in said
        assert f"this sample stops at exit {by + 1}: " in said
    assert address(shown(sample="5", budget="2500000", **more))["budget"] == "2500000"


def test_the_decision_says_what_cannot_be(unlabelled_run, imageless_run):
    said = words(opened("samples", run="unlabelled", policy="pcee", sample="3"))
    assert "PCEE is fitted on labels" in said or "PCEE has no samples to fit on" in said
    said = words(opened("samples", run="imageless", policy="interruption", sample="3"))
    assert "needs the exits&#x27; costs" in said
    app = opened("samples", run="imageless", sample="3")
    app.button(key="decision:on-screen").click().run()
    assert "sample" in address(app)


def test_the_lists_of_classes_say_what_they_select_and_nothing_of_an_index(small_run):
    app = shown()
    for name in ("true", "guess"):
        assert app.selectbox(key=f"control:{name}").proto.help.startswith("Selects the samples")
