"""What the product prints and shows is what `outputs.json` records: a fast part of it here, all of it by
`python -m tests.golden.record --check`.
"""

from __future__ import annotations

import json
import re

import pytest

from tests.golden import record

RECORDING = json.loads(record.OUTPUTS.read_text())
JOBS = record.jobs()
PARTS = (
    "--help",
    "summarize msdnet-cifar10-seed1",
    "traces msdnet-cifar10-seed1 --predictor ca",
    "probs msdnet-cifar10-seed1 --predictor moe",
    "validate msdnet-cifar10-seed1",
    "gone",
    "?run=msdnet-cifar10-seed1&",
    "/live?run=msdnet-cifar100&poe=1&predictor=pa&sample=12",
    "components of the pages",
)
"""What the fast part is made of: jobs whose name holds one of these."""
FAST = [name for name in JOBS if any(part in name for part in PARTS)]
LAST_BITS = (
    r"\| csv |^/live|^probs |^traces |^report .*\.html$|"
    r"(seed1 .*|--predictor (hard-poe|softmax-poe|moe|ca)) --format (json|csv)$"
)
"""Outputs with numbers in full whose last bits another processor gives otherwise. Traces that ship are the same; the
second seed's run ships without."""


@pytest.fixture(scope="module", autouse=True)
def surroundings(tmp_path_factory):
    with record.surroundings(tmp_path_factory.mktemp("cache")):
        yield


@pytest.fixture(scope="module")
def comparable():
    """Function outputs -> those that must agree here: all, where this processor and Python are the recording's."""
    here, there = record.made_with(), RECORDING["made_with"]
    left_out = [LAST_BITS] if here["arithmetic"] != there["arithmetic"] else []
    left_out += ["--help$"] if here["python"] != there["python"] else []  # argparse words its help anew in each
    return lambda found: {name: text for name, text in found.items() if not any(re.search(p, name) for p in left_out)}


@pytest.mark.parametrize("name", FAST)
def test_outputs_are_as_recorded(name, comparable):
    found = record.outputs({name: JOBS[name]})
    lines = record.differences(comparable(RECORDING["outputs"]), comparable(found))
    assert not lines, "\n".join([*lines, record.REMEDY])


def test_everything_that_is_called_is_recorded():
    assert {record.of_job(name) for name in RECORDING["outputs"]} == set(JOBS), record.REMEDY


def test_what_differs_is_named():
    recorded = {"a": "1", "b | words": "1", "b | csv x": "1", "not run": "1"}
    found = {"a": "2", "b | words": "1", "c": "1"}
    assert record.differences(recorded, found) == ["differs  a", "gone     b | csv x", "new      c"]


def test_a_changed_text_has_another_hash_and_is_kept(tmp_path):
    one, other = (record.outputs({"x": lambda text=text: {"x": text}}, tmp_path) for text in ("0.1", "0.2"))
    assert one != other
    (kept,) = tmp_path.iterdir()
    assert kept.read_text() == "0.2"


def test_the_checkouts_place_does_not_count():
    here, elsewhere = (record.outputs({"x": lambda t=t: {"x": t}}) for t in (f"{record.PROJECT}/a", "PROJECT/a"))
    assert here == elsewhere
