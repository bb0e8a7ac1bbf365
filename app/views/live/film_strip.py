"""The film-strip of attributions: what to explain, a process that computes it, its progress, Cancel, and the figure."""

import base64
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd
import streamlit as st

from analysis.attribution import jobs
from analysis.attribution.correlation import neighbours
from analysis.attribution.methods import METHODS, SCALES
from analysis.attribution.strip import NOT_CONVERGED, Strip, StripSettings, pooled, read_strip, strip_path
from analysis.attribution.targets import QUANTITIES
from analysis.figures.film_strip import film_strip_figure
from analysis.images.uploads import as_png
from analysis.report.pictures import About
from analysis.words.formats import small
from analysis.words.live import attribution_finding, exits_listed
from app import state
from app.components.chart import chart
from app.components.controls import control
from app.components.figure_table import figure_table
from app.components.text import escape, plain_text
from app.view import View
from app.views.live.live_image import Picture

_JOB = "film-strip-job"
_KEPT, MOST_KEPT = "film-strips", 4
_FAILED = "film-strip-failed"
QUANTITY_NAMES = {"prob": "probability", "logit": "logit", "log-prob": "log probability"}
EVERY_S = 0.5


def film_strip(view: View, picture: Picture, image: np.ndarray, *, predicted: int, exit_names: Sequence[str]) -> None:
    """Which pixels a class's score rests on, exit by exit.

    Parameters
    ----------
    picture : the image before it was distorted, and what is known of it
    image : uint8 (height, width, 3), as the network sees it
    predicted : the class that the last exit that ran answers
    """
    st.markdown("**Which pixels does each exit rest on?**")
    settings, name = _settings(view, picture.label, predicted)
    path = strip_path(view.run.fingerprint, image, settings)
    job = _job(path)
    if job is not None:
        _progress(len(exit_names))
        return
    strip = _kept(path)
    if strip is None:
        _start(view, image, settings, path)
        return
    _figure(view, picture, image, strip, settings, name, exit_names)


def _settings(view: View, label: int, predicted: int) -> tuple[StripSettings, str]:
    method, through, quantity, whom, other = st.columns([3, 3, 3, 3, 3], vertical_alignment="bottom")
    with method:
        chosen = control(
            "method",
            "Attribution method",
            widget="selectbox",
            show=lambda key: METHODS[key].name,
            on_change=_forget_quantity,
        )
        if chosen == "grad-cam":
            control("map", "Feature map", _scales(view), widget="selectbox")
    with through:
        control(
            "through", "Explained output", widget="selectbox",
            show={"product": "the product so far", "head": "each exit by itself"}.get,
            on_change=_forget_quantity,
        )  # fmt: skip
    with quantity:
        allowed = [one for one in QUANTITIES[state.get("through")] if one != "log-prob" or METHODS[chosen].local]
        control("quantity", "Explained number", allowed, widget="selectbox", show=QUANTITY_NAMES.get)
    with whom:
        kinds = ["true", "predicted", "other"] if label >= 0 else ["predicted", "other"]
        asked = control(
            "whom", "Explained class", kinds, widget="selectbox", default=None if label >= 0 else "predicted",
            show=lambda key: f"{key} class" if key != "other" else key,
        )  # fmt: skip
    classes = {"true": label, "predicted": predicted}
    if asked == "other":
        with other:
            control(
                "other", "Other class", range(view.run.n_classes), widget="selectbox",
                show=lambda index: view.run.class_names[index],
            )  # fmt: skip
    index = classes.get(asked, state.get("other"))
    settings = StripSettings(
        state.get("through"),
        state.get("quantity"),
        int(index),
        chosen,
        state.get("map") if chosen == "grad-cam" else "coarsest",
    )
    return settings, view.run.class_names[int(index)]


def _forget_quantity() -> None:
    state.reset("quantity")


def _scales(view: View) -> tuple[str, ...]:
    """What the scales of the run's network are called."""
    from analysis.models.networks.architectures import architecture

    return SCALES[len(architecture(view.run.arch).config.factors)]


# --- what was computed -----------------------------------------------------------------------------------------------


def _keep(path: Path, strip: Strip) -> None:
    """Hold a strip in the session, with the few before it: the cache folder may be one that cannot be written."""
    kept = st.session_state.setdefault(_KEPT, {})
    kept[path] = strip
    for old in list(kept)[:-MOST_KEPT]:
        del kept[old]


def _kept(path: Path) -> Strip | None:
    strip = st.session_state.get(_KEPT, {}).get(path)
    return read_strip(path) if strip is None else strip


# --- the process -----------------------------------------------------------------------------------------------------


def _job(path: Path) -> jobs.StripJob | None:
    """The job of this strip; one of another strip, that nobody waits for any more, is ended."""
    job = st.session_state.get(_JOB)
    if job is not None and job.path != path:
        job.cancel()
        job = st.session_state[_JOB] = None
    return job


def _start(view: View, image: np.ndarray, settings: StripSettings, path: Path) -> None:
    def begin() -> None:
        st.session_state.pop(_FAILED, None)
        st.session_state[_JOB] = jobs.start(path, view.run.weights, view.run.arch, image, settings)

    failed, why = st.session_state.get(_FAILED, (None, ""))
    if failed == path:
        st.error(escape(f"{why}."))
    st.button(
        "Compute the film-strip",
        on_click=begin,
        icon=":material/theaters:",
        help="One map of attributions per exit: which pixels speak for the class, and which against it.",
    )
    plain_text(
        METHODS[settings.method].summary + " Computed beside the app, some seconds for each exit, and kept.",
        role="caption",
    )


