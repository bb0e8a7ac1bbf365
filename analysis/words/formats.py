"""How numbers and what is counted are written for people. Needs only NumPy.

Plain text without markup, so that a page, a figure, a report and the command line can show the same words.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from decimal import ROUND_CEILING, ROUND_FLOOR, Context, localcontext

import numpy as np

QUANTITY = {"true_class": "true class", "final_prediction": "final prediction"}


def percent(value: float) -> str:
    """A percentage to three digits, as many as some thousand samples resolve; only 0 and 100 read as 0 and 100.

    Examples
    --------
    >>> [percent(v) for v in (53.724, 7.404, 9.996, 0.0433, 0.001, 0.0, 99.99, 100.0)]
    ['53.7%', '7.40%', '10.0%', '0.04%', '<0.01%', '0%', '>99.9%', '100%']
    """
    if not np.isfinite(value):
        return "unknown"
    if value in (0, 100):
        return f"{value:.0f}%"
    if value < 0.01:
        return "<0.01%"
    if value < 9.995:
        return f"{value:.2f}%"
    return f"{value:.1f}%" if value < 99.95 else ">99.9%"


def decimals(value: float, places: int = 2, whole: float = 100) -> str:
    """A cell of a table, from 0 up: only 0 reads as 0, and what is less than the whole never reads as the whole.

    Examples
    --------
    >>> [decimals(v) for v in (53.724, 0.0013, 0.0, 99.999, 100.0)], decimals(0.0004, 3)
    (['53.72', '<0.01', '0', '>99.99', '100.00'], '<0.001')
    """
    last = 10.0**-places
    if value == 0:
        return "0"
    if value < last:
        return f"<{last:.{places}f}"
    text = f"{value:.{places}f}"
    return f">{whole - last:.{places}f}" if value < whole <= float(text) else text


def points(value: float, *, exact: bool = False) -> str:
    """The size of a difference of percentages, to three digits like these; one where it would read as zero.

    Parameters
    ----------
    value : float
    exact : bool
        Beside numbers with two decimals, such as an interval's ends: two decimals whatever its size.

    Examples
    --------
    >>> [points(v) for v in (-6.512, 35.312, 0.0013, 0.0)], points(35.312, exact=True)
    (['6.51 points', '35.3 points', '0.001 points', '0 points'], '35.31 points')
    """
    size = abs(value)
    if size < 0.005:
        return f"{f'{size:.1g}' if size else '0'} points"
    return f"{size:.1f} points" if size >= 9.995 and not exact else f"{size:.2f} points"


def signed(value: float, places: int = 2) -> str:
    """A difference with its sign, a true minus; only what rounds to 0 has none.

    Examples
    --------
    >>> [signed(v) for v in (2.716, -0.1, -0.001, 0.0)], signed(-0.1, 1)
    (['+2.72', '−0.10', '0.00', '0.00'], '−0.1')
    """
    text = f"{abs(value):.{places}f}"
    sign = "\N{MINUS SIGN}" if value < 0 else "+"
    return f"{sign}{text}" if float(text) else text


def interval_words(low: float, high: float, places: int = 2) -> str:
    """The two ends of an interval: a true minus below 0, no sign above.

    Examples
    --------
    >>> interval_words(52.71, 54.7), interval_words(-0.1, 1.7), interval_words(-0.004, 0.0)
    ('52.71 to 54.70', '−0.10 to 1.70', '0.00 to 0.00')
    """
    return " to ".join(signed(end, places).removeprefix("+") for end in (low, high))


def apart_words(low: float, high: float, more: str = "more", less: str = "less") -> str:
    """The two ends of a difference's interval, beside how much more or less it is: sizes alone where both ends go that
    way, else each end with its own.

    Examples
    --------
    >>> apart_words(0.9, 1.7), apart_words(-3.0, -1.0), apart_words(-0.45, 0.09), apart_words(-0.002, 0.5)
    ('0.90 to 1.70', '1.00 to 3.00', '0.45 less to 0.09 more', '0.00 to 0.50')
    """
    low, high = round(low, 2), round(high, 2)
    if low < 0 < high:
        return f"{-low:.2f} {less} to {high:.2f} {more}"
    return " to ".join(f"{size:.2f}" for size in sorted((abs(low), abs(high))))


def plural(count: int, word: str) -> str:
    """The word for one or several.

    Examples
    --------
    >>> plural(1, "sample"), plural(2, "exit")
    ('sample', 'exits')
    """
    return word if count == 1 else f"{word}s"


def counted(count: int, word: str) -> str:
    """How many there are of something.

    Examples
    --------
    >>> counted(1, "sample"), counted(10_000, "test sample")
    ('1 sample', '10,000 test samples')
    """
    return f"{count:,} {plural(count, word)}"


def both_fall(before: float, after: float, how: str, label: str) -> str:
    """What share of the samples falls under the baseline and under a predictor; percents.

    Examples
    --------
    >>> both_fall(53.7, 0, "by more than 0.1", "PA")
    '53.7% of samples fall by more than 0.1 under the baseline, none under PA'
    >>> both_fall(0, 0, "by more than 0.1", "PA")
    'No sample falls by more than 0.1, neither under the baseline nor under PA'
    """
    if not before and not after:
        return f"No sample falls {how}, neither under the baseline nor under {label}"
    who = f"{percent(before)} of samples fall" if before else "No sample falls"
    return f"{who} {how} under the baseline, {percent(after) if after else 'none'} under {label}"


def exit_labels(exit_names: Sequence[str]) -> tuple[str, ...]:
    """What stands at the ticks of an axis called exit: bare numbers where the exits have no names of their own.

    Examples
    --------
    >>> exit_labels(["exit 1", "exit 2"]), exit_labels(["stem", "exit 2"])
    (('1', '2'), ('stem', 'exit 2'))
    """
    numbers = tuple(str(number) for number in range(1, len(exit_names) + 1))
    return numbers if tuple(exit_names) == tuple(f"exit {number}" for number in numbers) else tuple(exit_names)


def class_words(name: str) -> str:
    """A class's name within a sentence, where a bare number would read as a quantity.

    Examples
    --------
    >>> class_words("fox"), class_words("7")
    ('fox', 'class 7')
    """
    return f"class {name}" if name.isdigit() else name


def small(value: float) -> str:
    """A number between 0 and 1 with three decimals, or one digit where it is smaller; only 0 and 1 read as 0 and 1.

    Examples
    --------
    >>> [small(v) for v in (0.2234, 0.0041, 0.0, 0.00012, 0.9997, 1.0)]
    ['0.223', '0.004', '0', '0.0001', '>0.999', '1']
    """
    if value in (0, 1):
        return f"{value:.0f}"
    if value < 0.002:
        return f"{value:.1g}"
    return f"{value:.3f}" if value < 0.9995 else ">0.999"


def probability(value: float) -> str:
    """A probability with two decimals; only 0 and 1 read as 0 and 1.

    Examples
    --------
    >>> [probability(v) for v in (0.2234, 0.0041, 0.0, 0.997, 1.0)]
    ['0.22', '<0.01', '0', '>0.99', '1']
    """
    if value in (0, 1):
        return f"{value:.0f}"
    if value < 0.01:
        return "<0.01"
    return f"{value:.2f}" if value < 0.995 else ">0.99"


def moved(before: float, after: float, how: Callable[[float], str], verb: str = "goes") -> str:
    """What a number does, without two that read alike.

    Examples
    --------
    >>> moved(0.4, 0.55, probability), moved(0.4, 0.401, probability), moved(0.4, 0.4, probability)
    ('goes from 0.40 to 0.55', 'stays at about 0.40', 'stays at 0.40')
    """
    old, new = how(before), how(after)
    if old != new:
        return f"{verb} from {old} to {new}"
    return f"stays at {new}" if before == after or not new[0].isdigit() else f"stays at about {new}"


def smaller(one: float, other: float) -> bool:
    """Whether a probability is smaller by what three decimals show.

    Examples
    --------
    >>> smaller(0.1, 0.2), smaller(0.2999, 0.3), smaller(0, 1e-9)
    (True, False, False)
    """
    return other - one >= 0.001


def quantity(value: float) -> str:
    """A large number with its SI prefix, three digits.

    Examples
    --------
    >>> [quantity(v) for v in (15140452, 433876, 12.5, 2.3e9, 999_999)]
    ['15.1 M', '434 k', '12.5', '2.3 G', '1 M']
    """
    for factor, prefix in ((1e12, "T"), (1e9, "G"), (1e6, "M"), (1e3, "k")):
        if abs(value) >= 0.9995 * factor:
            return f"{_plain(f'{value / factor:.3g}')} {prefix}"
    return f"{value:.3g}"


def at_least(value: float, digits: int = 2) -> str:
    """A number rounded down to so many digits, for "or more", "above" and "at least": it is never said to be larger.

    Examples
    --------
    >>> at_least(0.9968), at_least(0.2), at_least(0.000038), at_least(0)
    ('0.99', '0.2', '3.8e-05', '0')
    """
    return _rounded(value, digits, ROUND_FLOOR)


def at_most(value: float, digits: int = 2) -> str:
    """A number rounded up to so many digits, for "at most", "below" and "to": it is never said to be smaller.

    Examples
    --------
    >>> at_most(0.00264191), at_most(0.2), at_most(103.2)
    ('0.0027', '0.2', '110')
    """
    return _rounded(value, digits, ROUND_CEILING)


def _rounded(value: float, digits: int, rounding: str) -> str:
    """By the decimal digits that the number is printed with: what reads as 0.2 stays 0.2."""
    if value == 0:
        return "0"
    with localcontext(Context(prec=digits, rounding=rounding)) as context:
        return _plain(f"{float(context.create_decimal(repr(float(value)))):.{digits}g}")


def _plain(text: str) -> str:
    """A number of few digits without an exponent above 1: 110 for 1.1e+02."""
    return f"{float(text):.0f}" if "e+" in text else text


def range_words(low: float, high: float, how: Callable[[float], str]) -> str:
    """One number, or two with "to" between them.

    Examples
    --------
    >>> range_words(300, 400, str), range_words(400, 400, str)
    ('300 to 400', '400')
    """
    first, last = how(low), how(high)
    return last if first == last else f"{first} to {last}"
