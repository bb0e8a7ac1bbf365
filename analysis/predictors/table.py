"""The table PREDICTORS: every predictor's id, names, citation, settings and cost, as data.

Reading it imports no torch: a row names its function, which `analysis.predictors.predict` imports when it is called.
Settings are rows of `analysis/settings.py`; what must hold between two of them stands above the table.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial

from analysis.predictors import costs
from analysis.settings import Constraint, Setting, number_text

JAZBEC = (
    "Jazbec, Allingham, Zhang, Nalisnick. Towards Anytime Classification in Early-Exit Architectures by Enforcing "
    "Conditional Monotonicity. NeurIPS 2023, arXiv 2306.02652"
)
HINTON = "Hinton. Training Products of Experts by Minimizing Contrastive Divergence. Neural Computation 14(8), 2002"
GUO = "Guo, Pleiss, Sun, Weinberger. On Calibration of Modern Neural Networks. ICML 2017, arXiv 1706.04599"
GHANATHE = "Inspired by Ghanathe, Wilton. QUTE: Quantifying Uncertainty in TinyML. 2024, arXiv 2404.12599"
ZHOU = "Inspired by Zhou et al. BERT Loses Patience. NeurIPS 2020, arXiv 2006.04152"
WEIGHT_LIMIT = 1e6


@dataclass(frozen=True)
class Predictor:
    """One way to turn the logits of every exit into probabilities at every exit."""

    id: str
    name: str
    label: str
    summary: str
    citation: str
    settings: tuple[Setting, ...]
    function: str
    constraints: tuple[Constraint, ...] = ()
    """What must hold between its settings."""
    count: costs.Count | None = None
    """What it costs beside the softmax, by `costs.py`; None where that is unknown."""
    needs_logits: bool = False
    """Whether it means nothing on log-probabilities: they are logits up to a shift that differs by sample."""
    path: str | None = None
    """The file of someone's own predictor; None for those of this table."""
    open_settings: bool = False
    """Whether it takes settings that `settings` does not list (`**settings` in someone's own function)."""
    is_product: bool = False
    """Whether it multiplies the exits' opinions: a product of experts."""

    @property
    def full_name(self) -> str:
        """Its name with its short one, as a sentence for newcomers has it: product anytime (PA)."""
        return self.name if self.name == self.label else f"{self.name} ({self.label})"

    @property
    def arxiv(self) -> str | None:
        """The arXiv id of what a row of this table cites; None where it has none, and for someone's own."""
        found = re.search(r"arXiv (\d{4}\.\d{5})$", self.citation)
        return found[1] if found and self.path is None else None


def one_threshold(settings: Mapping[str, object], *, default: float | None = None) -> str | None:
    """A relative threshold takes the place of the threshold: only one of them may differ from its default."""
    threshold, relative = settings["threshold"], settings["relative_threshold"]
    if relative is None or threshold == default:
        return None
    return f"has threshold {number_text(threshold)} and relative_threshold {number_text(relative)}: give one of the two"


def cap_above_threshold(settings: Mapping[str, object]) -> str | None:
    """A cap at or below the threshold makes all logits equal."""
    threshold, cap = settings["threshold"], settings["cap"]
    if threshold is None or cap is None or cap > threshold:
        return None
    return f"setting cap is {number_text(cap)}: give a number above the threshold, {number_text(threshold)}"


def cap_leaves_support(settings: Mapping[str, object]) -> str | None:
    """relu and heaviside are 0 up to 0: a cap there removes every class."""
    cap = settings["cap"]
    if cap is None or cap > 0 or settings["activation"] not in ("relu", "heaviside"):
        return None
    return f"setting cap is {number_text(cap)}, which leaves no class in the support: give a number above 0"


