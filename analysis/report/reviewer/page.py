"""The report as one HTML file: whatever was gathered, written into `report.html` with its style, scripts and data.

Every text from outside passes `html_text`; figures travel as JSON in which no tag can begin. Nothing is taken from the
network, which the file's own policy forbids, and only the two scripts that it holds can run, by their hashes.
"""

from __future__ import annotations

import base64
import hashlib
import html
import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from string import Template

import plotly.graph_objects as go

from analysis.figures.browser import BUNDLE, dress_script
from analysis.figures.sparkline import HEIGHT, WIDTH
from analysis.figures.style import THEMED, predictor_style
from analysis.reference.outside_text import html_text, shortened
from analysis.report.reviewer.facts import Rows
from analysis.report.reviewer.figures import Shown
from analysis.report.reviewer.samples import Card, Group, faults
from analysis.report.reviewer.subject import LONGEST, STATES, Subject
from analysis.report.reviewer.tables import Table
from analysis.words.formats import probability
from analysis.words.verdicts import ToldVerdict

_HERE = Path(__file__).parent
OPENS = ("trajectories",)
"""Figures whose points open a sample here; of the others the invitation to click is left out."""
_INVITATION = re.compile(r"(<br>|; )click to [^<]*(?=<extra>)")
_APP_ONLY = "%{customdata[4]}<extra>"


@dataclass(frozen=True, eq=False)
class Section:
    """What is said of one run, gathered by `bundle.py`; `shown` for each state of the switch."""

    subject: Subject
    facts: str
    shown: tuple[str, str]
    claims: tuple[str, ...]
    paper: tuple[str, ...]
    verdicts: tuple[ToldVerdict, ...]
    figures: tuple[Shown, ...]
    numbers: tuple[Table, ...]
    paper_numbers: Table | None
    groups: tuple[Group, ...]
    settings: Rows
    provenance: Rows
    hashes: Rows


@dataclass(frozen=True, eq=False)
class Page:
    """The whole report.

    Attributes
    ----------
    comparison : the tables of runs beside each other, and why some are left out
    """

    sections: tuple[Section, ...]
    comparison: tuple[tuple[Table, ...], tuple[str, ...]]
    versions: Rows
    command: str


def as_html(page: Page) -> str:
    """The text of the file."""
    plotly = BUNDLE.read_text(encoding="utf-8")
    own = f"(() => {{\n{dress_script()}{_source('report.js')}}})();\n"
    subjects = [section.subject for section in page.sections]
    labels = list(dict.fromkeys(subject.label for subject in subjects))
    return Template(_source("report.html")).substitute(
        scripts=" ".join(f"'sha256-{_script_hash(script)}'" for script in (plotly, own)),
        title=html_text(f"{_heading(labels)}: {', '.join(_called(subject) for subject in subjects)}"),
        style=_source("report.css"),
        heading=html_text(_heading(labels)),
        correction=html_text(" / ".join(labels)),
        contents=_contents(page),
        sections="".join(_section(section, number) for number, section in enumerate(page.sections, start=1)),
        comparison=_comparison(page),
        versions=_rows(page.versions, "Versions"),
        command=html_text(page.command),
        figures=_json({key: states for section, number in _numbered(page) for key, states in _states(section, number)}),
        plotly=_inside_script(plotly),
        own=_inside_script(own),
    )


def _source(name: str) -> str:
    return (_HERE / name).read_text(encoding="utf-8")


def _script_hash(script: str) -> str:
    return base64.b64encode(hashlib.sha256(script.encode()).digest()).decode("ascii")


def _inside_script(script: str) -> str:
    """A script as the text of its element, which it does not end or hide."""
    assert not re.search(r"</script|<!--", script, re.IGNORECASE)
    return script


def _json(value: object) -> str:
    """JSON as the text of an element: no tag, comment or end of the element can begin in it."""
    text = json.dumps(value, sort_keys=True, separators=(",", ":"), allow_nan=False)
    return text.replace("&", "\\u0026").replace("<", "\\u003c").replace(">", "\\u003e")


def _heading(labels: Sequence[str]) -> str:
    return f"{' and '.join(labels)} against the baseline"


def _called(subject: Subject) -> str:
    """A run by its title, or by its id where it has none."""
    return shortened(subject.run.title or subject.run.id, 3 * LONGEST)


def _numbered(page: Page) -> list[tuple[Section, int]]:
    return [(section, number) for number, section in enumerate(page.sections, start=1)]


# --- figures ---------------------------------------------------------------------------------------------------------


def _states(section: Section, number: int) -> list[tuple[str, dict[str, object]]]:
    """Key -> the figure by state; one that is the same in both is there once."""
    found = []
    for shown in section.figures:
        states = {state: _figure(figure, shown.name) for state, figure in shown.figures.items()}
        if states["off"] == states["on"]:
            del states["off"]
        found.append((_key(number, shown), states))
    return found


