"""Saved presentations: whole again after a restart, in the order that was given, and as a file for somebody else."""

import base64
import dataclasses
import io
import json
import sqlite3
import subprocess
import sys
import threading

import pytest
from PIL import Image

from analysis.presentations import Picture, Presentation, Presentations, Screen, Source, kept_figure
from analysis.presentations.screens import FORMAT, LONGEST_NAME, LONGEST_SENTENCE, MOST_SCREENS
from tests.unit.presentations.test_kept_figures import figure

HOSTILE = ["<b>bold</b>", "=1+1", "$x$ **y** [z](https://a.b)", "عربي", "'); DROP TABLE presentations; --", "x" * 120]


def picture(size=8):
    out = io.BytesIO()
    Image.new("RGB", (size, size)).save(out, "PNG")
    return f"data:image/png;base64,{base64.b64encode(out.getvalue()).decode()}"


def shown(**changes):
    source = Source(
        "overview", "shares", "run=a&poe=1", "a", "Run A", "abc", "PA", "weights=linear", "test", "", "2026"
    )
    return Screen("figure", "a sentence", source, kept_figure(figure().to_json(), 300), **changes)


def samples():
    one = shown()
    return Screen(
        "samples", "foxes", one.source, one.figure, (Picture(picture(), "fox", "as wolf"), Picture("", "fox"))
    )


@pytest.fixture
def saved(tmp_path):
    return Presentations(tmp_path / "state" / "presentations.sqlite")


@pytest.fixture
def talk():
    return Presentation("talk", (Screen("sentence", "Hello\nthere"), shown(), samples()), "2026-11-27T12:00:00+00:00")


def test_what_is_saved_is_there_again_in_another_process(saved, talk):
    assert saved.counts() == {}
    for action in (lambda: saved["talk"], lambda: saved.change("talk", tuple), lambda: saved.rename("talk", "other")):
        with pytest.raises(KeyError):
            action()
    assert not saved.path.exists()  # looking for what is not there writes nothing
    saved.save(talk)
    script = (
        "import sys, pathlib; from analysis.presentations import Presentations\n"
        "print(Presentations(pathlib.Path(sys.argv[1]))['talk'].to_json())"
    )
    said = subprocess.run([sys.executable, "-c", script, saved.path], capture_output=True, text=True, check=True).stdout
    assert Presentation.from_json(said) == talk
    assert saved.counts() == {"talk": 3}


def test_screens_are_added_changed_and_moved(saved):
    first, second = Screen("sentence", "one"), shown()
    assert [saved.add("talk", one) for one in (first, second)] == [1, 2]
    saved.change("talk", lambda screens: screens[::-1])
    assert saved["talk"].screens == (second, first)
    assert saved["talk"].made
    saved.change("talk", lambda screens: screens[:1])
    assert saved.counts() == {"talk": 1}
    with pytest.raises(KeyError):
        saved.change("other", lambda screens: screens)
    with pytest.raises(ValueError, match="two screens have one id"):
        saved.add("talk", second)
    assert saved["talk"].screens == (second,)


