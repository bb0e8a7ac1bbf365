"""Operations and bytes of the corrections, counted by hand for ten classes."""

import numpy as np
import pytest

from analysis.predictors import PREDICTORS, correction_cost
from analysis.predictors.costs import share_of_exits


@pytest.mark.parametrize(
    ("predictor", "settings", "operations", "kept"),
    [
        ("baseline", {}, (0, 0, 0), (0, 0, 0)),
        # relu, log, weight, add; the last weight is 1 and costs nothing
        ("pa", {}, (40, 40, 30), (40, 40, 0)),
        ("pa", {"weights": "uniform"}, (30, 30, 30), (40, 40, 0)),
        ("pa", {"weights": (0.5, 0, 2)}, (40, 30, 40), (40, 40, 0)),
        (
            "pa",
            {"activation": "heaviside", "threshold": 0.5, "cap": 6, "weights": "uniform"},
            (40, 40, 40),
            (40, 40, 0),
        ),
        ("pa", {"fallback": "previous"}, (40, 40, 30), (80, 80, 0)),
        # 3 x 10 against a softmax of 5 x 10 - 2; ten bits in two bytes
        ("hard-poe", {}, (-18, -18, -18), (2, 2, 0)),
        ("softmax-poe", {}, (10, 10, 10), (40, 40, 0)),
        ("softmax-poe", {"combine": "mean"}, (20, 20, 20), (40, 40, 0)),
        ("softmax-poe", {"temperature": 2}, (20, 20, 20), (40, 40, 0)),
        ("pa", {"temperature": 2}, (50, 50, 40), (40, 40, 0)),
        ("pa", {"relative_threshold": 0.5}, (70, 70, 60), (40, 40, 0)),
        ("moe", {}, (20, 20, 20), (40, 40, 0)),
        ("ca", {}, (1, 1, 1), (44, 44, 0)),
        # ten classes are sorted in four rounds, summed and compared; then as pa
        ("adaptive-pa", {}, (100, 100, 90), (40, 40, 0)),
        # one product at exit 1; two and a sum at exit 2; three and two sums
        ("exit-ensemble", {}, (10, 30, 50), (40, 80, 0)),
        ("agreement-vote", {}, (11, 32, 53), (40, 80, 0)),
    ],
)
def test_counts(predictor, settings, operations, kept):
    cost = correction_cost(predictor, settings, n_exits=3, n_classes=10)
    assert cost.operations == operations
    assert cost.bytes_kept == kept
    assert cost.counted


def test_every_row_has_its_count_and_a_correction_of_ones_own_has_none(tmp_path):
    assert all(row.count is not None for row in PREDICTORS.values())
    (tmp_path / "own.py").write_text("def mine(logits):\n    return logits.softmax(-1)\n")
    assert correction_cost(f"{tmp_path}/own.py:mine", n_exits=3, n_classes=10) is None


def test_settings_are_those_of_the_predictor():
    with pytest.raises(ValueError, match="pa setting weights has 2 numbers and the run 3 exits"):
        correction_cost("pa", {"weights": "1,2"}, n_exits=3, n_classes=10)


def test_the_share_is_of_what_the_exit_itself_costs():
    np.testing.assert_allclose(share_of_exits([40, 40, 30], [4000, 5000, 5000]), [0.01, 0.04, np.nan])
