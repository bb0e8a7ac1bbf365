"""`Results`: every number of one predictor on one run, computed when it is asked for and kept. Needs no torch.

The command line, the pages, the paper's page and reports all read these. May import runs, predictors, traces, metrics
and policies.
"""

from __future__ import annotations

import functools
import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
from jaxtyping import Bool, Float, Float32, Int64

from analysis.metrics.accuracy import accuracy, mean_over_samples, top_k_accuracy
from analysis.metrics.calibration import (
    BrierParts,
    adaptive_ece,
    brier,
    brier_parts,
    ece,
    nll,
    nll_on_support,
    off_support,
)
from analysis.metrics.decrease import THRESHOLDS, Fall, decrease_percent, exit_pairs
from analysis.metrics.failure_prediction import aurc, deferred_accuracy, failure_auroc, improvable_auroc
from analysis.metrics.fall_histogram import fall_counts, fall_edges
from analysis.metrics.flips import Flips, flips
from analysis.metrics.improvability import hindsight_improvability
from analysis.metrics.lost_class import LostCounts, lost_counts
from analysis.metrics.oscillation import answer_entropy, changes, right_so_far, settled_shares
from analysis.metrics.overthinking import Overthinking, overthinking
from analysis.metrics.uncertainty import ENTROPY_THRESHOLDS, entropy_rise_percent, mean_entropy
from analysis.policies.anytime import answer_counts
from analysis.predictors import resolve, settings_key
from analysis.run import Run
from analysis.traces import Traces, load_traces

TOP = 5


def _read_only(value: object) -> object:
    """What is kept is shared by everyone who asks for it: arrays, alone or in a tuple, are not to be written into."""
    for array in value if isinstance(value, tuple) else (value,):
        if isinstance(array, np.ndarray):
            array.setflags(write=False)
    return value


def number(compute: Callable[[Results], object]) -> cached_property:
    """A number that is computed once, over all samples."""
    return cached_property(functools.wraps(compute)(lambda self: _read_only(compute(self))))


def labelled_number(compute: Callable[[Results], object]) -> cached_property:
    """A number that is computed once, over the samples whose label is known."""

    @functools.wraps(compute)
    def once(self: Results) -> object:
        known = self.labelled
        return _read_only(compute(self)) if known is self else getattr(known, compute.__name__)

    return cached_property(once)


def by_arguments(compute: Callable) -> Callable:
    """A method that computes once for each choice of its arguments."""

    @functools.wraps(compute)
    def once(self: object, *arguments: object) -> object:
        key = compute.__name__, *arguments
        if key not in self.kept:
            self.kept[key] = _read_only(compute(self, *arguments))
        return self.kept[key]

    return once


