"""Run folders: what is written is what is read, half-written ones never stay, damaged ones are refused in words."""

import json
import os
import subprocess
import sys
import threading
import time

import numpy as np
import pandas as pd
import pytest

from analysis.runtime import whole_files
from analysis.settings import NAME_LENGTH
from analysis.storage import RunError, best_first, find_run, list_runs, load_run, reading, write_run
from analysis.storage.contents import Description, Exits, KeptNetwork, RunContent, Samples
from analysis.storage.manifest import file_entry
from analysis.storage.safetensors import find_tensor
from analysis.storage.samples import LONGEST_ID
from analysis.storage.validation import validate_run
from analysis.storage.writing import write_run_folder
from tests.toy import log_probs


def test_a_run_comes_back_as_it_was_written(small_run, small_logits, small_labels):
    run = load_run(small_run.path)
    assert run.logits.dtype == np.float16
    np.testing.assert_array_equal(run.logits.read(0, 400), small_logits)
    np.testing.assert_array_equal(run.labels, small_labels)
    assert (run.title, run.dataset, run.model, run.kind) == ("A small run", "tiny", "msdnet", "logits")
    assert run.exit_names == tuple(f"exit {i}" for i in range(1, 8))
    assert run.class_names[3] == "class <3>"
    assert list(run.samples.columns) == ["id", "label", "split", "image", "difficulty"]
    assert run.samples["id"].tolist()[:2] == ["0", "1"]
    assert run.provenance == {"made_by": "tests"}
    assert validate_run(run.path).fingerprint == run.fingerprint == small_run.fingerprint


def test_the_public_reader_agrees(small_run, small_logits):
    from safetensors.numpy import load_file

    np.testing.assert_array_equal(load_file(small_run.path / "logits.safetensors")["logits"], small_logits)


@pytest.mark.parametrize("chunk", [1, 7, 400])
@pytest.mark.parametrize("shard_bytes", [1, 7 * 20 * 2 * 150, 1 << 30])
def test_chunks_and_shards_do_not_change_the_logits(tmp_path, small_logits, small_labels, chunk, shard_bytes):
    logits, labels = small_logits[:, :40], small_labels[:40]
    chunks = (logits[:, start : start + chunk] for start in range(0, 40, chunk))
    run = write_run(tmp_path / "run", logits=chunks, labels=labels, shard_bytes=shard_bytes)
    np.testing.assert_array_equal(run.logits.read(0, 40), logits)
    np.testing.assert_array_equal(run.logits.take([39, 3, 3]), logits[:, [39, 3, 3]])
    validate_run(run.path)


def test_logits_are_stored_aligned_in_their_own_precision(small_run):
    tensor = find_tensor(small_run.path / "logits.safetensors", "logits")
    assert tensor.stored == "F16"
    assert tensor.offset % 64 == 0


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"labels": [0] * 399}, "labels has shape .*399.* for 400 samples"),
        ({"labels": [20] + [0] * 399}, r"labels\[0\] is 20, outside 0..19 \(1 of 400 are\): check the labels"),
        ({"labels": [20, None] + [1] * 398}, r"outside 0..19 .*run from 1 to 20, and classes count from 0: save each"),
        ({"labels": [-1] + [0] * 399}, r"labels\[0\] is -1"),
        ({"labels": [0.5] + [0] * 399}, "labels must be whole numbers"),
        ({"samples": pd.DataFrame({"id": ["a"] * 400})}, "id 'a' is used twice, by samples 1 and 2"),
        ({"samples": pd.DataFrame({"split": ["train"] * 400})}, "the split of sample 1 is 'train'"),
        ({"samples": pd.DataFrame({"x": [[1]] * 400})}, "column 'x' of the samples mixes or nests"),
        ({"samples": pd.DataFrame({"x": range(3)})}, "3 rows for 400 samples"),
        ({"costs": {"": range(1, 8)}}, "a cost unit has no name"),
        ({"costs": {"MACs": [1, 2]}}, "2 costs in MACs for 7 exits"),
        ({"costs": {"MACs": [1, 2, 3, 2, 5, 6, 7]}}, "the cost of exit 4 in MACs is 2 after 3"),
        ({"costs": {"MACs": [1, 2, 3, float("nan"), 5, 6, 7]}}, "the cost of exit 4 in MACs is nan"),
        ({"class_names": ["a"]}, "1 names for 20 classes"),
        ({"kind": "softmax"}, "kind is 'softmax'"),
        ({"images": {"test": ["/etc/test.parquet"]}}, "lie outside"),
        ({"provenance": {"x": float("nan")}}, "provenance cannot be written"),
    ],
)
def test_what_is_malformed_is_refused_and_nothing_is_left(tmp_path, small_logits, change, message):
    arguments = {"logits": small_logits, "labels": [0] * 400} | change
    with pytest.raises(ValueError, match=message):
        write_run(tmp_path / "run", **arguments)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(("value", "holds"), [(np.nan, "NaN"), (np.inf, r"\+inf")])
