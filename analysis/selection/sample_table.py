"""One row per sample of a split: what is known of it, what predictors make of it, what the run adds.

The table that the gallery filters and sorts, and that a query reads, built once per run, predictor and split. NumPy and
pandas only.
"""

import numpy as np
import pandas as pd

from analysis.run import Run
from analysis.traces import Traces

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
    "label_changes": "how often the predicted class changes from one exit to the next",
    "confidence": "largest probability at the last exit",
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
    "fixed": "wrong at the last exit under the baseline, right under the chosen predictor",
    "broken": "right at the last exit under the baseline, wrong under the chosen predictor",
}
_OWN = ("id", "label", "split", "image")  # of `run.samples`; its other columns are the run's


def sample_table(
    run: Run, baseline: Traces, corrected: Traces, split: str = "test", *, poe: bool = True
) -> pd.DataFrame:
    """One row per sample of a split, in the run's order.

    Parameters
    ----------
    run : Run
    baseline, corrected : Traces
        Of the same split: of `baseline` and of the chosen predictor.
    split : str
        `test`, `calibration` or `all`.
    poe : bool
        Whether the corrected predictor is the one shown: columns without a prefix are of the one shown.

    Returns
    -------
    pandas.DataFrame
        The columns of `COLUMNS` (where no label is known: those that need none), then the run's own; one whose name is
        taken is called `run_<name>`.
    """
    positions = run.positions(split)
    _check_lengths(positions, baseline, corrected)
    shown = corrected if poe else baseline
    own = run.samples.iloc[positions]
    labels = own["label"].to_numpy()
    labelled = bool((labels >= 0).any())
    of = "true_class" if labelled else "final_prediction"
    known = _at_last_exit(shown, run.class_names) | (_true(labels, run.class_names) if labelled else {})
    known |= _correctness(baseline, corrected, shown) if labelled else {}
    known |= _falls(shown, of) | _compared(baseline, corrected, of, run.class_names)
    columns: dict[str, object] = {"position": positions, "id": own["id"].to_numpy(), "split": own["split"].to_numpy()}
    for name in COLUMNS:
        if name == "correct_1":
            columns |= {key: known[key] for key in known if key.startswith("correct_")}
        elif name in known:
            columns[name] = known[name]
    for name in own.columns.difference(_OWN, sort=False):
        columns[_free(str(name), columns)] = own[name].to_numpy() if own[name].dtype == object else own[name].array
    return pd.DataFrame(columns)


def describe_columns(table: pd.DataFrame) -> pd.DataFrame:
    """The columns of a sample table with what each holds: `column`, `meaning`."""
    rows = [(name, COLUMNS.get(name) or _meaning(name)) for name in table.columns]
    return pd.DataFrame(rows, columns=["column", "meaning"])


def _meaning(name: str) -> str:
    head, _, tail = name.rpartition("_")
    return f"right at exit {tail}" if head == "correct" and tail.isdigit() else "a column of this run"


def _check_lengths(positions: np.ndarray, *traces: Traces) -> None:
    for one in traces:
        if one.n_samples != len(positions):
            raise ValueError(
                f"traces hold {one.n_samples} samples, the split {len(positions)}: load them for the same split"
            )


def _free(name: str, taken: dict) -> str:
    while name in taken:
        name = f"run_{name}"
    return name


def _names(classes: np.ndarray, class_names: tuple[str, ...]) -> pd.Categorical:
    """Names of class indices, -1 missing. Two classes may bear the same name."""
    unique, where = np.unique(np.asarray(class_names, dtype=object).astype(str), return_inverse=True)
    codes = np.where(classes >= 0, where[np.clip(classes, 0, None)], -1)
    return pd.Categorical.from_codes(codes, categories=pd.Index(unique.astype(object), dtype=object))


def _true(labels: np.ndarray, class_names: tuple[str, ...]) -> dict[str, object]:
    return {"label": np.where(labels >= 0, labels, np.nan), "label_name": _names(labels, class_names)}


def _at_last_exit(shown: Traces, class_names: tuple[str, ...]) -> dict[str, object]:
    predicted = shown.predicted[-1]
    columns = {
        "predicted": predicted,
        "predicted_name": _names(predicted, class_names),
        "label_changes": (np.diff(shown.predicted, axis=0) != 0).sum(axis=0),
        "confidence": shown.max_prob[-1],
    }
    return columns | {name: getattr(shown, name)[-1] for name in ("entropy", "margin", "support", "collapsed")}


def _correctness(baseline: Traces, corrected: Traces, shown: Traces) -> dict[str, object]:
    correct = shown.correct
    known = shown.labels >= 0
    columns: dict[str, object] = {f"correct_{m + 1}": correct[m] for m in range(shown.n_exits)}
    return columns | {
        "correct": correct[-1],
        "exits_right": correct.sum(axis=0),
        "learned_at": np.where(correct.any(axis=0), correct.argmax(axis=0) + 1.0, np.nan),
        "true_class_prob": shown.true_class_prob[-1],
        "rank": np.where(known, shown.rank[-1], np.nan),
        "baseline_correct": baseline.correct[-1],
        "baseline_true_class_prob": baseline.true_class_prob[-1],
        "fixed": known & corrected.correct[-1] & ~baseline.correct[-1],
        "broken": known & baseline.correct[-1] & ~corrected.correct[-1],
    }


def _falls(shown: Traces, of: str) -> dict[str, object]:
    fall = shown.falls[of, "absolute"]
    fell = fall.size > 0
    return {
        "fall": fall.size,
        "relative_fall": shown.falls[of, "relative"].size,
        "fall_from": np.where(fell, fall.from_exit + 1.0, np.nan),
        "fall_to": np.where(fell, fall.to_exit + 1.0, np.nan),
        "fall_final_prediction": shown.falls["final_prediction", "absolute"].size,
        "fall_any_class": shown.falls["any_class", "absolute"].size,
    }


def _compared(baseline: Traces, corrected: Traces, of: str, class_names: tuple[str, ...]) -> dict[str, object]:
    return {
        "baseline_predicted": baseline.predicted[-1],
        "baseline_predicted_name": _names(baseline.predicted[-1], class_names),
        "baseline_confidence": baseline.max_prob[-1],
        "baseline_fall": baseline.falls[of, "absolute"].size,
        "baseline_relative_fall": baseline.falls[of, "relative"].size,
        "poe_predicted_name": _names(corrected.predicted[-1], class_names),
        "poe_fall": corrected.falls[of, "absolute"].size,
        "poe_relative_fall": corrected.falls[of, "relative"].size,
    }
