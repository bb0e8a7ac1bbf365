"""What every page is given: the runs, the predictors and the samples on screen."""

from dataclasses import dataclass

import numpy as np

from analysis.results import Difference, Results
from analysis.run import Run
from analysis.selection import Selection
from analysis.traces import Traces
from app import cache


@dataclass(frozen=True)
class Selected:
    """What is selected on every page."""

    selection: Selection
    mask: np.ndarray
    """Which samples of the split on screen it holds, bool (samples,)."""
    words: str
    """What it holds, as "12 samples" goes on."""
    fault: str = ""
    """Why the query that is typed is none; the samples are then those of the last one that was, if there was one."""

    @property
    def count(self) -> int:
        """How many samples it holds."""
        return int(np.count_nonzero(self.mask))


@dataclass(frozen=True)
class View:
    """What is on screen, the same for every page.

    `runs` are the opened ones, the chosen one first; every page but those that compare runs is about that one alone.
    `predictor` is the chosen one, `shown` the one now shown: `baseline` while PoE is off. `sample` is a position in
    the chosen run. `selected` is None while all samples are; with `only` results are over the selected samples alone.
    """

    runs: tuple[Run, ...]
    predictor: str
    settings: dict[str, object]
    poe: bool
    shown: str
    shown_settings: dict[str, object]
    split: str
    sample: int
    has_labels: bool
    unit: str | None
    selected: Selected | None = None
    only: bool = False

    @property
    def run(self) -> Run:
        """The chosen one."""
        return self.runs[0]

    def settings_of(self, predictor: str) -> dict[str, object]:
        """Those on screen of the chosen predictor; any other's are its defaults."""
        return self.settings if predictor == self.predictor else {}

    def results(self, predictor: str, run: Run | None = None) -> Results:
        """A predictor's numbers on the split on screen: of the chosen run, or, over all samples, of another."""
        if run is not None and run is not self.run:
            return cache.results(run, predictor, self.settings_of(predictor), self.split)
        found = self._whole(predictor)
        return cache.some(found, np.flatnonzero(self.selected.mask)) if self.only else found

    def lit_results(self, predictor: str) -> Results | None:
        """A predictor's numbers over the selected samples alone, to stand before those of all; None where these are the
        same, or none is selected."""
        if self.selected is None or self.only or self.selected.count in (0, len(self.selected.mask)):
            return None
        lit = cache.some(self._whole(predictor), np.flatnonzero(self.selected.mask))
        return lit if lit.has_labels == self.has_labels else None  # what all are counted by, these have not

    def lit_difference(self) -> Difference | None:
        """What the chosen predictor does to the baseline's answers on the selected samples alone; None likewise."""
        a, b = self.lit_results("baseline"), self.lit_results(self.predictor)
        return None if a is None or b is None else cache.difference(a, b)

    def traces(self, predictor: str) -> Traces:
        """A predictor's traces of the split on screen: of all its samples, whatever is selected."""
        return self._whole(predictor).traces

    def difference(self) -> Difference:
        """What the chosen predictor does to the baseline's answers on the samples that results are over."""
        return cache.difference(self.results("baseline"), self.results(self.predictor))

    def lit(self, positions: np.ndarray) -> np.ndarray | None:
        """Which samples, by their positions in the run, stand out as selected; None where all are alike."""
        if self.selected is None or self.only:
            return None
        return np.isin(positions, self.run.positions(self.split)[self.selected.mask])

    def _whole(self, predictor: str) -> Results:
        return cache.results(self.run, predictor, self.settings_of(predictor), self.split)
