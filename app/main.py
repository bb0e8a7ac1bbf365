"""The launcher: `python -m streamlit run app/main.py` runs `dashboard.py`; plotly.js is a route of the server."""

import sys
from pathlib import Path

import streamlit as st
from starlette.middleware import Middleware

PROJECT = Path(__file__).resolve().parents[1]
if str(PROJECT) not in sys.path:
    sys.path.insert(0, str(PROJECT))

from app.server.no_delay import without_delay  # noqa: E402
from app.server.no_uploads import NoUploads  # noqa: E402
from app.server.plotly_route import Announce, plotly_route  # noqa: E402
from app.server.redirect import ToKnownPages  # noqa: E402

app = st.App(
    Path(__file__).with_name("dashboard.py"),
    routes=[plotly_route()],
    middleware=[Middleware(NoUploads), Middleware(ToKnownPages), Middleware(Announce)],
    lifespan=without_delay,
)