def _cancel() -> None:
    if (job := st.session_state.get(_JOB)) is not None:
        job.cancel()
        st.session_state[_JOB] = None


@st.fragment(run_every=EVERY_S)
def _progress(count: int) -> None:
    """Ask how far it is, again and again, without running the page."""
    job = st.session_state.get(_JOB)
    if job is None:  # cancelled: the page offers to start it again
        st.rerun()
    waits, done = job.waits_for(), job.exits_done()
    said = f"waiting for {waits} other{'s' if waits > 1 else ''}" if waits else f"{done} of {count} exits"
    st.progress(min(done / count, 1.0), text=said)
    st.button("Cancel", on_click=_cancel, key="film-strip-cancel", help="End the computation.")
    try:
        strip = job.result()
    except ValueError as error:
        st.session_state[_FAILED] = (job.path, str(error))
    else:
        if strip is None:
            return
        _keep(job.path, strip)
    st.session_state[_JOB] = None
    st.rerun()


# --- the figure ------------------------------------------------------------------------------------------------------


def _figure(
    view: View,
    picture: Picture,
    image: np.ndarray,
    strip: Strip,
    settings: StripSettings,
    name: str,
    exit_names: Sequence[str],
) -> None:
    doubtful = [note.startswith(NOT_CONVERGED) for note in strip.notes]
    there = np.isfinite(strip.maps).all((1, 2))
    sound = there & ~np.array(doubtful)
    correlations = [
        neighbours(strip.maps[i : i + 2])[0] if sound[i : i + 2].all() else float("nan")
        for i in range(len(strip.maps) - 1)
    ]
    drawn, cell = pooled(strip.maps)
    limits = [float(np.quantile(np.abs(one), 0.995)) or 1.0 if known else 1.0 for one, known in zip(drawn, there)]
    known = [one for one in correlations if np.isfinite(one)]
    quantity = QUANTITY_NAMES[settings.quantity]
    of = "the product (PA with its default settings)" if settings.through == "product" else "each exit's head"
    figure = film_strip_figure(
        drawn,
        picture=_address(image),
        under=_address(np.repeat(image.mean(axis=2, keepdims=True), 3, axis=2).astype(np.uint8)),
        exit_names=exit_names,
        captions=[_caption(strip, exit_, settings) for exit_ in range(len(strip.maps))],
        correlations=correlations,
        limits=limits,
        doubtful=doubtful,
        title=attribution_finding(known, [name for name, crossed in zip(exit_names, doubtful) if crossed]),
        subtitle=f"{METHODS[settings.method].name} of the {quantity} of {name} in {of}; blue speaks for the class, "
        "orange against, as the root of the value, on each exit's own scale, which stands below; "
        "\N{GREEK SMALL LETTER RHO}: Spearman's correlation with the exit before."
        + (" Crossed out: not converged, and not compared." if any(doubtful) else "")
        + (f" A cell is the mean of {cell} x {cell} pixels." if cell > 1 else ""),
        cell=cell,
        height=250,
    )
    whose = About(view.run.id, "pa" if settings.through == "product" else "baseline", "film-strip")
    chart(figure, name="film-strip", height=250, data=lambda: _data(view, picture, strip, settings), of=whose)
    for note in dict.fromkeys(note for note in strip.notes if note):
        names = [exit_names[i] for i, one in enumerate(strip.notes) if one == note]
        exits = exits_listed(names)
        plain_text(f"{exits[:1].upper()}{exits[1:]}: {note}.", role="caption")


def _address(pixels: np.ndarray) -> str:
    return f"data:image/png;base64,{base64.b64encode(as_png(pixels)).decode('ascii')}"


def _caption(strip: Strip, exit_: int, settings: StripSettings) -> str:
    score, note = strip.scores[exit_], strip.notes[exit_]
    if score is None:
        return "dropped" if "dropped" in note else "removed"
    sign = {"prob": "p", "logit": "logit", "log-prob": "log p"}[settings.quantity]
    said = small(score) if settings.quantity == "prob" else f"{score:.2f}"
    return f"{sign} {said}" + (f", {NOT_CONVERGED}" if note.startswith(NOT_CONVERGED) else "")


def _data(view: View, picture: Picture, strip: Strip, settings: StripSettings) -> pd.DataFrame:
    exits, rows, columns = np.indices(strip.maps.shape)
    names = np.asarray(view.run.exit_names, dtype=object)[exits.ravel()]
    of = {"sample_id": picture.sample_id, "method": settings.method, "through": settings.through,
          "quantity": settings.quantity, "class": view.run.class_names[settings.class_index]}  # fmt: skip
    table = pd.DataFrame({"exit": exits.ravel() + 1, "exit_name": names, "row": rows.ravel(),
                          "column": columns.ravel(), "value": strip.maps.ravel(),
                          "note": np.asarray(strip.notes, dtype=object)[exits.ravel()]})  # fmt: skip
    return figure_table(view, table.assign(**of), split=False)
