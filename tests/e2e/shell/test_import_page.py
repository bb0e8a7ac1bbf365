"""The page Import by AppTest: what it finds, what it asks for, what it makes, and what it refuses."""

import io
import json
import re
import time

import numpy as np
import pytest

from analysis.runtime import command_job
from analysis.storage import load_run
from analysis.words.formats import percent
from tests.e2e import pages


@pytest.fixture(autouse=True)
def none_left():
    yield
    for job in list(command_job._jobs):
        job.cancel()


def button(app, label):
    return next(one for one in app.button if one.label == label)


def field(app, label):
    return next(one for one in app.text_input if one.label == label)


def settled(app):
    """The page once what runs beside it has ended."""
    for _ in range(300):
        if not command_job._jobs:
            return app.run()
        time.sleep(0.1)
        app.run()
    raise AssertionError("it does not end")


def given(app, *paths):
    """The page with files named by their paths."""
    app.text_area[0].set_value("\n".join(map(str, paths))).run()
    assert not app.exception
    return settled(app)


@pytest.fixture
def source(tmp_path, small_logits, small_labels):
    np.savez(tmp_path / "net.npz", logits=small_logits, labels=small_labels, other=np.arange(5))
    return tmp_path / "net.npz"


def test_a_file_is_looked_into_imported_and_opened(runs, source, small_logits, small_labels):
    app = given(pages.opened("import_run"), source)
    said = pages.words(app)
    assert "7 exits, 20 classes, 400 test samples" in said
    accuracy = 100 * (small_logits.argmax(2) == small_labels).mean(1)
    assert f"goes from {percent(accuracy[0])} at the first exit" in said
    for text in ("net.npz: logits", "7 x 400 x 20", "float16", "logits, test", "labels, test", "net.npz: other"):
        assert text in said
    assert not list(runs.iterdir())  # nothing is written before it is asked for
    field(app, "Title").set_value("<b>Mine</b>")
    field(app, "Costs of the exits").set_value("1,2,3,4,5,6,7")
    app = settled(field(app, "Their unit").set_value("ms").run())
    app = button(app, "Import").click().run()
    while command_job._jobs:
        time.sleep(0.1)
        app.run()
    run = load_run(runs / "net")
    np.testing.assert_array_equal(run.logits.read(0, 400), small_logits)
    assert (run.title, run.cost()) == ("<b>Mine</b>", ("ms", (1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0)))
    assert pages.address(app)["run"] == "net"
    assert "trajectories" in pages.figures(app)  # the overview


def test_what_is_ambiguous_is_asked_in_the_command_s_words(runs, tmp_path, small_logits):
    np.save(tmp_path / "square.npy", small_logits[:, :20, :])
    np.save(tmp_path / "square_labels.npy", np.arange(20) % 20)
    app = given(pages.opened("import_run"), tmp_path / "square.npy", tmp_path / "square_labels.npy")
    assert "say which axis is which with --axes" in pages.words(app)
    assert not [one for one in app.button if one.label == "Import"]
    axes = next(one for one in app.selectbox if one.label.startswith("Axes"))
    app = settled(axes.set_value("exits,samples,classes").run())
    assert "7 exits, 20 classes, 20 test samples" in pages.words(app)
    assert button(app, "Import")


def test_labels_that_count_from_one_are_said_in_words_of_the_page(runs, tmp_path, small_logits, small_labels):
    np.savez(tmp_path / "net.npz", logits=small_logits, labels=small_labels + 1)
    app = given(pages.opened("import_run"), tmp_path / "net.npz")
    (fault,) = (one.value.replace("\\", "") for one in app.error)
    assert "they seem to run from 1 to 20, and classes count from 0: save each label less 1" in fault
    assert "--" not in fault
    said = pages.words(app)
    assert "net.npz: labels" in said  # what is in the file is shown
    assert "<th>taken for</th>" not in said


def test_a_long_table_is_understood_once_it_is_said_to_hold_the_logits(runs, tmp_path):
    (tmp_path / "long.csv").write_text(
        "sample,exit,label,c0,c1\n" + "".join(f"{s},{e},{s % 2},{s % 2},{e}\n" for s in range(6) for e in (1, 2))
    )
    app = given(pages.opened("import_run"), tmp_path / "long.csv")
    said = pages.words(app).replace("\\", "")
    assert "say above which one holds them. A table of logits has a column for each exit and class" in said
    assert "or a row for each sample and exit, with the columns sample, exit and c0, c1 and so on" in said
    role = next(one for one in app.selectbox if one.label.startswith("What long"))
    app = settled(role.set_value("logits").run())
    assert "2 exits, 2 classes, 6 test samples" in pages.words(app)


def test_costs_that_do_not_fit_are_said_and_no_path_is_taken_for_costs(runs, source):
    app = given(pages.opened("import_run"), source)
    app = settled(field(app, "Costs of the exits").set_value("1,2").run())
    assert "2 costs in MACs for 7 exits" in pages.words(app)
    app = settled(field(app, "Costs of the exits").set_value("/etc/passwd").run())
    assert "give a number for each exit" in pages.words(app)
    assert "root:" not in pages.words(app)


