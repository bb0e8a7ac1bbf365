"""Present: screens that were added on the other pages, put in order here, then shown alone by keys."""

from collections.abc import Callable, Container, Sequence
from dataclasses import dataclass, replace
from itertools import count
from urllib.parse import parse_qsl

import streamlit as st

from analysis.presentations import Presentation, Screen
from analysis.presentations.presentations import now
from analysis.presentations.screens import LONGEST_NAME, LONGEST_SENTENCE
from analysis.reference.outside_text import file_name, html_text
from analysis.words.formats import counted
from app import cache, state
from app.components.controls import control
from app.components.frame.run_choice import listed_once
from app.components.presenting import store
from app.components.presenting.adding import GONE, said
from app.components.text import escape, plain_text
from app.page_table import PAGES
from app.server.read_only import read_only
from app.view import View
from app.views.present.stage import stage

_FAULT, _DELETED, _ROUND = "presentation-fault", "presentation-deleted", "presentation-round"
LARGEST_MB = 64
HOW = "Arrows, space, page up and page down walk; Home and End go to the ends; f fills the screen; Esc comes back here."


@dataclass(frozen=True)
class _Dropped:
    """A screen that was deleted, and where it stood, from 0."""

    name: str
    screen: Screen
    place: int


def render(view: View | None) -> None:
    """The page: the list of screens, or, while `presenting`, one screen alone."""
    st.subheader("What is shown, in which order?", anchor=False)
    if fault := st.session_state.pop(_FAULT, ""):
        st.error(escape(fault))
    wanted, counts = state.get("presentation"), store.saved().counts()
    name = _choice(counts)
    if wanted and wanted != name:  # another one is not shown in its place
        state.reset("presenting", "screen")
    if name is None:
        _none_yet()
        return
    try:
        presentation = store.saved()[name]
    except KeyError:
        raise ValueError(f"{name}: {GONE}") from None
    if state.get("presenting") and presentation.screens:
        at = min(state.get("screen"), len(presentation.screens)) - 1
        stage(presentation, at=at, about=about(presentation.screens), on_leave=_left)
        return
    state.reset("presenting")
    _whole(presentation)
    _screens(presentation)
    if not read_only():
        _sentence(presentation.name)
        _import()


def _left(number: int) -> None:
    state.set("screen", number)
    state.reset("presenting")


# --- which one -------------------------------------------------------------------------------------------------------


def _choice(counts: dict[str, int]) -> str | None:
    """The presentation on screen, None where there is none."""
    if gone := st.session_state.get(_DELETED):
        what = gone.name if isinstance(gone, Presentation) else f"“{gone.screen.heading}” of {gone.name}"
        with st.container(horizontal=True, vertical_alignment="center"):
            st.markdown(f"Deleted {escape(what)}.", width="content")
            st.button(
                "Undo",
                key="presentation-undelete",
                type="tertiary",
                on_click=said,
                args=(_undelete, _FAULT),
                help="Puts the deleted presentation back.",
            )
    if not counts:
        state.narrow("presentation", [""])
        return None
    return control(
        "presentation",
        "Presentation",
        list(counts),
        default=next(iter(counts)),
        widget="selectbox",
        show=lambda name: f"{name} ({counted(counts[name], 'screen')})",
        on_change=lambda: state.reset("screen"),
        width=480,
    )


def _none_yet() -> None:
    if read_only():
        plain_text("This app is read-only, and its host has saved no presentation.")
        return
    plain_text(
        "No presentation is saved yet. A figure becomes a screen by “Add to a presentation” in its menu, on any page; "
        "samples by the same words under “Slices”. Or begin an empty one:"
    )
    _new()
    _import()


def _whole(presentation: Presentation) -> None:
    """What is done with all of it."""
    name = presentation.name
    with st.container(horizontal=True, vertical_alignment="center"):
        st.button(
            "Present",
            type="primary",
            icon=":material/play_arrow:",
            key="presentation-start",
            disabled=not presentation.screens,
            on_click=_start,
            args=(1,),
            help=HOW,
        )
        st.download_button(
            "Save to a file", presentation.to_json, file_name=f"{file_name(name, 'presentation')}.presentation.json",
            mime="application/json", key="presentation-file", on_click="ignore", icon=":material/download:",
            help="For somebody else, whose app imports it: it holds all that is shown, and needs no run.",
        )  # fmt: skip
        if not read_only():
            with st.popover("New", width="content"):
                _new()
            with st.popover("Rename", width="content"):
                key = f"presentation-name:{name}"
                st.text_input(
                    "New name", value=name, max_chars=LONGEST_NAME, key=key, help="What it is called from now on."
                )
                st.button(
                    "Rename it",
                    on_click=said,
                    args=(lambda: _rename(name, key), _FAULT),
                    help="The presentation keeps its screens.",
                )
            st.button(
                "Delete", key="presentation-delete", icon=":material/delete:", on_click=said,
                args=(lambda: _delete(name), _FAULT), help="It can be undone until this window is closed.",
            )  # fmt: skip
    plain_text(HOW, role="caption")


