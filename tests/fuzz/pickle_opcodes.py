"""Pickles of random opcodes that mostly fit the stack, around the names that importers know."""

from __future__ import annotations

import numpy as np

from tests.fuzz.mutations import NUMBERS, pick

NAMES = [
    ("numpy._core.multiarray", "_reconstruct"),
    ("numpy.core.multiarray", "_reconstruct"),
    ("numpy._core.multiarray", "scalar"),
    ("numpy._core.numeric", "_frombuffer"),
    ("numpy", "ndarray"),
    ("numpy", "dtype"),
    ("builtins", "bytearray"),
    ("builtins", "eval"),
    ("builtins", "set"),
    ("collections", "OrderedDict"),
    ("_codecs", "encode"),
    ("torch", "Size"),
    ("torch", "FloatStorage"),
    ("torch", "float32"),
    ("torch._utils", "_rebuild_tensor"),
    ("torch._utils", "_rebuild_tensor_v2"),
    ("torch._utils", "_rebuild_tensor_v3"),
    ("torch._utils", "_rebuild_parameter"),
    ("torch._tensor", "_rebuild_from_type_v2"),
    ("torch.storage", "_load_from_bytes"),
    ("argparse", "Namespace"),
    ("transformers.trainer_utils", "PredictionOutput"),
    ("collections", "defaultdict"),
    ("ml_dtypes", "bfloat16"),
    ("joblib.numpy_pickle", "NumpyArrayWrapper"),
    ("torch", "float8_e4m3fn"),
    ("torch", "ComplexFloatStorage"),
    ("torch._utils", "_rebuild_sparse_tensor"),
    ("os", "system"),
]
TEXTS = [
    "",
    "x",
    "f4",
    "<",
    ">",
    "O8",
    "O",
    "U3",
    "S0",
    "f4,O",
    "C",
    "F",
    "K",
    "logits",
    "labels",
    "storage",
    "0",
    "cpu",
]
TEXTS += ["state_dict", "weight", "neg", "conj", "module", "latin1", "\u202e", "é" * 700, "M8[ns]", "V8", "?", "i8"]
LITERALS = [
    b"N",
    b"\x88",
    b"\x89",
    b"]",
    b"}",
    b")",
    b"\x8f",
    b"K\x00",
    b"K\x01",
    b"K\x03",
    b"M\x01\x01",
    b"J\xff\xff\xff\xff",
]
LITERALS += [
    b"\x8a\x01\x02",
    b"\x8a\x08" + b"\xff" * 7 + b"\x7f",
    b"G\x7f\xf8" + bytes(6),
    b"I01\n",
    b"I7\n",
    b"F1e3\n",
]


def _text(rng: np.random.Generator) -> bytes:
    text = str(pick(rng, TEXTS)).encode()
    return b"X" + len(text).to_bytes(4, "little") + text


def _data(rng: np.random.Generator) -> bytes:
    data = rng.bytes(int(pick(rng, [0, 1, 4, 8, 16, 96, 1152, 5000])))
    code, width = [(b"B", 4), (b"\x8e", 8), (b"\x96", 8), (b"T", 4)][int(rng.integers(4))]
    return code + len(data).to_bytes(width, "little") + data


def _name(rng: np.random.Generator) -> bytes:
    module, name = NAMES[int(rng.integers(len(NAMES)))]
    return f"c{module}\n{name}\n".encode()


def _number(rng: np.random.Generator) -> bytes:
    if rng.random() < 0.7:
        return b"K" + bytes([int(rng.integers(12))])
    number = int(pick(rng, NUMBERS))
    return b"\x8a\x09" + number.to_bytes(9, "little")


def _dtype(rng: np.random.Generator) -> bytes:
    order = b"(K\x03X\x01\x00\x00\x00<NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\x00tb" if rng.random() < 0.7 else b""
    return b"cnumpy\ndtype\n" + _text(rng) + b"\x89\x88\x87R" + order


