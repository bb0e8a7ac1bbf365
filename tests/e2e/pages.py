"""Pages of the app without a browser: open one by its address; its figures, its words, what the address holds."""

import json
from pathlib import Path

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
    sent = [json.loads(component.proto.json or "null") for component in app.get("bidi_component")]
    return {one["name"]: one for one in sent if isinstance(one, dict) and "figure" in one}


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
