"""The code that a cache key stands for, against the imports that Python makes while it computes."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from analysis.attribution.strip import COMPUTED_BY as OF_STRIPS
from analysis.runtime import code_version as graph
from analysis.runtime.code_version import code_version, imported_modules
from analysis.runtime.folders import PROJECT
from analysis.traces.cache import COMPUTED_BY as OF_TRACES

COMPUTE_TRACES = """
from analysis.predictors import PREDICTORS
from analysis.storage import load_run
from analysis.traces.cache import cache_path
from analysis.traces.load import load_traces
run = load_run({run!r})
for predictor in PREDICTORS:
    load_traces(run, predictor, split="all")
"""
COMPUTE_STRIPS = """
import dataclasses, json, pathlib, tempfile
import numpy as np
from analysis.attribution import worker
from analysis.attribution.strip import StripSettings
folder = pathlib.Path(tempfile.mkdtemp())
settings = dataclasses.asdict(StripSettings("product", "prob", 1, "grad-cam"))
order = {{"weights": {run!r} + "/model.safetensors", "arch": "msdnet-cifar10", "settings": settings}}
(folder / worker.ORDER).write_text(json.dumps(order))
np.save(folder / worker.IMAGE, np.zeros((32, 32, 3), np.uint8))
worker.compute(folder)
assert (folder / worker.RESULT).is_file(), list(folder.iterdir())
"""
LOADED = "\nimport json, sys; print(json.dumps(sorted(n for n in sys.modules if n.split('.')[0] == 'analysis')))"


@pytest.mark.parametrize(
    ("module", "code"), [(OF_TRACES, COMPUTE_TRACES), (OF_STRIPS, COMPUTE_STRIPS)], ids=["traces", "strips"]
)
def test_everything_that_is_imported_while_it_is_computed_is_in_the_key(module, code, tmp_path):
    run = str(PROJECT / "cached_runs" / "msdnet-cifar10")
    environment = {"EXITLENS_CACHE": str(tmp_path), "TMPDIR": str(tmp_path), "PATH": "/usr/bin:/bin"}
    done = subprocess.run(
        [sys.executable, "-c", code.format(run=run) + LOADED],
        cwd=PROJECT, env=environment, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-2000:]
    loaded = set(json.loads(done.stdout))
    assert module in loaded
    assert loaded <= set(imported_modules(module))


def test_imports_inside_functions_and_functions_named_by_text_count():
    found = set(imported_modules(OF_TRACES))
    assert {"analysis.predictors.apply", "analysis.predictors.product_anytime", "analysis.metrics.decrease"} <= found
    found = set(imported_modules(OF_STRIPS))
    assert {"analysis.models.networks.checkpoints", "analysis.models.networks.architectures"} <= found
    assert not any(name.startswith(("analysis.figures", "analysis.commands", "analysis.words")) for name in found)


@pytest.fixture
def package(tmp_path, monkeypatch) -> Path:
    """A package of five modules in the place of ours."""
    folder = tmp_path / "analysis"
    sources = {
        "__init__": "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    import analysis.types\n",
        "top": "def f():\n    with open(0):\n        from analysis.inner import deep\nROW = 'analysis.row:f'\n",
        "inner/__init__": "",
        "inner/deep": "import analysis.top\n",
        "row": "VALUE = 1\n",
        "types": "",
        "other": "",
    }
    for name, source in sources.items():
        file = folder / f"{name}.py"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(source)
    monkeypatch.setattr(graph, "PACKAGE", folder)
    for cached in (graph.source_of, graph.code_version):
        cached.cache_clear()
    yield folder
    for cached in (graph.source_of, graph.code_version):
        cached.cache_clear()


def test_the_graph_of_a_small_package(package):
    reached = ("analysis", "analysis.inner", "analysis.inner.deep", "analysis.row", "analysis.top")
    assert imported_modules("analysis.top") == reached
    assert imported_modules("analysis.other") == ("analysis", "analysis.other")


@pytest.mark.parametrize(("name", "changes"), [("inner/deep", True), ("row", True), ("types", False), ("other", False)])
def test_a_version_changes_with_what_is_imported_and_nothing_else(package, name, changes):
    before = code_version("analysis.top")
    file = package / f"{name}.py"
    file.write_text(file.read_text() + "# a comment\n")
    code_version.cache_clear()
    assert (code_version("analysis.top") != before) is changes
