"""plotly.js as a route of the server: never a CDN, and never twice.

What is served is `analysis.figures.browser.BUNDLE`. The library travels once per plotly version, compressed once per
server: its address names the version, so browsers keep it for good. Streamlit mounts user routes at the root whatever `server.baseUrlPath` says, so the route adds it.
"""

import gzip
from collections.abc import Callable
from functools import cache
from importlib.metadata import version

import streamlit as st
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from analysis.figures.browser import BUNDLE

PATH = f"assets/plotly-cartesian-{version('plotly')}.min.js"  # below the server's base path; `chart.js` asks for it
KEEP = {"Cache-Control": "public, max-age=31536000, immutable", "Vary": "Accept-Encoding"}


@cache
def _library() -> bytes:
    return BUNDLE.read_bytes()


@cache
def _compressed() -> bytes:
    return gzip.compress(_library(), compresslevel=6, mtime=0)


async def _respond(request: Request) -> Response:
    if "gzip" in request.headers.get("accept-encoding", ""):
        return Response(_compressed(), media_type="text/javascript", headers=KEEP | {"Content-Encoding": "gzip"})
    return Response(_library(), media_type="text/javascript", headers=KEEP)


def plotly_route() -> Route:
    """The route that serves plotly.js, for `st.App(routes=[...])`."""
    return Route(_address(), _respond)


def _address() -> str:
    base = st.get_option("server.baseUrlPath").strip("/")
    return f"/{base}/{PATH}" if base else f"/{PATH}"


class Announce:
    """ASGI middleware: every page has the browser fetch plotly.js at once, not when the first chart asks for it."""

    def __init__(self, app: Callable) -> None:
        self.app = app
        self.link = f"<{_address()}>; rel=preload; as=script".encode()

    async def __call__(self, scope: dict, receive: Callable, send: Callable) -> None:
        async def announcing(message: dict) -> None:
            headers = message.get("headers", ())
            if any(name.lower() == b"content-type" and value.startswith(b"text/html") for name, value in headers):
                message = message | {"headers": [*headers, (b"link", self.link)]}
            await send(message)

        await self.app(scope, receive, announcing if scope["type"] == "http" else send)
