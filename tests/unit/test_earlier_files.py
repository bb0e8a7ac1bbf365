"""What an earlier version wrote still opens: a run folder, addresses and brushes; its caches are in nobody's way.

`tests/golden/earlier` is kept as that version left it, and is never written anew.
"""

import json
import shutil
from pathlib import Path
from urllib.parse import parse_qsl

import numpy as np
import pytest

from analysis.attribution.strip import read_strip
from analysis.cli import main
from analysis.predictors import settings_key
from analysis.selection import SampleTable
from analysis.selection.earlier import read_selection
from analysis.storage import load_run
from analysis.traces import compute_traces, load_traces
from analysis.traces.cache import cache_path, read_cached
from analysis.traces.table import FALLS, PER_EXIT
from app.server.redirect import unknown_page
from app.state import from_address, to_address

EARLIER = Path(__file__).resolve().parents[1] / "golden" / "earlier"
ADDRESSES = json.loads((EARLIER / "addresses.json").read_text(encoding="utf-8"))


def same(traces, others):
    for name in PER_EXIT:
        assert np.allclose(getattr(traces, name), getattr(others, name), equal_nan=True), name
    for key in FALLS:
        assert all(np.allclose(*pair, equal_nan=True) for pair in zip(traces.falls[key], others.falls[key])), key


def test_a_run_folder_opens_and_is_whole(capsys):
    run = load_run(EARLIER / "run")
    assert (run.title, run.logits.shape, run.cost()[0]) == ("Twenty samples", (7, 20, 20), "MACs")
    assert main(["validate", str(EARLIER / "run")]) == 0
    for predictor in ("baseline", "pa"):
        same(load_traces(run, predictor), compute_traces(run, predictor, {}))


def test_what_was_cached_without_a_hash_of_itself_is_not_believed():
    assert read_cached(EARLIER / "traces-softmax-poe.safetensors", load_run(EARLIER / "run")) is None
    assert read_strip(EARLIER / "strip.safetensors") is None


def test_a_cache_of_an_earlier_version_is_in_nobodys_way(tmp_path, monkeypatch):
    monkeypatch.setenv("EXITLENS_CACHE", str(tmp_path))
    run = load_run(EARLIER / "run")
    for folder, name in (("traces", "traces-softmax-poe.safetensors"), ("attributions", "strip.safetensors")):
        (tmp_path / folder).mkdir()
        shutil.copy(EARLIER / name, tmp_path / folder)
    shutil.copy(EARLIER / "traces-softmax-poe.safetensors", cache_path(run, settings_key("softmax-poe")))
    same(load_traces(run, "softmax-poe"), compute_traces(run, "softmax-poe", {}))
    assert read_cached(cache_path(run, settings_key("softmax-poe")), run) is None


@pytest.mark.parametrize("page", ADDRESSES["pages"])
def test_an_address_restores_what_it_held(page):
    address, kept = ADDRESSES["pages"][page]["address"], ADDRESSES["pages"][page]["values"]
    values, notes = from_address(dict(parse_qsl(address, keep_blank_values=True)))
    assert not notes
    assert json.loads(json.dumps(values)) == kept
    assert to_address(values, page or "overview") == dict(parse_qsl(address, keep_blank_values=True))
    request = {"type": "http", "method": "GET", "path": f"/{page}", "headers": [(b"accept", b"text/html")]}
    assert unknown_page(request) is None
    assert unknown_page({**request, "path": "/another"}) == "/?no-page=another"


@pytest.mark.parametrize("text", ADDRESSES["brushes"])
def test_a_brush_holds_the_samples_that_it_held(text):
    table, selection = SampleTable(load_run(EARLIER / "run")), read_selection(text)
    assert np.flatnonzero(selection.mask(table)).tolist() == ADDRESSES["brushes"][text]
    assert selection.positions(table).tolist() == ADDRESSES["brushes"][text]
