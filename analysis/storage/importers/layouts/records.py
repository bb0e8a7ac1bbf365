"""Records, each of one exit, one batch or one sample: dictionaries, or (logits, labels). Imports numpy."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from analysis.storage.importers.layouts.lists import (
    EXITS_FIRST,
    batches_of_exits,
    exits_of,
    layout_of,
    one_reading,
    plain,
    real_array,
)
from analysis.storage.importers.layouts.named_exits import axes_of, exit_family, is_logits, is_of_exit, one_number
from analysis.storage.importers.layouts.pieces import Joined, Stacked
from analysis.storage.importers.parts import LOGITS_NAMES, as_labels, is_vector, labels_name, means_labels


def logits_name(content: Mapping) -> object | None:
    """What the logits of one exit, batch or sample are called."""
    known = next((name for name in LOGITS_NAMES if name in content), None)
    if known is not None:
        return known
    others = [name for name in content if not means_labels(name)]
    names = [name for name in others if (axes_of(content[name]) or 0) >= 2 or is_logits(content[name])]
    return names[0] if len(names) == 1 else None


def _pair(item: object, where: str) -> tuple[object, object] | None:
    """(logits, labels or None) of a record: a dictionary, or (logits, labels); None: it is neither."""
    if isinstance(item, dict):
        labels = labels_name(item, where)
        name = logits_name(item)
        family = exit_family(item) if name is None else None
        if name is None and family is None:
            return None
        values = item[name] if family is None else [item[name] for name in family.names]
        if isinstance(values, dict):
            family = exit_family(values)
            values = None if family is None else [values[name] for name in family.names]
        return values, None if labels is None else item[labels]
    if isinstance(item, (list, tuple)) and len(item) == 2:
        is_one = not isinstance(item[1], (list, tuple, Mapping, np.ndarray)) and item[1] is not None
        array = real_array(item[1])
        has_labels = is_one or (is_vector(item[1]) and (array is None or array.ndim == 1 or array.shape[1:] == (1,)))
        if has_labels and ((axes_of(item[0]) or 0) >= 2 or is_logits(item[0])):
            return item[0], item[1]
    return None


def _are_exits(arrays: Sequence, labels: Sequence | None) -> bool:
    """Whether records are exits: of the same samples with the same labels."""
    if labels is None or any(array is None or array.ndim != 2 for array in arrays):
        return False
    vectors = [np.asarray(label, dtype=object).reshape(-1) for label in labels]
    return (
        all(np.array_equal(vector, vectors[0]) and len(vector) == len(array) for vector, array in zip(vectors, arrays))
        and len(arrays) > 1
    )


def _records_of_exits(values: Sequence, arrays: Sequence, labels: Sequence | None, where: str) -> tuple | None:
    if not all(map(is_of_exit, values)):
        return None
    if any(array is not None and array.ndim == 1 for array in arrays):
        raise ValueError(one_number([array for array in arrays if array is not None], where))
    exits = [Joined(tuple(map(real_array, v)), 0) if array is None else array for array, v in zip(arrays, values)]
    layout = one_reading(exits_of(exits, where), f"{len(exits)} exits", EXITS_FIRST)
    if labels is None:
        return layout, None
    vectors = [as_labels(plain(label), f"{where}: the labels") for label in labels]
    for number, vector in enumerate(vectors[1:], 2):
        if not np.array_equal(vector, vectors[0], equal_nan=vector.dtype.kind == vectors[0].dtype.kind == "f"):
            raise ValueError(f"{where}: the labels of exits 1 and {number} differ: give every exit the same samples")
    return layout, vectors[0]


def records(items: Sequence, where: str, of_exits: bool = False) -> tuple[object, object] | None:
    """(logits, labels or None) of a list of records, of which each is of one exit, one batch or one sample.

    Parameters
    ----------
    items : dictionaries, or (logits, labels)
    of_exits : whether each is known to be of one exit
    """
    pairs = [_pair(item, where) for item in items]
    if not pairs or any(pair is None or pair[0] is None for pair in pairs):
        return None
    values, labels = [pair[0] for pair in pairs], [pair[1] for pair in pairs]
    if any(label is None for label in labels):
        labels = None
    arrays = [real_array(value) for value in values]
    if of_exits or _are_exits(arrays, labels):
        return _records_of_exits(values, arrays, labels, where)
    if all(array is None for array in arrays):
        inner = [[real_array(array) for array in value] for value in values if isinstance(value, (list, tuple))]
        if len(inner) == len(values) and all(array is not None and array.ndim == 2 for i in inner for array in i):
            return batches_of_exits(inner, where), labels
        return None
    if any(array is None or array.ndim != arrays[0].ndim for array in arrays):
        return None
    if arrays[0].ndim == 2 and labels is not None:
        if all(np.size(label) == 1 for label in labels) and len({array.shape for array in arrays}) == 1:
            return one_reading(Stacked(tuple(arrays)), f"{len(arrays)} samples", ("samples", None, None)), labels
        raise ValueError(
            f"{where} is a list of {len(arrays)} arrays (samples, classes) with labels of their own, which are batches "
            "of one exit: give the logits of every exit"
        )
    layout = layout_of(arrays, where)
    return None if layout is None else (layout, labels)
