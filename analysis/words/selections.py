"""What a selection holds, in words."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from analysis.reference.symlog import FALL_UNIT, from_scale
from analysis.selection.columns import FallColumn, fall_column
from analysis.selection.grammar import Compare, In, Join, Within, written
from analysis.selection.regions import Axis, Region
from analysis.selection.selection import CHOSEN, Selection
from analysis.settings import join_or
from analysis.words.formats import at_least, at_most

MOST_NAMES = 12
"""Classes that are named; more are told by their indices."""

_WHOSE = {"true_class": "the true class", "final_prediction": "the final prediction", "any_class": "any class"}


def selection_words(
    selection: Selection,
    named: Callable[[str], str],
    exit_names: Sequence[str] = (),
    class_names: Sequence[str] = (),
) -> str:
    """What a selection holds, in words that follow "12 samples".

    Parameters
    ----------
    selection : Selection
    named : callable
        Predictor id -> what to call it: "PA", "the baseline".
    exit_names : sequence of str
        Names of the exits, where they have some.
    class_names : sequence of str
        Names of the classes, which a query gives by their indices.

    Examples
    --------
    >>> selection_words(Selection.parse("pa.fall_true_class > 0.1 and not correct"), str.upper)
    'whose largest fall of the true class is above 0.1 under PA and where not correct'
    >>> selection_words(Selection.parse("label in (0, 2)"), str.upper, class_names=["fox", "wolf", "bear"])
    'of the classes fox or bear'
    """
    query = selection.query
    left = list(query.parts if isinstance(query, Join) and query.word == "and" else [] if query is None else [query])
    said = []
    while left:
        if ends := _ends(left[:2]):
            first, last = (exit_names[e - 1] if e <= len(exit_names) else str(e) for e in ends)
            said.append(f"{'' if said else 'whose largest fall '}goes from exit {first} to {last}")
            del left[:2]
        elif classes := _classes(left[0], class_names):
            said.append(classes)
            del left[0]
        else:
            said.append(_clause(left.pop(0), selection, named))
    return " and ".join(said)


def _clause(node: object, selection: Selection, named: Callable[[str], str]) -> str:
    if isinstance(node, Within):
        return _within(node, selection, named)
    if (found := _fall_and_numbers(node)) is None:
        return f"where {written(node)}"
    fall, signs, numbers = found
    if signs == (">",):
        return f"{_start(fall)} is above {at_least(numbers[0], 3)} under {named(fall.predictor)}"
    low, high = at_least(numbers[0], 3), at_most(numbers[1], 3)
    return f"{_start(fall)} lies from {low} to {high} under {named(fall.predictor)}"


def slice_name(selection: Selection) -> str:
    """What a selection is called that is one slice and nothing else; empty for any other.

    Examples
    --------
    >>> slice_name(Selection.parse("in worst; worst = ids(3, 5)")), slice_name(Selection.parse("in worst and correct"))
    ('worst', '')
    """
    node = selection.query
    if not isinstance(node, Within) or node.region == CHOSEN:
        return ""
    return "" if isinstance(selection.regions.get(node.region), Region) else node.region


def _classes(node: object, class_names: Sequence[str]) -> str:
    """Of `label = 3`, `label in (3, 5)` and the same of predictions: the classes by name; of anything else nothing."""
    if isinstance(node, Compare) and [sign.text for sign in node.signs] == ["="]:
        column, *numbers = node.operands
    elif isinstance(node, In) and not node.negated:
        column, numbers = node.operand, list(node.values)
    else:
        return ""
    start = {"label": "of", "predicted": "predicted as", "baseline_predicted": "predicted by the baseline as"}
    whole = [one.value for one in numbers if one.kind == "number" and one.value in range(len(class_names))]
    if column.kind != "word" or column.value not in start or len(whole) != len(numbers) or len(whole) > MOST_NAMES:
        return ""
    kind = "the class" if len(whole) == 1 else "the classes"
    return f"{start[column.value]} {kind} {join_or([class_names[index] for index in whole])}"


def _within(node: Within, selection: Selection, named: Callable[[str], str]) -> str:
    region = selection.regions.get(node.region)
    if isinstance(region, Region):
        return _region(region, named)
    return "chosen one by one" if node.region == CHOSEN else f"of the slice “{node.region}”"


def _start(fall: FallColumn) -> str:
    return f"whose largest {'relative ' if fall.size == 'relative' else ''}fall of {_WHOSE[fall.of]}"


def _fall_and_numbers(node: object) -> tuple[FallColumn, tuple[str, ...], tuple[float, ...]] | None:
    """Of `fall > number` and of `number <= fall < number`: the fall, the signs and the numbers."""
    if not isinstance(node, Compare):
        return None
    signs = tuple(sign.text for sign in node.signs)
    if signs not in ((">",), ("<=", "<"), ("<=", "<=")):
        return None
    at = len(signs) - 1  # where the fall stands
    falls = [fall_column(o.value) if o.kind in ("word", "column") else None for o in node.operands]
    numbers = [o.value for o in node.operands if o.kind == "number"]
    return (falls[at], signs, tuple(numbers)) if falls[at] and len(numbers) == len(signs) else None


def _ends(parts: Sequence[object]) -> tuple[int, int] | None:
    """Of `fall_from = exit` and `fall_to = exit`, in this order: the exits."""
    pairs = []
    for part in parts:
        if not isinstance(part, Compare) or [sign.text for sign in part.signs] != ["="]:
            return None
        column, number = part.operands
        if column.kind not in ("word", "column") or number.kind != "number" or not isinstance(number.value, int):
            return None
        pairs.append((column.value, number.value))
    if len(pairs) < 2 or min(exit_ for _, exit_ in pairs) < 1:
        return None
    (start, first), (end, last) = pairs
    fall = fall_column(start.removesuffix("_from"))
    return (first, last) if fall is not None and (start, end) == (fall.start, fall.end) else None


def _region(region: Region, named: Callable[[str], str]) -> str:
    if [axis.column for axis in region.axes] in (["map_x", "map_y"], ["umap_x", "umap_y"]):
        return f"inside a {region.kind} drawn on the map of trajectories"
    falls = [_fall_of(axis) for axis in region.axes]
    if None in falls or (falls[0].of, falls[0].size) != (falls[1].of, falls[1].size):
        return f"inside a {region.kind} drawn over {region.across.column} and {region.up.column}"
    ends = (from_scale(np.clip([min(places), max(places)], 0, None), FALL_UNIT) for places in (region.x, region.y))
    (low, high), (bottom, top) = ([float(f"{end:.9g}") for end in pair] for pair in ends)  # finer than falls are stored
    lasso = ", inside a lasso" if region.kind == "lasso" else ""
    across, up = (
        f"{at_least(start)} to {at_most(end)} under {named(fall.predictor)}"
        for start, end, fall in ((low, high, falls[0]), (bottom, top, falls[1]))
    )
    return f"{_start(falls[1])} is {across} and {up}{lasso}"


def _fall_of(axis: Axis) -> FallColumn | None:
    return fall_column(axis.column) if axis.scale == "symlog" else None


CELLS = "In full colour where they lie"
"""How selected samples stand out in the cells of a matrix."""


def lit_words(count: int | None, how: str = "In full colour") -> str:
    """What a figure's subtitle says where the selected samples stand out in it; nothing where none do.

    Examples
    --------
    >>> lit_words(533), lit_words(1, "Thin"), lit_words(None)
    (' In full colour: the 533 selected.', ' Thin: the one selected.', '')
    """
    return "" if count is None else f" {how}: the {'one' if count == 1 else f'{count:,}'} selected."
