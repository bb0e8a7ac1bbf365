"""The launcher: `python -m streamlit run app/main.py` runs `dashboard.py`; routes bring what draws figures."""

import sys
from pathlib import Path

import streamlit as st
from starlette.middleware import Middleware

PROJECT = Path(__file__).resolve().parents[1]
if str(PROJECT) not in sys.path:
    sys.path.insert(0, str(PROJECT))

from app.components.chart_script import chart_path, chart_route  # noqa: E402
from app.server.no_delay import without_delay  # noqa: E402
from app.server.no_uploads import NoUploads  # noqa: E402
from app.server.plotly_route import Announce, plotly_route  # noqa: E402
from app.server.redirect import ToKnownPages  # noqa: E402

app = st.App(
    Path(__file__).with_name("dashboard.py"),
    routes=[plotly_route(), chart_route()],
    middleware=[Middleware(NoUploads), Middleware(ToKnownPages), Middleware(Announce, modules=[chart_path()])],
    lifespan=without_delay,
)
