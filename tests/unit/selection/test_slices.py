"""Saved slices: whole again after a restart, the same samples in another run, and nothing lost or taken for another."""

import dataclasses
import json
import sqlite3
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest

from analysis.selection import SampleTable, Selection, Slice, Slices, slice_of
from analysis.selection.slices import FORMAT, LONGEST_NAME, bound
from analysis.storage import load_run, write_run


@pytest.fixture
def kept(tmp_path):
    return Slices(tmp_path / "state" / "slices.sqlite")


@pytest.fixture
def worst(small_run):
    table = SampleTable(small_run)
    return slice_of(small_run, table, Selection.parse("baseline.fall_true_class > 0.3"), "worst", "look again")


def test_a_slice_holds_what_was_selected(small_run, worst):
    table = SampleTable(small_run)
    positions = table["position"][table["baseline_fall"] > 0.3].to_numpy()
    assert worst.ids == tuple(small_run.samples["id"].iloc[positions])
    assert worst.labels == tuple(small_run.labels[positions])
    assert 0 < len(worst.ids) < len(table)
    assert (worst.made_of, worst.run, worst.note) == ("baseline.fall_true_class > 0.3", small_run.id, "look again")


def test_what_is_saved_is_there_again_in_another_process(kept, worst):
    kept.save(worst)
    kept.save(dataclasses.replace(worst, name="another"))
    script = (
        "import sys, pathlib; from analysis.selection import Slices\n"
        "for one in Slices(pathlib.Path(sys.argv[1])).listed(): print(one.to_json())"
    )
    said = subprocess.run([sys.executable, "-c", script, kept.path], capture_output=True, text=True, check=True).stdout
    assert [Slice.from_json(line) for line in said.splitlines()] == [dataclasses.replace(worst, name="another"), worst]


def test_a_name_is_taken_until_it_is_replaced_or_deleted(kept, worst):
    assert (list(kept), len(kept), "worst" in kept) == ([], 0, False)
    assert not kept.path.exists()  # looking writes nothing
    kept.save(worst)
    with pytest.raises(ValueError, match="there is a slice 'worst' already"):
        kept.save(dataclasses.replace(worst, note="other"))
    assert kept["worst"] == worst
    kept.save(dataclasses.replace(worst, note="other"), replace=True)
    assert kept["worst"].note == "other"
    gone = kept.delete("worst")
    assert "worst" not in kept
    kept.save(gone)
    assert kept["worst"] == gone
    with pytest.raises(KeyError):
        kept.delete("best")


def test_it_applies_to_another_run_of_the_same_samples_by_id(small_run, worst, tmp_path):
    order = np.random.default_rng(0).permutation(len(small_run.labels))[:250]
    ids = small_run.samples["id"].to_numpy()[order].tolist()
    logits = small_run.logits.read(0, len(small_run.labels))[:, order]
    folder = tmp_path / "other"
    write_run(folder, logits=logits, labels=small_run.labels[order], samples=pd.DataFrame({"id": ids}))
    other = load_run(folder)
    expected = [place for place, one in enumerate(ids) if one in worst.ids]
    assert worst.joined(other).tolist() == expected
    assert 0 < len(expected) < len(worst.ids)
    selection = bound(Selection.parse("in worst and not correct"), lambda: {"worst": worst}, other)
    table = SampleTable(other, "all")
    assert selection.positions(table).tolist() == [p for p in expected if not table["correct"].iloc[p]]


def test_other_samples_of_the_same_ids_are_refused(small_run, worst):
    labels = list(worst.labels)
    labels[2] = (labels[2] + 1) % 20
    moved = dataclasses.replace(worst, labels=tuple(labels))
    with pytest.raises(ValueError, match=rf"1 of its samples have another label .* first '{worst.ids[2]}'"):
        moved.joined(small_run)
    with pytest.raises(ValueError, match="another label"):
        bound(Selection.parse("in worst"), lambda: {"worst": moved}, small_run)
    unknown = dataclasses.replace(worst, labels=(-1,) * len(worst.ids))
    assert unknown.joined(small_run).tolist() == worst.joined(small_run).tolist()
    elsewhere = dataclasses.replace(worst, dataset="cifar10")
    with pytest.raises(ValueError, match="is of cifar10, the run"):
        elsewhere.joined(dataclasses.replace(small_run, dataset="cifar100"))


def test_only_a_selection_that_names_slices_opens_the_file(small_run):
    selection = Selection.parse("fall > 0.1")
    assert bound(selection, lambda: pytest.fail("read"), small_run) == selection


@pytest.mark.parametrize("name", ["x" * (LONGEST_NAME + 1), "", " a", "a\nb", "a`b", "a\u202eb"])
def test_a_name_is_one_line_that_a_query_can_hold(name):
    with pytest.raises(ValueError, match=r"slice|name"):
        Slice(name, (), ())


@pytest.mark.parametrize("name", ["<b>bold</b>", "=1+1", "and", 'it\'s "so"', "عربي", "🙂", "x" * LONGEST_NAME])
def test_hostile_names_are_names(kept, worst, name):
    one = dataclasses.replace(worst, name=name, note="'); DROP TABLE slices; --")
    kept.save(one)
    assert kept[name] == one
    assert Slice.from_json(one.to_json()) == one
    assert list(kept) == [name]


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("nothing", "is no JSON"),
        ("[" * 100_000, "is no JSON"),
        ("[1]", "does not say that it is one"),
        (json.dumps({"format": FORMAT, "name": "a", "ids": [1], "labels": [1]}), "'ids' must be a list of str"),
        (json.dumps({"format": FORMAT, "name": "a", "ids": ["1"], "labels": [True]}), "'labels' must be a list of int"),
        (json.dumps({"format": FORMAT, "name": "a", "ids": ["1"], "labels": []}), "1 ids and 0 labels"),
        (json.dumps({"format": FORMAT, "name": 3, "ids": [], "labels": []}), "'name' must be a text"),
    ],
)
def test_a_file_that_is_no_slice_says_why(text, reason):
    with pytest.raises(ValueError, match=reason):
        Slice.from_json(text)


def test_a_damaged_file_is_a_sentence_and_stays_as_it_is(tmp_path, worst):
    path = tmp_path / "slices.sqlite"
    path.write_bytes(b"this is no data base" * 100)
    before = path.read_bytes()
    with pytest.raises(ValueError, match=r"slices\.sqlite: the saved slices cannot be used"):
        Slices(path).save(worst)
    with pytest.raises(ValueError, match="cannot be used"):
        Slices(path).listed()
    assert path.read_bytes() == before


def test_a_damaged_row_is_a_sentence(kept, worst):
    kept.save(worst)
    with sqlite3.connect(kept.path) as file:
        file.execute("UPDATE slices SET ids = '[1'")
    with pytest.raises(ValueError, match="the slice 'worst' is damaged"):
        kept.listed()


def test_a_slice_is_renamed_whole_and_never_over_another(kept, worst):
    kept.save(worst)
    kept.save(dataclasses.replace(worst, name="another", note="kept"))
    with pytest.raises(ValueError, match="there is a slice 'another' already: choose another name"):
        kept.rename("worst", "another")
    with pytest.raises(ValueError, match="a name is one line"):
        kept.rename("worst", "two\nlines")
    with pytest.raises(KeyError):
        kept.rename("gone", "x")
    assert kept.rename("worst", "worse") == kept["worse"] == dataclasses.replace(worst, name="worse")
    assert list(kept) == ["another", "worse"]
    assert kept["another"].note == "kept"
