"""What every figure of the app saves: numbers with what they are of, and nothing of how they are drawn."""

import io

import numpy as np
import pandas as pd
import pytest

from tests.e2e import pages
from tests.golden.screens import saved

OF_SAMPLES = {"trajectories", "scatter", "map", "trajectory", "top-classes", "factors", "live"}
OF_NO_PREDICTOR = {"training"}
DRAWN = ("trace", "x", "y", "z", "customdata", "hover", "offset", "jitter")


def tables(page, **address):
    app = pages.opened(page, predictor="pa", **address)
    return {name: pd.read_csv(io.StringIO(text), keep_default_na=False) for name, text in saved(app).items()}


@pytest.mark.parametrize("poe", ["0", "1"])
@pytest.mark.parametrize(
    "page", ["overview", "samples", "monotonicity", "classes", "map", "compute", "paper", "compare", "live"]
)
def test_every_figure_says_what_its_numbers_are_of(page, poe):
    found = tables(page, run="msdnet-cifar10", poe=poe, sample="3")
    assert found
    for name, table in found.items():
        assert set(table["run"]) == {"msdnet-cifar10"}, name
        assert not set(table.columns) & set(DRAWN), name
        assert not table.astype(str).apply(lambda column: column.str.contains("<br>|&lt;|%{")).any().any(), name
        assert not table.duplicated().any(), name
        if name not in OF_NO_PREDICTOR:
            assert set(table["predictor"]) <= {"baseline", "pa", "ca"}, name
            own = table[table["predictor"] == "pa"]
            assert own["settings"].str.contains("weights=").all(), name
        if name in OF_SAMPLES:
            of_one = table[table["of"] == "sample"] if name == "trajectories" else table
            assert (of_one["sample_id"].astype(str) != "").all(), name


def test_the_saved_numbers_are_those_of_the_run():
    found = tables("overview", run="msdnet-cifar10", poe="1")
    picture = found["trajectories"]
    means = picture[(picture["of"] == "mean of all") & (picture["predictor"] == "baseline")]
    exits = found["exits"]
    same = exits[(exits["quantity"] == "probability of the true class") & (exits["predictor"] == "baseline")]
    np.testing.assert_allclose(means["prob"], same["value"])
    assert (picture[picture["of"] == "sample"].groupby(["predictor", "sample_id"]).size() == 7).all()
    assert picture["sample_id"].nunique() == 1 + 10  # the means have none


def test_the_scatter_saves_falls_and_not_places_on_its_scale():
    table = tables("monotonicity", run="msdnet-cifar10", poe="1")["scatter"]
    assert table["largest_fall"].between(0, 1).all()
    assert len(table) == 2 * 10_000
    assert set(table["falls"]) == {"absolute"}
