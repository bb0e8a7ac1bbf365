"""Presentations by AppTest: figures and samples become screens, are put in order, kept, carried; what is refused."""

import json
from dataclasses import replace

import pytest

from analysis.presentations import Presentation, Presentations, Screen, Source, kept_figure, points_of
from analysis.presentations.screens import LONGEST_SENTENCE
from analysis.selection import Slice, Slices
from analysis.storage import write_run
from app.components.presenting import store
from tests.e2e import pages
from tests.e2e.runs import HOSTILE

ON = {"run": "small", "predictor": "pa", "poe": "1"}


@pytest.fixture(autouse=True)
def own_state(tmp_path, monkeypatch):
    monkeypatch.setenv("EXITLENS_STATE", str(tmp_path / "state"))
    return tmp_path / "state"


def shown(page="present", /, **address):
    app = pages.opened(page, **(ON | address))
    assert not app.exception
    return app


def screens(name="talk"):
    return Presentations()[name].screens


def talk(*sentences, name="talk"):
    Presentations().save(Presentation(name, tuple(Screen("sentence", one) for one in sentences)))
    return screens(name)


def added(page, chart, name="", sentence="", zoom=None, **address):
    """A page on which a chart was added to the presentation of this name, a new one where none is saved."""
    app = shown(page, **address)
    pages.take(app, chart, zoom)
    assert not app.exception
    if name:
        app.text_input(key="present-new").set_value(name)
    words = next(one for one in app.text_area if one.label == "Sentence above it")
    words.set_value(sentence)
    app.button(key="present-add").click().run()
    assert not app.exception
    return app


def sent(app):
    """What the screens in the browser are sent."""
    found = [json.loads(pages.told(one.proto) or "null") for one in app.get("bidi_component")]
    return next(one for one in found if isinstance(one, dict) and "screens" in one)


@pytest.mark.parametrize("page", ["overview", "samples", "monotonicity", "classes", "map", "compute", "paper"])
def test_every_figure_can_be_kept(small_run, page):
    payloads = pages.payloads(shown(page, sample="3"))
    assert payloads or page == "paper"
    for payload in payloads.values():
        assert payload["take"] is True
        found = kept_figure(payload["figure"], payload["height"], line=payload["drag"])
        assert len(found["data"]) == len(json.loads(payload["figure"])["data"])


def test_a_screen_of_the_baseline_names_the_correction_beside_it(small_run):
    added("compute", "compute", "talk", poe="0")
    (one,) = screens()
    assert one.source.predictor == "baseline (correction: PA, product anytime)"


def test_a_figure_becomes_a_screen_that_is_what_was_shown(small_run):
    app = added("compute", "compute", "talk", "We gain\na point", {"yaxis": [10, 50]}, set="weights:uniform")
    assert [one.value for one in app.toast] == ["Screen 1 of talk, on the page Present."]
    (one,) = screens()
    figure = pages.figures(app)["compute"]
    assert one.figure["data"] == kept_figure(json.dumps(figure), 300)["data"]
    assert one.figure["layout"]["yaxis"]["range"] == [10, 50]
    assert one.figure["line"] == pages.payloads(app)["compute"]["drag"]
    source = one.source
    assert (source.page, source.chart, source.run, source.title) == ("compute", "compute", "small", "A small run")
    assert (source.fingerprint, source.split, source.predictor) == (
        small_run.fingerprint,
        "test",
        "PA, product anytime",
    )
    assert "weights=uniform" in source.settings
    assert "set=weights%3Auniform" in source.address
    added("overview", "shares")
    chosen = shown(presenting="1", screen="2")
    assert [screen["heading"] for screen in sent(chosen)["screens"]] == ["We gain", ""]
    first = sent(chosen)["screens"][0]
    assert (sent(chosen)["at"], first["lines"], first["chart"]["drag"]) == (1, ["a point"], one.figure["line"])
    assert first["about"].startswith("A small run · PA, product anytime · test samples · numbers of 20")
    assert not [one for one in chosen.button if (one.key or "").startswith("screen:")]  # no controls


