"""One sample's probabilities of all classes, by the kernel that traces runs. Imports numba when called.

The kernel tells the probability of one class, the label of the sample. So the sample is handed over once for each
class, each time with another label; a stride of 0 bytes between the samples makes no copies.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from jaxtyping import Float64, Shaped

from analysis.traces.compiled.chunk import METHODS, TYPES, kernel_at_hand, run_kernel
from analysis.traces.cuda_columns import FLOAT_COLUMNS

MOST_VISITS = 2 * 10**8
"""Of logits, about half a second: the kernel's work grows with the square of the classes."""


def fused_probs(
    logits: Shaped[np.ndarray, "exits one classes"], predictor_id: str, settings: Mapping[str, object]
) -> Float64[np.ndarray, "exits classes"] | None:
    """What a predictor shows for one sample; None where that is for the reference path to say.

    Parameters
    ----------
    logits
        Of the sample, as `Logits.take` gives them.
    predictor_id, settings
        An id, and its resolved settings.

    Returns
    -------
    array or None
        Rows sum to 1, or are all 0 where a collapse shows nothing. None for anyone's own predictor, without numba
        or before the kernel was compiled, of very many classes, and of logits that are to be refused or that the kernel
        leaves undecided.
    """
    n_exits, _, n_classes = logits.shape
    costs_little = n_exits * n_classes**2 <= MOST_VISITS
    if predictor_id not in METHODS or logits.dtype.name not in TYPES or not (costs_little and kernel_at_hand()):
        return None
    as_many = np.broadcast_to(np.ascontiguousarray(logits), (n_exits, n_classes, n_classes))
    floats, *_, flags = run_kernel(as_many, np.arange(n_classes), {predictor_id: settings}, logits.dtype)
    return None if flags.any() else floats[0, FLOAT_COLUMNS.index("true_class_prob")]
