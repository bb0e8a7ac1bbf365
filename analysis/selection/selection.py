"""The one language in which samples are chosen: a query, and the named regions that it is about.

Whatever chooses samples makes a `Selection`: what is typed, a filter, a click on a bar, a lasso. It has one text, which
addresses hold and which is kept where one is given a name; `Selection.parse` is its exact inverse. The grammar stands
in `analysis.selection.query`, the columns in `analysis.selection.sample_table`. Nothing of a text is run as code.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

import numpy as np

from analysis.selection.grammar import (
    Flag,
    Join,
    Not,
    Operand,
    Parser,
    Within,
    nodes,
    operands,
    renamed,
    written,
    written_region,
)
from analysis.selection.listed import Listed
from analysis.selection.query import Table, kept
from analysis.selection.regions import Axis, Region

LONGEST = 32_000  # characters: a lasso of 500 vertices to the last digit, and a query beside it
NAME = "drawn"
"""What a region is called that nobody named."""
CHOSEN = "chosen"
"""What a list of ids is called that nobody named."""


@dataclass(frozen=True)
class Selection:
    """Which samples: made by `Selection.parse`, of a region by `Selection.inside`, or of others by `&`, `|` and `~`.

    Two are equal exactly when their texts are: spaces, needless parentheses and the case of keywords do not count.

    Examples
    --------
    >>> import pandas as pd
    >>> table = pd.DataFrame({"position": [4, 5, 6], "fall": [0.0, 0.3, 0.5], "label_name": ["fox", "fox", "wolf"]})
    >>> fallen, foxes = Selection.parse("fall > 0.1"), Selection.parse("label_name = fox")
    >>> (fallen & foxes).mask(table).tolist(), (~fallen).positions(table).tolist()
    ([False, True, False], [4])
    >>> (fallen & (foxes | Selection.parse("in drawn; drawn = box(fall, position, 0.4, 0, 1, 9)"))).text
    'fall > 0.1 and (label_name = fox or in drawn); drawn = box(fall, position, 0.4,0, 1,9)'
    """

    query: object = field(default=None, repr=False)
    """A tree of `analysis.selection.grammar`; None keeps every sample."""
    regions: Mapping[str, Region | Listed] = field(default_factory=dict, repr=False)
    """Regions and lists of ids, by the names that the query calls them."""

    @classmethod
    def parse(cls, text: str) -> Selection:
        """Read a selection.

        Parameters
        ----------
        text : str
            As `analysis.selection.query` explains. Empty: every sample.

        Raises
        ------
        ValueError
            The text is none: the message names the character's position, from 1, and what was expected.
        """
        if len(text) > LONGEST:
            raise ValueError(f"query: longer than {LONGEST} characters: shorten it")
        return cls(*Parser(text).whole())

    @classmethod
    def inside(cls, region: Region | Listed, name: str = NAME) -> Selection:
        """The samples in one region, or of one list of ids."""
        return cls(Within(name), {name: region})

    @classmethod
    def of_ids(cls, ids: Iterable[object], name: str = CHOSEN) -> Selection:
        """The samples with these ids, whatever a run makes of them.

        Examples
        --------
        >>> Selection.of_ids([3, 4, 5, "red fox"]).text
        'in chosen; chosen = ids(3 to 5, "red fox")'
        """
        return cls.inside(Listed.of(ids), name)

    @property
    def text(self) -> str:
        """The selection's one text; `Selection.parse` is its inverse."""
        given = (name for name in self._named() if name in self.regions)
        return "; ".join([written(self.query), *(written_region(name, self.regions[name]) for name in given)])

    def _named(self) -> tuple[str, ...]:
        """What the query is within, in the order of the first use."""
        return tuple(dict.fromkeys(one.region for one in nodes(self.query) if isinstance(one, Within)))

    @property
    def slices(self) -> tuple[str, ...]:
        """The names that the query uses and the selection does not explain: saved slices, which `bound` explains."""
        return tuple(name for name in self._named() if name not in self.regions)

    def bound(self, slices: Mapping[str, Listed]) -> Selection:
        """The same selection with the ids of the saved slices that it names; those not among `slices` stay names.

        Examples
        --------
        >>> Selection.parse("in worst and not correct").bound({"worst": Listed.of([7, 9])}).text
        'in worst and not correct; worst = ids(7, 9)'
        """
        return Selection(self.query, {**self.regions, **{n: slices[n] for n in self.slices if n in slices}})

    def __str__(self) -> str:
        return self.text

    def __repr__(self) -> str:
        return f"Selection.parse({self.text!r})"

    def __hash__(self) -> int:
        return hash(self.text)

    @property
    def columns(self) -> tuple[str, ...]:
        """Names that stand for columns wherever the table has them, in the order of their first use."""
        named = [o.value for o in operands(self.query) if o.kind in ("word", "column")]
        regions = (one for one in self.regions.values() if isinstance(one, Region))
        return tuple(dict.fromkeys([*named, *(axis.column for one in regions for axis in one.axes)]))

    def mask(self, table: Table) -> np.ndarray:
        """Which rows of a table are selected.

        Parameters
        ----------
        table : SampleTable or pandas.DataFrame
            One row per sample. Of a `SampleTable` only the columns that are named are made.

        Returns
        -------
        numpy.ndarray
            bool, (rows,). Exact over all samples; one vectorised step for each comparison and each edge of a region.

        Raises
        ------
        ValueError
            A column does not exist or is of another kind than what it is compared with.
        """
        return kept(self.query, self.regions, table)

    def positions(self, table: Table) -> np.ndarray:
        """Positions in the run of the selected samples: int64, ascending as the table is."""
        return table["position"].to_numpy()[self.mask(table)]

    def region_over(self, across: Axis, up: Axis) -> Region | None:
        """The first region that was drawn over these axes."""
        regions = (one for one in self.regions.values() if isinstance(one, Region))
        return next((region for region in regions if region.axes == (across, up)), None)

    def __and__(self, other: Selection) -> Selection:
        """The samples in both."""
        return self._joined("and", other)

    def __or__(self, other: Selection) -> Selection:
        """The samples in either."""
        return self._joined("or", other)

    def __invert__(self) -> Selection:
        """The samples that are not in it."""
        if self.query is None:
            return Selection(Flag(Operand("bool", False, 0)))
        return _checked(Selection(self.query.of if isinstance(self.query, Not) else Not(self.query), self.regions))

    def _joined(self, word: str, other: Selection) -> Selection:
        for one, another in ((self, other), (other, self)):
            if one.query is None:  # every sample
                return another if word == "and" else one
        mine = self._apart_from(other.slices)
        theirs = other._apart_from((*mine.regions, *mine.slices), mine.regions)
        parts = (mine.query, theirs.query)
        flat = [p for part in parts for p in (part.parts if isinstance(part, Join) and part.word == word else (part,))]
        return _checked(Selection(Join(word, tuple(flat)), {**mine.regions, **theirs.regions}))

    def _apart_from(self, taken: Iterable[str], same: Mapping[str, Region | Listed] | None = None) -> Selection:
        """The same with other names for its regions where these are taken, except by the same region."""
        taken, same, names = {*taken, *self.slices}, same or {}, {}
        for name, region in self.regions.items():
            candidates = (name, *(f"{name}_{number}" for number in range(2, len(taken) + len(names) + 3)))
            free = (one for one in candidates if one not in {*taken, *names.values()} or same.get(one) == region)
            names[name] = next(free)
        return Selection(renamed(self.query, names), {names[name]: region for name, region in self.regions.items()})


def _checked(selection: Selection) -> Selection:
    """The selection, whose text must be one that can be read again: neither too long nor too deep."""
    Selection.parse(selection.text)
    return selection
