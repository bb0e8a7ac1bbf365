"""The stack machine that pickles are written for, each step within limits; what its names mean, a subclass says.

Python's own machine does as it is told: an index of 2**28 takes 4 GB, a state can be set twice while something still
looks at the first, the hash of a key of nested tuples overflows the stack. Here all is plain values, made by this file
or by the subclass: bytes are never changed, and long ones stay in the file. What comes out is a tree: finite, of
bounded depth and size. Imports numpy.
"""

from __future__ import annotations

import codecs
import re
import struct
import tempfile
from pathlib import Path
from types import MethodType

import numpy as np

from analysis.runtime.folders import scratch_folder
from analysis.runtime.whole_files import named_errors
from analysis.storage.chunking import release_pages

ROOM = 768 << 20
"""Bytes of memory that the small values of one file may take, by the estimates below; long ones stay in the file."""

DEEPEST = 100
"""Lists within lists, and tuples and dictionaries."""

MOST_VALUES = 1 << 24
"""Of what is read, with what is shared counted wherever it stands."""

_SHORT = 1024
"""Bytes of a text or bytes that is copied; what is longer stays in the file."""

_LONGEST_NAME = 1000
_LONGEST_NUMBER = 1024
_LONGEST_ESCAPE = 4
_BLOCK = 1 << 20
_PLAIN = {type(None), bool, int, float, str, bytes}
_KEYS = {type(None), bool, float, str, bytes}
_STEP, _MEMO, _VALUE, _CONTAINER, _CALL, _SEEN = 16, 112, 48, 80, 176, 208
_DAMAGE = (IndexError, KeyError, TypeError, ValueError, AttributeError, OverflowError, RecursionError, EOFError)
_DAMAGE += (struct.error, SystemError, ZeroDivisionError)


class Refused(ValueError):
    """Why a pickle is not read, as the end of a sentence."""


class Room:
    """What is left of the memory for small values, shared by all pickles of one file."""

    def __init__(self, size: int = ROOM) -> None:
        self.left = size

    def take(self, size: int) -> None:
        """Use so much of the room.

        Raises
        ------
        Refused : there is not so much left
        """
        self.left -= size
        if self.left < 0:
            raise Refused("it holds millions of small values instead of arrays")


class Inert:
    """What a pickle may build beside plain values and containers."""

    has_state = False
    what = "an object"

    def __repr__(self) -> str:
        return self.what  # also where it is a name, or in one

    def set_state(self, state: object) -> None:
        """What the pickle says about the object; called once."""

    def value(self) -> object:
        """What is read in its place."""
        return self


class Stub(Inert):
    """What stands for what is not read: it swallows what it is given.

    Parameters
    ----------
    what : its class or function, or words such as `a sparse tensor`, for messages
    """

    def __init__(self, what: str = Inert.what) -> None:
        self.what = what


class Span(Inert):
    """A long text or bytes where it stands in the file, as it is written there.

    Parameters
    ----------
    region : uint8 (bytes,)
    codec : `utf-8`, `raw_unicode_escape` or `escape` (Python 2's text, between quotes), or None: the bytes themselves
    """

    _WHOLE_ESCAPES = re.compile(rb"(?:[^\\]++|\\x[0-9a-fA-F]{2}|\\[0-7]{1,3}|\\[^x0-7])*+", re.DOTALL)

    def __init__(self, region: np.ndarray, codec: str | None) -> None:
        self._region, self._codec = region, codec

    def raw(self) -> np.ndarray:
        """The bytes, uint8; those of a text in latin-1, as arrays were written by Python 2 and by old protocols."""
        if self._codec is not None:
            try:
                folder = scratch_folder(len(self._region), Path.cwd())
            except ValueError as error:
                raise Refused(str(error)) from None
            with named_errors(folder), tempfile.TemporaryFile(dir=folder) as file:
                self._write(file)
                file.flush()
                empty = file.tell() == 0
                self._region = np.zeros(0, np.uint8) if empty else np.memmap(file, np.uint8, "r")
            self._codec = None
        return self._region

    def _write(self, file) -> None:
        decoder = None if self._codec == "escape" else codecs.getincrementaldecoder(self._codec)()
        rest = b""
        for start in range(0, len(self._region), _BLOCK):
            block = rest + self._region[start : start + _BLOCK].tobytes()
            is_last = start + _BLOCK >= len(self._region)
            if decoder is None:
                whole = len(block) if is_last else self._WHOLE_ESCAPES.match(block).end()
                block, rest = block[:whole], block[whole:]
                if len(rest) > _LONGEST_ESCAPE:
                    raise Refused("a text is damaged")
                file.write(codecs.escape_decode(block)[0])
            else:
                file.write(decoder.decode(block, is_last).encode("latin1"))
            release_pages(self._region)


