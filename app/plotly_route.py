"""plotly.js from the installed plotly package, as a route of the server: never a CDN, and never twice.

The library travels once per plotly version, compressed once per server: its address names the version, so browsers keep it for
good. Streamlit mounts user routes at the root whatever `server.baseUrlPath` says, so the route adds it.
"""

import gzip
from functools import cache
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path

import streamlit as st
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

PATH = f"assets/plotly-{version('plotly')}.min.js"  # below the server's base path; `components/chart.js` asks for it
KEEP = {"Cache-Control": "public, max-age=31536000, immutable", "Vary": "Accept-Encoding"}


def _library() -> bytes:
    return Path(find_spec("plotly").origin).with_name("package_data").joinpath("plotly.min.js").read_bytes()


@cache
def _compressed() -> bytes:
    return gzip.compress(_library(), compresslevel=6, mtime=0)


async def _respond(request: Request) -> Response:
    if "gzip" in request.headers.get("accept-encoding", ""):
        return Response(_compressed(), media_type="text/javascript", headers=KEEP | {"Content-Encoding": "gzip"})
    return Response(_library(), media_type="text/javascript", headers=KEEP)


def plotly_route() -> Route:
    """The route that serves plotly.js, for `st.App(routes=[...])`."""
    base = st.get_option("server.baseUrlPath").strip("/")
    return Route(f"/{base}/{PATH}" if base else f"/{PATH}", _respond)
