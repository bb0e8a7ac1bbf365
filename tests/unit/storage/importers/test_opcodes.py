"""The machine that reads pickles: Python's own is its reference, and nothing grows beyond its limits."""

import collections
import pickle
import struct

import numpy as np
import pytest

from analysis.storage.importers.opcodes import DEEPEST, Machine, Refused, Room, Span, Stub
from analysis.storage.importers.unpickling import RestrictedUnpickler

VALUES = [
    None,
    [True, False, 0, 1, 255, 256, -1, 65536, 2**31, -(2**31), 2**63, 2**200, -(2**200)],
    [0.0, -0.0, 1e308, -1e-308, float("inf")],
    ["", "x", "é", "\ud800", "line\nbreak", "\\", "'quoted\"", "\u202e", "long" * 250],
    [b"", b"x", bytes(range(256)), bytes(100)],
    [(), (1,), (1, 2), (1, 2, 3), (1, 2, 3, 4), [[], [1, [2, [3]]]]],
    {"a": 1, "b": [1, 2], 3: "c", None: 0, 1.5: (), b"k": {}},
    collections.OrderedDict([("b", 1), ("a", 2)]),
    list(range(3000)),
    {str(i): i for i in range(3000)},
]


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
@pytest.mark.parametrize("value", VALUES, ids=range(len(VALUES)))
def test_plain_values_are_read_as_python_reads_them(value, protocol):
    data = pickle.dumps(value, protocol)
    read = RestrictedUnpickler(data).load()
    assert read == value
    assert repr(read) == repr(dict(value) if isinstance(value, dict) else value)


def test_what_python_2_wrote_is_read():
    assert RestrictedUnpickler(b"(lp0\nI01\naI00\naL5L\naS'a\\x00\\xe9\\'\\n'\np1\nag1\na.").load() == [
        True,
        False,
        5,
        "a\0é'\n",
        "a\0é'\n",
    ]
    assert RestrictedUnpickler(b"\x80\x02]q\x00(U\x02\xe9\x00T\x03\x00\x00\x00abce.").load() == ["é\0", "abc"]
    assert RestrictedUnpickler(b"(dp0\nS'k'\np1\n(I1\nI2\ntp2\ns.").load() == {"k": (1, 2)}


def test_what_is_shared_stays_shared():
    shared = [1, 2]
    first, second = RestrictedUnpickler(pickle.dumps([shared, shared])).load()
    assert first is second


def test_the_position_is_the_end_of_the_pickle():
    data = pickle.dumps("first", 2) + pickle.dumps("second", 5)
    first = RestrictedUnpickler(data)
    assert first.load() == "first"
    assert RestrictedUnpickler(data, start=first.position).load() == "second"


def nested(depth: int) -> bytes:
    return b"\x80\x02" + b"]" * (depth + 1) + b"a" * depth + b"."


def test_lists_are_nested_as_deep_as_that_and_not_deeper():
    RestrictedUnpickler(nested(DEEPEST - 1)).load()
    for depth in (DEEPEST, 1_000_000):
        with pytest.raises(Refused, match=f"it nests lists more than {DEEPEST} deep"):
            RestrictedUnpickler(nested(depth)).load()


def test_depth_counts_where_a_shared_list_stands_deepest():
    half = b"]" * 60 + b"a" * 59 + b"q\x00"
    with pytest.raises(Refused, match=f"more than {DEEPEST} deep"):
        RestrictedUnpickler(b"\x80\x02(" + half + b"]" * 60 + b"h\x00" + b"a" * 60 + b"t.").load()


@pytest.mark.parametrize(
    "payload",
    [
        b"\x80\x02]q\x00h\x00a.",
        b"\x80\x02]q\x00(h\x00ta.",
        b"\x80\x02}q\x00X\x01\x00\x00\x00ah\x00s.",
        b"\x80\x02]q\x00]q\x01h\x00ah\x01a.",
    ],
)
def test_what_holds_itself_is_refused(payload):
    with pytest.raises(Refused, match="it holds a list within itself"):
        RestrictedUnpickler(payload).load()


@pytest.mark.parametrize(("start", "link"), [(b"](K\x01K\x01e", b"](h%bh%be"), (b"(K\x01K\x01t", b"h%bh%b\x86")])
def test_what_is_shared_is_counted_wherever_it_stands(start, link):
    def doubled(times: int) -> bytes:
        links = b"".join(link % (bytes([i]), bytes([i])) + b"q" + bytes([i + 1]) for i in range(times))
        return b"\x80\x02" + start + b"q\x00" + links + b"."

    RestrictedUnpickler(doubled(10)).load()
    with pytest.raises(Refused, match="it repeats lists within lists until they hold more than 16,777,216 values"):
        RestrictedUnpickler(doubled(60)).load()