class Machine:
    """Reads one pickle.

    Parameters
    ----------
    data : uint8 (bytes,) or bytes, which may go on after the pickle
    start : where the pickle begins
    room : of the file that the pickle is part of
    """

    def __init__(self, data: np.ndarray | bytes, start: int = 0, room: Room | None = None) -> None:
        self._region = np.frombuffer(data, np.uint8) if len(data) else np.zeros(0, np.uint8)
        if isinstance(data, np.ndarray):
            self._region = data
        self._view = memoryview(self._region)
        self.position = start
        self.room = room or Room()
        self._stack: list = []
        self._below: list[list] = []
        self._memo: dict[int, object] = {}

    def find_class(self, module: str, name: str) -> object:
        """What a name means: a bound method, which may be called, or an inert value."""
        raise NotImplementedError

    def persistent_load(self, pid: object) -> object:
        """What an identifier of data outside the pickle means."""
        raise NotImplementedError

    def load(self) -> object:
        """The value: a tree of plain values, lists, tuples, dictionaries, arrays and stubs; `position` is its end.

        Raises
        ------
        Refused : a damaged pickle, or one beyond the limits of this file
        """
        return _Tree(self.room).of(self.build())[0]

    def build(self) -> object:
        """The value before it is looked at as a whole: for a pickle within another, which looks at both."""
        try:
            while (code := self._step()) != _STOP:
                _STEPS[code](self)
            return self._stack.pop()
        except Refused:
            raise
        except _DAMAGE:
            is_cut = self.position >= len(self._view)
            raise Refused("it is cut off" if is_cut else self._damaged_here()) from None

    def _step(self) -> int:
        code = self._view[self.position]
        self.position += 1
        self.room.left -= _STEP
        if self.room.left < 0:
            self.room.take(0)
        return code

    def _damaged_here(self, reason: str = "") -> str:
        return f"it is damaged at byte {self.position}" + (f": {reason}" if reason else "")

    # --- reading ---

    def _take(self, count: int) -> memoryview:
        stop = self.position + count
        if stop > len(self._view):
            raise Refused("it is cut off")
        part = self._view[self.position : stop]
        self.position = stop
        return part

    def _unsigned(self, width: int) -> int:
        return int.from_bytes(self._take(width), "little")

    def _line_end(self) -> int:
        """Where the line ends that begins here."""
        start, size = self.position, 256
        while start < len(self._view):
            found = bytes(self._view[start : start + size]).find(b"\n")
            if found >= 0:
                return start + found
            start, size = start + size, min(2 * size, _BLOCK)
            if size == _BLOCK:
                release_pages(self._region)
        raise Refused("it is cut off")

    def _line(self, limit: int = _LONGEST_NAME) -> str:
        stop = self._line_end()
        if stop - self.position > limit:
            raise Refused(self._damaged_here(f"a name or number has {stop - self.position} letters"))
        line = bytes(self._take(stop - self.position)).decode("utf-8")
        self.position += 1
        return line

    def _text(self, count: int, codec: str) -> str | Span:
        if count > _SHORT:
            return self._span(count, codec)
        self.room.take(_VALUE + 2 * count)
        return codecs.decode(self._take(count), codec, "surrogatepass" if codec == "utf-8" else "strict")

    def _bytes(self, count: int) -> bytes | Span:
        if count > _SHORT:
            return self._span(count, None)
        self.room.take(_VALUE + count)
        return bytes(self._take(count))

    def _span(self, count: int, codec: str | None) -> Span:
        start = self.position
        self._take(count)
        self.room.take(_CALL)
        return Span(self._region[start : start + count], codec)

    def _push(self, value: object) -> None:
        self._stack.append(value)

    def _marked(self) -> list:
        """What lies above the last mark."""
        items, self._stack = self._stack, self._below.pop()
        return items

    # --- steps: numbers and texts ---

    def _number(self, kind: type) -> None:
        self.room.take(_VALUE)
        text = self._line().removesuffix("L")
        self._push({"00": False, "01": True}.get(text) if kind is int and text in ("00", "01") else kind(text))

    def _long(self, width: int) -> None:
        count = self._unsigned(width)
        if count > _LONGEST_NUMBER:
            raise Refused(self._damaged_here(f"a number has {count} bytes"))
        self.room.take(_VALUE + count)
        self._push(int.from_bytes(self._take(count), "little", signed=True))

    def _unpacked(self, form: struct.Struct) -> None:
        self.room.take(_VALUE)
        self._push(form.unpack(self._take(form.size))[0])

    def _quoted(self) -> None:
        """Python 2's text, as its `repr` wrote it."""
        count = self._line_end() - self.position
        quotes = (
            bytes(self._view[self.position : self.position + 1]),
            bytes(self._view[self.position + count - 1 :][:1]),
        )
        if count < 2 or quotes[0] != quotes[1] or quotes[0] not in (b"'", b'"'):
            raise Refused(self._damaged_here())
        self.position += 1
        if count - 2 > _SHORT:
            self._push(self._span(count - 2, "escape"))
        else:
            self.room.take(_VALUE + 2 * count)
            self._push(codecs.escape_decode(bytes(self._take(count - 2)))[0].decode("latin1"))
        self.position += 2  # the quote and the line's end

    def _unicode_line(self) -> None:
        self._push(self._text(self._line_end() - self.position, "raw_unicode_escape"))
        self.position += 1

    def _frame(self) -> None:
        self._take(8)

    def _protocol(self) -> None:
        if (version := self._unsigned(1)) > 5:
            raise Refused(f"it is a pickle of protocol {version}, and 5 is the newest that is known")

    # --- steps: the stack and the memo ---

    def _mark(self) -> None:
        self.room.take(_CONTAINER)
        self._below.append(self._stack)
        self._stack = []

    def _pop(self) -> None:
        if self._stack:
            self._stack.pop()
        else:
            self._marked()

    def _put(self, key: int) -> None:
        self.room.take(_MEMO)
        self._memo[key] = self._stack[-1]

    def _get(self, key: int) -> None:
        self._push(self._memo[key])

    # --- steps: containers ---

    def _container(self, make: type) -> None:
        self.room.take(_CONTAINER)
        self._push(make())

    def _tuple(self, count: int) -> None:
        self.room.take(_CONTAINER)
        if len(self._stack) < count:
            raise Refused(self._damaged_here())
        self._stack[-count:] = [tuple(self._stack[-count:])]

    def _marked_container(self, make: type) -> None:
        self.room.take(_CONTAINER)
        items = self._marked()
        self._push(make(items) if make is not dict else self.dictionary(items[::2], items[1::2]))

    def dictionary(self, keys: list, values: list) -> dict:
        """A dictionary of plain keys; any other key becomes a stub, since the hash of what is nested may never end."""
        if len(keys) != len(values):
            raise Refused(self._damaged_here())
        made: dict = {}
        self._set(made, keys, values)
        return made

    def _set(self, target: object, keys: list, values: list) -> None:
        self.room.take(_MEMO * len(keys))
        if isinstance(target, Stub):
            return
        if not isinstance(target, dict) or len(keys) != len(values):
            raise Refused(self._damaged_here("it sets an item of what is no dictionary"))
        for key, value in zip(keys, values):
            is_plain = type(key) in _KEYS or (type(key) is int and abs(key) < 1 << 60)  # longer ones share their hashes
            target[key if is_plain else Stub()] = value

    def _set_items(self) -> None:
        items = self._marked()
        self._set(self._stack[-1], items[::2], items[1::2])

    def _set_item(self) -> None:
        value, key = self._stack.pop(), self._stack.pop()
        self._set(self._stack[-1], [key], [value])

    def _append(self, items: list) -> None:
        target = self._stack[-1]
        if isinstance(target, list):
            target.extend(items)
        elif not isinstance(target, Stub):
            raise Refused(self._damaged_here("it lengthens what is no list"))

    # --- steps: objects ---

    def _named(self, module: object, name: object) -> None:
        if not isinstance(module, str) or not isinstance(name, str):
            raise Refused(self._damaged_here("the name of a class is no text"))
        self.room.take(_CALL)
        self._push(self.find_class(module, name))

    def _stack_named(self) -> None:
        name, module = self._stack.pop(), self._stack.pop()
        self._named(module, name)

    def _call(self, function: object, arguments: object) -> None:
        self.room.take(_CALL)
        if not isinstance(arguments, (tuple, list)):
            raise Refused(self._damaged_here("it calls without arguments"))
        if isinstance(function, MethodType):
            self._push(function(*arguments))
        else:
            self._push(Stub(function.what) if isinstance(function, Stub) else Stub())

    def _reduce(self) -> None:
        arguments, function = self._stack.pop(), self._stack.pop()
        self._call(function, arguments)

    def _new_with_names(self) -> None:
        self._stack.pop()
        self._reduce()

    def _instance(self) -> None:
        module, name = self._line(), self._line()
        self._call(self.find_class(module, name), self._marked())

    def _object(self) -> None:
        items = self._marked()
        self._call(items[0], items[1:])

    def _build(self) -> None:
        state = self._stack.pop()
        target = self._stack[-1]
        if isinstance(target, Inert):
            if target.has_state:
                raise Refused(self._damaged_here("it sets the state of an object twice"))
            target.has_state = True
            target.set_state(state)

    def _persistent(self, pid: object) -> None:
        self.room.take(_CALL)
        self._push(self.persistent_load(pid))

    def _unknown(self) -> None:
        raise Refused(self._damaged_here("no pickle holds the byte before"))

    def _elsewhere(self) -> None:
        raise Refused("it refers to data outside it")


