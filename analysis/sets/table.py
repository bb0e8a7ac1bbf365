"""The table SETS: every method's id, names, citation and settings, as data.

Settings are rows of `analysis/settings.py`. Reading it imports nothing that computes: a row names its function.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from analysis.settings import Setting, join_or
from analysis.settings import resolve as resolve_settings

TUNED = "tuned"
"""In place of a threshold: the one that calibration samples choose."""

_ALPHA = Setting(
    "alpha",
    "number",
    0.05,
    "The share of samples whose set may miss the true class.",
    low=1e-6,
    high=0.999999,
    label="share missed, α",
)
_ALLOW_EMPTY = Setting(
    "allow_empty",
    "switch",
    False,
    "Whether a set may be empty; else it holds the likeliest class at least.",
    label="empty sets",
)
_UNIFORM = Setting(
    "uniform",
    "choice",
    "sample",
    "What has a random number U of its own: each sample, or each sample at each exit (the public code).",
    choices=("sample", "exit"),
    label="random number for each",
)


@dataclass(frozen=True)
class SetMethod:
    """One way to make a set of classes at every exit."""

    id: str
    name: str
    label: str
    summary: str
    citation: str
    settings: tuple[Setting, ...]
    function: str | None
    """Probabilities, uniform numbers and settings -> every class's score, of which small ones are in the set; None
    where the sets are not conformal."""
    randomised: bool = False
    """Whether its scores take a uniform number."""

    def fits(self, settings: Mapping[str, object]) -> bool:
        """Whether, under these settings, something is fitted on calibration samples."""
        return self.function is not None or settings["b"] == TUNED


_ROWS = (
    SetMethod(
        id="raps",
        name="regularised adaptive prediction sets",
        label="RAPS",
        summary="The likeliest classes until their sum, plus a penalty for each class beyond k_reg, exceeds a quantile "
        "of calibration samples; randomised, so that coverage is nearly exact.",
        citation="Angelopoulos, Bates, Jordan, Malik. Uncertainty Sets for Image Classifiers using Conformal "
        "Prediction. ICLR 2021, arXiv 2009.14193",
        settings=(
            _ALPHA,
            Setting(
                "lambda",
                "number",
                0.01,
                "The penalty of each class beyond k_reg.",
                low=0.0,
                high=1e6,
                slides=(0.0, 1.0),
                label="penalty of a class, λ",
            ),
            Setting(
                "k_reg",
                "integer",
                5,
                "How many classes are free of a penalty.",
                low=0,
                high=10**6,
                slides=(0, 20),
                label="classes free of penalty",
            ),
            _ALLOW_EMPTY,
            _UNIFORM,
            Setting(
                "penalty_u",
                "switch",
                False,
                "Whether U takes its part of the last class's penalty too, not of its probability alone (the public "
                "code).",
                label="random part of the penalty",
            ),
        ),
        function="analysis.sets.conformal:raps_scores",
        randomised=True,
    ),
    SetMethod(
        id="aps",
        name="adaptive prediction sets",
        label="APS",
        summary="The likeliest classes until their sum exceeds a quantile of calibration samples; randomised.",
        citation="Romano, Sesia, Candes. Classification with Valid and Adaptive Coverage. NeurIPS 2020, "
        "arXiv 2006.02544",
        settings=(_ALPHA, _ALLOW_EMPTY, _UNIFORM),
        function="analysis.sets.conformal:aps_scores",
        randomised=True,
    ),
    SetMethod(
        id="lac",
        name="least ambiguous classifier",
        label="LAC",
        summary="The classes whose probability reaches a threshold from calibration samples: the smallest sets on "
        "average, whatever the sample.",
        citation="Sadinle, Lei, Wasserman. Least Ambiguous Set-Valued Classifiers with Bounded Error Levels. JASA "
        "114(525), 2019, arXiv 1609.00451",
        settings=(_ALPHA, _ALLOW_EMPTY),
        function="analysis.sets.conformal:lac_scores",
    ),
    SetMethod(
        id="nested",
        name="nested sets",
        label="Nested sets",
        summary="Anytime-valid confidence sequences over the exits, of the logits' positive parts as a Dirichlet's "
        "concentrations; their running intersection never grows. The guarantee is about labels that follow the draw of "
        "every exit, which holds at the first alone, draws being independent: of real labels coverage is measured.",
        citation="Jazbec, Forre, Mandt, Zhang, Nalisnick. Anytime-Valid Confidence Sequences for Consistent "
        "Uncertainty Estimation in Early-Exit Neural Networks. arXiv 2311.05931, 2023",
        settings=(
            _ALPHA,
            Setting(
                "b",
                "numbers",
                (0.0,),
                "A logit below this is outside the support: one number, or one for each exit; tuned: the one whose "
                "running intersection is smallest on calibration samples while it covers 1 - alpha of them.",
                choices=(TUNED,),
                low=0.0,
                high=1e6,
                label="support begins at, b",
            ),
        ),
        function=None,
    ),
)

SETS: dict[str, SetMethod] = {row.id: row for row in _ROWS}


def find_sets(method: str) -> SetMethod:
    """The row of an id.

    Raises
    ------
    ValueError
        There is none: the message names those that there are.
    """
    if method not in SETS:
        raise ValueError(f"there are no sets {method!r}: choose {join_or(list(SETS))}")
    return SETS[method]


def resolve_sets(
    method: str, settings: Mapping[str, object] | None = None, *, n_exits: int | None = None
) -> dict[str, object]:
    """The settings of a method complete and typed; resolving twice changes nothing.

    Parameters
    ----------
    n_exits : how many exits there are, to check how many thresholds `b` there are; None leaves that open

    Raises
    ------
    ValueError
        For an unknown method or setting, or a value out of range.

    >>> resolve_sets("lac", {"alpha": "0.1"})
    {'alpha': 0.1, 'allow_empty': False}
    """
    row = find_sets(method)
    resolved = resolve_settings(row.settings, settings or {}, f"sets {row.id}")
    thresholds = resolved.get("b", TUNED)
    if thresholds != TUNED and n_exits is not None and len(thresholds) not in (1, n_exits):
        raise ValueError(
            f"sets {row.id} setting b has {len(thresholds)} numbers and the run {n_exits} exits: give one number, or "
            f"one for each exit"
        )
    return resolved
