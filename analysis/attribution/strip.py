"""A film-strip: one target attributed at every exit; how it is computed, and how it is kept on disk.

Reading and writing need NumPy and safetensors; computing imports torch and captum.
"""

from __future__ import annotations

import contextlib
import functools
import hashlib
import json
import os
import tempfile
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save_file

from analysis.attribution.methods import MOST_STEPS, attribute, check, check_scale
from analysis.attribution.targets import Target
from analysis.runtime.folders import cache_folder

PACKAGE = Path(__file__).resolve().parents[1]
SOURCES = ("attribution/*.py", "models/networks/*.py", "predictors/*.py", "reference/datasets.py")
MOST_KEPT = 2000
"""Strips in the cache folder; then those made first go."""
MOST_CELLS = 64
"""A side of a map as it is drawn: a browser draws one rectangle a cell."""


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
                note = f"not converged after {found.steps} steps"
            elif settings.through == "product" and found.score == 0:
                note = "the class is outside the support"
        scores.append(None if found is None else found.score)
        notes.append(note)
        if on_exit:
            on_exit(exit_ + 1)
    return Strip(maps, tuple(scores), tuple(notes))


@functools.cache
def code_version() -> str:
    """A hash of the source that strips are computed by: changed code reads no old maps."""
    digest = hashlib.sha256()
    for source in sorted(path for pattern in SOURCES for path in PACKAGE.glob(pattern)):
        digest.update(source.name.encode() + source.read_bytes())
    return digest.hexdigest()


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
    key = json.dumps([fingerprint, image.shape, asdict(settings), code_version()]).encode() + image.tobytes()
    return cache_folder() / "attributions" / f"{hashlib.sha256(key).hexdigest()[:32]}.safetensors"


def write_strip(path: Path, strip: Strip) -> None:
    """Keep a strip, written aside and renamed; nothing happens where the folder cannot be written."""
    said = json.dumps({"scores": strip.scores, "notes": strip.notes})
    with contextlib.suppress(OSError, SafetensorError):
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, temporary = tempfile.mkstemp(dir=path.parent, suffix=".partial")
        os.close(handle)
        try:
            save_file({"maps": strip.maps}, temporary, metadata={"strip": said})
            os.replace(temporary, path)
        finally:
            Path(temporary).unlink(missing_ok=True)
        for old in sorted(path.parent.glob("*.safetensors"), key=os.path.getmtime)[:-MOST_KEPT]:
            old.unlink(missing_ok=True)


def read_strip(path: Path) -> Strip | None:
    """A strip as it was kept; None where there is none that can be read."""
    try:
        with safe_open(path, framework="np") as file:
            said = json.loads(file.metadata()["strip"])
            return Strip(file.get_tensor("maps"), tuple(said["scores"]), tuple(said["notes"]))
    except (OSError, SafetensorError, KeyError, TypeError, ValueError):
        return None