def _steps() -> list:
    """For each byte what is done."""
    number = Machine._number
    steps = {
        b"(": Machine._mark,
        b"0": Machine._pop,
        b"1": lambda m: m._marked(),
        b"2": lambda m: m._push(m._stack[-1]),
        b"F": lambda m: number(m, float),
        b"I": lambda m: number(m, int),
        b"L": lambda m: number(m, int),
        b"J": lambda m: m._unpacked(_INT32),
        b"K": lambda m: m._push(m._unsigned(1)),
        b"M": lambda m: m._push(m._unsigned(2)),
        b"G": lambda m: m._unpacked(_FLOAT64),
        b"N": lambda m: m._push(None),
        b"P": lambda m: m._persistent(m._line()),
        b"Q": lambda m: m._persistent(m._stack.pop()),
        b"R": Machine._reduce,
        b"S": Machine._quoted,
        b"T": lambda m: m._push(m._text(m._unsigned(4), "latin1")),
        b"U": lambda m: m._push(m._text(m._unsigned(1), "latin1")),
        b"V": Machine._unicode_line,
        b"X": lambda m: m._push(m._text(m._unsigned(4), "utf-8")),
        b"a": lambda m: m._append([m._stack.pop()]),
        b"b": Machine._build,
        b"c": lambda m: m._named(m._line(), m._line()),
        b"d": lambda m: m._marked_container(dict),
        b"}": lambda m: m._container(dict),
        b"e": lambda m: m._append(m._marked()),
        b"g": lambda m: m._get(int(m._line())),
        b"h": lambda m: m._get(m._unsigned(1)),
        b"i": Machine._instance,
        b"j": lambda m: m._get(m._unsigned(4)),
        b"l": lambda m: m._marked_container(list),
        b"]": lambda m: m._container(list),
        b"o": Machine._object,
        b"p": lambda m: m._put(int(m._line())),
        b"q": lambda m: m._put(m._unsigned(1)),
        b"r": lambda m: m._put(m._unsigned(4)),
        b"s": Machine._set_item,
        b"t": lambda m: m._marked_container(tuple),
        b")": lambda m: m._push(()),
        b"u": Machine._set_items,
        b"B": lambda m: m._push(m._bytes(m._unsigned(4))),
        b"C": lambda m: m._push(m._bytes(m._unsigned(1))),
        b"\x80": Machine._protocol,
        b"\x81": Machine._reduce,
        b"\x82": Machine._elsewhere,
        b"\x83": Machine._elsewhere,
        b"\x84": Machine._elsewhere,
        b"\x85": lambda m: m._tuple(1),
        b"\x86": lambda m: m._tuple(2),
        b"\x87": lambda m: m._tuple(3),
        b"\x88": lambda m: m._push(True),
        b"\x89": lambda m: m._push(False),
        b"\x8a": lambda m: m._long(1),
        b"\x8b": lambda m: m._long(4),
        b"\x8c": lambda m: m._push(m._text(m._unsigned(1), "utf-8")),
        b"\x8d": lambda m: m._push(m._text(m._unsigned(8), "utf-8")),
        b"\x8e": lambda m: m._push(m._bytes(m._unsigned(8))),
        b"\x8f": lambda m: m._container(Stub),  # a set: nothing that is read from files looks into one
        b"\x90": lambda m: m._append(m._marked()),
        b"\x91": lambda m: (m._marked(), m._container(Stub)),
        b"\x92": Machine._new_with_names,
        b"\x93": Machine._stack_named,
        b"\x94": lambda m: m._put(len(m._memo)),
        b"\x95": Machine._frame,
        b"\x96": lambda m: m._push(m._bytes(m._unsigned(8))),
        b"\x97": Machine._elsewhere,
        b"\x98": lambda m: None,
    }
    return [steps.get(bytes([code]), Machine._unknown) for code in range(256)]


