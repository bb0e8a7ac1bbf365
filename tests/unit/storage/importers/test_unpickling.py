"""Pickles that others supply: their code never runs, and what they claim about memory is not believed."""

import io
import mmap
import os
import pickle
import zipfile
from itertools import permutations

import numpy as np
import pytest
import torch

from analysis.storage.importers import Sources, import_run
from analysis.storage.importers.formats import open_file
from analysis.storage.importers.unpickling import RestrictedUnpickler, Stub


class Command:
    """Pickles as a call of os.system."""

    def __init__(self, target):
        self.target = target

    def __reduce__(self):
        return os.system, (f"touch {self.target}",)


def _evaluating(target):
    class Evaluated:
        def __reduce__(self):
            return eval, (f"__import__('pathlib').Path({str(target)!r}).touch()",)

    return Evaluated()


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
@pytest.mark.parametrize("make", [Command, _evaluating])
def test_a_pickle_runs_nothing(tmp_path, make, protocol):
    target = tmp_path / "ran"
    path = tmp_path / "x.p"
    path.write_bytes(pickle.dumps((np.ones((2, 3, 4)), np.arange(3), make(target)), protocol))
    logits, labels, stub = open_file(path)
    assert not target.exists()
    assert isinstance(stub, Stub)
    np.testing.assert_array_equal(logits, np.ones((2, 3, 4)))
    np.testing.assert_array_equal(labels, np.arange(3))
    pickle.loads(path.read_bytes())  # a check that can fail: the pickle does run it elsewhere
    assert target.exists()


@pytest.mark.parametrize("options", [{}, {"_use_new_zipfile_serialization": False}])
def test_a_torch_file_runs_nothing(tmp_path, options):
    target, path = tmp_path / "ran", tmp_path / "x.pth"
    torch.save((torch.ones(2, 3, 4), torch.arange(3), Command(target)), path, **options)
    logits, _, stub = open_file(path)
    assert logits.shape == (2, 3, 4)
    assert isinstance(stub, Stub)
    assert not target.exists()


def test_a_tensor_in_a_pickle_runs_nothing(tmp_path):
    """Its storage is a torch file inside the pickle, which torch itself would unpickle without any restriction."""
    target = tmp_path / "ran"
    inner = io.BytesIO()
    torch.save(Command(target), inner, _use_new_zipfile_serialization=False)
    outer = b"\x80\x02ctorch.storage\n_load_from_bytes\nB" + len(inner.getvalue()).to_bytes(4, "little")
    path = tmp_path / "x.p"
    path.write_bytes(outer + inner.getvalue() + b"\x85R.")
    open_file(path)
    assert not target.exists()


def test_bytes_are_never_taken_for_object_pointers():
    """NumPy's own dtype takes its flags from a pickle: an object array whose content is raw bytes would crash."""
    payload = (
        b"\x80\x02cnumpy.core.multiarray\n_reconstruct\ncnumpy\nndarray\nK\x00\x85C\x01b\x87R"
        b"(K\x01K\x01\x85cnumpy\ndtype\nX\x02\x00\x00\x00O8\x89\x88\x87R"
        b"(K\x03X\x01\x00\x00\x00|NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\x00tb"
        b"\x89C\x08\x41\x41\x41\x41\x41\x41\x41\x41tb."
    )
    assert isinstance(RestrictedUnpickler(payload).load(), Stub)


@pytest.mark.parametrize("code", [b"f4,O", b"O,f4", b"2O8", b"i4,i4", b"f4\nO"])
def test_a_type_that_begins_plainly_is_not_taken_for_a_plain_one(code):
    """NumPy reads `f4,O` as a struct that holds objects, and would take them from beyond an empty list."""
    payload = (
        b"\x80\x02cnumpy.core.multiarray\n_reconstruct\ncnumpy\nndarray\nK\x00\x85C\x01b\x87R"
        b"(K\x01J\xff\xff\xff\x00\x85cnumpy\ndtype\nX" + len(code).to_bytes(4, "little") + code + b"\x89\x88\x87R"
        b"\x89]tb."
    )
    assert isinstance(RestrictedUnpickler(payload).load(), Stub)


