"""The launcher of `script.py`, with the app's own routes for what draws figures."""

import sys
from pathlib import Path

import streamlit as st
from starlette.middleware import Middleware

sys.path.insert(0, str(Path(__file__).resolve().parents[3]))

from app.components.chart_script import chart_route
from app.server.plotly_route import Announce, plotly_route

app = st.App(
    Path(__file__).with_name("script.py"), routes=[plotly_route(), chart_route()], middleware=[Middleware(Announce)]
)
