"""Weights as runs keep them lie in a private folder, which is gone at the end, or when the next ones are stored."""

import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from analysis.models.networks.architectures import architecture
from analysis.models.networks.checkpoints import save_weights

PROJECT = Path(__file__).parents[4]


@pytest.mark.skipif(sys.platform == "win32", reason="POSIX locks")
def test_a_folder_that_a_killed_process_left_goes_with_the_next(tmp_path):
    save_weights(architecture("msdnet-cifar10").build().state_dict(), checkpoint := tmp_path / "weights.safetensors")
    (scratch := tmp_path / "scratch").mkdir()
    code = (
        "import os, sys; from analysis.models.evaluation.stored_weights import stored_weights\n"
        "with stored_weights(sys.argv[1], 'msdnet-cifar10') as stored:\n"
        "    assert stored.path.is_file() and str(stored.path).startswith(os.environ['TMPDIR'])\n"
        "    assert len(os.listdir(os.environ['TMPDIR'])) == 1\n"
        "    if len(sys.argv) > 2: os._exit(0)"
    )

    def stored(*more: str) -> None:
        command = [sys.executable, "-c", code, checkpoint, *more]
        subprocess.run(command, cwd=PROJECT, env=os.environ | {"TMPDIR": str(scratch)}, check=True)

    stored("killed")
    (left,) = scratch.iterdir()
    assert stat.S_IMODE(left.stat().st_mode) == 0o700
    stored()
    assert not list(scratch.iterdir())
