"""What a mark in a figure selects: a point of a curve, a bar, a cell, a box or lasso, a class, an answer."""

import functools
from collections.abc import Mapping, Sequence

from analysis.metrics.calibration import BINS, bin_edge
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


def answered(exit_: int, n_exits: int, part: str, *, some_unknown: bool = False, has_labels: bool = True) -> Selection:
    """Samples that the predictor on screen answers in one of three ways at an exit.

    Parameters
    ----------
    exit_ : int
        From 1.
    part : str
        `right`; `right_deeper`: wrong here, right at some deeper exit; `wrong_from_here`: wrong here and deeper.
    some_unknown : bool
        Whether some labels are unknown: those samples are neither right nor wrong, and left out.
    has_labels : bool
        Without labels, right is whose answer is the final one.

    Examples
    --------
    >>> answered(2, 4, "right_deeper").text
    'not correct_2 and (correct_3 or correct_4)'
    >>> answered(4, 4, "wrong_from_here", some_unknown=True).text
    'not correct_4 and label is not missing'
    >>> answered(2, 4, "right_deeper", has_labels=False).text
    'not predicted_2 = predicted'
    """
    if not has_labels:
        same = Selection() if exit_ == n_exits else Selection.parse(f"predicted_{exit_} = predicted")
        return {"right": same, "right_deeper": ~same}.get(part, Selection.parse("false"))
    if part == "right":
        return Selection.parse(f"correct_{exit_}")
    query = f"not correct_{exit_}"
    deeper = " or ".join(f"correct_{number}" for number in range(exit_ + 1, n_exits + 1))
    if deeper:
        query += f" and {'' if part == 'right_deeper' else 'not '}({deeper})"
    return Selection.parse(f"{query} and label is not missing" if some_unknown else query)


def confident(exit_: int, place: int, predictor: str) -> Selection:
    """Samples whose confidence at an exit, from 1, lies in a bin of a reliability diagram, from 0: a point.

    Examples
    --------
    >>> confident(2, 14, "pa").text
    'pa.confidence_2 >= 0.9333333373069763'
    """
    column, parts = written_name(f"{predictor}.confidence_{exit_}"), []
    if place:
        parts.append(f"{column} >= {written_number(bin_edge(place))}")
    if place < BINS - 1:
        parts.append(f"{column} < {written_number(bin_edge(place + 1))}")
    return Selection.parse(" and ".join(parts))


def answered_as(exit_: int, predictor: str, *, right: bool) -> Selection:
    """Samples that a predictor answers right, or wrong, at an exit, from 1; those without label are among the wrong.

    Examples
    --------
    >>> answered_as(2, "hard-poe", right=False).text
    'not hard-poe.correct_2'
    """
    return Selection.parse(f"{'' if right else 'not '}{written_name(f'{predictor}.correct_{exit_}')}")


def less_confident(exit_: int, threshold: float, predictor: str) -> Selection:
    """Samples whose confidence at an exit, from 1, is below a threshold: those handed over at a point.

    Examples
    --------
    >>> less_confident(2, 0.5, "pa").text
    'pa.confidence_2 < 0.5'
    """
    return Selection.parse(f"{written_name(f'{predictor}.confidence_{exit_}')} < {written_number(threshold)}")


def stops_early(threshold: float, n_exits: int, predictor: str) -> Selection:
    """Samples that stop before the last exit, where their confidence is above a threshold.

    Examples
    --------
    >>> stops_early(0.5, 3, "pa").text
    'pa.confidence_1 > 0.5 or pa.confidence_2 > 0.5'
    """
    names = [written_name(f"{predictor}.confidence_{exit_}") for exit_ in range(1, n_exits)]
    return Selection.parse(" or ".join(f"{name} > {written_number(threshold)}" for name in names) or "false")


def in_steps(column: str, predictor: str, low: float, high: float) -> Selection:
    """Samples whose column of a predictor lies from one value to another, both included: a bar.

    Examples
    --------
    >>> in_steps("settled_at", "pa", 2, 2).text, in_steps("set_size_3", "baseline", 2, 5).text
    ('pa.settled_at = 2', '2 <= baseline.set_size_3 <= 5')
    """
    name = written_name(f"{predictor}.{column}")
    if low == high:
        return Selection.parse(f"{name} = {written_number(low)}")
    return Selection.parse(f"{written_number(low)} <= {name} <= {written_number(high)}")


def regretted(exit_: int, predictor: str, *, some_unknown: bool = False) -> Selection:
    """Samples that are wrong at an exit, from 1, though an earlier one was right.

    Examples
    --------
    >>> regretted(3, "pa").text
    'not pa.correct_3 and (pa.correct_1 or pa.correct_2)'
    """
    before = " or ".join(written_name(f"{predictor}.correct_{number}") for number in range(1, exit_)) or "false"
    query = f"not {written_name(f'{predictor}.correct_{exit_}')} and ({before})"
    return Selection.parse(f"{query} and label is not missing" if some_unknown else query)


def right_by(exit_: int, predictor: str) -> Selection:
    """Samples that were right at some exit up to one, from 1.

    Examples
    --------
    >>> right_by(2, "pa").text
    'pa.correct_1 or pa.correct_2'
    """
    return Selection.parse(" or ".join(written_name(f"{predictor}.correct_{number}") for number in range(1, exit_ + 1)))


def set_missed(exit_: int, predictor: str, *, running: bool = False) -> Selection:
    """Samples whose set of classes at an exit, from 1, misses the true class; or all sets so far `running` together.

    Examples
    --------
    >>> set_missed(2, "pa").text
    'pa.set_covered_2 = 0'
    """
    of = "running" if running else "set"
    return Selection.parse(f"{written_name(f'{predictor}.{of}_covered_{exit_}')} = 0")


def sets_grown(column: str, predictor: str, above: float) -> Selection:
    """Samples whose set, or whose growth of sets, is above a number of classes.

    Examples
    --------
    >>> sets_grown("set_growth", "pa", 5).text
    'pa.set_growth > 5'
    """
    return Selection.parse(f"{written_name(f'{predictor}.{column}')} > {written_number(above)}")


def sets_lost(exit_: int, predictor: str) -> Selection:
    """Samples whose nested set at an exit, from 1, holds a class that an earlier one had not.

    Examples
    --------
    >>> sets_lost(2, "pa").text
    'pa.running_size_2 < pa.set_size_2'
    """
    smaller, larger = (written_name(f"{predictor}.{name}_size_{exit_}") for name in ("running", "set"))
    return Selection.parse(f"{smaller} < {larger}")


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
