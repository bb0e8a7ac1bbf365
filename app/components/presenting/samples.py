"""A screen of samples: their images, and their trajectories under the baseline and the chosen predictor."""

import numpy as np

from analysis.figures.trajectories import trajectories_figure
from analysis.presentations import Picture, Screen, Source, kept_figure
from analysis.results import Difference
from analysis.selection.thinning import thinned
from analysis.words import correction, formats
from app import cache
from app.components.predictor_names import label_of
from app.components.selection import sample_table
from app.components.selection.both_panels import both_panels, sample_names
from app.components.selection.held import selected_rows
from app.components.selection.tiles import tiles_of
from app.view import View

MOST_LINES, MOST_IMAGES = 40, 6
HEIGHT = 400


def samples_screen(view: View, source: Source, sentence: str) -> Screen:
    """What is selected as a screen.

    Raises
    ------
    ValueError
        Nothing is selected.
    """
    if view.selected is None or not view.selected.count:
        raise ValueError("no sample is selected: select some, or show a slice")
    difference = _difference(view)
    figure = kept_figure(_figure(view, difference).to_json(), HEIGHT)
    return Screen("samples", sentence, source, figure, _pictures(view))


def _difference(view: View) -> Difference:
    """Of the selected samples, whatever the page's numbers are over."""
    chosen = np.flatnonzero(view.selected.mask)
    sides = (
        cache.some(cache.results(view.run, key, view.settings_of(key), view.split), chosen)
        for key in ("baseline", view.predictor)
    )
    return cache.difference(*sides)


def _figure(view: View, difference: Difference) -> object:
    drawn = thinned(difference.n_samples, MOST_LINES)
    positions = difference.a.positions[drawn]
    panels = both_panels(view, difference, drawn)
    falling = tuple(int((panel.fall > correction.THRESHOLD).sum()) for panel in panels)
    return trajectories_figure(
        panels,
        ids=view.run.samples["id"].iloc[positions].tolist(),
        names=sample_names(view.run, positions),
        followed=None,
        exit_names=formats.exit_labels(view.run.exit_names),
        quantity=f"probability of the {formats.QUANTITY[difference.of]}",
        threshold=correction.THRESHOLD,
        title=correction.trajectories_title(falling, len(drawn), label_of(view.predictor)),
        subtitle=f"Thin: {formats.counted(len(drawn), 'sample')}"
        + (" drawn at random" if len(drawn) < difference.n_samples else "")
        + f", largest falls thicker where they exceed {correction.THRESHOLD:g}. "
        f"Bold: the mean of {formats.counted(difference.n_samples, 'sample')}.",
        height=HEIGHT,
    )


def _pictures(view: View) -> tuple[Picture, ...]:
    """The first of the order on Samples, where the run has images."""
    table = sample_table(view)
    tiles = tiles_of(view, table, selected_rows(view, table)[:MOST_IMAGES])
    if not any(tile.image for tile in tiles):
        return ()
    notes = [
        ", ".join(part for part in (tile.note, f"falls {tile.fall}" if tile.fall else "") if part) for tile in tiles
    ]
    return tuple(Picture(tile.image, tile.title, note) for tile, note in zip(tiles, notes))
