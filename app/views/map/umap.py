"""The map by UMAP, until it is there: what it needs, a process that computes it, how long already, Cancel."""

import time

import numpy as np
import streamlit as st

from analysis.selection.umap_map import UmapProcess, kept_umap, umap_installed
from analysis.words.formats import counted
from app.components.text import escape

_JOB, _FAULT = "umap-job", "umap-fault"
EVERY_S = 1.0


def umap_is_there(vectors: np.ndarray) -> bool:
    """Whether the map is computed; the page otherwise says what it takes, or how long it has been computed."""
    if not umap_installed():
        st.info(
            "UMAP is not installed here: install the package umap-learn beside the app and start it again. "
            "The map below is PCA's."
        )
        return False
    job: UmapProcess | None = st.session_state.get(_JOB)
    if job is None and kept_umap(vectors) is not None:
        return True
    if job is None:
        if fault := st.session_state.pop(_FAULT, ""):
            st.error(escape(f"{fault}."))
        with st.container(horizontal=True, vertical_alignment="center"):
            st.button(
                "Compute the map by UMAP",
                on_click=_start,
                args=(vectors,),
                icon=":material/scatter_plot:",
                help="Places samples so that neighbours stay neighbours; some seconds to minutes, then kept.",
            )
            st.markdown(
                f"{counted(len(vectors), 'sample')}: a minute for 10,000 the first time, computed beside the app, then "
                "kept. The map below is PCA's.",
                width="content",
            )
    else:
        _waiting(len(vectors))
    return False


def _start(vectors: np.ndarray) -> None:
    if st.session_state.get(_JOB) is None:
        st.session_state[_JOB] = UmapProcess(vectors)


def _cancel() -> None:
    if (job := st.session_state.pop(_JOB, None)) is not None:
        job.cancel()


@st.fragment(run_every=EVERY_S)
def _waiting(samples: int) -> None:
    """Ask whether it is done, again and again, without running the page."""
    job: UmapProcess | None = st.session_state.get(_JOB)
    if job is None:  # cancelled
        st.rerun()
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown(
            f"UMAP has been placing {counted(samples, 'sample')} for {time.monotonic() - job.began:.0f} s. "
            "The map below is PCA's.",
            width="content",
        )
        st.button("Cancel", on_click=_cancel, key="umap-cancel", help="End the computation; the map by PCA stays.")
    try:
        if not job.done():
            return
    except ValueError as error:
        st.session_state[_FAULT] = str(error)
    st.session_state.pop(_JOB, None)
    st.rerun()