def test_the_points_of_a_figure_are_kept_too(small_run):
    app = added("map", "map", "talk", colour="label_name", brush="label = 3")
    held, points = pages.points(app, "map"), points_of(screens()[0].figure["points"])
    assert points.x.tolist() == held["x"]
    assert points.colouring.codes.tolist() == held["code"]
    assert points.kept.astype(int).tolist() == held["kept"]
    assert screens()[0].source.selected.startswith("15 samples of the class") or points.kept.sum() > 0
    chart = sent(shown(presenting="1"))["screens"][0]["chart"]
    assert chart["packed"]["columns"]["line0"][:2] == ["0", "1"]
    assert all("click" not in line[0] for line in chart["points"]["lines"])


def test_a_slice_becomes_a_screen_with_its_note(small_run):
    ids = tuple(map(str, (3, 5, 8)))
    Slices().save(Slice("worst", ids, (-1,) * 3, note="look again" + " and again" * 90))
    app = shown("samples")
    app.button(key="selection:slices").click().run()
    app.button(key="slice:present:0").click().run()
    app.text_input(key="present-new").set_value("talk")
    app.button(key="present-add").click().run()
    assert not app.exception
    (one,) = screens()
    assert (one.kind, one.source.selected) == ("samples", "3 samples of the slice “worst”")
    assert one.sentence == ("worst\nlook again" + " and again" * 90)[:LONGEST_SENTENCE]
    about = one.figure["data"][0]["customdata"]
    assert {row[0] for row in about if row[0]} == set(ids)
    assert "the mean of 3 samples" in one.figure["layout"]["title"]["subtitle"]["text"]
    app = shown("samples", brush="label = 3")
    app.button(key="selection:slices").click().run()
    app.button(key="slice-present-selected").click().run()
    app.button(key="present-add").click().run()
    assert [one.sentence for one in screens()][1:] == [""]


def test_samples_with_images_bring_them(runs, small_logits, small_labels):
    from tests.toy import full_run

    full_run(runs / "full", small_logits, small_labels, column="column")
    app = shown("samples", run="full", brush="label = 3")
    app.button(key="selection:slices").click().run()
    app.button(key="slice-present-selected").click().run()
    app.text_input(key="present-new").set_value("talk")
    app.button(key="present-add").click().run()
    pictures = screens()[0].pictures
    assert len(pictures) == 6
    assert all(one.image.startswith("data:image/") for one in pictures)


def test_screens_are_put_in_order_said_deleted_and_put_back(small_run):
    first, second, third = talk("one", "two", "three")
    app = shown()
    app.button(key=f"screen:arrow_upward:{third.id}").click().run()
    assert [one.sentence for one in screens()] == ["one", "three", "two"]
    app.button(key=f"screen:arrow_downward:{first.id}").click().run()
    assert [one.sentence for one in screens()] == ["three", "one", "two"]
    app.text_area(key=f"sentence:{second.id}").set_value("zwei").run()
    assert screens()[2] == replace(second, sentence="zwei")
    app.text_area(key=f"sentence:{second.id}").set_value(" ").run()
    assert "write a sentence" in app.error[0].value
    app.button(key=f"screen:delete:{first.id}").click().run()
    assert [one.sentence for one in screens()] == ["three", "zwei"]
    app.button(key="presentation-undelete").click().run()
    assert [one.sentence for one in screens()] == ["three", "one", "zwei"]
    app.text_area(key="present-words").set_value("four")
    app.button(key="present-words-add").click().run()
    assert screens()[3].sentence == "four"
    app.button(key=f"screen:play_arrow:{screens()[1].id}").click().run()
    assert (pages.address(app)["presenting"], pages.address(app)["screen"]) == ("1", "2")


