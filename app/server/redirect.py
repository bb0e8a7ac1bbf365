"""Addresses of pages that do not exist go to the overview, with what they say about the view; no browser complains.

The overview lives at the root, where Streamlit keeps the first page; `/overview` is as good a name for it.
"""

from collections.abc import Callable

import streamlit as st
from starlette.responses import RedirectResponse

from app.page_table import EVERY_PAGE

PAGES = {"", *EVERY_PAGE[1:]}  # the first page has no path of its own


class ToKnownPages:
    """ASGI middleware: answers a browser that opens an unknown page with the way to the overview."""

    def __init__(self, app: Callable) -> None:
        self.app = app

    async def __call__(self, scope: dict, receive: Callable, send: Callable) -> None:
        target = unknown_page(scope)
        await (self.app if target is None else RedirectResponse(target))(scope, receive, send)


def unknown_page(scope: dict) -> str | None:
    """Where a request for an unknown page should go; None for everything else that a server is asked for."""
    accepts = dict(scope.get("headers", ())).get(b"accept", b"")
    if scope["type"] != "http" or scope["method"] != "GET" or b"text/html" not in accepts:
        return None
    base = "/" + st.get_option("server.baseUrlPath").strip("/")
    path = scope["path"].removeprefix(base).strip("/")
    if path in PAGES or "." in path or path.startswith(("_stcore", "static", "media", "assets")):
        return None
    query = scope.get("query_string", b"").decode("latin-1")
    return base.rstrip("/") + "/" + (f"?{query}" if query else "")
