"""The launcher: `python -m streamlit run app/main.py`. Serves `dashboard.py`, and plotly.js from the installed plotly package.

The library travels once per plotly version, compressed: its address names the version, so browsers keep it for good. Streamlit
mounts user routes at the root whatever `server.baseUrlPath` says, so the route adds it.
"""

import gzip
import sys
from functools import cache
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path

import streamlit as st
from starlette.responses import Response
from starlette.routing import Route

PROJECT = Path(__file__).resolve().parents[1]
if str(PROJECT) not in sys.path:
    sys.path.insert(0, str(PROJECT))

KEEP = {"Cache-Control": "public, max-age=31536000, immutable", "Vary": "Accept-Encoding"}


def _library() -> bytes:
    return Path(find_spec("plotly").origin).with_name("package_data").joinpath("plotly.min.js").read_bytes()


@cache
def _library_compressed() -> bytes:
    return gzip.compress(_library(), compresslevel=6, mtime=0)


async def plotly_js(request) -> Response:
    """plotly.js, compressed once per server."""
    if "gzip" in request.headers.get("accept-encoding", ""):
        return Response(_library_compressed(), media_type="text/javascript", headers=KEEP | {"Content-Encoding": "gzip"})
    return Response(_library(), media_type="text/javascript", headers=KEEP)


def library_address() -> str:
    """Where the route stands: what `components/chart.js` asks for, below the server's base path."""
    base = st.get_option("server.baseUrlPath").strip("/")
    return f"{'/' + base if base else ''}/assets/plotly-{version('plotly')}.min.js"


app = st.App(Path(__file__).with_name("dashboard.py"), routes=[Route(library_address(), plotly_js)])