def test_the_order_of_axes_is_kept(tmp_path):
    """Protocol 5 writes an array as its bytes lie and says how to turn it; so does NumPy with order='K'."""
    logits = np.arange(24.0, dtype=np.float32).reshape(2, 3, 4)
    for axes in permutations(range(3)):
        turned = np.ascontiguousarray(logits.transpose(axes)).transpose(np.argsort(axes))
        for protocol in range(pickle.HIGHEST_PROTOCOL + 1):
            (tmp_path / "x.p").write_bytes(pickle.dumps((turned, turned[::-1], np.asfortranarray(turned)), protocol))
            for read, written in zip(open_file(tmp_path / "x.p"), (logits, logits[::-1], logits)):
                np.testing.assert_array_equal(read, written)


def _frombuffer(buffer: bytes, rest: bytes) -> bytes:
    dtype = b"cnumpy\ndtype\nX\x02\x00\x00\x00f4\x89\x88\x87R"
    return b"cnumpy._core.numeric\n_frombuffer\n(" + buffer + dtype + rest + b"tR"


@pytest.mark.parametrize(
    ("buffer", "rest", "reason"),
    [
        (b"]", b"K\x00\x85X\x01\x00\x00\x00C", "an array is made of what is no bytes"),
        (
            _frombuffer(b"C\x04abcd", b"K\x01\x85X\x01\x00\x00\x00C"),
            b"K\x01\x85X\x01\x00\x00\x00C",
            "made of what is no bytes",
        ),
        (b"C\x04abcd", b"K\x02\x85X\x01\x00\x00\x00C", "an array has a damaged shape"),
        (b"C\x08abcdefgh", b"J\xff\xff\xff\xffJ\xfe\xff\xff\xff\x86X\x01\x00\x00\x00C", "an array has a damaged shape"),
        (b"C\x04abcd", b"K\x01\x85X\x01\x00\x00\x00KK\x07\x85", "it is damaged at byte"),
    ],
)
def test_only_bytes_become_an_array(buffer, rest, reason):
    with pytest.raises(ValueError, match=reason):
        RestrictedUnpickler(b"\x80\x03" + _frombuffer(buffer, rest) + b".").load()


def test_a_read_array_cannot_be_changed():
    read = RestrictedUnpickler(b"\x80\x03" + _frombuffer(b"C\x04abcd", b"K\x01\x85X\x01\x00\x00\x00C") + b".").load()
    assert not read.flags.writeable


def test_the_state_of_an_array_is_set_once():
    """A second one would free what a view of the first still looks at."""
    array = pickle.dumps(np.arange(3), 2)
    end = array.rindex(b"b.")
    twice = array[:end] + b"b(K\x01K\x01\x85cnumpy\ndtype\nX\x02\x00\x00\x00f4\x89\x88\x87R\x89C\x04abcdtb."
    with pytest.raises(ValueError, match="it sets the state of an object twice"):
        RestrictedUnpickler(twice).load()


def test_arrays_hold_what_is_built_after_them():
    """The items of an array of objects are lists that the pickle still fills, and arrays with a state to come."""
    array = np.empty((2, 2), object)
    array[0, 0], array[0, 1], array[1, 0], array[1, 1] = [1, 2], np.arange(3), None, {"a": np.arange(2)}
    for protocol in range(pickle.HIGHEST_PROTOCOL + 1):
        read = RestrictedUnpickler(pickle.dumps(np.asfortranarray(array), protocol)).load()
        assert read.shape == (2, 2)
        assert (read[0, 0], read[1, 0]) == ([1, 2], None)
        np.testing.assert_array_equal(read[0, 1], np.arange(3))
        np.testing.assert_array_equal(read[1, 1]["a"], np.arange(2))


def test_a_text_that_is_none_is_refused():
    """NumPy would make a text of any four bytes, and Python has no such characters."""
    data = pickle.dumps(np.array(["ab"]), 4)
    place = data.index(np.array(["ab"]).tobytes())
    hostile = data[: place + 2] + b"\x7f" + data[place + 3 :]
    assert RestrictedUnpickler(data).load().tolist() == ["ab"]
    with pytest.raises(ValueError, match="a text holds what is no character"):
        RestrictedUnpickler(hostile).load()


