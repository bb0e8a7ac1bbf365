"""One language of settings: what can be set, as rows of data; read from text, written as text, explained in words.

The rows of PREDICTORS and the app's controls are made of it, and from these rows the command line's help, the widgets,
the address and `docs/settings.md`. `parse` and `as_text` are inverse to each other. Text is never evaluated: a literal
is read by `ast.literal_eval`. Imports nothing of ours.
"""

from __future__ import annotations

import ast
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from numbers import Integral, Real

TEXT_LENGTH = 200
"""Characters of a text whose setting does not say otherwise."""
NAME_LENGTH = 2000
"""Characters of a name, and of a choice among what only the run knows."""

Constraint = Callable[[Mapping[str, object]], "str | None"]
"""What single ranges cannot say: resolved settings -> None, or what is wrong and what to do, to be read on from the
owner's id ('has threshold 1 and ...', 'setting cap is ...')."""


class _Required:
    """The default of a setting that has none."""

    def __repr__(self) -> str:
        return "REQUIRED"


REQUIRED = _Required()


class LiteralText(str):
    """Text that has been read as a literal already: '5' in quotes stays text when its settings are resolved again."""


class Refused(ValueError):
    """A value that a setting does not take; `expected` says what it takes.

    >>> print(Refused("pa setting cap", "six", "a number, or none"))
    pa setting cap is 'six': give a number, or none
    """

    def __init__(self, where: str, value: object, expected: str) -> None:
        super().__init__(where, value, expected)
        self.expected = expected

    def __str__(self) -> str:
        where, value, expected = self.args
        return f"{where} is {value!r}: give {expected}"


@dataclass(frozen=True)
class Setting:
    """One thing that can be set.

    Attributes
    ----------
    name : what it is called in `--set`, in the address and as an argument
    kind : what it holds:
        `number`, `integer` (within the bounds), `optional-number` (or None), `numbers` (a tuple of at least one within
        the bounds, or one of `choices`), `switch` (bool), `choice` (one of `choices`, or any text where only the run
        knows them), `choices` (a tuple of such), `text` (printable), `name` (of a run or a sample: any
        characters), `literal` (any Python literal)
    default : the value that holds until another is given; `REQUIRED` where there is none
    description : a sentence for people
    choices : what is allowed, where that is known beforehand; read in any case
    low, high : the bounds of numbers, themselves allowed; of a text, `high` bounds the length
    unit : what numbers are in
    per_exit : whether `numbers` has one for each exit of the run
    per_pair : whether it has one for exit 1, two for exit 2, and so on: one for each exit and each exit up to it
    slides : from and to which number a slider goes, where that is less than the bounds: what is mostly wanted; empty:
        there is no slider
    idle : where that slider stands while nothing is set; None: at its lower end
    label : what its widget is called, where its name says too little to whoever does not type it
    """

    name: str
    kind: str
    default: object
    description: str
    choices: tuple[str, ...] = ()
    low: float | None = None
    high: float | None = None
    unit: str = ""
    per_exit: bool = False
    per_pair: bool = False
    slides: tuple[float, float] | tuple[()] | None = None
    idle: float | None = None
    label: str = ""

    @property
    def slider(self) -> tuple[float, float] | None:
        """From and to which number a slider goes; None for what has no such ends, or is no number."""
        if self.kind not in ("number", "optional-number", "integer"):
            return None
        if self.slides is None and self.low is not None and self.high is not None:
            return self.low, self.high
        return self.slides or None

    @property
    def range_text(self) -> str:
        """What it takes, in words: 'relu, softplus or heaviside'; 'a number from 0 to 1, or none'."""
        bounds = _bounds_text(self.low, self.high) + (f", in {self.unit}" if self.unit else "")
        match self.kind:
            case "number":
                return f"a number{bounds}"
            case "integer":
                return f"a whole number{bounds}"
            case "optional-number":
                return f"a number{bounds}, or none"
            case "numbers":
                numbers = f"a number{bounds} for each exit" if self.per_exit else f"numbers{bounds}"
                numbers += " for each exit and each exit up to it" * self.per_pair
                return f"{join_or((*self.choices, numbers), last=', or ')}, separated by commas"
            case "switch":
                return "0 or 1"
            case "choice" if self.choices:
                return join_or(self.choices)
            case "choices" if self.choices:
                return f"{join_or(self.choices)}, or several of them, separated by commas"
            case "literal":
                return "a literal"
        return f"at most {_longest(self)} {'' if self.kind == 'name' else 'printable '}characters"


