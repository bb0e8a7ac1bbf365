"""Read pickles that others supply without running anything of theirs.

A pickle names classes and functions and calls them. Here a name gives numeric NumPy arrays, torch's tensors (built as
NumPy arrays, without torch), plain containers, or an inert stub: an empty class of our own that swallows whatever is
done to it. No module is imported and no attribute is looked up on a pickle's behalf. NumPy's own classes are not handed
out either: a dtype's pickled state can claim that bytes are object pointers. Imports numpy.
"""

from __future__ import annotations

import io
import math
import operator
import pickle
import re
from collections import OrderedDict
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO

import numpy as np

from analysis.storage.importers.floats import BFLOAT16

STORAGE_DTYPES = {
    "DoubleStorage": np.dtype("<f8"),
    "FloatStorage": np.dtype("<f4"),
    "HalfStorage": np.dtype("<f2"),
    "BFloat16Storage": BFLOAT16,
    "LongStorage": np.dtype("<i8"),
    "IntStorage": np.dtype("<i4"),
    "ShortStorage": np.dtype("<i2"),
    "CharStorage": np.dtype("i1"),
    "ByteStorage": np.dtype("u1"),
    "BoolStorage": np.dtype("?"),
    "UntypedStorage": np.dtype("u1"),
}
TORCH_DTYPES = {
    "float64": np.dtype("<f8"),
    "float32": np.dtype("<f4"),
    "float16": np.dtype("<f2"),
    "bfloat16": BFLOAT16,
    "int64": np.dtype("<i8"),
    "int32": np.dtype("<i4"),
    "int16": np.dtype("<i2"),
    "int8": np.dtype("i1"),
    "uint8": np.dtype("u1"),
    "bool": np.dtype("?"),
}
_MAGIC = 0x1950A86A20F9469CFC6C
_FAILURES = (pickle.UnpicklingError, EOFError, ValueError, TypeError, KeyError, IndexError, AttributeError, MemoryError)
_FAILURES += (RecursionError, OverflowError, ImportError, UnicodeDecodeError)


class Stub:
    """What stands for an object of a class that is neither an array nor a tensor: it holds nothing and does nothing."""

    def __new__(cls, *args, **kwargs):
        return super().__new__(cls)

    def __init__(self, *args, **kwargs) -> None:
        pass

    def __call__(self, *args, **kwargs) -> Stub:
        return Stub()

    def __setstate__(self, state) -> None:
        pass

    def __setitem__(self, key, value) -> None:
        pass

    def _swallow(self, *args) -> None:
        pass

    append = extend = add = _swallow


_PLAIN_DTYPE = re.compile(r"[<>=|]?(\?|[biufcSU]\d{0,9}|[Mm]8?(\[\d*\w+\])?)")


class _Dtype:
    """A pickled dtype, of which only the kind, the size and the byte order are taken."""

    def __init__(self, code: object) -> None:
        self.code, self.order = str(code), ""

    def __setstate__(self, state: tuple) -> None:
        self.order = state[1] if state[1] in (">", "<") else ""

    @property
    def is_object(self) -> bool:
        return self.code in ("O", "O8", "|O")

    @property
    def is_plain(self) -> bool:
        """Whether it is one plain type: `f4,O` would begin like one, and hold objects."""
        return _PLAIN_DTYPE.fullmatch(self.code) is not None

    def plain(self) -> np.dtype:
        """The dtype.

        Raises
        ------
        ValueError : anything but numbers, truth values, texts and dates
        """
        if not self.is_plain:
            raise ValueError(f"it holds an array of type {self.code!r}")
        return np.dtype(self.order + self.code.lstrip("<>=|"))


class _Array(np.ndarray):
    """A pickled array: its state is taken only where it is plain values or a list; others stay empty."""

    def __setstate__(self, state: tuple) -> None:
        _, shape, dtype, is_fortran, data = state
        shape = tuple(operator.index(length) for length in shape)
        if dtype.is_plain:
            super().__setstate__((1, shape, dtype.plain(), is_fortran, data))
        elif dtype.is_object and isinstance(data, list):
            if min(shape, default=0) < 0 or len(data) != math.prod(shape):  # NumPy reads beyond a list that is shorter
                raise ValueError("an array has a damaged shape")
            super().__setstate__((1, shape, np.dtype(object), is_fortran, data))


