"""Sets of classes that hold the true one: conformal sets and nested sets. Arrays in, arrays out; no Run.

`SETS` is the table of methods and their settings, plain data.
"""

from __future__ import annotations

from analysis.sets.table import SETS, SetMethod, find_sets, resolve_sets

__all__ = ["SETS", "SetMethod", "find_sets", "resolve_sets"]
