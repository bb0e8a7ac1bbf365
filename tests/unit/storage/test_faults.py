"""What becomes of numbers that float32 cannot hold."""

import numpy as np
import pytest

from analysis.storage.faults import describe, faulty_rows, first_fault, narrowed


def test_what_is_too_small_keeps_its_sign_and_order():
    source = np.array([[[1e-50, -1e-50, 1e-300, 0.0, -0.0, 1e-42, 1.5]]])
    kept = narrowed(source, np.dtype(np.float32))
    tiny = np.float32(1.4e-45)
    np.testing.assert_array_equal(kept, np.float32([[[tiny, -tiny, tiny, 0, -0.0, 1e-42, 1.5]]]))
    assert ((source > 0) == (kept > 0)).all()
    assert not faulty_rows(kept).any()


@pytest.mark.parametrize(("value", "said"), [(1e39, "1e+39"), (-1.7e308, "-1.7e+308")])
def test_what_is_too_large_is_named(value, said):
    source = np.zeros((2, 3, 2))
    source[1, 2, 0] = value
    kept = narrowed(source, np.dtype(np.float32))
    assert faulty_rows(kept).tolist() == [[False] * 3, [False, False, True]]
    message = describe(first_fault(kept, 4, source), 9)
    assert message.startswith(
        f"logits[1, 6] holds {said}, beyond the range of float32, (exit 2, sample 7 of 9): re-export"
    )


def test_infinities_stay_what_they_are():
    source = np.array([[[-np.inf, 1.0], [np.inf, 1.0], [np.nan, 1.0]]])
    kept = narrowed(source, np.dtype(np.float32))
    np.testing.assert_array_equal(kept, source.astype(np.float32))
    assert first_fault(kept, 0, source).holds == "+inf"


def test_float16_is_not_touched():
    source = np.array([[[6e-8, -65504]]], np.float16)
    assert narrowed(source, np.dtype(np.float16)) is source
    np.testing.assert_array_equal(narrowed(source, np.dtype(np.float32)), source)
