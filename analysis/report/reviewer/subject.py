"""What a section of the report is about: one run, the baseline beside a correction, and which samples are fitted on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

from analysis.metrics.uncertainty import ENTROPY_THRESHOLDS
from analysis.predictors import Predictor, resolve
from analysis.reference.outside_text import isolated, shortened
from analysis.reference.published import Published, published_for
from analysis.results import Difference, Results, difference_of
from analysis.results.fitting import SampleChoice
from analysis.run import Run
from analysis.selection.thinning import thinned
from analysis.words import formats
from analysis.words.report import ENTROPY_RISE

UNKNOWN = "label unknown"
LONGEST = 100
"""Characters of a name or an id that stands beside many others."""
STATES = ("off", "on")
"""What the switch shows: the baseline, or the correction."""


@dataclass(frozen=True)
class Options:
    """What is asked for, as the command line has it; `settings` as texts, without a predictor each run's first."""

    predictor: str | None = None
    settings: Mapping[str, str] = field(default_factory=dict)
    split: str = "test"
    cost_unit: str | None = None
    samples: int = 10
    seed: int = 0
    calibration: str | None = None
    allow_test_fitting: bool = False


@dataclass(frozen=True, eq=False)
class Subject:
    """One run under one correction.

    Attributes
    ----------
    before, after : of the baseline and of the correction, over the same samples
    row : the correction's row of the table of predictors
    fitted : the baseline's and the correction's results over the samples that are fitted on; None where there are none
    choice : which these are, and which are then measured; None where there are none to fit on
    why_unfitted : the reason
    unit : of costs; None where the run knows none
    drawn : how many samples are drawn at random, by `seed`
    """

    before: Results
    after: Results
    row: Predictor
    fitted: tuple[Results, Results] | None
    choice: SampleChoice | None
    why_unfitted: str
    unit: str | None
    drawn: int
    seed: int

    @property
    def run(self) -> Run:
        """Whose samples these are."""
        return self.before.run

    @property
    def split(self) -> str:
        """Which of its samples."""
        return self.before.split

    @property
    def label(self) -> str:
        """The correction's short name."""
        return self.row.label

    @cached_property
    def difference(self) -> Difference:
        """What the correction does to the baseline's answers."""
        return difference_of(self.before, self.after)

    @property
    def sides(self) -> dict[str, Results]:
        """By state of the switch, over the samples that are judged."""
        return {"off": self.difference.a, "on": self.difference.b}

    def named(self, state: str) -> str:
        """What is shown, within a sentence."""
        return "the baseline" if state == "off" else self.label

    @property
    def both(self) -> tuple[tuple[str, str, Results], ...]:
        """Id, short name and results of both."""
        return ("baseline", "Baseline", self.difference.a), (self.row.id, self.label, self.difference.b)

    @cached_property
    def exit_names(self) -> tuple[str, ...]:
        """What stands at the ticks of an axis of exits."""
        return formats.exit_labels(self.run.exit_names)

    @property
    def quantity(self) -> str:
        """What falls."""
        return f"{formats.QUANTITY[self.difference.of]}'s probability"

    @property
    def over(self) -> str:
        """How many samples of which split the numbers are over."""
        return formats.counted(self.difference.n_samples, f"{'' if self.split == 'all' else self.split + ' '}sample")

    @cached_property
    def picked(self) -> np.ndarray:
        """The samples drawn at random, as places among the judged."""
        return thinned(self.difference.n_samples, self.drawn, seed=self.seed)

    @property
    def rises(self) -> tuple[float, float]:
        """Percent of samples whose entropy rises by more than `ENTROPY_RISE`: of the baseline, of the correction."""
        at = ENTROPY_THRESHOLDS.index(ENTROPY_RISE)
        return tuple(float(side.entropy_rise_percent[at]) for _, _, side in self.both)

    @cached_property
    def all_published(self) -> Mapping[str, Published]:
        """The paper's numbers by predictor; none beside other samples than its own, the test split."""
        if self.split != "test":
            return {}
        return published_for(self.run.dataset, self.run.model, self.run.n_exits)

    @property
    def published(self) -> Mapping[str, Published]:
        """The same without the correction where its settings are not those that the paper reports."""
        return {key: one for key, one in self.all_published.items() if key != self.row.id or self.is_default}

    @property
    def is_default(self) -> bool:
        """Whether the correction's settings are its defaults."""
        return dict(self.after.settings) == resolve(self.row, {}, kind=self.run.kind, n_exits=self.run.n_exits)

    def class_name(self, index: int) -> str:
        """A class by its index; none for -1."""
        return isolated(shortened(self.run.class_names[index], LONGEST)) if index >= 0 else "none"

    def true_name(self, position: int) -> str:
        """The true class of a sample, by its position in the run."""
        label = int(self.run.labels[position])
        return self.class_name(label) if label >= 0 else UNKNOWN
