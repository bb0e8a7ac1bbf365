"""Points of other networks beside the curves: a CSV brings them, the state folder keeps them for the data set."""

from collections.abc import Sequence

import streamlit as st

from analysis.figures.compute_curve import Others
from analysis.run import Run
from analysis.storage.other_points import (
    COLUMNS,
    LARGEST_FILE,
    Point,
    forget_points,
    read_points,
    save_points,
    saved_points,
)
from analysis.words.formats import counted
from app import state
from app.components.stopping.budget import Axis
from app.components.text import escape, plain_text
from app.server.read_only import read_only
from app.view import View

_TURN, _GONE, _SAID = "points-turn", "points-gone", "points-said"
EXAMPLE = f"{','.join(COLUMNS)}\nResNet-56,126M,MACs,71.4,my training\n"


def points_beside(view: View) -> list[Point]:
    """All that are kept for the run's data set; none beside other samples than the test split, as with the paper's."""
    if view.split != "test" or view.only or not view.has_labels:
        return []
    try:
        return saved_points(_of(view.run))
    except ValueError as error:
        state.note(f"The points of other networks are not drawn: {error}")
        return []


def drawn_points(points: Sequence[Point], axis: Axis) -> list[Others]:
    """Those in the unit on screen, by name."""
    found: dict[str, list[Point]] = {}
    for one in points if state.get("published") else ():
        if one.unit == axis.unit:
            found.setdefault(one.name, []).append(one)
    return [
        Others(name, [p.cost for p in some], [p.accuracy for p in some], [p.source for p in some])
        for name, some in found.items()
    ]


def points_box(view: View, axis: Axis, points: Sequence[Point]) -> None:
    """What is kept, and where more comes in; nothing for those who may only look and have nothing to look at."""
    if not view.has_labels or axis.unit is None or (read_only() and not points):
        return
    with st.popover(
        "Other networks",
        width="content",
        icon=":material/add_chart:",
        help="Static models and published points beside these curves, from a CSV.",
    ):
        if not read_only():
            _bring(view.run, axis)
        _kept(view.run, points, axis)


def _of(run: Run) -> str:
    """What points belong to."""
    return run.dataset or f"run {run.id}"


def _bring(run: Run, axis: Axis) -> None:
    st.markdown("Points of static models, or published ones, beside these curves: a CSV with the columns")
    st.code(EXAMPLE, language=None)
    plain_text(
        f"Costs per sample, in {axis.unit}, accuracies in percent; points of one name are joined. They stay for every "
        f"run of {_of(run)}.",
        role="caption",
    )
    turn = st.session_state.get(_TURN, 0)
    st.file_uploader(
        "CSV of points", type=["csv", "txt"], max_upload_size=LARGEST_FILE // 10**6, key=f"points-file-{turn}",
        on_change=_take, args=(run, axis.unit, f"points-file-{turn}"), help="One point a line: "
        "name, cost, unit, accuracy, source. A name that is there already is replaced.",
    )  # fmt: skip
    if said := st.session_state.pop(_SAID, ""):
        st.error(escape(said))


def _take(run: Run, unit: str, key: str) -> None:
    """In a callback: keep what a file holds, or say why not."""
    file = st.session_state[key]
    if file is None:
        return
    try:
        _changeable()
        save_points(_of(run), read_points(file.getvalue().decode("utf-8"), [unit], file=file.name[:60]))
    except UnicodeDecodeError:
        st.session_state[_SAID] = f"{file.name[:60]}: is no text in UTF-8: save the table as CSV UTF-8"
    except ValueError as error:
        st.session_state[_SAID] = str(error)
    else:
        state.set("published", True)
    st.session_state[_TURN] = st.session_state.get(_TURN, 0) + 1  # another uploader is empty


def _kept(run: Run, points: Sequence[Point], axis: Axis) -> None:
    for name in dict.fromkeys(one.name for one in points):
        some = [one for one in points if one.name == name]
        with st.container(horizontal=True, vertical_alignment="center"):
            elsewhere = {one.unit for one in some} - {axis.unit}
            units = f", not drawn: in {' and '.join(sorted(elsewhere))}" if elsewhere else ""
            plain_text(f"{name}: {counted(len(some), 'point')}{units}")
            if not read_only():
                st.button(
                    "Remove", key=f"points-remove:{name}", type="tertiary", on_click=_remove, args=(run, name),
                    help="Take these points away; Undo brings them back.",
                )  # fmt: skip
    gone = st.session_state.get(_GONE)
    if gone and gone[0] == _of(run) and not read_only():
        st.button(
            "Undo the removal", key="points-undo", type="tertiary", icon=":material/undo:", on_click=_restore,
            help="The points that were removed last come back.",
        )  # fmt: skip


def _remove(run: Run, name: str) -> None:
    try:
        _changeable()
        st.session_state[_GONE] = (_of(run), forget_points(_of(run), name))
    except ValueError as error:
        state.note(str(error))


def _restore() -> None:
    try:
        _changeable()
        save_points(*st.session_state.pop(_GONE))
    except ValueError as error:
        state.note(str(error))


def _changeable() -> None:
    """What a forged request meets, too.

    Raises
    ------
    ValueError
        The app is read-only.
    """
    if read_only():
        raise ValueError("This app is read-only: points of other networks are kept in an app of one's own")
