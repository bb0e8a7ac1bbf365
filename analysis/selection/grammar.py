"""The grammar of queries: from text to a tree. What the grammar is, `query.py` says; nothing is evaluated here."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

DEEPEST = 40  # parentheses and `not`s within each other

_KEYWORDS = {"and", "or", "not", "in", "is", "missing", "true", "false"}
_TOKEN = re.compile(
    r"""(?P<space>\s+)
      | (?P<number>[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?(?![\w.]))
      | (?P<word>[^\W\d]\w*)
      | (?P<column>`[^`]+`)
      | (?P<text>"[^"]*"|'[^']*')
      | (?P<sign><=|>=|==|!=|<|>|=|~|\(|\)|,)""",
    re.VERBOSE,
)


@dataclass(frozen=True)
class Token:
    """A piece of the text."""

    kind: str  # number, word, keyword, column, text, sign, end
    text: str  # as written; keywords in lower case, quotes taken off
    position: int  # of its first character, from 1


@dataclass(frozen=True)
class Operand:
    """A column, a number, a text or true/false. `kind` as in `Token`, or "bool"."""

    kind: str
    value: object
    position: int
    written: str = ""  # of a number, as it stands in the query


@dataclass(frozen=True)
class Compare:
    """Operands with the signs between them: `a < b <= c`."""

    operands: tuple[Operand, ...]
    signs: tuple[Token, ...]


@dataclass(frozen=True)
class In:
    """One operand in a list, or not in it."""

    operand: Operand
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
class Not:
    """The opposite of a node."""

    of: object


@dataclass(frozen=True)
class Join:
    """Nodes joined by one word."""

    word: str  # "and" or "or"
    parts: tuple


def wrong(position: int, message: str) -> ValueError:
    """The error that says where in the query, from 1, and what."""
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
        elif kind in ("column", "text"):
            yield Token(kind, found[1:-1], at + 1)
        elif kind != "space":
            yield Token(kind, found, at + 1)
        at = match.end()
    yield Token("end", "the end", len(text) + 1)


def _unreadable(text: str, at: int) -> str:
    if text[at] in "\"'`":
        return f"the {text[at]} is not closed (or holds nothing): add the second one"
    if text[at].isdigit() or text[at] in "+-.":
        found = text[at : at + 20].split()[0]
        return f"{found!r} is not a number: write text that begins with a digit or sign between quotes"
    return f"{text[at]!r} is not part of the query language: write text that holds signs between quotes"


class Parser:
    """Recursive descent over the tokens; one method per rule."""

    def __init__(self, text: str):
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

    def whole(self) -> object:
        """A query to its end.

        Raises
        ------
        ValueError : something stands behind it
        """
        node = self.any_of()
        if self.next.kind != "end":
            raise wrong(self.next.position, f"expected `and`, `or` or the end, found {self.next.text!r}")
        return node

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
        elif self.accept("sign", "("):
            node = self.any_of()
            self.expect(")", "to close the parenthesis")
        else:
            node = self.comparison()
        self.depth -= 1
        return node

    def comparison(self) -> object:
        """A chain of comparisons, `is [not] missing`, or `[not] in (...)`.

        Raises
        ------
        ValueError : none of them
        """
        first = self.operand()
        if self.accept("keyword", "is"):
            negated = self.accept("keyword", "not")
            if not self.accept("keyword", "missing"):
                raise wrong(self.next.position, f"expected `missing` after `is`, found {self.next.text!r}")
            return Missing(first, negated)
        if self.next.kind == "keyword" and self.next.text in ("in", "not"):
            return self.listed(first)
        operands, signs = [first], []
        while self.next.kind == "sign" and self.next.text not in ("(", ")", ","):
            signs.append(self.take())
            operands.append(self.operand())
        return Compare(tuple(operands), tuple(signs)) if signs else Flag(first)

    def listed(self, first: Operand) -> In:
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

    def operand(self) -> Operand:
        """A column, a number, a text or a truth value.

        Raises
        ------
        ValueError : none of them
        """
        token = self.take()
        if token.kind == "number":
            return Operand("number", _number(token), token.position, token.text)
        if token.kind in ("word", "column", "text"):
            return Operand(token.kind, token.text, token.position)
        if token.kind == "keyword" and token.text in ("true", "false"):
            return Operand("bool", token.text == "true", token.position)
        raise wrong(token.position, f"expected a column, a number or a text, found {token.text!r}")


def _number(token: Token) -> int | float:
    value = float(token.text)
    if not np.isfinite(value):
        raise wrong(token.position, f"{token.text!r} is too large a number")
    whole = re.fullmatch(r"[-+]?\d{1,18}", token.text)
    return int(token.text) if whole else value


def operands(node: object) -> Iterator[Operand]:
    """Every operand of a tree, from left to right."""
    if isinstance(node, Join):
        for part in node.parts:
            yield from operands(part)
    elif isinstance(node, Not):
        yield from operands(node.of)
    elif isinstance(node, Compare):
        yield from node.operands
    elif isinstance(node, In):
        yield node.operand
        yield from node.values
    elif isinstance(node, Missing | Flag):
        yield node.operand
