"""Read pickles that others supply without running anything of theirs.

A pickle names classes and functions and calls them. Here a name gives numeric NumPy arrays, torch's tensors (built as
NumPy arrays, without torch), plain containers, or an inert stub, which swallows whatever is done to it. No module is
imported and no attribute is looked up on a pickle's behalf. NumPy's own classes are not handed out either: a dtype's
pickled state can claim that bytes are object pointers. The machine below is ours too (`opcodes.py`): arrays look at
bytes that nothing changes, in the file itself where they are long. Imports numpy.
"""

from __future__ import annotations

import math
import operator
import re
from collections.abc import Callable
from pathlib import Path
from types import MethodType

import numpy as np

from analysis.storage.importers.floats import NAMED, negated
from analysis.storage.importers.opcodes import Inert, Machine, Objects, Refused, Room, Span, Stub

STORAGE_DTYPES = {
    "DoubleStorage": np.dtype("<f8"),
    "FloatStorage": np.dtype("<f4"),
    "HalfStorage": np.dtype("<f2"),
    "BFloat16Storage": NAMED["bfloat16"],
    "LongStorage": np.dtype("<i8"),
    "IntStorage": np.dtype("<i4"),
    "ShortStorage": np.dtype("<i2"),
    "CharStorage": np.dtype("i1"),
    "ByteStorage": np.dtype("u1"),
    "BoolStorage": np.dtype("?"),
    "UntypedStorage": np.dtype("u1"),
    "ComplexFloatStorage": np.dtype("<c8"),
    "ComplexDoubleStorage": np.dtype("<c16"),
    "QInt8Storage": np.dtype("i1"),
    "QUInt8Storage": np.dtype("u1"),
    "QInt32Storage": np.dtype("<i4"),
}
TORCH_DTYPES = {
    "float64": np.dtype("<f8"),
    "float32": np.dtype("<f4"),
    "float16": np.dtype("<f2"),
    "complex64": np.dtype("<c8"),
    "complex128": np.dtype("<c16"),
    "uint64": np.dtype("<u8"),
    "uint32": np.dtype("<u4"),
    "uint16": np.dtype("<u2"),
    "int64": np.dtype("<i8"),
    "int32": np.dtype("<i4"),
    "int16": np.dtype("<i2"),
    "int8": np.dtype("i1"),
    "uint8": np.dtype("u1"),
    "bool": np.dtype("?"),
    **NAMED,
}
_RECORDS = {
    ("argparse", "Namespace"): (),
    ("types", "SimpleNamespace"): (),
    ("transformers.trainer_utils", "PredictionOutput"): ("predictions", "label_ids", "metrics"),
    ("transformers.trainer_utils", "EvalLoopOutput"): ("predictions", "label_ids", "metrics", "num_samples"),
    ("transformers.trainer_utils", "EvalPrediction"): ("predictions", "label_ids", "inputs"),
}
"""Classes whose objects are read as dictionaries -> the names of what they are made of."""
_UNREAD = {
    ("torch._utils", "_rebuild_sparse_tensor"): "a sparse tensor",
    ("torch._utils", "_rebuild_qtensor"): "a quantized tensor",
    ("torch._utils", "_rebuild_nested_tensor"): "a nested tensor",
    ("torch._utils", "_rebuild_meta_tensor_no_storage"): "a meta tensor, which has no values",
    ("numpy.ma.core", "_mareconstruct"): "a masked array",
    ("numpy.ma", "_mareconstruct"): "a masked array",
}
"""Names that make what is no array of numbers -> what that is."""
_MAGIC = 0x1950A86A20F9469CFC6C
_STRUCTURED = "an array of several types, or of one that is not plain"
_MOST_AXES = 64
_MOST_REPEATED = 10_000_000
"""Numbers that a tensor may show by repeating fewer: labels or one exit, expanded."""

_PLAIN_DTYPE = re.compile(r"[<>=|]?(\?|[biufcSU]\d{0,9}|[Mm]8?(\[\d*\w+\])?)")


