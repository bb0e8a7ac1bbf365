"""Images on disk: every form is found, cropped as torchvision does, and refused where the network cannot take it."""

import io
import pickle

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from PIL import Image

from analysis.images.datasets import Images, write_parquet
from analysis.images.decoding import MAX_PIXELS
from analysis.images.image_files import AS_SEEN, check_classes, digest_of, open_images
from analysis.images.transforms import centre_crop
from tests.toy import noise


def save_folder(folder, pixels: np.ndarray, classes: int = 2) -> None:
    for i, image in enumerate(pixels):
        path = folder / f"class {i % classes}" / f"{i:03d}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(image).save(path)


def small(path, split: str = "test"):
    return open_images(path, split, image_size=32, dataset="cifar10")


@pytest.mark.parametrize(("height", "width"), [(300, 400), (401, 299), (224, 224), (100, 513), (257, 256)])
def test_the_crop_is_torchvisions(height, width):
    from torchvision import transforms

    pixels = noise(1, height, width)[0]
    standard = transforms.Compose([transforms.Resize(256), transforms.CenterCrop(224)])
    assert np.array_equal(centre_crop(pixels), np.asarray(standard(Image.fromarray(pixels))))


@pytest.mark.parametrize("name", ["test", "validation"])
def test_parquet_is_read_as_it_is(tmp_path, name):
    images = Images(noise(7), np.arange(7) % 3, ("a", "b", "c"))
    write_parquet(images, tmp_path / f"{name}-00000-of-00001.parquet")
    opened = small(tmp_path)
    assert len(opened) == 7
    assert opened.class_names == ("a", "b", "c")
    part = opened.read(2, 5)
    assert np.array_equal(part.pixels, images.pixels[2:5])
    assert np.array_equal(part.labels, images.labels[2:5])
    assert part.encoded is not None
    assert np.array_equal(opened.take(np.array([6, 1])).read(0, 2).pixels, images.pixels[[6, 1]])
    assert len(small(tmp_path / f"{name}-00000-of-00001.parquet")) == 7


def test_an_empty_label_is_unknown_and_a_negative_one_refused(tmp_path):
    file = tmp_path / "test-0.parquet"
    write_parquet(Images(noise(3), np.arange(3), ()), file)
    images = pq.read_table(file)["image"]
    pq.write_table(pa.table({"image": images, "label": pa.array([0, None, 2])}), file)
    assert small(tmp_path).labels.tolist() == [0, -1, 2]
    pq.write_table(pa.table({"image": images, "label": [0, -1, 2]}), file)
    with pytest.raises(ValueError, match="1 labels are negative: leave an unknown label empty"):
        small(tmp_path)


@pytest.mark.parametrize("where", ["test", "val", ""])
def test_a_folder_for_each_class_is_read_in_torchvisions_order(tmp_path, where):
    from torchvision.datasets import ImageFolder

    save_folder(tmp_path / where, noise(5))
    opened, expected = small(tmp_path), ImageFolder(str(tmp_path / where))
    assert opened.labels.tolist() == expected.targets
    assert opened.class_names == tuple(expected.classes)
    pixels = np.stack([np.asarray(image) for image, _ in expected])
    assert np.array_equal(opened.read(0, 5).pixels, pixels)


def test_large_images_become_what_imagenets_networks_take(tmp_path):
    save_folder(tmp_path / "val", noise(2, 240, 300))
    opened = open_images(tmp_path, "test", image_size=224, dataset="imagenet")
    part = opened.read(0, 2)
    assert part.pixels.shape == (2, 224, 224, 3)
    assert part.encoded is None  # what is kept beside the run is what the network saw
    write_parquet(part, tmp_path / "seen.parquet")
    table = pq.read_table(tmp_path / "seen.parquet")
    pq.write_table(table.replace_schema_metadata({**table.schema.metadata, AS_SEEN: b"1"}), tmp_path / "test-0.parquet")
    again = open_images(tmp_path, "test", image_size=224, dataset="imagenet").read(0, 2)
    assert np.array_equal(again.pixels, part.pixels)  # not cropped twice


def test_images_of_another_size_are_refused_for_a_small_network(tmp_path):
    save_folder(tmp_path, noise(2, 40, 48))
    with pytest.raises(ValueError, match="image 1 has 48 x 40 pixels, and the network takes 32 x 32: choose"):
        small(tmp_path).read(0, 2)


def test_without_a_size_the_images_say_it_where_all_have_one(tmp_path):
    def opened(path):
        return open_images(path, "test", image_size=None, dataset="")

    save_folder(tmp_path / "same", noise(3, 40, 40))
    write_parquet(Images(noise(3, 40, 40), np.arange(3), ()), tmp_path / "test-0.parquet")
    for path in (tmp_path / "same", tmp_path):
        assert (opened(path).image_size, opened(path).crop) == (40, False)
        assert opened(path).read(0, 3).pixels.shape == (3, 40, 40, 3)
    save_folder(tmp_path / "wide", noise(2, 40, 48))
    save_folder(tmp_path / "several" / "a", noise(2, 40, 40))
    save_folder(tmp_path / "several" / "b", noise(2, 300, 300))
    for name in ("wide", "several"):
        assert (opened(tmp_path / name).image_size, opened(tmp_path / name).crop) == (224, True)
    (tmp_path / "same" / "class 0" / "junk.png").write_bytes(b"junk")
    with pytest.raises(ValueError, match="image 3 cannot be decoded: copy the images again"):
        opened(tmp_path / "same")