@dataclass(frozen=True, eq=False)
class Results:
    """One predictor on one run, over some of its samples: `results_of` makes it, and no number waits to be computed.

    What mentions the true class is over the samples whose label is known, everything else over all. Arrays are
    (exits,) unless said otherwise, accuracies and shares fractions of 1, falls and rises percent of samples; without
    samples NaN. Arrays are shared and read-only.

    Attributes
    ----------
    run, predictor, settings, split
        What the numbers are of; settings complete.
    key : tuple
        Equal exactly where the same is computed.
    positions : int64 (samples,), of the samples in the run
    traces : of these samples
    """

    run: Run
    predictor: str
    settings: Mapping[str, object]
    split: str
    key: tuple[str, ...]
    positions: Int64[np.ndarray, " samples"]
    traces: Traces
    kept: dict[tuple, object] = field(default_factory=dict, repr=False)
    """(method, its arguments) -> what it gave."""

    # --- which samples ---

    @property
    def n_samples(self) -> int:
        """How many samples the numbers are over."""
        return self.traces.n_samples

    @property
    def n_exits(self) -> int:
        """How many exits the network has."""
        return self.traces.n_exits

    @cached_property
    def has_labels(self) -> bool:
        """Whether any label is known."""
        return self.traces.has_labels

    @property
    def of(self) -> str:
        """What is spoken of: the `true_class`, or without labels each sample's `final_prediction`."""
        return "true_class" if self.has_labels else "final_prediction"

    @cached_property
    def ids(self) -> np.ndarray:
        """The samples' ids, text (samples,)."""
        return self.run.samples["id"].to_numpy()[self.positions]

    def select(self, places: np.ndarray) -> Results:
        """The results of the samples at `places`, indices from 0 in that order; itself where these are all as they are.

        Their numbers are of these samples alone.
        """
        if np.array_equal(places, np.arange(self.n_samples)):
            return self
        key = (*self.key, hashlib.sha256(np.asarray(places, np.int64)).hexdigest())
        some = self.positions[places], self.traces.select(places)
        return Results(self.run, self.predictor, self.settings, self.split, key, *some)

    @cached_property
    def labelled(self) -> Results:
        """The results of the samples whose label is known; itself where all are."""
        return self.select(np.flatnonzero(self.traces.labels >= 0))

    @property
    def judged(self) -> Results:
        """The results of the samples that can be right or wrong: the labelled, or all where no label is known."""
        return self.labelled if self.has_labels else self

    # --- right and wrong ---

    @labelled_number
    def accuracy(self) -> Float[np.ndarray, " exits"]:
        """Share of samples that are right."""
        return accuracy(self.traces.correct)

    @labelled_number
    def top5(self) -> Float[np.ndarray, " exits"]:
        """Share of samples whose true class is among the five likeliest."""
        return top_k_accuracy(self.traces.rank, min(TOP, self.traces.n_classes))

    @cached_property
    def right(self) -> Bool[np.ndarray, "exits judged"]:
        """Which of the judged samples are right; without labels, whose answer is already the final one."""
        traces = self.judged.traces
        return traces.correct if self.has_labels else traces.predicted == traces.predicted[-1]

    @cached_property
    def right_share(self) -> Float[np.ndarray, " exits"]:
        """The accuracy; without labels the share of samples whose answer is already the final one."""
        return self.accuracy if self.has_labels else _read_only(accuracy(self.right))

    @number
    def right_percent(self) -> Float[np.ndarray, " exits"]:
        """The right share in percent, rounded once: for what is saved to the last digit."""
        return 100 * self.answers["right"] / np.maximum(self.judged.n_samples, 1)

    @cached_property
    def answers(self) -> dict[str, np.ndarray]:
        """Of the judged samples, how many are right, right deeper alone, and wrong from there on: int (exits,) each."""
        return answer_counts(self.right)

    @labelled_number
    def overthinking(self) -> Overthinking:
        """What is lost by computing past an exit that was right."""
        return overthinking(self.traces.correct)

    @labelled_number
    def hindsight_improvability(self) -> Float[np.ndarray, " exits"]:
        """Share of the wrong samples that an earlier exit had right."""
        return hindsight_improvability(self.traces.correct)

    @labelled_number
    def flips(self) -> Flips:
        """How many samples are learned and forgotten at each exit."""
        return flips(self.traces.correct)

    # --- probabilities ---

    @number
    def changes(self) -> float:
        """Mean number of changes of a sample's answer from one exit to the next."""
        return float(changes(self.traces.predicted).mean()) if self.n_samples else float("nan")

    @number
    def answer_entropy(self) -> float:
        """Mean entropy of a sample's answers over the exits, nats."""
        return float(answer_entropy(self.traces.predicted).mean()) if self.n_samples else float("nan")

    @number
    def settled_shares(self) -> Float[np.ndarray, " exits"]:
        """Share of samples by the exit from which their answer stays; at the first: it never changes."""
        return settled_shares(self.traces.predicted)

    @labelled_number
    def right_so_far(self) -> Float[np.ndarray, " exits"]:
        """Share of samples that were right at this exit or an earlier one."""
        return right_so_far(self.traces.correct)

    @labelled_number
    def true_class_prob(self) -> Float[np.ndarray, " exits"]:
        """Mean probability of the true class."""
        return mean_over_samples(self.traces.true_class_prob)

    @number
    def final_prediction_prob(self) -> Float[np.ndarray, " exits"]:
        """Mean probability of the class that is predicted at the last exit."""
        return mean_over_samples(self.traces.final_prediction_prob)

    def mean_prob(self, of: str | None = None) -> Float[np.ndarray, " exits"]:
        """Mean probability of the `true_class` or the `final_prediction`; None for what is spoken of."""
        return self.true_class_prob if (of or self.of) == "true_class" else self.final_prediction_prob

    @property
    def probabilities(self) -> Float32[np.ndarray, "exits samples"]:
        """The probability of what is spoken of, of each sample; NaN where it is unknown."""
        return self.traces.true_class_prob if self.has_labels else self.traces.final_prediction_prob

    @number
    def confidence(self) -> Float[np.ndarray, " exits"]:
        """Mean probability of the predicted class."""
        return mean_over_samples(self.traces.max_prob)

    @number
    def entropy(self) -> Float[np.ndarray, " exits"]:
        """Mean entropy in nats, over what is shown."""
        return mean_entropy(self.traces.entropy, self.traces.shown)

    @labelled_number
    def ece(self) -> Float[np.ndarray, " exits"]:
        """Expected calibration error, 15 bins."""
        return np.array(self._of_confidence(ece))

    def _of_confidence(self, compute: Callable) -> list:
        """What a metric of confidences and of being right gives at each exit."""
        return [compute(likeliest, right) for likeliest, right in zip(self.traces.max_prob, self.traces.correct)]

    @labelled_number
    def ece_equal_mass(self) -> Float[np.ndarray, " exits"]:
        """Expected calibration error over 15 bins of equally many samples."""
        return np.array(self._of_confidence(adaptive_ece))

    @labelled_number
    def brier_parts(self) -> tuple[BrierParts, ...]:
        """Each exit's Brier score of the confidence against being right, taken apart."""
        return tuple(self._of_confidence(brier_parts))

    @labelled_number
    def brier(self) -> Float[np.ndarray, " exits"]:
        """Brier score, the sum over classes."""
        return brier(self.traces.sum_squared, self.traces.true_class_prob)

    @labelled_number
    def nll(self) -> Float[np.ndarray, " exits"]:
        """Mean negative log-likelihood in nats; infinite where one true class has no mass."""
        return nll(self.traces.log_true_class_prob)

    @labelled_number
    def nll_on_support(self) -> Float[np.ndarray, " exits"]:
        """Mean negative log-likelihood of the samples whose true class is on the support, nats."""
        return nll_on_support(self.traces.log_true_class_prob, self.traces.collapsed)

    # --- whether confidence tells right from wrong ---

    @labelled_number
    def failure_auroc(self) -> Float[np.ndarray, " exits"]:
        """AUROC of the confidence for telling right answers from wrong ones."""
        return failure_auroc(self.traces.max_prob, self.traces.correct)

    @labelled_number
    def improvable_auroc(self) -> Float[np.ndarray, " exits"]:
        """The same against the mistakes that the last exit mends; NaN there."""
        return improvable_auroc(self.traces.max_prob, self.traces.correct)

    @labelled_number
    def aurc(self) -> Float[np.ndarray, " exits"]:
        """Area under the curve of risk over coverage."""
        return np.array(self._of_confidence(aurc))

    @labelled_number
    def deferred_accuracy(self) -> Float[np.ndarray, " exits"]:
        """Accuracy after the least confident 0.5 % were handed to an oracle."""
        return np.array(self._of_confidence(deferred_accuracy))

    # --- what a product loses ---

    @labelled_number
    def off_support(self) -> Float[np.ndarray, " exits"]:
        """Share of samples whose true class left the support."""
        return off_support(self.traces.log_true_class_prob, self.traces.collapsed)

    @number
    def collapses(self) -> int:
        """How many predictions, of all samples at all exits, have collapsed: no class is left."""
        return int(self.traces.collapsed.sum())

    @number
    def collapsed(self) -> Float[np.ndarray, " exits"]:
        """Share of samples that have collapsed."""
        return mean_over_samples(self.traces.collapsed)

    @labelled_number
    def impossible(self) -> int:
        """How many samples end with probability 0 for the true class."""
        return int(np.isneginf(self.traces.log_true_class_prob[-1]).sum())

    @number
    def tied(self) -> int:
        """How many samples' last answer is one of several classes of equal probability."""
        return int(((self.traces.margin[-1] == 0) & self.traces.shown[-1]).sum())

    @labelled_number
    def causes(self) -> LostCounts:
        """How many samples lose their true class for good, at which exit, off the support or on it."""
        return lost_counts(self.traces.correct, self.traces.log_true_class_prob, self.traces.collapsed)

    # --- what falls and rises ---

    def fall(self, of: str | None = None, kind: str = "absolute") -> Fall:
        """The largest fall of each sample's probability, and the exits it happens between.

        Parameters
        ----------
        of
            `true_class`, `final_prediction` or `any_class`; None for what is spoken of.
        kind
            `absolute`, or `relative` to the highest value so far.
        """
        return self.traces.falls[of or self.of, kind]

    def falling_percent(
        self, thresholds: Sequence[float] | np.ndarray = THRESHOLDS, of: str | None = None, kind: str = "absolute"
    ) -> Float[np.ndarray, " thresholds"]:
        """Percent of samples that fall by more than each threshold, of and as in `fall`.

        Those whose fall is unknown are left out; NaN where none is known.
        """
        of = of or self.of
        return self._known(of)._falling_percent(tuple(map(float, thresholds)), of, kind)

    @by_arguments
    def _falling_percent(self, thresholds: tuple[float, ...], of: str, kind: str) -> np.ndarray:
        return decrease_percent(self.traces.falls[of, kind].size, thresholds)

    def _known(self, of: str) -> Results:
        return self.labelled if of == "true_class" else self

    @by_arguments
    def known_falls(self, of: str, kind: str) -> int:
        """How many samples' fall is known, of and as in `fall`."""
        return int((~np.isnan(self._known(of).traces.falls[of, kind].size)).sum())

    @by_arguments
    def fall_counts(self, of: str, kind: str) -> Int64[np.ndarray, " bins"]:
        """How many samples fall as far as each bin of `analysis.metrics.fall_histogram.fall_edges` holds."""
        return fall_counts(self._known(of).traces.falls[of, kind].size, fall_edges())

    @by_arguments
    def exit_pairs(self, of: str, kind: str, threshold: float) -> Int64[np.ndarray, "exits exits"]:
        """How many largest falls above a threshold go from exit (row) to exit (column)."""
        return exit_pairs(self._known(of).traces.falls[of, kind], self.n_exits, threshold)

    @number
    def entropy_rise_percent(self) -> Float[np.ndarray, " thresholds"]:
        """Percent of samples whose entropy rises by more than each of `ENTROPY_THRESHOLDS`, in nats."""
        return entropy_rise_percent(self.traces.entropy, self.traces.shown, ENTROPY_THRESHOLDS)


