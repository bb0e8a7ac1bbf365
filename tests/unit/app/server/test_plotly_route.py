"""The bundle of plotly.js that the server hands out: of the right version, and able to draw every figure of the app."""

import ast
import re
from pathlib import Path

import plotly.graph_objects as go
import pytest
from plotly.offline import get_plotlyjs_version

from app.server import plotly_route

ROOT = Path(plotly_route.__file__).parents[2]


def _traces_made_in(folder: str) -> set[str]:
    """Every `go.Name` that is a type of trace, lower case."""
    found = set()
    for file in (ROOT / folder).rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "go":
                found.add(node.attr)
    return {name.lower() for name in found if _is_trace(name)}


def _is_trace(name: str) -> bool:
    kind = getattr(go, name, None)
    return isinstance(kind, type) and issubclass(kind, go.Scatter.__mro__[1])


def test_the_bundle_is_of_the_version_that_figures_are_written_for():
    head = plotly_route.BUNDLE.read_text(encoding="utf-8")[:300]
    assert f"v{get_plotlyjs_version()}\n" in head


def test_the_bundle_draws_every_type_of_trace_that_the_app_makes():
    draws = set(re.findall(r'moduleType:"trace",name:"(\w+)"', plotly_route.BUNDLE.read_text(encoding="utf-8")))
    made = _traces_made_in("analysis") | _traces_made_in("app")
    assert {"scatter", "bar", "heatmap"} <= made
    assert made <= draws


def _answered(middleware, method: str = "GET", kind: bytes = b"text/html; charset=utf-8", status: int = 200) -> list:
    """The messages that come through the middleware of an answer in two parts."""
    sent = []

    async def inner(scope, receive, send) -> None:
        headers = [(b"content-type", kind), (b"content-length", b"26"), (b"etag", b"x")]
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": b"<html><head></", "more_body": True})
        await send({"type": "http.response.body", "body": b"head></html>"})

    async def take(message) -> None:
        sent.append(message)

    with pytest.raises(StopIteration):  # nothing here waits, and so for no loop
        middleware(inner)({"type": "http", "method": method, "path": "/"}, None, take).send(None)
    return sent


def test_a_page_runs_the_library_before_its_charts_ask():
    start, body = _answered(plotly_route.Announce)
    headers = dict(start["headers"])
    assert body["body"].startswith(b"<html><head><script async ")
    assert f'src="./{plotly_route.PATH}"'.encode() in body["body"]
    assert headers[b"content-length"] == str(len(body["body"])).encode()
    assert b"etag" not in headers  # it was the page's without the script


def test_other_answers_are_handed_on_as_they_are():
    for other in ({"method": "HEAD"}, {"kind": b"text/javascript"}, {"status": 404}):
        start, *parts = _answered(plotly_route.Announce, **other)
        assert b"".join(part["body"] for part in parts) == b"<html><head></head></html>"
        assert dict(start["headers"])[b"etag"] == b"x"
