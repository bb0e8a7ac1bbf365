"""What the app's pages show on the bundled runs: words, controls, figures and CSVs, read where the browser would.

Taken from the messages to the browser, never from the app's own modules: files may move, what is shown may not. A page
is opened by its address, then every chart is asked for its CSV as its menu asks.
"""

from __future__ import annotations

import base64
import io
import json
import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from unittest import mock
from urllib.parse import urlencode

import numpy as np
import pandas as pd
from google.protobuf.message import Message
from streamlit.testing.v1 import AppTest
from streamlit.testing.v1.local_script_runner import LocalScriptRunner

from tests.e2e import pages

PAGES = ("overview", "samples", "monotonicity", "classes", "map", "compute", "calibration", "sets", "paper")
PAGES += ("ablation", "compare", "figures", "live")
SEEN_RUN = "msdnet-cifar100"
"""The run whose pages are opened in many states."""
STATES = ({"poe": "0", "predictor": "pa"}, {"poe": "1", "predictor": "pa"}, {"poe": "1", "predictor": "ca"})
"""In which every page of every run is opened, with a followed sample."""
FOLLOWED = {"sample": "12"}
FURTHER = {
    "overview": (
        {"drawn": "80", "draw": "3", "grouping": "superclasses"},
        {"poe": "1", "set": "weights:uniform,fallback:none"},
        {"run": "gone", "predictor": "nonsense", "sample": "x", "split": "train"},
    ),
    "samples": (
        {"poe": "1", "right": "wrong", "at": "3", "effect": "changed", "axis": "cost"},
        {"poe": "1", "true": "3", "above": "0.1", "sort": "entropy", "order": "up", "per": "96"},
        {"query": "fall > 0.3 and not correct", "page": "2", "per": "24"},
        {"query": "fall >> 3"},
        {"brush": "over:true_class:absolute:pa:0.01", "poe": "1"},
        {"poe": "1", "upright": "log", "pin": "77"},
        {"poe": "1", "upright": "share"},
    ),
    "monotonicity": (
        {"of": "final_prediction", "size": "relative", "beside": "moe,ca", "poe": "1"},
        {"of": "any_class", "scale": "linear", "over": "0.1", "published": "0", "poe": "1"},
        {"brush": "scatter:true_class:absolute:pa:box:1,0,3,2", "poe": "1"},
    ),
    "map": (
        {"colour": "label_name", "poe": "1"},
        {"colour": "confidence", "poe": "1", "brush": "in drawn; drawn = box(map_x, map_y, 0,-1, 1,0)"},
        {"colour": "correct", "placed": "umap"},
    ),
    "classes": (
        {"poe": "1", "exit": "any", "grouping": "superclasses"},
        {"poe": "1", "exit": "2"},
    ),
    "compute": ({"budget": "30000000", "beside": "hard-poe,softmax-poe", "poe": "1"}, {"published": "0"}),
    "calibration": ({"poe": "1", "fit": "random:0.2", "good": "improvable", "give": "2"},),
    "sets": ({"poe": "1", "sets": "nested"}, {"poe": "1", "sets": "lac", "sets_set": "alpha:0.2"}),
    "ablation": ({"of": "final_prediction", "size": "relative", "over": "0.1", "poe": "1"},),
    "paper": ({"poe": "1", "set": "weights:uniform"}, {"poe": "1", "predictor": "softmax-poe"}),
    "compare": (
        {"poe": "1", "entries": "msdnet-cifar10/baseline,msdnet-cifar10/pa,msdnet-cifar10-seed1/pa", "pair": "2-3"},
        {
            "entries": "imta-cifar100/pa,msdnet-cifar100/pa/weights:uniform",
            "along": "exits",
            "differ": "1",
            "alone": "second",
        },
    ),
    "figures": ({"poe": "1", "set": "weights:uniform"},),
    "live": (
        {"poe": "1", "turn": "30", "blur": "5", "noise": "0.05", "cover": "20", "until": "4"},
        {"method": "grad-cam", "through": "head", "whom": "other", "other": "7"},
        {"source": "upload"},
    ),
}
"""Page -> the further states in which it is opened on one run."""
EVERYWHERE = (
    {"poe": "1", "predictor": "hard-poe"},
    {"poe": "1", "predictor": "softmax-poe"},
    {"poe": "1", "predictor": "moe"},
    {"poe": "1", "split": "calibration", "unit": "params"},
    {"poe": "1", "split": "all"},
)
"""Further states in which all pages of that run are opened."""
_TABLE = "__streamlit_arrow_ref__"
"""Stands for a table in the JSON beside it."""
_OF_THE_CODE = re.compile(r"^id$|_id$|_hash$|js_content$|html_content$|css_content$")


