"""Images: read in any order from any shard, and checked against the labels."""

import json
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from analysis.images.image_tables import ImageTable, class_names_of, image_source, media_type
from analysis.storage import RunError, load_run, write_run
from analysis.storage.validation import validate_run


def test_images_of_both_splits_in_any_order(small_run, square):
    found = image_source(small_run).encoded([399, 0, 299, 300, 0])
    assert found == [square(i) for i in (99, 0, 299, 0, 0)]
    assert media_type(found[0]) == "image/png"


def test_shards_are_one_list(tmp_path, square, image_parquet):
    shards = [image_parquet(tmp_path / f"test-{i}.parquet", np.arange(n)) for i, n in enumerate((150, 30))]
    table = ImageTable(shards)
    assert len(table) == 180
    assert table.encoded([149, 150, 180, -1]) == [square(149), square(0), None, None]
    np.testing.assert_array_equal(table.labels, [*range(150), *range(30)])


def test_class_names_come_from_the_metadata(tmp_path, image_parquet):
    assert ImageTable([image_parquet(tmp_path / "a.parquet", np.arange(2), ("x", "y"))]).class_names == ("x", "y")
    assert ImageTable([image_parquet(tmp_path / "b.parquet", np.arange(2))]).class_names == ()


def test_a_run_without_images_has_no_source(imageless_run):
    assert image_source(imageless_run) is None


def test_a_run_whose_images_were_not_copied_opens(small_run):
    for shard in small_run.path.parent.glob("datasets/tiny/*.parquet"):
        shard.unlink()
    assert image_source(load_run(small_run.path)) is None
    with pytest.raises(RunError, match=r"the test images: .* is missing"):
        validate_run(small_run.path)


def test_validation_compares_labels(runs, small_logits, small_labels, image_parquet):
    import pandas as pd

    wrong = small_labels.copy()
    wrong[[7, 9]] = (wrong[[7, 9]] + 1) % 20
    shard = image_parquet(runs / "datasets/tiny/test-00000-of-00001.parquet", wrong)
    samples = pd.DataFrame({"image": np.arange(400)})
    run = write_run(runs / "run", logits=small_logits, labels=small_labels, samples=samples, images={"test": [shard]})
    with pytest.raises(RunError, match="2 test labels differ from their images', first at sample 7"):
        validate_run(run.path)


def test_a_file_that_is_no_image_parquet(small_run, tmp_path):
    with pytest.raises(ValueError, match="has no column image with bytes"):
        ImageTable([small_run.path / "samples.parquet"])
    with pytest.raises(ValueError, match="not a readable parquet"):
        ImageTable([small_run.path / "run.json"])


@pytest.mark.parametrize(
    "info", [{"info": {"features": None}}, {"info": []}, [], {}, {"info": {"features": {"label": 1}}}]
)
def test_class_names_are_missing_rather_than_wrong(info):
    assert class_names_of(pa.schema([], metadata={"huggingface": json.dumps(info)})) == ()


def test_images_that_come_later_are_found(small_run, tmp_path):
    from app import cache

    shards = [Path(shard) for shards in small_run.image_tables.values() for shard in shards]
    for shard in shards:
        shard.rename(shard.with_suffix(".away"))
    assert cache.images(small_run) is None
    for shard in shards:
        shard.with_suffix(".away").rename(shard)
    assert cache.images(small_run).encoded([0])[0] is not None


def spoilt(run, place: int, data: bytes) -> None:
    """Another file in place of one of a run's test images."""
    shard = next(run.path.parent.glob("datasets/tiny/test-*.parquet"))
    table = pq.read_table(shard)
    rows = table["image"].to_pylist()
    rows[place]["bytes"] = data
    pq.write_table(table.set_column(0, "image", pa.array(rows, table.schema.field("image").type)), shard)


def test_validation_says_which_images_are_damaged(small_run, square):
    spoilt(small_run, 7, square(7)[:50])
    spoilt(small_run, 9, b"no image")
    with pytest.raises(
        RunError, match=r"2 of 300 test images cannot be shown, of the samples 7, 9 \(the first: the image"
    ):
        validate_run(small_run.path)


def test_a_shard_that_is_damaged_within_is_a_sentence(small_run):
    shard = next(small_run.path.parent.glob("datasets/tiny/test-*.parquet"))
    data = bytearray(shard.read_bytes())
    data[4:2000] = bytes(1996)
    shard.write_bytes(data)
    with pytest.raises(ValueError, match="is damaged: copy the images again"):
        ImageTable([shard]).encoded([0])
    with pytest.raises(RunError, match=r"the test images: .* is damaged"):
        validate_run(small_run.path)
