"""Every shape of file that researchers have becomes the same run."""

import argparse
import pickle
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch
from safetensors.torch import save_file

from analysis.storage.importers import Sources, import_run
from analysis.storage.validation import validate_run


@pytest.fixture
def logits() -> np.ndarray:
    """float32 (3, 40, 5); multiples of 1/8, which every float type holds."""
    return np.random.default_rng(0).integers(-40, 40, (3, 40, 5)).astype(np.float32) / 8


@pytest.fixture
def labels() -> np.ndarray:
    return np.random.default_rng(1).integers(0, 5, 40)


def _pickled(content, protocol=pickle.DEFAULT_PROTOCOL):
    return lambda path: path.write_bytes(pickle.dumps(content, protocol))


def _saved(content, **options):
    return lambda path: torch.save(content, path, **options)


NAMESPACE = argparse.Namespace(arch="msdnet", data=Path("/data"), epochs=300)
OLD = {"_use_new_zipfile_serialization": False}
WRITERS = {
    "npz.npz": lambda x, y: lambda path: np.savez(path, logits=x, labels=y),
    "compressed.npz": lambda x, y: lambda path: np.savez_compressed(path, logits=x, targets=y),
    "unnamed.npz": lambda x, y: lambda path: np.savez(path, x, y),
    "fortran.npz": lambda x, y: lambda path: np.savez(path, logits=np.asfortranarray(x), labels=y),
    "big-endian.npz": lambda x, y: lambda path: np.savez(path, logits=x.astype(">f4"), labels=y.astype(">i2")),
    "float64.npz": lambda x, y: lambda path: np.savez(path, logits=x.astype(np.float64), labels=y.astype(np.float32)),
    "tuple.p": lambda x, y: _pickled((x, y)),
    "protocol-2.p": lambda x, y: _pickled((x, y.astype(np.float64)), 2),
    "protocol-0.p": lambda x, y: _pickled((x, y), 0),
    "args.pkl": lambda x, y: _pickled((x, y, NAMESPACE)),
    "lists.pkl": lambda x, y: _pickled([x, y.tolist()]),
    "scalars.pkl": lambda x, y: _pickled((x, list(y))),
    "per-exit.pkl": lambda x, y: _pickled((list(x), y)),
    "dict.pkl": lambda x, y: _pickled({"logits": x, "labels": y, "args": NAMESPACE}),
    "torch-in-pickle.pkl": lambda x, y: _pickled((torch.from_numpy(x), torch.from_numpy(y), NAMESPACE)),
    "torch.pth": lambda x, y: _saved((torch.from_numpy(x), torch.from_numpy(y))),
    "torch-args.pt": lambda x, y: _saved((torch.from_numpy(x), torch.from_numpy(y), NAMESPACE)),
    "torch-old.pth": lambda x, y: _saved((torch.from_numpy(x), torch.from_numpy(y).float()), **OLD),
    "torch-per-exit.pth": lambda x, y: _saved(([torch.from_numpy(e) for e in x], torch.from_numpy(y))),
    "torch-view.pth": lambda x, y: _saved((torch.from_numpy(np.repeat(x, 2, 1))[:, ::2], torch.from_numpy(y))),
    "torch-parameter.pth": lambda x, y: _saved(
        {"logits": torch.nn.Parameter(torch.from_numpy(x)), "y": torch.tensor(y)}
    ),
    "bfloat16.pth": lambda x, y: _saved((torch.from_numpy(x).bfloat16(), torch.from_numpy(y))),
    "tensors.safetensors": lambda x, y: (
        lambda p: save_file({"logits": torch.from_numpy(x), "labels": torch.tensor(y)}, p)
    ),
    "bf16.safetensors": lambda x, y: (
        lambda p: save_file({"logits": torch.from_numpy(x).bfloat16(), "labels": torch.tensor(y)}, p)
    ),
}


@pytest.mark.parametrize("name", WRITERS)
def test_logits_with_labels(tmp_path, logits, labels, name):
    WRITERS[name](logits, labels)(tmp_path / name)
    imported = import_run(Sources([tmp_path / name]), tmp_path / "run")
    run = validate_run(imported.run.path)
    assert run.logits.dtype == np.float32
    np.testing.assert_array_equal(run.logits.read(0, 40), logits)
    np.testing.assert_array_equal(run.labels, labels)
    np.testing.assert_array_equal(imported.accuracy["test"], (logits.argmax(2) == labels).mean(1))
    assert run.kind == "logits"


