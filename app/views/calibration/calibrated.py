"""What the calibration page is about: the samples fitted on and measured, and each predictor's numbers on them."""

from dataclasses import dataclass, field
from functools import partial

from analysis.predictors import settings_key
from analysis.results import Results
from analysis.results.fitting import SampleChoice
from analysis.results.from_logits.calibration import Calibration, calibrate, kept_calibration
from analysis.selection import Selection
from app import cache, state
from app.components.fitting.passes import command, passed_over
from app.components.fitting.samples import choose, chosen_way, of_measured, results_of_some, ways_to_fit
from app.components.predictor_names import label_of
from app.components.selection import select
from app.view import View


@dataclass(frozen=True)
class Calibrated:
    """What is on screen.

    Attributes
    ----------
    view : View
    ways : how samples to fit on may be chosen
    choice : those that are
    keys : the predictors, the baseline first
    """

    view: View
    ways: tuple[str, ...]
    choice: SampleChoice
    keys: tuple[str, ...]
    held: dict[tuple[str, str], Results] = field(default_factory=dict, repr=False)
    """What was asked for, so that it is looked up once a page: every figure asks anew."""

    def measured(self, predictor: str) -> Results:
        """A predictor's results over the measured samples whose label is known."""
        return self._some(predictor, "measured").labelled

    def fitted(self, predictor: str) -> Results:
        """The same over those that are fitted on."""
        return self._some(predictor, "fitted").labelled

    def _some(self, predictor: str, which: str) -> Results:
        if (predictor, which) not in self.held:
            positions = getattr(self.choice, which)
            self.held[predictor, which] = results_of_some(self.view, self.view.run, predictor, positions)
        return self.held[predictor, which]

    def key(self, predictor: str) -> tuple:
        """All that a predictor's numbers here depend on."""
        view, choice = self.view, self.choice
        of = settings_key(predictor, view.settings_of(predictor))
        return "calibration", view.run.fingerprint, view.split, of, choice.named, choice.seed, choice.on_test

    def calibration(self, predictor: str) -> Calibration | None:
        """What needs passes over the logits; None while that of a large run is not computed."""
        whole, label = self._some(predictor, "measured"), label_of(predictor)
        return passed_over(
            self.view,
            self.key(predictor),
            name=f"calibration-{predictor if predictor.replace('-', '').isalnum() else 'own'}",
            kept=partial(kept_calibration, whole, self.choice),
            compute=partial(calibrate, whole, self.choice),
            argv=command("calibration", self.view, predictor, self.choice),
            start=f"Calibrate {label}",
            doing=f"Calibrating {label}",
        )

    def number(self, predictor: str, compute, *about: object, **arguments: object) -> object:
        """A pure function's result, kept as long as what it is of does not change."""
        return cache.numbers(compute, *self.key(predictor), *about, **arguments)

    def select(self, which: Selection, figure: str) -> None:
        """In a callback: select the samples that a mark counts."""
        try:
            select(of_measured(self.view, self.choice, which), figure)
        except ValueError as error:
            state.note(f"These samples cannot be named in the address: {error}")

    @property
    def samples(self) -> int:
        """How many samples are measured and have a label."""
        return self.measured("baseline").n_samples


def calibrated(view: View) -> Calibrated:
    """What the address says.

    Raises
    ------
    ValueError
        There are no samples to fit on, or none left to measure.
    """
    ways = ways_to_fit(view)
    choice = choose(view, chosen_way(ways))
    return Calibrated(view, ways, choice, tuple(dict.fromkeys(("baseline", view.predictor))))
