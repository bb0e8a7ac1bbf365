"""The script of the chart component, as a file of the server: within the component it would travel with every figure.

Its address names its content, so browsers keep it for good and compile it once. What the component brings itself is
`LOADER`, which fetches it.
"""

import hashlib
import json
from dataclasses import asdict
from functools import cache
from pathlib import Path

from starlette.routing import Route

from analysis.figures.browser import dress_script, picture_script
from analysis.figures.print_sizes import FONTS, POINTS, PRESETS, WIDTHS
from app.server import plotly_route

LOADER = """
const own = document.querySelector('script[src*="static/js/"]');
const url = new URL("../../__PATH__", own ? own.src : document.baseURI).href;
const absent = ({ parentElement }) => {
  const said = document.createElement("div");
  const remedy = 'start the app with "streamlit run app/main.py", then reload this page';
  said.className = "xl-fault";
  said.setAttribute("role", "alert");
  said.textContent = `The script of figures did not load from ${url}: ${remedy}.`;
  parentElement.querySelector(".xl-chart").replaceChildren(said);
};
const { default: showChart } = await import(url).catch(() => ({ default: absent }));
export default showChart;
"""


def _source(name: str) -> str:
    return (Path(__file__).parent / name).read_text(encoding="utf-8")


@cache
def chart_script() -> str:
    """All of it."""
    parts = ("canvas/points.js", "saving/save_box.js", "chart.js")
    source = dress_script() + picture_script() + "".join(map(_source, parts))
    sizes = [{"id": one.id, "label": one.label, **asdict(one.size)} for one in PRESETS]
    known = {"LIBRARY": plotly_route.PATH, "SIZES": sizes, "UNITS": POINTS, "BOUNDS": {"width": WIDTHS, "font": FONTS}}
    for name, value in known.items():
        source = source.replace(f"__{name}__", json.dumps(value))
    return source


@cache
def chart_style() -> str:
    """The rules of charts."""
    return _source("chart.css") + _source("saving/save_box.css")


def chart_path() -> str:
    """Where the server has the script, below its base path."""
    return f"assets/chart-{hashlib.blake2b(chart_script().encode(), digest_size=8).hexdigest()}.js"


def chart_loader() -> str:
    """What the component brings in its place."""
    return LOADER.replace("__PATH__", chart_path())


def chart_route() -> Route:
    """The route that serves it, for `st.App(routes=[...])`."""
    return plotly_route.script_route(chart_path(), lambda: chart_script().encode())
