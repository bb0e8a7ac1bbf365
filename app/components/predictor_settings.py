"""The settings of the chosen predictor: a folded part of the sidebar, made from its own table."""

import streamlit as st

from analysis.predictors import Predictor, resolve
from analysis.run import Run
from app.components.setting_widgets import Owner, reset_button, setting_widget, understood
from app.components.text import escape, plain_text


def chosen_settings(run: Run, predictor: Predictor) -> dict[str, object]:
    """The settings of the chosen predictor: from the address, changed in a folded part of the sidebar."""
    owner = Owner(
        predictor.id,
        predictor.settings,
        "set",
        lambda texts: resolve(predictor.id, texts, kind=run.kind, n_exits=run.n_exits),
    )
    texts = understood(owner)
    if predictor.settings:
        changed = f" ({len(texts)} changed)" if texts else ""
        with st.expander(f"Settings of {escape(predictor.label)}{changed}", key="predictor-settings"):
            plain_text(predictor.summary, role="caption")
            for setting in predictor.settings:
                setting_widget(owner, setting, texts)
            reset_button(owner, texts)
    return owner.values(texts)
