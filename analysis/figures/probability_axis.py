"""How probabilities stand on an axis: linear, in powers of ten down to a foot, or as shares of a line's own maximum."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import plotly.graph_objects as go

SPAN = (-0.03, 1.05)  # of the linear axis, whatever the sample
LOWEST = -12  # the power of ten that no foot is below
DECADES_NAMED = 7


@dataclass(frozen=True)
class ProbabilityAxis:
    """Where probabilities stand; plotly's axis is linear in what `places` gives.

    Attributes
    ----------
    scale : `linear`, `log` or `share`
    foot : the power of ten at the foot of a `log` axis, where smaller ones stand too
    """

    scale: str = "linear"
    foot: int = -1

    @property
    def span(self) -> tuple[float, float]:
        """The axis's range."""
        return (1.03 * self.foot, -0.05 * self.foot) if self.scale == "log" else SPAN

    @property
    def title(self) -> str:
        """What the axis is called."""
        return {"linear": "probability", "log": "probability, in powers of ten"}.get(
            self.scale, "share of each line's own maximum"
        )

    def places(self, probs: np.ndarray) -> np.ndarray:
        """Where the probabilities of one line stand."""
        probs = np.asarray(probs, dtype=np.float64)
        if self.scale == "log":
            return np.log10(np.maximum(probs, 10.0**self.foot))
        if self.scale == "share":
            highest = float(np.nanmax(probs, initial=0.0))
            return probs / highest if highest > 0 else probs
        return probs

    def draw_on(self, figure: go.Figure) -> None:
        """Set the range and the ticks of a figure's y axis."""
        if self.scale != "log":
            figure.update_yaxes(range=self.span, tickvals=[0, 0.25, 0.5, 0.75, 1])
            return
        step = -(self.foot // DECADES_NAMED)
        powers = list(range(0, self.foot - 1, -step))
        figure.update_yaxes(range=self.span, tickvals=powers, ticktext=[_power(power) for power in powers])


def probability_axis(scale: str, lines: Sequence[np.ndarray]) -> ProbabilityAxis:
    """The axis for some lines; a `log` axis reaches down to the smallest probability above 0, `10 ** LOWEST` at most.

    Examples
    --------
    >>> probability_axis("log", [np.array([0.0, 0.003, 0.9])]).places(np.array([0.0, 0.01, 1.0])).tolist()
    [-3.0, -2.0, 0.0]
    """
    values = np.concatenate([np.ravel(np.asarray(line, dtype=np.float64)) for line in lines])
    values = values[values > 0]
    foot = int(np.floor(np.log10(values.min()))) if len(values) else -1
    return ProbabilityAxis(scale, min(max(foot, LOWEST), -1))


def _power(power: int) -> str:
    return f"{10.0**power:g}" if power > -4 else f"10<sup>\N{MINUS SIGN}{-power}</sup>"


LINEAR = ProbabilityAxis()
