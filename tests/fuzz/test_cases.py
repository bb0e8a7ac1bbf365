"""The crafted files in cases/: each is refused in one sentence, within 5 s and 1 GB, and leaves nothing behind."""

import resource
import subprocess
import sys
from pathlib import Path

import pytest

from analysis.images.decoding import UndecodableImage, decode

PROJECT = Path(__file__).resolve().parents[2]
CASES = Path(__file__).with_name("cases")

SENTENCES = {
    "bytearray_export_extend.p": "it is damaged at byte 1272: it lengthens what is no list",
    "diverged.npy": "diverged.npy[2, 1] holds NaN (exit 3, sample 2 of 24): re-export the run",
    "empty_name.npz": "empty_name.npz: test_labels is damaged or encrypted: save it again",
    "laughs_labels_240.p": "it repeats lists within lists until they hold more than 16,777,216 values",
    "legacy_exponential.p": "it holds torch files within torch files",
    "memo_bomb_small.p": "memo_bomb_small.p holds no array: save (logits, targets)",
    "no_classes.npy": "no_classes.npy has shape (3, 24, 0), so there is nothing in it: check the export",
    "selfref_list.p": "it holds a list within itself",
    "use_after_free.p": "an array is made of what is no bytes",
    "x_bool_shape.safetensors": "x_bool_shape.safetensors has a damaged safetensors header: copy it again",
    "x_shape_bool.npy": "x_shape_bool.npy is not a NumPy array or is damaged: save it again",
}
"""File -> what its refusal says."""


def test_every_file_of_arrays_is_tried():
    assert {path.name for path in CASES.iterdir()} == {*SENTENCES, "damaged.png"}


@pytest.mark.parametrize("name", SENTENCES)
def test_a_crafted_file_is_refused(tmp_path, name):
    def limit() -> None:
        resource.setrlimit(resource.RLIMIT_CPU, (5, 5))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))

    words = ["import", str(CASES / name), "--out", str(tmp_path / "runs" / "run")]
    code = "import re, sys; from analysis.cli import main; status = main(sys.argv[1:]); "
    code += "held = open('/proc/self/status').read(); "  # getrusage would tell the peak of who started it, too
    code += r"print(re.search(r'VmHWM:\s+(\d+)', held)[1]); sys.exit(status)"
    ended = subprocess.run(
        [sys.executable, "-c", code, *words], cwd=PROJECT, preexec_fn=limit, capture_output=True, text=True
    )
    assert ended.returncode == 2, ended.stderr
    assert SENTENCES[name] in ended.stderr
    assert ended.stderr.count("\n") == 1
    assert int(ended.stdout) < 1 << 20  # kB
    assert not list(tmp_path.iterdir())


def test_a_damaged_image_is_refused():
    with pytest.raises(UndecodableImage, match="cannot be decoded"):
        decode((CASES / "damaged.png").read_bytes())
