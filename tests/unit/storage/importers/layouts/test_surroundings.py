"""Labels that lie elsewhere in a file than beside its logits: the nearest are taken, and what is not sure is said."""

import pickle

import numpy as np
import pytest

from analysis.storage.importers import Sources, import_run
from analysis.storage.importers.preview import found_arrays, preview_import


def exits(n, seed=0):
    return list(np.random.default_rng(seed).normal(size=(3, n, 4)).astype(np.float32))


def labels(n, seed=0):
    return np.random.default_rng(seed).integers(0, 4, n)


def records(n):
    return [{"logits": one} for one in exits(n)]


NAMED = {"logits": {f"exit_{n}": one for n, one in enumerate(exits(20), 1)}}
TAKEN = {
    "beside a list of exits, of two splits": (
        {
            "results": {
                "val": {"exits": records(12), "targets": labels(12)},
                "test": {"exits": records(20), "targets": labels(20)},
            },
            "flops": [1.0, 2.0, 3.0],
        },
        ["results/test/targets", "results/val/targets"],
    ),
    "in another dictionary": ({"state": NAMED, "meta": {"targets": labels(20)}}, ["meta/targets"]),
    "the nearest": (
        {"a": {"state": NAMED, "targets": labels(20)}, "targets": labels(20, 1)},
        ["a/targets"],
    ),
    "of the length": (
        {"a": {"state": NAMED, "targets": labels(9)}, "meta": {"targets": labels(20)}},
        ["meta/targets"],
    ),
    "twice the same": (
        {"state": NAMED, "a": {"targets": labels(20)}, "b": {"labels": labels(20)}},
        ["a/targets"],
    ),
    "by the split in their names": (
        {
            "val": {"exits": records(20)},
            "test": {"exits": records(20)},
            "meta": {"val_targets": labels(20, 1), "targets_test": labels(20)},
        },
        ["meta/targets_test", "meta/val_targets"],
    ),
}


def written(folder, content):
    (folder / "x.p").write_bytes(pickle.dumps(content))
    return folder / "x.p"


@pytest.mark.parametrize("case", TAKEN)
def test_the_nearest_labels_are_taken_and_named(tmp_path, case):
    content, places = TAKEN[case]
    imported = import_run(Sources([written(tmp_path, content)]), tmp_path / "run")
    assert [line.rpartition("; labels: ")[2] for line in imported.notes] == [f"x.p: {place}" for place in places]
    expected = []
    for place in places:
        held = content
        for key in place.split("/"):
            held = held[key]
        expected.append(held)
    np.testing.assert_array_equal(imported.run.labels, np.concatenate(expected))


def test_labels_that_lie_equally_near_are_asked_for(tmp_path):
    file = written(tmp_path, {"state": NAMED, "a": {"targets": labels(20)}, "b": {"targets": labels(20, 1)}})
    with pytest.raises(ValueError, match="equally near") as refusal:
        import_run(Sources([file]), tmp_path / "run")
    assert str(refusal.value).endswith("say --labels 'x.p::a/targets' or --labels 'x.p::b/targets'")
    run = import_run(Sources([file], labels=[f"{file}::b/targets"]), tmp_path / "run").run
    np.testing.assert_array_equal(run.labels, labels(20, 1))


@pytest.mark.parametrize(
    "content",
    [
        {"val": {"exits": records(20)}, "test": {"exits": records(20), "targets": labels(20)}},
        {"val": exits(20), "test": exits(20, 1), "targets": labels(20)},
        {"val": {"exits": records(20)}, "test": {"exits": records(20)}, "meta": {"targets": labels(20)}},
        {"state": NAMED, "meta": {"eval_targets": labels(20)}},
    ],
    ids=[
        "another split's",
        "of one of two splits",
        "of one of two splits, further away",
        "a name that only may mean it",
    ],
)
def test_labels_that_may_be_others_are_not_taken_but_named_with_what_to_say(tmp_path, content):
    notes = preview_import(Sources([written(tmp_path, content)]))[0].notes
    assert any("labels: none; none are sure to belong to it: say --labels 'x.p::" in line for line in notes), notes


def test_vectors_of_other_names_or_lengths_are_never_taken(tmp_path):
    content = {"state": NAMED, "meta": {"index": labels(20), "pred_labels": labels(20), "targets": labels(7)}}
    notes = preview_import(Sources([written(tmp_path, content)]))[0].notes
    assert notes == ["Logits: x.p: state/logits (3 exits); labels: none"]


def test_labels_that_are_given_are_not_looked_for(tmp_path):
    file = written(tmp_path, {"state": NAMED, "meta": {"targets": labels(20)}})
    np.save(tmp_path / "y.npy", labels(20, 1))
    run = import_run(Sources([file], labels=[tmp_path / "y.npy"]), tmp_path / "run").run
    np.testing.assert_array_equal(run.labels, labels(20, 1))