def test_the_key_of_an_item_is_plain_or_a_stub():
    """The hash of a million nested tuples would overflow the stack; whole numbers beyond 2**61 share their hashes."""
    key = b")" + b"\x85" * 1_000_000
    read = RestrictedUnpickler(b"\x80\x02}" + key + b"K\x01s.").load()
    assert list(read.values()) == [1]
    assert isinstance(next(iter(read)), Stub)
    keys = [k * (2**61 - 1) for k in range(1, 30_000)]
    assert len(RestrictedUnpickler(pickle.dumps(dict.fromkeys(keys, 0))).load()) == len(keys)
    assert len(RestrictedUnpickler(pickle.dumps({frozenset([1]): 2, (1, 2): 3})).load()) == 2


@pytest.mark.parametrize("index", [b"r\xff\xff\xff\x0f", b"p99999999999999999\n", b"p-1\n"])
def test_an_index_takes_no_memory(index):
    assert RestrictedUnpickler(b"\x80\x02N" + index + b".").load() is None


@pytest.mark.parametrize(
    "code", [b"]", b"}", b"\x8f", b"(", b"K\x01\x85", b"Nq\x00", b"cx\ny\n", b"cx\ny\n)R", b"G" + bytes(8)]
)
def test_small_values_are_bounded_together(code):
    with pytest.raises(Refused, match="it holds millions of small values instead of arrays"):
        Machine.load(RestrictedUnpickler(b"\x80\x02" + code * 100_000, room=Room(1 << 20)))


@pytest.mark.parametrize(
    ("payload", "reason"),
    [
        (b"", "it is cut off"),
        (b"\x80\x02X\xff\xff\xff\xffab", "it is cut off"),
        (b"\x80\x04\x8e" + b"\xff" * 8, "it is cut off"),
        (b"\x80\x02cno end", "it is cut off"),
        (b"\x80\x02.", "it is cut off"),
        (b"\x80\x02R...", "damaged at byte 3"),
        (b"\x80\x02h\x07..", "damaged at byte 4"),
        (b"\x80\x02K\x01t..", "damaged at byte 5"),
        (b"\x80\x02\x07..", "damaged at byte 3: no pickle holds the byte before"),
        (b"\x80\x09N.", "it is a pickle of protocol 9"),
        (b"\x80\x02\x8b\xff\xff\xff\x7f..", "a number has 2147483647 bytes"),
        (b"c" + b"x" * 5000 + b"\ny\n.", "a name or number has 5000 letters"),
        (b"I" + b"1" * 900 + b"x\n.", "damaged at byte"),
        (b"\x80\x02\x82\x01.", "it refers to data outside it"),
        (b"\x80\x05\x97.", "it refers to data outside it"),
        (b"\x80\x02X\x01\x00\x00\x000Q.", "it refers to data outside it"),
        (b"\x80\x02K\x01K\x02a.", "it lengthens what is no list"),
        (b"\x80\x02K\x01K\x02K\x03s.", "it sets an item of what is no dictionary"),
        (b"\x80\x02]K\x02K\x03s.", "it sets an item of what is no dictionary"),
        (b"\x80\x02C\x01x(K\x01e.", "it lengthens what is no list"),
        (b"\x80\x02K\x01K\x02\x93.", "the name of a class is no text"),
        (b"cx\ny\n)R}b}b.", "it sets the state of an object twice"),
    ],
)
def test_damage_is_named(payload, reason):
    with pytest.raises(Refused, match=reason):
        RestrictedUnpickler(payload).load()


def test_every_cut_of_a_pickle_is_refused():
    data = pickle.dumps((np.arange(6.0).reshape(1, 2, 3), ["x", {"y": 2.5}]), 4)
    for stop in range(len(data)):
        with pytest.raises(Refused):
            RestrictedUnpickler(data[:stop]).load()


@pytest.mark.parametrize("codec", ["utf-8", "raw_unicode_escape", "escape", None])
def test_long_bytes_are_decoded_in_blocks(codec):
    """Escapes and characters of several bytes stand across the blocks' edges."""
    values = np.random.default_rng(0).integers(0, 256, 3 << 20, dtype=np.uint8).tobytes()
    written = {
        None: lambda: values,
        "utf-8": lambda: values.decode("latin1").encode("utf-8"),
        "raw_unicode_escape": lambda: pickle.dumps(values.decode("latin1"), 0)[1:].split(b"\np0", 1)[0],
        "escape": lambda: repr(values)[2:-1].encode(),
    }[codec]()
    assert Span(np.frombuffer(written, np.uint8), codec).raw().tobytes() == values


def test_a_damaged_escape_is_refused_at_once():
    with pytest.raises(Refused, match="a text is damaged"):
        Span(np.frombuffer(b"\\xzz" * (1 << 20), np.uint8), "escape").raw()


def test_doubles_are_big_endian():
    assert RestrictedUnpickler(b"G" + struct.pack(">d", 2.5) + b".").load() == 2.5
