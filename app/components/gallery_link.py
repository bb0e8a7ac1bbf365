"""From a mark in a figure to its samples: opens the gallery with a query and nothing else that hides samples."""

from collections.abc import Sequence

from app import state

QUERY = "query"


def open_gallery(query: str) -> None:
    """In a callback: show the Samples page with the samples that a query keeps.

    Parameters
    ----------
    query : str
        In the grammar of `analysis.selection.query`; the gallery's other filters and its brush go back to defaults,
        and the first of the samples is shown.
    """
    filters = [name for name, row in state.CONTROLS.items() if row.pages == ("samples",)]
    state.reset("brush", "sample", *filters)
    state.set(QUERY, query)
    state.open_page("samples")


def class_query(classes: Sequence[int], column: str) -> str:
    """Samples of some classes, by index: names may hold anything, numbers need no quotes.

    Examples
    --------
    >>> class_query([3], "label"), class_query([3, 5], "label")
    ('label = 3', 'label in (3, 5)')
    """
    if len(classes) == 1:
        return f"{column} = {classes[0]}"
    return f"{column} in ({', '.join(str(index) for index in classes)})"


def answered_query(exit_: int, n_exits: int, part: str, *, some_unknown: bool = False) -> str:
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
    >>> answered_query(2, 4, "right_deeper")
    'not correct_2 and (correct_3 or correct_4)'
    >>> answered_query(4, 4, "wrong_from_here", some_unknown=True)
    'not correct_4 and label is not missing'
    """
    if part == "right":
        return f"correct_{exit_}"
    query = f"not correct_{exit_}"
    deeper = " or ".join(f"correct_{number}" for number in range(exit_ + 1, n_exits + 1))
    if deeper:
        query += f" and {'' if part == 'right_deeper' else 'not '}({deeper})"
    return f"{query} and label is not missing" if some_unknown else query
