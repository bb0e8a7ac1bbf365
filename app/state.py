"""Everything a person can set, as one table of typed controls, kept in the session and written to the address.

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

_SESSION = "exitlens"
ALWAYS_WRITTEN = ("run", "predictor", "poe")
EVERY_PAGE = ("overview", "samples", "monotonicity", "compute", "paper", "live")


@dataclass(frozen=True)
class Control:
    """One control: what it is called in the address, what it holds, what it may hold and on which pages it stands.

    `kind` is one of `text`, `choice`, `choices` (a tuple), `switch` (bool), `integer`, `number` or `optional-number`
    (None when empty). `choices` lists what is allowed where that is known beforehand; where it depends on the run,
    `control(...)` narrows it. `low` and `high` bound numbers; for text, `high` bounds the length (200 characters
    unless told).
    """

    name: str
    kind: str
    default: object
    description: str
    choices: tuple[str, ...] = ()
    low: float | None = None
    high: float | None = None
    pages: tuple[str, ...] = EVERY_PAGE


# The rows of one page stand together: a view adds its controls to its own block.
_ROWS = (
    # shared
    Control("run", "text", "", "The run on screen: the name of its folder."),
    Control("predictor", "text", "pa", "The correction that the PoE switch turns on."),
    Control("poe", "switch", False, "On: the chosen predictor over a faint baseline. Off: the baseline alone."),
    Control("sample", "text", "", "The sample on screen, by its id; empty: the first of the split."),
    Control("split", "choice", "test", "Which samples the numbers are over.", ("test", "calibration", "all")),
    Control("unit", "text", "", "The unit of cost; empty: the run's first."),
    Control(
        "set", "text", "", "Settings of the predictor that differ from their defaults: name:value,name:value.", high=600
    ),
    # overview
    Control("drawn", "integer", 40, "How many samples' trajectories are drawn.", low=5, high=120, pages=("overview",)),
    Control(
        "draw",
        "integer",
        0,
        "Which samples are drawn: a number that picks them, the same ones every time.",
        low=0,
        high=9999,
        pages=("overview",),
    ),
    Control(
        "grouping",
        "choice",
        "classes",
        "Falls by class, or by superclass where the data set has them.",
        ("classes", "superclasses"),
        pages=("overview",),
    ),
    # samples
    Control("true", "text", "", "Samples of one true class, by its index; empty: every class.", pages=("samples",)),
    Control("guess", "text", "", "Samples predicted as one class at the last exit, by its index.", pages=("samples",)),
    Control(
        "right", "choice", "any", "Samples that are right, or wrong.", ("any", "right", "wrong"), pages=("samples",)
    ),
    Control("at", "text", "last", "The exit that counts for right and wrong: last, or its number.", pages=("samples",)),
    Control(
        "effect",
        "choice",
        "any",
        "What the chosen predictor does to the last exit's answer: wrong to right, right to wrong, another class.",
        ("any", "fixed", "broken", "changed"),
        pages=("samples",),
    ),
    Control("above", "number", 0.0, "Samples whose largest fall is above this.", low=0, high=1, pages=("samples",)),
    Control("query", "text", "", "A query on any column.", high=1000, pages=("samples",)),
    Control("sort", "text", "fall", "The column that orders the samples.", pages=("samples",)),
    Control("order", "choice", "down", "Largest first, or smallest first.", ("down", "up"), pages=("samples",)),
    Control("page", "integer", 1, "The page of the gallery.", low=1, pages=("samples",)),
    Control("per", "choice", "48", "Samples on a page.", ("24", "48", "96"), pages=("samples",)),
    Control("axis", "choice", "exits", "What trajectories run over.", ("exits", "cost"), pages=("samples",)),
    # samples and monotonicity
    Control(
        "brush",
        "text",
        "",
        "What was brushed or clicked in a figure of falls.",
        high=4000,
        pages=("samples", "monotonicity"),
    ),
    # monotonicity
    Control(
        "of",
        "choice",
        "true_class",
        "Whose probability falls.",
        ("true_class", "final_prediction", "any_class"),
        pages=("monotonicity",),
    ),
    Control(
        "size",
        "choice",
        "absolute",
        "Falls in probability, or as a share of the highest value so far.",
        ("absolute", "relative"),
        pages=("monotonicity",),
    ),
    Control(
        "beside",
        "choices",
        (),
        "Further predictors to compare, with their default settings.",
        pages=("monotonicity", "compute"),
    ),
    Control(
        "published",
        "switch",
        True,
        "The paper's numbers for this network, as open markers.",
        pages=("monotonicity", "compute"),
    ),
    Control(
        "scale",
        "choice",
        "log",
        "The axis of percents: powers of ten down to 0, or linear.",
        ("log", "linear"),
        pages=("monotonicity",),
    ),
    Control(
        "over",
        "choice",
        "0.01",
        "Only falls above this count in the matrix of exits.",
        ("0", "0.0001", "0.01", "0.05", "0.1", "0.2", "0.25", "0.33", "0.5"),
        pages=("monotonicity",),
    ),
    # live
    Control("source", "choice", "run", "An image of the run, or one of your own.", ("run", "upload"), pages=("live",)),
    Control("until", "integer", 0, "How many exits run; 0: all.", low=0, pages=("live",)),
    Control("turn", "integer", 0, "Rotation, in degrees.", low=-180, high=180, pages=("live",)),
    Control(
        "blur",
        "integer",
        0,
        "Standard deviation of a Gaussian blur, in percent of the image's width.",
        low=0,
        high=25,
        pages=("live",),
    ),
    Control(
        "noise", "number", 0.0, "Standard deviation of noise on pixels from 0 to 1.", low=0, high=1, pages=("live",)
    ),
    Control("seed", "integer", 0, "Which noise: the same number draws the same.", low=0, high=9999, pages=("live",)),
    Control(
        "cover",
        "integer",
        0,
        "Side of a grey square that hides a part, in percent of the image's width.",
        low=0,
        high=100,
        pages=("live",),
    ),
    Control(
        "cover_x", "integer", 50, "The square's middle, in percent from the left.", low=0, high=100, pages=("live",)
    ),
    Control(
        "cover_y", "integer", 50, "The square's middle, in percent from the top.", low=0, high=100, pages=("live",)
    ),
    Control(
        "method",
        "choice",
        "integrated-gradients",
        "How pixels get their share.",
        ("integrated-gradients", "input-x-gradient", "grad-cam", "occlusion"),
        pages=("live",),
    ),
    Control(
        "map",
        "choice",
        "coarsest",
        "Which of the network's scales Grad-CAM reads.",
        ("coarsest", "middle", "finest"),
        pages=("live",),
    ),
    Control(
        "through",
        "choice",
        "product",
        "The product of all exits so far (PA with its default settings), or each exit's head by itself.",
        ("product", "head"),
        pages=("live",),
    ),
    Control(
        "quantity",
        "choice",
        "prob",
        "What is explained of the class: its probability, its logit, or the logarithm of its probability.",
        ("prob", "logit", "log-prob"),
        pages=("live",),
    ),
    Control("whom", "choice", "true", "Whose score is explained.", ("true", "predicted", "other"), pages=("live",)),
    Control("other", "integer", 0, "The class that is explained, by its index.", low=0, pages=("live",)),
    # compute
    Control(
        "budget",
        "optional-number",
        None,
        "Cost per sample that may be spent, in the unit on screen; empty: the middle exit.",
        low=0,
        pages=("compute",),
    ),
)
CONTROLS: dict[str, Control] = {row.name: row for row in _ROWS}


def parse(control: Control, text: str) -> object:
    """The value that a control's text in the address stands for.

    Raises
    ------
    ValueError
        The text is not a value of this control: the message says what is allowed, and reads on from the control's name.
    """
    limit = int(control.high or 200) if control.kind == "text" else 2000
    if len(text) > limit:
        raise ValueError(f"is longer than {limit} characters")
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
    except ValueError:
        raise ValueError(f"must be {'a whole number' if kind is int else 'a number'}") from None
    if not math.isfinite(value):
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
        return f"{value:.12g}"
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
