"""The house style of every figure: one colour, dash and marker per predictor, the finding as title, axes that fit.

May import NumPy and plotly only. `plain` is what makes any text safe for it. Colours are Okabe and Ito's (2008), safe
for colour-blind readers, and three more that they tell apart from these. Inside the app the chart component exchanges
exactly the colours in `THEMED` for their light and dark variants and adds backgrounds, fonts and grid, so that figures
set none of these themselves. A dash and a marker mean a predictor and nothing else: what is no predictor's is a thin
solid line, classes are numbered, and what a line says beside its predictor is said by its width, by open markers
(published) or by a cross in its markers (wrong).
"""

import zlib
from collections.abc import Sequence

import numpy as np
import plotly.graph_objects as go

from analysis.reference.outside_text import plotly_text as plain

COLOURS: dict[str, str] = {
    "baseline": "#7A7A7A",
    "pa": "#0072B2",
    "hard-poe": "#D55E00",
    "softmax-poe": "#56B4E9",
    "moe": "#009E73",
    "ca": "#E69F00",
    "adaptive-pa": "#4B3BB0",
    "exit-ensemble": "#7A4B1E",
    "agreement-vote": "#7A1F1F",
}
DASHES: dict[str, str] = {
    "baseline": "dash",
    "pa": "solid",
    "hard-poe": "dashdot",
    "softmax-poe": "longdash",
    "moe": "longdashdot",
    "ca": "dot",
    "adaptive-pa": "10px,3px",
    "exit-ensemble": "3px,3px",
    "agreement-vote": "14px,3px,3px,3px,3px,3px",
}
MARKERS: dict[str, str] = {
    "baseline": "square",
    "pa": "circle",
    "hard-poe": "diamond",
    "softmax-poe": "triangle-up",
    "moe": "cross",
    "ca": "triangle-down",
    "adaptive-pa": "triangle-left",
    "exit-ensemble": "hexagram",
    "agreement-vote": "triangle-right",
}
# Anyone's own corrections: the two colours that are left, told apart by dash and marker too.
CUSTOM_COLOURS = ("#CC79A7", "#F0E442")
CUSTOM_DASHES = ("5px,2px", "12px,2px", "8px,2px,2px,2px", "2px,2px,2px,6px")
CUSTOM_MARKERS = ("star", "hexagon", "hourglass", "bowtie", "pentagon")

INK = "#1B1B1F"  # text and lines that must stand out
MUTED = "#6A6A70"  # secondary text, zero lines, reference lines
SURFACE = "#FDFDFD"  # the page behind the figure: rims of markers, gaps
FILL = 0.35  # opacity of areas, whose outlines are drawn in full
NUMBERS_UP_TO = 330  # pixels: the labels on a row of bars, if they take no more than this
READABLE = {"minsize": 10, "mode": "hide"}  # pixels: numbers that would be smaller on their bars are left out
MARKERS_DRAWN = 25  # on a line: with more exits, markers would hide it
_MOST_TICKS = 14

# colour in a figure -> (line on a light page, line on a dark page, text on a light page, text on a dark page). Lines
# reach 3:1 against the page, text 4.5:1 (WCAG 2.2, 1.4.11 and 1.4.3).
THEMED: dict[str, tuple[str, str, str, str]] = {
    "#7A7A7A": ("#737373", "#9A9AA0", "#66666B", "#B4B4BA"),
    "#0072B2": ("#0072B2", "#2F8FD0", "#0067A1", "#5CABE3"),
    "#D55E00": ("#BA4C00", "#E8721C", "#B24E00", "#F08A40"),
    "#56B4E9": ("#3A96D0", "#7CC8F2", "#1F76A8", "#8ACFF5"),
    "#009E73": ("#009068", "#1CB489", "#007D5B", "#35C49B"),
    "#E69F00": ("#C08200", "#EDB02A", "#946500", "#F0BC4C"),
    "#CC79A7": ("#BD5F92", "#DB94BA", "#A9487D", "#E3A6C6"),
    "#F0E442": ("#948700", "#F0E442", "#7A6F00", "#F0E442"),
    "#4B3BB0": ("#4B3BB0", "#9A8FF0", "#4B3BB0", "#ACA3F4"),
    "#7A4B1E": ("#7A4B1E", "#B98550", "#7A4B1E", "#CB9A68"),
    "#7A1F1F": ("#7A1F1F", "#C46060", "#7A1F1F", "#DB8080"),
    INK: (INK, "#ECECEF", INK, "#ECECEF"),
    MUTED: (MUTED, "#A3A3AB", MUTED, "#A9A9B1"),
    SURFACE: ("#FFFFFF", "#15171C", "#FFFFFF", "#15171C"),
}
# Opacity of what lies behind: the baseline behind a predictor, single samples behind their mean. The faintest at which
# a line still reaches 3:1 on both pages, rounded up.
FAINT: dict[str, float] = {
    "#7A7A7A": 0.8,
    "#0072B2": 0.72,
    "#D55E00": 0.72,
    "#56B4E9": 0.96,
    "#009E73": 0.84,
    "#E69F00": 0.96,
    "#CC79A7": 0.86,
    "#F0E442": 0.9,
    "#4B3BB0": 0.62,
    "#7A4B1E": 0.7,
    "#7A1F1F": 0.82,
    INK: 0.5,
    MUTED: 0.75,
}


