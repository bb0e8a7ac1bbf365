"""What a predictor makes of each sample, by name: columns of the sample table, computed from traces when asked for.

NumPy and pandas only.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import numpy as np
import pandas as pd

from analysis.metrics.lost_class import CAUSES, lost_at, lost_by
from analysis.metrics.oscillation import answer_entropy, changes, settled_at
from analysis.metrics.uncertainty import largest_rise
from analysis.reference.outside_text import bare
from analysis.results.from_logits.uncertainty_sets import SetResults
from analysis.run import Run
from analysis.traces import FALLS, Traces

ONLY_WITH_LABELS = ("correct", "exits_right", "learned_at", "lost_at", "lost_by", "true_class_prob", "rank")
"""Columns of a predictor that need labels, beside falls of the true class and what these have at an exit."""


@dataclass(frozen=True)
class FallColumn:
    """The column of one predictor's largest falls, of one class and size; and where these begin and end.

    Examples
    --------
    >>> FallColumn("hard-poe", "any_class", "relative").name, FallColumn("pa", "true_class", "absolute").start
    ('hard-poe.relative_fall_any_class', 'pa.fall_true_class_from')
    """

    predictor: str
    of: str
    """`true_class`, `final_prediction` or `any_class`."""
    size: str
    """`absolute` or `relative`."""

    @property
    def name(self) -> str:
        """Largest fall: in probability, or as a share of the highest value so far."""
        return f"{self.predictor}.{fall_name(self.of, self.size)}"

    @property
    def start(self) -> str:
        """The exit where it begins, from 1; missing without a fall."""
        return f"{self.name}_from"

    @property
    def end(self) -> str:
        """The exit where it ends."""
        return f"{self.name}_to"


def fall_name(of: str, size: str) -> str:
    """What the column of largest falls is called, without its predictor."""
    return f"{'relative_' if size == 'relative' else ''}fall_{of}"


FALL_NAMES = {fall_name(*key): key for key in FALLS}
"""Name -> (of, size)."""


def fall_column(name: str) -> FallColumn | None:
    """The column of falls that has this name, predictor included; None where the name is another column's."""
    predictor, _, tail = name.rpartition(".")
    return FallColumn(predictor, *FALL_NAMES[tail]) if predictor and tail in FALL_NAMES else None


def predictor_columns(run: Run, labelled: bool) -> dict[str, Callable[[Traces], object]]:
    """Name -> a function of a predictor's traces that makes the column, (samples,).

    At the last exit: `predicted`, `predicted_name`, `confidence`, `true_class_prob`, `final_prediction_prob`,
    `entropy`, `margin`, `rank`, `support`, `collapsed`, `correct`; at exit 3 `predicted_3` and so on. Over all exits
    `label_changes`, `settled_at`, `answer_entropy`, `least_confidence`, `exits_right`, `learned_at`, `lost_at`,
    `lost_by`. Largest falls: `fall` and `relative_fall` (of the true class, of the final prediction where no label is
    known), with `fall_from` and `fall_to`; and for each class and size `fall_true_class`, `relative_fall_any_class`,
    ..., each with `_from` and `_to`.

    Parameters
    ----------
    labelled : bool
        Whether a label is known: without one, what needs labels is left out.
    """
    made = _at_exits(run) | {
        "label_changes": lambda t: changes(t.predicted),
        "settled_at": lambda t: settled_at(t.predicted),
        "answer_entropy": lambda t: answer_entropy(t.predicted),
        "least_confidence": lambda t: t.max_prob.min(axis=0),
        "exits_right": lambda t: t.correct.sum(axis=0),
        "learned_at": lambda t: np.where(t.correct.any(axis=0), t.correct.argmax(axis=0) + 1.0, np.nan),
    }
    made |= {"lost_at": _lost_at, "lost_by": _lost_by}
    for name, key in FALL_NAMES.items():
        made |= _fall(name, key)
    of = "true_class" if labelled else "final_prediction"
    made |= _fall("fall", (of, "absolute")) | {"relative_fall": partial(_size, key=(of, "relative"))}
    return made if labelled else {name: make for name, make in made.items() if not needs_labels(name)}


