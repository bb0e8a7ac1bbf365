"""Names that a number tells apart, `exit_1 ... exit_12`, in the order of their numbers. Standard library."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

EXIT_WORDS = {
    *("exit", "exits", "head", "heads", "branch", "classifier", "clf", "ic", "logit", "logits", "out", "output"),
    *("outputs", "pred", "preds", "prediction", "predictions", "prob", "probs", "probabilities", "softmax", "score"),
    "scores",
}
"""Words that make numbered arrays the outputs of exits; numbers alone do, too."""
OTHER_WORDS = {
    *("feature", "features", "feat", "feats", "hidden", "embedding", "embeddings", "weight", "weights", "bias", "loss"),
    *("conf", "confidence", "entropy", "time", "times", "acc", "accuracy", "correct", "label", "labels", "target"),
    *("targets", "index", "class"),
}
"""Words that make them something else."""
_NUMBER = re.compile(r"\d{1,15}(?:\.\d{1,15})?")


@dataclass(frozen=True)
class Family:
    """Names that differ in a number alone.

    names : in the order of their numbers
    pattern : the name, in lower case, with `#` for each number
    is_ordered : whether the numbers tell the order: every number that varies grows from each name to the next
    """

    names: tuple
    pattern: str
    is_ordered: bool

    @property
    def words(self) -> set[str]:
        """Of the name, in lower case."""
        return set(re.findall(r"[a-z]+", self.pattern))

    @property
    def means_exits(self) -> bool:
        """Whether the name says that these are what the exits give."""
        return not self.words & OTHER_WORDS and (bool(self.words & EXIT_WORDS) or not self.words)


def text_of(name: object) -> str:
    """A name as text; names in bytes, as Python 2 wrote them, are read."""
    return name.decode("latin1") if isinstance(name, bytes) else str(name)


def families(names: Iterable) -> list[Family]:
    """The names that differ in a number alone, two and more."""
    members: dict[str, list] = {}
    for name in names:
        if (
            isinstance(name, (str, bytes, int))
            and not isinstance(name, bool)
            and not (isinstance(name, int) and name < 0)
        ):
            text = text_of(name).lower()
            if numbers := tuple(map(float, _NUMBER.findall(text))):
                members.setdefault(_NUMBER.sub("#", text), []).append((numbers, name))
    found = []
    for pattern, numbered in members.items():
        if len(numbered) > 1:
            numbered.sort(key=lambda entry: entry[0])
            columns = [column for column in zip(*(numbers for numbers, _ in numbered)) if len(set(column)) > 1]
            grow = [all(before < after for before, after in pairwise(column)) for column in columns]
            found.append(Family(tuple(name for _, name in numbered), pattern, bool(grow) and all(grow)))
    return found


def listed(names: Sequence | Mapping, most: int = 8) -> str:
    """Names for people: all of a few, the first and the last of many."""
    texts = [text_of(name)[:100] for name in names]
    return ", ".join(texts) if len(texts) <= most else f"{texts[0]} ... {texts[-1]}"
