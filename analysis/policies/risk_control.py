"""Risk control: the boldest threshold whose loss against the last exit stays below epsilon, by four rules.

Jazbec et al. 2024, "Fast yet Safe: Early-Exiting with Risk Control" (arXiv 2405.20915). Its public code differs, and
is not followed: its empirical and CRC rules take the last threshold of the grid that passes anywhere, though a lower
one may fail before it (here the answer is always the end of the longest prefix that passes); its LTT takes the first
that failed, one too bold; and it feeds the Brier losses, bounded by 2, unscaled to bounds for losses in [0, 1], and to
CRC with B = 1. Needs only NumPy; the tests of the two rules with a probability are handed in, as the border says.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float, Float64, Int64

from analysis.policies.answers import Answers
from analysis.policies.rule import Fit, Rule, same_threshold
from analysis.policies.table import LOSSES

LAMBDAS = tuple(i / 100 for i in range(100, -1, -1))
"""The grid, from the safest: nobody exceeds 1."""
TIE = 1e-12
"""A mean and CRC's limit are equal within this: both are rounded."""

Below = Callable[[np.ndarray, float, float], bool]
"""(losses in [0, 1], in the run's order; a limit; delta) -> whether their mean is below it with that confidence."""


def loss_per_exit(loss: str, answers: Answers) -> Float[np.ndarray, "exits samples"]:
    """What stopping at each exit loses against the last; never negative, 0 at the last. Lower is better.

    Parameters
    ----------
    loss : a key of `LOSSES`
        `consistency`: another answer than the last exit's; `accuracy-gap`: max(error here - error at the last, 0);
        `brier-gap`: max(Brier here - Brier at the last, 0); `brier-gap-prediction`: the same with the last exit's
        answer in place of the label.
    answers : all labelled, where the loss needs labels
    """
    match loss:
        case "consistency":
            return (answers.predicted != answers.predicted[-1]).astype(np.float64)
        case "accuracy-gap":
            return (~answers.correct & answers.correct[-1]).astype(np.float64)
        case "brier-gap" | "brier-gap-prediction":
            prob = answers.true_class_prob if loss == "brier-gap" else answers.final_prediction_prob
            brier = answers.sum_squared.astype(np.float64) - 2 * prob.astype(np.float64) + 1
            return np.clip(brier - brier[-1], 0, LOSSES[loss])
    raise ValueError(f"loss is {loss!r}: give one of {', '.join(LOSSES)}")


def stops_along(confidence: np.ndarray, lambdas: tuple[float, ...] = LAMBDAS) -> Int64[np.ndarray, "lambdas samples"]:
    """The exit, from 0, at which each sample stops under each threshold: the first whose confidence exceeds it."""
    highest = np.maximum.accumulate(confidence[:-1], axis=0)  # (exits - 1, samples)
    grid = np.asarray(lambdas, np.float32)[:, None]
    stops = np.zeros((len(lambdas), confidence.shape[1]), np.int64)
    for so_far in highest:
        stops += so_far <= grid
    return stops


def losses_along(
    per_exit: Float[np.ndarray, "exits samples"], confidence: Float[np.ndarray, "exits samples"]
) -> Iterator[tuple[Float64[np.ndarray, " samples"], float]]:
    """The loss of each sample where it stops, and the mean exit (from 1), under each of `LAMBDAS`: see `stops_along`.

    Always the same array, in which only those change that stop earlier than under the threshold before.
    """
    n_exits, n_samples = confidence.shape
    losses, stops = per_exit[-1].copy(), n_samples * (n_exits - 1)
    rising = np.array(LAMBDAS[::-1], np.float32)
    stopping = []  # per exit but the last: the samples in the order in which they come to stop, where each place begins
    for so_far in np.maximum.accumulate(confidence[:-1], axis=0):
        place = (len(LAMBDAS) - np.searchsorted(rising, so_far)).astype(np.int16)  # the first that is below, if any
        order, counts = np.argsort(place, kind="stable"), np.bincount(place, minlength=len(LAMBDAS) + 1)
        stopping.append((order, np.concatenate([[0], np.cumsum(counts)])))
    for number in range(len(LAMBDAS)):
        for exit_, (order, begins) in reversed(list(enumerate(stopping))):
            now = order[begins[number] : begins[number + 1]]
            losses[now] = per_exit[exit_, now]
            stops -= len(now)
        yield losses, 1 + stops / n_samples