def test_float16_stays_float16(tmp_path, logits, labels):
    np.savez(tmp_path / "x.npz", logits=logits.astype(np.float16), labels=labels)
    assert import_run(Sources([tmp_path / "x.npz"]), tmp_path / "run").run.logits.dtype == np.float16


def test_tensors_saved_from_a_gpu(tmp_path, logits, labels, monkeypatch):
    monkeypatch.setattr("torch.serialization.location_tag", lambda storage: "cuda:0")
    torch.save((torch.from_numpy(logits), torch.from_numpy(labels)), tmp_path / "x.pth")
    torch.save((torch.from_numpy(logits), torch.from_numpy(labels)), tmp_path / "old.pth", **OLD)
    assert b"cuda:0" in (tmp_path / "old.pth").read_bytes()
    for name in ("x", "old"):
        run = import_run(Sources([tmp_path / f"{name}.pth"]), tmp_path / name).run
        np.testing.assert_array_equal(run.logits.read(0, 40), logits)


def test_npy_pairs(tmp_path, logits, labels):
    np.save(tmp_path / "x.npy", logits)
    np.save(tmp_path / "y.npy", labels)
    for name, arguments in {"a": {"labels": [tmp_path / "y.npy"]}, "b": {}}.items():
        sources = [tmp_path / "x.npy"] if arguments else [tmp_path / "x.npy", tmp_path / "y.npy"]
        run = import_run(Sources(sources, **arguments), tmp_path / name).run
        np.testing.assert_array_equal(run.labels, labels)


@pytest.mark.parametrize("file", ["y.txt", "y.csv", "y.json", "y.p", "y.pth", "named.csv", "y.parquet"])
def test_labels_from_any_file(tmp_path, logits, labels, file):
    np.save(tmp_path / "x.npy", logits)
    path = tmp_path / file
    {
        "y.txt": lambda: path.write_text("\n".join(map(str, labels))),
        "y.csv": lambda: path.write_text("\n".join(map(str, labels)) + "\n"),
        "y.json": lambda: path.write_text(str(labels.tolist())),
        "y.p": lambda: path.write_bytes(pickle.dumps(labels)),
        "y.pth": lambda: torch.save(torch.from_numpy(labels), path),
        "named.csv": lambda: pd.DataFrame({"name": "a, b", "label": labels}).to_csv(path),
        "y.parquet": lambda: pd.DataFrame({"label": labels}).to_parquet(path),
    }[file]()
    run = import_run(Sources([tmp_path / "x.npy"], labels=[path]), tmp_path / "run").run
    np.testing.assert_array_equal(run.labels, labels)


def test_both_splits_of_one_npz(tmp_path, logits, labels):
    index = np.arange(10) * 3
    arrays = {"test": logits[:, 10:], "test_labels": labels[10:], "calibration": logits[:, :10]}
    np.savez(tmp_path / "x.npz", **arrays, calibration_labels=labels[:10], calibration_index=index)
    run = import_run(Sources([tmp_path / "x.npz"]), tmp_path / "run").run
    np.testing.assert_array_equal(run.positions("test"), np.arange(30))
    np.testing.assert_array_equal(run.labels, np.roll(labels, -10))
    np.testing.assert_array_equal(run.samples["image"], [-1] * 30 + index.tolist())
    only = import_run(Sources([tmp_path / "x.npz"], splits=["calibration"]), tmp_path / "only").run
    assert only.n_samples == 10
    with pytest.raises(ValueError, match=r"--splits test,test names a split of x\.npz twice: name it once"):
        import_run(Sources([tmp_path / "x.npz"], splits=["test", "test"]), tmp_path / "twice")


def _softmax(logits):
    exponentials = np.exp(logits - logits.max(axis=2, keepdims=True))
    return exponentials / exponentials.sum(axis=2, keepdims=True)


@pytest.mark.parametrize("options", [{}, OLD])
def test_msdnets_logits_single_holds_probabilities(tmp_path, logits, labels, options):
    probs = torch.from_numpy(_softmax(logits))
    targets = torch.from_numpy(labels).float()
    torch.save((probs[:, :10], targets[:10], probs[:, 10:], targets[10:]), tmp_path / "logits_single.pth", **options)
    imported = import_run(Sources([tmp_path / "logits_single.pth"]), tmp_path / "run")
    run = imported.run
    assert run.kind == "probs"
    assert "PA cannot be computed" in imported.notes[0]
    assert run.samples["split"].tolist() == ["test"] * 30 + ["calibration"] * 10
    np.testing.assert_allclose(np.exp(run.logits.read(0, 30)), _softmax(logits)[:, 10:], rtol=1e-5)
    np.testing.assert_array_equal(run.labels, np.roll(labels, -10))


