"""Widgets whose value lives in `state.CONTROLS`: kept over pages, restored from the address, written to it.

`control(name, label)` makes the widget that suits the control's kind and returns its value. A widget never holds the
truth: it is set from the state before it is made, and its change is taken over in a callback, before the script runs.
"""

from collections.abc import Callable, Sequence

import streamlit as st

from analysis.reference.outside_text import distinct, isolated
from analysis.settings import as_text
from app import state

_USED, _FIRST = "page-in-use", "page-opened-first"
SELECTBOX_FROM = 5  # so many choices and more are a list to open, fewer stand side by side


def control(
    name: str,
    label: str,
    options: Sequence[object] | None = None,
    *,
    show: Callable[[object], str] = str,
    widget: str | None = None,
    default: object = None,
    on_change: Callable[[], None] | None = None,
    typed: tuple[Callable[[object], str], Callable[[str], object]] | None = None,
    **arguments: object,
) -> object:
    """The widget of one control.

    Parameters
    ----------
    name : str
        A row of `state.CONTROLS`.
    label : str
        Its label, markdown (escape names that come from files with `text.escape`).
    options : sequence, optional
        For `choice`, `choices` and `text` controls whose values depend on the run: what exists. A value that is not
        among them falls back to the default, with a note.
    show : callable, optional
        How an option is written on screen. Options that would look alike are told apart: Streamlit knows them by what
        is written, and opens the last of those that are the same.
    widget : str, optional
        "selectbox", "segmented", "pills", "radio", "slider", "number", "text" or "toggle", where it is not
        the kind's usual one.
    default : object, optional
        What stands for the table's default on this run (its first unit, its first sample): shown in its place, not
        written to the address.
    on_change : callable, optional
        Called after the state has taken over the new value, before the script runs.
    typed : (value -> text, text -> value), optional
        How a number is typed, in a text box; what the second refuses by a ValueError is said.
    **arguments
        Passed on to the widget (`help`, `disabled`, `step`, `placeholder`, `label_visibility`, ...).

    Returns
    -------
    object
        The value: str, tuple of str, bool, int, float or None, by the control's kind.
    """
    row = state.CONTROLS[name]
    if options is None and row.choices:
        options = row.choices
    if options is not None and row.kind != "choices":
        state.narrow(name, options if default is None else [row.default, *options])
    elif options is not None:
        _narrow_all(name, options)
    key, value = f"control:{name}", state.get(name)
    if default is not None and value == row.default:
        value = default
    value = _within(row, value, arguments, typed[0] if typed else lambda number: as_text(row, number))
    shown = list(value) if row.kind == "choices" else value
    if typed is not None:
        arguments = {k: v for k, v in arguments.items() if k not in ("min_value", "max_value")}
        widget, shown = "text", typed[0](value)
    put(key, shown)
    arguments = (
        {"help": row.description}
        | arguments
        | {"key": key, "on_change": _take_over, "args": (name, default, on_change, typed and typed[1])}
    )
    _make(
        row,
        widget or _usual(row, options),
        label,
        options,
        show if options is None else _apart(options, show),
        arguments,
    )
    return value


def _apart(options: Sequence[object], show: Callable[[object], str]) -> Callable[[object], str]:
    """How options are written, no two alike."""
    written = distinct([isolated(show(option)) for option in options], lambda place: str(options[place]))
    return dict(zip(options, written)).__getitem__


def put(key: str, value: object) -> None:
    """Give the widget of a key its value, before it is made, where it would show another.

    A widget of the same key on another page is a new one to Streamlit, and starts at its own default although the
    session still holds the value: so each page gives it until somebody uses a control there. A browser that still loads
    the widget when the script runs again would miss what was given once and show the default; given on every run, it
    would wipe out what is typed. What stands on every page is the same widget on all of them: it is given its value
    until any control is used or another page is opened, since what is given again is drawn again.
    """
    place, placed = state.place(), f"page-of-{key}"
    used_on, first = st.session_state.get(_USED), st.session_state.setdefault(_FIRST, state.page())
    unused = used_on != place if place else used_on is None and state.page() == first
    if unused or st.session_state.get(placed) != place or key not in st.session_state or st.session_state[key] != value:
        st.session_state[key] = value
    st.session_state[placed] = place


def used() -> None:
    """In a callback: somebody uses the controls of this page, so its widgets are there."""
    st.session_state[_USED] = state.page()


def _narrow_all(name: str, options: Sequence[object]) -> None:
    kept = tuple(value for value in state.get(name) if value in options)
    if kept != state.get(name):
        lost = next(value for value in state.get(name) if value not in options)
        state.note(state.fallback_note(name, str(lost), "does not exist here"))
        state.set(name, kept)


def _within(row: state.Control, value: object, arguments: dict, write: Callable[[object], str]) -> object:
    """A number moved into the bounds that this run sets (a page number, a budget), which the table cannot know."""
    low, high = arguments.get("min_value", row.low), arguments.get("max_value", row.high)
    if row.kind not in ("integer", "number", "optional-number") or value is None:
        return value
    moved = value if low is None else max(value, low)
    moved = moved if high is None else min(moved, high)
    moved = int(moved) if row.kind == "integer" else float(moved)
    if moved != value:
        bounds = " and ".join(
            f"{said} {write(bound)}" for said, bound in (("at least", low), ("at most", high)) if bound is not None
        )
        state.note(f"{row.name} = {write(value)!r} must be {bounds}: showing {write(moved)}, the nearest, instead.")
        state.set(row.name, moved)
    return moved


def _usual(row: state.Control, options: Sequence[object] | None) -> str:
    if row.kind == "switch":
        return "toggle"
    if row.kind == "choices":
        return "multiselect"
    if row.kind in ("integer", "number"):
        return "slider" if row.low is not None and row.high is not None else "number"
    if row.kind == "optional-number":
        return "number"
    if options is None:
        return "text"
    return "selectbox" if len(options) >= SELECTBOX_FROM else "segmented"


def _make(
    row: state.Control, widget: str, label: str, options: Sequence | None, show: Callable, arguments: dict
) -> None:
    if widget == "toggle":
        st.toggle(label, **arguments)
    elif widget == "text":
        st.text_input(label, **arguments)
    elif widget in ("slider", "number"):
        cast = int if row.kind == "integer" else float
        bounds = {"min_value": row.low, "max_value": row.high} | arguments
        bounds = {
            k: cast(v) if k in ("min_value", "max_value", "step") and v is not None else v for k, v in bounds.items()
        }
        if widget == "number" and row.kind == "optional-number":
            bounds["value"] = None
        (st.slider if widget == "slider" else st.number_input)(label, **bounds)
    elif widget == "multiselect":
        st.multiselect(label, options, format_func=show, **arguments)
    elif widget == "pills":
        st.pills(label, options, format_func=show, selection_mode="multi", **arguments)
    elif widget == "segmented":
        st.segmented_control(label, options, format_func=show, required=True, **arguments)
    else:
        {"selectbox": st.selectbox, "radio": st.radio}[widget](label, options, format_func=show, **arguments)


def _take_over(
    name: str,
    default: object,
    then: Callable[[], None] | None,
    read: Callable[[str], object] | None,
) -> None:
    used()
    value = st.session_state[f"control:{name}"]
    try:
        if read is not None:
            value = read(value)
        if default is not None and value == default:
            state.reset(name)
        else:
            state.set(name, tuple(value) if isinstance(value, list) else value)
    except ValueError as error:
        state.note(f"{error}; kept what was there.")
        return
    if then is not None:
        then()
