"""All samples as points of a figure: what each is called, which is on screen, what a click and a brush do."""

import numpy as np

from analysis.figures.points import Line
from analysis.reference.outside_text import isolated
from analysis.run import Run
from analysis.selection import Axis
from app import cache, state
from app.components.selection.strip import open_sample
from app.view import Selected, View


def sample_lines(view: View, positions: np.ndarray) -> tuple[Line, ...]:
    """Id and true class of samples, by their positions in the run."""
    return cache.numbers(_lines, view.run.fingerprint, positions.tobytes(), run=view.run, positions=positions)


def _lines(run: Run, positions: np.ndarray) -> tuple[Line, ...]:
    ids, labels = run.samples["id"].to_numpy()[positions], run.labels[positions]
    lines = (Line("sample ", np.array([isolated(identity) for identity in ids], dtype=object)),)
    if (labels >= 0).any():
        names = np.array([*(isolated(name) for name in run.class_names), None], dtype=object)
        lines += (Line("", names[labels]),)
    return lines


def row_on_screen(view: View, positions: np.ndarray) -> int | None:
    """Which of some samples the address names, from 0; None where it names none of them."""
    row = int(np.searchsorted(positions, view.sample))
    return row if state.get("sample") and row < len(positions) and positions[row] == view.sample else None


def drawn_before(selected: Selected | None, across: Axis, up: Axis) -> dict | None:
    """The region of what is selected that was drawn over these axes, for `chart`."""
    region = None if selected is None else selected.selection.region_over(across, up)
    return None if region is None else {"kind": region.kind, "x": list(region.x), "y": list(region.y)}


def open_row(view: View, positions: np.ndarray, row: int) -> None:
    """In a callback: show one of some samples."""
    open_sample(str(view.run.samples["id"].iat[positions[row]]))