def test_log_probabilities_are_recognised(tmp_path, logits):
    np.savez(tmp_path / "x.npz", logits=np.log(_softmax(logits)))
    imported = import_run(Sources([tmp_path / "x.npz"]), tmp_path / "run")
    assert imported.run.kind == "probs"
    np.testing.assert_allclose(imported.run.logits.read(0, 40), np.log(_softmax(logits)), rtol=1e-6)


def test_the_caller_says_what_the_values_are(tmp_path, logits):
    np.save(tmp_path / "p.npy", _softmax(logits))
    np.save(tmp_path / "x.npy", logits)
    assert import_run(Sources([tmp_path / "p.npy"], kind="logits"), tmp_path / "a").run.kind == "logits"
    with pytest.raises(ValueError, match=r"x.npy\[0, 0\] sums to .* \(exit 1, sample 1 of 40\), not to 1"):
        import_run(Sources([tmp_path / "x.npy"], kind="probs"), tmp_path / "b")


def test_a_tiny_probability_keeps_its_logarithm(tmp_path):
    probs = np.full((2, 3, 4), (1 - 1e-60) / 3)
    probs[..., 0] = 1e-60  # less than the smallest float32
    np.savez(tmp_path / "probs.npz", logits=probs, labels=np.zeros(3, int))
    run = import_run(Sources([tmp_path / "probs.npz"]), tmp_path / "run").run
    np.testing.assert_allclose(run.logits.read(0, 3)[..., 0], np.log(1e-60), rtol=1e-6)


def test_probability_zero_is_minus_infinity(tmp_path):
    probs = np.zeros((2, 9, 3), np.float16)
    probs[..., 1] = 1
    np.save(tmp_path / "p.npy", probs)
    run = import_run(Sources([tmp_path / "p.npy"]), tmp_path / "run").run
    assert run.logits.dtype == np.float32
    assert run.logits.read(0, 1)[0, 0].tolist() == [-np.inf, 0, -np.inf]


def test_validation_and_test_files_become_one_run(tmp_path, logits, labels):
    _pickled((logits[:, :10], labels[:10]))(tmp_path / "val.p")
    _pickled((logits[:, 10:].astype(np.float16), labels[10:]))(tmp_path / "test.p")
    sources = [tmp_path / "val.p", tmp_path / "test.p"]
    imported = import_run(Sources(sources, splits=["calibration", "test"]), tmp_path / "run")
    run = imported.run
    assert run.samples["split"].tolist() == ["calibration"] * 10 + ["test"] * 30
    np.testing.assert_array_equal(run.logits.read(0, 40), logits)
    assert set(imported.accuracy) == {"test", "calibration"}
    with pytest.raises(ValueError, match="2 sources: say what each is with --splits"):
        import_run(Sources(sources), tmp_path / "other")
    with pytest.raises(ValueError, match="names 1 splits for 2 sources"):
        import_run(Sources(sources, splits=["test"]), tmp_path / "other")
    with pytest.raises(ValueError, match="'val': use test or calibration"):
        import_run(Sources(sources, splits=["val", "test"]), tmp_path / "other")


def test_one_file_of_labels_for_several_sources(tmp_path, logits, labels):
    np.save(tmp_path / "a.npy", logits[:, :16])
    np.save(tmp_path / "b.npy", logits[:, 16:])
    np.save(tmp_path / "y.npy", labels)
    sources, files = [tmp_path / "a.npy", tmp_path / "b.npy"], [tmp_path / "y.npy"]
    run = import_run(Sources(sources, splits=["test", "test"], labels=files), tmp_path / "run").run
    np.testing.assert_array_equal(run.labels, labels)