def test_a_screen_that_another_window_has_deleted_is_said(small_run):
    first, second = talk("one", "two")
    for act in (
        lambda app: app.button(key=f"screen:delete:{first.id}").click(),
        lambda app: app.button(key=f"screen:arrow_downward:{first.id}").click(),
        lambda app: app.text_area(key=f"sentence:{first.id}").set_value("eins"),
    ):
        Presentations().change("talk", lambda _: (first, second))
        app = shown()
        Presentations().change("talk", lambda _: (second,))
        act(app).run()
        assert not app.exception
        assert app.error[0].value.startswith("it is not there any more")
        assert screens() == (second,)


def test_a_presentation_that_another_window_deletes_while_the_page_is_made_is_said(small_run, monkeypatch):
    talk("one")
    counts = Presentations().counts()
    Presentations().delete("talk")
    monkeypatch.setattr(Presentations, "counts", lambda self: counts)
    app = shown()
    assert "it is not there any more" in app.error[0].value


def test_presentations_are_begun_renamed_deleted_and_put_back(small_run):
    app = shown()
    assert "No presentation is saved yet" in pages.words(app)
    app.text_input(key="presentation-new").set_value("b")
    app.button(key="presentation-begin").click().run()
    talk("x", name="a")
    app.run()
    assert app.selectbox(key="control:presentation").options == ["a (1 screen)", "b (0 screens)"]
    assert pages.address(app)["presentation"] == "b"
    assert app.button(key="presentation-start").disabled
    app.text_input(key="presentation-name:b").set_value("a")
    next(one for one in app.button if one.label == "Rename it").click().run()
    assert "there is a presentation" in app.error[0].value
    app.text_input(key="presentation-name:b").set_value("c")
    next(one for one in app.button if one.label == "Rename it").click().run()
    assert list(Presentations().counts()) == ["a", "c"]
    app.button(key="presentation-delete").click().run()
    assert list(Presentations().counts()) == ["a"]
    app.button(key="presentation-undelete").click().run()
    assert list(Presentations().counts()) == ["a", "c"]
    assert not app.exception


def test_the_page_that_a_screen_comes_from_is_a_click_away(small_run):
    added("monotonicity", "decrease", "talk", of="final_prediction", set="weights:uniform")
    app = shown(brush="label = 3", poe="0")
    app.button(key=f"screen:open_in_new:{screens()[0].id}").click().run()
    assert not app.exception
    assert pages.address(app) == {**ON, "of": "final_prediction", "set": "weights:uniform"}
    assert "decrease" in pages.figures(app)


def test_a_screen_says_when_its_run_has_changed_or_is_gone(small_run):
    source = Source(run="small", title="Small", fingerprint=small_run.fingerprint, predictor="PA", split="test")
    others = (replace(source, fingerprint="other"), replace(source, run="gone"))
    Presentations().save(Presentation("talk", tuple(Screen("sentence", "x", one) for one in (source, *others))))
    said = [one["about"] for one in sent(shown(presenting="1"))["screens"]]
    assert said[0] == "Small · PA · test samples"
    assert said[1:] == [f"ITS RUN HAS CHANGED SINCE · {said[0]}", f"its run is not here · {said[0]}"]


def test_a_file_brings_the_same_screens(small_run):
    added("overview", "exits", "talk", "a sentence")
    text = Presentations()["talk"].to_json().encode()
    app = shown()
    app.file_uploader[0].set_value(("talk.json", text, "application/json")).run()
    assert screens("talk (2)") == screens("talk")
    assert pages.address(app)["presentation"] == "talk (2)"
    for broken, reason in ((b"\xff", "no text"), (b"{}", "does not say that it is one")):
        app.file_uploader[0].set_value(("talk.json", broken, "application/json")).run()
        assert reason in app.error[0].value.replace("\\", "")
    assert list(Presentations().counts()) == ["talk", "talk (2)"]


