"""Predictors: the logits of every exit into probabilities at every exit, one method per file.

`PREDICTORS` is the table of methods and their settings, plain data. Importing this package imports no torch;
calling `predict` does.

>>> import numpy as np
>>> from analysis.predictors import predict
>>> logits = np.array([[[1.0, 3.0, -1.0]], [[2.0, 2.0, 5.0]]])  # (exits, samples, classes)
>>> predict("pa", logits, weights="uniform").probs[1, 0].round(decimals=4).tolist()
[0.25, 0.75, 0.0]
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from analysis.predictors.checks import check_logits
from analysis.predictors.costs import CorrectionCost
from analysis.predictors.custom import (
    available_predictors,
    custom_predictor,
    file_hash,
    find_predictor,
    predictor_errors,
)
from analysis.predictors.table import PREDICTORS, Predictor
from analysis.predictors.usable import check_usable, first_correction, usable_predictors, why_unusable
from analysis.settings import Setting, as_text
from analysis.settings import resolve as resolve_settings

if TYPE_CHECKING:
    from analysis.predictors.prediction import Prediction

__all__ = [
    "PREDICTORS",
    "Prediction",
    "Predictor",
    "available_predictors",
    "check_logits",
    "correction_cost",
    "custom_predictor",
    "find_predictor",
    "first_correction",
    "predict",
    "predictor_errors",
    "resolve",
    "setting_arguments",
    "setting_texts",
    "settings_key",
    "settings_text",
    "usable_predictors",
    "why_unusable",
]


def __getattr__(name: str):
    if name == "Prediction":
        from analysis.predictors.prediction import Prediction

        return Prediction
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def resolve(
    predictor: str | Predictor,
    settings: Mapping[str, object] | None = None,
    *,
    kind: str = "logits",
    n_exits: int | None = None,
) -> dict[str, object]:
    """The settings of a predictor complete and typed; resolving twice changes nothing.

    Parameters
    ----------
    predictor : an id, 'path/file.py:function', or a row of the table
    settings : name -> value, or its text as from `--set` or an address; what is missing takes its default
    kind : what the run holds, 'logits' or 'probs'
    n_exits : number of exits, against which the number of weights is checked; None leaves that open

    Raises
    ------
    ValueError
        For an unknown predictor or setting, a value out of range, two settings that contradict each other, or a
        predictor that cannot be computed from probabilities.

    >>> resolve("hard-poe", {"threshold": "0.5"})
    {'threshold': 0.5, 'relative_threshold': None, 'fallback': 'softmax'}
    """
    row = find_predictor(predictor)
    resolved = resolve_settings(
        row.settings,
        settings or {},
        row.id,
        constraints=row.constraints,
        takes_others=row.open_settings,
        n_exits=n_exits,
    )
    check_usable(row, resolved, kind)
    return resolved


def settings_key(predictor: str | Predictor, settings: Mapping[str, object] | None = None) -> str:
    """One canonical text for a predictor and its settings: equal exactly when the same is computed, in any process.

    For someone's own predictor it holds the hash of the file as it is now. Values as Python spells them: JSON has no
    dictionary with the key 1, and does not tell (1, 2) from [1, 2].

    >>> settings_key("hard-poe", {"threshold": "0"}) == settings_key("hard-poe")
    True
    """
    row = find_predictor(predictor)
    key = f"{row.id} {dict(sorted(resolve(row, settings).items()))!r}"
    return key if row.path is None else f"{key} {row.path} {file_hash(row.path)}"


_FURTHER = Setting("further", "literal", None, "What somebody's own predictor takes beside what its signature names.")


def setting_texts(predictor: str | Predictor, settings: Mapping[str, object]) -> dict[str, str]:
    """Settings, each as `--set` takes it; nothing where it is none.

    >>> setting_texts("pa", {"weights": (0.5, 1.0), "cap": None})
    {'weights': '0.5,1', 'cap': ''}
    """
    rows = {setting.name: setting for setting in find_predictor(predictor).settings}
    return {name: as_text(rows.get(name, _FURTHER), value) for name, value in settings.items()}


def settings_text(predictor: str | Predictor, settings: Mapping[str, object]) -> str:
    """As `setting_texts`, a space between two; those that are none are left out.

    >>> settings_text("hard-poe", resolve("hard-poe"))
    'threshold=0 fallback=softmax'
    """
    return " ".join(f"{name}={text}" for name, text in setting_texts(predictor, settings).items() if text)


def setting_arguments(predictor: str | Predictor, settings: Mapping[str, object]) -> list[str]:
    """Those settings that are not the defaults, as arguments of a command.

    >>> setting_arguments("pa", {"weights": (0.5, 1.0), "cap": None})
    ['--set', 'weights=0.5,1']
    """
    row = find_predictor(predictor)
    defaults, texts = {setting.name: setting.default for setting in row.settings}, setting_texts(row, settings)
    changed = (name for name in sorted(settings) if name not in defaults or settings[name] != defaults[name])
    return [part for name in changed for part in ("--set", f"{name}={texts[name]}")]


def correction_cost(
    predictor: str | Predictor, settings: Mapping[str, object] | None = None, *, n_exits: int, n_classes: int
) -> CorrectionCost | None:
    """Operations and bytes that a correction adds per sample at each exit.

    Parameters
    ----------
    predictor : an id, 'path/file.py:function', or a row of the table
    settings : what differs from the predictor's defaults

    Returns
    -------
    CorrectionCost or None
        None for anyone's own correction, whose operations are unknown.

    >>> correction_cost("pa", n_exits=7, n_classes=100).operations
    (400, 400, 400, 400, 400, 400, 300)
    """
    row = find_predictor(predictor)
    return None if row.count is None else row.count(resolve(row, settings, n_exits=n_exits), n_exits, n_classes)


def predict(
    predictor: str | Predictor, logits, *, first_sample: int = 0, total_samples: int | None = None, **settings: object
) -> Prediction:
    """The distribution that every exit shows for every sample.

    Parameters
    ----------
    predictor : an id, 'path/file.py:function', or a row of the table
    logits : array or tensor (exits, samples, classes), any real type; -inf is a class of probability 0
    first_sample, total_samples : where these samples stand in their run; only messages mention it
    settings : as in the table; what is missing takes its default

    Returns
    -------
    Prediction
        `log_probs` and `probs` (exits, samples, classes), float64, and the mask `collapsed` (exits, samples).

    Raises
    ------
    ValueError
        For NaN, +inf or a row of only -inf among the logits, naming exit and sample; for bad settings.
    """
    from analysis.predictors.apply import apply_predictor

    row = find_predictor(predictor)
    shape = tuple(getattr(logits, "shape", ()))
    resolved = resolve(row, settings, n_exits=shape[0] if len(shape) == 3 else None)
    return apply_predictor(row, logits, resolved, first_sample, total_samples)