def test_a_run_without_labels(tmp_path, logits):
    np.save(tmp_path / "x.npy", logits)
    imported = import_run(Sources([tmp_path / "x.npy"]), tmp_path / "run")
    assert not imported.run.has_labels
    assert imported.accuracy == {}


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ({"state_dict": {"module.blocks.0.weight": np.zeros((2, 2))}}, "a network's weights, not logits"),
        (np.zeros((4, 5)), r"has 2 axes \(4, 5\): logits need three"),
        ((np.zeros((4, 5)), np.zeros(5)), r"has 2 axes \(4, 5\): logits need three"),
        ((np.zeros((2, 5, 3), np.complex64), np.zeros(5)), "no \\(logits, targets\\)"),
        ({"a": np.zeros((2, 5, 3)), "b": np.zeros((2, 5, 3))}, "holds a, b: call the arrays logits and labels"),
        ("text", "holds no array"),
        ((np.zeros((2, 0, 3)), np.zeros(0)), "the labels: there are none"),
        ((np.zeros((2, 3, 3)), ["a", "b", "c"]), "the labels: no numbers but values of type <U1"),
        ((np.zeros((2, 5, 3)), np.zeros((5, 3))), "no \\(logits, targets\\)"),
    ],
)
def test_content_that_is_not_recognised(tmp_path, content, message):
    _pickled(content)(tmp_path / "x.p")
    with pytest.raises(ValueError, match=message):
        import_run(Sources([tmp_path / "x.p"]), tmp_path / "run")
    assert [path.name for path in tmp_path.iterdir()] == ["x.p"]


@pytest.mark.parametrize("name", [n for n in WRITERS if "unnamed" not in n])
@pytest.mark.parametrize("part", [0.5, 0.02])
def test_files_that_are_cut_off(tmp_path, logits, labels, name, part):
    WRITERS[name](np.repeat(logits, 50, 1), np.repeat(labels, 50))(tmp_path / name)
    content = (tmp_path / name).read_bytes()
    (tmp_path / name).write_bytes(content[: int(len(content) * part)])
    with pytest.raises(ValueError, match=name):
        import_run(Sources([tmp_path / name]), tmp_path / "run")
    assert [path.name for path in tmp_path.iterdir()] == [name]


@pytest.mark.parametrize(
    ("content", "message"), [(b"", "is empty"), (b"\x89HDF\r\n", "HDF5"), (b"hello, there", "cannot")]
)
def test_files_of_another_form(tmp_path, content, message):
    (tmp_path / "x.npz").write_bytes(content)
    with pytest.raises(ValueError, match=message):
        import_run(Sources([tmp_path / "x.npz"]), tmp_path / "run")
    with pytest.raises(ValueError, match="there is no such file"):
        import_run(Sources([tmp_path / "missing.npz"]), tmp_path / "run")


@pytest.mark.parametrize("shape", [(3, 24, 0), (3, 0, 4), (0, 24, 4)])
@pytest.mark.parametrize("name", ["x.npy", "x.npz", "x.p", "per-exit.p"])
def test_logits_of_nothing_are_refused(tmp_path, shape, name):
    logits = np.zeros(shape, np.float32)
    if name == "x.npy":
        np.save(tmp_path / name, logits)
    elif name == "x.npz":
        np.savez(tmp_path / name, logits=logits, labels=np.zeros(24, int))
    else:
        _pickled(logits if name == "x.p" else {"logits": list(logits)})(tmp_path / name)
    with pytest.raises(ValueError, match=r"so there is nothing in it: check the export|is no array with three axes"):
        import_run(Sources([tmp_path / name], axes=("exits", "samples", "classes")), tmp_path / "runs" / "run")
    assert not (tmp_path / "runs").exists()


@pytest.mark.parametrize("code", ["<f2", "<f4", "<f8", ">f4"])
def test_logits_that_diverged_are_refused_without_a_warning(tmp_path, code):
    """NaN beside numbers whose exponential overflows, and a signalling NaN, which complains when it is cast."""
    logits = np.full((3, 24, 4), 6e4, code)
    logits[1, 5, 2] = np.nan
    logits[0, 7] = np.array([-np.inf, np.inf, 0, np.nan], code)
    bits = np.dtype(code).str.replace("f", "u")
    logits[2, 9, :1].view(bits)[:] = {2: 0x7C01, 4: 0x7F800001, 8: 0x7FF0000000000001}[logits.itemsize]
    np.save(tmp_path / "x.npy", logits)
    with pytest.raises(ValueError, match=r"x\.npy\[1, 5\] holds NaN \(exit 2, sample 6 of 24\)"):
        import_run(Sources([tmp_path / "x.npy"]), tmp_path / "run")
    assert import_run(Sources([tmp_path / "x.npy"], drop_nan=True), tmp_path / "run").run.n_samples == 21


def test_labels_of_which_none_is_known_tell_no_axis(tmp_path):
    """Warned of by NumPy once: the largest of no numbers."""
    np.savez(tmp_path / "x.npz", logits=np.random.default_rng(0).normal(size=(24, 3, 4)), labels=np.full(24, np.nan))
    with pytest.raises(ValueError, match="the labels do not tell the exits from the classes: say which axis is which"):
        import_run(Sources([tmp_path / "x.npz"]), tmp_path / "run")
