"""What is said of slices that were found."""

from __future__ import annotations

from analysis.selection.found import LEAST, Found, Search
from analysis.words.formats import at_most, signed


def search_sentence(search: Search, first: str, second: str) -> str:
    """What was tried, and by what the slices are ordered."""
    return (
        f"Accuracy at the last exit in every class, and for every value of the run's columns, with at least {LEAST} "
        f"samples: {search.tried:,} were tried. {_how_surely(search, first, second)} p: of “both are right equally "
        "often” (McNemar, exact), adjusted for all that were tried (Holm). A name selects its samples."
    )


def _how_surely(search: Search, first: str, second: str) -> str:
    """In which of the listed slices the two answers can be told apart.

    >>> from analysis.selection import Selection
    >>> one = Found(Selection(), "class", "fox", 100, 0.5, 0.62, 0.12, 0.03, 0.21, 0.001, 0.04)
    >>> _how_surely(Search((one,), 9), "the baseline", "PA")
    'This one differs surely between the baseline and PA.'
    """
    listed, sure = len(search.found), search.sure
    if not sure:
        which = "this one comes" if listed == 1 else f"these {listed} come"
        return f"In none of them can {first} and {second} be told apart; {which} nearest."
    if sure == listed:
        these = "This one differs" if listed == 1 else f"These {listed} differ most"
        return f"{these} surely between {first} and {second}."
    those = "The first differs" if sure == 1 else f"The first {sure} differ"
    return f"{those} surely between {first} and {second}; in the others the two cannot be told apart."


def found_cells(one: Found) -> list[str]:
    """Samples, both accuracies, their difference with its interval, and the adjusted p: cells of a row.

    Examples
    --------
    >>> from analysis.selection import Selection
    >>> found_cells(Found(Selection(), "class", "fox", 100, 0.5, 0.62, 0.12, 0.03, 0.21, 0.0012, 0.0431))
    ['100', '50.0%', '62.0%', '+12.0 (+3.0 to +21.0)', '0.044']
    """
    difference, low, high = (signed(100 * value, 1) for value in (one.difference, one.low, one.high))
    shares = [f"{100 * share:.1f}%" for share in (one.a, one.b)]
    return [f"{one.samples:,}", *shares, f"{difference} ({low} to {high})", at_most(one.p_holm)]
