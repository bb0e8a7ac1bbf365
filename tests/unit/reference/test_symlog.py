"""The scale that holds 0: there and back, and its ticks."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from analysis.reference.symlog import FALL_UNIT, PERCENT_UNIT, from_scale, ticks, to_scale


@given(st.floats(0, 1e4), st.sampled_from([FALL_UNIT, PERCENT_UNIT]))
def test_there_and_back(value, unit):
    assert np.isclose(from_scale(to_scale(value, unit), unit), value, rtol=1e-9, atol=1e-12)


def test_zero_is_at_zero_and_order_is_kept():
    places = to_scale([0, 1e-5, 1e-4, 1e-2, 1], FALL_UNIT)
    assert places[0] == 0
    assert (np.diff(places) > 0).all()


def test_ticks_name_their_places():
    places, labels = ticks(0, 100, PERCENT_UNIT)
    assert labels == ["0", "0.1", "1", "10", "50", "100"]
    assert np.allclose(from_scale(places, PERCENT_UNIT), [float(label) for label in labels])
