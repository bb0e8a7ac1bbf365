"""Samples like the one on screen: near-duplicates, the nearest first."""

import numpy as np
import streamlit as st

from analysis.selection import SampleTable, Selection
from analysis.selection.alike import nearest_by_logits
from analysis.selection.trajectory_map import nearest
from app import cache, state
from app.components.controls import control
from app.components.selection import select
from app.components.selection.gallery import gallery
from app.components.selection.tiles import tiles_of
from app.view import View

COUNT = 16
"""Samples shown beside the one on screen."""
SAID = {"trajectory": "trajectories", "logits": "last logits"}


def samples_alike(view: View, table: SampleTable, row: int) -> None:
    """A strip of them, and a button that selects them; those that are not selected now are faint."""
    with st.container(key="alike", gap="xsmall"):
        with st.container(horizontal=True, vertical_alignment="bottom"):
            st.markdown("**Most like this sample**", width="content")
            kinds = list(SAID) if view.run.kind == "logits" else ["trajectory"]
            by = control("alike", "Alike by", kinds, show=SAID.get, widget="segmented")
            rows = _alike(view, table, row, by)
            identities = table["id"].iloc[rows].astype(str).tolist()
            st.button(
                f"Select these {len(rows)}",
                key="alike:select",
                type="tertiary",
                help="This sample and those beside it become the selection.",
                on_click=select,
                args=(Selection.of_ids(identities),),
            )
        opens = dict(zip(table["position"].to_numpy()[rows].tolist(), identities))
        gallery(
            tiles_of(view, table, rows, lit=True),
            name="alike",
            selected=None,
            shown=view.shown,
            on_open=lambda position: state.set("sample", opens[position]),
            in_a_row=True,
        )


def _alike(view: View, table: SampleTable, row: int, by: str) -> np.ndarray:
    key = view.run.fingerprint, view.split
    if by == "trajectory":
        return cache.numbers(_by_trajectory, *key, row, view=view, table=table, row=row)
    positions = table["position"].to_numpy()
    return cache.numbers(nearest_by_logits, *key, row, run=view.run, positions=positions, row=row, count=COUNT)


def _by_trajectory(view: View, table: SampleTable, row: int) -> np.ndarray:
    vectors = cache.numbers(_vectors, view.run.fingerprint, view.split, table=table)
    return nearest(vectors, row, COUNT)


def _vectors(table: SampleTable) -> np.ndarray:
    return table.trajectories()