def every_exit_weighed(settings: Mapping[str, object]) -> str | None:
    """The weights of an ensemble at an exit are divided by their sum."""
    weights = settings["weights"]
    start = exit_ = 0
    while not isinstance(weights, str) and start < len(weights):
        exit_ += 1
        if not sum(weights[start : start + exit_]) > 0:
            return f"setting weights is 0 for all exits up to exit {exit_}: give at least one of them a weight above 0"
        start += exit_
    return None


def temperature(description: str) -> Setting:
    """The setting `temperature`, which divides the logits, with a description of its own."""
    return Setting("temperature", "number", 1.0, description, low=1e-6, high=1e6, slides=(0.1, 5.0))


FALLBACK = Setting(
    "fallback",
    "choice",
    "softmax",
    "What a sample shows once no class has support (a collapse): the softmax of the current exit's logits, the last "
    "exit that had support, or nothing (no prediction, counted as wrong). Collapses are counted whatever is shown.",
    choices=("softmax", "previous", "none"),
)
EXIT_ACTIVATION = Setting(
    "activation",
    "choice",
    "softmax",
    "What turns one exit's logits into probabilities: softmax, or max(f, 0) or 1[f > 0] divided by their sum.",
    choices=("softmax", "relu", "heaviside"),
)
RELATIVE_THRESHOLD = Setting(
    "relative_threshold",
    "optional-number",
    None,
    "A threshold of each sample's own: this share of its largest logit at that exit. Takes the place of threshold.",
    low=0.0,
    high=1.0,
)
EXIT_POWERS = Setting(
    "weights",
    "numbers",
    "linear",
    "The power of each exit in the product: linear is m/L (the paper's), uniform is 1. "
    "An exit of weight 0 changes nothing.",
    choices=("linear", "uniform"),
    low=0.0,
    high=WEIGHT_LIMIT,
    per_exit=True,
)

