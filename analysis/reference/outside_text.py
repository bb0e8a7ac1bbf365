"""Names and texts from files and addresses, made safe for each place that would read more into them than text.

One function per place: plain text, HTML, Markdown, plotly's pseudo-HTML, a cell of CSV, LaTeX, a file's name. Text that
only letters, digits and harmless marks make up comes back as it was. Imports the standard library only.
"""

from __future__ import annotations

import html
import re
import unicodedata
from collections.abc import Callable, Sequence

_JOINER = "\N{WORD JOINER}"  # invisible, no width
_OPEN, _CLOSE = "\N{FIRST STRONG ISOLATE}", "\N{POP DIRECTIONAL ISOLATE}"
_DIRECTIONS = dict.fromkeys([*range(0x202A, 0x202F), 0x2066, 0x2067])  # embeddings, overrides, other isolates
_ISOLATES = dict.fromkeys(map(ord, (_OPEN, _CLOSE)))
_ISOLATE = re.compile(f"{_OPEN}[^{_OPEN}{_CLOSE}]*{_CLOSE}")
_TURNS = {"R", "AL", "AN"}
_PUNCTUATION = re.compile(r"([!#$&()*+./:<=>@\[-`{-~-])")  # but what begins no markup: it would show in aria-labels
# What Streamlit makes pictures and links of although it is escaped: :smile:, ->, https://a.b, www.a.b, a@b.c
_ACTIVE = re.compile(r"(?<=:)(?=[\w+/-])|(?<=[<>=~-])(?=[<>=~-])|(?<=www)(?=\.)|(?<=@)(?=\w)", re.IGNORECASE)
_MARKUP = re.compile(r"([\\`*_{}\[\]<>|#~$^&!])")  # what GitHub's and pandoc's Markdown read within a line
_LATEX = str.maketrans(
    {"\\": r"\textbackslash{}", "~": r"\textasciitilde{}", "^": r"\textasciicircum{}", "`": r"\textasciigrave{}"}
    | {"|": r"\textbar{}", "<": "$<$", ">": "$>$", "\N{MINUS SIGN}": "$-$"}
    | {character: f"\\{character}" for character in "&%$#_{}"}
)
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")
_TOLD = re.compile(r" \([^()]{1,24}\)$")


def isolated(text: object) -> str:
    """Plain text that leaves the direction of what stands around it alone.

    Characters that turn whatever follows (U+202A to U+202E, U+2066 to U+2069) go; text of a script that runs from right
    to left is enclosed, so that the number after it stays where it is. What is enclosed already stays so: a sentence is
    made of isolated names.

    Examples
    --------
    >>> isolated("crane"), isolated("c\\u202erane")
    ('crane', 'crane')
    """
    text = str(text)
    if text.isascii():
        return text
    text = text.translate(_DIRECTIONS)
    around, found = text, 1
    while found:
        around, found = _ISOLATE.subn("", around)
    if _OPEN in around or _CLOSE in around:  # not in pairs
        text = around = bare(text)
    turns = any(unicodedata.bidirectional(character) in _TURNS for character in around)
    return f"{_OPEN}{text}{_CLOSE}" if turns else text


def bare(text: str) -> str:
    """A text without what `isolated` encloses it in, as people type it."""
    return text.translate(_ISOLATES)


def html_text(text: object) -> str:
    """Text within an HTML element or a quoted attribute.

    Examples
    --------
    >>> html_text("<b>")
    '&lt;b&gt;'
    """
    return html.escape(isolated(text))


def markdown_text(text: object) -> str:
    """Text for a place where Streamlit reads Markdown: labels, captions, messages, help, options of segmented controls.

    Examples
    --------
    >>> markdown_text("*a* 0.5")
    '\\\\*a\\\\* 0\\\\.5'
    """
    return _PUNCTUATION.sub(r"\\\1", _ACTIVE.sub(_JOINER, " ".join(isolated(text).split())))


def markdown_cell(text: object) -> str:
    """Text for a file of Markdown, a cell of a table too: readable before it is rendered, numbers as they are.

    Examples
    --------
    >>> markdown_cell("a|b 0.5")
    'a\\\\|b 0.5'
    """
    return _MARKUP.sub(r"\\\1", _ACTIVE.sub(_JOINER, " ".join(isolated(text).split())))


