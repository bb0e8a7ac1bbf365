"""One sample's probabilities of all classes at every exit: only ever computed for the sample on screen.

Torch is imported for anyone's own predictor, and where the compiled kernel cannot be used.
"""

from collections.abc import Mapping

import numpy as np

from analysis.predictors import predict, resolve
from analysis.run import Run
from analysis.traces.compiled import fused_probs


def class_probs(run: Run, predictor_id: str, settings: Mapping[str, object], position: int) -> np.ndarray:
    """The distribution that a predictor shows for one sample.

    Parameters
    ----------
    run : Run
    predictor_id : str
    settings : mapping
        As `analysis.predictors.resolve` gives them.
    position : int
        Of the sample in the run, from 0.

    Returns
    -------
    numpy.ndarray
        float64 (exits, classes); rows sum to 1, or are all 0 where a collapse shows nothing.

    Raises
    ------
    ValueError
        No such sample, or the predictor refuses the run.
    """
    return shown_probs(run.logits.take(np.array([position])), predictor_id, settings)


def shown_probs(logits: np.ndarray, predictor_id: str, settings: Mapping[str, object]) -> np.ndarray:
    """The same of the sample's logits, (exits, 1, classes)."""
    found = fused_probs(logits, predictor_id, resolve(predictor_id, settings, n_exits=len(logits)))
    return predict(predictor_id, logits, **settings).probs[:, 0].double().cpu().numpy() if found is None else found


def top_classes(probs: np.ndarray, count: int = 5) -> np.ndarray:
    """The likeliest classes of one distribution, likeliest first; ties by index.

    Examples
    --------
    >>> top_classes(np.array([0.2, 0.4, 0.4]), 2).tolist()
    [1, 2]
    """
    return np.argsort(-probs, kind="stable")[:count]


def racing_classes(probs: np.ndarray, label: int = -1, count: int = 5, most: int = 8) -> np.ndarray:
    """The classes that a sample's story is about, likeliest at the last exit first.

    The `count` likeliest at the last exit, the true class, and whichever leads at some exit, the later leaders first,
    up to `most` in all.

    Parameters
    ----------
    probs : float, (exits, classes)
    label : int
        The true class; -1 where unknown.

    Examples
    --------
    >>> racing_classes(np.array([[0.1, 0.8, 0.1, 0.0], [0.3, 0.1, 0.6, 0.0]]), 3, count=1).tolist()
    [2, 1, 3]
    """
    leaders = [int(row.argmax()) for row in probs[::-1] if row.any()]
    wanted = [*top_classes(probs[-1], count).tolist(), *([label] if label >= 0 else []), *leaders]
    kept = np.array(list(dict.fromkeys(wanted))[:most], np.int64)
    return kept[np.lexsort((kept, -probs[-1][kept]))]


def class_ranks(probs: np.ndarray, classes: np.ndarray) -> np.ndarray:
    """The rank of classes at every exit, float64 (exits, chosen classes): 1 is the likeliest, NaN has no probability.

    Ties by index, as predictions break them.

    Parameters
    ----------
    probs : float, (exits, classes)
    classes : int, (chosen classes,)

    Examples
    --------
    >>> class_ranks(np.array([[0.2, 0.4, 0.4, 0.0]]), np.array([1, 2, 3])).tolist()
    [[1.0, 2.0, nan]]
    """
    ranks = np.argsort(np.argsort(-probs, axis=1, kind="stable"), axis=1)[:, classes] + 1.0
    return np.where(probs[:, classes] > 0, ranks, np.nan)
