"""What a section claims: sentences, each with its number, and its interval where there is one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from analysis.predictors import usable_predictors
from analysis.reference.names import network_name
from analysis.report.reviewer.stopping import Stopping, stopping_claim
from analysis.report.reviewer.subject import STATES, Subject
from analysis.results import Results, against_paper
from analysis.results.against_paper import Percents
from analysis.results.comparison import Comparison
from analysis.statistics.binomial import clopper_pearson_interval
from analysis.words import correction, verdicts
from analysis.words import report as words
from analysis.words.verdicts import ToldVerdict

FALLS = (0.01, 0.1)
"""The falls whose differences are claimed: the smallest that is noticed, and the one that titles speak of."""


def claims_of(subject: Subject, compared: Comparison | None, stops: Stopping) -> list[str]:
    """What the correction does, in the order of the argument.

    Parameters
    ----------
    compared : of the baseline and the correction; None without labels
    """
    difference, label = subject.difference, subject.label
    said = [correction.correction_sentence(difference, subject.row.full_name)]
    if compared is not None:
        pair, exits = compared.pairs[0], difference.n_exits
        said.append(words.accuracy_claim(label, float(difference.b.accuracy[-1]), pair.exits[-1], exits))
        if exits > 1:
            falling = difference.b.falling_percent(FALLS)
            estimates = [(tau, float(share), pair.decrease[tau]) for tau, share in zip(FALLS, falling)]
            said.append(words.falls_claim(label, difference.of, estimates))
    if difference.n_exits > 1:
        said.append(correction.relative_sentence(difference, label))
        if np.isfinite(subject.rises).all():
            said.append(words.entropy_claim(label, *subject.rises))
    if claim := stopping_claim(stops):
        said.append(claim)
    return [*said, correction.price_sentence(difference, label)]


def shown_claims(subject: Subject) -> tuple[str, str]:
    """What the baseline reaches, and what the correction does; empty where nothing is to be told."""
    return tuple(_shown_claim(subject, state) for state in STATES)


def _shown_claim(subject: Subject, state: str) -> str:
    side, shares = subject.sides[state], []
    if subject.difference.has_labels:
        shares.append(("are right at the last exit", int(side.answers["right"][-1]), side.n_samples))
    if side.n_exits > 1 and (known := side.known_falls(side.of, "absolute")):
        falling = side.falling_percent(FALLS)
        shares += [(f"fall by more than {tau:g}", round(x * known / 100), known) for tau, x in zip(FALLS, falling)]
    if not shares:
        return ""
    told = [
        (does, 100 * count / of, tuple(100 * end for end in clopper_pearson_interval(count, of)))
        for does, count, of in shares
    ]
    return words.shown_claim(subject.named(state), told)


def paper_numbers(subject: Subject, results: Mapping[str, Results]) -> dict[str, Percents]:
    """This run's numbers of what the paper reports, by predictor; empty without labels or published numbers.

    Parameters
    ----------
    results : of the paper's predictors as the paper sets them
    """
    if not subject.published or not subject.difference.has_labels:
        return {}
    usable = usable_predictors(subject.run.kind)
    return {
        key: against_paper.percents(results[key], results["baseline"])
        for key in against_paper.ORDER
        if key in results and key in usable
    }


def paper_verdicts(subject: Subject, measured: Mapping[str, Percents]) -> list[ToldVerdict]:
    """Which of the published findings this run shows too; none where there are no numbers."""
    if not measured:
        return []
    found = against_paper.verdicts(measured, subject.all_published)
    return [verdicts.told(one, subject.exit_names) for one in found]


def paper_sentences(subject: Subject, found: Sequence[ToldVerdict]) -> list[str]:
    """How the run stands to the paper, in sentences; none where the paper has no such network."""
    published = subject.all_published
    if not found:
        return []
    said = [verdicts.summary_sentence(found, network_name(published["baseline"].dataset, published["baseline"].model))]
    said.append(
        correction.distance_sentence(
            float(subject.difference.a.right_share[-1]), float(published["baseline"].accuracy[-1])
        )
    )
    both = [subject.published.get(key) for key in ("baseline", subject.row.id)]
    if None not in both:
        falling = tuple(one.decrease(subject.difference.of, [correction.THRESHOLD])[0] for one in both)
        accuracy = tuple(float(one.accuracy[-1]) for one in both)
        said.append(correction.published_sentence(falling, accuracy, subject.label))
    return said
