"""The table of pages: what the address calls one, its title, and the group under which it is found. Imports nothing.

A page is one row here and a folder of its name in `views/`. The first row is what the bare address opens.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Page:
    """One page.

    Attributes
    ----------
    name : str
        Of its folder in `views/`, and in the address.
    title : str
    group : str
        What one is about to do there; empty: it stands by itself. Rows of one group stand together.
    needs_run : bool
        Whether it is about the run on screen; else it is shown, with None for its view, where no run can be opened.
    """

    name: str
    title: str
    group: str = ""
    needs_run: bool = True


PAGES = (
    Page("overview", "Overview", "Look"),
    Page("samples", "Samples", "Look"),
    Page("monotonicity", "Monotonicity", "Look"),
    Page("classes", "Classes", "Look"),
    Page("map", "Map", "Look"),
    Page("compute", "Compute", "Decide"),
    Page("paper", "Against the paper", "Convince"),
    Page("ablation", "Ablation", "Convince"),
    Page("live", "Live"),
    Page("runs", "Runs", needs_run=False),
)
EVERY_PAGE = tuple(page.name for page in PAGES)
