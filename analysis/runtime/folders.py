"""Where runs and caches are kept: folders that an environment variable names, or a default.

Imports the standard library, and platformdirs when a default is needed.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[2]
DATASETS = "datasets"
"""The subfolder of a runs folder that holds the images its runs share; no run may be called so."""


def runs_folders() -> list[Path]:
    """Where runs are looked for: `EXITLENS_RUNS` (several, separated by os.pathsep) or the bundled runs."""
    named = [Path(name) for name in os.environ.get("EXITLENS_RUNS", "").split(os.pathsep) if name]
    return [folder.expanduser() for folder in named] or [PROJECT / "cached_runs"]


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


def cache_folder() -> Path:
    """What can be computed again: `EXITLENS_CACHE` or the user's cache folder. It may not exist."""
    if named := os.environ.get("EXITLENS_CACHE"):
        return Path(named).expanduser()
    from platformdirs import user_cache_path

    return user_cache_path("exitlens", appauthor=False)
