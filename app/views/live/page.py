"""Live: how does a prediction build up over the exits, and what breaks it? The run's own network, one image at a time.

Only this page needs torch; it comes with the modules that are imported when an image is run.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import partial

import numpy as np
import pandas as pd
import streamlit as st

from analysis.figures.live_trajectory import live_trajectory_figure
from analysis.figures.sample_trajectory import WRONG_KEY, Trajectory
from analysis.images.distortions import Distortion, distorted
from analysis.metrics.decrease import largest_fall
from analysis.models.evaluation.live import LiveRun, exits_of, run_image, within_memory
from analysis.predictors import find_predictor, resolve
from analysis.words.formats import exit_labels, small
from analysis.words.live import live_finding
from app import cache
from app.components.chart import chart
from app.components.controls import control
from app.components.figure_table import by_exit, figure_table
from app.components.predictor_names import label_of, named
from app.components.text import escape, plain_table, plain_text
from app.view import View
from app.views.live.film_strip import film_strip
from app.views.live.live_image import Picture, chosen_distortion, picture_on_screen, show_pictures

_PLAY, PACE_S = "live-play", 0.4
_FAILED = "live-play-failed"


def render(view: View) -> None:
    """The page."""
    st.subheader("How does a prediction build up over the exits, and what breaks it?", anchor=False)
    if view.run.weights is None or view.run.arch is None:
        st.info(
            "This run keeps no weights, so no image can go through its network: choose a run with weights in the "
            "sidebar. A run keeps them when it is written with its checkpoint and the id of its architecture."
        )
        return
    if wrong := _misfit(view):
        st.error(escape(wrong))
        return
    left, right = st.columns([4, 7], gap="medium")
    with left:
        picture = picture_on_screen(view)
        images = st.container()
        distortion = chosen_distortion()
    if picture is None:
        return
    image = distorted(picture.pixels, distortion)
    with images:
        show_pictures(picture, image, distortion)
    with right:
        predicted = _trajectory(view, picture, image, distortion)
    film_strip(view, picture, image, predicted=predicted, exit_names=exit_labels(view.run.exit_names))


# --- the network -----------------------------------------------------------------------------------------------------


def _misfit(view: View) -> str:
    """Why the weights cannot be those of the run's logits; empty where they can."""
    from analysis.models.networks.architectures import architecture

    try:
        exits, classes = architecture(view.run.arch).logits_shape
    except ValueError as error:
        return f"This run's weights cannot be used: {error}."
    if (exits, classes) == (view.run.n_exits, view.run.n_classes):
        return ""
    return (
        f"This run's logits have {view.run.n_exits} exits and {view.run.n_classes} classes, and {view.run.arch} has "
        f"{exits} and {classes}: write the run again with the weights that gave its logits."
    )


def _network(view: View) -> object:
    from analysis.models.networks.checkpoints import load_checkpoint

    with within_memory("this network"):
        return cache.numbers(load_checkpoint, view.run.fingerprint, path=view.run.weights, arch=view.run.arch)


def _dataset(view: View) -> str:
    from analysis.models.networks.architectures import architecture

    return architecture(view.run.arch).dataset


def _run(view: View, key: str, image: np.ndarray, distortion: Distortion, exits: int) -> LiveRun:
    return cache.numbers(
        run_image,
        view.run.fingerprint, key, distortion.key, exits,
        network=_network(view), image=image, dataset=_dataset(view), exits=exits,
    )  # fmt: skip


def _probs(view: View, predictor: str, logits: np.ndarray) -> np.ndarray:
    """(exits that ran, classes), of logits of that shape.

    A predictor's weights are of all exits. Those that did not run count as if they repeated the last that did: what a
    predictor of the library says at an exit rests on the exits up to it, and of another's the page says so.
    """
    from analysis.predictors.apply import apply_predictor

    row, ran, count = find_predictor(predictor), len(logits), view.run.n_exits
    resolved = resolve(row, view.settings_of(predictor), n_exits=count)  # a mapping: of any names
    whole = np.concatenate([logits, np.repeat(logits[-1:], count - ran, axis=0)])
    return apply_predictor(row, whole[:, None], resolved).probs[:ran, 0].numpy()


