"""One row per sample of a split: what is known of it, what predictors make of it, what the run adds.

The table that the gallery filters and sorts, and that a selection reads. NumPy and pandas only.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Callable, Mapping, Sequence

import numpy as np
import pandas as pd

from analysis.policies.interruption import drawn_places
from analysis.predictors import available_predictors
from analysis.results.fitting import drawn_order
from analysis.results.from_logits.uncertainty_sets import SetResults
from analysis.run import Run
from analysis.selection.columns import class_labels, needs_labels, predictor_columns, set_columns
from analysis.selection.trajectory_map import on_a_plane, trajectory_vectors
from analysis.selection.umap_map import by_umap, umap_installed
from analysis.traces import Traces, load_traces

# name -> what it holds. "Shown" is the corrected predictor while PoE is on, the baseline while it is off.
COLUMNS: dict[str, str] = {
    "position": "place in the run, from 0",
    "id": "the sample's id",
    "split": "test or calibration",
    "label": "index of the true class; missing when unknown",
    "label_name": "name of the true class",
    "predicted": "index of the class predicted at the last exit",
    "predicted_name": "name of that class",
    "correct": "right at the last exit",
    "correct_1": "right at exit 1; and so on up to the last exit",
    "exits_right": "at how many exits it is right",
    "learned_at": "the first exit that is right, from 1; missing when none is",
    "lost_at": "the exit at which another class takes the lead from the true class for good; missing when none does",
    "lost_by": "how: off support (its activation reached 0), outvoted, or never led; missing when right at the end",
    "label_changes": "how often the predicted class changes from one exit to the next",
    "settled_at": "the first exit from which on the predicted class stays the same; 1: it never changes",
    "answer_entropy": "entropy of the classes predicted at the exits, in nats; 0: always the same",
    "confidence": "largest probability at the last exit",
    "least_confidence": "smallest of the largest probabilities at each exit",
    "true_class_prob": "probability of the true class at the last exit",
    "entropy": "entropy at the last exit, in nats",
    "margin": "largest minus second largest probability at the last exit",
    "rank": "rank of the true class at the last exit; one more than there are classes once it left the support",
    "support": "classes with probability above 0 at the last exit",
    "collapsed": "no class was left at the last exit, and the fallback is shown",
    "fall": "largest fall of the true class between two exits (of the final prediction where no label is known)",
    "relative_fall": "the same, as a share of the highest value so far",
    "fall_from": "the exit where the largest fall begins, from 1; missing without a fall",
    "fall_to": "the exit where it ends",
    "fall_final_prediction": "largest fall of the class that the last exit predicts",
    "fall_any_class": "largest fall of any class",
    "baseline_predicted": "index of the class that the baseline predicts at the last exit",
    "baseline_predicted_name": "name of that class",
    "baseline_correct": "the baseline is right at the last exit",
    "baseline_confidence": "the baseline's largest probability at the last exit",
    "baseline_true_class_prob": "the baseline's probability of the true class at the last exit",
    "baseline_fall": "largest fall under the baseline",
    "baseline_relative_fall": "the same, as a share of the highest value so far",
    "poe_predicted_name": "class that the chosen predictor predicts at the last exit, whether it is shown or not",
    "poe_fall": "largest fall under the chosen predictor",
    "poe_relative_fall": "the same, as a share of the highest value so far",
    "poe_collapsed": "no class was left at the last exit under the chosen predictor",
    "fixed": "wrong at the last exit under the baseline, right under the chosen predictor",
    "broken": "right at the last exit under the baseline, wrong under the chosen predictor",
    "map_x": "place on the map of trajectories, across",
    "map_y": "place on the map of trajectories, up",
    "gained": "probability of the true class at the last exit under the chosen predictor, less the baseline's",
}
_OF_THE_BASELINE = {
    f"baseline_{name}": name
    for name in ("predicted", "predicted_name", "correct", "confidence", "true_class_prob", "fall", "relative_fall")
}
_OF_THE_CHOSEN = {f"poe_{name}": name for name in ("predicted_name", "fall", "relative_fall", "collapsed")}
_KNOWN_WITH_LABELS = (
    "label",
    "label_name",
    "fixed",
    "broken",
    "gained",
    "baseline_correct",
    "baseline_true_class_prob",
)
UMAP = ("umap_x", "umap_y")
"""Places on the map that UMAP makes: not listed, and there where it is installed."""
_RANDOM = re.compile(r"random_(0|[1-9]\d{0,8})")
_INTERRUPTED = re.compile(r"interrupted_(0|[1-9]\d{0,8})")
_OWN = ("id", "label", "split", "image")  # of `run.samples`; its other columns are the run's


class SampleTable:
    """One row per sample of a split, in the run's order; a column is made when it is asked for, a listed one kept.

    `table[name]` is a column, `name in table` whether there is one, `table.columns` the names of those in `COLUMNS`
    (where no label is known: those that need none), then of the run's own; an own one whose name is taken is called
    `run_<name>`. Further columns are there for whoever names them, all of `columns.predictor_columns`: of the predictor
    shown by their plain names (`entropy_3`, at exit 3), of any predictor with its id before (`pa.confidence_1`,
    `hard-poe.relative_fall_any_class`). `random_0` is a number from 0 to below 1 that the seed 0 draws for each
    sample, and so any other seed: those below 0.2 are the share of this split that `random:0.2` sets aside.
    `interrupted_0` is where in a law the seed 0 draws each sample's budget when the world interrupts. Where
    umap-learn is installed, there are `umap_x` and `umap_y` too.

    Parameters
    ----------
    run : Run
    split : str
        `test`, `calibration` or `all`.
    predictor : str
        The chosen one, which is compared with the baseline.
    settings : mapping, optional
        Of the chosen one, where they differ from its defaults. Other predictors are taken with their defaults.
    poe : bool
        Whether the chosen predictor is the one shown, else the baseline: plain names are of the one shown.
    traces : callable, optional
        Predictor id -> its traces of the split; by default `analysis.load_traces`.
    sets : callable, optional
        Predictor id -> its sets of classes, for the columns of `columns.set_columns`: `set_size_3`, `pa.set_covered`;
        missing for samples of the split that they do not measure.

    Examples
    --------
    >>> import analysis
    >>> table = SampleTable(analysis.load_run(analysis.find_run("msdnet-cifar100")))
    >>> table[["id", "correct", "pa.fall"]].columns.tolist(), len(table)
    (['id', 'correct', 'pa.fall'], 10000)
    """

    def __init__(
        self,
        run: Run,
        split: str = "test",
        *,
        predictor: str = "pa",
        settings: Mapping[str, object] | None = None,
        poe: bool = True,
        traces: Callable[[str], Traces] | None = None,
        sets: Callable[[str], SetResults] | None = None,
    ):
        self._run, self._rows = run, run.positions(split)
        self._chosen, self._shown = predictor, predictor if poe else "baseline"
        self._traces = traces or functools.cache(
            lambda key: load_traces(run, key, settings if key == predictor else None, split=split)
        )
        labels = run.labels[self._rows]
        self._labelled = bool((labels >= 0).any())
        self._of_one = predictor_columns(run, self._labelled)
        self._sets, self._of_sets = sets, set_columns(run.n_exits)
        known = self._known(labels)
        self._makers: dict[str, Callable[[], object]] = {}
        for name in COLUMNS:
            names = [f"correct_{m + 1}" for m in range(run.n_exits)] if name == "correct_1" else [name]
            self._makers |= {one: known[one] for one in names if one in known}
        for name in run.samples.columns.difference(_OWN, sort=False):
            self._makers[self._free(str(name))] = lambda name=name: self._own(name)
        self._kept: dict[str, pd.Series] = {}

    @property
    def columns(self) -> list[str]:
        """The names of the columns that are listed; `name in table` says of any other whether it is there."""
        return list(self._makers)

    def __len__(self) -> int:
        return len(self._rows)

    def __contains__(self, name: object) -> bool:
        return name in self._makers or self._further(name) is not None

    def __getitem__(self, name: str | Sequence[str]) -> pd.Series | pd.DataFrame:
        """A column; or, for a list of names, a data frame of these columns.

        Raises
        ------
        KeyError
            There is no such column.
        ValueError
            The predictor that it is of cannot be computed for this run.
        """
        if not isinstance(name, str):
            return pd.DataFrame({one: self[one] for one in name})
        if name in self._kept:
            return self._kept[name]
        make = self._makers.get(name) or self._further(name)
        if make is None:
            raise KeyError(name)
        column = pd.Series(make(), name=name)
        if name in self._makers:  # of predictors beside the chosen one the traces alone are kept, by whoever loads them
            self._kept[name] = column
        return column

    def why_not(self, name: str) -> str:
        """Why there is no such column, where that is known; else nothing."""
        predictor, dot, tail = name.rpartition(".")
        known = self._of_one | self._of_sets
        if dot and predictor not in available_predictors() and (tail in known or needs_labels(tail)):
            return f"there is no predictor {predictor!r} here"
        if tail in self._of_sets:
            return "it is about sets of classes, which only the app knows"
        at = re.fullmatch(r"(.+)_(\d+)", tail)
        if at and f"{at[1]}_1" in known and not 1 <= int(at[2]) <= self._run.n_exits:
            return f"this run has exits 1 to {self._run.n_exits}"
        if name in UMAP:
            return "it needs the package umap-learn, which is not installed here"
        needs = name in _KNOWN_WITH_LABELS or needs_labels(tail)
        return "this run has none, its labels are unknown" if needs and not self._labelled else ""

    def _of(self, predictor: str, name: str) -> object:
        traces = self._traces(predictor)
        if traces.n_samples != len(self):
            raise ValueError(
                f"traces hold {traces.n_samples} samples, the split {len(self)}: load them for the same split"
            )
        return self._of_one[name](traces)

    def _of_set(self, predictor: str, name: str) -> np.ndarray:
        found = self._sets(predictor)
        column = np.full(len(self), np.nan)
        column[np.searchsorted(self._rows, found.positions)] = self._of_sets[name](found)
        return column

    def _further(self, name: object) -> Callable[[], object] | None:
        """What makes a column that is not listed; its predictor is one of the known ids, never a file to run."""
        if name in UMAP and umap_installed():
            return lambda: self._umap[:, UMAP.index(name)]
        if seed := _RANDOM.fullmatch(str(name)):
            return lambda: np.argsort(drawn_order(len(self), int(seed[1]))) / max(len(self), 1)
        if seed := _INTERRUPTED.fullmatch(str(name)):
            return lambda: drawn_places(self._rows, int(seed[1]))
        predictor, dot, tail = str(name).rpartition(".")
        if dot and predictor not in available_predictors():
            return None
        if tail in self._of_sets and self._sets is not None:
            return lambda: self._of_set(predictor if dot else self._shown, tail)
        if tail not in self._of_one:
            return None
        return lambda: self._of(predictor if dot else self._shown, tail)

    def _known(self, labels: np.ndarray) -> dict[str, Callable[[], object]]:
        samples = self._run.samples
        known: dict[str, Callable[[], object]] = {
            "position": lambda: self._rows,
            "id": lambda: samples["id"].to_numpy()[self._rows],
            "split": lambda: samples["split"].to_numpy()[self._rows],
            "map_x": lambda: self._map()[:, 0],
            "map_y": lambda: self._map()[:, 1],
        }
        known |= {name: lambda name=name: self._of(self._shown, name) for name in self._of_one}
        for names, predictor in ((_OF_THE_BASELINE, "baseline"), (_OF_THE_CHOSEN, self._chosen)):
            for name, column in names.items():
                if column in self._of_one:
                    known[name] = lambda predictor=predictor, column=column: self._of(predictor, column)
        if self._labelled:
            known |= {
                "label": lambda: np.where(labels >= 0, labels, np.nan),
                "label_name": lambda: class_labels(labels, self._run.class_names),
                "fixed": lambda: (labels >= 0) & self._right(self._chosen) & ~self._right("baseline"),
                "broken": lambda: (labels >= 0) & self._right("baseline") & ~self._right(self._chosen),
                "gained": lambda: self._of(self._chosen, "true_class_prob") - self._of("baseline", "true_class_prob"),
            }
        return known

    def _map(self) -> np.ndarray:
        return on_a_plane(self.trajectories())

    @functools.cached_property
    def _umap(self) -> np.ndarray:
        return by_umap(self.trajectories())

    def trajectories(self) -> np.ndarray:
        """Each sample's trajectory as a vector, under the baseline: float64, (rows, 2 * exits)."""
        return trajectory_vectors(self._traces("baseline"), labelled=self._labelled)

    def _right(self, predictor: str) -> np.ndarray:
        return np.asarray(self._of(predictor, "correct"))

    def _own(self, name: object) -> object:
        column = self._run.samples[name].iloc[self._rows]
        return column.to_numpy() if column.dtype == object else column.array

    def _free(self, name: str) -> str:
        """A name for a column of the run that none of ours bears; what a predictor's id begins is ours too."""
        while (
            name in self._makers
            or name in UMAP
            or _RANDOM.fullmatch(name)
            or _INTERRUPTED.fullmatch(name)
            or ("." in name and self._further(name) is not None)
        ):
            name = f"run_{name}"
        return name


def describe_columns(table: SampleTable) -> pd.DataFrame:
    """The listed columns of a sample table with what each holds: `column`, `meaning`."""
    rows = [(name, COLUMNS.get(name) or _meaning(name)) for name in table.columns]
    return pd.DataFrame(rows, columns=["column", "meaning"])


def _meaning(name: str) -> str:
    exit_ = re.fullmatch(r"correct_(\d+)", name)
    return f"right at exit {exit_[1]}" if exit_ else "a column of this run"