def _torch_in_pickle(inner: bytes) -> bytes:
    return b"\x80\x02ctorch.storage\n_load_from_bytes\nB" + len(inner).to_bytes(4, "little") + inner + b"\x85R."


def test_torch_files_are_not_nested(tmp_path):
    buffer = io.BytesIO()
    torch.save(torch.arange(3), buffer, _use_new_zipfile_serialization=False)
    np.testing.assert_array_equal(RestrictedUnpickler(_torch_in_pickle(buffer.getvalue())).load(), np.arange(3))
    head = buffer.getvalue()[: buffer.getvalue().index(b"\x80\x02ctorch")]
    inner = head + _torch_in_pickle(buffer.getvalue()) + b"\x80\x02]."
    with pytest.raises(ValueError, match="it holds torch files within torch files"):
        RestrictedUnpickler(_torch_in_pickle(inner)).load()


@pytest.mark.parametrize("keys", [b"N.", b"K\x01.", b"]K\x01a.", b"]X\x01\x00\x00\x00xa.", b"]]a.", b""])
def test_a_damaged_list_of_storages_is_refused(tmp_path, keys):
    torch.save(torch.arange(3), tmp_path / "x.pth", _use_new_zipfile_serialization=False)
    data = (tmp_path / "x.pth").read_bytes()
    end = data.index(b"\x80\x02]", 100)
    (tmp_path / "x.pth").write_bytes(data[:end] + keys)
    with pytest.raises(ValueError, match=r"its list of storages is damaged|it is cut off"):
        open_file(tmp_path / "x.pth")


def test_an_array_at_the_beginning_is_no_mark_of_torch(tmp_path):
    payload = b"\x80\x02cnumpy.core.multiarray\n_reconstruct\n)R."
    (tmp_path / "x.p").write_bytes(payload)
    assert open_file(tmp_path / "x.p").shape == (0,)


def test_a_tensor_does_not_repeat_a_few_numbers_without_end(tmp_path):
    torch.save(torch.ones(1).expand(10**6), tmp_path / "x.pth")
    assert open_file(tmp_path / "x.pth").shape == (10**6,)
    torch.save(torch.ones(1).expand(10**4, 10**5, 10**4), tmp_path / "y.pth")
    with pytest.raises(ValueError, match=r"a tensor of shape \(10000, 100000, 10000\) repeats 1 numbers"):
        open_file(tmp_path / "y.pth")


@pytest.mark.parametrize("options", [{}, {"_use_new_zipfile_serialization": False}])
def test_long_arrays_stay_in_the_file(tmp_path, options):
    torch.save(torch.zeros(300_000), tmp_path / "x.pth", **options)
    (tmp_path / "x.p").write_bytes(pickle.dumps(np.zeros(300_000)))
    for name in ("x.pth", "x.p"):
        base = open_file(tmp_path / name)
        while not isinstance(base, mmap.mmap):
            base = base.base
        assert len(base) >= (tmp_path / name).stat().st_size


@pytest.mark.parametrize("length", [b"\xff\xff\xff\x00", b"\xff\xff\xff\xff"])
def test_a_list_of_objects_is_never_read_beyond_its_end(length):
    """NumPy takes as many objects from a pickled list as the shape says: a shorter list would crash."""
    payload = (
        b"\x80\x02cnumpy.core.multiarray\n_reconstruct\ncnumpy\nndarray\nK\x00\x85C\x01b\x87R"
        b"(K\x01J" + length + b"\x85cnumpy\ndtype\nX\x02\x00\x00\x00O8\x89\x88\x87R"
        b"(K\x03X\x01\x00\x00\x00|NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\x3ftb"
        b"\x89]tb."
    )
    with pytest.raises(ValueError, match="an array has a damaged shape"):
        RestrictedUnpickler(payload).load()


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_arrays_of_other_types_stand_beside_the_logits(tmp_path, protocol):
    names, rows = np.array(["cat", "dog"]), np.zeros(3, [("a", "f4")])
    (tmp_path / "x.p").write_bytes(pickle.dumps((np.ones((2, 3, 4)), names, rows, rows[0]), protocol))
    _, read, *others = open_file(tmp_path / "x.p")
    assert read.tolist() == ["cat", "dog"]
    assert [other.what for other in others] == ["an array of several types, or of one that is not plain"] * 2


