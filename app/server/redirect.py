"""Addresses of pages that do not exist go to the overview, which says so, with what they say about the view.

The overview lives at the root, where Streamlit keeps the first page; `/overview` is as good a name for it, and any
page's title for that page: `/import`.
"""

from collections.abc import Callable
from urllib.parse import urlencode

import streamlit as st
from starlette.responses import RedirectResponse

from analysis.reference.outside_text import shortened
from app import page_table

PAGES = {"", *page_table.EVERY_PAGE[1:]}  # the first page has no path of its own
UNKNOWN = "no-page"
"""What the address calls the page that was asked for in vain, until the overview has said it."""
_LONGEST = 40
_TITLES = {page.title.lower().replace(" ", "-"): page.name for page in page_table.PAGES} | {
    page_table.EVERY_PAGE[0]: ""
}


class ToKnownPages:
    """ASGI middleware: answers a browser that opens an unknown page with the way to the overview."""

    def __init__(self, app: Callable) -> None:
        self.app = app

    async def __call__(self, scope: dict, receive: Callable, send: Callable) -> None:
        target = unknown_page(scope)
        await (self.app if target is None else RedirectResponse(target))(scope, receive, send)


def unknown_page(scope: dict) -> str | None:
    """Where a request for no page, or for a page by its title, should go; None for all else that is asked for."""
    accepts = dict(scope.get("headers", ())).get(b"accept", b"")
    if scope["type"] != "http" or scope["method"] != "GET" or b"text/html" not in accepts:
        return None
    base = "/" + st.get_option("server.baseUrlPath").strip("/")
    path = scope["path"].removeprefix(base).strip("/")
    if path in PAGES or "." in path or path.startswith(("_stcore", "static", "media", "assets")):
        return None
    query = [scope.get("query_string", b"").decode("latin-1")]
    page = _TITLES.get(path.lower())
    if page is None:
        query.append(urlencode({UNKNOWN: shortened(path, _LONGEST)}))
    query = "&".join(filter(None, query))
    return f"{base.rstrip('/')}/{page or ''}{'?' if query else ''}{query}"
