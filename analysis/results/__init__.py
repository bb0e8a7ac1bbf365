"""What a run shows, as numbers: of one predictor, of two side by side, under a policy, of several seeds, and against
the paper.

>>> from analysis.results import difference_of, results_of
>>> from analysis.storage import find_run, load_run
>>> run = load_run(find_run("msdnet-cifar100"))
>>> pa = results_of(run, "pa")
>>> float(pa.accuracy[-1].round(3)), float(pa.falling_percent([0.01])[0].round(1))
(0.735, 9.8)
>>> int(difference_of(results_of(run, "baseline"), pa).a_only[-1])  # samples that the baseline alone has right
248
"""

from analysis.results.comparison import Comparison, compare
from analysis.results.differences import Difference, difference_of
from analysis.results.from_logits.calibration import Calibration, calibration_of
from analysis.results.from_logits.tuning import Tuning, tuning_of
from analysis.results.from_logits.uncertainty_sets import SetResults, sets_of
from analysis.results.policies import PolicyResults, apply_policy, policy_of, sweep
from analysis.results.results import Results, results_of

__all__ = [
    "Calibration",
    "Comparison",
    "Difference",
    "PolicyResults",
    "Results",
    "SetResults",
    "Tuning",
    "apply_policy",
    "calibration_of",
    "compare",
    "difference_of",
    "policy_of",
    "results_of",
    "sets_of",
    "sweep",
    "tuning_of",
]
