"""What tables of percentages share: their look, and how a number and its spread are written."""

import numpy as np

from analysis.words.formats import decimals

LOOK = (
    "<style>.xl-paper{overflow-x:auto}.xl-paper table{border-collapse:collapse;font-size:0.8125rem;width:100%;"
    "font-variant-numeric:tabular-nums}.xl-paper th,.xl-paper td{padding:0.15rem 0.75rem;text-align:right;"
    "white-space:nowrap;border-bottom:1px solid var(--st-border-color,#8884)}.xl-paper th{font-weight:600}"
    ".xl-paper tbody th{font-weight:400}.xl-paper th.s{text-align:left;font-weight:600;padding:0.6rem 0 0.15rem}"
    ".xl-paper td.g,.xl-paper thead th[colspan]{border-left:1px solid var(--st-border-color,#8884)}"
    ".xl-paper thead th[colspan]{text-align:center}</style>"
)
"""For a table in a `div` of the class `xl-paper`; `g` begins a group of columns, `s` is a heading among the rows."""


def and_spread(value: float, std: float) -> str:
    """A number and, where it is known, its standard deviation.

    Examples
    --------
    >>> and_spread(92.761, 0.09), and_spread(92.761, float("nan"))
    ('92.76 ± 0.09', '92.76')
    """
    if not np.isfinite(value):
        return ""
    return decimals(value) + (f" ± {decimals(std)}" if np.isfinite(std) else "")
