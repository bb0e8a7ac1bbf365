"""A wall of pictures that answer to a click: one payload, and the one on screen is marked without sending it again.

Streamlit's own images cannot be clicked, and a button per picture costs a widget each. Texts arrive as text and are set
as text; a picture is only ever a data address of a known image type. The browser's half is `gallery.js`.
"""

import base64
import io
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from functools import lru_cache
from pathlib import Path

import streamlit as st
from PIL import Image

from analysis.figures import sparkline, style
from analysis.images.image_tables import media_type

LARGEST_BYTES = 16_000  # larger files travel as thumbnails
THUMBNAIL = 192  # pixels, the longer side

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

    `image` is a data address or empty; `shown` and `behind` are SVG path data, drawn where there is no image. `mark` is
    "right", "wrong" or empty. `title`, `note` and `fall` are plain text.
    """

    position: int
    title: str
    note: str
    fall: str
    mark: str
    image: str = ""
    shown: str = ""
    behind: str = ""


def image_address(data: bytes | None) -> str:
    """A data address for an encoded image, made smaller where it is large; empty for none and for unknown types."""
    if not data or (kind := media_type(data)) is None:
        return ""
    if len(data) > LARGEST_BYTES:
        data, kind = _thumbnail(data), "image/webp"
    return f"data:{kind};base64,{base64.b64encode(data).decode('ascii')}" if data else ""


@lru_cache(maxsize=1024)
def _thumbnail(data: bytes) -> bytes:
    try:
        with Image.open(io.BytesIO(data)) as image:
            image.thumbnail((THUMBNAIL, THUMBNAIL))
            out = io.BytesIO()
            image.convert("RGB").save(out, "WEBP", quality=80)
    except (OSError, ValueError, Image.DecompressionBombError):
        return b""
    return out.getvalue()


def gallery(
    tiles: Sequence[Tile], *, name: str, selected: int | None, shown: str, on_open: Callable[[int], None]
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
    """
    key = f"gallery:{name}"
    drawing = f"0 0 {sparkline.WIDTH} {sparkline.HEIGHT}"
    colours = {"shown": _themed(shown), "behind": _themed("baseline")}
    baseline = {"shown": shown == "baseline", "behind": True}  # which is dashed, as in every figure
    _component(
        key=key,
        data={"tiles": [asdict(tile) for tile in tiles], "colours": colours, "baseline": baseline, "drawing": drawing},
        on_open_change=lambda: _deliver(key, {tile.position for tile in tiles}, on_open),
    )
    rule = "outline-color:var(--st-primary-color);background:var(--st-secondary-background-color)"
    st.html(f"<style>.xl-tile[data-position='{-1 if selected is None else int(selected)}']{{{rule}}}</style>")


def _themed(predictor_id: str) -> list[str]:
    return list(style.THEMED[style.predictor_style(predictor_id)["color"]][:2])


def _deliver(key: str, positions: set[int], on_open: Callable[[int], None]) -> None:
    sent = st.session_state[key].get("open")
    if isinstance(sent, int) and not isinstance(sent, bool) and sent in positions:
        on_open(sent)