@pytest.mark.parametrize("text", [HOSTILE, "عربي $x$ **y**", "x" * 120])
def test_hostile_text_is_shown_as_text(small_run, text):
    source = Source("overview", "x", "", "small", text, "x", text, text, "test", text)
    figure = kept_figure(json.dumps({"data": [], "layout": {"title": {"text": text}}}), 300)
    talk(text, name=text)
    Presentations().change(text, lambda all_: (*all_, Screen("figure", "", source, figure)))
    app = shown()
    html = " ".join(one.proto.body for one in app.get("html"))
    assert "<img" not in html
    shown(presenting="1")
    app.button(key="presentation-delete").click().run()
    assert "<img" not in " ".join(one.value for one in app.markdown).replace("\\<", "")


def test_a_read_only_app_shows_and_changes_nothing(small_run, monkeypatch):
    talk("one", "two")
    before, composed = shown(), shown("overview")
    pages.take(composed, "shares")
    monkeypatch.setenv("EXITLENS_READ_ONLY", "1")
    app = shown()
    keys = {one.key for one in app.button}
    assert "presentation-start" in keys
    assert not any("delete" in key or "arrow_u" in key or "begin" in key for key in keys if key)
    assert not app.text_area
    assert not app.get("file_uploader")
    assert len(sent(shown(presenting="1"))["screens"]) == 2
    assert pages.payloads(shown("overview"))["shares"]["take"] is False
    before.button(key="presentation-delete").click().run()  # pages that were open before
    assert "presentations are composed" in before.error[0].value
    composed.button(key="present-add").click().run()
    assert "read-only" in composed.session_state["present-fault"]
    assert [one.sentence for one in screens()] == ["one", "two"]
    with pytest.raises(ValueError, match="read-only"):
        store.changeable()
    Presentations().delete("talk")
    assert "its host has saved no presentation" in pages.words(shown())


def test_an_address_restores_the_screen_and_a_presentation_that_is_not_here_is_said(small_run):
    said = "presentation = 'other' does not exist here"
    wanted = {**ON, "presentation": "other", "presenting": "1", "screen": "2"}
    app = shown(**wanted)
    assert said in pages.words(app)
    assert pages.address(app) == ON
    talk("one", "two", name="talk")
    talk("three", "four", name="other")
    app = shown(**wanted)
    assert sent(app)["at"] == 1
    assert sent(app)["screens"][1]["heading"] == "four"
    assert pages.address(app) == wanted
    Presentations().delete("other")
    app = shown(**wanted)  # the other one is not presented in its place
    assert said in pages.words(app)
    assert app.button(key="presentation-start")
    assert pages.address(app) == ON


def test_a_damaged_file_is_said(small_run, own_state):
    own_state.mkdir()
    (own_state / "presentations.sqlite").write_bytes(b"no database" * 100)
    assert "cannot be used" in pages.words(shown())
    app = shown("overview")
    pages.take(app, "shares")
    assert not app.exception
    assert "Not added to a presentation" in pages.words(app)


def test_without_a_run_presentations_are_shown(runs):
    talk("one")
    app = pages.opened("present", presenting="1")
    assert not app.exception
    assert len(sent(app)["screens"]) == 1


def test_a_comparison_says_its_entries_and_the_papers_figure_its_settings(small_run, runs, small_logits, small_labels):
    write_run(
        runs / "known", logits=small_logits, labels=small_labels, dataset="cifar100", model="msdnet", title="Known"
    )
    added("compare", "compare-falls", "talk", entries="known/baseline,known/ca")
    source = screens()[0].source
    assert (source.run, source.title, source.predictor) == ("", "known", "baseline and ca")
    assert source.settings == "known/baseline; known/ca"
    added("paper", "paper-falls", run="known", set="weights:uniform")
    assert (screens()[1].source.predictor, screens()[1].source.settings) == ("baseline and pa", "")
    lines = [one["about"] for one in sent(shown(presenting="1"))["screens"]]
    assert lines[0].startswith("known \N{MIDDLE DOT} baseline and ca \N{MIDDLE DOT} test samples")
    assert lines[1].startswith("Known \N{MIDDLE DOT} baseline and pa")
