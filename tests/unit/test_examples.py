"""The examples in docstrings are true: each is run, and prints what it says."""

import doctest
import importlib

import pytest

from tests.unit.test_imports import MODULES

HEAVY = ("analysis.models", "analysis.attribution", "analysis.traces.cuda", "analysis.__main__")
WITH_EXAMPLES = sorted(
    name
    for name, path in MODULES.items()
    if name.startswith("analysis") and not name.startswith(HEAVY) and ">>> " in path.read_text(encoding="utf-8")
)


@pytest.mark.parametrize("name", WITH_EXAMPLES)
def test_examples_print_what_they_say(name):
    found = doctest.testmod(importlib.import_module(name))
    assert found.attempted
    assert not found.failed