def _start(number: int) -> None:
    state.set("screen", number)
    state.set("presenting", True)


def _rename(name: str, key: str) -> None:
    if (to := st.session_state[key].strip()) != name:
        store.changeable().rename(name, to)
        state.set("presentation", to)


def _delete(name: str) -> None:
    st.session_state[_DELETED] = store.changeable().delete(name)
    state.reset("presentation", "screen")


def _undelete() -> None:
    gone = st.session_state[_DELETED]
    if isinstance(gone, Presentation):
        store.changeable().save(gone)
    else:
        _changed(gone.name, lambda screens: (*screens[: gone.place], gone.screen, *screens[gone.place :]))
    del st.session_state[_DELETED]
    state.set("presentation", gone.name)


# --- its screens -----------------------------------------------------------------------------------------------------


def about(screens: Sequence[Screen]) -> dict[str, str]:
    """Id of a screen -> what its numbers are of, in one line; whether the run has changed since."""
    fingerprints = _fingerprints({screen.source.run for screen in screens if screen.source.run})
    return {screen.id: _about(screen, fingerprints) for screen in screens}


def _about(screen: Screen, fingerprints: dict[str, str | None]) -> str:
    source = screen.source
    if not source.run and not source.title:
        return ""
    split, parts = "all samples" if source.split == "all" else f"{source.split} samples", []
    if source.run:  # several runs, which no one fingerprint is of, are told by their title alone
        there = fingerprints[source.run]
        parts += ["ITS RUN HAS CHANGED SINCE"] if there not in (None, source.fingerprint) else []
        parts += ["its run is not here"] if there is None else []
    parts += [source.title or source.run, source.predictor, split]
    parts += [f"selected: {source.selected}"] if source.selected else []
    parts += [f"numbers of {source.made[:10]}"] if source.made else []
    parts += [source.settings] if source.settings else []
    return " \N{MIDDLE DOT} ".join(parts)


def _fingerprints(runs: set[str]) -> dict[str, str | None]:
    """Run id -> what its content is now; None where there is none that opens."""
    entries, found = listed_once(), dict.fromkeys(runs)
    for run in runs & set(entries):
        try:
            found[run] = cache.run(entries[run]).fingerprint
        except ValueError:
            continue
    return found


def _screens(presentation: Presentation) -> None:
    lines, last = about(presentation.screens), len(presentation.screens)
    if not last:
        plain_text("It has no screen. Add figures by their menus, or a sentence.", role="caption")
    for number, screen in enumerate(presentation.screens, start=1):
        _row(presentation.name, number, last, screen, lines[screen.id])


def _row(name: str, number: int, last: int, screen: Screen, line: str) -> None:
    what, words, places = st.columns([8, 6, 5], vertical_alignment="center", gap="small")
    kind = {"sentence": "Sentence", "figure": "Figure", "samples": "Samples"}[screen.kind]
    with what:
        heading, told = html_text(screen.heading), html_text(f"{kind} \N{MIDDLE DOT} {line}" if line else kind)
        st.html(
            f'<div class="xl-slice" title="{heading} {told}"><b>{number}. {heading}</b><br>'
            f'<span class="xl-muted">{told}</span></div>'
        )
    if not read_only():
        key = f"sentence:{screen.id}"
        with words:
            st.text_area(
                f"Sentence of screen {number}",
                value=screen.sentence,
                max_chars=LONGEST_SENTENCE,
                height=68,
                label_visibility="collapsed",
                placeholder="a sentence above the figure",
                key=key,
                on_change=said,
                args=(lambda: _say(name, screen.id, st.session_state[key]), _FAULT),
            )
    known = screen.source.page in {page.name for page in PAGES}
    buttons = [("play_arrow", f"Show screen {number}", False, lambda: _start(number))]
    buttons += [("open_in_new", "Open the page that it comes from", not known, lambda: _open(screen))]
    if not read_only():
        buttons += [
            ("arrow_upward", f"Move screen {number} up", number == 1, lambda: _move(name, screen.id, -1)),
            ("arrow_downward", f"Move screen {number} down", number == last, lambda: _move(name, screen.id, 1)),
            ("delete", f"Delete screen {number}", False, lambda: _drop(name, screen.id)),
        ]
    with places, st.container(horizontal=True, gap=None):
        for icon, label, dead, action in buttons:
            st.button(
                "", icon=f":material/{icon}:", help=label, disabled=dead, type="tertiary", width=40,
                key=f"screen:{icon}:{screen.id}", on_click=said, args=(action, _FAULT),
            )  # fmt: skip


