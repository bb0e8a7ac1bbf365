"""Where a command may write: a new file in a folder that exists. Imports the standard library."""

from __future__ import annotations

import os
from pathlib import Path


def check_new_file(path: Path, option: str = "--out") -> None:
    """Refuse a file that exists and a folder that does not, before anything is computed.

    Raises
    ------
    ValueError : naming the path and what to do
    """
    if os.path.lexists(path):
        raise ValueError(f"{path} exists already: choose another {option}, or remove it")
    if not path.absolute().parent.is_dir():
        raise ValueError(f"{path.parent} is no folder: make it, or choose another {option}")
