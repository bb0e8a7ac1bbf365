"""What every page is given: the runs, the predictors and the samples on screen."""

from dataclasses import dataclass

from analysis.results import Difference, Results
from analysis.run import Run
from analysis.traces import Traces
from app import cache


@dataclass(frozen=True)
class View:
    """What is on screen, the same for every page.

    `runs` are the opened ones, the chosen one first; every page but those that compare runs is about that one alone.
    `predictor` is the chosen one, `shown` the one now shown: `baseline` while PoE is off. `sample` is a position in
    the chosen run.
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

    @property
    def run(self) -> Run:
        """The chosen one."""
        return self.runs[0]

    def settings_of(self, predictor: str) -> dict[str, object]:
        """Those on screen of the chosen predictor; any other's are its defaults."""
        return self.settings if predictor == self.predictor else {}

    def results(self, predictor: str, run: Run | None = None) -> Results:
        """A predictor's numbers on the split on screen: of the chosen run, or of another that is opened."""
        return cache.results(run or self.run, predictor, self.settings_of(predictor), self.split)

    def traces(self, predictor: str) -> Traces:
        """A predictor's traces of the split on screen."""
        return self.results(predictor).traces

    def difference(self) -> Difference:
        """What the chosen predictor does to the baseline's answers on the split on screen."""
        return cache.difference(self.results("baseline"), self.results(self.predictor))
