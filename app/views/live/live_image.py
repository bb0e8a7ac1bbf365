"""The live page's image: a sample of the run or an upload, and the distortions on sliders."""

import base64
import hashlib
from dataclasses import dataclass

import numpy as np
import streamlit as st

from analysis.images.distortions import Distortion
from analysis.images.uploads import as_png, fitted, read_upload
from analysis.reference.outside_text import html_text
from app import state
from app.components.controls import control
from app.components.selection.tiles import pictures
from app.components.text import escape
from app.server.read_only import read_only
from app.view import View
from app.views.live.upload import uploaded_image

DISTORTIONS = ("turn", "blur", "noise", "seed", "cover", "cover_x", "cover_y")
STYLE = """<style>
.xl-live { display: flex; gap: 1rem; font-size: 0.875rem; }
.xl-live figure { margin: 0; flex: 0 1 10rem; }
.xl-live img { width: 100%; aspect-ratio: 1; image-rendering: pixelated; border-radius: 0.5rem; display: block; }
.xl-live figcaption { opacity: 0.75; margin-top: 0.25rem; overflow-wrap: break-word; }
</style>"""


@dataclass(frozen=True)
class Picture:
    """The image on screen, of the network's size. `label` is -1 where unknown; `name` is plain text.

    `sample_id` is the run's, empty for an image of one's own.
    """

    pixels: np.ndarray
    label: int
    name: str
    sample_id: str = ""

    @property
    def key(self) -> str:
        """Hash of the pixels: part of every cache's key."""
        return hashlib.sha256(self.pixels.tobytes()).hexdigest()


def picture_on_screen(view: View) -> Picture | None:
    """The image that was chosen; None where there is none, which is then said."""
    if read_only() and state.get("source") == "upload":
        state.note("This app takes no uploads: showing an image of the run instead.")
        state.reset("source")
    if not read_only():
        control("source", "Image", show={"run": "of the run", "upload": "your own"}.get)
    return _uploaded(view) if state.get("source") == "upload" else _from_run(view)


def _size(view: View) -> int:
    from analysis.models.networks.architectures import architecture

    return architecture(view.run.arch).image_size


def _from_run(view: View) -> Picture | None:
    _step_buttons(view)
    (data,) = pictures(view, [view.sample])
    if data is None:
        instead = "choose another sample" if read_only() else "choose another sample, or an image of your own"
        st.info(f"There is no image of this sample here: {instead}.")
        return None
    identity = str(view.run.samples["id"].iloc[view.sample])
    try:
        pixels, size = read_upload(data), _size(view)
        if pixels.shape[:2] != (size, size):  # `evaluate` keeps images as its network saw them
            pixels = fitted(pixels, size)
    except ValueError as error:
        st.error(escape(f"Sample {identity}: {error}."))
        return None
    label = int(view.run.labels[view.sample])
    said = view.run.class_names[label] if label >= 0 else "label unknown"
    return Picture(pixels, label, f"sample {identity}: {said}", identity)


def _step_buttons(view: View) -> None:
    """The samples of the split one after the other, as on the arrow keys of the samples page."""
    positions = view.run.positions(view.split)
    rank = int(np.searchsorted(positions, view.sample))
    ids = view.run.samples["id"]
    with st.container(horizontal=True, vertical_alignment="center", key="live-steps"):
        for key, name, target in (("Left", "Previous", rank - 1), ("Right", "Next", rank + 1)):
            there = 0 <= target < len(positions)
            identity = str(ids.iloc[positions[target]]) if there else ""
            st.button(
                name,
                shortcut=key,
                disabled=not there,
                key=f"live-step:{key}",
                on_click=state.set,
                args=("sample", identity),
                help=f"The {name.lower()} sample of the split: arrow {key.lower()}",
            )


def _uploaded(view: View) -> Picture | None:
    file = uploaded_image("live-upload")
    st.caption("No copy of it is kept, and an address does not carry it.")
    if file is None:
        st.info("Drop an image above: its middle is resized to what the network takes.")
        return None
    try:
        pixels = fitted(read_upload(file.getvalue()), _size(view))
    except ValueError as error:
        st.error(escape(f"{file.name}: {error}."))
        return None
    return Picture(pixels, -1, file.name)


def chosen_distortion() -> Distortion:
    """The sliders, and what they say."""
    control("turn", "Rotation, degrees")
    control("blur", "Blur, % of the width")
    control("noise", "Noise, standard deviation", step=0.01)
    control("cover", "Grey square, % of the width")
    with st.expander("Where the square is, which noise"):
        control("cover_x", "Square from the left, %")
        control("cover_y", "Square from the top, %")
        control("seed", "Noise, seed", widget="number", step=1)
    st.button(
        "Undo the distortions",
        on_click=state.reset,
        args=DISTORTIONS,
        icon=":material/undo:",
        help="No rotation, blur, noise or cover: the image as it is.",
    )
    return Distortion(**{name: state.get(name) for name in DISTORTIONS})


def show_pictures(picture: Picture, image: np.ndarray, distortion: Distortion) -> None:
    """The image, and beside it what the network sees where that differs."""
    shown = [(picture.pixels, picture.name)]
    if not distortion.is_none:
        shown.append((image, distortion.words))
    figures = "".join(
        f'<figure><img alt="" src="data:image/png;base64,{base64.b64encode(as_png(pixels)).decode("ascii")}">'
        f"<figcaption>{html_text(name)}</figcaption></figure>"
        for pixels, name in shown
    )
    st.html(f'{STYLE}<div class="xl-live">{figures}</div>')
