"""Values that stand in torch files, pickles and .npy: imported as what, or refused in which sentence."""

import argparse
import bz2
import gzip
import io
import lzma
import pickle
import re
import sys
import types
import warnings
import zlib
from collections import defaultdict, namedtuple
from collections.abc import Callable
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from safetensors.torch import save

from analysis.storage.importers import Sources, import_run

RNG = np.random.default_rng(0)
LOGITS = np.round(RNG.normal(size=(3, 24, 4)) * 8) / 4
LABELS = RNG.integers(0, 4, 24)
FLOAT8 = ("float8_e4m3fn", "float8_e4m3fnuz", "float8_e5m2", "float8_e5m2fnuz")
OLD = {"_use_new_zipfile_serialization": False}


def torch_bytes(content: object, **options: object) -> bytes:
    buffer = io.BytesIO()
    torch.save(content, buffer, **options)
    return buffer.getvalue()


def tensors(logits: torch.Tensor) -> bytes:
    return torch_bytes({"logits": logits, "labels": torch.from_numpy(LABELS)})


def npy(array: np.ndarray) -> bytes:
    buffer = io.BytesIO()
    np.save(buffer, array)
    return buffer.getvalue()


def npz(**arrays: np.ndarray) -> bytes:
    buffer = io.BytesIO()
    np.savez(buffer, **arrays)
    return buffer.getvalue()


def safetensors(logits: torch.Tensor) -> bytes:
    return save({"logits": logits, "labels": torch.from_numpy(LABELS)})


def rounded(name: str) -> torch.Tensor:
    return torch.from_numpy(LOGITS).to(getattr(torch, name))


def class_elsewhere(module: str, made: type, values: tuple) -> bytes:
    """The pickle of an object whose class lives in a module that need not be installed here."""
    made.__module__ = module
    setattr(module_ := types.ModuleType(module), made.__name__, made)
    packages = {module.split(".")[0]: types.ModuleType(module.split(".")[0]), module: module_}
    sys.modules.update(packages)
    try:
        return pickle.dumps(made(*values))
    finally:
        for name in packages:
            del sys.modules[name]


def trainer_output(name: str, fields: str) -> bytes:
    values = {"predictions": tuple(LOGITS), "label_ids": LABELS, "metrics": {"loss": np.float64(1)}, "num_samples": 24}
    return class_elsewhere("transformers.trainer_utils", namedtuple(name, fields), [values[f] for f in fields.split()])


class EvalPrediction:
    """As in transformers since 4.12: no tuple."""

    def __init__(self, predictions, label_ids):
        self.predictions, self.label_ids, self.elements = predictions, label_ids, (predictions, label_ids)


def replaced(data: bytes, old: bytes, new: bytes) -> bytes:
    assert old in data
    return data.replace(old, new)


def ml_dtypes_pickle() -> bytes:
    """What pickling an array of ml_dtypes.bfloat16 writes: a dtype made of a class."""
    bits = (LOGITS.astype("<f4").view("<u4") >> 16).astype("<u2")
    data = pickle.dumps((bits, LABELS), 2)
    code = b"X\x02\x00\x00\x00u2"
    return replaced(data, code, b"cml_dtypes\nbfloat16\n")