_INT32, _FLOAT64 = struct.Struct("<i"), struct.Struct(">d")
_STEPS = _steps()
_STOP = ord(".")


class Objects:
    """An array of objects that is still to be made: its items are whatever else the pickle builds.

    Parameters
    ----------
    items : list with one item for each place, the last axis fastest
    shape : of the array
    """

    def __init__(self, items: list, shape: tuple[int, ...]) -> None:
        self.items, self._shape = items, shape

    def array(self, items: list) -> np.ndarray:
        """The array of these items."""
        flat = np.empty(len(items), object)
        for place, item in enumerate(items):  # NumPy would spread a list over several places
            flat[place] = item
        return flat.reshape(self._shape)


class _Tree:
    """Turns what was built into a tree, with what stubs stand for in their place: the one look at the whole."""

    _OPEN = object()

    def __init__(self, room: Room) -> None:
        self._room = room
        self._seen: dict[int, tuple] = {}

    def of(self, value: object, depth: int = 0) -> tuple[object, int, int]:
        """The value in its place, how many containers deep it is, and how many values it stands for.

        Raises
        ------
        Refused : a list in itself, containers nested too deeply, or shared so often that they stand for too many values
        """
        if isinstance(value, Inert):
            value = value.value()
        if type(value) in _PLAIN or isinstance(value, (np.ndarray, np.generic, Stub)):
            return value, 0, 1
        if type(value) not in (list, tuple, dict, Objects):
            return Stub(), 0, 1
        seen = self._seen.get(id(value))
        if seen is None:
            if depth >= DEEPEST:
                raise Refused(f"it nests lists more than {DEEPEST} deep")
            self._room.take(_SEEN)
            self._seen[id(value)] = (self._OPEN, 0, 0, value)
            seen = self._seen[id(value)] = (*self._inside(value, depth), value)  # kept, lest its id is used again
        made, height, count, _ = seen
        if made is self._OPEN:
            raise Refused("it holds a list within itself")
        if depth + height > DEEPEST:
            raise Refused(f"it nests lists more than {DEEPEST} deep")
        return made, height, count

    def _inside(self, value: list | tuple | dict | Objects, depth: int) -> tuple[object, int, int]:
        items = value.items if isinstance(value, Objects) else value
        made = items if isinstance(items, dict) else list(items)
        height, count = 0, 1
        for place, item in made.items() if isinstance(made, dict) else enumerate(made):
            if type(item) in _PLAIN:
                count += 1
                continue
            made[place], its_height, its_count = self.of(item, depth + 1)
            height, count = max(height, its_height), count + its_count
        if count > MOST_VALUES:
            raise Refused(f"it repeats lists within lists until they hold more than {MOST_VALUES:,} values")
        if isinstance(value, Objects):
            made = value.array(made)
        return tuple(made) if isinstance(value, tuple) else made, height + 1, count
