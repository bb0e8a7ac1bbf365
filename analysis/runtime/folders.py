"""Where runs and caches are kept: folders that an environment variable names, or a default.

Imports the standard library, and platformdirs when a default is needed.
"""

from __future__ import annotations

import os
import re
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[2]
DATASETS = "datasets"
"""The subfolder of a runs folder that holds the images its runs share; no run may be called so."""


def named_places() -> list[str]:
    """What `EXITLENS_RUNS` names, folders and addresses; the colon of `s3://` separates nothing."""
    named = os.environ.get("EXITLENS_RUNS", "")
    if os.pathsep == ":":
        return re.findall(
            r"[a-z][a-z0-9+]+://(?:[^/@:]*:[^@]*@)?[^:]*|[^:]+", named
        )  # with a key, which is then refused
    return [text for text in named.split(os.pathsep) if text]


def runs_folders() -> list[Path]:
    """Where runs are looked for on this machine: folders of `EXITLENS_RUNS`, or the bundled runs; then one's own.

    One's own is the folder `runs` of the state folder: where it exists, or where nothing is bundled.
    """
    named = named_places()
    bundled = [folder for folder in [PROJECT / "cached_runs"] if folder.is_dir()]
    found = [Path(text).expanduser() for text in named if "://" not in text] if named else bundled
    own = state_folder() / "runs"
    return [*found, *([own] if own not in found and (own.is_dir() or not (found or named)) else [])]


def runs_addresses() -> list[str]:
    """Where runs are looked for on object storage: addresses such as `s3://bucket/runs` that `EXITLENS_RUNS` names."""
    return [text.rstrip("/") for text in named_places() if "://" in text]


def folder_for_new_runs() -> Path:
    """Where an app puts the runs it makes: the first of the runs folders that can be written, else one's own."""
    writable = [folder for folder in runs_folders() if os.access(folder, os.W_OK | os.X_OK)]
    return writable[0] if writable else state_folder() / "runs"


@contextmanager
def made_folder(folder: Path) -> Iterator[None]:
    """Make a folder with its parents; those made here go again, where they are empty, if the block fails."""
    new = [path for path in (folder, *folder.parents) if not path.exists()]
    folder.mkdir(parents=True, exist_ok=True)
    try:
        yield
    except BaseException:
        for path in new:
            with suppress(OSError):
                path.rmdir()
        raise


def scratch_folder(size: int, beside: Path) -> Path:
    """A folder for a temporary file of `size` bytes: the system's, or where that is too small, `beside`.

    Raises
    ------
    ValueError : neither has room
    """
    usual = Path(tempfile.gettempdir())
    free = {folder: shutil.disk_usage(folder).free for folder in (usual, beside)}
    if free[usual] > 2 * size:
        return usual
    if free[beside] > size:
        return beside
    raise ValueError(
        f"{size / 1e6:.0f} MB must be unpacked, and {usual} has {free[usual] / 1e6:.0f} MB: "
        "free some, or name a larger folder in TMPDIR"
    )


def cache_folder() -> Path:
    """What can be computed again: `EXITLENS_CACHE` or the user's cache folder. It may not exist."""
    if named := os.environ.get("EXITLENS_CACHE"):
        return Path(named).expanduser()
    from platformdirs import user_cache_path

    return user_cache_path("exitlens", appauthor=False)


def state_folder() -> Path:
    """What people make while looking: `EXITLENS_STATE` or the user's state folder. It may not exist."""
    if named := os.environ.get("EXITLENS_STATE"):
        return Path(named).expanduser()
    from platformdirs import user_state_path

    return user_state_path("exitlens", appauthor=False)