def _shape(rng: np.random.Generator) -> bytes:
    return b"(" + b"".join(_number(rng) for _ in range(int(rng.integers(5)))) + b"t"


def _array(rng: np.random.Generator) -> bytes:
    data = _data(rng) if rng.random() < 0.6 else _any(rng)
    if rng.random() < 0.5:
        return (
            b"cnumpy._core.numeric\n_frombuffer\n("
            + data
            + _dtype(rng)
            + _shape(rng)
            + _text(rng)
            + _shape(rng)
            + b"tR"
        )
    start = b"cnumpy._core.multiarray\n_reconstruct\ncnumpy\nndarray\nK\x00\x85C\x01b\x87R"
    return start + b"(K\x01" + _shape(rng) + _dtype(rng) + b"\x89" + data + b"tb"


def _sound(values: np.ndarray, shape: bytes) -> bytes:
    data = values.astype("<f4").tobytes()
    buffer = b"B" + len(data).to_bytes(4, "little") + data
    dtype = b"cnumpy\ndtype\nX\x02\x00\x00\x00f4\x89\x88\x87R"
    return b"cnumpy._core.numeric\n_frombuffer\n(" + buffer + dtype + shape + b"X\x01\x00\x00\x00CtR"


def _sound_logits(rng: np.random.Generator) -> bytes:
    return _sound(rng.normal(size=288), b"K\x03K\x18K\x04\x87")


def _sound_labels(rng: np.random.Generator) -> bytes:
    return _sound(np.arange(24) % 4, b"K\x18\x85")


def _tensor(rng: np.random.Generator) -> bytes:
    storage = b"(X\x07\x00\x00\x00storagectorch\nFloatStorage\nX\x01\x00\x00\x000X\x03\x00\x00\x00cpuK\x08tQ"
    marks = bytes(pick(rng, [b"", b"}", b"}X\x03\x00\x00\x00neg\x88s", b"}X\x04\x00\x00\x00conj\x88s", b"N", b"]"]))
    return (
        b"ctorch._utils\n_rebuild_tensor_v2\n("
        + storage
        + _number(rng)
        + _shape(rng)
        + _shape(rng)
        + b"\x89N"
        + marks
        + b"tR"
    )


def _any(rng: np.random.Generator) -> bytes:
    makers = [
        _text,
        _data,
        _name,
        _number,
        _dtype,
        _array,
        _sound_logits,
        _sound_labels,
        _tensor,
        lambda r: bytes(pick(r, LITERALS)),
    ]
    return makers[int(rng.integers(len(makers)))](rng)


def _step(rng: np.random.Generator) -> bytes:
    index = bytes([int(rng.integers(12))])
    steps = [
        b"q" + index,
        b"h" + index,
        b"\x94",
        b"\x85",
        b"\x86",
        b"\x87",
        b"(",
        b"t",
        b"l",
        b"d",
        b"a",
        b"e",
        b"s",
        b"u",
    ]
    steps += [b"b", b"R", b"\x81", b"\x90", b"\x91", b"0", b"1", b"2", b"o", b"\x93", b"Q", b"\x92"]
    steps += [
        b"r" + rng.bytes(4),
        b"j" + index + bytes(3),
        b"p12345678901\n",
        b"ios\nsystem\n",
        b"\x95" + bytes(8),
        b"\x98",
    ]
    return bytes(pick(rng, steps))


def random_pickle(rng: np.random.Generator) -> bytes:
    """A pickle of up to 60 steps, often ending as a tuple of what it built."""
    parts = [b"\x80\x04"] + [b"("] * int(rng.random() < 0.6)
    for _ in range(int(rng.integers(1, 61))):
        parts.append(_any(rng) if rng.random() < 0.6 else _step(rng))
    if rng.random() < 0.3:  # what is read is used as well
        parts[1:1] = [b"(", _sound_logits(rng), _sound_labels(rng), b"("]
        return b"".join([*parts, b"tt."])
    return b"".join([*parts, b"t" * int(rng.random() < 0.6), b"."])
