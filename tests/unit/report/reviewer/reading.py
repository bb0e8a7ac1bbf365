"""A report as a reader has it: its elements, the text of each, and the data of its figures."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from html.parser import HTMLParser

VOID = {"meta", "link", "img", "input", "br"}


@dataclass
class Element:
    """An element with its attributes, its own text, and what it holds."""

    name: str
    attributes: dict[str, str | None]
    texts: list[str] = field(default_factory=list)
    children: list[Element] = field(default_factory=list)

    @property
    def text(self) -> str:
        """All text within, in no particular order of own and inner texts."""
        return " ".join([*self.texts, *(child.text for child in self.children)])

    def all(self, name: str = "", **attributes: str) -> list[Element]:
        """The elements within, of a name and with attributes (`class_` holds one class of several)."""
        found = [one for child in self.children for one in [child, *child.all()]]
        wanted = attributes.pop("class_", None)
        return [
            one
            for one in found
            if (not name or one.name == name)
            and (wanted is None or wanted in (one.attributes.get("class") or "").split())
            and all(one.attributes.get(key) == value for key, value in attributes.items())
        ]


class _Reader(HTMLParser):
    def __init__(self):
        super().__init__(convert_charrefs=True)
        self.open = [Element("document", {})]

    def handle_starttag(self, name, attributes):
        element = Element(name, dict(attributes))
        self.open[-1].children.append(element)
        if name not in VOID and name != "path":
            self.open.append(element)

    def handle_endtag(self, name):
        if name in VOID or name == "path":
            return
        assert self.open[-1].name == name, f"</{name}> within <{self.open[-1].name}>"
        self.open.pop()

    def handle_data(self, data):
        self.open[-1].texts.append(data)


def read(page: str) -> Element:
    """The document; every element is closed where it was opened."""
    reader = _Reader()
    reader.feed(page)
    reader.close()
    assert [one.name for one in reader.open] == ["document"]
    return reader.open[0]


def figures(document: Element) -> dict[str, dict]:
    """Key -> the states of a figure."""
    (data,) = document.all("script", id="figures")
    return json.loads(data.text)


def rows(document: Element, caption: str) -> list[list[str]]:
    """The rows of the tables whose caption begins so, each the texts of its cells."""
    tables = [one for one in document.all("table") if any(c.text.startswith(caption) for c in one.all("caption"))]
    return [[cell.text for cell in row.children] for table in tables for row in table.all("tr")]
