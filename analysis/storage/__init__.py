"""Run folders: write, open, check, find and list them. Imports numpy, pandas and pyarrow, never torch."""

from analysis.runtime.folders import runs_folders
from analysis.storage.catalog import RunEntry, best_first, find_run, list_runs
from analysis.storage.manifest import RunError
from analysis.storage.reading import load_run
from analysis.storage.writing import write_run

__all__ = [
    "RunEntry",
    "RunError",
    "best_first",
    "find_run",
    "list_runs",
    "load_run",
    "runs_folders",
    "write_run",
]
