"""From a network to a run: MSDNet, IMTA and exported programs, their checkpoints, training, evaluation and costs; and
back: a network with its correction inside.

Importing this package imports no torch; using `load_checkpoint` or `anytime` does.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from analysis.models.corrected.anytime import anytime
    from analysis.models.networks.checkpoints import load_checkpoint

__all__ = ["anytime", "load_checkpoint"]

_HOMES = {"anytime": "analysis.models.corrected.anytime", "load_checkpoint": "analysis.models.networks.checkpoints"}
"""Name -> the module that it is in."""


def __getattr__(name: str):
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(_HOMES[name]), name)
