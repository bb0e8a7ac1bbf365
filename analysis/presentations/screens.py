"""A presentation and its screens, as they are kept and as a small file carries them."""

from __future__ import annotations

import base64
import binascii
import html
import json
import re
import secrets
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field, fields
from typing import NoReturn

from analysis.images.thumbnails import thumbnail
from analysis.presentations.kept_figures import checked_figure

FORMAT = "exitlens-presentation/1"
KINDS = ("sentence", "figure", "samples")
LONGEST_NAME, LONGEST_SENTENCE, LONGEST_NOTE = 120, 500, 4_000
LONGEST_ADDRESS = 12_000
MOST_SCREENS, MOST_PICTURES = 200, 24
LARGEST_FILE = 64_000_000  # characters of a presentation's file
_TAG = re.compile(r"</?[a-z]+\s*/?>")  # those that a figure that was checked may hold
_HALF = re.compile(r"\\u[dD][89a-fA-F]")  # of a pair of surrogates; alone it can be neither kept nor sent
_DATA_ADDRESS = re.compile(r"data:(image/(?:png|jpeg|webp|gif));base64,([A-Za-z0-9+/=]+)")


@dataclass(frozen=True)
class Source:
    """Where the numbers of a screen come from: what it says below itself, and the way back to the page."""

    page: str = ""
    chart: str = ""
    """The chart's name on that page."""
    address: str = ""
    """What the address held: `run=...&predictor=...`."""
    run: str = ""
    """Id of the run; its title then; and what its content was, by which it is seen whether it has changed."""
    title: str = ""
    fingerprint: str = ""
    predictor: str = ""
    """By its name, and whether it was on."""
    settings: str = ""
    split: str = ""
    selected: str = ""
    """What was selected, in words; empty: all samples of the split."""
    made: str = ""
    """When: ISO 8601, UTC."""


@dataclass(frozen=True)
class Picture:
    """One sample: its image as a data address, what it is, what is said of it."""

    image: str
    title: str
    note: str = ""


@dataclass(frozen=True)
class Screen:
    """One screen: a sentence alone, a figure, or samples.

    Raises
    ------
    ValueError
        It holds what cannot be shown: the message says what.
    """

    kind: str
    sentence: str = ""
    """In large type: alone, or above the figure. Of more lines than one the first is the heading."""
    source: Source = field(default_factory=Source)
    figure: dict | None = None
    pictures: tuple[Picture, ...] = ()
    id: str = field(default_factory=lambda: secrets.token_hex(6))

    def __post_init__(self):
        if self.kind not in KINDS:
            raise ValueError(f"screen: kind {str(self.kind)[:40]!r} must be one of {', '.join(KINDS)}")
        if not re.fullmatch(r"[0-9a-f]{12}", self.id):
            raise ValueError("screen: its id must be 12 hexadecimal digits")
        if len(self.sentence) > LONGEST_SENTENCE:
            raise ValueError(f"screen: its sentence is longer than {LONGEST_SENTENCE:,} characters: shorten it")
        for one in fields(Source):
            limit = LONGEST_ADDRESS if one.name == "address" else LONGEST_NOTE
            if len(getattr(self.source, one.name)) > limit:
                raise ValueError(f"screen: its {one.name} is longer than {limit:,} characters")
        if self.kind == "sentence" and not self.sentence.strip():
            raise ValueError("screen: write a sentence, or add a figure")
        if (self.figure is None) != (self.kind == "sentence") or (self.pictures and self.kind != "samples"):
            raise ValueError(f"screen: a screen of the kind {self.kind} holds no such figure or images")
        if len(self.pictures) > MOST_PICTURES:
            raise ValueError(f"screen: {len(self.pictures):,} images, and at most {MOST_PICTURES} are shown")

    @property
    def heading(self) -> str:
        """What a list calls it, as plain text: the first line of its sentence, else its figure's title."""
        if self.sentence.strip():
            return self.sentence.strip().splitlines()[0]
        title = (self.figure or {"layout": {}})["layout"].get("title")
        title = title.get("text") if isinstance(title, dict) else title
        return html.unescape(_TAG.sub(" ", title)) if isinstance(title, str) else ""


