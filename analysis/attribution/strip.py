"""A film-strip: one target attributed at every exit; how it is computed, and how it is kept on disk.

Reading and writing need NumPy; computing imports torch and captum.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from analysis.attribution.methods import MOST_STEPS, attribute, check, check_scale
from analysis.attribution.targets import Target
from analysis.runtime.disk_cache import entry_path, read_entry, write_entry

COMPUTED_BY = "analysis.attribution.worker"
"""The module whose code strips depend on, with all that it imports."""
MOST_CELLS = 64
"""A side of a map as it is drawn: a browser draws one rectangle a cell."""


NOT_CONVERGED = "not converged"
"""How the note of an exit begins whose integrated gradients do not add up to what they explain."""


@dataclass(frozen=True)
class StripSettings:
    """What is attributed, and how; see `targets.Target` and `methods.attribute`."""

    through: str
    quantity: str
    class_index: int
    method: str
    scale: str = "coarsest"
    most_steps: int = MOST_STEPS

    def __post_init__(self) -> None:
        check(self.method, self.target(0), self.scale)

    def target(self, exit_: int) -> Target:
        """The target at one exit, from 0."""
        return Target(self.through, self.quantity, self.class_index, exit_)


@dataclass(frozen=True)
class Strip:
    """Every exit's attribution.

    maps : float32, (exits, height, width); NaN where an exit has none
    scores : per exit, what was attributed; None where there is none
    notes : per exit, why there is no map, or what to know about it; empty where there is nothing to say
    """

    maps: np.ndarray
    scores: tuple[float | None, ...]
    notes: tuple[str, ...]


def film_strip(
    network: object,
    image: np.ndarray,
    settings: StripSettings,
    dataset: str,
    on_exit: Callable[[int], None] | None = None,
) -> Strip:
    """Attribute one target at every exit.

    Parameters
    ----------
    network : an MSDNet or an IMTA, in eval mode, on the CPU
    image : uint8 (height, width, 3)
    on_exit : told how many exits are done

    Raises
    ------
    ValueError : a scale that this network does not have
    """
    from analysis.models.networks.stepwise import backbone

    if settings.method == "grad-cam":
        check_scale(network, settings.scale)
    n_exits = backbone(network).config.exits
    maps = np.full((n_exits, *image.shape[:2]), np.nan, np.float32)
    scores: list[float | None] = []
    notes = []
    for exit_ in range(n_exits):
        target, found, note = settings.target(exit_), None, ""
        try:
            found = attribute(
                network,
                image,
                target,
                settings.method,
                dataset=dataset,
                scale=settings.scale,
                most_steps=settings.most_steps,
            )
            note = "" if found is not None else "this scale was dropped before this exit"
        except ValueError as error:
            note = str(error)
        if found is not None:
            maps[exit_] = found.values
            if found.converged is False:
                note = f"{NOT_CONVERGED} after {found.steps} steps"
            elif settings.through == "product" and found.score == 0:
                note = "the class is outside the support"
        scores.append(None if found is None else found.score)
        notes.append(note)
        if on_exit:
            on_exit(exit_ + 1)
    return Strip(maps, tuple(scores), tuple(notes))


def pooled(maps: np.ndarray, most: int = MOST_CELLS) -> tuple[np.ndarray, int]:
    """Maps as they are drawn: means over square cells where they have more than `most` pixels a side.

    Parameters
    ----------
    maps : (exits, height, width); NaN where an exit has none

    Returns
    -------
    maps : (exits, rows, columns) of cells; pixels at the right and lower edge that fill no cell are left out
    cell : pixels to a cell's side

    Examples
    --------
    >>> pooled(np.arange(16.0).reshape(1, 4, 4), most=2)[0].tolist()
    [[[2.5, 4.5], [10.5, 12.5]]]
    """
    exits, height, width = maps.shape
    cell = -(-max(height, width) // most)
    rows, columns = height // cell, width // cell
    inside = maps[:, : rows * cell, : columns * cell]
    return inside.reshape(exits, rows, cell, columns, cell).mean(axis=(2, 4)), cell


def strip_path(fingerprint: str, image: np.ndarray, settings: StripSettings) -> Path:
    """Where the strip of an image is kept: named by the run's content, the pixels, the settings and the code."""
    pixels = hashlib.sha256(np.ascontiguousarray(image)).hexdigest()
    return entry_path("attributions", COMPUTED_BY, fingerprint, image.shape, pixels, asdict(settings))


def write_strip(path: Path, strip: Strip) -> None:
    """Keep a strip; nothing happens where the folder cannot be written."""
    write_entry(path, {"maps": strip.maps}, {"scores": strip.scores, "notes": strip.notes})


def read_strip(path: Path) -> Strip | None:
    """A strip as it was kept; None where there is none."""
    if (entry := read_entry(path)) is None or not {"scores", "notes"} <= entry.said.keys():
        return None
    maps, scores, notes = entry.arrays.get("maps"), tuple(entry.said["scores"]), tuple(entry.said["notes"])
    if maps is None or maps.ndim != 3 or not len(maps) == len(scores) == len(notes):
        return None
    return Strip(maps, scores, notes)