def test_a_fault_is_named_by_exit_and_sample(tmp_path, small_logits, value, holds):
    small_logits[3, 17, 5] = value
    with pytest.raises(
        ValueError, match=rf"logits\[3, 17\] holds {holds} \(exit 4, sample 18 of 400\): re-export the run"
    ):
        write_run(tmp_path / "run", logits=small_logits)
    assert list(tmp_path.iterdir()) == []


def test_minus_infinity_is_probability_zero(tmp_path, small_logits):
    small_logits[2, 5, :19] = -np.inf
    run = write_run(tmp_path / "run", logits=small_logits)
    assert np.isneginf(run.logits.read(5, 6)[2, 0, :19]).all()
    small_logits[2, 5] = -np.inf
    with pytest.raises(ValueError, match="holds only -inf"):
        write_run(tmp_path / "other", logits=small_logits)


@pytest.mark.parametrize("shape", [(7, 400), (7, 0, 20), (7, 4, 20, 1)])
def test_logits_need_three_axes(tmp_path, shape):
    with pytest.raises(ValueError, match="three axes are needed"):
        write_run(tmp_path / "run", logits=np.zeros(shape, np.float32))
    assert list(tmp_path.iterdir()) == []


def test_an_existing_out_is_refused(small_run, small_logits):
    with pytest.raises(ValueError, match="exists: choose another folder"):
        write_run(small_run.path, logits=small_logits)
    validate_run(small_run.path)


@pytest.mark.parametrize("name", ["datasets", ".hidden"])
def test_names_that_no_run_may_have(tmp_path, small_logits, name):
    with pytest.raises(ValueError, match="a run cannot be called"):
        write_run(tmp_path / name, logits=small_logits)


def test_labels_may_be_known_in_part(tmp_path, small_logits):
    run = write_run(tmp_path / "run", logits=small_logits[:, :3], labels=[4, None, 7])
    assert run.labels.tolist() == [4, -1, 7]


def test_an_empty_class_name_is_shown_as_its_index_and_any_text_as_text(tmp_path, small_logits):
    names = ["", "  ", "<script>", "\ud800", *map(str, range(100, 116))]
    run = write_run(tmp_path / "run", logits=small_logits, class_names=names)
    assert run.class_names[:4] == ("0", "1", "<script>", "?")


def test_classes_and_exits_of_one_name_say_which_they_are(tmp_path, small_logits):
    names = ["crane", "", "0", "crane", *map(str, range(100, 115)), "c\u202erane"]
    run = write_run(tmp_path / "run", logits=small_logits, class_names=names, exit_names=["head"] * 7)
    assert run.class_names[:4] == ("crane (class 0)", "1", "0", "crane (class 3)")
    assert run.class_names[-1] == "crane (class 19)"
    assert run.exit_names == tuple(f"head (exit {number})" for number in range(1, 8))


