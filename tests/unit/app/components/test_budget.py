"""The budget as it is typed, and where it is placed on the axis."""

import pytest

from app.components.stopping.budget import Axis, typed, written

AXIS = Axis("MACs", (5e6, 12e6, 80e6))


@pytest.mark.parametrize(
    ("text", "value"),
    [("30M", 3e7), (" 1.5 k ", 1500), ("30 M MACs", 3e7), ("30m", None), ("12.5ms", None), ("", ""), ("1e6", 1e6),
     ("2,500,000", 2.5e6), ("2,5M", None), ("-3M", None), ("nan", None), ("inf", None), (".5G", 5e8),
     ("3 apples", None), ("50%", 4e7), (" 12.5 % ", 1e7), ("%", None), ("half%", None)],
)  # fmt: skip
def test_a_budget_is_typed_with_a_prefix_and_its_unit(text, value):
    if value is None:
        with pytest.raises(ValueError, match=r"give a number, with k, M, G or T .* for example 12M or 50%$"):
            typed(text, AXIS)
    else:
        assert typed(text, AXIS) == (None if value == "" else value)
    assert typed("12.5 ms", Axis("ms", (1.0, 2.0))) == 12.5


@pytest.mark.parametrize("value", [46331024.0, 0.1, 1.0, 999.0, 1e3, 15140452.0, 1234567.891, 2.5e13])
def test_what_is_written_is_read_back_exactly(value):
    assert typed(written(value), AXIS) == value


def test_a_budget_stands_at_an_exit_where_it_is_close_and_everywhere_on_demand():
    axis = Axis("MACs", (10.0, 20.0, 40.0))
    assert axis.placed(20.1) == 20.0
    assert axis.placed(27.3) == 27.3
    assert (axis.placed(27.3, snap=True), axis.placed(31, snap=True)) == (20.0, 40.0)
    assert (axis.placed(1), axis.placed(99)) == (10.0, 40.0)
