"""One table as CSV, Markdown and LaTeX: names and texts from files stay text in each."""

from __future__ import annotations

import re
from collections.abc import Sequence

import pandas as pd

from analysis.reference.outside_text import csv_cell, latex_text, markdown_cell

BOOKTABS = r"% needs \usepackage{booktabs}"
LETTERS = "% compile with LuaLaTeX or XeLaTeX: it holds letters beyond the Latin ones"
UNKNOWN = "-"
"""What stands for a number that is not known, a dash; LaTeX's is longer."""
_LAST_LATIN = 0x24F
_POWER = re.compile(r"([+-]?[0-9](?:\.[0-9]+)?)e([+-][0-9]+)")


def csv_text(table: pd.DataFrame) -> str:
    """A table as CSV that no spreadsheet runs."""
    texts = [name for name in table if not pd.api.types.is_numeric_dtype(table[name])]
    safe = {name: pd.Series(map(csv_cell, table[name]), table.index, dtype=object) for name in texts}
    return table.assign(**safe).rename(columns=csv_cell).to_csv(index=False)


def as_markdown(table: pd.DataFrame, title: str) -> str:
    """A table in Markdown as GitHub and pandoc read it, its title above it.

    Examples
    --------
    >>> print(as_markdown(pd.DataFrame({"run": ["my_run"], "accuracy": [0.5]}), "Last exit"))
    **Last exit**
    <BLANKLINE>
    | run | accuracy |
    | :-- | --: |
    | my\\_run | 0.5 |
    """
    cells = [[cell_text(value) for value in row] for row in table.itertuples(index=False)]
    return "\n".join(markdown_table(title, [*table.columns], _aligned(table, cells), cells))


def as_latex(table: pd.DataFrame, title: str) -> str:
    """A table in LaTeX with booktabs' rules, its title as the caption.

    Examples
    --------
    >>> print(as_latex(pd.DataFrame({"run": ["my_run"], "accuracy": [0.5]}), "Last exit"))
    % needs \\usepackage{booktabs}
    \\begin{table}
    \\caption{Last exit}
    \\begin{tabular}{lr}
    \\toprule
    run & accuracy \\\\
    \\midrule
    my\\_run & 0.5 \\\\
    \\bottomrule
    \\end{tabular}
    \\end{table}
    """
    cells = [[cell_text(value) for value in row] for row in table.itertuples(index=False)]
    lines = booktabs(title, [*table.columns], _aligned(table, cells), cells)
    beyond = any(ord(character) > _LAST_LATIN for line in lines for character in line)
    return "\n".join([BOOKTABS, *([LETTERS] if beyond else []), *lines])


def booktabs(title: str, header: Sequence[str], align: str, rows: Sequence[Sequence[str]]) -> list[str]:
    """The lines of a table of LaTeX; `align` has a letter per column: l or r."""
    body = [" & ".join(map(_latex_cell, row, align)) + r" \\" for row in rows]
    return [
        r"\begin{table}",
        rf"\caption{{{latex_text(title)}}}",
        rf"\begin{{tabular}}{{{align}}}",
        r"\toprule",
        " & ".join(map(latex_text, header)) + r" \\",
        r"\midrule",
        *body,
        r"\bottomrule",
        r"\end{tabular}",
        r"\end{table}",
    ]


def _latex_cell(cell: str, side: str) -> str:
    """A dash for what is unknown; a number's power of ten as one, where numbers stand.

    >>> _latex_cell("1.1e-19", "r"), _latex_cell("1.1e-19", "l")
    ('$1.1\\\\times10^{-19}$', '1.1e-19')
    """
    if cell == UNKNOWN:
        return "--"
    if side == "r" and (power := _POWER.fullmatch(cell)):
        return rf"${power[1]}\times10^{{{int(power[2])}}}$"
    return latex_text(cell)


def markdown_table(title: str, header: Sequence[str], align: str, rows: Sequence[Sequence[str]]) -> list[str]:
    """The lines of a table of Markdown; `align` has a letter per column: l or r."""
    marks = {"l": ":--", "r": "--:"}
    lines = [[markdown_cell(cell) for cell in row] for row in (header, *rows)]
    lines.insert(1, [marks[side] for side in align])
    return [f"**{markdown_cell(title)}**", "", *(f"| {' | '.join(line)} |" for line in lines)]


def cell_text(value: object) -> str:
    """What people read of a value: four digits of a number, a dash where it is unknown.

    Examples
    --------
    >>> [cell_text(value) for value in (1234, 0.123456, float("nan"), None, "a")]
    ['1,234', '0.1235', '-', '-', 'a']
    """
    if value is None or value is pd.NA or (isinstance(value, float) and value != value):
        return UNKNOWN
    if isinstance(value, str | bool):
        return str(value)
    try:
        return f"{value:,.4g}" if isinstance(value, float) else f"{value:,}"
    except (TypeError, ValueError):
        return str(value)


def _aligned(table: pd.DataFrame, cells: Sequence[Sequence[str]]) -> str:
    """Numbers to the right, also those with a sign, a unit or a star."""
    return "".join("r" if _are_numbers([row[place] for row in cells]) else "l" for place in range(table.shape[1]))


def _are_numbers(column: Sequence[str]) -> bool:
    told = [cell for cell in column if cell not in ("", UNKNOWN)]
    return bool(told) and all(cell.lstrip("+-−±<> ")[:1].isdigit() for cell in told)