def test_the_shards_of_a_run_are_hashed_at_the_same_time(tmp_path, small_logits, monkeypatch):
    expected = write_run(tmp_path / "run", logits=small_logits, shard_bytes=small_logits.nbytes // 2).fingerprint
    others, content_of = threading.Barrier(2), reading.content_of

    def hashed(path):
        if path.name.startswith("logits"):
            others.wait(30)  # broken, which raises, unless another shard is hashed meanwhile
        return content_of(path)

    monkeypatch.setattr(reading, "n_workers", lambda: 2)
    monkeypatch.setattr(reading, "content_of", hashed)
    assert load_run(tmp_path / "run").fingerprint == expected


def test_what_a_bundle_adds_is_part_of_the_fingerprint_and_the_title_is_not(tmp_path, small_logits):
    def bundle(folder):
        assert load_run(folder).n_samples == 400
        (folder / "traces-pa.parquet").write_bytes(b"traces")

    plain = write_run(tmp_path / "plain", logits=small_logits)
    bundled = write_run(tmp_path / "bundled", logits=small_logits, title="Another", bundle=bundle)
    again = write_run(tmp_path / "again", logits=small_logits, bundle=bundle)
    assert bundled.fingerprint == again.fingerprint != plain.fingerprint
    (bundled.path / "traces-pa.parquet").write_bytes(b"Traces")
    assert load_run(bundled.path).fingerprint not in (bundled.fingerprint, plain.fingerprint)
    (plain.path / "traces-pa.parquet").write_bytes(b"traces")  # not in its run.json, and read all the same
    assert load_run(plain.path).fingerprint == again.fingerprint
    with pytest.raises(RunError, match="sha256 differs"):
        validate_run(bundled.path)


@pytest.mark.parametrize("change", [{"costs": {"MACs": range(1, 8)}}, {"labels": [1] * 400}, {"kind": "probs"}])
def test_what_numbers_depend_on_changes_the_fingerprint(tmp_path, small_logits, change):
    plain = write_run(tmp_path / "plain", logits=small_logits)
    assert write_run(tmp_path / "other", logits=small_logits, **change).fingerprint != plain.fingerprint


def test_keywords_and_objects_write_the_same_folder(tmp_path, small_logits, small_labels):
    weights = tmp_path / "weights.safetensors"
    weights.write_bytes(b"weights")
    names, classes, costs = [f"head {i}" for i in range(7)], [f"class {i}" for i in range(20)], {"MACs": range(1, 8)}
    table, shards = pd.DataFrame({"image": range(400), "extra": range(400)}), {"test": [tmp_path / "datasets" / "x"]}
    content = RunContent(
        logits=log_probs(small_logits),
        samples=Samples(small_labels, table, shards),
        exits=Exits(names, costs),
        description=Description("Mine", "cifar100", "msdnet", {"made_by": "tests"}),
        network=KeptNetwork(weights, "msdnet-cifar100"),
        class_names=classes,
        kind="probs",
    )
    write_run_folder(tmp_path / "run", content)
    (tmp_path / "run").rename(tmp_path / "of objects")
    write_run(
        tmp_path / "run",
        logits=log_probs(small_logits),
        labels=small_labels,
        title="Mine",
        dataset="cifar100",
        model="msdnet",
        kind="probs",
        exit_names=names,
        costs=costs,
        class_names=classes,
        samples=table,
        images=shards,
        provenance={"made_by": "tests"},
        weights=weights,
        arch="msdnet-cifar100",
    )
    ours, theirs = (json.loads((tmp_path / name / "run.json").read_text()) for name in ("of objects", "run"))
    assert ours == theirs
    assert ours["images"] == {"test": ["../datasets/x"]}


def test_weights_travel_with_the_run(tmp_path, small_logits):
    weights = tmp_path / "weights.safetensors"
    weights.write_bytes(b"weights")
    run = write_run(tmp_path / "run", logits=small_logits, weights=weights, arch="msdnet-cifar100")
    assert run.weights.read_bytes() == b"weights"
    assert run.arch == "msdnet-cifar100"


def _edit(path, **changes):
    content = json.loads((path / "run.json").read_text())
    (path / "run.json").write_text(json.dumps(content | changes))


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (lambda p: (p / "run.json").unlink(), "holds no run.json"),
        (lambda p: (p / "run.json").write_text("{"), "not valid JSON"),
        (lambda p: (p / "run.json").write_text("[]"), "run.json is damaged"),
        (lambda p: (p / "run.json").write_text("[" * 100_000), "not valid JSON"),
        (lambda p: _edit(p, exits=[{"name": "a", "cost": {"MACs": 10**400}}] * 7), "run.json is damaged"),
        (lambda p: _edit(p, schema=99), "schema version 99"),
        (lambda p: _edit(p, samples="many"), "run.json is damaged"),
        (lambda p: _edit(p, files={}), "does not list"),
        (lambda p: _edit(p, classes=["a"]), "not the float16 .* that run.json says"),
        (lambda p: _edit(p, logits=["../x"]), "names of files in the folder"),
        (lambda p: _edit(p, images={"test": ["../../secret.parquet"]}), "lie outside"),
        (lambda p: (p / "samples.parquet").unlink(), "samples.parquet is missing"),
        (lambda p: (p / "samples.parquet").write_bytes(bytes((p / "samples.parquet").stat().st_size)), "is damaged"),
        (lambda p: (p / "logits.safetensors").write_bytes(b""), "has 0 bytes, not the"),
        (
            lambda p: (p / "logits.safetensors").write_bytes(bytes((p / "logits.safetensors").stat().st_size)),
            "not a safetensors file",
        ),
    ],
)
def test_damage_is_named(small_run, damage, message):
    damage(small_run.path)
    with pytest.raises(RunError, match=message):
        load_run(small_run.path)
    assert [entry.id for entry in list_runs()] == ["small"]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda t: t.assign(id=range(len(t))), "column 'id' holds int64"),
        (lambda t: t.assign(id=[None, *t["id"][1:]]), "a sample has no id"),
        (lambda t: t.assign(names=[["a", "b"]] * len(t)), "column 'names' holds list"),
        (lambda t: t.assign(names=[b"a"] * len(t)), "column 'names' holds binary"),
    ],
)
def test_columns_that_cannot_be_shown_are_named(small_run, change, message):
    """Someone else's tool may have written the table, with sizes and hashes that agree."""
    path = small_run.path / "samples.parquet"
    change(pd.read_parquet(path)).to_parquet(path)
    files = json.loads((small_run.path / "run.json").read_text())["files"]
    _edit(small_run.path, files=files | {"samples.parquet": file_entry(path)})
    with pytest.raises(RunError, match=f"samples.parquet is damaged .{message}"):
        load_run(small_run.path)


