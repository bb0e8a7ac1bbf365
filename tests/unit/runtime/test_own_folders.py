"""Temporary folders: named after their process, and removed once that is gone."""

import os
import subprocess
import sys
import tempfile

from analysis.runtime.own_folders import own_folder


def test_what_a_killed_process_left_goes_with_the_next_folder(tmp_path, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    names = (
        f"exitlens-report-{ended.pid}-abc",
        f"exitlens-job-{10**30}-abc",
        f"exitlens-{ended.pid}-abc",
        "exitlens-job-x",
    )
    for name in names:
        (tmp_path / name / "in").mkdir(parents=True)
    first, second = own_folder("job"), own_folder("import")
    assert first.name.startswith(f"exitlens-job-{os.getpid()}-")
    assert {one.name for one in tmp_path.iterdir()} == {first.name, second.name, *names[1:]}