def predictor_style(predictor_id: str) -> dict[str, str]:
    """Colour, dash and marker of a predictor, the same in every figure.

    Parameters
    ----------
    predictor_id : str
        An id of `PREDICTORS`, or of anyone's own correction (which gets purple or yellow, a dash and a marker by its
        name, for good).

    Returns
    -------
    dict
        `color` (hex), `dash` and `symbol`, as plotly names them.

    Examples
    --------
    >>> predictor_style("pa")
    {'color': '#0072B2', 'dash': 'solid', 'symbol': 'circle'}
    """
    if predictor_id in COLOURS:
        return {"color": COLOURS[predictor_id], "dash": DASHES[predictor_id], "symbol": MARKERS[predictor_id]}
    look, chosen = zlib.crc32(predictor_id.encode()), {}
    for name, choices in (("color", CUSTOM_COLOURS), ("dash", CUSTOM_DASHES), ("symbol", CUSTOM_MARKERS)):
        look, place = divmod(look, len(choices))
        chosen[name] = choices[place]
    return chosen


def rgba(colour: str, opacity: float) -> str:
    """A hex colour with an opacity of its own, which leaves the text and the outline of what it fills alone.

    Examples
    --------
    >>> rgba("#0072B2", 0.5)
    'rgba(0,114,178,0.5)'
    """
    return f"rgba({','.join(str(int(colour[i : i + 2], 16)) for i in (1, 3, 5))},{opacity:.3g})"


def base_figure(title: str, subtitle: str = "", x_title: str = "", y_title: str = "", **layout: object) -> go.Figure:
    """An empty figure in the house style.

    Parameters
    ----------
    title : str
        The finding, with its number. Plain text: it is escaped here.
    subtitle : str
        How it was computed: over which samples, with which definition. Plain text.
    x_title, y_title : str
        The quantity and its unit. Plain text.
    **layout
        Further plotly layout properties, `xaxis_type="log"` for example.

    Returns
    -------
    plotly.graph_objects.Figure
        Template "none", no colours of text or background, horizontal grid only, no legend (label lines at their end).
    """
    figure = go.Figure(layout={  # given at once: update_layout takes ten times as long
        "template": "none",
        "title": {"text": plain(title), "subtitle": {"text": plain(subtitle)}},
        "xaxis": {"title": {"text": plain(x_title)}, "showgrid": False, "zeroline": False},
        "yaxis": {"title": {"text": plain(y_title)}, "showgrid": True, "zeroline": False},
        "showlegend": False,
        "hovermode": "closest",
        "dragmode": "zoom",
        "margin": {"l": 56, "r": 16, "t": 8, "b": 44},
    })  # fmt: skip
    for name, value in layout.items():
        figure.layout[name] = value
    return figure


def exit_ticks(exit_names: Sequence[str], x: Sequence[float] | None = None) -> dict[str, list]:
    """`tickvals` and `ticktext` of an axis of exits: all of them, or the first and every 2nd, 5th, 10th, ...

    Parameters
    ----------
    exit_names : sequence of str, (exits,)
    x : sequence of float, (exits,), optional
        Where the exits stand; 1, 2, ... by default.

    Examples
    --------
    >>> exit_ticks([str(number) for number in range(1, 31)])["ticktext"]
    ['1', '5', '10', '15', '20', '25', '30']
    """
    count = len(exit_names)
    steps = (digit * 10**power for power in range(12) for digit in (1, 2, 5))
    step = next(step for step in steps if count <= step * _MOST_TICKS)
    shown = range(0, count, step) if step <= 2 else [0, *range(step - 1, count, step)]
    return {
        "tickvals": [i + 1 if x is None else float(x[i]) for i in shown],
        "ticktext": [plain(exit_names[i]) for i in shown],
    }


def _round_below(value: float) -> float:
    """The largest of 1, 2 and 5 times a power of ten that is not above a positive value."""
    power = 10.0 ** np.floor(np.log10(value) + 1e-9)
    return float(max(digit for digit in (1, 2, 5) if digit * power <= value * (1 + 1e-9)) * power)


def fitted_range(
    values: Sequence[np.ndarray], *, lowest: float = 0.0, highest: float = np.inf, room: float = 0.1
) -> tuple[float, float]:
    """An axis around values on round numbers; one that is constant gets a fiftieth of its size to either side.

    Parameters
    ----------
    values : sequence of arrays
        NaN and infinities are left out; (0, 1) where nothing else is left but zeros.
    lowest, highest : float
        The axis goes no further than these.
    room : float
        Left beside the lowest and the highest value at least, in steps of the axis.

    Examples
    --------
    >>> fitted_range([np.array([70.0, 70.0])])
    (68.5, 71.5)
    """
    found = np.concatenate([np.ravel(np.asarray(v, dtype=np.float64)) for v in values]) if len(values) else np.empty(0)
    found = found[np.isfinite(found)]
    if not found.any():
        return 0.0, 1.0
    low, high = float(found.min()), float(found.max())
    if high - low < 1e-3 * max(abs(low), abs(high)):
        around = max(abs(low), abs(high)) / 50
        low, high = low - around, high + around
    step = _round_below((high - low) / 5)
    low = max(lowest, float(np.floor((low - room * step) / step) * step))
    high = min(highest, float(np.ceil((high + room * step) / step) * step))
    return (low, high) if high > low else (low, low + 1.0)


def on_bars(texts: Sequence[str]) -> list[str]:
    """The labels of a row of bars, or none at all where they would run into each other: the pointer tells them.

    Examples
    --------
    >>> on_bars(["12", "7"])
    ['12', '7']
    >>> on_bars(["1,234"] * 24)[:2]
    ['', '']
    """
    widest = max((len(text) for text in texts), default=0)
    return list(texts) if len(texts) * (7 * widest + 4) <= NUMBERS_UP_TO else [""] * len(texts)
