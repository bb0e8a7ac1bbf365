"""The chart's script as a file of the server: found where the component asks, kept by its content, not sent again."""

import asyncio
import gzip

from starlette.requests import Request

from app.components import chart_script
from app.server.plotly_route import Announce


def _answered(encoding: bytes):
    scope = {"type": "http", "method": "GET", "headers": [(b"accept-encoding", encoding)]}
    return asyncio.run(chart_script.chart_route().endpoint(Request(scope)))


def test_the_server_has_it_where_the_component_asks():
    assert chart_script.chart_route().path == f"/{chart_script.chart_path()}"
    assert f'"../../{chart_script.chart_path()}"' in chart_script.chart_loader()
    plain, packed = _answered(b""), _answered(b"gzip, br")
    assert plain.headers["content-type"].startswith("text/javascript")
    assert "immutable" in plain.headers["cache-control"]
    assert plain.body == chart_script.chart_script().encode()
    assert gzip.decompress(packed.body) == plain.body
    assert packed.headers["content-encoding"] == "gzip"


def test_another_script_has_another_address(monkeypatch):
    before = chart_script.chart_path()
    monkeypatch.setattr(chart_script, "chart_script", lambda: "export default () => {};")
    assert chart_script.chart_path() != before


def test_the_component_brings_less_than_a_small_figure():
    assert len(chart_script.chart_loader()) < 1000


def test_a_page_fetches_it_before_a_chart_asks():
    page = Announce(None, modules=["assets/chart-1.js"]).head
    assert page.endswith(b'<link rel="modulepreload" href="./assets/chart-1.js">')
