"""The house style of every figure: one colour, dash and marker per predictor, the finding as title, labels at the ends.

May import plotly only. `plain` is what makes any text safe for it. Colours are Okabe and Ito's (2008), safe for
colour-blind readers. A figure made here suits a light page as it is; inside the app the chart component exchanges
exactly the colours in `THEMED` for their light and dark variants and adds backgrounds, fonts and grid, so that figures
set none of these themselves.
"""

import zlib
from collections.abc import Sequence

import plotly.graph_objects as go

from analysis.reference.outside_text import plotly_text as plain

COLOURS: dict[str, str] = {
    "baseline": "#7A7A7A",
    "pa": "#0072B2",
    "hard-poe": "#D55E00",
    "softmax-poe": "#56B4E9",
    "moe": "#009E73",
    "ca": "#E69F00",
}
DASHES: dict[str, str] = {
    "baseline": "dash",
    "pa": "solid",
    "hard-poe": "dashdot",
    "softmax-poe": "longdash",
    "moe": "longdashdot",
    "ca": "dot",
}
MARKERS: dict[str, str] = {
    "baseline": "square",
    "pa": "circle",
    "hard-poe": "diamond",
    "softmax-poe": "triangle-up",
    "moe": "cross",
    "ca": "x",
}
# Anyone's own corrections: the two colours that are left, told apart by dash and marker too.
CUSTOM = (
    {"color": "#CC79A7", "dash": "5px,2px", "symbol": "star"},
    {"color": "#F0E442", "dash": "8px,2px,2px,2px", "symbol": "hexagon"},
)

INK = "#1B1B1F"  # text and lines that must stand out
MUTED = "#6A6A70"  # secondary text, zero lines, reference lines
SURFACE = "#FDFDFD"  # the page behind the figure: rims of markers, gaps
FAINT = 0.35  # opacity of what lies behind: the baseline behind a predictor, single samples behind their mean

# colour in a figure -> (line on a light page, line on a dark page, text on a light page, text on a dark page). Lines
# keep 2:1 or more against the page and carry a dash and a marker as well; text keeps 4.5:1.
THEMED: dict[str, tuple[str, str, str, str]] = {
    "#7A7A7A": ("#7A7A7A", "#9A9AA0", "#66666B", "#B4B4BA"),
    "#0072B2": ("#0072B2", "#2F8FD0", "#0067A1", "#5CABE3"),
    "#D55E00": ("#D55E00", "#E8721C", "#B24E00", "#F08A40"),
    "#56B4E9": ("#56B4E9", "#7CC8F2", "#1F76A8", "#8ACFF5"),
    "#009E73": ("#009E73", "#1CB489", "#007D5B", "#35C49B"),
    "#E69F00": ("#E69F00", "#EDB02A", "#946500", "#F0BC4C"),
    "#CC79A7": ("#CC79A7", "#DB94BA", "#A9487D", "#E3A6C6"),
    "#F0E442": ("#C9B800", "#F0E442", "#7A6F00", "#F0E442"),
    INK: (INK, "#ECECEF", INK, "#ECECEF"),
    MUTED: (MUTED, "#A3A3AB", MUTED, "#A9A9B1"),
    SURFACE: ("#FFFFFF", "#15171C", "#FFFFFF", "#15171C"),
}


def predictor_style(predictor_id: str) -> dict[str, str]:
    """Colour, dash and marker of a predictor, the same in every figure.

    Parameters
    ----------
    predictor_id : str
        An id of `PREDICTORS`, or of anyone's own correction (which gets purple or yellow, by its name, for good).

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
    return dict(CUSTOM[zlib.crc32(predictor_id.encode()) % len(CUSTOM)])


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


def line_end_label(figure: go.Figure, x: float, y: float, text: str, colour: str, *, row: str = "y") -> None:
    """Write a line's name beside its last point, in its colour, and make room for it on the right.

    Parameters
    ----------
    x, y : float
        The line's last point, in data units (exponents of ten on a log axis).
    text : str
        The name, plain text: it is escaped here.
    colour : str
        The line's colour, one of `COLOURS`, `INK` or `MUTED`.
    row : str
        Which y axis.
    """
    figure.add_annotation(
        x=x,
        y=y,
        yref=row,
        text=plain(text),
        showarrow=False,
        xanchor="left",
        xshift=8,
        font={"color": colour, "size": 12},
    )
    needed = 22 + round(6.7 * len(text))
    figure.layout.margin.r = max(figure.layout.margin.r or 0, min(needed, 180))


def spread(positions: Sequence[float], gap: float) -> list[float]:
    """Move positions apart so that neighbours differ by at least `gap`, each as little as possible, order kept.

    For the labels of lines that end close to each other.

    Examples
    --------
    >>> spread([0.5, 0.52], gap=0.1)
    [0.46, 0.56]
    >>> spread([3.0, 1.0], gap=0.5)
    [3.0, 1.0]
    """
    order = sorted(range(len(positions)), key=lambda i: positions[i])
    clusters: list[list[float]] = []  # [sum of wished positions minus offsets, count]: pooled as in isotonic regression
    for rank, i in enumerate(order):
        clusters.append([positions[i] - rank * gap, 1])
        while len(clusters) > 1 and clusters[-2][0] / clusters[-2][1] > clusters[-1][0] / clusters[-1][1]:
            total, count = clusters.pop()
            clusters[-1][0] += total
            clusters[-1][1] += count
    moved = [0.0] * len(positions)
    rank = 0
    for total, count in clusters:
        for _ in range(int(count)):
            moved[order[rank]] = round(total / count + rank * gap, 10)
            rank += 1
    return moved