def _key(number: int, shown: Shown) -> str:
    return f"{number}-{shown.name}"


def _figure(figure: go.Figure, name: str) -> dict[str, object]:
    """A figure as plotly.js takes it; its title stands in the page."""
    found = json.loads(figure.to_json())
    for left_out in ("template", "title"):
        found["layout"].pop(left_out, None)
    if name not in OPENS:
        for trace in found["data"]:
            if told := trace.get("hovertemplate"):
                trace["hovertemplate"] = _INVITATION.sub("", told)
                if name == "price":
                    trace["hovertemplate"] = trace["hovertemplate"].replace(_APP_ONLY, "<extra>")
    return found


def _in_both(texts: Sequence[str]) -> str:
    """A text for each state of the switch; once where they are the same."""
    off, on = (html_text(text) for text in texts)
    return on if off == on else f'<span class="off">{off}</span><span class="on">{on}</span>'


def _figure_html(shown: Shown, number: int) -> str:
    titles, subtitles = ([how(state) for state in STATES] for how in (shown.title, shown.subtitle))
    badge = f'<p class="badge">{html_text(shown.badge)}</p>' if shown.badge else ""
    notes = "".join(f"<p>{html_text(note)}</p>" for note in shown.notes)
    height = shown.figures["on"].layout.height
    said = [f"{title}. {subtitle}" for title, subtitle in zip(titles, subtitles)]
    return (
        f'<figure class="figure{" wide" if shown.wide else ""}"><figcaption><h4>{_in_both(titles)}</h4>'
        f"<p>{_in_both(subtitles)}</p>{badge}</figcaption>"
        f'<div class="plot" data-figure="{html_text(_key(number, shown))}" style="height:{height:.0f}px" role="img" '
        f'aria-label="{html_text(said[1])}" data-off="{html_text(said[0])}" data-on="{html_text(said[1])}"></div>'
        f'<div class="notes">{notes}</div></figure>'
    )


# --- tables ----------------------------------------------------------------------------------------------------------


def _table(table: Table) -> str:
    head = "".join(f'<th scope="col">{html_text(cell)}</th>' for cell in table.head)
    rows = "".join(_row(row, len(table.head)) for row in table.rows)
    state = "" if table.states == STATES else f" {table.states[0]}"
    return (
        f'<div class="table{state}"><table><caption>{html_text(table.caption)}</caption><thead><tr>{head}</tr></thead>'
        f"<tbody>{rows}</tbody></table></div>"
    )


def _row(row: tuple[str, ...], columns: int) -> str:
    heading, *cells = map(html_text, row)
    if not cells:
        return f'<tr><th scope="rowgroup" class="part" colspan="{columns}">{heading}</th></tr>'
    return f'<tr><th scope="row">{heading}</th>{"".join(f"<td>{cell}</td>" for cell in cells)}</tr>'


def _rows(rows: Rows, caption: str) -> str:
    body = "".join(
        f'<tr><th scope="row">{html_text(what)}</th><td>{html_text(value)}</td></tr>' for what, value in rows
    )
    return f'<div class="table facts"><table><caption>{html_text(caption)}</caption><tbody>{body}</tbody></table></div>'


def _verdicts(found: Sequence[ToldVerdict]) -> str:
    head = ("verdict", "finding, and what decides", "the paper: baseline → PA", "this run: baseline → PA")
    heads = "".join(f'<th scope="col">{html_text(cell)}</th>' for cell in head)
    rows = "".join(
        f'<tr><th scope="row">{html_text(one.verdict)}</th><td>{html_text(one.finding)}'
        f'<div class="why">{html_text(one.criterion)}</div></td><td>{html_text(one.paper)}</td>'
        f"<td>{html_text(one.run)}</td></tr>"
        for one in found
    )
    return (
        '<div class="table words"><table><caption>The published findings, and whether this run shows them too</caption>'
        f"<thead><tr>{heads}</tr></thead><tbody>{rows}</tbody></table></div>"
    )


# --- samples ---------------------------------------------------------------------------------------------------------


def _group(group: Group, subject: Subject, known: set[str]) -> str:
    cards = "".join(_card(card, subject, known) for card in group.cards)
    return f'<h4>{html_text(group.heading)}</h4><div class="cards">{cards}</div>'


def _card(card: Card, subject: Subject, known: set[str]) -> str:
    own = "" if card.id in known else f' data-sample="{html.escape(card.id)}" tabindex="-1"'
    known.add(card.id)
    picture = ""
    if card.image:
        alt = html_text(f"Picture of sample {card.called}, {card.title}")
        picture = f'<img src="{html_text(card.image)}" alt="{alt}">'
    falls = [f"{card.fall_words(state)} under {subject.named(state)}" for state in STATES]
    drawing = (
        f'<svg viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="'
        f'{html_text(f"Trajectory of sample {card.called}: it {falls[0]}, it {falls[1]}")}">'
        f'<path class="of-off" d="{card.paths["off"]}"/><path class="of-on" d="{card.paths["on"]}"/></svg>'
    )
    answers = _in_both([_answer(card, state) for state in STATES])
    return (
        f'<figure class="card"{own}>{picture}{drawing}<figcaption><b>{html_text(card.title)}</b>'
        f"<span>sample {html_text(card.called)}</span><span>{answers}</span>"
        f"{''.join(_fall(*one) for one in zip(STATES, falls))}</figcaption>{_exits(card, subject)}"
        "</figure>"
    )