def unusual(make: Callable[[torch.Tensor], torch.Tensor]) -> torch.Tensor:
    """The logits in a form of which torch says that it is new or old."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return make(torch.from_numpy(LOGITS).float())


def joblib_file() -> bytes:
    """How joblib.dump begins: its wrapper of an array, whose bytes follow within the pickle."""
    return b"\x80\x04\x95" + bytes([0x9C, *[0] * 7]) + b"\x8c\x13joblib.numpy_pickle\x8c\x11NumpyArrayWrapper\x93)\x81"


x = torch.from_numpy(LOGITS)
objects = np.empty(3, object)
objects[:] = list(LOGITS)
READ = {
    **{f"{name}.pth": (tensors(rounded(name)), rounded(name).double()) for name in FLOAT8},
    **{f"{name}.safetensors": (safetensors(rounded(name)), rounded(name).double()) for name in FLOAT8},
    "uint16 beside.pth": torch_bytes({"logits": x, "labels": torch.from_numpy(LABELS).to(torch.uint16)}),
    "negated.pth": (tensors(torch._neg_view(x.float())), -LOGITS),
    "negated legacy.pth": (torch_bytes((torch._neg_view(x.float()), torch.from_numpy(LABELS)), **OLD), -LOGITS),
    "negated bfloat16.pth": (tensors(torch._neg_view(x.bfloat16())), -LOGITS),
    "imaginary part of a conjugate.pth": (tensors(torch.complex(x, x).conj().imag), -LOGITS),
    "a sparse tensor beside.pth": torch_bytes({"logits": x, "labels": torch.from_numpy(LABELS), "w": x[0].to_sparse()}),
    "Namespace.pth": torch_bytes(argparse.Namespace(logits=x, labels=LABELS.tolist(), lr=0.1)),
    "SimpleNamespace.p": pickle.dumps(SimpleNamespace(logits=LOGITS, labels=LABELS)),
    "Namespace beside.p": pickle.dumps({"logits": LOGITS, "labels": LABELS, "args": argparse.Namespace(lr=0.1)}),
    "defaultdict.p": pickle.dumps(defaultdict(list, logits=LOGITS, labels=list(LABELS))),
    "NumPy scalars.p": pickle.dumps({"logits": LOGITS, "labels": [np.int64(y) for y in LABELS], "acc": np.float16(1)}),
    "PredictionOutput.p": trainer_output("PredictionOutput", "predictions label_ids metrics"),
    "EvalLoopOutput.p": trainer_output("EvalLoopOutput", "predictions label_ids metrics num_samples"),
    "EvalPrediction of old.p": trainer_output("EvalPrediction", "predictions label_ids"),
    "EvalPrediction.p": class_elsewhere("transformers.trainer_utils", EvalPrediction, (tuple(LOGITS), LABELS)),
    "structured beside, protocol 5.p": pickle.dumps((LOGITS, LABELS, np.zeros(3, [("a", "f4")])), 5),
    "NumPy 1.16.0.p": replaced(
        pickle.dumps((LOGITS, LABELS), 2), b"numpy._core.multiarray", b"numpy.core._multiarray_umath"
    ),
    "ml_dtypes.p": ml_dtypes_pickle(),
    "objects.p": pickle.dumps({"logits": objects, "labels": LABELS.astype(object)}),
    "objects.npz": npz(logits=objects, labels=LABELS),
    "a bytearray beside.p": pickle.dumps({"logits": LOGITS, "labels": LABELS, "raw": bytearray(b"abc")}, 5),
    "long doubles.npz": npz(logits=LOGITS.astype(np.longdouble), labels=LABELS),
    "tiny.npz": (npz(logits=LOGITS + 1e-50 * (LOGITS == 0), labels=LABELS), LOGITS + 2.0**-149 * (LOGITS == 0)),
}
"""File -> its bytes, and the logits that it holds where they are not `LOGITS`."""

DENSE = ": save the logits as a dense array of real numbers"
COMPRESSED = "; where joblib made it, joblib.load it and numpy.savez what it holds"
REFUSED = {
    "sparse.pth": (tensors(x.to_sparse()), f"logits is a sparse tensor{DENSE}"),
    "csr.pth": (
        torch_bytes((unusual(lambda logits: logits[0].to_sparse_csr()), torch.from_numpy(LABELS))),
        f"the first array is a sparse tensor{DENSE}",
    ),
    "quantized.pth": (
        tensors(unusual(lambda logits: torch.quantize_per_tensor(logits, 0.25, 0, torch.qint8))),
        f"logits is a quantized tensor{DENSE}",
    ),
    "meta.pth": (tensors(x.to("meta")), f"logits is a meta tensor, which has no values{DENSE}"),
    "complex.pth": (tensors(torch.complex(x, x)), "logits has dtype complex128: logits must be real numbers"),
    "conjugate.pth": (
        tensors(torch.complex(x, x).conj()),
        f"logits is a conjugate view of complex numbers{DENSE}",
    ),
    "masked.p": (pickle.dumps({"logits": np.ma.masked_array(LOGITS)}), f"logits is a masked array{DENSE}"),
    "structured.p": (
        pickle.dumps({"logits": np.zeros((3, 24, 4), [("a", "f4")])}),
        f"logits is an array of several types, or of one that is not plain{DENSE}",
    ),
    "bfloat16 by ml_dtypes.npy": (
        npy(np.zeros((3, 24, 4), "V2")),
        "holds a type that NumPy does not know, such as bfloat16: save it as float32",
    ),
    "float8 by ml_dtypes.npy": (
        replaced(npy(np.zeros((3, 24, 4), "u1")), b"'|u1'", b"'<f1'"),
        "holds a type that NumPy does not know: save it as float32",
    ),
    "x.p.gz": (gzip.compress(b"x" * 99), f"is compressed by gzip: unpack it (gunzip){COMPRESSED}"),
    "x.p.bz2": (bz2.compress(b"x" * 99), f"is compressed by bzip2: unpack it (bunzip2){COMPRESSED}"),
    "x.p.xz": (lzma.compress(b"x" * 99), f"is compressed by xz: unpack it (unxz){COMPRESSED}"),
    "x.p.lzma": (
        lzma.compress(b"x" * 99, format=lzma.FORMAT_ALONE),
        f"is compressed by lzma: unpack it (unlzma){COMPRESSED}",
    ),
    "joblib of level 3.p": (
        zlib.compress(b"x" * 99, 3),
        f"is compressed by zlib: unpack it (zlib.decompress in Python){COMPRESSED}",
    ),
    "joblib.p": (
        joblib_file(),
        "(joblib wrote it, and only joblib reads it: joblib.load it, and numpy.savez what it holds)",
    ),
    "a network.pth": (
        torch_bytes(torch.nn.Linear(2, 2)),
        "holds torch.nn.modules.linear.Linear, not arrays: save (logits, targets), or .npz with logits and labels",
    ),
    "a network, legacy.pth": (torch_bytes(torch.nn.Linear(2, 2), **OLD), "holds torch.nn.modules.linear.Linear, not"),
    "large.npz": (
        npz(logits=np.where(LOGITS.max() == LOGITS, 1e300, LOGITS), labels=LABELS),
        "logits[2, 6] holds 1e+300, beyond the range of float32, (exit 3, sample 7 of 24): re-export the run, or drop",
    ),
    "a mask of float64.npz": (
        npz(logits=np.where(LOGITS.min() == LOGITS, np.finfo(float).min, LOGITS), labels=LABELS),
        "logits[2, 11] holds -1.79769e+308, beyond the range of float32, (exit 3, sample 12 of 24): re-export",
    ),
}
"""File -> its bytes, and what its refusal says."""


@pytest.mark.parametrize("name", READ)
def test_it_is_imported(tmp_path, name):
    content, logits = READ[name] if isinstance(READ[name], tuple) else (READ[name], LOGITS)
    (tmp_path / name).write_bytes(content)
    run = import_run(Sources([tmp_path / name]), tmp_path / "run").run
    np.testing.assert_array_equal(run.logits.read(0, 24), np.asarray(logits, np.float32))
    np.testing.assert_array_equal(run.labels, LABELS)
    assert run.kind == "logits"


@pytest.mark.parametrize("name", REFUSED)
def test_it_is_refused(tmp_path, name):
    content, said = REFUSED[name]
    (tmp_path / name).write_bytes(content)
    with pytest.raises(ValueError, match=rf"^{re.escape(name)}.*{re.escape(said)}"):
        import_run(Sources([tmp_path / name]), tmp_path / "runs" / "run")
    assert [path.name for path in tmp_path.iterdir()] == [name]


def test_what_is_too_large_is_dropped_by_choice(tmp_path):
    (tmp_path / "x.npz").write_bytes(REFUSED["large.npz"][0])
    imported = import_run(Sources([tmp_path / "x.npz"], drop_nan=True), tmp_path / "run")
    assert imported.run.n_samples == 23
    assert "Dropped 1 of 24 samples with NaN, +inf, numbers beyond float32 or only -inf (id 6)." in imported.notes


def test_a_tiny_logit_stays_in_the_support(tmp_path):
    """Under heaviside the support is what lies above 0, however little."""
    (tmp_path / "x.npz").write_bytes(npz(logits=np.tile([1e-60, -1e-60, 0.0], (2, 24, 1)), labels=LABELS * 0))
    run = import_run(Sources([tmp_path / "x.npz"]), tmp_path / "run").run
    assert (np.sign(run.logits.read(0, 24)) == [1, -1, 0]).all()
