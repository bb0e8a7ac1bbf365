"""What an import would make, before it does: the same as it then makes, every array named, nothing written."""

import json
import pickle

import numpy as np
import pandas as pd
import pytest

from analysis.cli import main
from analysis.storage.importers import Sources, import_run
from analysis.storage.importers.preview import found_arrays, preview_import


@pytest.fixture
def source(tmp_path, small_logits, small_labels):
    np.savez(tmp_path / "x.npz", logits=small_logits, labels=small_labels, other=np.arange(5))
    return tmp_path / "x.npz"


def test_it_is_what_the_import_then_makes(source, runs):
    told = []
    preview, _ = preview_import(Sources([source]), on_size=lambda total: told.append(total) or (lambda done: None))
    made = import_run(Sources([source]), runs / "new")
    assert told == [800]
    assert (preview.exits, preview.samples, preview.classes) == (7, {"test": 400}, 20)
    assert (preview.kind, preview.dtype) == (made.run.kind, "float16")
    assert preview.why == "logits, as their rows do not sum to 1, nor the exponentials of these"
    np.testing.assert_array_equal(preview.accuracy["test"], made.accuracy["test"])
    assert preview.labelled == {"test": 400}
    assert list(preview.notes) == made.notes


def test_every_array_is_named_with_what_it_is_taken_for(source):
    sources = Sources([source])
    _, read = preview_import(sources)
    rows = [(one.where, one.shape, one.dtype, one.taken_for, one.axes) for one in found_arrays(sources, read)]
    assert rows == [
        ("x.npz: logits", "7 x 400 x 20", "float16", "logits, test", "exits x samples x classes"),
        ("x.npz: labels", "400", "int64", "labels, test", ""),
        ("x.npz: other", "5", "int64", "", ""),
    ]


def test_arrays_for_each_exit_lists_and_files_of_labels(tmp_path, small_logits, small_labels):
    exits = {f"exit_{i + 1}": values for i, values in enumerate(small_logits)}
    np.savez(tmp_path / "exits.npz", **exits, targets=small_labels)
    with (tmp_path / "pair.p").open("wb") as file:
        pickle.dump((list(small_logits), small_labels), file)
    np.save(tmp_path / "logits.npy", np.swapaxes(small_logits, 0, 1))
    np.save(tmp_path / "labels.npy", small_labels)
    for sources, where, labels, axes in (
        (Sources([tmp_path / "exits.npz"]), "exit_7 (7 exits)", "exits.npz: targets", "exits x samples x classes"),
        (Sources([tmp_path / "pair.p"]), "logits (7 arrays)", "the second array", "exits x samples x classes"),
        (
            Sources([tmp_path / "logits.npy"], labels=[tmp_path / "labels.npy"]),
            "logits.npy",
            "labels.npy",
            "samples x exits x classes",
        ),
    ):
        found = found_arrays(sources, preview_import(sources)[1])
        assert [one.taken_for for one in found] == ["logits, test", "labels, test"]
        assert found[0].where.endswith(where)
        assert found[0].axes == axes
        assert found[1].where.endswith(labels)


def test_probabilities_are_told_with_the_reason(tmp_path, small_logits):
    probs = np.exp(small_logits.astype(np.float64))
    probs /= probs.sum(axis=2, keepdims=True)
    for name, values, why in (
        ("a", probs, "probabilities, as their rows lie in [0, 1] and sum to 1"),
        ("b", np.log(probs), "log-probabilities, as the exponentials of their rows sum to 1"),
    ):
        np.savez(tmp_path / f"{name}.npz", logits=values)
        preview, _ = preview_import(Sources([tmp_path / f"{name}.npz"]))
        assert (preview.kind, preview.why, preview.accuracy) == ("probs", why, {})
    preview, _ = preview_import(Sources([tmp_path / "a.npz"], kind="logits"))
    assert preview.why == "logits, as --kind says"


def test_the_command_prints_it_and_of_what_is_refused_what_the_files_hold(source, tmp_path, capsys, small_logits):
    assert main(["import", str(source), "--costs", "1,2,3,4,5,6,7", "--cost-unit", "ms", "--preview"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert (found["exits"], found["cost_unit"], found["costs"]) == (7, "ms", [1, 2, 3, 4, 5, 6, 7])
    assert found["arrays"][0]["taken_for"] == "logits, test"
    np.save(tmp_path / "cube.npy", small_logits[:, :7, :7])
    assert main(["import", str(tmp_path / "cube.npy"), "--preview"]) == 2
    printed = capsys.readouterr()
    assert "--axes exits,samples,classes" in printed.err
    (array,) = json.loads(printed.out)["arrays"]
    assert (array["where"], array["shape"], array["taken_for"]) == ("cube.npy", "7 x 7 x 7", "")
    assert main(["import", str(source), "--costs", "1,2", "--preview"]) == 2
    assert "2 costs in MACs for 7 exits" in capsys.readouterr().err
    assert sorted(path.name for path in tmp_path.iterdir() if path.is_dir()) == []


def test_a_preview_and_a_place_for_the_run_exclude_each_other(source, tmp_path, capsys):
    with pytest.raises(SystemExit):
        main(["import", str(source), "--preview", "--out", str(tmp_path / "new")])
    assert "not allowed with" in capsys.readouterr().err


def test_the_logits_of_a_table_are_shown_also_where_it_is_refused(tmp_path):
    columns = {f"logit_{exit_}_{number}": np.arange(9.0) for exit_ in (1, 2) for number in (0, 1)}
    pd.DataFrame(columns | {"labels": np.arange(9) % 2}).to_csv(tmp_path / "x.csv", index=False)
    sources = Sources([tmp_path / "x.csv"], axes=("samples", "exits", "classes"))
    with pytest.raises(
        ValueError, match=r"^--axes samples,exits,classes: x\.csv: logits is one row per sample, whose axes"
    ):
        preview_import(sources)
    assert [(one.where, one.shape) for one in found_arrays(sources)] == [
        ("x.csv: logits", "2 x 9 x 2"),
        ("x.csv: labels", "9"),
    ]
