"""Only what is called labels becomes labels, in every format, and import says what became what."""

import pickle

import numpy as np
import pandas as pd
import pytest
import torch
from safetensors.numpy import save_file

from analysis.storage.importers import Sources, import_run
from analysis.storage.importers.parts import means_labels


@pytest.fixture
def logits() -> np.ndarray:
    return np.random.default_rng(0).normal(0, 3, (3, 40, 5)).astype(np.float32)


@pytest.fixture
def labels() -> np.ndarray:
    return np.random.default_rng(1).integers(0, 5, 40)


FORMATS = {
    "x.npz": lambda path, content: np.savez(path, **content),
    "x.p": lambda path, content: path.write_bytes(pickle.dumps(content)),
    "x.pth": lambda path, content: torch.save({k: torch.from_numpy(v) for k, v in content.items()}, path),
    "x.safetensors": lambda path, content: save_file(content, path),
}


def imported(folder, file, content, **options):
    FORMATS[file](folder / file, content)
    return import_run(Sources([folder / file], **options), folder / "run")


@pytest.mark.parametrize("file", FORMATS)
@pytest.mark.parametrize("beside", ["difficulty", "index", "lengths", "pred_labels", "coarse_labels"])
@pytest.mark.parametrize("outputs", ["logits", "outputs"])
def test_a_vector_of_another_name_is_no_label(tmp_path, logits, labels, file, beside, outputs):
    done = imported(tmp_path, file, {outputs: logits, beside: labels})
    assert not done.run.has_labels
    note = f"Logits: {file}: {outputs}; labels: none; not taken for labels: {beside} (call labels so, or test_labels"
    assert done.notes[-1].startswith(note)


@pytest.mark.parametrize("file", FORMATS)
@pytest.mark.parametrize("name", ["label_ids", "y_true", "gt", "ground_truth", "fine_labels", "Targets", "y"])
@pytest.mark.parametrize("outputs", ["logits", "predictions", "outputs"])
def test_names_that_mean_labels_are_taken(tmp_path, logits, labels, file, name, outputs):
    done = imported(tmp_path, file, {outputs: logits, "difficulty": labels[::-1].copy(), name: labels})
    np.testing.assert_array_equal(done.run.labels, labels)
    assert done.notes[-1] == f"Logits: {file}: {outputs}; labels: {file}: {name}"


def test_the_splits_of_one_file_have_the_same_names(tmp_path, logits, labels):
    content = {"test": logits, "test_label_ids": labels, "val": logits, "val_y_true": labels[::-1].copy()}
    done = imported(tmp_path, "x.npz", content)
    np.testing.assert_array_equal(done.run.labels, [*labels, *labels[::-1]])
    assert done.notes == [
        "Logits: x.npz: test; labels: x.npz: test_label_ids",
        "Logits: x.npz: val; labels: x.npz: val_y_true",
    ]


def test_labels_of_a_file_of_one_split(tmp_path, logits, labels):
    """`labels` beside `test`, `test_labels` beside `logits`."""
    for i, content in enumerate([{"test": logits, "labels": labels}, {"logits": logits, "test_labels": labels}]):
        (tmp_path / str(i)).mkdir()
        np.testing.assert_array_equal(imported(tmp_path / str(i), "x.npz", content).run.labels, labels)
    (tmp_path / "two").mkdir()
    two = imported(tmp_path / "two", "x.npz", {"test": logits, "val": logits, "labels": labels})
    assert not two.run.has_labels
    note = "labels: none; not taken for labels: labels (call labels so, or test_labels beside test)"
    assert two.notes == [f"Logits: x.npz: {name}; {note}" for name in ("test", "val")]


def test_two_vectors_of_labels_must_agree(tmp_path, logits, labels):
    done = imported(tmp_path, "x.npz", {"logits": logits, "labels": labels, "y": labels.astype(np.float32)})
    np.testing.assert_array_equal(done.run.labels, labels)
    (tmp_path / "b").mkdir()
    with pytest.raises(ValueError, match=r"x\.npz holds labels and y, which differ, and both mean labels: save"):
        imported(tmp_path / "b", "x.npz", {"logits": logits, "labels": labels, "y": labels[::-1]})


def test_axes_that_only_another_vector_would_tell_are_asked(tmp_path, logits, labels):
    turned = logits.transpose(1, 0, 2)
    with pytest.raises(ValueError, match=r"no labels \(difficulty: no name that means labels\) tell which axis"):
        imported(tmp_path, "x.npz", {"logits": turned, "difficulty": labels})


def test_a_name_cannot_steer_a_terminal(tmp_path, logits):
    done = imported(tmp_path, "x.p", {"out\x1b[2J\u202e\n": logits})
    assert done.notes == ["Logits: x.p: out [2J  ; labels: none"]


def test_what_cannot_be_read_beside_the_logits_is_no_vector(tmp_path, logits):
    np.savez(tmp_path / "x.npz", logits=logits, names=np.zeros(40, "V2"))
    done = import_run(Sources([tmp_path / "x.npz"]), tmp_path / "run")
    assert done.notes == ["Logits: x.npz: logits; labels: none"]


@pytest.mark.parametrize(("file", "taken"), [("labels.npy", True), ("test_y.npy", True), ("difficulty.npy", False)])
def test_a_second_file_must_be_called_labels(tmp_path, logits, labels, file, taken):
    np.save(tmp_path / "x.npy", logits)
    np.save(tmp_path / file, labels)
    sources = [tmp_path / "x.npy", tmp_path / file]
    if taken:
        done = import_run(Sources(sources), tmp_path / "run")
        assert done.notes == [f"Logits: x.npy; labels: {file}"]
        np.testing.assert_array_equal(done.run.labels, labels)
        return
    with pytest.raises(
        ValueError, match=r"difficulty\.npy holds a vector whose name does not mean labels: say --labels"
    ):
        import_run(Sources(sources), tmp_path / "run")
    done = import_run(Sources(sources[:1], labels=sources[1:]), tmp_path / "run")
    assert done.notes == ["Logits: x.npy; labels: difficulty.npy"]


@pytest.mark.parametrize("column", ["label", "label_ids", "Y_true", "fine label"])
def test_a_column_of_labels_has_the_same_names(tmp_path, logits, labels, column):
    np.save(tmp_path / "x.npy", logits)
    pd.DataFrame({"difficulty": labels[::-1], column: labels}).to_csv(tmp_path / "t.csv", index=False)
    done = import_run(Sources([tmp_path / "x.npy"], labels=[tmp_path / "t.csv"]), tmp_path / "run")
    np.testing.assert_array_equal(done.run.labels, labels)
    assert done.notes == [f"Logits: x.npy; labels: t.csv: {column}"]


def test_labels_of_samples_are_told(tmp_path, logits, labels):
    np.save(tmp_path / "x.npy", logits)
    table = pd.DataFrame({"label": labels})
    done = import_run(Sources([tmp_path / "x.npy"], samples=table), tmp_path / "run")
    assert done.notes == ["Logits: x.npy; labels: --samples: label"]


def test_names_of_files():
    assert all(map(means_labels, ("labels", "cifar100-labels", "test_targets", "Y")))
    assert not any(map(means_labels, ("difficulty", "pred_labels", "coarse_labels", "x", "syllables")))