def join_or(words: Sequence[str], last: str = " or ") -> str:
    """'a', 'a or b', 'a, b or c'."""
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])}{last}{words[-1]}"


def number_text(number: float, digits: int = 12) -> str:
    """A number in so many digits where these are all it has, else in as many as give it back exactly."""
    for short in (f"{number:.{digits}g}", f"{number:.12g}"):
        if float(short) == number:
            return short
    return repr(number)


def _bounds_text(low: float | None, high: float | None) -> str:
    if low is not None and high is not None:
        return f" from {number_text(low, 6)} to {number_text(high, 6)}"
    if low is not None:
        return f" of at least {number_text(low, 6)}"
    return "" if high is None else f" of at most {number_text(high, 6)}"


def _longest(setting: Setting) -> int:
    return int(setting.high or TEXT_LENGTH) if setting.kind == "text" else NAME_LENGTH


# --- from text and values ---------------------------------------------------------------------------------------------


def parse(setting: Setting, value: object, where: str | None = None, *, n_exits: int | None = None) -> object:
    """The value that a text, or a value from Python, stands for.

    Parameters
    ----------
    where : what the message calls the setting; its name unless told
    n_exits : how many numbers a setting per exit must have; None leaves that open

    Raises
    ------
    Refused
        The text or value is none of this setting's: '... is 'six': give a number from 0 to 1'.

    >>> parse(Setting("budgets", "numbers", (), "Costs.", low=0), "1e6, 2.5e6")
    (1000000.0, 2500000.0)
    """
    where = setting.name if where is None else where
    try:
        parsed = _parsed(setting, value, where)
    except Refused:
        raise
    except (ValueError, TypeError, OverflowError):  # OverflowError: a whole number that no float could hold
        raise Refused(where, value, setting.range_text) from None
    if setting.per_exit and isinstance(parsed, tuple) and n_exits not in (None, len(parsed)):
        raise ValueError(
            f"{where} has {len(parsed)} numbers and the run {n_exits} exits: give one number for each exit"
        )
    needed = None if n_exits is None else n_exits * (n_exits + 1) // 2
    if setting.per_pair and isinstance(parsed, tuple) and needed not in (None, len(parsed)):
        raise ValueError(
            f"{where} has {len(parsed)} numbers and the run {n_exits} exits: give {needed}, one for exit 1, two for "
            f"exit 2, and so on"
        )
    return parsed


def _parsed(setting: Setting, value: object, where: str) -> object:
    """The value; ValueError, TypeError or OverflowError where it is none of the setting's."""
    match setting.kind:
        case "number" | "integer":
            return _number(setting, value)
        case "optional-number":
            is_none = value is None or (isinstance(value, str) and value.strip().lower() in ("none", "null", ""))
            return None if is_none else _number(setting, value)
        case "numbers":
            return _numbers(setting, value, where)
        case "switch":
            return _switch(value)
        case "choice":
            return _choice(setting, value)
        case "choices":
            parts = value.split(",") if isinstance(value, str) else value
            return () if value == "" else tuple(_choice(setting, part) for part in parts)
        case "text" | "name":
            return _text(setting, value)
        case "literal":
            return _literal(value)
    raise AssertionError(setting.kind)


def _number(setting: Setting, value: object) -> float | int:
    """A finite number within the bounds, as the type of the kind; text in ASCII, without the underscores of code."""
    whole = setting.kind == "integer"
    is_text = isinstance(value, str) and value.isascii() and "_" not in value
    if isinstance(value, bool) or not (is_text or isinstance(value, Integral if whole else Real)):
        raise ValueError
    number = int(value) if whole else float(value)
    above = setting.low is None or number >= setting.low
    if not (math.isfinite(number) and above and (setting.high is None or number <= setting.high)):
        raise ValueError
    return number


def _numbers(setting: Setting, value: object, where: str) -> str | tuple[float, ...]:
    if isinstance(value, str) and value.strip().lower() in setting.choices:
        return value.strip().lower()
    if isinstance(value, str):
        parts = value.strip().strip("[]()").rstrip(",").split(",")
    else:
        parts = [value] if isinstance(value, Real) else list(value)
    numbers = []
    for i, part in enumerate(parts, 1):
        try:
            numbers.append(_number(setting, part))
        except (ValueError, OverflowError):
            if len(parts) == 1:
                raise
            item = f"{where}, {'exit' if setting.per_exit else 'number'} {i},"
            raise Refused(item, part, setting.range_text) from None
    if not numbers:
        raise ValueError
    return tuple(numbers)


