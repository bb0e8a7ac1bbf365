"""From a network to a run: MSDNet, IMTA and exported programs, their checkpoints, training, evaluation and costs.

Importing this package imports no torch; using `load_checkpoint` does.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from analysis.models.networks.checkpoints import load_checkpoint

__all__ = ["load_checkpoint"]


def __getattr__(name: str):
    if name == "load_checkpoint":
        from analysis.models.networks.checkpoints import load_checkpoint

        return load_checkpoint
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
