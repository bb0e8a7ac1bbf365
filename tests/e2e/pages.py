"""Pages of the app without a browser: open one by its address; its figures, its words, what the address holds."""

import json
from pathlib import Path

import pyarrow as pa
from google.protobuf.message import Message
from streamlit.testing.v1 import AppTest
from streamlit.util import calc_hash

DASHBOARD = Path(__file__).resolve().parents[2] / "app" / "dashboard.py"


def opened(page: str = "overview", /, **address: str) -> AppTest:
    """A page of the app as its address opens it in a fresh browser."""
    app = AppTest.from_file(DASHBOARD, default_timeout=120)
    app._page_hash = "" if page == "overview" else calc_hash(page)  # AppTest.switch_page knows files only
    for name, value in address.items():
        app.query_params[name] = value
    return app.run()


def figures(app: AppTest) -> dict[str, dict]:
    """Every figure of the page by the name of its chart, as plotly's JSON."""
    return {name: json.loads(payload["figure"]) for name, payload in payloads(app).items()}


def payloads(app: AppTest) -> dict[str, dict]:
    """What every chart of the page is sent, by its name."""
    return {payload["name"]: payload for payload, _ in _charts(app)}


def _charts(app: AppTest) -> list[tuple[dict, object]]:
    sent = [(json.loads(told(component.proto) or "null"), component) for component in app.get("bidi_component")]
    return [(one, component) for one, component in sent if isinstance(one, dict) and "figure" in one]


def told(proto: Message) -> str:
    """A component's JSON, which stands beside its tables where it is sent some."""
    return proto.json or proto.mixed.json


def take(app: AppTest, name: str, zoom: dict | None = None) -> None:
    """Choose “Add to a presentation” in a chart's menu, as the browser sends it."""
    component = next(component for payload, component in _charts(app) if payload["name"] == name)
    states = app._tree.get_widget_states()
    asked = json.dumps([{"event": "take", "value": {"value": zoom or {}}}])
    states.widgets.add(id=f"$$STREAMLIT_INTERNAL_KEY_{component.proto.id}__events", json_trigger_value=asked)
    app._run(states)


def points(app: AppTest, name: str) -> dict[str, list]:
    """The points that a chart's canvas draws: their columns, those of the colours too."""
    charts = {payload["name"]: (payload, component.proto) for payload, component in _charts(app)}
    payload, proto = charts[name]
    held = {}
    for component in app.get("bidi_component"):
        sent = json.loads(told(component.proto) or "null")
        if isinstance(sent, dict) and sent.get("content") == payload["points"]["content"]:
            held |= _columns(component.proto)
    return held | _columns(proto)


def _columns(proto: Message) -> dict[str, list]:
    (blob,) = proto.mixed.arrow_blobs.values()
    return pa.ipc.open_stream(blob.data).read_all().to_pydict()


def title(figure: dict) -> str:
    """A figure's title."""
    return figure["layout"]["title"]["text"]


def words(app: AppTest) -> str:
    """The page's text outside figures and controls."""
    parts = [*app.markdown, *app.subheader, *app.info, *app.error]
    texts = [part.value for part in parts] + [element.proto.body for element in app.get("html")]
    return " ".join(text.replace("\\", "").replace("\u2060", "") for text in texts)


def address(app: AppTest) -> dict[str, str]:
    """What the address holds now."""
    return {name: held if isinstance(held, str) else held[0] for name, held in app.query_params.items()}
