"""Everything a person can set (`control_table.py`), kept in the session and written to the address.

The address alone restores a view: every value is a short validated string, nothing is unpickled or evaluated. What a
text stands for is said by `analysis/settings.py`; the session functions (`get`, `set`, `begin`, `finish`) are the only
ones that touch Streamlit. Streamlit's own `bind="query-params"` does not serve here: it leaves defaults out of the
address (`run`, `predictor` and `poe` must always stand there), drops a page's parameters when the page changes, and
swallows bad values silently.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

import streamlit as st

from analysis.settings import Refused, as_text, parse
from app.control_table import ALWAYS_WRITTEN, CONTROLS, Control
from app.page_table import EVERY_PAGE

_SESSION = "exitlens"
_PAST = 50  # addresses that are remembered


def checked(control: Control, value: object) -> object:
    """The value as the address would give it back: what is kept and what a copied address restores are the same."""
    return parse(control, as_text(control, value), f"control {control.name}")


def from_address(parameters: Mapping[str, str]) -> tuple[dict[str, object], list[str]]:
    """Values of the controls named in an address, and one line for each that could not be used."""
    values, notes = {}, []
    for name, text in parameters.items():
        if name not in CONTROLS:
            continue  # Streamlit's own (embed, ...) and whatever links append
        try:
            values[name] = parse(CONTROLS[name], text)
        except Refused as error:
            notes.append(fallback_note(name, text, f"must be {error.expected}"))
    return values, notes


def fallback_note(name: str, text: str, reason: str) -> str:
    """One line that says which value was not used and why."""
    short = text if len(text) <= 32 else text[:29] + "..."
    return f"{name} = {short!r} {reason}: showing the default instead."


def to_address(values: Mapping[str, object], page: str) -> dict[str, str]:
    """What the address of a page holds: `run`, `predictor` and `poe` always, others when not default."""
    address = {}
    for name, control in CONTROLS.items():
        value = values.get(name, control.default)
        if page in control.pages and (name in ALWAYS_WRITTEN or value != control.default):
            address[name] = as_text(control, value)
    return address


# --- the session -----------------------------------------------------------------------------------------------------


@dataclass
class _Session:
    values: dict[str, object]
    written: dict[str, str] | None  # what this session last put in the address
    notes: list[str]
    page: str = ""
    place: str = ""  # of the widgets that are made now: the page, or nothing for what stands on every page
    wanted: str | None = None
    past: list[dict[str, str]] = field(default_factory=list)  # what it put there before
    running: bool = False  # the script's body, between `begin` and `finish`
    acted: bool = False  # a callback has set something since the last run began


def _session() -> _Session:
    if _SESSION not in st.session_state:
        st.session_state[_SESSION] = _Session({}, None, [])
    return st.session_state[_SESSION]


def begin(page: str) -> None:
    """Start a run of the script: take over what the address says, if this session did not write it.

    Actions that come faster than the script runs are sent with an address of before: what a callback has set holds.
    """
    session = _session()
    acted, session.acted, session.running = session.acted, False, True
    address = {name: text for name, text in st.query_params.to_dict().items() if name in CONTROLS}
    late = acted and address in session.past
    if session.written is None or (address and address != session.written and not late):
        values, refused = from_address(address)
        session.notes += refused
        if (
            session.written is not None
        ):  # a step back in the browser's history: the address is the whole truth of its page
            for name in (n for n in session.written if n not in address):
                session.values.pop(name, None)
        session.values.update(values)
    session.page, session.place = page, ""


def begin_page() -> None:
    """What is drawn from now on is the page's own; before, it stood on every page."""
    _session().place = _session().page


def place() -> str:
    """Whose widgets are made now: the page's name, nothing for those that stand on every page."""
    return _session().place


def finish() -> None:
    """End a run of the script: write the address, only if it has changed, and forget the notes that were shown."""
    session = _session()
    session.notes, session.running = [], False
    address = to_address(session.values, session.page)
    if address != {name: text for name, text in st.query_params.to_dict().items() if name in CONTROLS}:
        kept = {name: text for name, text in st.query_params.to_dict().items() if name not in CONTROLS}
        st.query_params.from_dict(kept | address)
    if session.written is not None and session.written != address:
        session.past = [*session.past, session.written][-_PAST:]
    session.written = address


def address() -> dict[str, str]:
    """What the address of the page that is being drawn holds."""
    return to_address(_session().values, _session().page)


def open_address(page: str, address: Mapping[str, str]) -> None:
    """In a callback: show a page next as an address has it; what that does not name is as by default."""
    values, refused = from_address(address)
    session = _session()
    session.values = {name: value for name, value in session.values.items() if name in ALWAYS_WRITTEN} | values
    session.notes += refused
    session.acted = True
    open_page(page)


def drawing() -> bool:
    """Whether the whole page is being drawn, not a part of it by itself."""
    return _session().running


def page() -> str:
    """The page that is being drawn."""
    return _session().page


def get(name: str) -> object:
    """The value of a control; its default until someone sets it."""
    return _session().values.get(name, CONTROLS[name].default)


def set(name: str, value: object) -> None:
    """Set a control from the code: in a callback, or before its widget is made. The address follows after the run.

    Raises
    ------
    ValueError
        The value is not one of this control's.
    """
    session = _session()
    session.values[name] = checked(CONTROLS[name], value)
    session.acted |= not session.running


def reset(*names: str) -> None:
    """Put controls back to their defaults."""
    session = _session()
    for name in names:
        session.values.pop(name, None)
    session.acted |= not session.running


def narrow(name: str, allowed: Iterable[object], default: object = None) -> object:
    """The value of a control whose choices depend on the run; what is not among them falls back, with a note.

    Parameters
    ----------
    allowed : iterable
        The values that exist.
    default : object, optional
        What to fall back to; the control's default unless told, the first of `allowed` where that does not exist
        either.
    """
    allowed = list(allowed)
    value, fallback = get(name), CONTROLS[name].default if default is None else default
    if value in allowed:
        return value
    if fallback not in allowed and allowed:
        fallback = allowed[0]
    if value != CONTROLS[name].default:
        note(fallback_note(name, as_text(CONTROLS[name], value), "does not exist here"))
    _session().values[name] = fallback
    return fallback


def note(text: str) -> None:
    """Add a line that the page shows once, above its content: plain text, one sentence."""
    if text not in _session().notes:
        _session().notes.append(text)


def notes() -> list[str]:
    """The lines to show in this run of the script."""
    return list(_session().notes)


def open_page(name: str) -> None:
    """In a callback: show another page next, with the state as it is then."""
    if name not in EVERY_PAGE:
        raise ValueError(f"page {name!r}: must be one of {', '.join(EVERY_PAGE)}")
    _session().wanted = name


def wanted_page() -> str | None:
    """The page that a callback asked for, once."""
    session = _session()
    wanted, session.wanted = session.wanted, None
    return wanted
