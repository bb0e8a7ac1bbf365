"""plotly.js as a route of the server: never a CDN, and never twice.

What is served is `analysis.figures.browser.BUNDLE`. The library travels once per plotly version, compressed once per
server: its address names the version, so browsers keep it for good. Streamlit mounts user routes at the root whatever
`server.baseUrlPath` says, so the route adds it.
"""

import gzip
from collections.abc import Callable, Sequence
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


def script_route(path: str, source: Callable[[], bytes]) -> Route:
    """The route of a script that browsers keep for good: its path, below the base path, names its content."""

    @cache
    def compressed() -> bytes:
        return gzip.compress(source(), compresslevel=6, mtime=0)

    async def respond(request: Request) -> Response:
        if "gzip" in request.headers.get("accept-encoding", ""):
            return Response(compressed(), media_type="text/javascript", headers=KEEP | {"Content-Encoding": "gzip"})
        return Response(source(), media_type="text/javascript", headers=KEEP)

    return Route(_address(path), respond)


def plotly_route() -> Route:
    """The route that serves plotly.js, for `st.App(routes=[...])`."""
    return script_route(PATH, BUNDLE.read_bytes)


def _address(path: str) -> str:
    base = st.get_option("server.baseUrlPath").strip("/")
    return f"/{base}/{path}" if base else f"/{path}"


class Announce:
    """ASGI middleware: every page has the browser run plotly.js while Streamlit's own modules are still on their way.

    Otherwise the first chart waits for its compilation, a quarter of a second. The address is relative, as those of the
    modules are; `chart.js` waits for the script, and fetches it itself where it did not come. `modules` are paths of
    further scripts, which the browser fetches and compiles meanwhile, and runs when a component asks for them.
    """

    def __init__(self, app: Callable, modules: Sequence[str] = ()) -> None:
        self.app = app
        links = (f'<link rel="modulepreload" href="./{path}">' for path in modules)
        self.head = SCRIPT + "".join(links).encode()

    async def __call__(self, scope: dict, receive: Callable, send: Callable) -> None:
        pages = scope["type"] == "http" and scope["method"] == "GET"
        await self.app(scope, receive, _Announcing(send, self.head) if pages else send)


class _Announcing:
    """Hands messages on, a page of HTML as one with the scripts in its head; its old stamps are no longer its own."""

    def __init__(self, send: Callable, head: bytes) -> None:
        self.send, self.head, self.start, self.body = send, head, None, b""

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
        body = self.body.replace(b"<head>", b"<head>" + self.head, 1)
        stamps = (b"content-length", b"etag", b"last-modified")
        kept = [(name, value) for name, value in self.start["headers"] if name.lower() not in stamps]
        headers = [*kept, (b"content-length", str(len(body)).encode())]
        await self.send(self.start | {"headers": headers})
        await self.send({"type": "http.response.body", "body": body})


def _is_page(message: dict) -> bool:
    headers = {name.lower(): value for name, value in message.get("headers", ())}
    is_html = headers.get(b"content-type", b"").startswith(b"text/html")
    return message["status"] == 200 and is_html and b"content-encoding" not in headers