def results_of(
    run: Run,
    predictor: str = "pa",
    settings: Mapping[str, object] | None = None,
    split: str = "test",
    *,
    progress: Callable[[int], None] | None = None,
) -> Results:
    """Every number of one predictor on one run; the difference of two is `analysis.results.difference_of`.

    Its traces are read here, once: from the run folder, the cache, or computed.

    Parameters
    ----------
    run : Run
    predictor : str
        An id of `available_predictors()`, or `path/to/file.py:function`.
    settings : mapping, optional
        What differs from the predictor's defaults; values or text.
    split : str
        `test`, `calibration` or `all`.
    progress : callable, optional
        Told after each computed chunk how many more samples are done.

    Raises
    ------
    ValueError
        An unknown predictor, setting or split; a predictor that does not take this run; logits that hold NaN.

    Examples
    --------
    >>> from analysis.storage import find_run, load_run
    >>> results = results_of(load_run(find_run("msdnet-cifar100")), "pa")
    >>> results.accuracy.round(3).tolist()
    [0.629, 0.679, 0.71, 0.72, 0.729, 0.734, 0.735]
    >>> results.falling_percent([0.01, 0.1]).round(1).tolist()
    [9.8, 0.0]
    """
    resolved = resolve(predictor, settings, kind=run.kind, n_exits=run.n_exits)
    key = run.fingerprint, settings_key(predictor, resolved), split
    traces = load_traces(run, predictor, resolved, split=split, progress=progress)
    return Results(run, predictor, resolved, split, key, run.positions(split), traces)
