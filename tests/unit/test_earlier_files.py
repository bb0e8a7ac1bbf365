"""What an earlier version wrote still opens: a run folder, cached traces, a cached film-strip, addresses and brushes.

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
from analysis.selection import SampleTable
from analysis.selection.earlier import read_selection
from analysis.storage import load_run
from analysis.traces import compute_traces, load_traces
from analysis.traces.cache import read_cached
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


def test_cached_traces_open():
    run = load_run(EARLIER / "run")
    same(read_cached(EARLIER / "traces-softmax-poe.safetensors", run), compute_traces(run, "softmax-poe", {}))


def test_a_cache_of_an_earlier_version_is_in_nobodys_way(tmp_path, monkeypatch):
    monkeypatch.setenv("EXITLENS_CACHE", str(tmp_path))
    (tmp_path / "traces").mkdir()
    shutil.copy(EARLIER / "traces-softmax-poe.safetensors", tmp_path / "traces")
    run = load_run(EARLIER / "run")
    same(load_traces(run, "softmax-poe"), compute_traces(run, "softmax-poe", {}))


def test_a_cached_film_strip_opens():
    strip = read_strip(EARLIER / "strip.safetensors")
    assert np.array_equal(strip.maps[0], np.arange(16, dtype=np.float32).reshape(4, 4) / 8 - 2)
    assert np.isnan(strip.maps[1]).all()
    assert strip.scores == (0.25, None)
    assert strip.notes == ("", "this scale was dropped before this exit")


@pytest.mark.parametrize("page", ADDRESSES["pages"])
def test_an_address_restores_what_it_held(page):
    address, kept = ADDRESSES["pages"][page]["address"], ADDRESSES["pages"][page]["values"]
    values, notes = from_address(dict(parse_qsl(address, keep_blank_values=True)))
    assert not notes
    assert json.loads(json.dumps(values)) == kept
    assert to_address(values, page or "overview") == dict(parse_qsl(address, keep_blank_values=True))
    request = {"type": "http", "method": "GET", "path": f"/{page}", "headers": [(b"accept", b"text/html")]}
    assert unknown_page(request) is None
    assert unknown_page({**request, "path": "/another"}) == "/"


@pytest.mark.parametrize("text", ADDRESSES["brushes"])
def test_a_brush_holds_the_samples_that_it_held(text):
    table, selection = SampleTable(load_run(EARLIER / "run")), read_selection(text)
    assert np.flatnonzero(selection.mask(table)).tolist() == ADDRESSES["brushes"][text]
    assert selection.positions(table).tolist() == ADDRESSES["brushes"][text]
