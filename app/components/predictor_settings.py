"""The settings of the chosen predictor: a folded part of the sidebar, made from the predictor's own table of settings.

In the address they are one text, `set=weights:uniform,cap:6`: only what differs from the defaults, read by the
library's own parser, which evaluates nothing.
"""

import math
from collections.abc import Mapping

import streamlit as st

from analysis.predictors import Predictor, resolve
from analysis.run import Run
from analysis.settings import REQUIRED, Setting, as_text, number_text, parse
from app import state
from app.components.controls import put
from app.components.text import escape, plain_text

LEAST_STEPS = 50
"""Of a slider from end to end; a step is a power of ten."""


def chosen_settings(run: Run, predictor: Predictor) -> dict[str, object]:
    """The settings of the chosen predictor: from the address, changed in a folded part of the sidebar."""
    texts = _understood(run, predictor, parse_settings(state.get("set")))
    if predictor.settings:
        changed = f" ({len(texts)} changed)" if texts else ""
        with st.expander(f"Settings of {escape(predictor.label)}{changed}", key="predictor-settings"):
            plain_text(predictor.summary, role="caption")
            for setting in predictor.settings:
                _setting_widget(run, predictor, setting, texts)
            if texts:
                st.button("Back to the defaults", on_click=state.reset, args=("set",))
    return resolve(predictor.id, texts, kind=run.kind, n_exits=run.n_exits)


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


def settings_text(settings: Mapping[str, str]) -> str:
    """The inverse of `parse_settings`."""
    return ",".join(f"{name}:{value}" for name, value in settings.items())


def _understood(run: Run, predictor: Predictor, texts: dict[str, str]) -> dict[str, str]:
    """The settings that this predictor takes; a line on the page for each that it does not."""
    try:
        resolve(predictor.id, texts, kind=run.kind, n_exits=run.n_exits)
    except ValueError:
        kept: dict[str, str] = {}
        for name, value in texts.items():
            try:
                resolve(predictor.id, kept | {name: value}, kind=run.kind, n_exits=run.n_exits)
                kept[name] = value
            except ValueError as error:
                state.note(f"Setting {name}={value!r} is not used: {error}")
        state.set("set", settings_text(kept))
        return kept
    return texts


def _default_text(setting: Setting) -> str:
    return "" if setting.default is None or setting.default is REQUIRED else as_text(setting, setting.default)


def _setting_widget(run: Run, predictor: Predictor, setting: Setting, texts: dict[str, str]) -> None:
    key = f"setting:{predictor.id}:{setting.name}"
    typed = texts.get(setting.name, _default_text(setting))
    arguments = {
        "key": key,
        "help": escape(setting.description),
        "on_change": _take_setting,
        "args": (run, predictor, setting, key),
    }
    label = escape(setting.name.replace("_", " "))
    put(key, typed)
    if setting.kind == "choice":
        st.selectbox(label, [str(choice) for choice in setting.choices], **arguments)
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
    taken = {"on_change": _take_setting, "args": (*arguments["args"][:-1], key)}
    st.slider(label, *ends, step=step, key=key, label_visibility="collapsed", **taken)


def _take_setting(run: Run, predictor: Predictor, setting: Setting, key: str) -> None:
    texts = parse_settings(state.get("set"))
    held = st.session_state[key]
    typed = held.strip() if isinstance(held, str) else number_text(round(held, 6))
    texts.pop(setting.name, None)
    if typed not in ("", _default_text(setting)):
        texts[setting.name] = typed
    try:
        resolve(predictor.id, texts, kind=run.kind, n_exits=run.n_exits)
        state.set("set", settings_text(texts))
    except ValueError as error:
        state.note(f"{error}; the setting is as it was.")