def places(runs: list[str]) -> Iterator[tuple[str, dict[str, str]]]:
    """Every page and address that is recorded."""
    for run in runs:
        for page in PAGES:
            for state in STATES:
                yield page, {"run": run, **state, **FOLLOWED}
    for page in PAGES:
        for state in (*FURTHER[page], *EVERYWHERE):
            yield page, {"run": SEEN_RUN, "predictor": "pa", "poe": "0", **FOLLOWED, **state}


def jobs(runs: list[str]) -> dict[str, Callable[[], dict[str, str]]]:
    """Address -> a function that opens the page and returns what it shows, by a name that begins with the address."""
    found = {f"/{page}?{urlencode(address)}": (page, address) for page, address in places(runs)}
    calls = {name: lambda name=name, place=place: shown(name, *place) for name, place in found.items()}
    calls["components of the pages"] = components
    return calls


def shown(name: str, page: str, address: dict[str, str]) -> dict[str, str]:
    """The words of a page, its figures as plotly's JSON and their CSVs; and the words once every box is open."""
    with kept_messages() as messages:
        app = pages.opened(page, **address)
    assert not app.exception, [error.value for error in app.exception]
    texts = {f"{name} | words": words(app, messages)}
    if closed := [one for one in app.expander if one.proto.id]:  # their content is made when they are opened
        states = app._tree.get_widget_states()
        for one in closed:
            states.widgets.add(id=one.proto.id, bool_value=True)
        app._run(states)
        texts[f"{name} | words, boxes open"] = words(app, [])
    texts |= {f"{name} | figure {chart}": canonical(figure) for chart, figure in pages.figures(app).items()}
    texts |= {f"{name} | csv {chart}": text for chart, text in saved(app).items()}
    return {key: without_times(text) if page == "live" else text for key, text in texts.items()}


@contextmanager
def kept_messages() -> Iterator[list[Message]]:
    """What the script sends while it runs."""
    kept, taken = [], LocalScriptRunner.forward_msgs

    def forward_msgs(self: LocalScriptRunner) -> list[Message]:
        kept[:] = taken(self)
        return kept

    with mock.patch.object(LocalScriptRunner, "forward_msgs", forward_msgs):
        yield kept


def words(app: AppTest, messages: list[Message]) -> str:
    """Everything outside the figures: one line per field of each element, indented as elements stand in each other."""
    lines = [f"address {name}={value}" for name, value in sorted(pages.address(app).items())]
    for message in messages:
        kind = message.WhichOneof("type")
        if kind in ("page_config_changed", "logo", "navigation"):
            lines += [kind, *(f"  {line}" for line in told(getattr(message, kind)))]
    return "\n".join([*lines, *of_node(app._tree, 0)]) + "\n"


def of_node(node: object, depth: int) -> Iterator[str]:
    children = getattr(node, "children", {})
    if node.type in ("empty", "transient", "spinner") and not children:  # what a spinner leaves where it was
        return
    yield "  " * depth + node.type
    if (proto := getattr(node, "proto", None)) is not None:
        yield from ("  " * depth + f"  - {line}" for line in told(proto))
    for _, child in sorted(children.items()):
        yield from of_node(child, depth + 1)


