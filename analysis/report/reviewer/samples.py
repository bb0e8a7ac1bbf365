"""The samples behind the figures: drawn at random, falling most, fixed, broken; with pictures and trajectories."""

from __future__ import annotations

import base64
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from analysis.figures.sparkline import sparkline_paths
from analysis.images.image_tables import image_source
from analysis.images.thumbnails import thumbnail
from analysis.reference.outside_text import isolated, shortened
from analysis.report.reviewer.subject import LONGEST, STATES, Subject
from analysis.results import Results
from analysis.words.formats import small

IN_A_GROUP = 8
"""Samples of a group, but of those drawn at random."""


@dataclass(frozen=True)
class AtExit:
    """One exit's answer: class, probability of what is followed, whether it is right (None: nobody knows)."""

    answer: str
    probability: float
    right: bool | None


@dataclass(frozen=True)
class Card:
    """One sample.

    Attributes
    ----------
    id, title : its id as the run has it, and its true class
    image : a data address; empty where it has none
    fault : why its picture cannot be shown
    paths : SVG path data of its trajectory, by state of the switch
    falls : its largest fall, by state
    exits : what each exit says, by state
    """

    id: str
    title: str
    image: str
    fault: str
    paths: dict[str, str]
    falls: dict[str, float]
    exits: dict[str, tuple[AtExit, ...]]

    @property
    def called(self) -> str:
        """Its id within a sentence."""
        return isolated(shortened(self.id, LONGEST))

    def fall_words(self, state: str) -> str:
        """How far it falls."""
        size = self.falls[state]
        return f"falls by {small(size)}" if size > 0 else "never falls"


@dataclass(frozen=True)
class Group:
    """Samples that have something in common."""

    heading: str
    cards: tuple[Card, ...]


def sample_groups(subject: Subject) -> list[Group]:
    """Every group that holds a sample."""
    chosen = list(_chosen(subject))
    everyone = np.unique(np.concatenate([places for _, places in chosen]))
    cards = dict(zip(everyone.tolist(), _cards(subject, everyone)))
    return [Group(heading, tuple(cards[place] for place in places.tolist())) for heading, places in chosen]


def _chosen(subject: Subject) -> Iterator[tuple[str, np.ndarray]]:
    """Headings and places among the judged samples."""
    difference, label = subject.difference, subject.label
    yield f"Drawn at random (seed {subject.seed})", subject.picked
    falls = {state: np.nan_to_num(side.fall().size) for state, side in subject.sides.items()}
    for state, sizes in falls.items():
        worst = _largest(sizes, np.flatnonzero(sizes > 0))
        if len(worst):
            yield f"Falling most under {subject.named(state)}", worst
    if difference.has_labels:
        right = [side.right[-1] for side in (difference.a, difference.b)]
        probs = [side.probabilities[-1].astype(np.float64) for side in (difference.a, difference.b)]
        for heading, which, gain in (
            (f"Fixed by {label} at the last exit", right[1] & ~right[0], probs[1] - probs[0]),
            (f"Broken by {label} at the last exit", right[0] & ~right[1], probs[0] - probs[1]),
        ):
            if which.any():
                yield f"{heading}: {which.sum():,} in all", _largest(gain, np.flatnonzero(which))


def _largest(sizes: np.ndarray, among: np.ndarray) -> np.ndarray:
    """The places of the largest, the first of equals first."""
    return among[np.argsort(-sizes[among], kind="stable")[:IN_A_GROUP]]


def _cards(subject: Subject, places: np.ndarray) -> Iterator[Card]:
    positions = subject.difference.a.positions[places]
    paths = {state: sparkline_paths(side.probabilities[:, places]) for state, side in subject.sides.items()}
    for number, (position, picture) in enumerate(zip(positions.tolist(), _pictures(subject, positions))):
        image, fault = picture
        yield Card(
            id=str(subject.run.samples["id"].iat[position]),
            title=subject.true_name(position),
            image=image,
            fault=fault,
            paths={state: paths[state][number] for state in STATES},
            falls={state: float(side.fall().size[places[number]]) for state, side in subject.sides.items()},
            exits={state: _answers(subject, side, places[number]) for state, side in subject.sides.items()},
        )


def _answers(subject: Subject, side: Results, place: int) -> tuple[AtExit, ...]:
    known = subject.difference.has_labels
    return tuple(
        AtExit(subject.class_name(int(answer)), float(probability), bool(right) if known else None)
        for answer, probability, right in zip(
            side.traces.predicted[:, place], side.probabilities[:, place], side.right[:, place]
        )
    )


def _pictures(subject: Subject, positions: np.ndarray) -> list[tuple[str, str]]:
    """For each sample the data address of its picture, or why there is none."""
    try:
        source = image_source(subject.run)
        if source is None:
            return [("", "")] * len(positions)
        return [_address(data) for data in source.encoded(positions)]
    except ValueError as error:
        return [("", f"Its picture cannot be read: {error}.")] * len(positions)


def _address(data: bytes | None) -> tuple[str, str]:
    if data is None:
        return "", ""
    try:
        encoded, kind = thumbnail(data)
    except ValueError as error:
        return "", f"Its picture cannot be shown: {error}."
    return f"data:{kind};base64,{base64.b64encode(encoded).decode('ascii')}", ""


def faults(groups: Sequence[Group]) -> list[str]:
    """What is wrong with the pictures, each said once."""
    return list(dict.fromkeys(card.fault for group in groups for card in group.cards if card.fault))