_ROWS = (
    Predictor(
        id="baseline",
        name="softmax",
        label="Baseline",
        summary="The softmax of each exit's logits, each exit by itself.",
        citation=GUO,
        settings=(
            temperature("Divides the logits before the softmax: above 1 flattens, below 1 sharpens."),
            EXIT_ACTIVATION,
            FALLBACK,
        ),
        function="analysis.predictors.baseline:baseline",
        count=costs.baseline,
    ),
    Predictor(
        id="pa",
        name="product anytime",
        label="PA",
        summary="A weighted product over the exits so far of the positive parts of the logits.",
        citation=JAZBEC,
        settings=(
            EXIT_POWERS,
            Setting(
                "activation",
                "choice",
                "relu",
                "What turns a logit into a factor: max(f, 0), log(1 + exp(f)), or 1[f > 0].",
                choices=("relu", "softplus", "heaviside"),
            ),
            Setting(
                "threshold",
                "optional-number",
                None,
                "Acts on logits below it, before the activation, as threshold_mode says. A logit of -inf stays -inf.",
                slides=(-5.0, 10.0),
            ),
            Setting(
                "threshold_mode",
                "choice",
                "clamp",
                "clamp raises logits below the threshold to it (the public code), "
                "zero sets them to 0 (the paper's ablations).",
                choices=("clamp", "zero"),
            ),
            RELATIVE_THRESHOLD,
            Setting(
                "cap",
                "optional-number",
                None,
                "Lowers logits above it to it, before the activation; must be above the threshold.",
                slides=(0.5, 20.0),
                idle=20.0,
            ),
            temperature(
                "Applied after the product, p^(1/T): above 1 flattens, below 1 sharpens. Fit it on calibration data."
            ),
            FALLBACK,
        ),
        function="analysis.predictors.product_anytime:product_anytime",
        is_product=True,
        constraints=(one_threshold, cap_above_threshold, cap_leaves_support),
        count=costs.product,
        needs_logits=True,
    ),
    Predictor(
        id="hard-poe",
        name="Heaviside product",
        label="Hard PoE",
        summary="Uniform over the classes whose logit exceeded the threshold at every exit so far.",
        citation=JAZBEC,
        settings=(
            Setting(
                "threshold",
                "number",
                0.0,
                "A class stays while its logit is strictly above this at every exit.",
                slides=(-5.0, 10.0),
            ),
            RELATIVE_THRESHOLD,
            FALLBACK,
        ),
        function="analysis.predictors.hard_product:hard_product",
        is_product=True,
        constraints=(partial(one_threshold, default=0.0),),
        count=costs.hard_product,
        needs_logits=True,
    ),
    Predictor(
        id="softmax-poe",
        name="product of softmaxes",
        label="Softmax PoE",
        summary="The softmax of the running sum (or mean) of the logits.",
        citation=HINTON,
        settings=(
            Setting(
                "combine",
                "choice",
                "sum",
                "sum multiplies the exits' softmaxes; mean is their geometric mean, less confident.",
                choices=("sum", "mean"),
            ),
            temperature(
                "Applied after the product, p^(1/T): above 1 flattens, below 1 sharpens. Fit it on calibration data."
            ),
            FALLBACK,
        ),
        function="analysis.predictors.softmax_product:softmax_product",
        is_product=True,
        count=costs.softmax_product,
    ),
    Predictor(
        id="moe",
        name="mixture, growing ensemble",
        label="MoE",
        summary="The running mean of the exits' probabilities.",
        citation=JAZBEC,
        settings=(EXIT_ACTIVATION, FALLBACK),
        function="analysis.predictors.mixture:mixture",
        count=costs.mixture,
    ),
    Predictor(
        id="ca",
        name="caching anytime",
        label="CA",
        summary="The softmax of the most confident exit so far; of two equally confident exits, the later.",
        citation=JAZBEC,
        settings=(),
        function="analysis.predictors.caching:caching_anytime",
        count=costs.caching,
    ),
    Predictor(
        id="adaptive-pa",
        name="adaptive product anytime",
        label="Adaptive PA",
        summary="PA in which each sample keeps, at each exit, only the likeliest classes that hold a share of the "
        "softmax's mass.",
        citation=f"Inspired by {JAZBEC}",
        settings=(
            Setting(
                "mass",
                "number",
                0.99,
                "How much of an exit's softmax the classes that a sample keeps must hold; 1 keeps all, which is PA.",
                low=0.0,
                high=1.0,
            ),
            EXIT_POWERS,
            FALLBACK,
        ),
        function="analysis.predictors.adaptive_product:adaptive_product",
        is_product=True,
        count=costs.adaptive_product,
        needs_logits=True,
    ),
    Predictor(
        id="exit-ensemble",
        name="exit ensemble",
        label="Ensemble",
        summary="A weighted mean of the exits so far, with weights for each exit that calibration samples can fit.",
        citation=GHANATHE,
        settings=(
            Setting(
                "weights",
                "numbers",
                "equal",
                "The share of each exit in the mean at each exit: equal is the mixture, latest each exit by itself; or "
                "one number for exit 1, two for exit 2, and so on, which tune fits.",
                choices=("equal", "latest"),
                low=0.0,
                high=WEIGHT_LIMIT,
                per_pair=True,
            ),
            EXIT_ACTIVATION,
        ),
        function="analysis.predictors.exit_ensemble:exit_ensemble",
        constraints=(every_exit_weighed,),
        count=costs.exit_ensemble,
    ),
    Predictor(
        id="agreement-vote",
        name="agreement vote",
        label="Vote",
        summary="A mean of the exits so far in which an exit counts as often as exits agree with its answer.",
        citation=ZHOU,
        settings=(
            Setting(
                "power",
                "number",
                1.0,
                "How much agreement counts: each exit has the number of exits that agree with it, to this power; 0 is "
                "the mixture.",
                low=0.0,
                high=100.0,
                slides=(0.0, 5.0),
            ),
        ),
        function="analysis.predictors.agreement_vote:agreement_vote",
        count=costs.agreement_vote,
    ),
)

PREDICTORS: dict[str, Predictor] = {row.id: row for row in _ROWS}
