"""Everything a person can set (`control_table.py`), kept in the session and written to the address.

The address alone restores a view: every value is a short validated string, nothing is unpickled or evaluated. `parse`
and `as_text` are pure and inverse to each other; the session functions (`get`, `set`, `begin`, `finish`) are the only
ones that touch Streamlit. Streamlit's own `bind="query-params"` does not serve here: it leaves defaults out of the
address (`run`, `predictor` and `poe` must always stand there), drops a page's parameters when the page changes, and
swallows bad values silently.
"""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import streamlit as st

from app.control_table import ALWAYS_WRITTEN, CONTROLS, EVERY_PAGE, LONGEST, Control

_SESSION = "exitlens"


def parse(control: Control, text: str) -> object:
    """The value that a control's text in the address stands for.

    Raises
    ------
    ValueError
        The text is not a value of this control: the message says what is allowed, and reads on from the control's name.
    """
    limit = int(control.high or 200) if control.kind == "text" else LONGEST
    if len(text) > limit:
        raise ValueError(f"is longer than {limit} characters")
    if control.kind == "name":
        return text
    if not text.isprintable():
        raise ValueError("holds characters that cannot be shown")
    if control.kind == "text":
        return text
    if control.kind == "switch":
        if text not in ("0", "1"):
            raise ValueError("must be 0 or 1")
        return text == "1"
    if control.kind == "choice":
        return _one_of(control, text)
    if control.kind == "choices":
        return tuple(_one_of(control, part) for part in text.split(",")) if text else ()
    if control.kind == "optional-number" and text == "":
        return None
    return _number(control, text)


def _one_of(control: Control, text: str) -> str:
    if control.choices and text not in control.choices:
        raise ValueError(f"must be one of {', '.join(control.choices)}")
    return text


def _number(control: Control, text: str) -> int | float:
    kind = int if control.kind == "integer" else float
    try:
        if not text.isascii() or "_" in text:
            raise ValueError
        value = kind(text)
        finite = math.isfinite(value)
    except (ValueError, OverflowError):  # a whole number of hundreds of digits is none that a float could hold
        raise ValueError(f"must be {'a whole number' if kind is int else 'a number'}") from None
    if not finite:
        raise ValueError("must be finite")
    if (control.low is not None and value < control.low) or (control.high is not None and value > control.high):
        raise ValueError(f"must lie {_bounds(control)}")
    return value


def _bounds(control: Control) -> str:
    if control.low is None:
        return f"at or below {control.high:g}"
    if control.high is None:
        return f"at or above {control.low:g}"
    return f"from {control.low:g} to {control.high:g}"


def as_text(control: Control, value: object) -> str:
    """The text that stands for a value in the address; `parse` is its inverse.

    Examples
    --------
    >>> as_text(Control("poe", "switch", False, ""), True)
    '1'
    """
    if control.kind == "switch":
        return "1" if value else "0"
    if control.kind == "choices":
        return ",".join(value)
    if value is None:
        return ""
    if control.kind in ("number", "optional-number"):
        short = f"{value:.12g}"
        return short if float(short) == value else repr(float(value))
    return str(value)


def checked(control: Control, value: object) -> object:
    """The value as the address would give it back: what is kept and what a copied address restores are the same."""
    return parse(control, as_text(control, value))


def from_address(parameters: Mapping[str, str]) -> tuple[dict[str, object], list[str]]:
    """Values of the controls named in an address, and one line for each that could not be used."""
    values, notes = {}, []
    for name, text in parameters.items():
        if name not in CONTROLS:
            continue  # Streamlit's own (embed, ...) and whatever links append
        try:
            values[name] = parse(CONTROLS[name], text)
        except ValueError as error:
            notes.append(fallback_note(name, text, str(error)))
    return values, notes


def fallback_note(name: str, text: str, reason: str) -> str:
    """One line that says which value was not used and why."""
    short = text if len(text) <= 40 else text[:37] + "..."
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
    wanted: str | None = None


def _session() -> _Session:
    if _SESSION not in st.session_state:
        st.session_state[_SESSION] = _Session({}, None, [])
    return st.session_state[_SESSION]


def begin(page: str) -> None:
    """Start a run of the script: take over what the address says, if this session did not write it."""
    session = _session()
    address = {name: text for name, text in st.query_params.to_dict().items() if name in CONTROLS}
    if session.written is None or (address and address != session.written):
        values, refused = from_address(address)
        session.notes += refused
        if (
            session.written is not None
        ):  # a step back in the browser's history: the address is the whole truth of its page
            for name in (n for n in session.written if n not in address):
                session.values.pop(name, None)
        session.values.update(values)
    session.page = page


def finish() -> None:
    """End a run of the script: write the address, only if it has changed, and forget the notes that were shown."""
    session = _session()
    session.notes = []
    address = to_address(session.values, session.page)
    if address != {name: text for name, text in st.query_params.to_dict().items() if name in CONTROLS}:
        kept = {name: text for name, text in st.query_params.to_dict().items() if name not in CONTROLS}
        st.query_params.from_dict(kept | address)
    session.written = address


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
    try:
        _session().values[name] = checked(CONTROLS[name], value)
    except ValueError as error:
        raise ValueError(f"control {name}: {value!r} {error}") from None


def reset(*names: str) -> None:
    """Put controls back to their defaults."""
    for name in names:
        _session().values.pop(name, None)


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
