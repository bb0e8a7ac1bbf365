"""Keys: what a press does on every page, and on the page that walks through samples.

`st.button(shortcut=...)` merges presses that come faster than the script runs, and knows neither slash nor question
mark. The browser's half, `keys.js`, counts by itself and sends where to go, never by how much.
"""

from collections.abc import Callable
from pathlib import Path

import streamlit as st

from app import state
from app.components.selection.slices_box import ask_for_slices

_component = st.components.v2.component(
    "exitlens_keys",
    html="<span></span>",
    js=(Path(__file__).parent / "keys.js").read_text(encoding="utf-8"),
    isolate_styles=False,
)
_HELP, _FOCUS, _NUMBER = "keys-help", "keys-focus", "keys-number"
HELP = (
    ("left, right", "the previous sample, the next one (on Samples)"),
    ("p", "the correction on and off"),
    ("/", "write a query"),
    ("f", "save the selection as a slice"),
    ("?", "this list"),
)


def page_keys() -> None:
    """The keys of every page; they are silent in text fields and while a box is open."""
    key = "keys:page"
    with st.container(key="keys"):
        _component(
            key=key,
            data={"name": key, "number": _number(key), "poe": state.get("poe"), "focus": _focus()},
            on_poe_change=lambda: _deliver(key, "poe", bool, lambda on: state.set("poe", on)),
            on_query_change=_to_the_query,
            on_slice_change=ask_for_slices,
            on_help_change=lambda: st.session_state.update({_HELP: True}),
        )
    if st.session_state.pop(_HELP, False):
        _help()


def walking_keys(place: int | None, count: int, go: Callable[[int], None]) -> None:
    """The arrow keys, through `count` places of an order.

    Parameters
    ----------
    place : int, optional
        Where one is, from 0; None outside of them, from where the next is the first.
    go : callable
        Gets the place to go to, before the script body.
    """
    key = "keys:walk"
    with st.container(key="walking-keys"):
        _component(
            key=key,
            data={"name": key, "number": _number(key), "walk": {"place": place, "count": count}},
            on_go_change=lambda: _deliver(key, "go", int, lambda to: go(to) if 0 <= to < count else None),
        )


def _deliver(key: str, event: str, kind: type, then: Callable[[object], None]) -> None:
    """Hand over what was sent with the number of the press, which the browser is told back."""
    sent = st.session_state[key].get(event)
    if not isinstance(sent, dict) or type(sent.get("value")) is not kind or type(sent.get("number")) is not int:
        return
    st.session_state[f"{_NUMBER}:{key}"] = sent["number"]
    then(sent["value"])


def _number(key: str) -> int:
    return st.session_state.get(f"{_NUMBER}:{key}", 0)


def _to_the_query() -> None:
    state.open_page("samples")
    st.session_state[_FOCUS] = st.session_state.get(_FOCUS, 0) + 1


def _focus() -> int:
    """How often the query was asked for from another page."""
    return st.session_state.get(_FOCUS, 0)


@st.dialog("Keys", icon=":material/keyboard:")
def _help() -> None:
    st.markdown("\n".join(f"- **{key}** {what}" for key, what in HELP))
