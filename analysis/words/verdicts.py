"""A run beside the paper in words: the published findings, what decides each, and what the paper and the run say.

Plain text. The numbers and the verdicts are those of `analysis.results.against_paper`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from analysis.results.against_paper import LEVEL, SHOWN, UNKNOWN, UNPUBLISHED, Evidence, Verdict
from analysis.words.formats import QUANTITY, decimals, percent, plural, points

SPOKEN_OF = 0.1
"""The fall that a verdict's numbers speak of."""
SD = (
    "sd: the root of the squares' sum of the paper's standard deviation, of three seeds, and of one run's binomial "
    "sampling error, a wide bound where the test images are the paper's own"
)
"""What "within" and "outside" are said of, below a table of numbers."""


def difference_words(value: float, outside: bool | None, *, unit: bool = True) -> str:
    """A difference of percentages with its sign, and whether it is outside two standard deviations.

    Parameters
    ----------
    value, outside
        As `analysis.results.against_paper.difference` gives them.
    unit : bool
        Whether to say "points" and "±2 sd", which a table's heading and `SD` beside it say.

    Examples
    --------
    >>> difference_words(-8.79, True), difference_words(0.004, None), difference_words(0.2, False, unit=False)
    ('−8.79 points, outside ±2 sd', '+0.004 points', '+0.20, within')
    """
    if not np.isfinite(value):
        return "unknown"
    said = points(value, exact=True).removesuffix("" if unit else " points")
    where = "" if outside is None else f", {'outside' if outside else 'within'}{' ±2 sd' if unit else ''}"
    return f"{'' if value == 0 else '−' if value < 0 else '+'}{said}{where}"


def _sides_words(found: np.ndarray, exit_names: Sequence[str]) -> str:
    words = []
    for side, said in ((1, "higher"), (0, "level"), (-1, "lower")):
        if names := [name for name, here in zip(exit_names, found) if here == side]:
            words.append(f"{said} at {_exits(names)}")
    return ", ".join(words)


def _exits(names: Sequence[str]) -> str:
    """Consecutive numbers are joined.

    >>> _exits(["2", "3", "4", "7"]), _exits(["stem"]), _exits(["1", "2"])
    ('exits 2 to 4, 7', 'exit stem', 'exits 1, 2')
    """
    groups: list[list[str]] = []
    for name in names:
        if groups and name.isdigit() and groups[-1][-1].isdigit() and int(name) == int(groups[-1][-1]) + 1:
            groups[-1].append(name)
        else:
            groups.append([name])
    said = [f"{group[0]} to {group[-1]}" if len(group) > 2 else ", ".join(group) for group in groups]
    return f"exit{'s' if len(names) > 1 else ''} {', '.join(said)}"


@dataclass(frozen=True)
class ToldVerdict:
    """A verdict in words.

    Attributes
    ----------
    finding : what is said of the network
    verdict : as in `Verdict`
    criterion : what decides
    paper, run : the numbers
    """

    finding: str
    verdict: str
    criterion: str
    paper: str
    run: str


def told(verdict: Verdict, exit_names: Sequence[str]) -> ToldVerdict:
    """A verdict in words.

    Parameters
    ----------
    exit_names
        For naming exits; numbers where they have no names.
    """
    finding, criterion = _finding(verdict, exit_names)
    paper = "no number" if verdict.paper is None else _paper_words(verdict, verdict.paper, exit_names)
    if verdict.run is not None:
        run = _run_words(verdict, verdict.run, exit_names)
    else:
        run = "PA needs logits; this run keeps only probabilities" if verdict.verdict == UNKNOWN else ""
    return ToldVerdict(finding, verdict.verdict, criterion, paper, run)


def _finding(verdict: Verdict, exit_names: Sequence[str]) -> tuple[str, str]:
    """What is said of the network, and what decides."""
    if verdict.on in QUANTITY:
        return (
            f"The {QUANTITY[verdict.on]}'s probability falls for fewer samples under PA than under the baseline",
            f"at each of the {len(verdict.thresholds)} published thresholds PA's share of samples that fall by more is "
            "smaller than the baseline's (0 where the baseline's is 0)",
        )
    if verdict.on == "accuracy":
        return (
            f"PA's accuracy against the baseline's is {_sides_words(verdict.paper.sides, exit_names)}",
            "at each exit PA's accuracy lies on the same side of the baseline's as in the paper (level: less than "
            f"{LEVEL:g} points apart)",
        )
    if verdict.on == "oracle":
        return (
            "PA overthinks less: fewer samples are right at some exit and wrong at the last",
            "the oracle gap (accuracy with the best exit for each sample, less the last exit's) is smaller under PA",
        )
    return (
        "Entropy rises with more computation for fewer samples under PA than under the baseline",
        f"at each of the {len(verdict.thresholds)} published thresholds PA's share of samples whose entropy rises by "
        "more is smaller than the baseline's (0 where the baseline's is 0)",
    )