def latex_text(text: object) -> str:
    """Text within LaTeX, a caption or a cell of a table: no command, no comment, no end of the row.

    Examples
    --------
    >>> latex_text("50% of my_run"), latex_text("[1pt]")
    ('50\\\\% of my\\\\_run', '{[}1pt]')
    """
    plain = " ".join(bare(isolated(text)).split())
    safe = "".join(c for c in plain if c == " " or unicodedata.category(c)[0] != "C").translate(_LATEX)
    return f"{{{safe[0]}}}{safe[1:]}" if safe[:1] in ("[", "*") else safe  # else the \\ before it takes it


def plotly_text(text: object) -> str:
    """Text that plotly shows as it is: it reads <b>, <a href>, <br>, &entities; and, in a `hovertemplate`, %{...}.

    Examples
    --------
    >>> plotly_text("<b>fox & hound</b>")
    '&lt;b&gt;fox &amp; hound&lt;/b&gt;'
    """
    return html.escape(isolated(text), quote=False).replace("%{", f"%{_JOINER}{{")


def csv_cell(value: object) -> object:
    """A value as a cell of CSV: a text that spreadsheets would run as a formula begins with an apostrophe.

    Examples
    --------
    >>> csv_cell("=1+1"), csv_cell("-0.5"), csv_cell(-0.5)
    ("'=1+1", '-0.5', -0.5)
    """
    if not isinstance(value, str):
        return value
    value = bare(value)
    if not value.startswith(_FORMULA):
        return value
    try:
        float(value)
    except ValueError:
        return f"'{value}"
    return value


def file_name(text: str, otherwise: str, most: int = 60) -> str:
    """A name that a file or folder can have everywhere: letters and digits of any script, underscores, dots and dashes.

    Parameters
    ----------
    otherwise : what it is called where nothing of the text is left
    most : of bytes, which is what file systems count: as many letters of English, fewer of other scripts

    Examples
    --------
    >>> file_name("../my run: 50 %", "run"), file_name("?", "run")
    ('my-run-50', 'run')
    """
    plain = re.sub(r"[^\w.-]+", "-", text).lstrip("-._")
    return plain.encode()[:most].decode(errors="ignore").rstrip("-._") or otherwise


BEGINNING = 28
"""Characters of a long name that figures show."""


def distinct(names: Sequence[str], told: Callable[[int], str], *, cut: bool = False) -> tuple[str, ...]:
    """Names of which no two look the same: those that do are told apart in parentheses.

    Parameters
    ----------
    names : one for each place
    told : place, from 0, -> what tells it apart; no two places' are the same, and one's may be nothing
    cut : whether long ones are shown `shortened`: those that begin alike are told apart too

    Examples
    --------
    >>> distinct(["crane", "crane", "fox"], lambda index: f"class {index}")
    ('crane (class 0)', 'crane (class 1)', 'fox')
    """
    names = list(names)
    shared = _shared([_look(name[:BEGINNING] if cut else name) for name in names])
    while shared:
        for place in shared:
            names[place] += f" ({said})" if (said := told(place)) else ""
        shared = _shared([_look(name) for name in names])
    return tuple(names)


def _look(name: str) -> str:
    """What two names that look the same have in common."""
    if name.isascii():
        return " ".join(name.split())
    kept = (character for character in name if unicodedata.category(character) != "Cf")
    return " ".join(unicodedata.normalize("NFKC", "".join(kept)).split())


def _shared(looks: Sequence[str]) -> list[int]:
    if len(set(looks)) == len(looks):
        return []
    places: dict[str, list[int]] = {}
    for place, look in enumerate(looks):
        places.setdefault(look, []).append(place)
    return [place for alike in places.values() if len(alike) > 1 for place in alike]


def shortened(name: str, most: int) -> str:
    """A name of at most `most` characters, about: what tells it apart at its end stays.

    Examples
    --------
    >>> shortened("American coot (class 134)", 20), shortened("American coot", 9)
    ('American… (class 134)', 'American…')
    """
    if len(name) <= most:
        return name
    told = found[0] if (found := _TOLD.search(name)) else ""
    return name[: max(most - len(told) - 1, 8)].rstrip() + "…" + told