def test_a_changed_byte_is_found_by_validation_only(small_run):
    file = small_run.path / "logits.safetensors"
    content = bytearray(file.read_bytes())
    content[-1] ^= 1
    file.write_bytes(content)
    load_run(small_run.path)
    with pytest.raises(RunError, match=r"logits.safetensors is not the file that was written \(sha256 differs\)"):
        validate_run(small_run.path)


def test_the_folder_name_is_the_id(small_run):
    moved = small_run.path.rename(small_run.path.with_name("renamed"))
    assert load_run(moved).id == "renamed"


def test_runs_are_listed_with_what_is_wrong(small_run, damaged_run, runs):
    (runs / "empty").mkdir()
    (runs / ".partial").mkdir()
    listed = {entry.id: entry for entry in list_runs()}
    assert set(listed) == {"small", "damaged", "empty"}
    assert listed["small"].error is None
    assert listed["small"].title == "A small run"
    assert "bytes, not the" in listed["damaged"].error
    assert "holds no run.json" in listed["empty"].error
    assert (listed["small"].shape, listed["damaged"].shape) == ((7, 400, 20), (0, 0, 0))
    sizes = [path.stat().st_size for path in small_run.path.iterdir()]
    assert listed["small"].bytes == sum(sizes)


def feature(run, value=True):
    manifest = json.loads((run.path / "run.json").read_text())
    (run.path / "run.json").write_text(json.dumps(manifest | {"featured": value}))


def test_a_list_opens_with_the_featured_run_else_with_the_newest_and_never_with_a_damaged_one(
    small_run, imageless_run, damaged_run
):
    assert [entry.id for entry in best_first(list_runs())] == ["imageless", "small", "damaged"]
    before = small_run.fingerprint
    feature(small_run)
    os.utime(imageless_run.path / "run.json", (4e9, 4e9))
    assert [entry.id for entry in best_first(list_runs())] == ["small", "imageless", "damaged"]
    assert load_run(small_run.path).fingerprint == before
    validate_run(small_run.path)


def test_a_featured_that_is_no_truth_value_is_refused_in_words(small_run):
    feature(small_run, "yes")
    with pytest.raises(RunError, match="featured is neither true nor false"):
        load_run(small_run.path)


@pytest.mark.parametrize(
    "change",
    [
        lambda file: file.write_bytes(file.read_bytes()),
        lambda file: (file.write_bytes(file.read_bytes()[::-1]), os.utime(file, (1e9, 1e9))),
        lambda file: (os.link(file, file.with_name("traces-new.parquet")), os.utime(file.parent, (1e9, 1e9))),
    ],
    ids=["rewritten", "rewritten with an old time", "another beside it"],
)
def test_a_listed_run_tells_that_a_file_of_it_changed(small_run, change):
    (before,) = list_runs()
    time.sleep(0.02)  # two ticks of a file system's clock
    change(small_run.path / "logits.safetensors")
    (after,) = list_runs()
    assert after.mtime_ns > before.mtime_ns