def _switch(value: object) -> bool:
    if isinstance(value, bool):
        return value
    if value not in ("0", "1"):
        raise ValueError
    return value == "1"


def _choice(setting: Setting, value: object) -> str:
    if not setting.choices:
        return _text(setting, value)
    found = [choice for choice in setting.choices if choice.lower() == str(value).strip().lower()]
    if not isinstance(value, str) or not found:
        raise ValueError
    return found[0]


def _text(setting: Setting, value: object) -> str:
    if not isinstance(value, str) or len(value) > _longest(setting):
        raise ValueError
    if setting.kind != "name" and not value.isprintable():
        raise ValueError
    return value


def _literal(value: object) -> object:
    """Text as the Python literal it spells (2, 0.5, [1, 2], True, None, 'text'), or as itself where it spells none."""
    if not isinstance(value, str) or isinstance(value, LiteralText):
        return value
    named = {"true": True, "false": False, "none": None, "null": None}
    if value.strip().lower() in named:
        return named[value.strip().lower()]
    try:
        literal = ast.literal_eval(value.strip())
    except (ValueError, TypeError, SyntaxError, MemoryError, RecursionError):
        return LiteralText(value)
    return LiteralText(literal) if isinstance(literal, str) else literal


def as_text(setting: Setting, value: object) -> str:
    """The text that stands for a value; `parse` gives the value back exactly. None is the empty text.

    >>> as_text(Setting("poe", "switch", False, "Whether to correct."), True)
    '1'
    """
    match setting.kind:
        case "literal":
            is_plain = isinstance(value, str) and _literal(str(value)) == value
            return str(value) if is_plain else repr(str(value) if isinstance(value, LiteralText) else value)
        case _ if value is None:
            return ""
        case "switch":
            return "1" if value else "0"
        case "choices":
            return ",".join(value)
        case "number" | "optional-number":
            return number_text(float(value))
        case "numbers" if not isinstance(value, str):
            return ",".join(number_text(float(number)) for number in value)
    return str(value)


def parse_slice(text: str, n_samples: int, where: str = "--samples") -> slice:
    """A Python slice `A:B` over a run's samples, as non-negative bounds.

    Raises
    ------
    ValueError : not of that form, or without any sample
    """
    start, colon, stop = text.partition(":")
    try:
        bounds = slice(*(int(bound) if bound.strip() else None for bound in (start, stop)))
    except ValueError:
        colon = ""
    if not colon:
        raise ValueError(f"{where} {text}: give a slice A:B of whole numbers, for example {where} 0:100")
    first, last, _ = bounds.indices(n_samples)
    if first >= last:
        raise ValueError(f"{where} {text} holds none of the {n_samples} samples: give a slice within 0:{n_samples}")
    return slice(first, last)


# --- several together -------------------------------------------------------------------------------------------------


def resolve(
    settings: Sequence[Setting],
    given: Mapping[str, object],
    owner: str,
    *,
    constraints: Sequence[Constraint] = (),
    takes_others: bool = False,
    n_exits: int | None = None,
) -> dict[str, object]:
    """Values complete and typed, in the order of the rows; resolving twice changes nothing.

    Parameters
    ----------
    settings : the rows of a predictor, or of whatever else has settings
    given : name -> value or text; what is missing takes its default
    owner : whose settings they are, for messages
    constraints : what must hold between them
    takes_others : whether names that no row has are kept, as literals
    n_exits : number of exits, to check how many numbers there are per exit; None leaves that unchecked

    Raises
    ------
    ValueError
        Naming the setting, the value and what would be accepted.
    """
    names = [setting.name for setting in settings]
    unknown = [name for name in given if name not in names]
    if unknown and not takes_others:
        takes = f"it takes {join_or(names, last=' and ')}" if names else "it takes none"
        raise ValueError(f"{owner} has no setting {unknown[0]!r}: {takes}")
    resolved = {
        setting.name: parse(
            setting, given.get(setting.name, setting.default), f"{owner} setting {setting.name}", n_exits=n_exits
        )
        for setting in settings
        if setting.name in given or setting.default is not REQUIRED
    }
    missing = [name for name in names if name not in resolved]
    if missing:
        raise ValueError(f"{owner} needs the setting {missing[0]!r}: give it a value")
    resolved |= {name: _literal(given[name]) for name in unknown}
    for constraint in constraints:
        if (refusal := constraint(resolved)) is not None:
            raise ValueError(f"{owner} {refusal}")
    return resolved
