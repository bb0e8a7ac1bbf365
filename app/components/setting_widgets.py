"""Settings of whatever has a table of them, a predictor or a policy: a widget for each row, their texts in the address.

In the address they are one text, `weights:uniform,cap:6`: only what differs from the defaults, read by the library's
own parser, which evaluates nothing.
"""

import math
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from decimal import Decimal

import streamlit as st

from analysis.settings import REQUIRED, Setting, as_text, number_text, parse
from app import state
from app.components.controls import put, used
from app.components.text import escape

Texts = Mapping[str, str]
LEAST_STEPS = 50
"""Of a slider from end to end; a step is a power of ten."""


@dataclass(frozen=True)
class Owner:
    """Whose settings they are.

    Attributes
    ----------
    id : what the widgets are called by
    rows : the settings
    control : the control that holds their texts
    resolve : texts by name -> values, complete; a ValueError says what is wrong
    starts : texts by name -> what stands for a setting that has no default of its own beside these
    others : names in the same control that belong to somebody else
    """

    id: str
    rows: tuple[Setting, ...]
    control: str
    resolve: Callable[[Texts], dict[str, object]]
    starts: Callable[[Texts], Texts] = lambda texts: {}
    others: Collection[str] = ()

    def values(self, texts: Texts) -> dict[str, object]:
        """The values that texts come to.

        Raises
        ------
        ValueError
            They do not: the message says which and why.
        """
        return self.resolve({**self.starts(texts), **texts})


def parse_settings(text: str) -> dict[str, str]:
    """`weights:0.2,0.8,cap:6` -> {"weights": "0.2,0.8", "cap": "6"}: a part without a name continues the last."""
    settings: dict[str, str] = {}
    name = None
    for part in text.split(",") if text else ():
        head, colon, tail = part.partition(":")
        if colon and head.isidentifier():
            name = head
            settings[name] = tail
        elif name is not None:
            settings[name] += f",{part}"
        else:
            settings[part] = ""
    return settings


def settings_text(settings: Texts) -> str:
    """The inverse of `parse_settings`."""
    return ",".join(f"{name}:{value}" for name, value in settings.items())


def understood(owner: Owner) -> dict[str, str]:
    """The texts in the address that this owner takes; a line on the page for each that nobody does."""
    texts = parse_settings(state.get(owner.control))
    own = {name: value for name, value in texts.items() if name not in owner.others}
    try:
        owner.values(own)
    except ValueError:
        kept: dict[str, str] = {}
        for name, value in own.items():
            try:
                owner.values(kept | {name: value})
                kept[name] = value
            except ValueError as error:
                state.note(f"Setting {name}={value!r} is not used: {error}")
        _keep(owner, texts, kept)
        return kept
    return own


def setting_widget(owner: Owner, setting: Setting, texts: Texts) -> None:
    """The widget of one setting."""
    key = f"setting:{owner.id}:{setting.name}"
    arguments = {
        "key": key,
        "help": escape(setting.description) + (f" On the command line: `{setting.name}`." if setting.label else ""),
        "on_change": _take,
        "args": (owner, setting, key),
    }
    named = setting.label or setting.name.replace("_", " ")
    label = escape(named[:1].upper() + named[1:])
    typed = texts.get(setting.name, _default_text(owner, setting, texts))
    put(key, typed)
    if setting.kind == "choice":
        st.selectbox(label, [str(choice) for choice in setting.choices], **arguments)
    elif setting.kind == "switch":
        st.selectbox(label, ["0", "1"], format_func={"0": "no", "1": "yes"}.get, **arguments)
    else:
        st.text_input(label, placeholder="needed" if setting.default is REQUIRED else "none", **arguments)
        if setting.slider is not None:
            _slider(setting, label, typed, arguments)


def _slider(setting: Setting, label: str, typed: str, arguments: Mapping[str, object]) -> None:
    """The same setting to be dragged, below its field, which takes what lies beyond the slider's ends too."""
    low, high = setting.slider
    value = parse(setting, typed) if typed else None
    if value is None:
        value = low if setting.idle is None else setting.idle
    step = 1 if setting.kind == "integer" else 10.0 ** math.floor(math.log10((high - low) / LEAST_STEPS))
    key = f"slide:{arguments['key']}"
    put(key, type(step)(min(max(value, low), high)))
    ends = type(step)(low), type(step)(high)
    shown = None if setting.kind == "integer" else f"%0.{_decimals(st.session_state[key], step)}f"
    taken = {"on_change": _take, "args": (*arguments["args"][:-1], key), "help": arguments["help"]}
    st.slider(label, *ends, step=step, format=shown, key=key, label_visibility="collapsed", **taken)


def _decimals(value: float, step: float) -> int:
    """How many a slider shows: two or those of its steps, and all of a value between two steps, which 0.999995 is.

    >>> _decimals(0.8, 0.01), _decimals(0.999995, 0.01), _decimals(20.0, 0.001), _decimals(1e-10, 0.01)
    (2, 6, 3, 10)
    """
    return max(2, *(-int(Decimal(repr(number)).normalize().as_tuple().exponent) for number in (value, step)))


def reset_button(owner: Owner, texts: Texts) -> None:
    """A button that puts this owner's settings back to their defaults, where some differ."""
    if texts:
        st.button(
            "Back to the defaults",
            on_click=_keep,
            args=(owner, parse_settings(state.get(owner.control)), {}),
            help="Every setting as it is when nobody has changed one.",
        )


def set_one(owner: Owner, name: str, value: object) -> None:
    """In a callback: give one setting a value, and drop what no longer goes with it.

    Raises
    ------
    ValueError
        The value is none of the setting's.
    """
    texts = parse_settings(state.get(owner.control))
    own = {key: text for key, text in texts.items() if key not in owner.others and key != name}
    row = next(setting for setting in owner.rows if setting.name == name)
    typed = (value if isinstance(value, str) else as_text(row, value)).strip()
    if typed not in ("", _default_text(owner, row, own)):
        own[name] = typed
    _keep(owner, texts, _going_together(owner, own, name))


def _going_together(owner: Owner, own: dict[str, str], changed: str) -> dict[str, str]:
    """The texts; without the one that the changed one does not go with, where that is all that is wrong."""
    try:
        owner.values(own)
        return own
    except ValueError as error:
        for name in own:
            fewer = {key: text for key, text in own.items() if key != name}
            try:
                owner.values(fewer)
            except ValueError:
                continue
            if name != changed:
                state.note(
                    f"{name} = {own[name]} does not go with {changed} = {own.get(changed, 'its default')}: left out."
                )
                return fewer
        raise error


def _default_text(owner: Owner, setting: Setting, texts: Texts) -> str:
    start = owner.starts(texts).get(setting.name)
    if start is not None:
        return start
    return "" if setting.default is None or setting.default is REQUIRED else as_text(setting, setting.default)


def _take(owner: Owner, setting: Setting, key: str) -> None:
    used()
    held = st.session_state[key]
    try:
        set_one(owner, setting.name, held if isinstance(held, str) else number_text(round(held, 6)))
    except ValueError as error:
        state.note(f"{error}; the setting is as it was.")


def _keep(owner: Owner, texts: Texts, own: Texts) -> None:
    """Write the owner's texts beside those of the others."""
    rest = {name: text for name, text in texts.items() if name in owner.others}
    state.set(owner.control, settings_text({**rest, **own}))