def _fall(state: str, words: str) -> str:
    """Both are told; the one that is shown stands out."""
    return f'<span class="of-{state}">{html_text(words)}</span>'


def _answer(card: Card, state: str) -> str:
    last = card.exits[state][-1]
    verdict = {True: ", right", False: ", wrong", None: ""}[last.right]
    return f"last answer {last.answer}{verdict}"


def _exits(card: Card, subject: Subject) -> str:
    heads = "".join(
        f'<th scope="col">{html_text(name)}: answer</th><th scope="col">P</th>' for name in ("Baseline", subject.label)
    )
    rows = ""
    for at, name in enumerate(subject.exit_names):
        cells = ""
        for state in STATES:
            one = card.exits[state][at]
            mark = {True: "✓ ", False: "✗ ", None: ""}[one.right]
            told = "unknown" if one.probability != one.probability else probability(one.probability)
            cells += f"<td>{mark}{html_text(one.answer)}</td><td>{told}</td>"
        rows += f'<tr><th scope="row">{html_text(name)}</th>{cells}</tr>'
    return (
        f'<details><summary>Exit by exit</summary><div class="table"><table><thead><tr><th scope="col">exit</th>{heads}'
        f"</tr></thead><tbody>{rows}</tbody></table></div></details>"
    )


# --- sections --------------------------------------------------------------------------------------------------------


def _section(section: Section, number: int) -> str:
    subject, known = section.subject, set()
    run = subject.run
    claims = "".join(f"<li>{html_text(claim)}</li>" for claim in section.claims)
    figures = "".join(_figure_html(shown, number) for shown in section.figures)
    paper = ""
    if section.verdicts:
        said = "".join(f"<p>{html_text(sentence)}</p>" for sentence in section.paper)
        numbers = "" if section.paper_numbers is None else _table(section.paper_numbers)
        paper = f"<h3>Against the paper</h3>{said}{_verdicts(section.verdicts)}{numbers}"
    problems = "".join(f'<p class="badge">{html_text(fault)}</p>' for fault in faults(section.groups))
    what = "true class" if subject.difference.has_labels else "final prediction"
    return (
        f'<section id="run-{number}" style="{_colours(subject)}"><h2>{html_text(_called(subject))}</h2>'
        f'<p class="facts-line">{html_text(f"{run.id} · {section.facts}")}</p>'
        f"<h3>Claims</h3><p>{_in_both(section.shown)}</p><ol>{claims}</ol>"
        f'<h3>Figures</h3><div class="figures">{figures}</div>'
        f"{paper}<h3>Numbers</h3>{''.join(map(_table, section.numbers))}"
        f'<h3>Samples</h3><p class="legend">The line is the probability of the {what} over the exits, from 0 to 1: '
        f'<span class="key of-off">baseline</span> and <span class="key of-on">{html_text(subject.label)}</span>.</p>'
        f"{problems}{''.join(_group(group, subject, known) for group in section.groups)}"
        f"<h3>Settings and data</h3>{_rows(section.settings, 'Settings')}{_rows(section.provenance, 'The run')}"
        f"{_rows(section.hashes, 'Data')}</section>"
    )


def _colours(subject: Subject) -> str:
    """The correction's and the baseline's colours, on light pages and on dark ones, for the small drawings."""
    named = {"off": predictor_style("baseline")["color"], "on": predictor_style(subject.row.id)["color"]}
    return ";".join(
        f"--{state}-{page}:{THEMED[colour][place]}"
        for state, colour in named.items()
        for place, page in enumerate(("light", "dark"))
    )


def _contents(page: Page) -> str:
    if len(page.sections) == 1:
        return ""
    links = [(f"run-{number}", _called(section.subject)) for section, number in _numbered(page)]
    links.insert(0, ("comparison", "The runs beside each other"))
    return f'<nav aria-label="Contents"><ul>{"".join(_link(*link) for link in links)}</ul></nav>'


def _link(place: str, text: str) -> str:
    return f'<li><a href="#{place}">{html_text(text)}</a></li>'


def _comparison(page: Page) -> str:
    if len(page.sections) == 1:
        return ""
    tables, left_out = page.comparison
    body = "".join(map(_table, tables)) + "".join(f"<p>{html_text(why)}</p>" for why in left_out)
    return f'<section id="comparison"><h2>The runs beside each other</h2>{body}</section>'