@dataclass(frozen=True)
class Presentation:
    """Screens in their order, under a name.

    Raises
    ------
    ValueError
        The name is empty, too long or no single line; there are too many screens, or two of one id.
    """

    name: str
    screens: tuple[Screen, ...] = ()
    made: str = ""
    """When: ISO 8601, UTC."""

    def __post_init__(self):
        name = self.name
        if not name or name != name.strip() or not name.isprintable() or len(name) > LONGEST_NAME:
            raise ValueError(
                f"presentation {name[:40]!r}: a name is one line of 1 to {LONGEST_NAME} characters, without spaces "
                "around it"
            )
        if len(self.screens) > MOST_SCREENS:
            raise ValueError(f"presentation {name!r}: at most {MOST_SCREENS} screens: begin another presentation")
        if len({screen.id for screen in self.screens}) != len(self.screens):
            raise ValueError(f"presentation {name!r}: two screens have one id")

    def to_json(self) -> str:
        """As a small file for somebody else; `from_json` is its inverse."""
        about = {"format": FORMAT, "name": self.name, "made": self.made}
        return json.dumps(about | {"screens": written(self.screens)}, ensure_ascii=False, separators=(",", ":"))

    @classmethod
    def from_json(cls, text: str) -> Presentation:
        """Read what `to_json` wrote.

        Raises
        ------
        ValueError
            It is something else, or holds what cannot be shown: the message says what and on which screen.
        """
        if len(text) > LARGEST_FILE:
            raise ValueError(f"presentation: the file is longer than {LARGEST_FILE:,} characters")
        try:
            found = json.loads(text, parse_constant=_no_number)
        except (ValueError, RecursionError):
            raise ValueError(
                "presentation: the file is no JSON: choose one that was saved by “Save to a file”"
            ) from None
        if _HALF.search(text):
            try:
                json.dumps(found, ensure_ascii=False).encode()
            except UnicodeEncodeError:
                raise ValueError("presentation: the file holds half a character: save the presentation again") from None
        if not isinstance(found, dict) or found.get("format") != FORMAT:
            raise ValueError(f"presentation: the file does not say that it is one ({FORMAT})")
        for name in ("name", "made"):
            if not isinstance(found.get(name, ""), str):
                raise ValueError(f"presentation: {name!r} must be a text")
        return cls(found.get("name", ""), read(found.get("screens")), found.get("made", ""))


def _no_number(text: str) -> NoReturn:
    raise ValueError(text)


def written(screens: Sequence[Screen]) -> list[dict]:
    """Screens as JSON holds them; `read` is the inverse."""
    return [
        vars(screen) | {"source": asdict(screen.source), "pictures": [asdict(one) for one in screen.pictures]}
        for screen in screens
    ]


def read(found: object) -> tuple[Screen, ...]:
    """Screens from JSON.

    Raises
    ------
    ValueError
        One holds what cannot be shown.
    """
    if not isinstance(found, list):
        raise ValueError("presentation: 'screens' must be a list")
    return tuple(_screen(one, f"screen {number}") for number, one in enumerate(found, start=1))


def _screen(found: object, where: str) -> Screen:
    given = _texts(found, Screen, where, ("source", "figure", "pictures"))
    source = Source(**_texts(found.get("source", {}), Source, f"{where}: source"))
    pictures = found.get("pictures", [])
    if not isinstance(pictures, list) or len(pictures) > MOST_PICTURES:
        raise ValueError(f"{where}: pictures must be a list of at most {MOST_PICTURES}")
    pictures = tuple(_picture(one, f"{where}: picture {number}") for number, one in enumerate(pictures, start=1))
    figure = found.get("figure")
    figure = None if figure is None else checked_figure(figure, f"{where}: its figure")
    try:
        return Screen(**given, source=source, figure=figure, pictures=pictures)
    except (ValueError, TypeError) as error:
        raise ValueError(f"{where}: {error}") from None


def _picture(found: object, where: str) -> Picture:
    picture = Picture(**{"image": "", "title": ""} | _texts(found, Picture, where))
    if not picture.image:
        return picture
    address = _DATA_ADDRESS.fullmatch(picture.image)
    try:
        thumbnail(base64.b64decode(address[2], validate=True))
    except (TypeError, binascii.Error):
        raise ValueError(f"{where}: it is no address of a PNG, JPEG, WebP or GIF image's data") from None
    except ValueError as error:
        raise ValueError(f"{where}: {error}") from None
    return picture


def _texts(found: object, kind: type, where: str, others: Sequence[str] = ()) -> dict[str, str]:
    """The texts of an object whose names are all known."""
    names = [one.name for one in fields(kind)]
    if not isinstance(found, dict) or not set(found) <= set(names):
        raise ValueError(f"{where}: it must be an object of {', '.join(names)}, and nothing else")
    texts = {name: value for name, value in found.items() if name not in others}
    for name, value in texts.items():
        if not isinstance(value, str):
            raise ValueError(f"{where}: {name!r} must be a text")
    return texts
