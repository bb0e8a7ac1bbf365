"""The grammar of selections: from text to a tree, and back. What it is, `query.py` says; nothing is evaluated here."""

import math
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace

import numpy as np

from analysis.selection.listed import MOST, Listed, in_runs
from analysis.selection.regions import SCALES, Axis, Region

DEEPEST = 40  # parentheses and `not`s within each other

_COMPARISONS = ("<", "<=", ">", ">=", "=", "==", "!=", "~")
_KEYWORDS = {"and", "or", "not", "in", "is", "missing", "true", "false"}
_TOKEN = re.compile(
    r"""(?P<space>\s+)
      | (?P<number>[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?(?![\w.]))
      | (?P<word>[^\W\d]\w*(?:[.-]\w+)*)
      | (?P<column>`[^`]+`)
      | (?P<text>"(?:[^"]|"")*"|'(?:[^']|'')*')
      | (?P<sign><=|>=|==|!=|<|>|=|~|\(|\)|\[|\]|,|;|\+|-|\*|/)""",
    re.VERBOSE,
)


@dataclass(frozen=True)
class Token:
    """A piece of the text."""

    kind: str  # number, word, keyword, column, text, sign, end
    text: str  # as written; keywords in lower case, quotes taken off
    position: int = field(compare=False)  # of its first character, from 1


@dataclass(frozen=True)
class Operand:
    """A column, a number, a text or true/false. `kind` as in `Token`, or "bool"."""

    kind: str
    value: object
    position: int = field(compare=False)
    written: str = ""  # of a number, as it stands in the query


@dataclass(frozen=True)
class Sum:
    """Two operands joined by `+`, `-`, `*` or `/`: numbers."""

    sign: str
    left: "Operand | Sum"
    right: "Operand | Sum"
    position: int = field(compare=False)
    kind = "sum"

    @property
    def value(self) -> str:
        """As it is written."""
        return _operand(self)


@dataclass(frozen=True)
class Compare:
    """Operands with the signs between them: `a < b <= c`."""

    operands: tuple[Operand | Sum, ...]
    signs: tuple[Token, ...]


@dataclass(frozen=True)
class In:
    """One operand in a list, or not in it."""

    operand: Operand | Sum
    values: tuple[Operand, ...]
    negated: bool


@dataclass(frozen=True)
class Missing:
    """One operand is missing, or is not."""

    operand: Operand
    negated: bool


@dataclass(frozen=True)
class Flag:
    """A column of yes and no by itself."""

    operand: Operand


@dataclass(frozen=True)
class Within:
    """Inside a region or a list of ids, by its name."""

    region: str
    position: int = field(default=0, compare=False)


@dataclass(frozen=True)
class Not:
    """The opposite of a node."""

    of: object


@dataclass(frozen=True)
class Join:
    """Nodes joined by one word."""

    word: str  # "and" or "or"
    parts: tuple


def wrong(position: int, message: str) -> ValueError:
    """The error that says where in the text, from 1, and what."""
    return ValueError(f"query, character {position}: {message}")


def _tokens(text: str) -> Iterator[Token]:
    at = 0
    while at < len(text):
        match = _TOKEN.match(text, at)
        if match is None:
            raise wrong(at + 1, _unreadable(text, at))
        kind, found = match.lastgroup, match.group()
        if kind == "word" and found.lower() in _KEYWORDS:
            yield Token("keyword", found.lower(), at + 1)
        elif kind == "text":
            yield Token(kind, found[1:-1].replace(2 * found[0], found[0]), at + 1)
        elif kind == "column":
            yield Token(kind, found[1:-1], at + 1)
        elif kind != "space":
            yield Token(kind, found, at + 1)
        at = match.end()
    yield Token("end", "the end", len(text) + 1)


_SLIPS = {
    "&": "`and`",
    "|": "`or`, or for one of several `label_name in (fox, wolf)`",
    "!": "`not`",
}


def _unreadable(text: str, at: int) -> str:
    if text[at] in _SLIPS:
        return f"{text[at]!r} is written {_SLIPS[text[at]]}"
    if text[at] == "%" and (number := re.search(r"[-+]?[\d.]+\s*$", text[:at])):
        share = re.sub(r"\s", "", number[0])
        with suppress(ValueError):
            return f"{share}% is written {written_number(float(share) / 100)}"
    if text[at] in "\"'`":
        return f"the {text[at]} is not closed (or holds nothing): add the second one"
    if text[at].isdigit() or text[at] in "+-.":
        found = text[at : at + 20].split()[0]
        return f"{found!r} is not a number: write text that begins with a digit or sign between quotes"
    return f"{text[at]!r} is not part of the query language: write text that holds signs between quotes"


