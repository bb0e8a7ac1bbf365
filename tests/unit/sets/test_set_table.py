"""The table of sets: its functions exist, and what is given is checked."""

import importlib

import pytest

from analysis.predictors import PREDICTORS
from analysis.sets import SETS, find_sets, resolve_sets


@pytest.mark.parametrize("method", SETS)
def test_every_row_names_a_function_that_exists(method):
    row = SETS[method]
    assert row.id == method
    assert (row.function is None) == (method == "nested")
    if row.function is not None:
        module, name = row.function.split(":")
        assert callable(getattr(importlib.import_module(module), name))


def test_methods_share_no_name_with_predictors():
    theirs = {setting.name for row in PREDICTORS.values() for setting in row.settings}
    assert not theirs & {setting.name for row in SETS.values() for setting in row.settings}


def test_defaults_are_the_paper_s():
    raps = resolve_sets("raps")
    assert (raps["alpha"], raps["lambda"], raps["k_reg"]) == (0.05, 0.01, 5)
    assert (raps["uniform"], raps["penalty_u"], raps["allow_empty"]) == ("sample", False, False)
    assert resolve_sets("nested") == {"alpha": 0.05, "b": (0.0,)}
    assert resolve_sets("nested", {"b": "tuned"})["b"] == "tuned"


def test_what_is_fitted():
    assert all(SETS[method].fits(resolve_sets(method)) for method in ("raps", "aps", "lac"))
    assert not SETS["nested"].fits(resolve_sets("nested"))
    assert SETS["nested"].fits(resolve_sets("nested", {"b": "tuned"}))


@pytest.mark.parametrize(
    ("method", "given", "message"),
    [
        ("raps", {"alpha": "1"}, "alpha is '1'"),
        ("raps", {"k_reg": "2.5"}, "k_reg is '2.5'"),
        ("raps", {"uniform": "batch"}, "sample or exit"),
        ("aps", {"lambda": "0.1"}, "sets aps has no setting 'lambda'"),
        ("nested", {"b": "-1"}, "b is '-1'"),
        ("nested", {"b": "1,2"}, "b has 2 numbers and the run 7 exits: give one number, or one for each exit"),
        ("nested", {"b": "best"}, "b is 'best': give tuned, or numbers"),
    ],
)
def test_what_goes_wrong_is_named(method, given, message):
    with pytest.raises(ValueError, match=message):
        resolve_sets(method, given, n_exits=7)


def test_an_unknown_method_is_named():
    with pytest.raises(ValueError, match="there are no sets 'top-5': choose raps, aps, lac or nested"):
        find_sets("top-5")
