"""Colour, dash and marker of up to eight entries side by side: any two differ in print without colour too."""

from __future__ import annotations

from collections.abc import Sequence

from analysis.figures.style import predictor_style

COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#7A7A7A", "#F0E442")
DASHES = ("solid", "dash", "dot", "dashdot", "longdash", "longdashdot", "5px,2px", "2px,2px,6px,2px")
SYMBOLS = ("circle", "square", "diamond", "triangle-up", "cross", "triangle-down", "star", "pentagon")


def entry_styles(predictors: Sequence[str], runs: Sequence[object]) -> list[dict[str, str]]:
    """How each entry is drawn.

    One run, several predictors: as everywhere. Several of both: a predictor's colour, a run's dash and marker, the same
    for all predictors. One predictor, or where that would draw two alike: an entry's own colour, dash and marker.

    Parameters
    ----------
    predictors : one id per entry
    runs : what an entry is of beside its predictor: the run, with settings

    Examples
    --------
    >>> [style["dash"] for style in entry_styles(["baseline", "pa"], ["a", "a"])]
    ['dash', 'solid']
    >>> [tuple(one.values()) for one in entry_styles(["baseline", "pa", "pa"], ["a", "a", "b"])]
    [('#7A7A7A', 'solid', 'circle'), ('#0072B2', 'solid', 'circle'), ('#0072B2', 'dash', 'square')]
    """
    kinds = list(dict.fromkeys(runs))
    if len(kinds) == 1 and len(set(predictors)) == len(predictors):
        styles = [predictor_style(predictor) for predictor in predictors]
    else:
        places = [kinds.index(one) % len(DASHES) for one in runs]
        styles = [
            {"color": predictor_style(key)["color"], "dash": DASHES[place], "symbol": SYMBOLS[place]}
            for key, place in zip(predictors, places)
        ]
    alike = len({tuple(one.values()) for one in styles}) < len(styles)
    if alike or len(set(predictors)) == 1:
        numbers = range(len(predictors))
        styles = [
            {"color": COLOURS[i % 8], "dash": DASHES[i % 8], "symbol": SYMBOLS[i % 8]} for i in numbers
        ]  # fmt: skip
    return styles