class _Dtype(Inert):
    """A pickled dtype, of which only the kind, the size and the byte order are taken."""

    def __init__(self, code: object) -> None:
        self.code, self.order = code if isinstance(code, str) else "", ""
        self._named = NAMED.get(code.what.removeprefix("ml_dtypes.")) if isinstance(code, Stub) else None

    def set_state(self, state: object) -> None:
        self.order = state[1] if state[1] in (">", "<") else ""

    @property
    def is_object(self) -> bool:
        return self.code in ("O", "O8", "|O")

    @property
    def is_plain(self) -> bool:
        """Whether it is one plain type: `f4,O` would begin like one, and hold objects."""
        return self._named is not None or _PLAIN_DTYPE.fullmatch(self.code) is not None

    def plain(self) -> np.dtype:
        """The dtype.

        Raises
        ------
        Refused : anything but numbers, truth values, texts and dates
        """
        if not self.is_plain:
            raise Refused(f"it holds an array of type {self.code[:40]!r}")
        return np.dtype(self.order + self.code.lstrip("<>=|")) if self._named is None else self._named


def _raw(data: object) -> np.ndarray:
    """Pickled bytes as uint8; in old pickles they are a text."""
    if isinstance(data, Span):
        return data.raw()
    if isinstance(data, str):
        data = data.encode("latin1")
    if not isinstance(data, bytes):
        raise Refused("an array is made of what is no bytes")
    return np.frombuffer(data, np.uint8)


def _checked_shape(shape: object) -> tuple[int, ...]:
    lengths = tuple(operator.index(length) for length in shape)
    if len(lengths) > _MOST_AXES or not all(0 <= length < 1 << 62 for length in lengths):
        raise Refused("an array has a damaged shape")
    return lengths


def _array_of(data: object, dtype: np.dtype, shape: object, order: str) -> np.ndarray:
    """The array (of `shape`) that looks at pickled bytes, which must be as many as it needs."""
    raw, shape = _raw(data), _checked_shape(shape)
    if dtype.itemsize == 0 or math.prod(shape) * dtype.itemsize != raw.nbytes:
        raise Refused("an array has a damaged shape")
    if raw.nbytes == 0:
        return np.zeros(shape, dtype)
    if dtype.kind == "U" and raw.view(dtype.str[0] + "u4").max() > 0x10FFFF:
        raise Refused("a text holds what is no character")
    return np.ndarray(shape, dtype, raw, order=order)


class _Array(Inert):
    """A pickled array: its state is taken only where it is plain values or a list."""

    def __init__(self) -> None:
        self._value: object = np.empty(0, np.uint8)

    def set_state(self, state: object) -> None:
        _, shape, dtype, is_fortran, data = state
        if dtype.is_plain:
            self._value = _array_of(data, dtype.plain(), shape, "F" if is_fortran else "C")
        elif dtype.is_object and isinstance(data, list):
            shape = _checked_shape(shape)
            if len(data) != math.prod(shape):
                raise Refused("an array has a damaged shape")
            self._value = Objects(data, shape)
        else:
            self._value = Stub(_STRUCTURED)

    def value(self) -> object:
        return self._value


class _Record(Inert):
    """An object that is read as the dictionary of its attributes."""

    def __init__(self, items: dict) -> None:
        self._items = items

    def set_state(self, state: object) -> None:
        if isinstance(state, dict):
            self._items = state

    def value(self) -> dict:
        return self._items


class _RecordType:
    """A class whose objects are read as dictionaries, with the names of what they are made of, in order."""

    def __init__(self, names: tuple[str, ...]) -> None:
        self._names = names

    def make(self, *values: object) -> _Record:
        return _Record(dict(zip(self._names, values)))