def test_two_windows_that_add_at_once_lose_nothing(saved):
    saved.save(Presentation("talk"))
    threads = [threading.Thread(target=saved.add, args=("talk", Screen("sentence", str(n)))) for n in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert {one.sentence for one in saved["talk"].screens} == set(map(str, range(12)))


def test_a_name_is_taken_until_it_is_free(saved, talk):
    saved.save(talk)
    with pytest.raises(ValueError, match="there is a presentation 'talk' already"):
        saved.save(Presentation("talk"))
    saved.save(Presentation("b"))
    with pytest.raises(ValueError, match="there is a presentation 'b' already"):
        saved.rename("talk", "b")
    saved.rename("talk", "Alpha")
    assert list(saved.counts()) == ["Alpha", "b"]
    assert saved["Alpha"].screens == talk.screens
    gone = saved.delete("Alpha")
    assert list(saved.counts()) == ["b"]
    saved.save(gone)
    assert saved["Alpha"] == gone
    for action in (lambda: saved["c"], lambda: saved.delete("c"), lambda: saved.rename("c", "d")):
        with pytest.raises(KeyError):
            action()


@pytest.mark.parametrize("name", ["x" * (LONGEST_NAME + 1), "", " a", "a\nb", "a\u202eb"])
def test_a_name_is_one_line(name):
    with pytest.raises(ValueError, match="a name is one line"):
        Presentation(name)


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_text_comes_back_as_it_was(saved, text):
    one = Presentation(text, (Screen("sentence", text, Source(title=text, selected=text)),))
    saved.save(one)
    assert saved[text] == Presentation.from_json(one.to_json()) == one


@pytest.mark.parametrize(
    ("make", "reason"),
    [
        (lambda: Screen("video"), "kind 'video' must be one of sentence, figure, samples"),
        (lambda: Screen("sentence", " "), "write a sentence"),
        (lambda: Screen("sentence", "x" * (LONGEST_SENTENCE + 1)), "longer than 500 characters"),
        (lambda: Screen("figure", "x"), "holds no such figure"),
        (lambda: shown(pictures=(Picture("", "x"),)), "holds no such figure or images"),
        (lambda: shown(id="../x"), "12 hexadecimal digits"),
        (lambda: Screen("sentence", "x", Source(title="x" * 5_000)), "its title is longer than"),
        (
            lambda: Presentation("a", tuple(Screen("sentence", "x") for _ in range(MOST_SCREENS + 1))),
            "at most 200 screens",
        ),
    ],
)
def test_what_cannot_be_a_screen_says_why(make, reason):
    with pytest.raises(ValueError, match=reason):
        make()


def test_a_screen_is_called_by_its_sentence_else_by_its_figures_title():
    assert Screen("sentence", " Hello \nthere").heading == "Hello "
    assert shown().heading == "a sentence"
    assert dataclasses.replace(shown(), sentence="").heading == "Falls by 3 < 4"


def file(**changes):
    return json.dumps({"format": FORMAT, "name": "a", "made": "", "screens": []} | changes)


def one_screen(**changes):
    screen = json.loads(Presentation("a", (samples(),)).to_json())["screens"][0]
    return file(screens=[screen | changes])


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("nothing", "is no JSON"),
        ("[" * 100_000, "is no JSON"),
        ('{"a": NaN}', "is no JSON"),
        ("[1]", "does not say that it is one"),
        (file(format="exitlens-slice/1"), "does not say that it is one"),
        (file(name=3), "'name' must be a text"),
        (file(name=""), "a name is one line"),
        (file(screens={}), "'screens' must be a list"),
        (file(screens=[3]), "screen 1: it must be an object of kind"),
        (one_screen(evil=1), "screen 1: it must be an object of"),
        (one_screen(kind=3), "screen 1: 'kind' must be a text"),
        (one_screen(id="x"), "screen 1: screen: its id"),
        (one_screen(source={"run": 3}), "screen 1: source: 'run' must be a text"),
        (one_screen(source=[]), "screen 1: source: it must be an object"),
        (
            one_screen(figure={"data": [], "layout": {"images": []}, "height": 300}),
            "screen 1: its figure: layout.images",
        ),
        (one_screen(pictures=[{"image": "https://a.b/c.png"}]), "screen 1: picture 1: it is no address of a PNG"),
        (one_screen(pictures=[{"image": "data:image/svg+xml;base64,AAAA"}]), "it is no address of a PNG"),
        (one_screen(pictures=[{"image": "data:image/png;base64,AAAA"}]), "picture 1: the file is no PNG"),
        (one_screen(pictures=[{"image": "", "title": 3}]), "'title' must be a text"),
        (one_screen(pictures=3), "pictures must be a list"),
        (one_screen(sentence="\ud800"), "the file holds half a character"),
        (file(name="\udc00"), "the file holds half a character"),
    ],
)
def test_a_file_that_is_no_presentation_says_why(text, reason):
    with pytest.raises(ValueError, match=reason):
        Presentation.from_json(text)


def test_a_damaged_file_is_a_sentence_and_stays_as_it_is(tmp_path, talk):
    path = tmp_path / "presentations.sqlite"
    path.write_bytes(b"this is no data base" * 100)
    before = path.read_bytes()
    with pytest.raises(ValueError, match=r"presentations\.sqlite: the saved presentations cannot be used"):
        Presentations(path).save(talk)
    with pytest.raises(ValueError, match="cannot be used"):
        Presentations(path).counts()
    assert path.read_bytes() == before


@pytest.mark.parametrize("screens", ["[1", "[1]", '[{"kind": "video"}]'])
def test_a_damaged_row_is_a_sentence(saved, talk, screens):
    saved.save(talk)
    with sqlite3.connect(saved.path) as rows:
        rows.execute("UPDATE presentations SET screens = ?", (screens,))
    with pytest.raises(ValueError, match="the presentation 'talk' is damaged"):
        saved["talk"]


def test_a_file_may_write_a_character_as_the_two_halves_of_it():
    assert (
        Presentation.from_json(json.dumps(json.loads(one_screen(sentence="\N{OWL}")))).screens[0].sentence == "\N{OWL}"
    )
