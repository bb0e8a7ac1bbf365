"""Images pair with samples by position, are compared by label, and are stored once."""

import numpy as np
import pytest

from analysis.images.image_tables import image_source
from analysis.storage.contents import Description
from analysis.storage.importers import Sources, import_run
from analysis.storage.validation import validate_run

TINY = Description(dataset="tiny")


@pytest.fixture
def source(tmp_path, small_logits, small_labels):
    np.savez(tmp_path / "x.npz", logits=small_logits, labels=small_labels)
    return tmp_path / "x.npz"


@pytest.fixture
def two_splits(tmp_path, small_logits, small_labels):
    index = np.arange(100) * 2
    arrays = {"test": small_logits[:, :300], "test_labels": small_labels[:300], "calibration_index": index}
    np.savez(tmp_path / "two.npz", **arrays, calibration=small_logits[:, 300:], calibration_labels=small_labels[300:])
    return tmp_path / "two.npz"


def test_a_file_of_images(source, runs, tmp_path, small_labels, image_parquet, square):
    images = image_parquet(tmp_path / "images.parquet", small_labels, tuple(f"name {i}" for i in range(20)))
    run = import_run(Sources([source], images=images), runs / "run", description=TINY).run
    assert image_source(run).encoded([399, 5]) == [square(399), square(5)]
    assert run.image_tables["test"] == (runs / "datasets/tiny/test-00000-of-00001.parquet",)
    assert run.class_names[7] == "name 7"
    validate_run(run.path)


def test_the_images_of_two_runs_are_stored_once(source, runs, tmp_path, small_labels, image_parquet):
    images = image_parquet(tmp_path / "images.parquet", small_labels)
    first = import_run(Sources([source], images=images), runs / "a", description=TINY).run
    second = import_run(Sources([source], images=images), runs / "b", description=TINY).run
    third = import_run(Sources([source], images=first.image_tables["test"][0]), runs / "c", description=TINY).run
    assert first.image_tables == second.image_tables == third.image_tables
    assert len(list(runs.glob("datasets/*/*"))) == 1


def test_other_images_of_the_same_name_are_left_alone(source, runs, tmp_path, small_labels, image_parquet, square):
    image_parquet(runs / "datasets/tiny/test-00000-of-00001.parquet", np.zeros(3))
    images = image_parquet(tmp_path / "images.parquet", small_labels)
    run = import_run(Sources([source], images=images), runs / "run", description=TINY).run
    assert run.image_tables["test"][0].parent.name.startswith("tiny-")
    assert image_source(run).encoded([17]) == [square(17)]


def test_calibration_images_come_from_the_training_images(
    two_splits, runs, tmp_path, small_labels, image_parquet, square
):
    image_parquet(tmp_path / "images/test-00000-of-00001.parquet", small_labels[:300])
    image_parquet(tmp_path / "images/train-00000-of-00002.parquet", np.repeat(small_labels[300:360], 2))
    image_parquet(tmp_path / "images/train-00001-of-00002.parquet", np.repeat(small_labels[360:], 2))
    run = import_run(Sources([two_splits], images=tmp_path / "images"), runs / "run", description=TINY).run
    assert image_source(run).encoded([299, 300, 301, 360]) == [square(299), square(0), square(2), square(0)]
    assert run.samples["image"].tolist() == [*range(300), *range(100)]
    validate_run(run.path)


def test_a_split_without_images_is_told(two_splits, runs, tmp_path, small_labels, image_parquet):
    image_parquet(tmp_path / "images/test-00000-of-00001.parquet", small_labels[:300])
    imported = import_run(Sources([two_splits], images=tmp_path / "images"), runs / "run")
    assert "No images for the calibration samples" in imported.notes[0]
    assert image_source(imported.run).encoded([300]) == [None]


def test_labels_that_disagree_are_counted_and_the_first_is_named(source, runs, tmp_path, small_labels, image_parquet):
    wrong = small_labels.copy()
    wrong[[11, 40, 41]] = (wrong[[11, 40, 41]] + 1) % 20
    images = image_parquet(tmp_path / "images.parquet", wrong)
    label, image = small_labels[11], wrong[11]
    message = rf"3 of 400 test labels differ from the images', first at sample 12 \(label {label}, image {image}\)"
    with pytest.raises(ValueError, match=message):
        import_run(Sources([source], images=images), runs / "run")
    assert list(runs.iterdir()) == []


def test_another_number_of_images(source, runs, tmp_path, image_parquet):
    images = image_parquet(tmp_path / "images.parquet", np.zeros(399))
    with pytest.raises(ValueError, match="399 images for 400 test samples"):
        import_run(Sources([source], images=images), runs / "run")


def test_images_that_are_not_there(source, two_splits, runs, tmp_path):
    with pytest.raises(ValueError, match="there is no such file or folder"):
        import_run(Sources([source], images=tmp_path / "missing"), runs / "run")
    with pytest.raises(ValueError, match="the run has two splits: give a folder"):
        import_run(Sources([two_splits], images=source), runs / "run")
    (tmp_path / "empty").mkdir()
    with pytest.raises(ValueError, match=r"holds no test-\*.parquet or calibration-\*.parquet"):
        import_run(Sources([two_splits], images=tmp_path / "empty"), runs / "run")


def test_images_are_taken_back_when_the_run_is_refused(source, runs, tmp_path, small_labels, image_parquet):
    images = image_parquet(tmp_path / "images.parquet", small_labels)
    with pytest.raises(ValueError, match="2 costs"):
        import_run(Sources([source], images=images), runs / "run", costs={"MACs": [1, 2]})
    assert list(runs.iterdir()) == []


def test_dropped_samples_keep_the_others_images(runs, tmp_path, small_logits, small_labels, image_parquet, square):
    small_logits[4, 2] = np.nan
    np.savez(tmp_path / "x.npz", logits=small_logits, labels=small_labels)
    images = image_parquet(tmp_path / "images.parquet", small_labels)
    run = import_run(Sources([tmp_path / "x.npz"], images=images, drop_nan=True), runs / "run").run
    assert image_source(run).encoded([1, 2]) == [square(1), square(3)]
    validate_run(run.path)