class Storage:
    """The bytes that tensors share: a one-dimensional uint8 array, and the dtype that a typed storage gives them."""

    def __init__(self, data: np.ndarray, dtype: np.dtype) -> None:
        self.data, self.dtype = data, dtype

    def tensor(self, offset: int, size, stride, dtype: np.dtype | None = None) -> np.ndarray:
        """The array that begins at element `offset`, of shape `size`, with strides counted in elements."""
        dtype = self.dtype if dtype is None else dtype
        size, stride = _checked_shape(size), _checked_shape(stride)
        if len(size) != len(stride) or offset < 0:
            raise Refused("a tensor has a damaged shape")
        if 0 in size:
            return np.zeros(size, dtype)
        last = offset + sum((n - 1) * step for n, step in zip(size, stride))
        elements = self.data[: self.data.nbytes // dtype.itemsize * dtype.itemsize].view(dtype)
        if last >= len(elements):
            raise Refused("a tensor reaches beyond its storage")
        if math.prod(size) > max(_MOST_REPEATED, 100 * len(elements)):
            raise Refused(f"a tensor of shape {size} repeats {len(elements)} numbers")
        strides = [step * dtype.itemsize for step in stride]
        return np.lib.stride_tricks.as_strided(elements[offset:], size, strides, writeable=False)


class RestrictedUnpickler(Machine):
    """Builds arrays, tensors, containers and stubs, and nothing else.

    Parameters
    ----------
    data : uint8 (bytes,) or bytes, which may go on after the pickle
    storage : persistent id of a torch storage -> Storage; None where a pickle may have none
    start : where the pickle begins
    room : of the file that the pickle is part of
    is_nested : whether it stands in another pickle, so that none may stand in it
    """

    def __init__(
        self,
        data: np.ndarray | bytes,
        storage: Callable[[tuple], Storage] | None = None,
        *,
        start: int = 0,
        room: Room | None = None,
        is_nested: bool = False,
    ) -> None:
        super().__init__(data, start, room)
        self._storage = storage
        self._is_nested = is_nested
        self._known = {
            ("collections", "OrderedDict"): self._dictionary,
            ("collections", "defaultdict"): self._default_dictionary,
            ("builtins", "bytes"): self._bytes_of,
            ("builtins", "bytearray"): self._bytes_of,
            ("_codecs", "encode"): self._encode,
            ("numpy", "dtype"): self._dtype,
            ("torch", "Size"): self._size,
            ("torch._utils", "_rebuild_tensor"): self._tensor,
            ("torch._utils", "_rebuild_tensor_v2"): self._tensor,
            ("torch._utils", "_rebuild_tensor_v3"): self._tensor_v3,
            ("torch._utils", "_rebuild_parameter"): self._parameter,
            ("torch._utils", "_rebuild_parameter_with_state"): self._parameter,
            ("torch._utils", "_rebuild_device_tensor_from_numpy"): self._parameter,
            ("torch._utils", "_rebuild_device_tensor_from_cpu_tensor"): self._parameter,
            ("torch._utils", "_rebuild_xla_tensor"): self._parameter,
            ("torch._tensor", "_rebuild_from_type_v2"): self._subclass,
            ("torch.storage", "_load_from_bytes"): self._storage_from_bytes,
        }
        for package in ("numpy.core", "numpy._core"):
            for module in ("multiarray", "_multiarray_umath"):  # the latter in NumPy 1.16.0
                self._known[f"{package}.{module}", "_reconstruct"] = self._array
                self._known[f"{package}.{module}", "scalar"] = self._scalar
            self._known[f"{package}.numeric", "_frombuffer"] = self._array_from_buffer
        for name, dtype in STORAGE_DTYPES.items():
            self._known["torch", name] = self._known["torch.storage", name] = _StorageType(dtype)
        for name, dtype in TORCH_DTYPES.items():
            self._known["torch", name] = _StorageType(dtype)
        for names, fields in _RECORDS.items():
            self._known[names] = _RecordType(fields).make

    def find_class(self, module: str, name: str) -> object:
        """What stands for a name in the pickle: one of the few known here, else a stand-in; nothing is imported."""
        module = {"__builtin__": "builtins", "torch.cuda": "torch"}.get(module, module)
        if module.startswith("joblib.numpy_pickle"):
            raise Refused("joblib wrote it, and only joblib reads it: joblib.load it, and numpy.savez what it holds")
        known = self._known.get((module, name))
        return Stub(_UNREAD.get((module, name)) or f"{module}.{name}"[:100]) if known is None else known

    def persistent_load(self, pid: object) -> Storage | Stub:
        """The storage of a tensor, which a torch file keeps beside its pickle; or a network's class with its source.

        Raises
        ------
        Refused : another reference, or a pickle that stands alone
        """
        if self._storage is not None and isinstance(pid, tuple) and pid[:1] == ("module",) and len(pid) > 1:
            return pid[1] if isinstance(pid[1], Stub) else Stub()
        if self._storage is None or not isinstance(pid, tuple) or len(pid) < 5 or pid[0] != "storage":
            raise Refused("it refers to data outside it")
        if not isinstance(pid[2], str):
            raise Refused("a storage has a damaged name")
        return self._storage(pid)

    def _dictionary(self, items: object = ()) -> dict:
        pairs = [tuple(pair) for pair in items]
        return self.dictionary([key for key, _ in pairs], [value for _, value in pairs])

    def _default_dictionary(self, factory: object = None, items: object = ()) -> dict:
        return self._dictionary(items)

    def _bytes_of(self, data: object = b"", *encoding: object) -> object:
        return data if isinstance(data, (bytes, Span)) else self._encode(data)

    def _encode(self, text: object, encoding: object = "latin1") -> object:
        return text if isinstance(text, Span) else str.encode(text, "latin1")

    def _size(self, values: object = ()) -> tuple:
        return tuple(values)

    def _dtype(self, code: object = "", *ignored: object) -> _Dtype:
        return _Dtype(code)

    def _array(self, *ignored: object) -> _Array:
        return _Array()  # its state follows

    def _array_from_buffer(
        self, buffer: object, dtype: _Dtype, shape: tuple, order: str, axis_order: tuple | None = None
    ) -> np.ndarray | Stub:
        if not dtype.is_plain:
            return Stub(_STRUCTURED)
        if order == "K" and axis_order is not None:  # the array as its bytes lie, then turned
            return _array_of(buffer, dtype.plain(), shape, "C").transpose(axis_order)
        return _array_of(buffer, dtype.plain(), shape, order)

    def _scalar(self, dtype: _Dtype, data: object = None) -> object:
        if isinstance(data, (bytes, str, Span)):
            return _array_of(data, dtype.plain(), (), "C")[()] if dtype.is_plain else Stub(_STRUCTURED)
        return data

    def _tensor(
        self, storage: Storage, offset, size, stride, grad: object = None, hooks: object = None, marks: object = None
    ) -> object:
        return _turned(storage.tensor(offset, size, stride), marks)

    def _tensor_v3(
        self, storage: Storage, offset, size, stride, grad, hooks, dtype: _StorageType | Stub, marks: object = None
    ) -> object:
        if isinstance(dtype, Stub):
            return Stub(f"a tensor of {dtype.what}")
        return _turned(storage.tensor(offset, size, stride, dtype.dtype), marks)

    def _parameter(self, data: object, *ignored: object) -> object:
        return data

    def _subclass(self, function: Callable, kind: object, arguments: tuple, *ignored: object) -> object:
        if not isinstance(function, MethodType) or function == self._subclass:
            return Stub()
        return function(*arguments)

    def _storage_from_bytes(self, data: object) -> object:
        if self._is_nested:
            raise Refused("it holds torch files within torch files")
        return load_legacy_torch(_raw(data), self.room, is_nested=True)


def _turned(tensor: np.ndarray, marks: object) -> object:
    """A tensor as its marks say it is seen: a view may be negated, or conjugate, with the bytes as they were."""
    marks = marks if isinstance(marks, dict) else {}
    if marks.get("conj"):
        return Stub("a conjugate view of complex numbers")
    if not marks.get("neg"):
        return tensor
    turned = negated(tensor)
    return Stub(f"a negated view of {tensor.dtype}") if turned is None else turned


class _StorageType:
    """Stands for a torch storage class or dtype: the NumPy dtype of its elements."""

    __slots__ = ("dtype",)

    def __init__(self, dtype: np.dtype) -> None:
        self.dtype = dtype


def storage_dtype(pid: tuple) -> np.dtype:
    """The dtype of a torch storage by its persistent id ('storage', type, key, location, elements, ...)."""
    if not isinstance(pid[1], _StorageType):
        raise Refused("it holds tensors of a type that is not supported")
    return pid[1].dtype


def is_legacy_torch(data: np.ndarray) -> bool:
    """Whether a file was written by torch.save before torch 1.6 (or with _use_new_zipfile_serialization=False)."""
    try:
        first = RestrictedUnpickler(data[:64]).load()
    except Refused:
        return False
    return type(first) is int and first == _MAGIC


def load_legacy_torch(data: np.ndarray, room: Room, is_nested: bool = False) -> object:
    """What torch.save wrote in the form before torch 1.6: four pickles, a list of storages, then their bytes.

    Parameters
    ----------
    data : uint8 (bytes,), the file
    room : of the file that this is, or is part of
    is_nested : whether it stands in a pickle, which looks at what is built
    """
    position = 0

    def unpickler(storage: Callable[[tuple], Storage] | None = None) -> RestrictedUnpickler:
        return RestrictedUnpickler(data, storage, start=position, room=room, is_nested=is_nested)

    for _ in range(3):  # magic number, protocol, the machine's type sizes
        (part := unpickler()).load()
        position = part.position
    start, dtypes = position, {}

    def note(pid: tuple) -> Storage:
        """Stands in while the sizes are not known: tensors of it are never looked at."""
        dtypes[pid[2]] = storage_dtype(pid)
        return _Unread()

    (part := unpickler(note)).build()
    position = part.position
    keys = (part := unpickler()).load()
    position, storages = part.position, {}
    for key in keys if isinstance(keys, list) else [None]:
        dtype = dtypes[key] if isinstance(key, str) and key in dtypes else None
        if dtype is None:
            raise Refused("its list of storages is damaged")
        size = int.from_bytes(data[position : position + 8].tobytes(), "little") * dtype.itemsize
        if position + 8 + size > len(data):
            raise Refused("it is cut off")
        storages[key] = Storage(data[position + 8 : position + 8 + size], dtype)
        position += 8 + size

    def found(pid: tuple) -> Storage:
        whole, view = storages[pid[2]], pid[5] if len(pid) > 5 else None
        if view is None:
            return whole
        first = operator.index(view[1])
        if first < 0:
            raise Refused("a tensor reaches beyond its storage")
        return Storage(whole.data[first * whole.dtype.itemsize :], whole.dtype)

    position = start
    part = unpickler(found)
    return part.build() if is_nested else part.load()


class _Unread(Storage):
    def __init__(self) -> None:
        super().__init__(np.empty(0, np.uint8), np.dtype("u1"))

    def tensor(self, *ignored: object) -> np.ndarray:
        return np.empty(0, np.uint8)


def load_pickle(path: Path) -> object:
    """What a pickle, or a file of torch.save's older form, holds: arrays, containers and stubs.

    Long arrays stay in the file.

    Raises
    ------
    ValueError : a file that is neither, is cut off, or holds what these cannot express
    """
    data, room = np.memmap(path, np.uint8, "r"), Room()
    try:
        return load_legacy_torch(data, room) if is_legacy_torch(data) else RestrictedUnpickler(data, room=room).load()
    except Refused as error:
        raise ValueError(
            f"{path.name} is no .npz, .npy or .safetensors, and cannot be read as a pickle or torch file ({error}): "
            "save it again in one of these forms"
        ) from None