def set_columns(n_exits: int) -> dict[str, Callable[[SetResults], np.ndarray]]:
    """Name -> a function of a predictor's sets of classes that makes the column, of the samples that they measure.

    At the last exit `set_size` and `set_covered`, whether it holds the true class (missing where the label is unknown);
    at exit 3 `set_size_3` and so on; `set_growth`, by how many classes a later set is larger than an earlier one at
    most. Of nested sets `running_size` and `running_covered`, of the intersection of all so far, and with an exit.
    """
    at = {
        "set_size": lambda found, m: found.sizes[m],
        "set_covered": lambda found, m: _if_labelled(found, found.covered[m]),
        "running_size": lambda found, m: _nested(found, found.running_sizes)[m],
        "running_covered": lambda found, m: _if_labelled(found, _nested(found, found.running_covered)[m]),
    }
    made = {
        name if exit_ is None else f"{name}_{exit_ + 1}": partial(_at, make=make, exit_=-1 if exit_ is None else exit_)
        for name, make in at.items()
        for exit_ in (None, *range(n_exits))
    }
    return made | {"set_growth": lambda found: largest_rise(found.sizes)}


def _if_labelled(found: SetResults, held: np.ndarray) -> np.ndarray:
    return np.where(found.labelled, held, np.nan)


def _nested(found: SetResults, values: np.ndarray | None) -> np.ndarray:
    if values is None:
        raise ValueError(f"sets {found.method} have no running intersection: choose nested sets")
    return values


def needs_labels(name: str) -> bool:
    """Whether a predictor's column is there only where labels are known."""
    plain = re.sub(r"_\d+$", "", name)
    return plain in ONLY_WITH_LABELS or re.fullmatch(r"(relative_)?fall_true_class(_from|_to)?", name) is not None


def class_labels(classes: np.ndarray, class_names: tuple[str, ...]) -> pd.Categorical:
    """Names of class indices, as they are typed; -1 missing."""
    unique, where = np.unique(np.asarray([bare(name) for name in class_names], dtype=str), return_inverse=True)
    codes = np.where(classes >= 0, where[np.clip(classes, 0, None)], -1)
    return pd.Categorical.from_codes(codes, categories=pd.Index(unique.astype(object), dtype=object))


def _lost_at(traces: Traces) -> np.ndarray:
    """From 1; missing where the class leads at the last exit or at none."""
    led = traces.correct.any(axis=0) & ~traces.correct[-1]
    return np.where(led, lost_at(traces.correct) + 1.0, np.nan)


def _lost_by(traces: Traces) -> pd.Categorical:
    """Missing where the class leads at the last exit, and where it is unknown."""
    causes = lost_by(traces.correct, traces.log_true_class_prob, traces.collapsed)
    return pd.Categorical.from_codes(np.where(traces.labels >= 0, causes, -1), categories=list(CAUSES))


def _at_exits(run: Run) -> dict[str, Callable[[Traces], object]]:
    at = {
        "predicted": lambda t, m: t.predicted[m],
        "predicted_name": lambda t, m: class_labels(t.predicted[m], run.class_names),
        "confidence": lambda t, m: t.max_prob[m],
        "rank": lambda t, m: np.where(t.labels >= 0, t.rank[m], np.nan),
    }
    as_traced = ("correct", "true_class_prob", "final_prediction_prob", "entropy", "margin", "support", "collapsed")
    at |= {name: partial(_traced, name=name) for name in as_traced}
    return {
        name if exit_ is None else f"{name}_{exit_ + 1}": partial(_at, make=make, exit_=-1 if exit_ is None else exit_)
        for name, make in at.items()
        for exit_ in (None, *range(run.n_exits))
    }


def _traced(traces: Traces, exit_: int, name: str) -> np.ndarray:
    return getattr(traces, name)[exit_]


def _at(of: object, make: Callable[[object, int], object], exit_: int) -> object:
    return make(of, exit_)


def _fall(name: str, key: tuple[str, str]) -> dict[str, Callable[[Traces], object]]:
    return {
        name: partial(_size, key=key),
        f"{name}_from": partial(_end, key=key, end="from_exit"),
        f"{name}_to": partial(_end, key=key, end="to_exit"),
    }


def _size(traces: Traces, key: tuple[str, str]) -> np.ndarray:
    return traces.falls[key].size


def _end(traces: Traces, key: tuple[str, str], end: str) -> np.ndarray:
    fall = traces.falls[key]
    return np.where(fall.size > 0, getattr(fall, end) + 1.0, np.nan)
