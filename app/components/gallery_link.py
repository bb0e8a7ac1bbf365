"""From a mark in a figure to its samples: opens the gallery with a query and nothing else that hides samples."""

from collections.abc import Sequence

from app import state

QUERY = "query"


def open_gallery(query: str) -> None:
    """In a callback: show the Samples page with the samples that a query keeps.

    Parameters
    ----------
    query : str
        In the grammar of `analysis.selection.query`; the gallery's other filters and its brush go back to defaults.
    """
    filters = [name for name, row in state.CONTROLS.items() if row.pages == ("samples",)]
    state.reset(*filters)
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


def wrong_here_query(exit_: int, n_exits: int, *, deeper_right: bool) -> str:
    """Samples that the predictor on screen gets wrong at an exit, and right at some deeper one, or at none.

    Parameters
    ----------
    exit_ : int
        From 1.
    deeper_right : bool
        True: some deeper exit is right. False: none is.

    Examples
    --------
    >>> wrong_here_query(2, 4, deeper_right=True)
    'not correct_2 and (correct_3 or correct_4)'
    >>> wrong_here_query(2, 4, deeper_right=False)
    'not correct_2 and not (correct_3 or correct_4)'
    """
    here = f"not correct_{exit_}"
    deeper = " or ".join(f"correct_{number}" for number in range(exit_ + 1, n_exits + 1))
    if not deeper:
        return here
    return f"{here} and {'' if deeper_right else 'not '}({deeper})"
