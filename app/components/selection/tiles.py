"""Tiles of samples: each one's picture, or else its trajectories, and what stands below."""

from collections.abc import Sequence

import numpy as np

from analysis.figures.sparkline import sparkline_paths
from analysis.selection import SampleTable
from app import cache, state
from app.components.selection.gallery import Tile, image_address
from app.components.selection.held import right_at
from app.view import View


def tiles_of(view: View, table: SampleTable, rows: np.ndarray, *, lit: bool = False) -> list[Tile]:
    """One tile for each row of the table.

    Parameters
    ----------
    rows : int, (tiles,)
    lit : bool
        Whether those that are not selected are faint.
    """
    positions = table["position"].to_numpy()[rows]
    images = [image_address(data) for data in pictures(view, positions)]
    drawn = any(image == ("", "") for image in images)
    shown, behind = _lines(view, rows) if drawn else ([""] * len(rows),) * 2
    at = right_at(view)
    right = known = [False] * len(rows)
    if view.has_labels:
        right = table["correct" if at < 0 else f"correct_{at + 1}"].iloc[rows].tolist()
        known = table["label"].iloc[rows].notna().tolist()
    titles = table["label_name" if view.has_labels else "predicted_name"].iloc[rows].astype(object).tolist()
    falls = table["fall"].iloc[rows].tolist()
    guesses = _guesses(view, rows, at)
    selected = view.selected.mask[rows] if lit and view.selected is not None else np.ones(len(rows), dtype=bool)
    return [
        Tile(
            position=position,
            title=_text(title) if known_ or not view.has_labels else "label unknown",
            note="" if title == guess else f"as {guess}",
            fall=f"{fall:.3f}" if fall >= 0.0005 else "",
            mark="" if not known_ else "right" if right_ else "wrong",
            image=image,
            fault=fault,
            shown="" if image or fault else line,
            behind="" if image or fault or not view.poe else faint,
            faint=not among,
        )
        for position, title, guess, fall, known_, right_, (image, fault), line, faint, among in zip(
            positions.tolist(), titles, guesses, falls, known, right, images, shown, behind, selected.tolist()
        )
    ]


def pictures(view: View, positions: Sequence[int]) -> list[bytes | None]:
    """The encoded images of samples, by position in the run; None where there is none, noted where one should be."""
    try:
        source = cache.images(view.run)
        return [None] * len(positions) if source is None else source.encoded(positions)
    except ValueError as error:
        cache.forget_images()
        what = "image of this sample" if len(positions) == 1 else "images of these samples"
        state.note(f"The {what} cannot be shown: {error}.")
        return [None] * len(positions)


def _guesses(view: View, rows: np.ndarray, exit_: int) -> list[str]:
    """What is predicted at the exit that right and wrong are about."""
    predicted = view.traces(view.shown).predicted[exit_, rows]
    return [view.run.class_names[index] if index >= 0 else "none" for index in predicted.tolist()]


def _text(name: object) -> str:
    return name if isinstance(name, str) else "none"


def _lines(view: View, rows: np.ndarray) -> tuple[Sequence[str], Sequence[str]]:
    """Trajectories in place of pictures: of the true class, or the final prediction in a run without labels."""
    name = "true_class_prob" if view.has_labels else "final_prediction_prob"
    return tuple(
        sparkline_paths(getattr(view.traces(predictor), name)[:, rows]) for predictor in (view.shown, "baseline")
    )
