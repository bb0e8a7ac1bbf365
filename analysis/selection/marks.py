"""What a mark in a figure selects: a point of a curve, a bar, a cell, a box or lasso, a class, an answer."""

import functools
from collections.abc import Mapping, Sequence

from analysis.selection.columns import FallColumn
from analysis.selection.grammar import written_name, written_number
from analysis.selection.regions import Axis, drawn_region
from analysis.selection.selection import Selection


def falls_above(fall: FallColumn, threshold: float) -> Selection:
    """Samples whose largest fall is above a threshold: a point of the decrease curve.

    Examples
    --------
    >>> falls_above(FallColumn("pa", "true_class", "absolute"), 0.1).text
    'pa.fall_true_class > 0.1'
    """
    return Selection.parse(f"{written_name(fall.name)} > {written_number(threshold)}")


def falls_between(fall: FallColumn, low: float, high: float) -> Selection:
    """Samples whose largest fall lies from `low` to below `high`, up to 1 with it where `high` is 1: a bar.

    Examples
    --------
    >>> falls_between(FallColumn("pa", "any_class", "relative"), 0.5, 1).text
    '0.5 <= pa.relative_fall_any_class <= 1'
    """
    below = "<=" if high >= 1 else "<"
    return Selection.parse(f"{written_number(low)} <= {written_name(fall.name)} {below} {written_number(high)}")


def falls_from_to(fall: FallColumn, threshold: float, first: int, last: int) -> Selection:
    """Samples whose largest fall is above a threshold and goes from one exit to another, from 1: a cell.

    Examples
    --------
    >>> falls_from_to(FallColumn("pa", "true_class", "absolute"), 0.01, 1, 3).text
    'pa.fall_true_class > 0.01 and pa.fall_true_class_from = 1 and pa.fall_true_class_to = 3'
    """
    ends = f"{written_name(fall.start)} = {first} and {written_name(fall.end)} = {last}"
    return falls_above(fall, threshold) & Selection.parse(ends)


def fall_axis(fall: FallColumn) -> Axis:
    """What an axis of largest falls shows."""
    return Axis(fall.name, "symlog")


def falls_inside(across: FallColumn, up: FallColumn, event: Mapping) -> Selection:
    """Samples inside a box or a lasso, as a figure reports it, over two predictors' largest falls.

    Examples
    --------
    >>> across, up = (FallColumn(predictor, "true_class", "absolute") for predictor in ("baseline", "pa"))
    >>> falls_inside(across, up, {"kind": "box", "x": [1.5, 4], "y": [0, 2.5]}).text
    'in drawn; drawn = box(symlog(baseline.fall_true_class), symlog(pa.fall_true_class), 1.5,0, 4,2.5)'
    """
    return Selection.inside(drawn_region(event, fall_axis(across), fall_axis(up)))


def on_the_map(axes: tuple[str, str], event: Mapping) -> Selection:
    """Samples inside a box or a lasso over a map, whose two columns hold the places of samples.

    Examples
    --------
    >>> on_the_map(("map_x", "map_y"), {"kind": "box", "x": [0.1, 0.4], "y": [-0.5, 0.5]}).text
    'in drawn; drawn = box(map_x, map_y, 0.1,-0.5, 0.4,0.5)'
    """
    return Selection.inside(drawn_region(event, *(Axis(column) for column in axes)))


def of_classes(classes: Sequence[int], column: str) -> Selection:
    """Samples of some classes, by index: names may hold anything, numbers need no quotes.

    Examples
    --------
    >>> of_classes([3], "label").text, of_classes([3, 5], "label").text
    ('label = 3', 'label in (3, 5)')
    """
    if len(classes) == 1:
        return Selection.parse(f"{written_name(column)} = {classes[0]}")
    return Selection.parse(f"{written_name(column)} in ({', '.join(str(index) for index in classes)})")


def taken_for(
    classes: Sequence[int], answers: Sequence[int], exits: Sequence[int], *, column: str, predictor: str
) -> Selection:
    """Samples of some classes that a predictor answers as others at one of some exits, from 1: a cell, or a pair.

    Parameters
    ----------
    column : str
        The class of a sample: `label`, or `baseline.predicted` where no label is known.

    Examples
    --------
    >>> taken_for([3], [5], [2], column="label", predictor="pa").text
    'label = 3 and pa.predicted_2 = 5'
    >>> taken_for([3], [5], [1, 2], column="label", predictor="baseline").text
    'label = 3 and (baseline.predicted_1 = 5 or baseline.predicted_2 = 5)'
    """
    answered_so = [of_classes(answers, f"{predictor}.predicted_{exit_}") for exit_ in exits]
    return of_classes(classes, column) & functools.reduce(Selection.__or__, answered_so)


def answered(exit_: int, n_exits: int, part: str, *, some_unknown: bool = False) -> Selection:
    """Samples that the predictor on screen answers in one of three ways at an exit.

    Parameters
    ----------
    exit_ : int
        From 1.
    part : str
        `right`; `right_deeper`: wrong here, right at some deeper exit; `wrong_from_here`: wrong here and deeper.
    some_unknown : bool
        Whether some labels are unknown: those samples are neither right nor wrong, and left out.

    Examples
    --------
    >>> answered(2, 4, "right_deeper").text
    'not correct_2 and (correct_3 or correct_4)'
    >>> answered(4, 4, "wrong_from_here", some_unknown=True).text
    'not correct_4 and label is not missing'
    """
    if part == "right":
        return Selection.parse(f"correct_{exit_}")
    query = f"not correct_{exit_}"
    deeper = " or ".join(f"correct_{number}" for number in range(exit_ + 1, n_exits + 1))
    if deeper:
        query += f" and {'' if part == 'right_deeper' else 'not '}({deeper})"
    return Selection.parse(f"{query} and label is not missing" if some_unknown else query)


def lost(predictor: str, cause: str, exit_: int | None = None) -> Selection:
    """Samples whose true class is lost in one way under a predictor, at one exit, from 1, or at any.

    Examples
    --------
    >>> lost("pa", "outvoted", 3).text, lost("pa", "never led").text
    ('pa.lost_by = outvoted and pa.lost_at = 3', 'pa.lost_by = "never led"')
    """
    word = cause if cause.isidentifier() else f'"{cause}"'
    how = Selection.parse(f"{written_name(f'{predictor}.lost_by')} = {word}")
    return how if exit_ is None else how & Selection.parse(f"{written_name(f'{predictor}.lost_at')} = {exit_}")
