"""plotly.js as a route of the server: never a CDN, and never twice.

What is served is `analysis.figures.browser.BUNDLE`. The library travels once per plotly version, compressed once per
server: its address names the version, so browsers keep it for good. Streamlit mounts user routes at the root whatever
`server.baseUrlPath` says, so the route adds it.
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
SCRIPT = (
    f'<script async id="plotly" src="./{PATH}" onload="self.Plotly || this.remove()" onerror="this.remove()"></script>'
).encode()  # where it did not come, `chart.js` finds none and fetches it itself
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
    """ASGI middleware: every page has the browser run plotly.js while Streamlit's own modules are still on their way.

    Otherwise the first chart waits for its compilation, a quarter of a second. The address is relative, as those of the
    modules are; `chart.js` waits for the script, and fetches it itself where it did not come.
    """

    def __init__(self, app: Callable) -> None:
        self.app = app

    async def __call__(self, scope: dict, receive: Callable, send: Callable) -> None:
        pages = scope["type"] == "http" and scope["method"] == "GET"
        await self.app(scope, receive, _Announcing(send) if pages else send)


class _Announcing:
    """Hands messages on, a page of HTML as one with the script in its head; its old stamps are no longer its own."""

    def __init__(self, send: Callable) -> None:
        self.send, self.start, self.body = send, None, b""

    async def __call__(self, message: dict) -> None:
        if message["type"] == "http.response.start" and _is_page(message):
            self.start = message
        elif self.start is None:
            await self.send(message)
        else:
            self.body += message.get("body", b"")
            if not message.get("more_body", False):
                await self._send_whole()

    async def _send_whole(self) -> None:
        body = self.body.replace(b"<head>", b"<head>" + SCRIPT, 1)
        stamps = (b"content-length", b"etag", b"last-modified")
        kept = [(name, value) for name, value in self.start["headers"] if name.lower() not in stamps]
        headers = [*kept, (b"content-length", str(len(body)).encode())]
        await self.send(self.start | {"headers": headers})
        await self.send({"type": "http.response.body", "body": body})


def _is_page(message: dict) -> bool:
    headers = {name.lower(): value for name, value in message.get("headers", ())}
    is_html = headers.get(b"content-type", b"").startswith(b"text/html")
    return message["status"] == 200 and is_html and b"content-encoding" not in headers
