"""Image parquet: written losslessly, read back in order, with class names."""

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from analysis.images.datasets import Images, load_images, load_parquet, write_parquet
from analysis.runtime.whole_files import name_first
from tests.toy import noise


@pytest.fixture
def images():
    return Images(noise(5), np.array([1, 0, 2, 1, 1]), ("ant", "bee", "<b>cat</b>"))


def test_a_written_shard_is_read_back_exactly(tmp_path, images):
    write_parquet(images, tmp_path / "test-00000-of-00001.parquet")
    loaded = load_images(tmp_path, "test", "cifar10")
    assert np.array_equal(loaded.pixels, images.pixels)
    assert np.array_equal(loaded.labels, images.labels)
    assert loaded.class_names == images.class_names


def test_two_may_write_one_shard_at_once(tmp_path, images, monkeypatch):
    """The second begins and ends while the first writes: each writes a file of its own, and what is there stays."""
    shard, write_table, written = tmp_path / "test-00000-of-00001.parquet", pq.write_table, []

    def write_and_be_overtaken(table, path, **settings):
        written.append(path)
        if len(written) == 1:
            assert write_parquet(images.take(np.arange(3)), shard, replace=False)
        write_table(table, path, **settings)

    monkeypatch.setattr(pq, "write_table", write_and_be_overtaken)
    assert not write_parquet(images, shard, replace=False)
    assert len(set(written)) == 2
    assert len(load_parquet([shard])) == 3
    assert [path.name for path in tmp_path.iterdir()] == [shard.name]
    assert shard.stat().st_mode & 0o777 == 0o644  # others may read what the runs share
    assert write_parquet(images, shard)
    assert len(load_parquet([shard])) == 5


def test_a_shard_that_cannot_be_written_leaves_nothing(tmp_path, images, monkeypatch):
    def full(*_, **__):
        raise OSError("no space left")

    monkeypatch.setattr(pq, "write_table", full)
    with pytest.raises(OSError, match="no space left"):
        write_parquet(images, tmp_path / "test-0.parquet")
    assert not list(tmp_path.iterdir())


def test_the_first_stays_where_there_are_no_hard_links(tmp_path, monkeypatch):
    def unsupported(*_):
        raise PermissionError

    monkeypatch.setattr("os.link", unsupported)
    for name in ("first", "second"):
        (tmp_path / name).write_text(name)
    assert name_first(tmp_path / "first", tmp_path / "shard")
    assert not name_first(tmp_path / "second", tmp_path / "shard")
    assert (tmp_path / "shard").read_text() == "first"


def test_shards_are_read_in_order(tmp_path, images):
    write_parquet(images.take(np.array([0, 1])), tmp_path / "train-00000-of-00002.parquet")
    write_parquet(images.take(np.array([2, 3, 4])), tmp_path / "train-00001-of-00002.parquet")
    assert np.array_equal(load_images(tmp_path, "train", "cifar10").pixels, images.pixels)


def test_a_folder_without_images_is_refused(tmp_path):
    with pytest.raises(ValueError, match=r"no test-\*.parquet and no folder cifar-10-batches-py: give --data"):
        load_images(tmp_path, "test", "cifar10")


@pytest.mark.parametrize(
    ("columns", "message"),
    [
        ({"label": [1, 2]}, "is no image parquet with the columns image"),
        ({"image": ["a", "b"], "label": [1, 2]}, "is no image parquet with the columns image"),
        ({"image": [{"bytes": b"a", "path": None}] * 2, "label": ["cat", "dog"]}, "is no image parquet"),
        ({"image": [{"bytes": b"a", "path": None}] * 2, "label": [1, 2]}, "image 1 cannot be decoded"),
        ({"image": [{"bytes": None, "path": "a.png"}] * 2, "label": [1, 2]}, "image 1 cannot be decoded"),
    ],
)
def test_columns_that_hold_no_images_are_refused(tmp_path, columns, message):
    pq.write_table(pa.table(columns), tmp_path / "test-0.parquet")
    with pytest.raises(ValueError, match=rf"test-0.parquet:? {message}"):
        load_images(tmp_path, "test", "cifar10")


def test_a_file_that_is_no_parquet_is_refused(tmp_path):
    (tmp_path / "test-0.parquet").write_text("")
    with pytest.raises(ValueError, match=r"test-0.parquet is no image parquet"):
        load_images(tmp_path, "test", "cifar10")


@pytest.mark.parametrize(("label", "said"), [(10, "10"), (-1, "unknown or below 0")])
def test_labels_of_another_dataset_are_refused(tmp_path, images, label, said):
    labels = np.array([1, 0, label, label, 1])
    write_parquet(Images(images.pixels, labels, ()), tmp_path / "train-0.parquet")
    with pytest.raises(ValueError, match=rf"train image 3 has label {said}, and cifar10 has classes 0..9 \(2 labels"):
        load_images(tmp_path, "train", "cifar10")


def test_a_damaged_copy_of_torchvision_is_refused(tmp_path):
    (tmp_path / "cifar-10-batches-py").mkdir()
    with pytest.raises(ValueError, match="cifar-10-batches-py lacks files of cifar10 or holds damaged ones"):
        load_images(tmp_path, "test", "cifar10")


def test_images_of_two_sizes_are_refused(tmp_path, images):
    write_parquet(images, tmp_path / "test-00000-of-00002.parquet")
    write_parquet(Images(images.pixels[:, :16], images.labels, ()), tmp_path / "test-00001-of-00002.parquet")
    with pytest.raises(ValueError, match="holds images of 2 sizes"):
        load_images(tmp_path, "test", "cifar10")
