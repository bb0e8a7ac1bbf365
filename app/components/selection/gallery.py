"""A wall of pictures that answer to a click: one payload, and the one on screen is marked without sending it again.

Streamlit's own images cannot be clicked, and a button per picture costs a widget each. Texts arrive as text and are set
as text; a picture is only ever a data address of a known image type. The browser's half is `gallery.js`.
"""

import base64
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import streamlit as st

from analysis.figures import sparkline, style
from analysis.images.thumbnails import SIDE, thumbnail
from analysis.reference.outside_text import isolated

_component = st.components.v2.component(
    "exitlens_gallery",
    html='<div class="xl-gallery" role="list"></div>',
    css=(Path(__file__).parent / "gallery.css").read_text(encoding="utf-8"),
    js=(Path(__file__).parent / "gallery.js").read_text(encoding="utf-8"),
    isolate_styles=False,
)


@dataclass(frozen=True)
class Tile:
    """One sample: where it is in the run, its picture or its trajectories, and what stands below.

    `image` is a data address or empty, `fault` why an image cannot be shown; `shown` and `behind` are SVG path data,
    drawn where there is neither. `mark` is "right", "wrong" or empty. `title`, `note` and `fall` are plain text.
    """

    position: int
    title: str
    note: str
    fall: str
    mark: str
    image: str = ""
    fault: str = ""
    shown: str = ""
    behind: str = ""
    faint: bool = False
    """Beside selected samples, one that is not."""


def image_address(data: bytes | None, side: int = SIDE) -> tuple[str, str]:
    """A data address for an encoded image, made smaller (`side` pixels) where it is large, or why there is none."""
    if data is None:
        return "", ""
    try:
        small, kind = thumbnail(data, side)
    except ValueError as error:
        return "", f"This image cannot be shown: {error}."
    return f"data:{kind};base64,{base64.b64encode(small).decode('ascii')}", ""


def gallery(
    tiles: Sequence[Tile],
    *,
    name: str,
    selected: int | None,
    shown: str,
    on_open: Callable[[int], None],
    in_a_row: bool = False,
    rest: str = "",
) -> None:
    """Show tiles; a click hands over the sample's position.

    Parameters
    ----------
    tiles : sequence of Tile
    name : str
        Unique on its page, the same on every rerun.
    selected : int, optional
        Position of the sample on screen. Marked by a rule of its own, so that the pictures are not sent again.
    shown : str
        Id of the predictor whose trajectories are drawn.
    on_open : callable
        Called with the position, before the script body.
    in_a_row : bool
        Small and beside each other, in one row that scrolls: a strip.
    rest : str
        What stands above the first of those that are not selected, where they come last; plain text.
    """
    key = f"gallery:{name}"
    drawing = f"0 0 {sparkline.WIDTH} {sparkline.HEIGHT}"
    colours = {"shown": _themed(shown), "behind": _themed("baseline")}
    baseline = {"shown": shown == "baseline", "behind": True}  # which is dashed, as in every figure
    _component(
        key=key,
        data={
            "tiles": [_as_shown(tile) for tile in tiles],
            "colours": colours,
            "baseline": baseline,
            "drawing": drawing,
            "row": in_a_row,
            "rest": rest,
        },
        on_open_change=lambda: _deliver(key, {tile.position for tile in tiles}, on_open),
    )
    rule = "outline-color:var(--st-primary-color);background:var(--st-secondary-background-color)"
    st.html(f"<style>.xl-tile[data-position='{-1 if selected is None else int(selected)}']{{{rule}}}</style>")


def _as_shown(tile: Tile) -> dict[str, object]:
    """A tile as the browser gets it."""
    return asdict(tile) | {"title": isolated(tile.title), "note": isolated(tile.note)}


def _themed(predictor_id: str) -> list[str]:
    return list(style.THEMED[style.predictor_style(predictor_id)["color"]][:2])


def _deliver(key: str, positions: set[int], on_open: Callable[[int], None]) -> None:
    sent = st.session_state[key].get("open")
    if isinstance(sent, int) and not isinstance(sent, bool) and sent in positions:
        on_open(sent)
