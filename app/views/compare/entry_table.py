"""The entries, a row each: how each is drawn, what it is of, and its numbers at the last exit."""

from collections.abc import Mapping, Sequence
from urllib.parse import quote

import numpy as np
import pandas as pd
import streamlit as st

from analysis.figures.style import THEMED
from analysis.metrics.decrease import THRESHOLDS
from analysis.predictors import settings_text
from analysis.reference.outside_text import html_text
from analysis.words.formats import decimals, quantity
from app.components.predictor_names import label_of
from app.components.table_export import offer_table
from app.view import View
from app.views.compare.entries import Shown, run_ids

FALLS = (0.01, 0.1)
_LAST = "accuracy at the last exit, %"
_DASHES = {
    "solid": "", "dash": "8,4", "dot": "2,3", "dashdot": "8,3,2,3", "longdash": "13,4", "longdashdot": "13,3,2,3",
}  # fmt: skip
_SHAPES = {
    "circle": "<circle cx='20' cy='8' r='4'/>",
    "square": "<rect x='16' y='4' width='8' height='8'/>",
    "diamond": "<path d='M20 3l5 5-5 5-5-5z'/>",
    "triangle-up": "<path d='M20 3l5 9h-10z'/>",
    "triangle-down": "<path d='M20 13l5-9h-10z'/>",
    "cross": "<path d='M18.5 3h3v3.5h3.5v3h-3.5v3.5h-3v-3.5h-3.5v-3h3.5z'/>",
    "star": "<path d='M20 2l1.5 4.5h4.5l-3.5 2.5 1.5 4.5-4-2.5-4 2.5 1.5-4.5-3.5-2.5h4.5z'/>",
}
_OTHER = "<path d='M20 3l5 3.600-2 6h-6l-2-6z'/>"
_LOOK = (
    "<style>.xl-entries{overflow-x:auto}.xl-entries table{border-collapse:collapse;width:100%;font-size:0.875rem;"
    "font-variant-numeric:tabular-nums}.xl-entries th{font-weight:600;text-align:right}.xl-entries td{text-align:right}"
    ".xl-entries :is(th,td){padding:0.25rem 0.75rem 0.25rem 0;border-bottom:1px solid var(--st-border-color,#8884);"
    "vertical-align:top}.xl-entries :is(th,td):is(:nth-child(1),:nth-child(2),:nth-child(3)){text-align:left}"
    ".xl-entries td{overflow-wrap:anywhere}.xl-entries td:nth-child(2){min-width:9rem}"
    ".xl-swatch{display:inline-block;width:40px;height:16px}</style>"
)


def entry_table(view: View, shown: Sequence[Shown], styles: Sequence[Mapping[str, str]], unit: str | None) -> None:
    """The table, and its export; `styles` are those of the lines that entries are drawn by."""
    table = _table(shown, unit)
    heads = "".join(f"<th>{html_text(name)}</th>" for name in ("", *table.columns))
    rows = "".join(
        f"<tr><td>{swatch(style)}</td>{''.join(f'<td>{html_text(value)}</td>' for value in row)}</tr>"
        for style, row in zip(styles, table.itertuples(index=False))
    )
    st.html(f'{_LOOK}<div class="xl-entries"><table><thead><tr>{heads}</tr></thead><tbody>{rows}</tbody></table></div>')
    offer_table(
        "compared",
        f"Compared, split {view.split}",
        lambda: _saved(view, shown),
        runs=run_ids(shown),
        shown=lambda: _written(shown, unit),
    )


def _written(shown: Sequence[Shown], unit: str | None) -> pd.DataFrame:
    """The table for a paper: also the predictor of each entry, and its accuracy at every exit."""
    table = _table(shown, unit)
    predictors = [" ".join(filter(None, (label_of(one.entry.predictor), one.told))) for one in shown]
    table.insert(2, "predictor", predictors)
    at = table.columns.get_loc(_LAST)
    depths = {one.run.n_exits for one in shown}
    for place in range(max(depths)):
        cells = [decimals(100 * float(one.results.accuracy[place])) if place < one.run.n_exits else "" for one in shown]
        table.insert(at + place, f"accuracy at exit {place + 1}, %", cells)
    return table.drop(columns=_LAST) if len(depths) == 1 else table


def _table(shown: Sequence[Shown], unit: str | None) -> pd.DataFrame:
    rows = []
    for one in shown:
        results = one.results
        row = {
            "name": one.name,
            "run": one.run.title,
            "samples": f"{results.judged.n_samples:,}",
            "exits": str(one.run.n_exits),
            _LAST: decimals(100 * float(results.accuracy[-1])),
        }
        for tau, value in zip(FALLS, results.falling_percent(FALLS, "true_class")):
            row[f"true class falls by > {tau:g}, %"] = decimals(float(value))
        if unit is not None:
            row[f"cost of the last exit, {unit}"] = quantity(one.run.cost(unit)[1][-1])
        rows.append(row)
    return pd.DataFrame(rows)


def about_entry(view: View, one: Shown) -> dict[str, object]:
    """What stands before an entry's numbers where they are saved."""
    return {
        "entry": one.name,
        "run": one.run.id,
        "split": view.split,
        "predictor": one.entry.predictor,
        "settings": settings_text(one.results.predictor, one.results.settings),
        "samples": one.results.judged.n_samples,
    }


def _saved(view: View, shown: Sequence[Shown]) -> pd.DataFrame:
    rows, deepest = [], max(one.run.n_exits for one in shown)
    for one in shown:
        falls = one.results.falling_percent(THRESHOLDS, "true_class")
        rows.append(
            {
                **about_entry(view, one),
                "exits": one.run.n_exits,
                **{
                    f"accuracy_exit_{place + 1}": float(one.results.accuracy[place])
                    if place < one.run.n_exits
                    else None
                    for place in range(deepest)
                },
                "accuracy_last_exit": float(one.results.accuracy[-1]),
                **{f"cost_last_exit_{unit}": costs[-1] for unit, costs in one.run.costs.items()},
                **{f"falls_percent_{tau:g}": float(value) for tau, value in zip(THRESHOLDS, np.asarray(falls))},
            }
        )
    return pd.DataFrame(rows)


def swatch(style: Mapping[str, str]) -> str:
    """A line with its marker, as the figures draw it, in the light and the dark page's colour."""
    light, dark = THEMED[style["color"]][:2]
    dash = _DASHES.get(style["dash"], style["dash"].replace("px", ""))
    dashed = f" stroke-dasharray='{dash}'" if dash else ""
    drawn = (
        "<svg xmlns='http://www.w3.org/2000/svg' width='40' height='16'>"
        f"<path d='M0 8h40' stroke='black' stroke-width='2.5' fill='none'{dashed}/>"
        f"{_SHAPES.get(style['symbol'], _OTHER)}</svg>"
    )
    mask = f"url(&quot;data:image/svg+xml,{quote(drawn)}&quot;) no-repeat"
    return f'<span class="xl-swatch" style="background:light-dark({light},{dark});mask:{mask}"></span>'
