"""The table POLICIES: every policy's id, names, citation, settings and what it needs, as data.

Settings are rows of `analysis/settings.py`; what must hold between two of them stands above the table. Reading it
imports nothing that computes: a row names its function.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from analysis.settings import REQUIRED, Constraint, Setting, join_or, number_text
from analysis.settings import resolve as resolve_settings

LARGEST = 1e300
"""Of a cost."""
MEASURES = ("max-prob", "margin", "entropy", "patience")
LAWS = ("uniform", "log-uniform", "exponential", "list")
RULES = ("empirical", "crc", "ucb-wsr", "ltt")
LOSSES = {"consistency": 1.0, "accuracy-gap": 1.0, "brier-gap": 2.0, "brier-gap-prediction": 2.0}
"""Loss -> B, the most that it can be."""
LABELLED_LOSSES = ("accuracy-gap", "brier-gap")
"""The losses that need labels."""


@dataclass(frozen=True)
class Policy:
    """One way to decide when a sample stops."""

    id: str
    name: str
    label: str
    summary: str
    citation: str
    settings: tuple[Setting, ...]
    function: str | None
    """Answers and settings -> its `Fit`; None where it is not the network that decides."""
    constraints: tuple[Constraint, ...] = ()
    """What must hold between its settings."""
    fits: bool = True
    """Whether its rule is fitted on calibration samples."""
    needs_labels: Callable[[Mapping[str, object]], bool] = lambda settings: False
    """Whether, under these settings, it is fitted on labels."""
    tested: bool = False
    """Whether its function is handed the tests of a mean too."""


def lambda_fits_measure(settings: Mapping[str, object]) -> str | None:
    """Scores go to 1, patience is counted."""
    threshold = settings["lambda"]
    if settings["measure"] != "patience":
        if threshold <= 1:
            return None
        return f"setting lambda is {number_text(threshold)}: give a number from 0 to 1 (more is for patience alone)"
    if threshold >= 1 and threshold == int(threshold):
        return None
    return f"setting lambda is {number_text(threshold)}: with measure=patience give a whole number of at least 1"


def law_has_its_numbers(settings: Mapping[str, object]) -> str | None:
    """An exponential law has a mean, a list has budgets, and the others have neither."""
    for name, law in (("mean", "exponential"), ("budgets", "list")):
        there = settings[name] not in (None, "none")
        if settings["law"] == law and not there:
            return f"setting law is {law!r}: give {name} too, in the cost's unit"
        if settings["law"] != law and there:
            return f"setting {name} belongs to law={law}, and law is {settings['law']!r}: leave {name} out"
    return None


def epsilon_below_bound(settings: Mapping[str, object]) -> str | None:
    """A loss that may always be as large as it can be is not controlled."""
    bound = LOSSES[settings["loss"]]
    if settings["epsilon"] < bound:
        return None
    return (
        f"setting epsilon is {number_text(settings['epsilon'])}, and {settings['loss']} is never above "
        f"{number_text(bound)}: give less"
    )


_ROWS = (
    Policy(
        id="confidence",
        name="confidence threshold",
        label="Confidence threshold",
        summary="Stop at the first exit whose score exceeds a threshold that is given; the last exit takes the rest.",
        citation="Teerapittayanon, McDanel, Kung. BranchyNet. ICPR 2016, arXiv 1709.01686; Zhou et al. BERT Loses "
        "Patience. NeurIPS 2020, arXiv 2006.04152",
        settings=(
            Setting(
                "lambda",
                "number",
                REQUIRED,
                "The threshold: a score above it stops; for patience a whole number, which is enough when reached.",
                low=0.0,
                high=1e6,
                slides=(0.0, 1.0),
            ),
            Setting(
                "measure",
                "choice",
                "max-prob",
                "The score: the largest probability, its distance to the second, 1 - entropy / ln C, or how many exits "
                "in a row kept the answer.",
                choices=MEASURES,
            ),
        ),
        function="analysis.policies.confidence:fit",
        constraints=(lambda_fits_measure,),
        fits=False,
    ),
    Policy(
        id="budgeted",
        name="budgeted batch",
        label="Budgeted batch",
        summary="Thresholds of each exit's own, so that a share proportional to p^k of the calibration samples stops "
        "at exit k; p from 0.05 to 1.95 gives a curve.",
        citation="Huang et al. Multi-Scale Dense Networks for Resource Efficient Image Classification. ICLR 2018, "
        "arXiv 1703.09844",
        settings=(
            Setting(
                "p",
                "number",
                1.0,
                "The point of the curve that is told in full and written as a rule: below 1 most stop early.",
                low=0.05,
                high=1.95,
                label="point of the curve, p",
            ),
        ),
        function="analysis.policies.budgeted:fit",
    ),
    Policy(
        id="interruption",
        name="interruption",
        label="Interruption",
        summary="A budget that comes from a law ends the computation, and the deepest exit within it answers.",
        citation="Zilberstein. Using Anytime Algorithms in Intelligent Systems. AI Magazine 17(3), 1996",
        settings=(
            Setting(
                "law",
                "choice",
                "uniform",
                "Where budgets come from: between the costs of the first and the last exit, evenly or evenly in the "
                "logarithm; exponential with a mean; or a list.",
                choices=LAWS,
            ),
            Setting(
                "mean",
                "optional-number",
                None,
                "Of the exponential law, in the cost's unit.",
                low=1e-300,
                high=LARGEST,
                slides=(),
            ),
            Setting(
                "budgets",
                "numbers",
                "none",
                "Of the list, each as likely, in the cost's unit.",
                choices=("none",),
                low=0.0,
                high=LARGEST,
            ),
            Setting(
                "prior",
                "number",
                0.0,
                "The accuracy of what is answered when the budget ends before the first exit.",
                low=0.0,
                high=1.0,
            ),
        ),
        function=None,
        constraints=(law_has_its_numbers,),
        fits=False,
    ),
    Policy(
        id="risk",
        name="risk control",
        label="Risk control",
        summary="One threshold on the largest probability, the boldest whose loss against the last exit stays within "
        "epsilon by the rule's test on calibration samples.",
        citation="Jazbec et al. Fast yet Safe: Early-Exiting with Risk Control. NeurIPS 2024, arXiv 2405.20915",
        settings=(
            Setting(
                "rule",
                "choice",
                "ucb-wsr",
                "empirical: the mean is below epsilon, which promises nothing; crc: the expected loss of a new sample "
                "is at most epsilon; ucb-wsr and ltt: the risk is at most epsilon with probability 1 - delta.",
                choices=RULES,
                label="control",
            ),
            Setting(
                "loss",
                "choice",
                "consistency",
                "Another answer than the last exit's; wrong where the last exit is right; by how much the Brier score "
                "is worse than the last exit's, against the label or against the last exit's answer.",
                choices=tuple(LOSSES),
            ),
            Setting(
                "epsilon",
                "number",
                0.05,
                "How much may be lost, in the loss's own unit.",
                low=1e-6,
                high=2.0,
                slides=(0.01, 0.2),
            ),
            Setting(
                "delta",
                "number",
                0.1,
                "How likely the promise may fail to hold (ucb-wsr and ltt).",
                low=1e-6,
                high=0.999999,
                slides=(0.01, 0.5),
            ),
        ),
        function="analysis.policies.risk_control:fit",
        constraints=(epsilon_below_bound,),
        needs_labels=lambda settings: settings["loss"] in LABELLED_LOSSES,
        tested=True,
    ),
    Policy(
        id="pcee",
        name="performance control by similar samples",
        label="PCEE",
        summary="Stop at the first exit at which calibration samples of similar confidence were right often enough.",
        citation="Mofakhami et al. Performance Control in Early Exiting to Deploy Large Models at the Same Cost of "
        "Smaller Ones. arXiv 2412.19325, 2024",
        settings=(
            Setting("target", "number", 0.9, "The accuracy that is asked of similar samples.", low=0.0, high=1.0),
            Setting(
                "bins",
                "integer",
                20,
                "How many equally filled bins of confidence each exit has.",
                low=1,
                high=10_000,
                slides=(1, 50),
            ),
        ),
        function="analysis.policies.pcee:fit",
        needs_labels=lambda settings: True,
    ),
)

POLICIES: dict[str, Policy] = {row.id: row for row in _ROWS}


def find_policy(policy: str) -> Policy:
    """The row of an id.

    Raises
    ------
    ValueError
        There is none: the message names those that there are.
    """
    if policy not in POLICIES:
        raise ValueError(f"there is no policy {policy!r}: choose {join_or(list(POLICIES))}")
    return POLICIES[policy]


def resolve_policy(policy: str, settings: Mapping[str, object] | None = None) -> dict[str, object]:
    """The settings of a policy complete and typed; resolving twice changes nothing.

    Raises
    ------
    ValueError
        For an unknown policy or setting, a value out of range, or settings that do not go together.

    >>> resolve_policy("confidence", {"lambda": "0.8"})
    {'lambda': 0.8, 'measure': 'max-prob'}
    """
    row = find_policy(policy)
    return resolve_settings(row.settings, settings or {}, f"policy {row.id}", constraints=row.constraints)
