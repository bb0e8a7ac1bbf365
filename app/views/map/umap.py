"""The map by UMAP, until it is there: what it needs, a process that computes it, Cancel."""

import numpy as np
import streamlit as st

from analysis.selection.umap_map import UmapJob, kept_umap, map_id, umap_installed
from analysis.words.formats import counted
from app.components.long_work import forget, long_work

_WORK = "umap"


def umap_is_there(vectors: np.ndarray) -> bool:
    """Whether the map is computed; the page otherwise says what it takes, or how long it has been computed."""
    if not umap_installed():
        st.info(
            "UMAP is not installed here: install the package umap-learn beside the app and start it again. "
            "The map below is PCA's."
        )
        return False
    if kept_umap(vectors) is not None:
        forget(_WORK)
        return True
    samples = counted(len(vectors), "sample")
    placed = long_work(
        _WORK,
        [map_id(vectors)],
        start_label="Compute the map by UMAP",
        doing=f"Placing {samples} by UMAP (the map below is PCA's)",
        note="The map below is PCA's. UMAP takes about a minute for 10,000 samples, beside the app, and is then kept.",
        begin=lambda _: UmapJob(vectors),
    )
    return placed is not None