def test_every_name_that_is_listed_is_taken_after_the_file(tmp_path):
    file = written(tmp_path, TAKEN["beside a list of exits, of two splits"][0])
    names = [one.where.partition(": ")[2] for one in found_arrays(Sources([file]))]
    assert "results/test/targets" in names
    run = import_run(
        Sources([f"{file}::results/test/exits"], labels=[f"{file}::results/test/targets"]), tmp_path / "run"
    ).run
    assert run.logits.shape == (3, 20, 4)


@pytest.mark.parametrize("name", ["results: test: targets", "targets", "results/test/target"])
def test_a_name_that_is_not_there_lists_those_that_are_like_it(tmp_path, name):
    file = written(tmp_path, TAKEN["beside a list of exits, of two splits"][0])
    with pytest.raises(ValueError, match=r"holds nothing called .*: say which with .*'x\.p::results/test/targets'"):
        import_run(Sources([file], labels=[f"{file}::{name}"]), tmp_path / "run")


def whole(n, seed=0):
    return np.stack(exits(n, seed))


IN_LISTS = {
    "of batches elsewhere": (
        {"outputs": [{"logits": whole(12)}, {"logits": whole(8)}],
         "data": [{"targets": labels(12)}, {"targets": labels(8, 1)}]},
        "data/targets", "outputs: logits of each", np.concatenate([labels(12), labels(8, 1)]),
    ),
    "of one dictionary of several kinds": (
        {"logits": whole(20), "data": ({"epoch": 3}, {"targets": labels(20)})}, "data/1/targets", "logits", labels(20)
    ),
    "settings and results": (({"lr": 0.1}, {"logits": whole(20), "labels": labels(20)}), "1/labels", "1/logits",
                             labels(20)),
    "an epoch and results": ([3, {"run": {"exits": records(20), "y": labels(20)}}], "1/run/y",
                             "1/run/exits: logits of each", labels(20)),
    "logits, and a dictionary of labels": ((whole(20), {"labels": labels(20)}), "1/labels", "0", labels(20)),
    "a dictionary each": ([{"logits": whole(20)}, {"labels": labels(20)}], "1/labels", "0/logits", labels(20)),
}  # fmt: skip


@pytest.mark.parametrize("case", IN_LISTS)
def test_labels_in_lists_that_hold_dictionaries_are_found_and_named_as_they_are_asked_for(tmp_path, case):
    content, place, where, expected = IN_LISTS[case]
    file = written(tmp_path, content)
    imported = import_run(Sources([file]), tmp_path / "run")
    assert imported.notes[0].startswith(f"Logits: x.p: {where}")
    assert imported.notes[0].endswith(f"; labels: x.p: {place}")
    np.testing.assert_array_equal(imported.run.labels, expected)
    np.save(tmp_path / "logits.npy", imported.run.logits.read(0, len(expected)))
    again = import_run(Sources([tmp_path / "logits.npy"], labels=[f"{file}::{place}"]), tmp_path / "again")
    np.testing.assert_array_equal(again.run.labels, expected)


def test_a_list_of_batches_for_each_split(tmp_path):
    batches = {
        name: [{"logits": whole(n, n), "labels": labels(n, n)} for n in sizes]
        for name, sizes in {"val": (7, 5), "test": (9, 11)}.items()
    }
    run = import_run(Sources([written(tmp_path, batches)]), tmp_path / "run").run
    assert [len(run.positions(split)) for split in ("test", "calibration")] == [20, 12]
    for split, sizes in {"test": (9, 11), "calibration": (7, 5)}.items():
        np.testing.assert_array_equal(run.labels[run.positions(split)], np.concatenate([labels(n, n) for n in sizes]))


def test_several_dictionaries_of_logits_in_a_list_are_asked_for(tmp_path):
    both = [
        {"name": name, "run": {"logits": whole(20, seed), "labels": labels(20, seed)}} for seed, name in enumerate("ab")
    ]
    file = written(tmp_path, both)
    with pytest.raises(ValueError, match=r"several dictionaries: say which with 'x.p::0/run' or 'x.p::1/run'$"):
        import_run(Sources([file]), tmp_path / "run")
    run = import_run(Sources([f"{file}::1/run"]), tmp_path / "run").run
    np.testing.assert_array_equal(run.labels, labels(20, 1))
    with pytest.raises(ValueError, match="holds name, run, 0, 1, and nothing called '2'"):
        import_run(Sources([f"{file}::2"]), tmp_path / "other")


@pytest.mark.parametrize(
    "rows", ["[{'id': 'a', 'label': 1}, {'id': 'b', 'label': 3}]", "{'rows': [{'label': 1}, {'label': 3}]}"]
)
def test_a_file_of_labels_may_be_a_list_of_rows(tmp_path, rows):
    np.save(tmp_path / "logits.npy", whole(2))
    (tmp_path / "rows.json").write_text(rows.replace("'", '"'))
    place = tmp_path / "rows.json" if rows.startswith("[") else f"{tmp_path / 'rows.json'}::rows"
    run = import_run(Sources([tmp_path / "logits.npy"], labels=[place]), tmp_path / "run").run
    assert run.labels.tolist() == [1, 3]
