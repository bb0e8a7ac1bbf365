"""Logits on disk: by range and by position, over shards, from any thread or process; files that change meanwhile."""

import os
import pickle
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from analysis.run import Logits
from analysis.storage import RunError, load_run, write_run
from analysis.storage.logits import FileLogits, JoinedLogits, file_logits
from analysis.storage.safetensors import find_tensor

WHOLE = np.arange(2 * 7 * 3, dtype=np.float32).reshape(2, 7, 3)


class InMemory:
    """Logits from elsewhere: any object that has what the protocol names."""

    def __init__(self, array: np.ndarray) -> None:
        self.array, self.shape, self.dtype = array, array.shape, array.dtype

    def read(self, start: int, stop: int) -> np.ndarray:
        return self.array[:, start:stop].copy()

    def take(self, positions: np.ndarray) -> np.ndarray:
        return self.array[:, positions]


@pytest.fixture(params=["one file", "shards", "elsewhere"])
def logits(request, tmp_path) -> Logits:
    """The same logits (2, 7, 3), kept in three ways."""
    if request.param == "elsewhere":
        return JoinedLogits([InMemory(WHOLE[:, :3]), InMemory(WHOLE[:, 3:4]), InMemory(WHOLE[:, 4:])])
    found = write_run(tmp_path / "r", logits=WHOLE, shard_bytes=72 if request.param == "shards" else 1 << 30).logits
    assert isinstance(found, JoinedLogits if request.param == "shards" else FileLogits)
    return found


@pytest.mark.parametrize(("start", "stop"), [(0, 7), (2, 5), (3, 4), (4, 4), (6, 7)])
def test_ranges(logits, start, stop):
    assert (logits.shape, logits.dtype) == ((2, 7, 3), np.float32)
    found = logits.read(start, stop)
    np.testing.assert_array_equal(found, WHOLE[:, start:stop])
    assert found.flags.writeable


@pytest.mark.parametrize("positions", [[6, 0, 3, 3, 2], [], [5], list(range(7))])
def test_positions_keep_the_order_asked_for(logits, positions):
    np.testing.assert_array_equal(logits.take(positions), WHOLE[:, np.array(positions, int)])


@pytest.mark.parametrize("ask", [lambda x: x.read(0, 8), lambda x: x.read(-1, 2), lambda x: x.take([7])])
def test_what_lies_outside_the_run_is_refused(logits, ask):
    with pytest.raises(ValueError, match="7"):
        ask(logits)


def test_parts_that_differ_are_refused():
    with pytest.raises(ValueError, match="float16"):
        JoinedLogits([InMemory(np.zeros((2, 3, 4), np.float32)), InMemory(np.zeros((2, 3, 4), np.float16))])


def test_positions_far_apart_are_read_without_what_lies_between(small_run, small_logits, monkeypatch):
    read, fill = [], FileLogits._fill

    def counted(self, file, samples, exit_, start):
        read.append(len(samples))
        fill(self, file, samples, exit_, start)

    monkeypatch.setattr(FileLogits, "_fill", counted)
    monkeypatch.setattr("analysis.storage.logits.GAP_BYTES", 20 * 2 * 10)
    positions = [399, 5, 0, 200, 390]
    np.testing.assert_array_equal(small_run.logits.take(positions), small_logits[:, positions])
    assert sorted(read) == sorted(7 * [6, 1, 10])


def test_threads_and_other_processes_read_at_once(small_run, small_logits):
    copied = pickle.loads(pickle.dumps(small_run.logits))  # as a process of another machine gets it
    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(lambda start: copied.read(start, start + 8), range(0, 400, 8)))
    np.testing.assert_array_equal(np.concatenate(found, axis=1), small_logits)


CHANGED = r"logits.safetensors was changed while the run was open: open the run again, or copy it if it is not whole"


def rewrite(file):
    """Write other logits into the file itself, as a program that makes the same run anew does."""
    tensor = find_tensor(file, "logits")
    with file.open("r+b") as open_file:
        open_file.seek(tensor.offset)
        open_file.write(bytes(1000))
    os.utime(file, ns=(1, 1))


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (rewrite, CHANGED),
        (lambda file: os.truncate(file, 5000), CHANGED),
        (lambda file: os.truncate(file, 0), CHANGED),
        (
            lambda file: (file.with_name("new").write_bytes(file.read_bytes()), file.with_name("new").replace(file)),
            CHANGED,
        ),
        (lambda file: file.unlink(), r"logits.safetensors cannot be read any more \(No such file or directory\)"),
    ],
    ids=["rewritten", "cut off", "emptied", "replaced", "removed"],
)
def test_logits_that_change_under_a_run_are_one_sentence(small_run, change, said):
    change(small_run.path / "logits.safetensors")
    for ask in (
        lambda: small_run.logits.read(0, 400),
        lambda: small_run.logits.take([399]),
        lambda: small_run.fingerprint,
    ):
        with pytest.raises(RunError, match=said):
            ask()


def test_a_file_that_is_cut_off_while_it_is_read_is_one_sentence(small_run, monkeypatch):
    fill = FileLogits._fill

    def cut_first(self, file, samples, exit_, start):
        if exit_ == 3:
            os.truncate(self.path, 9000)
        fill(self, file, samples, exit_, start)

    monkeypatch.setattr(FileLogits, "_fill", cut_first)
    with pytest.raises(RunError, match=CHANGED):
        small_run.logits.read(0, 400)


def test_a_run_that_is_rewritten_in_place_opens_again_with_other_content(small_run):
    before = small_run.fingerprint
    rewrite(small_run.path / "logits.safetensors")
    again = load_run(small_run.path)
    assert not again.logits.read(0, 1)[0].any()
    assert again.fingerprint != before


def test_a_tensor_of_two_axes_is_no_logits(tmp_path):
    from safetensors.numpy import save_file

    save_file({"logits": WHOLE[0]}, tmp_path / "x.safetensors")
    with pytest.raises(ValueError, match=r"x.safetensors: logits has shape \(7, 3\): three axes are needed"):
        file_logits(tmp_path / "x.safetensors")
