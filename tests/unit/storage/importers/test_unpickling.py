"""Pickles that others supply: their code never runs, and what they claim about memory is not believed."""

import io
import os
import pickle
import zipfile

import numpy as np
import pytest
import torch

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
    array = RestrictedUnpickler(payload).load()
    assert array.dtype != object


@pytest.mark.parametrize("code", [b"f4,O", b"O,f4", b"2O8", b"i4,i4", b"f4\nO"])
def test_a_type_that_begins_plainly_is_not_taken_for_a_plain_one(code):
    """NumPy reads `f4,O` as a struct that holds objects, and would take them from beyond an empty list."""
    payload = (
        b"\x80\x02cnumpy.core.multiarray\n_reconstruct\ncnumpy\nndarray\nK\x00\x85C\x01b\x87R"
        b"(K\x01J\xff\xff\xff\x00\x85cnumpy\ndtype\nX" + len(code).to_bytes(4, "little") + code + b"\x89\x88\x87R"
        b"\x89]tb."
    )
    assert RestrictedUnpickler(payload).load().shape == (0,)


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


def test_arrays_of_other_types_stand_beside_the_logits(tmp_path):
    names, rows = np.array(["cat", "dog"]), np.zeros(3, [("a", "f4")])
    (tmp_path / "x.p").write_bytes(pickle.dumps((np.ones((2, 3, 4)), names, rows)))
    _, read, empty = open_file(tmp_path / "x.p")
    assert read.tolist() == ["cat", "dog"]
    assert empty.size == 0


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


def test_arrays_of_objects_are_refused(tmp_path):
    np.save(tmp_path / "x.npy", np.array([Command("x")], dtype=object), allow_pickle=True)
    with pytest.raises(ValueError, match="holds Python objects, which could run code"):
        open_file(tmp_path / "x.npy")
