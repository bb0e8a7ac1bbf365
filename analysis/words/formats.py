"""How numbers and what is counted are written for people. Needs only NumPy.

Plain text without markup, so that a page, a figure, a report and the command line can show the same words.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

QUANTITY = {"true_class": "true class", "final_prediction": "final prediction"}


def percent(value: float) -> str:
    """A percentage to three digits, as many as some thousand samples resolve; what is not zero never reads as zero.

    Examples
    --------
    >>> [percent(v) for v in (53.724, 7.404, 0.0433, 0.001, 0.0, 100.0)]
    ['53.7%', '7.40%', '0.04%', '<0.01%', '0%', '100%']
    """
    if not np.isfinite(value):
        return "unknown"
    if value in (0, 100):
        return f"{value:.0f}%"
    if value < 0.01:
        return "<0.01%"
    if value < 10:
        return f"{value:.2f}%"
    return f"{value:.1f}%" if value < 99.95 else ">99.9%"


def plural(count: int, word: str) -> str:
    """The word for one or several.

    Examples
    --------
    >>> plural(1, "sample"), plural(2, "exit")
    ('sample', 'exits')
    """
    return word if count == 1 else f"{word}s"


def exit_labels(exit_names: Sequence[str]) -> tuple[str, ...]:
    """What stands at the ticks of an axis called exit: bare numbers where the exits have no names of their own.

    Examples
    --------
    >>> exit_labels(["exit 1", "exit 2"]), exit_labels(["stem", "exit 2"])
    (('1', '2'), ('stem', 'exit 2'))
    """
    numbers = tuple(str(number) for number in range(1, len(exit_names) + 1))
    return numbers if tuple(exit_names) == tuple(f"exit {number}" for number in numbers) else tuple(exit_names)


def small(value: float) -> str:
    """A number between 0 and 1 with three decimals, or more where it would read as zero.

    Examples
    --------
    >>> [small(v) for v in (0.2234, 0.0041, 0.0, 0.00012)]
    ['0.223', '0.004', '0', '0.0001']
    """
    if value == 0:
        return "0"
    return f"{value:.3f}" if value >= 0.002 else f"{value:.1g}"


def smaller(one: float, other: float) -> bool:
    """Whether a mean is smaller by more than the order in which its terms were added.

    Examples
    --------
    >>> smaller(0.1, 0.2), smaller(0.1 + 0.2 - 1e-16, 0.1 + 0.2)
    (True, False)
    """
    return one < other and not np.isclose(one, other, rtol=1e-9, atol=0)


def quantity(value: float) -> str:
    """A large number with its SI prefix, three digits.

    Examples
    --------
    >>> [quantity(v) for v in (15140452, 433876, 12.5, 2.3e9)]
    ['15.1 M', '434 k', '12.5', '2.3 G']
    """
    for factor, prefix in ((1e12, "T"), (1e9, "G"), (1e6, "M"), (1e3, "k")):
        if abs(value) >= factor:
            return f"{value / factor:.3g} {prefix}"
    return f"{value:.3g}"


def percent_small(value: float) -> str:
    """A percentage to two digits however small: overheads are thousandths of a percent.

    Examples
    --------
    >>> percent_small(0.00264191)
    '0.0026%'
    """
    return f"{value:.2g}%" if value >= 1e-4 else f"{value:.1e}%"