def passing_prefix(passes: Bool[np.ndarray, " lambdas"] | list[bool]) -> int:
    """How many thresholds pass from the safest on, before the first that does not.

    >>> passing_prefix([True, True, False, True])
    2
    """
    passes = np.asarray(passes, bool)
    return len(passes) if passes.all() else int(passes.argmin())


@dataclass(frozen=True, eq=False)
class RiskFit:
    """What calibration says of every threshold, and which one is taken.

    Attributes
    ----------
    lambdas : the grid, from 1 down
    risks : float64, the mean loss under each, in the loss's own unit
    mean_exit : float64, from 1
    passing : how many of the grid pass, from its beginning
    samples : how many calibration samples
    threshold : the last that passes; 1 where none does
    certified : whether the rule promises anything of new samples: never for `empirical`, nor where none passes
    """

    lambdas: tuple[float, ...]
    risks: Float64[np.ndarray, " lambdas"]
    mean_exit: Float64[np.ndarray, " lambdas"]
    passing: int
    samples: int
    rule: str

    @property
    def passed(self) -> bool:
        """Whether any threshold passes."""
        return self.passing > 0

    @property
    def certified(self) -> bool:
        """Whether the threshold comes with a promise."""
        return self.passed and self.rule != "empirical"

    @property
    def place(self) -> int:
        """Where in the grid the threshold is."""
        return max(self.passing - 1, 0)

    @property
    def threshold(self) -> float:
        """The threshold that is taken."""
        return self.lambdas[self.place]

    @property
    def risk(self) -> float:
        """The mean loss of the calibration samples under it."""
        return float(self.risks[self.place])


def control(answers: Answers, settings: Mapping[str, object], below: Mapping[str, Below]) -> RiskFit:
    """Try the grid from the safest threshold on.

    `empirical`: R < epsilon. `crc`: R <= ((n + 1) epsilon - B) / n. `ucb-wsr` and `ltt`: the test that `below` holds,
    on losses and epsilon divided by B. Risks are means in float64.

    Parameters
    ----------
    answers : the calibration samples, at least one, in the run's order; all labelled where the loss needs it
    settings : `rule`, `loss`, `epsilon`, `delta`
    below : `ucb-wsr` and `ltt` -> their tests
    """
    rule, bound, epsilon = settings["rule"], LOSSES[settings["loss"]], settings["epsilon"]
    per_exit, n = loss_per_exit(settings["loss"], answers), answers.n_samples
    tested = below.get(rule)
    risks, mean_exit, passing = [], [], 0
    for losses, mean in losses_along(per_exit, answers.max_prob):
        if tested and passing == len(risks) and tested(losses / bound, epsilon / bound, settings["delta"]):
            passing += 1
        risks.append(losses.sum() / n)
        mean_exit.append(mean)
    risks = np.array(risks)
    if rule == "empirical":
        passing = passing_prefix(risks < epsilon)
    elif rule == "crc":
        passing = passing_prefix(risks <= ((n + 1) * epsilon - bound) / n + TIE)
    return RiskFit(LAMBDAS, risks, np.array(mean_exit), passing, n, rule)


def fit(answers: Answers, settings: Mapping[str, object], below: Mapping[str, Below]) -> Fit:
    """Stop at the first exit whose max-prob exceeds the threshold that `control` finds, which comes with it."""
    found = control(answers, settings, below)
    return Fit(Rule("risk", settings, "max-prob", same_threshold(found.threshold, answers.n_exits)), found)