def test_several_runs_folders(small_run, runs, tmp_path, monkeypatch, small_logits):
    other = tmp_path / "other"
    write_run(other / "second", logits=small_logits)
    write_run(other / "small", logits=small_logits)
    monkeypatch.setenv("EXITLENS_RUNS", os.pathsep.join([str(runs), str(tmp_path / "missing"), str(other)]))
    errors = [(entry.id, entry.error is None) for entry in list_runs()]
    assert errors == [("small", True), ("second", True), ("small", False)]
    assert find_run("small") == small_run.path
    assert find_run("second") == other / "second"


def test_runs_are_found_by_id_or_path(small_run, monkeypatch):
    assert find_run("small") == small_run.path
    assert find_run(small_run.path) == small_run.path
    monkeypatch.chdir(small_run.path.parent.parent)
    assert load_run(find_run("runs/small")).id == "small"
    with pytest.raises(RunError, match=r"there is no run 'larger' in .*\(small\)"):
        find_run("larger")


@pytest.mark.parametrize("address", ["../runs/small", "/etc", "..", ".", "", "small/", "a\0b"])
def test_an_address_names_runs_only(small_run, address):
    with pytest.raises(RunError):
        find_run(address, paths=False)


def test_opening_a_run_imports_no_torch(small_run):
    code = f"import sys; from analysis.storage import load_run; load_run({str(small_run.path)!r}); "
    code += "sys.exit(any(name in sys.modules for name in ('torch', 'streamlit', 'plotly', 'safetensors')))"
    subprocess.run([sys.executable, "-c", code], check=True)


def test_text_of_a_foreign_run_is_cleaned_when_it_is_read(small_run):
    """An unpaired surrogate can be written in JSON, and neither shown nor be part of a file's name."""
    path = small_run.path / "run.json"
    manifest = json.loads(path.read_text())
    manifest |= {"title": "bad\ud800title", "provenance": {"k\ud800": ["v\ud800"]}}
    manifest["classes"][0] = manifest["exits"][0]["name"] = "\ud800"
    path.write_text(json.dumps(manifest))
    run = load_run(small_run.path)
    assert (run.title, run.class_names[0], run.exit_names[0]) == ("bad?title", "?", "?")
    assert run.provenance == {"k?": ["v?"]}
    manifest["files"]["\ud800"] = manifest["files"]["samples.parquet"]
    path.write_text(json.dumps(manifest))
    with pytest.raises(RunError, match=r"\? is missing: copy the run again"):
        load_run(small_run.path)


def test_an_id_is_no_longer_than_an_address_takes(tmp_path, small_logits):
    assert LONGEST_ID == NAME_LENGTH
    ids = [str(i) for i in range(399)]
    write_run(tmp_path / "run", logits=small_logits, samples=pd.DataFrame({"id": [*ids, "x" * LONGEST_ID]}))
    with pytest.raises(
        ValueError, match="the id of sample 400 has 2001 characters: give every sample an id of at most 2000"
    ):
        write_run(tmp_path / "long", logits=small_logits, samples=pd.DataFrame({"id": [*ids, "x" * 2001]}))


def test_a_foreign_run_with_longer_ids_is_refused(small_run):
    path = small_run.path / "samples.parquet"
    table = pd.read_parquet(path)
    table.loc[7, "id"] = "x" * 2001
    table.to_parquet(path)
    manifest = json.loads((small_run.path / "run.json").read_text())
    manifest["files"][path.name] = file_entry(path)
    (small_run.path / "run.json").write_text(json.dumps(manifest))
    with pytest.raises(RunError, match=r"samples\.parquet cannot be shown \(the id of sample 8 has 2001 characters\)"):
        load_run(small_run.path)


def test_of_two_processes_that_write_one_run_the_second_is_refused(tmp_path, monkeypatch):
    sync = whole_files._sync_all

    def other_is_faster(path):
        sync(path)
        (tmp_path / "run").mkdir(exist_ok=True)
        (tmp_path / "run" / "run.json").write_text("theirs")

    monkeypatch.setattr(whole_files, "_sync_all", other_is_faster)
    with pytest.raises(ValueError, match=r"^/.*run exists: choose another folder, or remove it first$"):
        write_run(tmp_path / "run", logits=np.zeros((2, 3, 4), np.float32))
    assert [path.name for path in tmp_path.rglob("*")] == ["run", "run.json"]


def test_what_is_written_into_an_opened_run_stays_in_it(small_run):
    opened = load_run(small_run.path)
    before = json.dumps(opened.provenance)
    opened.provenance["note"] = "mine"
    assert json.dumps(load_run(small_run.path).provenance) == before
