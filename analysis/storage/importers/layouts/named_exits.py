"""Logits under the names of their exits, or why what lies under a name is no logits. Imports numpy."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from analysis.storage.importers.layouts.lists import EXITS_FIRST, Layout, exits_of, layout_of, one_reading, real_array
from analysis.storage.importers.layouts.numbered import Family, families, listed, text_of
from analysis.storage.importers.layouts.pieces import Joined
from analysis.storage.importers.parts import ONE_NUMBER, is_vector


def one_number(vectors: Sequence, where: str) -> str:
    """The sentence on one number for each sample and exit where each class needs one."""
    whole = all(np.asarray(vector).dtype.kind in "iub" for vector in vectors)
    what = "answers" if whole else "one number"
    return f"{where} holds {what} for each sample and exit, no logits of every class: {ONE_NUMBER}"


def explained(values: object, where: str) -> str:
    """Why something is no logits, and what to do."""
    array = real_array(values)
    if array is None and isinstance(values, np.ndarray):
        return f"{where} has dtype {values.dtype}: logits must be real numbers"
    if array is not None:
        axes = "one axis" if array.ndim == 1 else f"{array.ndim} axes"
        return f"{where} has {axes} {array.shape}: logits need three, (exits, samples, classes)"
    if isinstance(values, Mapping):
        return (
            f"{where} holds {listed(values) or 'nothing'}: give one array (samples, classes) for each exit, called "
            "exit_1, exit_2 and so on"
        )
    if isinstance(values, (list, tuple)) and values and all(is_vector(item) for item in values):
        return one_number(values, where)
    return f"{where} is no array with three axes (exits, samples, classes): save the logits so"


def axes_of(value: object) -> int | None:
    """How many axes an array of real numbers has; None: it is none."""
    array = real_array(value)
    return None if array is None else array.ndim


def is_of_exit(value: object) -> bool:
    """Whether this may be what one exit gives: an array with one or two axes, or batches of them."""
    array = real_array(value)
    if array is not None:
        return array.ndim in (1, 2)
    return isinstance(value, (list, tuple)) and bool(value) and all(axes_of(item) == 2 for item in value)


def read_or_none(content: Mapping, name: object) -> object:
    """What lies under a name; None where it cannot be read."""
    try:
        return content[name]
    except ValueError:
        return None


def exit_families(content: Mapping) -> list[Family]:
    """The numbered names that mean exits, those of logits before those of probabilities."""
    found = [
        family
        for family in families(content)
        if family.means_exits and all(is_of_exit(read_or_none(content, name)) for name in family.names)
    ]
    return [family for family in found if family.words & {"logit", "logits"}] or found


def exit_family(content: Mapping) -> Family | None:
    """The one family of names that means exits, or None.

    Raises
    ------
    ValueError : several
    """
    found = exit_families(content)
    if len(found) > 1:
        raise ValueError(f"{' and '.join(listed(family.names, 2) for family in found[:3])}: keep one of them")
    return next(iter(found), None)


def of_family(content: Mapping, family: Family, where: str) -> Layout:
    """The exits under numbered names, in the order of the numbers.

    Raises
    ------
    ValueError : numbers that tell no order, exits that do not fit together, or an array that may be one more
    """
    names = listed(family.names)
    if not family.is_ordered:
        raise ValueError(f"{where}: the numbers in {names} do not tell one order: call them exit_1, exit_2 and so on")
    values = [content[name] for name in family.names]
    arrays = [real_array(value) for value in values]
    if any(array is not None and array.ndim == 1 for array in arrays):
        raise ValueError(one_number([array for array in arrays if array is not None], f"{where}: {names}"))
    exits = [
        Joined(tuple(real_array(batch) for batch in value), 0) if array is None else array
        for array, value in zip(arrays, values)
    ]
    stacked = exits_of(exits, f"{where}: {names}")
    numbered = {name for other in families(content) for name in other.names}
    for name in content:
        array = None if name in numbered else real_array(read_or_none(content, name))
        if array is not None and array.shape == exits[0].shape:
            raise ValueError(
                f"{where} holds {names} and {text_of(name)[:100]}, all of shape {array.shape}: give it a number too if "
                "it is an exit, or leave it out"
            )
    return one_reading(stacked, f"{len(exits)} exits", EXITS_FIRST)


def _of_exits(content: Mapping, where: str) -> Layout | None:
    """The logits in a dictionary with an array for each exit, and nothing else of their shape."""
    try:
        family = exit_family(content)
    except ValueError as error:
        raise ValueError(f"{where} holds {error}") from None
    return None if family is None else of_family(content, family, where)


def is_logits(content: object) -> bool:
    """Whether logits look so, sound or not."""
    try:
        if isinstance(content, Mapping):
            return exit_family(content) is not None
        return layout_of(content, "") is not None
    except ValueError:
        return True


def logits_of(values: object, where: str) -> np.ndarray | Layout:
    """The logits in what lies under a name, or at a place in a list.

    Raises
    ------
    ValueError : something else
    """
    layout = _of_exits(values, where) if isinstance(values, Mapping) else layout_of(values, where)
    if layout is None:
        raise ValueError(explained(values, where))
    return layout if layout.form or not isinstance(layout.readings[0].values, np.ndarray) else layout.readings[0].values