def told(message: Message, path: str = "") -> Iterator[str]:
    """The fields of a message that are set, without what only the code knows: ids, hashes, a component's script."""
    for field, value in message.ListFields():
        if _OF_THE_CODE.search(field.name):
            continue
        where = f"{path}{field.name}"
        for one in value if isinstance(value, Sequence) and not isinstance(value, (str, bytes)) else [value]:
            if field.name == "arrow_blobs":  # numbers that the CSV holds too
                continue
            if isinstance(one, Message):
                yield from told(one, f"{where}.")
            elif field.name == "json":
                sent = json.loads(one)
                yield from (f"{where}.{k}: {v!r}" for k, v in sorted(of_no_content(sent).items()) if k != "figure")
            else:
                yield f"{where}: {one!r}"


def of_no_content(sent: dict) -> dict:
    """What a component is sent, without hashes of its tables: these hold every last digit."""
    kept = {k: v for k, v in sent.items() if k != "content" and not (isinstance(v, dict) and _TABLE in v)}
    if "points" in kept:
        kept["points"] = {k: v for k, v in kept["points"].items() if k not in ("content", "colouring")}
    return kept


def canonical(figure: object) -> str:
    """A figure's JSON with sorted keys, plotly's binary arrays as lists, and numbers to 6 significant digits.

    How numbers are packed is not seen, nor are their last digits; most differ between processors in float64's last bits
    alone, which no rounding edge is likely to meet.
    """

    def plain(value: object) -> object:
        if isinstance(value, float):
            return float(f"{value:.6g}")
        if isinstance(value, dict) and "bdata" in value:
            array = np.frombuffer(base64.b64decode(value["bdata"]), value["dtype"])
            shape = [int(n) for n in str(value.get("shape", array.size)).split(",")]
            return plain(array.reshape(shape).tolist())
        if isinstance(value, dict):
            return {key: plain(one) for key, one in value.items()}
        return [plain(one) for one in value] if isinstance(value, list) else value

    return json.dumps(plain(figure), sort_keys=True, indent=0, ensure_ascii=False) + "\n"


def saved(app: AppTest) -> dict[str, str]:
    """Chart -> the CSV that its menu saves, asked for as the browser asks."""
    states = app._tree.get_widget_states()
    for component in app.get("bidi_component"):
        if "figure" in json.loads(pages.told(component.proto) or "{}"):
            trigger = f"$$STREAMLIT_INTERNAL_KEY_{component.proto.id}__events"
            asked = json.dumps([{"event": "csv", "value": {"value": True}}])
            states.widgets.add(id=trigger, json_trigger_value=asked)
    app._run(states)
    assert not app.exception, [error.value for error in app.exception]
    sent = [json.loads(pages.told(component.proto) or "{}") for component in app.get("bidi_component")]
    found = {payload["name"]: rounded(payload["csv"]["text"]) for payload in sent if "csv" in payload}
    assert set(found) == set(pages.figures(app)), "a chart did not send its CSV"
    return found


def rounded(text: str) -> str:
    """Long decimals to 12 significant digits: the last bit hangs on which samples were computed at once."""
    return re.sub(r"\d+\.\d{12,}(e[+-]?\d+)?", lambda found: f"{float(found[0]):.12g}", text)


def without_times(text: str) -> str:
    """The live page's text without the times it measures and the processor they were measured on."""
    text = re.sub(r"\d[\d,]*\.\d ms", "# ms", text)
    text = re.sub(r"on one thread of .*?, from", "on one thread, from", text)
    if "latency_ms" not in text.partition("\n")[0]:
        return text
    return pd.read_csv(io.StringIO(text), dtype=str).drop(columns="latency_ms").to_csv(index=False)


def components() -> dict[str, str]:
    """The scripts and styles that the pages send to the browser."""
    texts = {}
    for page in PAGES:
        app = pages.opened(page, run=SEEN_RUN, predictor="pa", poe="1", **FOLLOWED)
        for component in app.get("bidi_component"):
            for part in ("html", "css", "js"):
                key = f"components of the pages | {component.proto.component_name} {part}"
                texts[key] = getattr(component.proto, f"{part}_content")
    return texts
