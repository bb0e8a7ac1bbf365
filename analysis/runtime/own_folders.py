"""Temporary folders of this process; what processes left behind that were killed goes with the next one.

Imports the standard library.
"""

from __future__ import annotations

import os
import re
import shutil
import tempfile
from pathlib import Path

_OURS = re.compile(r"exitlens-[a-z]+-([0-9]+)-\w+")


def own_folder(purpose: str) -> Path:
    """A new temporary folder, whose name says what for and whose it is; whoever asks for it removes it.

    Parameters
    ----------
    purpose : str
        One word of small letters.
    """
    _remove_abandoned()
    return Path(tempfile.mkdtemp(prefix=f"exitlens-{purpose}-{os.getpid()}-"))


def _remove_abandoned() -> None:
    """Remove folders whose process is none any more."""
    if os.name == "nt":  # where asking for a process ends it
        return
    for folder in Path(tempfile.gettempdir()).glob("exitlens-*"):
        if (named := _OURS.fullmatch(folder.name)) is None:
            continue
        try:
            os.kill(int(named[1]), 0)
        except ProcessLookupError:
            shutil.rmtree(folder, ignore_errors=True)
        except (OSError, OverflowError):  # another user's process, or a number that is none
            continue
