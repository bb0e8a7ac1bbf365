"""Run folders: write, open, check, find and list them. Imports numpy, pandas and pyarrow, never torch.

What checks them reads images too, and is imported when it is asked for.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from analysis.runtime.folders import runs_folders
from analysis.storage.catalog import RunEntry, best_first, find_run, list_runs
from analysis.storage.manifest import RunError
from analysis.storage.reading import load_run
from analysis.storage.writing import write_run

if TYPE_CHECKING:
    from analysis.storage.validation import validate_run

__all__ = [
    "RunEntry",
    "RunError",
    "best_first",
    "find_run",
    "list_runs",
    "load_run",
    "runs_folders",
    "validate_run",
    "write_run",
]


def __getattr__(name: str):
    if name != "validate_run":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from analysis.storage.validation import validate_run

    return validate_run
