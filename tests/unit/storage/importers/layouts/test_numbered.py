"""Names that a number tells apart."""

import pytest

from analysis.storage.importers.layouts.numbered import families, listed


def test_names_are_in_the_order_of_their_numbers():
    (family,) = families(["exit_10", "labels", "exit_2", "Exit_1"])
    assert family.names == ("Exit_1", "exit_2", "exit_10")
    assert family.is_ordered
    assert family.means_exits


@pytest.mark.parametrize(
    ("names", "is_ordered"),
    [
        (["l3_exit1", "l7_exit2"], True),
        (["l7_exit1", "l3_exit2"], False),
        (["exit_1", "exit_01"], False),
        (["exit_0.5", "exit_0.25"], True),
    ],
)
def test_every_number_that_varies_must_grow(names, is_ordered):
    (family,) = families(names)
    assert family.is_ordered == is_ordered


@pytest.mark.parametrize("names", [["exit_1"], ["a", "b"], [True, False], [-1, -2], [None, 3.5]])
def test_these_are_no_families(names):
    assert families(names) == []


@pytest.mark.parametrize(
    ("name", "means"),
    [
        ("head", True),
        ("test_exit", True),
        ("", True),
        ("layer", False),
        ("exit_features", False),
        ("conf_branch", False),
    ],
)
def test_which_names_mean_exits(name, means):
    (family,) = families([f"{name}1", f"{name}2"])
    assert family.means_exits == means


def test_few_names_are_all_listed():
    assert listed(["a", b"b", 3]) == "a, b, 3"
    assert listed(range(9)) == "0 ... 8"
