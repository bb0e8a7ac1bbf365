"""The traces that ship with the bundled runs, every column computed again from their logits."""

from __future__ import annotations

from pathlib import Path

import pytest

from analysis.storage import load_run
from analysis.storage.manifest import read_manifest
from analysis.traces.bundle import BUNDLED
from analysis.traces.compare import difference_of_bundled
from analysis.traces.load import bundled_name

RUNS = sorted(file.parent for file in (Path(__file__).parents[2] / "cached_runs").glob("*/run.json"))
WITHOUT = {"msdnet-cifar10-seed1"}
"""Runs that ship without traces, which are computed when they are asked for."""


def test_every_other_run_ships_the_traces_of_both_predictors():
    assert {folder.name for folder in RUNS} > WITHOUT
    for folder in RUNS:
        names = set() if folder.name in WITHOUT else set(map(bundled_name, BUNDLED))
        assert {path.name for path in folder.glob("traces-*")} == names
        assert {name for name in read_manifest(folder).files if name.startswith("traces-")} == names


@pytest.mark.parametrize("predictor_id", BUNDLED)
@pytest.mark.parametrize("folder", [path for path in RUNS if path.name not in WITHOUT], ids=lambda path: path.name)
def test_every_column_of_bundled_traces_is_what_the_logits_give(folder, predictor_id):
    path, texts = difference_of_bundled(load_run(folder), predictor_id)
    assert path.name == bundled_name(predictor_id)
    assert texts == []