def _predicted(probs: np.ndarray) -> np.ndarray:
    """The class that each exit answers, -1 where no class has probability."""
    return np.where(probs.max(1) > 0, probs.argmax(1), -1)


def _line(view: View, predictor: str, probs: np.ndarray, followed: int, label: int) -> Trajectory:
    values, predicted = probs[:, followed], _predicted(probs)
    fall = largest_fall(values[:, None])
    size = float(fall.size[0])
    return Trajectory(
        predictor,
        label_of(predictor),
        values,
        probs.max(1),
        None if label < 0 else predicted == label,
        [view.run.class_names[c] if c >= 0 else "none" for c in predicted],
        (size, int(fall.from_exit[0]), int(fall.to_exit[0])) if size > 0 else None,
    )


# --- the trajectory --------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Scene:
    """What the chart is of: a run up to some exit, the same of the image before it was distorted, whose probability."""

    view: View
    label: int
    distortion: Distortion
    live: LiveRun
    clean: np.ndarray  # probs, (exits that ran, classes)
    followed: int
    """The class whose probability is drawn: the true one, or what the last exit answers without a distortion."""
    names: tuple[str, ...]  # of all exits
    sample_id: str

    @property
    def who(self) -> str:
        """What that class is, plain text."""
        if self.label >= 0:
            return "true class"
        ran, name = len(self.clean), self.view.run.class_names[self.followed]
        if not self.clean[-1].any():  # the correction leaves no class a probability
            return f"class of the largest logit, {name}"
        return (
            f"final prediction, {name}" if ran == len(self.names) else f"answer of exit {self.names[ran - 1]}, {name}"
        )


@dataclass
class Play:
    """Exits as they arrive, one an update.

    of : what runs: other images, distortions and numbers of exits end it
    coming : the exits that have not run yet
    arrived : float32, (classes,) each
    error : why no more come; empty where they do
    """

    of: tuple
    coming: Iterator[np.ndarray]
    arrived: list[np.ndarray] = field(default_factory=list)
    error: str = ""

    def advance(self) -> None:
        """Run the next exit."""
        try:
            if not self.error:
                self.arrived.append(next(self.coming))
        except ValueError as error:
            self.error = str(error)


def _trajectory(view: View, picture: Picture, image: np.ndarray, distortion: Distortion) -> int:
    """The chart and what every exit answers; returns the class that the last exit that ran answers."""
    names = exit_labels(view.run.exit_names)
    slider, button = st.columns([5, 1], vertical_alignment="bottom")
    with slider:
        exits = _exits_that_run(len(names))
    with st.spinner("The network is loading …", show_time=False):
        live = _run(view, picture.key, image, distortion, exits)
        before = _run(view, picture.key, picture.pixels, Distortion(), exits)
    runs = view.run.fingerprint, picture.key, distortion.key, exits
    with button:
        playing = _play_button(view, runs, image)
    failed, why = st.session_state.pop(_FAILED, (None, ""))
    if failed == runs:
        st.error(escape(f"{why}."))
    clean = _probs(view, view.shown, before.logits)
    followed = picture.label if picture.label >= 0 else _answered(clean, before.logits)
    st.fragment(_watch, run_every=PACE_S if playing else None)(
        Scene(view, picture.label, distortion, live, clean, followed, names, picture.sample_id)
    )
    return _answered(_probs(view, view.shown, live.logits), live.logits)


def _answered(probs: np.ndarray, logits: np.ndarray) -> int:
    """The class that the last exit answers; that of its largest logit where no class has probability."""
    answered = int(_predicted(probs)[-1])
    return answered if answered >= 0 else int(logits[-1].argmax())


def _exits_that_run(count: int) -> int:
    if count == 1:
        return 1
    return control("until", "Exits that run", widget="slider", min_value=1, max_value=count, default=count)