def test_a_file_that_is_none_is_said_in_the_command_s_words(runs, tmp_path):
    (tmp_path / "bad.npz").write_bytes(b"nothing of the kind")
    app = given(pages.opened("import_run"), tmp_path / "bad.npz")
    assert "bad.npz is text, and logits cannot be read from text" in pages.words(app)
    assert not [one for one in app.button if one.label == "Import"]


def test_two_files_become_two_splits(runs, tmp_path, small_logits, small_labels):
    for name, part in (("val", slice(0, 100)), ("test", slice(100, 400))):
        np.savez(tmp_path / f"{name}.npz", logits=small_logits[:, part], labels=small_labels[part])
    app = given(pages.opened("import_run"), tmp_path / "test.npz", tmp_path / "val.npz")
    assert "100 calibration samples, 300 test samples" in pages.words(app)


def test_dropped_files_are_taken(runs, small_logits, small_labels, tmp_path):
    app = pages.opened("import_run")
    buffers = []
    for array in (small_logits, small_labels):
        buffers.append(io.BytesIO())
        np.save(buffers[-1], array)
    files = [
        ("<b>logits.npy", buffers[0].getvalue(), "application/octet-stream"),
        ("labels.npy", buffers[1].getvalue(), "application/octet-stream"),
    ]
    app = settled(app.file_uploader[0].set_value(files).run())
    assert not app.exception
    said = pages.words(app)
    assert "7 exits, 20 classes, 400 test samples" in said
    assert "<b>logits" not in said
    assert "&lt;b&gt;logits.npy" in said


def test_names_of_files_and_arrays_are_text(runs, tmp_path, small_logits, small_labels):
    hostile = "<img src=x onerror=alert(1)>*$a$[b](c)"
    for name, arrays in {
        f"{hostile[1:20]}.npz": {"logits": small_logits, "labels": small_labels, hostile: np.arange(3)},
        "several.npz": {hostile + "1": small_logits, hostile[::-1]: small_logits},
        "long.npz": {"logits": small_logits, "x" * 10_000: np.arange(3), "\u202eabc": np.arange(3)},
    }.items():
        np.savez(tmp_path / name, **arrays)
        app = given(pages.opened("import_run"), tmp_path / name)
        assert not app.exception
        shown = [element.proto.body for element in app.get("html")] + [one.value for one in app.error]
        assert not any(re.search(r"(?<!\\)<img", text) for text in shown)  # escaped in Markdown it is text
        assert not any("$a$" in one.value for one in app.error)
        table = next(text for text in shown if "<th>array</th>" in text)
        assert "\u202e" not in table
        assert len(table) < 10_000


def test_labels_under_another_name_are_chosen_on_the_page(runs, tmp_path, small_logits, small_labels):
    np.savez(tmp_path / "x.npz", logits=small_logits, answers=small_labels, position=np.arange(7))
    app = given(pages.opened("import_run"), tmp_path / "x.npz")
    assert "No label is known" in pages.words(app)
    box = next(one for one in app.selectbox if one.label == "Labels")
    assert box.options == ["none of these", "answers"]
    app = settled(box.set_value("answers").run())
    assert not app.exception
    assert "No label is known" not in pages.words(app)
    assert "labels: x.npz: answers" in pages.words(app)


def test_a_place_in_a_file_is_shown_with_its_file(runs, tmp_path, small_logits, small_labels):
    np.savez(tmp_path / "x.npz", logits=small_logits, answers=small_labels)
    app = given(pages.opened("import_run"), f"{tmp_path / 'x.npz'}::logits")
    assert not app.exception
    assert "x.npz::logits" in pages.words(app)


def test_paths_are_taken_on_this_computer_alone(runs, monkeypatch):
    from app.views.import_run import files

    monkeypatch.setattr(files, "paths_may_be_named", lambda: False)
    app = pages.opened("import_run")
    assert not app.text_area
    assert "Files that are larger are imported on the command line" in pages.words(app)


def test_without_files_it_says_how_a_script_and_the_command_line_do_it(runs):
    app = pages.opened("import_run")
    assert not app.exception
    assert any("analysis.write_run(" in block.value and str(runs) in block.value for block in app.code)
    assert any("python -m analysis import" in block.value for block in app.code)


def test_an_id_that_cannot_be_is_refused(runs, source):
    app = given(pages.opened("import_run"), source)
    app = field(app, "Id").set_value("../elsewhere").run()
    assert "a run cannot be called" in pages.words(app)
    assert json.dumps([one.label for one in app.button]).count('"Import"') == 0


def test_a_read_only_app_shows_none_of_it(runs, source, monkeypatch):
    app = given(pages.opened("import_run"), source)
    monkeypatch.setenv("EXITLENS_READ_ONLY", "1")
    hidden = pages.opened("import_run")
    assert "read-only: nothing can be imported" in pages.words(hidden)
    assert not hidden.text_area
    assert not hidden.file_uploader
    button(app, "Import").click().run()  # a page that was open before
    assert not list(runs.iterdir())
    assert "read-only" in pages.words(app)