def _paper_words(verdict: Verdict, paper: Evidence, exit_names: Sequence[str]) -> str:
    if verdict.on == "accuracy":
        return f"{_last_exit(paper)}{_unresolved(paper, exit_names)}"
    return _gap_words(paper) if verdict.on == "oracle" else _fewer_words(verdict, paper)


def _run_words(verdict: Verdict, run: Evidence, exit_names: Sequence[str]) -> str:
    if verdict.on == "accuracy":
        same = run.holds
        where = f"as in the paper at all {len(same)} exits"
        if not same.all():
            where = f"as in the paper at {int(same.sum()) or 'none'} of {len(same)} exits"
            where += f"; here {_sides_words(np.where(same, 9, run.sides), exit_names)}"
        chance = [name for name, side, clear in zip(exit_names, run.sides, run.clear) if side and not clear]
        return f"{where}; {_last_exit(run)}{f'; no clear difference at {_exits(chance)}' if chance else ''}"
    return _gap_words(run) if verdict.on == "oracle" else _fewer_words(verdict, run)


def _last_exit(evidence: Evidence) -> str:
    return f"last exit: {percent(evidence.before[-1])} → {percent(evidence.after[-1])}"


def _unresolved(paper: Evidence, exit_names: Sequence[str]) -> str:
    """Where the paper's own difference is within its spread: a run that differs there contradicts little."""
    if paper.within_spread is None:
        return "; one checkpoint, no spread"
    names = [name for name, here in zip(exit_names, paper.within_spread) if here]
    return f"; the difference is below one standard deviation at {_exits(names)}" if names else ""


def _fewer_words(verdict: Verdict, evidence: Evidence) -> str:
    unit = " nats" if verdict.on == "entropy" else ""
    holds, at = evidence.holds, verdict.thresholds.index(SPOKEN_OF)
    none = holds & (evidence.before == 0)
    if not holds.all():
        missing = [f"{tau:g}" for tau, here in zip(verdict.thresholds, holds) if not here]
        where = f"not fewer at {plural(len(missing), 'threshold')} {', '.join(missing)}{unit}"
    elif none.any():
        where = f"fewer at {int((~none).sum()) or 'none'} of {len(holds)} thresholds, none under either at the others"
    else:
        where = f"fewer at all {len(holds)} thresholds"
    before, after = percent(evidence.before[at]), percent(evidence.after[at])
    return f"{where}; by more than {SPOKEN_OF:g}{unit}: {before} → {after}"


def _gap_words(evidence: Evidence) -> str:
    return f"{decimals(evidence.before[-1])} → {decimals(evidence.after[-1])} points"


def summary_sentence(found: Sequence[ToldVerdict], network: str) -> str:
    """How many of the published findings the run shows.

    Parameters
    ----------
    network : str
        As `network_name` writes it.
    """
    published = [one for one in found if one.verdict != UNPUBLISHED]
    shown = sum(one.verdict == SHOWN for one in published)
    if any(one.verdict == UNKNOWN for one in published):
        return f"The {len(published)} published findings on PA for {network} cannot be computed on this run."
    if shown == len(published):
        return f"This run shows all {shown} published findings on PA for {network}."
    return f"This run shows {shown or 'none'} of the {len(published)} published findings on PA for {network}."


def gap_sentence(label: str, what: str, run: float, published: float, difference: tuple[float, bool | None]) -> str:
    """One number beside the paper's: the title of a figure. To two decimals, as the difference is.

    Parameters
    ----------
    difference
        As `analysis.results.against_paper.difference` gives it.

    Examples
    --------
    >>> gap_sentence("PA", "of samples fall by more than 0.01", 6.1, 7.5, (-1.4, True))
    'PA: 6.10% of samples fall by more than 0.01; in the paper 7.50% (−1.40 points, outside ±2 sd)'
    """
    return f"{label}: {decimals(run)}% {what}; in the paper {decimals(published)}% ({difference_words(*difference)})"


def agreement_sentence(found: Mapping[int, Sequence[ToldVerdict]]) -> str:
    """On which of the published findings the seeds agree.

    Parameters
    ----------
    found
        Seed -> its run's verdicts, in the same order for all.

    Examples
    --------
    >>> one = ToldVerdict("PA overthinks less", "shown", "", "", "")
    >>> agreement_sentence({0: [one], 1: [one]})
    'Both seeds give the same verdict on every finding.'
    """
    who = "Both seeds give" if len(found) == 2 else f"All {len(found)} seeds give"
    split = [each for each in zip(*found.values()) if len({one.verdict for one in each}) > 1]
    if not split:
        return f"{who} the same verdict on every finding."
    said = []
    for each in split:
        shown = [str(seed) for seed, one in zip(found, each) if one.verdict == SHOWN]
        by = f"{plural(len(shown), 'seed')} {', '.join(shown)} alone" if shown else "none of them"
        said.append(f"“{each[0].finding}” is shown by {by}")
    return f"The seeds differ: {'; '.join(said)}."
