"""A page with one chart of every kind, for the browser test of the chart component: not part of the app."""

import json
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import streamlit as st

sys.path.insert(0, str(Path(__file__).resolve().parents[3]))

from analysis.figures import style
from analysis.figures.names import name_ends
from app.components.chart import chart

st.set_page_config(layout="wide")
st.session_state.setdefault("events", [])


def record(kind):
    return lambda value: st.session_state["events"].append([kind, value])


on = st.toggle("PoE", key="poe")
if st.toggle("Shift", key="shift"):
    st.caption("something above")
cost = st.toggle("Cost", key="cost")
rng = np.random.default_rng(0)

curve = style.base_figure(
    "Accuracy rises by <b>4</b> points & more",
    "10,000 samples",
    "cost (MACs)",
    "accuracy",
    uirevision="cost" if cost else "exits",
)
x = np.arange(1, 8, dtype="f4") * (100 if cost else 1)
ends = []
for predictor, lift in (("baseline", 0.0), ("<pa>", 0.1 if on else 0.05), ("moe", 0.15)):
    looks = style.predictor_style(predictor)
    y = (0.5 + lift + 0.03 * np.arange(1, 8)).astype("f4")
    curve.add_scatter(
        x=x,
        y=y,
        name=style.plain(predictor),
        mode="lines+markers",
        line={"color": looks["color"], "dash": looks["dash"]},
        marker={"color": looks["color"], "symbol": looks["symbol"]},
        customdata=[f"id-{i}" for i in range(7)],
        hovertemplate="%{y:.3f}",
    )
    ends.append((float(x[-1]), float(y[-1]), predictor, looks["color"]))

name_ends(curve, ends, span=(0.5, 0.9), pixels=300)

cells = style.base_figure("Most fall from exit 1 to 2", "", "to exit", "from exit")
cells.add_heatmap(z=rng.integers(0, 50, (6, 7)), x=[f"e{i}" for i in range(7)], y=[f"f{i}" for i in range(6)])

cloud = style.base_figure(
    "Falls shrink on nearly all of the samples, and those that grow are smaller than one in a hundred of the others",
    "5,000 samples",
    "baseline",
    "corrected",
)
points = rng.random((5000, 2)).astype("f4")
cloud.add_scatter(
    x=points[:, 0],
    y=points[:, 1] * (0.5 if on else 1),
    mode="markers",
    marker={"color": style.COLOURS["pa"], "size": 4},
)

bars = style.base_figure("Bars", "", "", "")
bars.add_bar(x=["a", "b", "c"], y=[1, 2, 3], marker={"color": style.COLOURS["hard-poe"]})

chart(
    curve,
    name="curve",
    data=lambda: pd.DataFrame({"exit": range(1, 8), "accuracy": y}),
    on_click=record("click"),
    on_drag=lambda v: (record("drag")(v), st.session_state.update(budget=v)),
    draggable=st.session_state.get("budget", 4.0),
)
left, right = st.columns(2)
with left:
    chart(cells, name="cells", data=pd.DataFrame, on_click=record("click"))
with right:
    chart(
        cloud,
        name="cloud",
        data=pd.DataFrame,
        on_select=lambda v: (record("select")(v), st.session_state.update(region=v)),
        selection=st.session_state.get("region"),
    )
one, two = st.tabs(["one", "two"])
with one:
    st.write("empty")
with two:
    chart(bars, name="bars", data=pd.DataFrame, on_click=record("click"))
st.html(f"<div id='events'>{json.dumps(st.session_state['events']).replace('<', '&lt;')}</div>")
