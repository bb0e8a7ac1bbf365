"""The table PREDICTORS: every predictor's id, names, citation and settings, as data.

Reading it imports no torch: a row names its function, which `analysis.predictors.predict` imports when it is called.
The command line's help, the app's controls and the parser in `settings.py` are all made from these rows.
"""

from __future__ import annotations

from dataclasses import dataclass

JAZBEC = (
    "Jazbec, Allingham, Zhang, Nalisnick. Towards Anytime Classification in Early-Exit Architectures by Enforcing "
    "Conditional Monotonicity. NeurIPS 2023, arXiv 2306.02652"
)
HINTON = "Hinton. Training Products of Experts by Minimizing Contrastive Divergence. Neural Computation 14(8), 2002"
GUO = "Guo, Pleiss, Sun, Weinberger. On Calibration of Modern Neural Networks. ICML 2017, arXiv 1706.04599"
WEIGHT_LIMIT = 1e6


@dataclass(frozen=True)
class Setting:
    """One setting of a predictor: its name, default, range and meaning.

    `kind` is 'choice' (one of `choices`), 'number' (a finite float in [low, high]), 'optional-number' (that, or None),
    'weights' ('linear', 'uniform', or one number in [low, high] per exit) or 'literal' (any Python literal).
    """

    name: str
    default: object
    kind: str
    description: str
    choices: tuple[str, ...] = ()
    low: float | None = None
    high: float | None = None

    @property
    def range_text(self) -> str:
        """What the setting accepts, in words: 'relu, softplus or heaviside'; 'a number from 0 to 1, or none'."""
        bounds = [
            f" from {self.low:g}" if self.low is not None else "",
            f" to {self.high:g}" if self.high is not None else "",
        ]
        number = "a number" + "".join(bounds)
        match self.kind:
            case "choice":
                return join_or(self.choices)
            case "number":
                return number
            case "optional-number":
                return f"{number}, or none"
            case "weights":
                return f"linear, uniform, or {number} for each exit, separated by commas"
        return "a literal"


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
    needs_logits: bool = False
    """Whether it means nothing on log-probabilities: they are logits up to a shift that differs by sample."""
    path: str | None = None
    """The file of someone's own predictor; None for those of this table."""
    open_settings: bool = False
    """Whether it takes settings that `settings` does not list (`**settings` in someone's own function)."""

    def setting(self, name: str) -> Setting | None:
        """The setting called `name`, or None."""
        return next((setting for setting in self.settings if setting.name == name), None)


def join_or(words: tuple[str, ...]) -> str:
    """'a', 'a or b', 'a, b or c'."""
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} or {words[-1]}"


def temperature(description: str) -> Setting:
    """The setting `temperature`, which divides the logits, with a description of its own."""
    return Setting("temperature", 1.0, "number", description, low=1e-6, high=1e6)


FALLBACK = Setting(
    "fallback",
    "softmax",
    "choice",
    "What a sample shows once no class has support (a collapse): the softmax of the current exit's logits, the last "
    "exit that had support, or nothing (no prediction, counted as wrong). Collapses are counted whatever is shown.",
    choices=("softmax", "previous", "none"),
)
EXIT_ACTIVATION = Setting(
    "activation",
    "softmax",
    "choice",
    "What turns one exit's logits into probabilities: softmax, or max(f, 0) or 1[f > 0] divided by their sum.",
    choices=("softmax", "relu", "heaviside"),
)
RELATIVE_THRESHOLD = Setting(
    "relative_threshold",
    None,
    "optional-number",
    "A threshold of each sample's own: this share of its largest logit at that exit. Takes the place of threshold.",
    low=0.0,
    high=1.0,
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
    ),
    Predictor(
        id="pa",
        name="product anytime",
        label="PA",
        summary="A weighted product over the exits so far of the positive parts of the logits.",
        citation=JAZBEC,
        settings=(
            Setting(
                "weights",
                "linear",
                "weights",
                "The power of each exit in the product: linear is m/L (the paper's), uniform is 1. "
                "An exit of weight 0 changes nothing.",
                low=0.0,
                high=WEIGHT_LIMIT,
            ),
            Setting(
                "activation",
                "relu",
                "choice",
                "What turns a logit into a factor: max(f, 0), log(1 + exp(f)), or 1[f > 0].",
                choices=("relu", "softplus", "heaviside"),
            ),
            Setting(
                "threshold",
                None,
                "optional-number",
                "Acts on logits below it, before the activation, as threshold_mode says. A logit of -inf stays -inf.",
            ),
            Setting(
                "threshold_mode",
                "clamp",
                "choice",
                "clamp raises logits below the threshold to it (the public code), "
                "zero sets them to 0 (the paper's ablations).",
                choices=("clamp", "zero"),
            ),
            RELATIVE_THRESHOLD,
            Setting(
                "cap",
                None,
                "optional-number",
                "Lowers logits above it to it, before the activation; must be above the threshold.",
            ),
            temperature(
                "Applied after the product, p^(1/T): above 1 flattens, below 1 sharpens. Fit it on calibration data."
            ),
            FALLBACK,
        ),
        function="analysis.predictors.product_anytime:product_anytime",
        needs_logits=True,
    ),
    Predictor(
        id="hard-poe",
        name="Heaviside product",
        label="Hard PoE",
        summary="Uniform over the classes whose logit exceeded the threshold at every exit so far.",
        citation=JAZBEC,
        settings=(
            Setting("threshold", 0.0, "number", "A class stays while its logit is strictly above this at every exit."),
            RELATIVE_THRESHOLD,
            FALLBACK,
        ),
        function="analysis.predictors.hard_product:hard_product",
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
                "sum",
                "choice",
                "sum multiplies the exits' softmaxes; mean is their geometric mean, less confident.",
                choices=("sum", "mean"),
            ),
            temperature(
                "Applied after the product, p^(1/T): above 1 flattens, below 1 sharpens. Fit it on calibration data."
            ),
            FALLBACK,
        ),
        function="analysis.predictors.softmax_product:softmax_product",
    ),
    Predictor(
        id="moe",
        name="mixture, growing ensemble",
        label="MoE",
        summary="The running mean of the exits' probabilities.",
        citation=JAZBEC,
        settings=(EXIT_ACTIVATION, FALLBACK),
        function="analysis.predictors.mixture:mixture",
    ),
    Predictor(
        id="ca",
        name="caching anytime",
        label="CA",
        summary="The softmax of the most confident exit so far; of two equally confident exits, the later.",
        citation=JAZBEC,
        settings=(),
        function="analysis.predictors.caching:caching_anytime",
    ),
)

PREDICTORS: dict[str, Predictor] = {row.id: row for row in _ROWS}