@pytest.mark.parametrize(
    "payload",
    [
        b"cos\nsystem\n(S'true'\ntR.",
        b"cbuiltins\ngetattr\n(cos\nsystem\nS'__call__'\ntR.",
        b"c__builtin__\neval\n(S'1'\ntR.",
        b"ccopyreg\n_reconstructor\n(cos\nPathLike\nc__builtin__\nobject\nNtR.",
        b"cnumpy.testing._private.utils\nrunstring\n(S'1'\n}tR.",
        b"ctorch.serialization\nload\n(S'x'\ntR.",
    ],
)
def test_names_give_stubs(payload):
    assert isinstance(RestrictedUnpickler(payload).load(), Stub)


def test_a_tensor_cannot_reach_beyond_its_storage(tmp_path):
    path, hostile = tmp_path / "x.pth", tmp_path / "y.pth"
    torch.save(torch.zeros(2, 3, 4), path)
    with zipfile.ZipFile(path) as source, zipfile.ZipFile(hostile, "w") as target:
        for member in source.infolist():
            data = source.read(member)
            if member.filename.endswith("data.pkl"):
                assert b"K\x02K\x03K\x04\x87" in data
                data = data.replace(b"K\x02K\x03K\x04\x87", b"K\x02K\x63K\x04\x87")
            target.writestr(member, data)
    with pytest.raises(ValueError, match="a tensor reaches beyond its storage"):
        open_file(hostile)


def test_arrays_of_objects_run_nothing(tmp_path):
    target, objects = tmp_path / "ran", np.empty((1, 3), object)
    objects[0] = Command(target), np.arange(3), [1, 2]
    np.save(tmp_path / "x.npy", objects, allow_pickle=True)
    stub, array, numbers = open_file(tmp_path / "x.npy")[0]
    assert isinstance(stub, Stub)
    np.testing.assert_array_equal(array, np.arange(3))
    assert numbers == [1, 2]
    assert not target.exists()


@pytest.mark.parametrize(
    ("payload", "said"),
    [
        (b"\x80\x02K\x01.", r"x\.npy holds Python objects that are no array of shape \(1,\): save plain numbers"),
        (pickle.dumps(np.array([1, 2], dtype=object)), r"that are no array of shape \(1,\)"),
        (b"\x80\x02", r"x\.npy holds Python objects that cannot be read \(it is cut off\): save plain numbers"),
    ],
)
def test_objects_that_are_no_array_are_refused(tmp_path, payload, said):
    np.save(tmp_path / "x.npy", np.array([None]), allow_pickle=True)
    data = (tmp_path / "x.npy").read_bytes()
    (tmp_path / "x.npy").write_bytes(data[: data.index(b"\n") + 1] + payload)
    with pytest.raises(ValueError, match=said):
        open_file(tmp_path / "x.npy")


def test_objects_among_fields_are_refused(tmp_path):
    np.save(tmp_path / "y.npy", np.zeros(2, [("a", object)]), allow_pickle=True)
    with pytest.raises(ValueError, match=r"y\.npy holds Python objects among its fields: save plain numeric arrays"):
        open_file(tmp_path / "y.npy")


@pytest.mark.parametrize("key", [b"cenum\nSplit\n", b"cenum\nSplit\nK\x01\x85R", b"cenum\nSplit\nK\x01\x85R\x85"])
def test_a_name_that_is_an_object_is_told_without_its_address(tmp_path, key):
    (tmp_path / "x.p").write_bytes(b"\x80\x03}" + key + b"K\x01s.")
    with pytest.raises(ValueError, match=r"x\.p holds an object: call the arrays logits and labels"):
        import_run(Sources([tmp_path / "x.p"]), tmp_path / "run")
