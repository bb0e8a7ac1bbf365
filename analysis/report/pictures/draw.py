"""A figure as SVG, PDF or HTML. plotly draws in a browser alone, so SVG and PDF need one; HTML brings it to its reader.

The page that is drawn holds plotly.js, our own scripts, named by their hashes in a policy that lets nothing else run
and nothing be fetched, and the figure as JSON.
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
from collections.abc import Mapping
from pathlib import Path

import plotly.graph_objects as go

from analysis.figures.browser import BUNDLE, dress_script, picture_script
from analysis.figures.print_sizes import PrintSize
from analysis.reference.outside_text import html_text
from analysis.report.pictures.about import About
from analysis.runtime.browser import page_dom, page_pdf
from analysis.runtime.whole_files import whole_file

FORMATS = ("svg", "pdf", "html")
_HEIGHT = 360
_DONE = re.compile(r'<pre id="(made|fault)">([A-Za-z0-9+/=]*)</pre>')


def picture_bytes(
    figure: go.Figure | str,
    size: PrintSize,
    about: About,
    form: str,
    *,
    height: int | None = None,
    more: Mapping[str, object] | None = None,
) -> bytes:
    """A figure as a file's content.

    Parameters
    ----------
    figure : plotly.graph_objects.Figure or str
        From `analysis.figures`, or its JSON.
    size : PrintSize
        Of an SVG or PDF; HTML is as wide as its window.
    about : About
        What is said inside it.
    form : str
        `svg`, `pdf` or `html`.
    height : int, optional
        Of the figure on screen, in pixels: by default its own.
    more : mapping, optional
        What else `picture` of `picture.js` draws: `ranges`, `line`, `region`, `points`.

    Raises
    ------
    ValueError
        There is no browser, or it draws no figure; saying what to do.
    """
    if form not in FORMATS:
        raise ValueError(f"a picture as {form!r}: choose {', '.join(FORMATS[:-1])} or {FORMATS[-1]}")
    parsed = json.loads(figure if isinstance(figure, str) else figure.to_json())
    source = {"figure": parsed, "height": height or parsed["layout"].get("height") or _HEIGHT, **(more or {})}
    asked = {
        "source": source,
        "size": {"width": size.width, "font": size.font, "height": size.height, "title": size.title},
        "about": {"title": about.title, "text": about.text},
        "paper": form == "pdf",
    }
    if form == "html":
        return _standing_page(asked, about).encode()
    page = _page(asked, about, "draw.js")
    if form == "pdf":
        return page_pdf(page)
    found = _DONE.search(page_dom(page))
    text = base64.b64decode(found[2]).decode() if found else "it did not finish"
    if found is None or found[1] == "fault":
        raise ValueError(f"the figure could not be drawn ({text[:200]}): save HTML instead")
    return text.encode()


def save_picture(
    figure: go.Figure, path: Path | str, size: PrintSize | None = None, about: About | None = None
) -> None:
    """Write a figure to a new file, whole or not at all.

    Parameters
    ----------
    figure : plotly.graph_objects.Figure
        From `analysis.figures`, or anyone's own.
    path : path
        Ends in .svg, .pdf or .html; a file of that name is replaced.
    size : PrintSize, optional
        By default a column of 3.25 inches with text of 8 points.
    about : About, optional
        What is said inside it; by default the file's name.

    Raises
    ------
    ValueError
        Another ending, or as `picture_bytes`.
    """
    path = Path(path)
    content = picture_bytes(figure, size or PrintSize(), about or About("", "", path.stem), path.suffix[1:].lower())
    with whole_file(path) as file:
        file.write_bytes(content)


def _source(name: str) -> str:
    return (Path(__file__).parent / name).read_text(encoding="utf-8")


def _page(asked: Mapping[str, object], about: About, script: str, look: str = "", body: str = "") -> str:
    """A page of one of our scripts and, perhaps, a style, by the names of their files."""
    scripts = [BUNDLE.read_text(encoding="utf-8"), dress_script() + picture_script() + _source(script)]
    hashes = " ".join(f"'sha256-{base64.b64encode(hashlib.sha256(one.encode()).digest()).decode()}'" for one in scripts)
    policy = f"default-src 'none'; script-src {hashes}; style-src 'unsafe-inline'; img-src data: blob:"
    data = json.dumps(asked, separators=(",", ":"))
    for sign in "<>&":
        data = data.replace(sign, f"\\u{ord(sign):04x}")
    return (
        f'<!DOCTYPE html><html lang="en"><head><meta charset="utf-8"><meta http-equiv="Content-Security-Policy" '
        f'content="{policy}"><meta name="viewport" content="width=device-width"><title>{html_text(about.title)}</title>'
        f"<style>{_source(look) if look else ''}</style></head>"
        f'<body>{body}<script type="application/json" id="asked">{data}</script>'
        f"{''.join(f'<script>{one}</script>' for one in scripts)}</body></html>"
    )


def _standing_page(asked: Mapping[str, object], about: About) -> str:
    """A page that draws the figure where it is opened, light or dark, under its title."""
    title = asked["source"]["figure"]["layout"].get("title", {})  # plotly's own markup, in which all text is escaped
    head = f"<h1>{title.get('text', '')}</h1><p>{title.get('subtitle', {}).get('text', '')}</p>"
    head = head if asked["size"]["title"] else ""
    body = f'{head}<div id="plot"></div><footer>{html_text(about.text)}</footer>'
    return _page(asked, about, "show.js", "show.css", body)