class Parser:
    """Recursive descent over the tokens; one method per rule."""

    def __init__(self, text: str):
        self.text = text
        self.tokens = list(_tokens(text))
        self.at = 0
        self.depth = 0

    @property
    def next(self) -> Token:
        """The token that is read next; the last one is the end."""
        return self.tokens[self.at]

    def take(self) -> Token:
        """Read a token."""
        self.at += 1
        return self.tokens[self.at - 1]

    def accept(self, kind: str, *texts: str) -> bool:
        """Read the next token if it is of a kind and one of the texts; whether it was."""
        if self.next.kind == kind and self.next.text in texts:
            self.at += 1
            return True
        return False

    def expect(self, sign: str, what: str) -> None:
        """Read a sign; `what` says in the message what it is there for.

        Raises
        ------
        ValueError : something else stands there
        """
        if not self.accept("sign", sign):
            raise wrong(self.next.position, f"expected {sign!r} {what}, found {self.next.text!r}")

    def whole(self) -> tuple[object, dict[str, Region | Listed]]:
        """A query to its end: its tree (None where it keeps every row), and by name the regions and lists given there.

        Raises
        ------
        ValueError : something stands behind it; a region or list that is given twice, or given and not used
        """
        node = None if self.next.kind == "end" else self.any_of()
        regions: dict[str, Region | Listed] = {}
        while self.accept("sign", ";"):
            at = self.next.position
            name, region = self.named_region()
            if name in regions:
                raise wrong(at, f"there are two regions {name!r}: give one another name")
            regions[name] = region
        if self.next.kind != "end":
            raise wrong(self.next.position, f"expected `and`, `or` or the end, found {self.next.text!r}")
        used = {one.region for one in nodes(node) if isinstance(one, Within)}
        for name in regions:
            if name not in used:
                raise wrong(len(self.text) + 1, f"the region {name!r} is used nowhere: add `in {written_name(name)}`")
        return node, regions

    def named_region(self) -> tuple[str, Region | Listed]:
        """`name = box(across, up, numbers)`, a lasso, or `name = ids(7, fox, "red fox", 20 to 31)`."""
        name = self.name("a region's name")
        self.expect("=", "after the region's name")
        at, kind = self.next.position, self.name("box, lasso or ids")
        self.expect("(", "to open the region")
        if kind == "ids":
            return name, self.listed_ids(at)
        across = self.axis()
        self.expect(",", "after the region's first axis")
        up, numbers = self.axis(), []
        while self.accept("sign", ","):
            token = self.take()
            if token.kind != "number":
                raise wrong(token.position, f"expected a number, found {token.text!r}")
            numbers.append(float(_number(token)))
        self.expect(")", "to close the region")
        if len(numbers) % 2:
            raise wrong(at, f"{len(numbers)} numbers: each vertex of a region needs two")
        try:
            return name, Region(kind, tuple(numbers[::2]), tuple(numbers[1::2]), across, up)
        except ValueError as error:
            raise wrong(at, str(error)) from None

    def listed_ids(self, at: int) -> Listed:
        """What stands between the parentheses of `ids(...)`, and the closing one.

        Raises
        ------
        ValueError : no id, a range that does not rise, or too many of them
        """
        ids: list[str] = []
        while not self.accept("sign", ")"):
            if ids:
                self.expect(",", "between two ids")
            token = self.take()
            if token.kind not in ("number", "word", "text", "keyword"):
                raise wrong(token.position, f"expected an id, found {token.text!r}")
            ids.append(token.text if token.kind != "keyword" else self.text[token.position - 1 :][: len(token.text)])
            if token.kind == "number" and self.accept("word", "to"):
                ids += self.range_after(token)
            if len(ids) > MOST:
                raise wrong(at, f"more than {MOST:,} ids: select them by a query instead")
        return Listed.of(ids)

    def range_after(self, first: Token) -> Iterator[str]:
        """The whole numbers above the first one of `3 to 9`, up to the last.

        Raises
        ------
        ValueError : it is no range of whole numbers that rises
        """
        last = self.take()
        numbers = [_number(token) for token in (first, last) if token.kind == "number"]
        if len(numbers) < 2 or not all(isinstance(n, int) and n >= 0 for n in numbers) or numbers[0] >= numbers[1]:
            raise wrong(
                last.position, f"{first.text} to {last.text}: a range of ids goes from a whole number to a larger"
            )
        if numbers[1] - numbers[0] >= MOST:
            raise wrong(first.position, f"more than {MOST:,} ids: select them by a query instead")
        return (str(number) for number in range(numbers[0] + 1, numbers[1] + 1))

    def axis(self) -> Axis:
        """A column, or a scale and a column in parentheses."""
        word = self.next.kind == "word"
        at, name = self.next.position, self.name("a column")
        if not (word and self.accept("sign", "(")):
            return Axis(name)
        if name not in SCALES:
            raise wrong(at, f"{name!r} is no scale: {', '.join(SCALES)} is one")
        column = self.name("a column")
        self.expect(")", "after the column")
        return Axis(column, name)

    def name(self, what: str) -> str:
        """The name that comes next.

        Raises
        ------
        ValueError : none does; `what` says of what one is expected
        """
        token = self.take()
        if token.kind not in ("word", "column"):
            raise wrong(token.position, f"expected {what}, found {token.text!r}")
        return token.text

    def any_of(self) -> object:
        """Conditions joined by `or`."""
        return self.joined("or", self.all_of)

    def all_of(self) -> object:
        """Conditions joined by `and`, which binds closer than `or`."""
        return self.joined("and", self.negation)

    def joined(self, word: str, part: Callable[[], object]) -> object:
        """One or more of `part` with a `word` between them."""
        parts = [part()]
        while self.accept("keyword", word):
            parts.append(part())
        return parts[0] if len(parts) == 1 else Join(word, tuple(parts))

    def negation(self) -> object:
        """A condition, perhaps behind `not`, or a query in parentheses.

        Raises
        ------
        ValueError : too many levels of either
        """
        self.depth += 1
        if self.depth > DEEPEST:
            raise wrong(self.next.position, f"more than {DEEPEST} levels of parentheses and `not`: write it flatter")
        if self.accept("keyword", "not"):
            node = Not(self.negation())
        elif not self.at_a_sum() and self.accept("sign", "("):
            node = self.any_of()
            self.expect(")", "to close the parenthesis")
        else:
            node = self.comparison()
        self.depth -= 1
        return node

    def at_a_sum(self) -> bool:
        """Whether what stands in the parentheses that open next is part of a sum: a sign comes before or after them."""
        if (self.next.kind, self.next.text) != ("sign", "("):
            return False
        level = 0
        for place, token in enumerate(self.tokens[self.at :], self.at):
            level += {"(": 1, ")": -1}.get(token.text, 0) if token.kind == "sign" else 0
            if level == 0:
                after = self.tokens[place + 1]
                return (after.kind == "sign" and after.text not in (")", ",", ";")) or _signed(after)
        return False

    def comparison(self) -> object:
        """A chain of comparisons, `is [not] missing`, `[not] in (...)`, or `in` a region.

        Raises
        ------
        ValueError : none of them
        """
        at = self.next.position
        if self.accept("keyword", "in"):
            return Within(self.name("the name of a region or a slice"), at)
        first = self.sum()
        if self.accept("keyword", "is"):
            negated = self.accept("keyword", "not")
            if not self.accept("keyword", "missing"):
                raise wrong(self.next.position, f"expected `missing` after `is`, found {self.next.text!r}")
            return Missing(first, negated)
        if self.next.kind == "keyword" and self.next.text in ("in", "not"):
            return self.listed(first)
        operands, signs = [first], []
        while self.next.kind == "sign" and self.next.text in _COMPARISONS:
            signs.append(self.take())
            if (signs[-1].text, self.next.text) in (("=", ">"), ("=", "<")):
                raise wrong(signs[-1].position, f"={self.next.text} is written {self.next.text}=")
            operands.append(self.sum())
        return Compare(tuple(operands), tuple(signs)) if signs else Flag(first)

    def listed(self, first: Operand | Sum) -> In:
        """`[not] in (...)` behind its first operand.

        Raises
        ------
        ValueError : no list
        """
        negated = self.accept("keyword", "not")
        if not self.accept("keyword", "in"):
            raise wrong(self.next.position, f"expected `in`, found {self.next.text!r}")
        self.expect("(", "to open the list")
        values = [self.operand()]
        while self.accept("sign", ","):
            values.append(self.operand())
        self.expect(")", "to close the list")
        return In(first, tuple(values), negated)

    def sum(self) -> Operand | Sum:
        """An operand, or several joined by `+` and `-`."""
        left = self.product()
        while True:
            at = self.next.position
            if _signed(self.next):  # `a -1`
                left = Sum("+", left, self.product(), at)
            elif self.next.kind == "sign" and self.next.text in ("+", "-"):
                left = Sum(self.take().text, left, self.product(), at)
            else:
                return left

    def product(self) -> Operand | Sum:
        """An operand, or several joined by `*` and `/`, which bind closer."""
        left = self.factor()
        while self.next.kind == "sign" and self.next.text in ("*", "/"):
            sign = self.take()
            left = Sum(sign.text, left, self.factor(), sign.position)
        return left

    def factor(self) -> Operand | Sum:
        """An operand, or a sum in parentheses.

        Raises
        ------
        ValueError : too many levels of them
        """
        if not self.accept("sign", "("):
            return self.operand()
        self.depth += 1
        if self.depth > DEEPEST:
            raise wrong(self.next.position, f"more than {DEEPEST} levels of parentheses and `not`: write it flatter")
        inner = self.sum()
        self.expect(")", "to close the parenthesis")
        self.depth -= 1
        return inner

    def operand(self) -> Operand:
        """A column, perhaps at an exit, a number, a text or a truth value.

        Raises
        ------
        ValueError : none of them
        """
        token = self.take()
        if token.kind in ("word", "column") and self.accept("sign", "["):
            return self.at_exit(token)
        if token.kind == "number":
            return Operand("number", _number(token), token.position, token.text)
        if token.kind in ("word", "column", "text"):
            return Operand(token.kind, token.text, token.position)
        if token.kind == "keyword" and token.text in ("true", "false"):
            return Operand("bool", token.text == "true", token.position)
        raise wrong(token.position, f"expected a column, a number or a text, found {token.text!r}")

    def at_exit(self, column: Token) -> Operand:
        """What stands in the brackets of `confidence[3]` or `confidence[last]`, and the column that this is.

        Raises
        ------
        ValueError : neither a number of an exit nor `last`
        """
        token = self.take()
        if token.kind == "number" and re.fullmatch(r"[1-9]\d{0,5}", token.text):
            name = f"{column.text}_{token.text}"
        elif (token.kind, token.text.lower()) == ("word", "last"):
            name = column.text
        else:
            raise wrong(token.position, f"expected an exit, from 1, or `last`, found {token.text!r}")
        self.expect("]", "after the exit")
        return Operand(column.kind, name, column.position)


