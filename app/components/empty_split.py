"""What a page says where there is nothing to show."""

import streamlit as st

from app.view import View


def no_samples(view: View) -> bool:
    """Whether the split on screen holds no samples: the page then says so, and how to go on."""
    if len(view.run.positions(view.split)):
        return False
    st.info(f"This run has no samples in the split {view.split}: choose another under “Samples and cost”.")
    return True