def _open(screen: Screen) -> None:
    state.open_address(screen.source.page, dict(parse_qsl(screen.source.address, keep_blank_values=True)))


def _changed(name: str, change: Callable[[tuple[Screen, ...]], tuple[Screen, ...]]) -> None:
    store.changeable().change(name, change)


def _place(screens: Sequence[Screen], identity: str) -> int:
    """Where a screen stands, from 0; a KeyError where another window has deleted it."""
    return {one.id: place for place, one in enumerate(screens)}[identity]


def _say(name: str, identity: str, sentence: str) -> None:
    def told(screens: tuple[Screen, ...]) -> tuple[Screen, ...]:
        at = _place(screens, identity)
        return (*screens[:at], replace(screens[at], sentence=sentence), *screens[at + 1 :])

    _changed(name, told)


def _move(name: str, identity: str, by: int) -> None:
    def moved(screens: tuple[Screen, ...]) -> tuple[Screen, ...]:
        order = list(screens)
        at = _place(screens, identity)
        order.insert(max(0, at + by), order.pop(at))
        return tuple(order)

    _changed(name, moved)


def _drop(name: str, identity: str) -> None:
    before = store.saved()[name].screens
    place = _place(before, identity)
    _changed(name, lambda screens: tuple(one for one in screens if one.id != identity))
    st.session_state[_DELETED] = _Dropped(name, before[place], place)


# --- more ------------------------------------------------------------------------------------------------------------


def _sentence(name: str) -> None:
    """A screen of words alone, at the end."""
    with st.form("present-sentence", border=False, clear_on_submit=True):
        words, go = st.columns([11, 3], vertical_alignment="bottom")
        words.text_area(
            "A screen with a sentence",
            max_chars=LONGEST_SENTENCE,
            height=80,
            placeholder="The first line is large; further ones stand below it.",
            key="present-words",
            help="A screen of words alone, put at the end.",
        )
        go.form_submit_button(
            "Add the sentence",
            width="stretch",
            key="present-words-add",
            on_click=said,
            args=(lambda: _add(name), _FAULT),
            help="Puts it at the end, from where it can be moved.",
        )


def _add(name: str) -> None:
    store.changeable().add(name, Screen("sentence", st.session_state["present-words"].strip()))


def _new() -> None:
    key = "presentation-new"
    st.text_input(
        "Its name",
        max_chars=LONGEST_NAME,
        placeholder="group meeting",
        key=key,
        help="What the presentation is called in the list, and its file.",
    )
    st.button(
        "Begin it",
        key="presentation-begin",
        on_click=said,
        args=(lambda: _begin(key), _FAULT),
        help="An empty presentation of that name: figures and samples are added from their own pages.",
    )


def _begin(key: str) -> None:
    name = st.session_state[key].strip()
    store.changeable().save(Presentation(name, (), now()))
    state.set("presentation", name)
    state.reset("screen")


def _import() -> None:
    with st.expander("Bring in a presentation that somebody saved to a file", key="presentation-import"):
        key = f"presentation-file-{st.session_state.get(_ROUND, 0)}"
        st.file_uploader(
            "A presentation's file", type=["json"], max_upload_size=LARGEST_MB, key=key, on_change=said,
            args=(lambda: _bring_in(key), _FAULT), help="What “Save to a file” gave: checked, never executed.",
        )  # fmt: skip


def _bring_in(key: str) -> None:
    """In a callback: keep what was uploaded, under another name where its own is taken."""
    if (file := st.session_state[key]) is None:
        return
    st.session_state[_ROUND] = st.session_state.get(_ROUND, 0) + 1  # another uploader is empty
    try:
        text = file.getvalue().decode("utf-8")
    except UnicodeDecodeError:
        raise ValueError("presentation: the file is no text: choose one that was saved by “Save to a file”") from None
    store.changeable()  # refused before it is read
    one = Presentation.from_json(text)
    one = replace(one, name=_free_name(one.name, store.saved().counts()))
    store.changeable().save(one)
    state.set("presentation", one.name)
    state.reset("screen")


def _free_name(name: str, taken: Container[str]) -> str:
    """The name, or the first of "name (2)", "name (3)", ... that is free.

    Examples
    --------
    >>> _free_name("talk", ["talk", "talk (2)"])
    'talk (3)'
    """
    numbered = (f"{name[: LONGEST_NAME - 8].rstrip()} ({number})" for number in count(2))
    return name if name not in taken else next(one for one in numbered if one not in taken)