def test_a_digest_tells_images_apart_wherever_they_lie(tmp_path):
    def digest(images) -> str:
        return digest_of({"test": images})

    pixels = noise(6)
    other = pixels.copy()
    other[3, 4, 5, 1] ^= 1
    in_memory = [digest(Images(one, np.arange(6), ())) for one in (pixels, pixels.copy(), other, pixels[:5])]
    assert in_memory[0] == in_memory[1]
    assert len(set(in_memory)) == 3
    for name, one in (("a", pixels), ("b", pixels), ("c", other)):
        save_folder(tmp_path / "folders" / name, one)
        write_parquet(Images(one, np.arange(6), ()), tmp_path / "shards" / name / "test-0.parquet")
    for form in ("folders", "shards"):
        a, b, c = (digest(small(tmp_path / form / name)) for name in "abc")
        assert a == b
        assert a != c
    renamed = tmp_path / "folders" / "b" / "class 0"
    renamed.rename(renamed.with_name("class 2"))
    assert digest(small(tmp_path / "folders" / "b")) != digest(small(tmp_path / "folders" / "a"))


def test_calibration_is_the_hold_out_of_the_training_images_unless_the_data_have_some(tmp_path):
    from analysis.images.hold_out import holdout_index

    write_parquet(Images(noise(60), np.arange(60) % 3, ()), tmp_path / "train-0.parquet")
    opened = small(tmp_path, "calibration")
    held_out = holdout_index(60, 5000)
    assert len(opened) == len(held_out) == 6
    assert np.array_equal(opened.read(0, 6).pixels, noise(60)[held_out])
    write_parquet(Images(noise(4), np.arange(4), ()), tmp_path / "calibration-0.parquet")
    assert len(small(tmp_path, "calibration")) == 4


def test_torchvisions_copy_is_read(tmp_path, monkeypatch):
    from torchvision.datasets import CIFAR10

    folder = tmp_path / CIFAR10.base_folder
    folder.mkdir()
    pixels = noise(4)
    batch = {"data": pixels.transpose(0, 3, 1, 2).reshape(4, -1), "labels": [3, 1, 0, 9]}
    for name, _ in CIFAR10.train_list + CIFAR10.test_list:
        (folder / name).write_bytes(pickle.dumps(batch))
    (folder / CIFAR10.meta["filename"]).write_bytes(pickle.dumps({"label_names": [str(i) for i in range(10)]}))
    monkeypatch.setattr("torchvision.datasets.cifar.check_integrity", lambda *_: True)
    opened = small(tmp_path)
    assert np.array_equal(opened.read(0, 4).pixels, pixels)
    assert opened.labels.tolist() == [3, 1, 0, 9]
    assert len(small(tmp_path, "calibration")) == 2  # a tenth of 20
    with pytest.raises(ValueError, match="holds images of 32 x 32 pixels, and the network takes 224"):
        open_images(tmp_path, "test", image_size=224, dataset="imagenet")


@pytest.mark.parametrize(("split", "said"), [("test", r"test-\*.parquet, test/ or val/"), ("calibration", "train/")])
def test_nothing_there_is_said(tmp_path, split, said):
    with pytest.raises(ValueError, match=f"has no {split} images .*{said}"):
        small(tmp_path, split)
    with pytest.raises(ValueError, match="does not exist"):
        small(tmp_path / "absent", split)


def test_a_huge_or_damaged_image_is_refused_before_it_is_decoded(tmp_path):
    side = int(MAX_PIXELS**0.5) + 1
    huge = io.BytesIO()
    Image.new("1", (side, side)).save(huge, "PNG")
    for name, data, said in (("huge", huge.getvalue(), "more than 67,108,864"), ("junk", b"junk", "cannot be decoded")):
        table = {"image": [{"bytes": data, "path": None}], "label": [0]}
        pq.write_table(pa.table(table), tmp_path / f"{name}.parquet")
        with pytest.raises(ValueError, match=f"image 1 .*{said}"):
            small(tmp_path / f"{name}.parquet").read(0, 1)


@pytest.mark.parametrize(
    ("names", "labels", "said"),
    [
        (("a", "b"), [0, 1], "data names 2 classes, and net gives logits for 3"),
        ((), [0, 4], r"test image 2 has label 4, and net has classes 0..2 \(1 labels are none\)"),
    ],
)
def test_other_classes_are_refused(names, labels, said):
    with pytest.raises(ValueError, match=said):
        check_classes(Images(noise(2), np.array(labels), names), "data", "test", "net", 3)
