"""What every page is given: the run, the predictors and the samples on screen."""

from dataclasses import dataclass

from analysis.run import Run
from analysis.traces import Traces
from app import cache


@dataclass(frozen=True)
class View:
    """What is on screen, the same for every page.

    `predictor` is the chosen one, `shown` the one now shown: `baseline` while PoE is off. `sample` is a position in
    the run.
    """

    run: Run
    predictor: str
    settings: dict[str, object]
    poe: bool
    shown: str
    shown_settings: dict[str, object]
    split: str
    sample: int
    has_labels: bool
    unit: str | None

    def settings_of(self, predictor: str) -> dict[str, object]:
        """Those on screen of the chosen predictor; any other's are its defaults."""
        return self.settings if predictor == self.predictor else {}

    def traces(self, predictor: str) -> Traces:
        """A predictor's traces of the split on screen."""
        return cache.traces(self.run, predictor, self.settings_of(predictor), self.split)