def _signed(token: Token) -> bool:
    """Whether it is a number behind a sign, as the last part of `a -1`."""
    return token.kind == "number" and token.text[0] in "+-"


def _number(token: Token) -> int | float:
    value = float(token.text)
    if not np.isfinite(value):
        raise wrong(token.position, f"{token.text!r} is too large a number")
    whole = re.fullmatch(r"[-+]?\d{1,18}", token.text)
    return int(token.text) if whole else value


def nodes(node: object) -> Iterator[object]:
    """A tree's nodes that join and negate nothing, from left to right."""
    if isinstance(node, Join):
        for part in node.parts:
            yield from nodes(part)
    elif isinstance(node, Not):
        yield from nodes(node.of)
    elif node is not None:
        yield node


def operands(node: object) -> Iterator[Operand]:
    """Every operand of a tree, those of sums too, from left to right."""
    for one in nodes(node):
        if isinstance(one, Compare):
            of = one.operands
        elif isinstance(one, In):
            of = (one.operand, *one.values)
        else:
            of = (one.operand,) if isinstance(one, Missing | Flag) else ()
        for operand in of:
            yield from summed(operand)


def summed(operand: Operand | Sum) -> Iterator[Operand]:
    """The operands of a sum, from left to right; of an operand, itself."""
    if isinstance(operand, Sum):
        yield from summed(operand.left)
        yield from summed(operand.right)
    else:
        yield operand


