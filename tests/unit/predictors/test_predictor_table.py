"""The table against the functions it names, and the borders of the package."""

import doctest
import importlib
import inspect
import subprocess
import sys

import pytest

from analysis.predictors import PREDICTORS, resolve
from analysis.settings import parse

IDS = ("baseline", "pa", "hard-poe", "softmax-poe", "moe", "ca", "adaptive-pa", "exit-ensemble", "agreement-vote")


def function_of(row):
    module, name = row.function.split(":")
    return getattr(importlib.import_module(module), name)


def test_the_ids_are_the_contract():
    assert tuple(PREDICTORS) == IDS


@pytest.mark.parametrize("row", PREDICTORS.values(), ids=list(PREDICTORS))
def test_settings_and_defaults_are_those_of_the_function(row):
    parameters = list(inspect.signature(function_of(row)).parameters.values())[1:]
    assert {p.name: p.default for p in parameters} == {s.name: s.default for s in row.settings}


@pytest.mark.parametrize("row", PREDICTORS.values(), ids=list(PREDICTORS))
def test_every_row_says_what_a_reader_needs(row):
    assert row.name
    assert row.label
    assert row.summary.endswith(".")
    assert row.citation
    for setting in row.settings:
        assert setting.description.endswith(".")
        assert setting.range_text
        assert (setting.kind in ("choice", "numbers")) == bool(setting.choices)


@pytest.mark.parametrize("row", PREDICTORS.values(), ids=list(PREDICTORS))
def test_the_defaults_resolve_to_themselves(row):
    assert resolve(row.id) == {s.name: s.default for s in row.settings}


def test_reading_the_table_and_resolving_imports_no_torch_and_no_app():
    code = (
        "import sys; from analysis.predictors import PREDICTORS, resolve, settings_key, available_predictors;"
        "settings_key('pa', {'weights': '1,2'}); available_predictors();"
        "print([name for name in ('torch', 'streamlit', 'pandas', 'plotly') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_predictors_import_only_themselves_settings_runtime_numpy_torch_and_jaxtyping():
    code = (
        "import sys; from analysis.predictors import predict; import numpy as np; predict('pa', np.ones((1, 1, 2)));"
        "own = [n for n in sys.modules if n.startswith(('analysis', 'app', 'streamlit', 'pandas', 'plotly'))];"
        "ours = ('analysis.predictors', 'analysis.runtime', 'analysis.settings');"
        "print([n for n in own if n != 'analysis' and not n.startswith(ours)])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


@pytest.mark.parametrize("name", ["", ".activations", ".adaptive_product", ".weights"])
def test_the_examples_run(name):
    results = doctest.testmod(importlib.import_module(f"analysis.predictors{name}"))
    assert results.attempted
    assert not results.failed


@pytest.mark.parametrize("row", PREDICTORS.values(), ids=PREDICTORS)
def test_sliders_lie_within_what_a_setting_takes(row):
    for setting in row.settings:
        if setting.slider is not None:
            low, high = setting.slider
            assert low < high
            assert [parse(setting, end) for end in (low, high)] == [low, high]
            assert low <= (low if setting.idle is None else setting.idle) <= high