def _play_button(view: View, of: tuple, image: np.ndarray) -> bool:
    """Play, or Stop while exits arrive; returns whether they do."""
    play = st.session_state.get(_PLAY)
    if play is not None and play.of != of:
        play = st.session_state[_PLAY] = None

    def change() -> None:
        st.session_state[_PLAY] = None if play else Play(of, exits_of(_network(view), image, _dataset(view)))

    name, icon = ("Stop", ":material/stop:") if play else ("Play", ":material/play_arrow:")
    st.button(name, on_click=change, icon=icon, key="live-play-button", help="The network runs again, exit by exit.")
    return play is not None


def _watch(scene: Scene) -> None:
    """The chart of the exits that ran; while they arrive, one more is run and drawn each time that this is called."""
    play = st.session_state.get(_PLAY)
    if play is None:
        _draw(scene, scene.live.logits)
        return
    play.advance()
    if play.error:
        st.session_state[_PLAY], st.session_state[_FAILED] = None, (play.of, play.error)
        st.rerun()
    _draw(scene, np.stack(play.arrived))
    if len(play.arrived) == len(scene.live.logits):
        st.session_state[_PLAY] = None
        st.rerun()


def _draw(scene: Scene, logits: np.ndarray) -> None:
    """The chart and the answers of the exits whose logits (exits so far, classes) are there."""
    view, names, label, followed = scene.view, scene.names, scene.label, scene.followed
    distortion = scene.distortion
    shown = _line(view, view.shown, _probs(view, view.shown, logits), followed, label)
    behind = _line(view, "baseline", _probs(view, "baseline", logits), followed, label) if view.poe else None
    last, clean = len(logits) - 1, scene.clean[: len(logits), followed]
    key = "" if shown.right is None else f"; {WRONG_KEY}"
    figure = live_trajectory_figure(
        shown,
        behind,
        None if distortion.is_none else clean,
        latency_ms=scene.live.latency_ms,
        exit_names=names,
        quantity=f"P({scene.who})",
        title=live_finding(
            "true class" if label >= 0 else view.run.class_names[followed],
            float(shown.probs[last]),
            names[last],
            clean_end=None if distortion.is_none else float(clean[last]),
            distortion=distortion.words,
            predicted=shown.predicted,
            right=None if shown.right is None else bool(shown.right[last]),
        ),
        subtitle=f"Probability of the {scene.who} under {named(view.shown)}{key}; thin: the largest of any class"
        f"{'; behind: the baseline' if behind is not None else ''}.",
    )
    data = partial(_data, scene, shown, behind, clean)
    chart(figure, name="live", height=340, data=data, predictor=view.shown)
    _answers(names, scene.live, shown, behind)
    if len(logits) < len(names) and find_predictor(view.shown).path is not None:
        plain_text("Exits that have not run count for this predictor as repeats of the last that did.", role="caption")
    plain_text(
        f"Times are the median of five passes of one image on {scene.live.hardware}, from the start until the exit "
        "answered.",
        role="caption",
    )


def _answers(names: tuple[str, ...], live: LiveRun, shown: Trajectory, behind: Trajectory | None) -> None:
    """What every exit that ran answers, and when."""
    ran = len(shown.probs)
    table = pd.DataFrame(
        {"exit": names[:ran], "time": [f"{ms:.1f} ms" for ms in live.latency_ms[:ran]]}
        | {
            f"{line.label} answers": [f"{name} ({small(p)})" for name, p in zip(line.predicted, line.confidence)]
            for line in (shown, behind)
            if line is not None
        }
    )
    plain_table(table)


def _data(scene: Scene, shown: Trajectory, behind: Trajectory | None, clean: np.ndarray) -> pd.DataFrame:
    ran, parts = len(shown.probs), []
    for line in (shown, behind):
        if line is not None:
            columns = {"prob": line.probs, "confidence": line.confidence, "predicted": list(line.predicted)}
            if line is shown:
                columns["undistorted_prob"] = clean
            columns["latency_ms"] = np.asarray(scene.live.latency_ms[:ran])
            about = {"predictor": line.predictor_id, "sample_id": scene.sample_id, "distortion": scene.distortion.words}
            parts.append(by_exit(scene.view.run.exit_names, columns, **about, prob_of=scene.who))
    return figure_table(scene.view, pd.concat(parts, ignore_index=True), split=False)