class Storage:
    """The bytes that tensors share: a one-dimensional uint8 array, and the dtype that a typed storage gives them."""

    def __init__(self, data: np.ndarray, dtype: np.dtype) -> None:
        self.data, self.dtype = data, dtype

    def tensor(self, offset: int, size, stride, dtype: np.dtype | None = None) -> np.ndarray:
        """The array that begins at element `offset`, of shape `size`, with strides counted in elements."""
        dtype = self.dtype if dtype is None else dtype
        size, stride = tuple(int(n) for n in size), tuple(int(n) for n in stride)
        if len(size) != len(stride) or min((offset, *size, *stride)) < 0:
            raise ValueError("a tensor has a damaged shape")
        if 0 in size:
            return np.zeros(size, dtype)
        last = offset + sum((n - 1) * step for n, step in zip(size, stride))
        elements = self.data[: self.data.nbytes // dtype.itemsize * dtype.itemsize].view(dtype)
        if last >= len(elements):
            raise ValueError("a tensor reaches beyond its storage")
        strides = [step * dtype.itemsize for step in stride]
        return np.lib.stride_tricks.as_strided(elements[offset:], size, strides, writeable=False)


class RestrictedUnpickler(pickle.Unpickler):
    """Builds arrays, tensors, containers and stubs, and nothing else.

    Parameters
    ----------
    file : the pickle
    storage : persistent id of a torch storage -> Storage; None where a pickle may have none
    """

    def __init__(self, file: BinaryIO, storage: Callable[[tuple], Storage] | None = None) -> None:
        super().__init__(file, encoding="latin1")  # Python 2 wrote arrays as text
        self._storage = storage
        self._known = {
            ("collections", "OrderedDict"): OrderedDict,
            ("builtins", "set"): set,
            ("builtins", "frozenset"): frozenset,
            ("builtins", "bytearray"): self._bytearray,
            ("_codecs", "encode"): self._encode,
            ("numpy", "dtype"): self._dtype,
            ("numpy", "ndarray"): Stub,
            ("torch", "Size"): self._size,
            ("torch._utils", "_rebuild_tensor"): self._tensor,
            ("torch._utils", "_rebuild_tensor_v2"): self._tensor,
            ("torch._utils", "_rebuild_tensor_v3"): self._tensor_v3,
            ("torch._utils", "_rebuild_parameter"): self._parameter,
            ("torch._utils", "_rebuild_parameter_with_state"): self._parameter,
            ("torch._tensor", "_rebuild_from_type_v2"): self._subclass,
            ("torch.storage", "_load_from_bytes"): self._storage_from_bytes,
        }
        for package in ("numpy.core", "numpy._core"):
            self._known[f"{package}.multiarray", "_reconstruct"] = self._array
            self._known[f"{package}.multiarray", "scalar"] = self._scalar
            self._known[f"{package}.numeric", "_frombuffer"] = self._array_from_buffer
        for name, dtype in STORAGE_DTYPES.items():
            self._known["torch", name] = self._known["torch.storage", name] = _StorageType(dtype)
        for name, dtype in TORCH_DTYPES.items():
            self._known["torch", name] = _StorageType(dtype)

    def find_class(self, module: str, name: str) -> object:
        """What stands for a name in the pickle: one of the few known here, else a stand-in; nothing is imported."""
        module = {"__builtin__": "builtins", "torch.cuda": "torch"}.get(module, module)
        return self._known.get((module, name)) or type("Stub", (Stub,), {})

    def persistent_load(self, pid: object) -> Storage:
        """The storage of a tensor, which a torch file keeps beside its pickle.

        Raises
        ------
        UnpicklingError : another reference, or a pickle that stands alone
        """
        if self._storage is None or not isinstance(pid, tuple) or len(pid) < 5 or pid[0] != "storage":
            raise pickle.UnpicklingError("it refers to data outside it")
        return self._storage(pid)

    def _bytearray(self, values: object = b"", *encoding: object) -> bytearray:
        return bytearray(values if isinstance(values, (bytes, bytearray)) else b"")

    def _encode(self, text: str, encoding: str = "latin1") -> bytes:
        return str.encode(text, "latin1")

    def _size(self, values: object = ()) -> tuple:
        return tuple(values)

    def _dtype(self, code: object = "", *ignored: object) -> _Dtype:
        return _Dtype(code)

    def _array(self, *ignored: object) -> _Array:
        return np.ndarray.__new__(_Array, (0,), np.uint8)  # its state follows

    def _array_from_buffer(
        self, buffer: object, dtype: _Dtype, shape: tuple, order: str, *ignored: object
    ) -> np.ndarray:
        return np.frombuffer(buffer, dtype.plain()).reshape(shape, order=order)

    def _scalar(self, dtype: _Dtype, data: object = None) -> object:
        data = data.encode("latin1") if isinstance(data, str) else data
        return np.frombuffer(data, dtype.plain())[0] if isinstance(data, (bytes, bytearray)) else data

    def _tensor(self, storage: Storage, offset: int, size: tuple, stride: tuple, *ignored: object) -> np.ndarray:
        return storage.tensor(offset, size, stride)

    def _tensor_v3(
        self, storage: Storage, offset, size, stride, grad, hooks, dtype: _StorageType, *ignored
    ) -> np.ndarray:
        return storage.tensor(offset, size, stride, dtype.dtype)

    def _parameter(self, data: np.ndarray, *ignored: object) -> np.ndarray:
        return data

    def _subclass(self, function: Callable, kind: object, arguments: tuple, *ignored: object) -> object:
        return function(*arguments)

    def _storage_from_bytes(self, data: bytes) -> object:
        buffer = np.frombuffer(data, np.uint8)
        return load_legacy_torch(io.BytesIO(data), lambda start, size: buffer[start : start + size])


class _StorageType:
    """Stands for a torch storage class or dtype: the NumPy dtype of its elements."""

    __slots__ = ("dtype",)

    def __init__(self, dtype: np.dtype) -> None:
        self.dtype = dtype


def storage_dtype(pid: tuple) -> np.dtype:
    """The dtype of a torch storage by its persistent id ('storage', type, key, location, elements, ...)."""
    if not isinstance(pid[1], _StorageType):
        raise pickle.UnpicklingError("it holds tensors of a type that is not supported")
    return pid[1].dtype


def is_legacy_torch(file: BinaryIO) -> bool:
    """Whether a file was written by torch.save before torch 1.6 (or with _use_new_zipfile_serialization=False)."""
    file.seek(0)
    start = file.read(64)
    file.seek(0)
    try:
        return RestrictedUnpickler(io.BytesIO(start)).load() == _MAGIC
    except _FAILURES:
        return False


def load_legacy_torch(file: BinaryIO, data: Callable[[int, int], np.ndarray]) -> object:
    """What torch.save wrote in the form before torch 1.6: four pickles, a list of storages, then their bytes.

    Parameters
    ----------
    file : at its beginning
    data : (first byte, number of bytes) -> uint8 array of that part of the file
    """
    for _ in range(3):  # magic number, protocol, the machine's type sizes
        RestrictedUnpickler(file).load()
    start, dtypes = file.tell(), {}

    def note(pid: tuple) -> Storage:
        """Stands in while the sizes are not known: tensors of it are never looked at."""
        dtypes[pid[2]] = storage_dtype(pid)
        return _Unread()

    RestrictedUnpickler(file, note).load()
    storages, position = {}, None
    for key in RestrictedUnpickler(file).load():
        position = file.tell() if position is None else position
        file.seek(position)
        size = int.from_bytes(file.read(8), "little") * dtypes[key].itemsize
        storages[key] = Storage(data(position + 8, size), dtypes[key])
        position += 8 + size

    def found(pid: tuple) -> Storage:
        whole, view = storages[pid[2]], pid[5] if len(pid) > 5 else None
        return whole if view is None else Storage(whole.data[view[1] * whole.dtype.itemsize :], whole.dtype)

    file.seek(start)
    return RestrictedUnpickler(file, found).load()


class _Unread(Storage):
    def __init__(self) -> None:
        super().__init__(np.empty(0, np.uint8), np.dtype("u1"))

    def tensor(self, *ignored: object) -> np.ndarray:
        return np.empty(0, np.uint8)


def load_pickle(path: Path) -> object:
    """What a pickle, or a file of torch.save's older form, holds: arrays, containers and stubs.

    Raises
    ------
    ValueError : a file that is neither, is cut off, or holds what these cannot express
    """
    with path.open("rb") as file:
        try:
            if is_legacy_torch(file):
                return load_legacy_torch(file, lambda start, size: _mapped(path, start, size))
            return RestrictedUnpickler(file).load()
        except _FAILURES as error:
            reason = str(error).split("\n")[0] or type(error).__name__
    raise ValueError(
        f"{path.name} is no .npz, .npy or .safetensors, and cannot be read as a pickle or torch file ({reason}): "
        "save it again in one of these forms"
    )


def _mapped(path: Path, start: int, size: int) -> np.ndarray:
    if start + size > path.stat().st_size:
        raise EOFError("it is cut off")
    return np.memmap(path, np.uint8, "r", start, size) if size else np.zeros(0, np.uint8)
