"""What predictors are called for newcomers, and where they come from."""

from dataclasses import replace

from analysis.predictors import PREDICTORS


def test_names_have_the_short_one_beside_them():
    assert PREDICTORS["pa"].full_name == "product anytime (PA)"
    assert replace(PREDICTORS["pa"], name="own", label="own").full_name == "own"


def test_products_are_known_as_such():
    assert {key for key, row in PREDICTORS.items() if row.is_product} == {
        "pa",
        "hard-poe",
        "softmax-poe",
        "adaptive-pa",
    }


def test_the_paper_is_the_row_s_and_never_somebody_else_s():
    assert {key: row.arxiv for key, row in PREDICTORS.items()} == {
        "baseline": "1706.04599",
        "pa": "2306.02652",
        "hard-poe": "2306.02652",
        "softmax-poe": None,
        "moe": "2306.02652",
        "ca": "2306.02652",
        "adaptive-pa": "2306.02652",
        "exit-ensemble": "2404.12599",
        "agreement-vote": "2006.04152",
    }
    assert replace(PREDICTORS["pa"], path="own.py").arxiv is None
