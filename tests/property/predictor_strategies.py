"""Hypothesis strategies for logits and for the settings of every predictor, read from the table."""

from __future__ import annotations

import numpy as np
from hypothesis import strategies as st

from analysis.predictors import PREDICTORS, resolve
from analysis.settings import Setting

GRID = st.integers(-40, 80).map(lambda i: i / 8)
"""Multiples of 1/8 in [-5, 10]: exact in float16, so that ties and zeros are common."""
VALUES = st.one_of(GRID, st.floats(-8, 12, width=32))
UP_TO_FIVE = st.integers(1, 5)


@st.composite
def logits(draw, values=VALUES, infinities: bool = True, exits=UP_TO_FIVE, classes=UP_TO_FIVE) -> np.ndarray:
    """float64 (exits, samples, classes), exact in float32; with `infinities` some are -inf, never a whole row."""
    shape = draw(exits), draw(st.integers(1, 4)), draw(classes)
    size = int(np.prod(shape))
    array = np.array(draw(st.lists(values, min_size=size, max_size=size))).reshape(shape)
    if infinities and draw(st.booleans()):
        gone = np.array(draw(st.lists(st.integers(0, 5), min_size=size, max_size=size))).reshape(shape) == 0
        gone[gone.all(-1)] = False
        array[gone] = -np.inf
    return array


def positive_logits(low: float = 0.125, high: float = 12.0):
    """Logits under which no class ever leaves the support."""
    return logits(values=st.floats(low, high, width=32), infinities=False)


def setting_values(setting: Setting, n_exits: int):
    """Values of one setting, its default included."""
    number = st.integers(0, 8).map(lambda i: i / 4)
    match setting.name:
        case "temperature":
            return st.sampled_from([0.5, 1.0, 1.5, 4.0])
        case "weights" if setting.per_pair:
            rows = [st.lists(number, min_size=m, max_size=m).filter(any) for m in range(1, n_exits + 1)]
            explicit = st.tuples(*rows).map(lambda parts: tuple(value for part in parts for value in part))
            return st.one_of(st.sampled_from(["equal", "latest"]), explicit)
        case "mass":
            return st.sampled_from([0.0, 0.5, 0.95, 1.0])
        case "power":
            return st.sampled_from([0.0, 0.5, 1.0, 3.0])
        case "weights":
            explicit = st.lists(number, min_size=n_exits, max_size=n_exits).map(tuple)
            return st.one_of(st.sampled_from(["linear", "uniform"]), explicit)
        case "relative_threshold":
            return st.sampled_from([None, None, 0.0, 0.25, 0.5, 1.0])
        case "threshold":
            numbers = st.sampled_from([-1.0, 0.0, 0.25, 0.5, 2.0])
            return numbers if setting.kind == "number" else st.one_of(st.none(), numbers)
        case "cap":
            return st.sampled_from([None, 2.5, 6.0])
    assert setting.kind == "choice", setting.name
    return st.sampled_from(setting.choices)


@st.composite
def settings_of(draw, predictor_id: str, n_exits: int) -> dict[str, object]:
    """Settings that `resolve` accepts."""
    row = PREDICTORS[predictor_id]
    chosen = {setting.name: draw(setting_values(setting, n_exits)) for setting in row.settings}
    if chosen.get("relative_threshold") is not None:
        chosen["threshold"] = resolve(row)["threshold"]
    return chosen