def renamed(node: object, names: Mapping[str, str]) -> object:
    """A tree with other names for its regions."""
    if isinstance(node, Join):
        return replace(node, parts=tuple(renamed(part, names) for part in node.parts))
    if isinstance(node, Not):
        return Not(renamed(node.of, names))
    return replace(node, region=names.get(node.region, node.region)) if isinstance(node, Within) else node


# --- from a tree to text ---------------------------------------------------------------------------------------------


def written(node: object) -> str:
    """The text that `Parser` reads as this tree: single spaces, parentheses only where they are needed.

    Examples
    --------
    >>> written(Parser("NOT(fall>.5 and  fixed)or in drawn;drawn=box(x,y,0,0,1,1)").whole()[0])
    'not (fall > .5 and fixed) or in drawn'
    """
    if node is None:
        return ""
    if isinstance(node, Join):
        return f" {node.word} ".join(_grouped(part) for part in node.parts)
    if isinstance(node, Not):
        return f"not {f'({written(node.of)})' if isinstance(node.of, Join) else written(node.of)}"
    if isinstance(node, Within):
        return f"in {written_name(node.region)}"
    if isinstance(node, Compare):
        parts = [_operand(node.operands[0])]
        for sign, operand in zip(node.signs, node.operands[1:]):
            parts += [sign.text, _operand(operand)]
        return " ".join(parts)
    if isinstance(node, In):
        values = ", ".join(_operand(value) for value in node.values)
        return f"{_operand(node.operand)} {'not ' if node.negated else ''}in ({values})"
    if isinstance(node, Missing):
        return f"{_operand(node.operand)} is {'not ' if node.negated else ''}missing"
    return _operand(node.operand)


