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
    writes : bool
        Whether it is there to write: a read-only app hides it, and it refuses.
    """

    name: str
    title: str
    group: str = ""
    needs_run: bool = True
    writes: bool = False


PAGES = (
    Page("overview", "Overview", "Look"),
    Page("samples", "Samples", "Look"),
    Page("monotonicity", "Monotonicity", "Look"),
    Page("classes", "Classes", "Look"),
    Page("map", "Map", "Look"),
    Page("compute", "Compute", "Decide"),
    Page("calibration", "Calibration", "Decide"),
    Page("sets", "Uncertainty sets", "Decide"),
    Page("paper", "Against the paper", "Convince"),
    Page("ablation", "Ablation", "Convince"),
    Page("compare", "Compare", "Convince"),
    Page("figures", "Figures", "Convince"),
    Page("present", "Present", "Convince", needs_run=False),
    Page("live", "Live"),
    Page("runs", "Runs", needs_run=False),
    Page("import_run", "Import", needs_run=False, writes=True),
)
EVERY_PAGE = tuple(page.name for page in PAGES)
