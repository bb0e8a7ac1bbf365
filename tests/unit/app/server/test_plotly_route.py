"""The bundle of plotly.js that the server hands out: of the right version, and able to draw every figure of the app."""

import ast
import re
from pathlib import Path

import plotly.graph_objects as go
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