def _grouped(part: object) -> str:
    return f"({written(part)})" if isinstance(part, Join) else written(part)


_BINDS = {"+": 1, "-": 1, "*": 2, "/": 2}


def _operand(operand: Operand | Sum) -> str:
    if isinstance(operand, Sum):
        parts = []
        for part, least in ((operand.left, _BINDS[operand.sign]), (operand.right, _BINDS[operand.sign] + 1)):
            grouped = isinstance(part, Sum) and _BINDS[part.sign] < least
            parts.append(f"({_operand(part)})" if grouped else _operand(part))
        return f" {operand.sign} ".join(parts)
    if operand.kind == "number":
        return operand.written
    if operand.kind == "bool":
        return "true" if operand.value else "false"
    if operand.kind == "text":
        return written_text(operand.value)
    return operand.value if operand.kind == "word" else f"`{operand.value}`"


def written_text(text: str) -> str:
    """A text between quotes, those within it doubled where it holds both kinds.

    Examples
    --------
    >>> print(written_text("red fox"), written_text('6" pot'), written_text("it's " + '"a" pot'))
    "red fox" '6" pot' "it's ""a"" pot"
    """
    return f"'{text}'" if '"' in text and "'" not in text else '"' + text.replace('"', '""') + '"'


def written_region(name: str, region: Region | Listed) -> str:
    """`name = box(across, up, numbers)` or `name = ids(...)`, as `Parser` reads it."""
    if isinstance(region, Listed):
        ids = (_id(one) if isinstance(one, str) else f"{one[0]} to {one[1]}" for one in in_runs(region.ids))
        return f"{written_name(name)} = ids({', '.join(ids)})"
    vertices = (f"{written_number(x)},{written_number(y)}" for x, y in zip(region.x, region.y))
    return f"{written_name(name)} = {region.kind}({', '.join([_axis(region.across), _axis(region.up), *vertices])})"


def _id(text: str) -> str:
    match = _TOKEN.fullmatch(text)
    plain = match is not None and match.lastgroup in ("number", "word") and text.lower() not in {*_KEYWORDS, "to"}
    return text if plain else written_text(text)


def _axis(axis: Axis) -> str:
    return f"{axis.scale}({written_name(axis.column)})" if axis.scale else written_name(axis.column)


def written_name(name: str) -> str:
    """A column or a region as a query names it: a plain word, or between backquotes.

    Raises
    ------
    ValueError
        It is empty or holds a backquote, so no query can name it.
    """
    if not name or "`" in name:
        raise ValueError(f"the name {name[:40]!r} cannot stand in a query: it is empty or holds a backquote")
    match = _TOKEN.fullmatch(name)
    plain = match is not None and match.lastgroup == "word" and name.lower() not in _KEYWORDS
    return name if plain else f"`{name}`"


def written_number(value: float) -> str:
    """The shortest text that is read as exactly this number.

    Examples
    --------
    >>> written_number(2.0), written_number(0.1), written_number(1e-5)
    ('2', '0.1', '1e-05')
    """
    if not math.isfinite(value):
        raise ValueError(f"{value!r} cannot stand in a query: it must be finite")
    return short if float(short := f"{value:g}") == value else repr(float(value))
