"""The reviewer bundle of one or several runs, from their results to the text of the HTML file."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from analysis.predictors import find_predictor, first_correction, resolve, usable_predictors
from analysis.report.comparison_tables import names
from analysis.report.reviewer import claims, facts, samples, tables
from analysis.report.reviewer.figures import figures_of
from analysis.report.reviewer.page import Page, Section, as_html
from analysis.report.reviewer.stopping import stopping_of
from analysis.report.reviewer.subject import Options, Subject
from analysis.results import Results, against_paper, compare, difference_of, results_of
from analysis.results.comparison import MOST
from analysis.results.fitting import SampleChoice, choose_samples, results_at
from analysis.run import Run

MOST_RUNS = MOST // 2
"""Each is taken under the baseline and its correction, and compared with every other."""
MOST_DRAWN = 100
SHARE = "random:0.2"
"""What is fitted on where a run has no calibration split, unless told otherwise: a seeded share, not measured then."""


def report_html(
    runs: Sequence[Run], options: Options | None = None, *, progress: Callable[[int], None] | None = None
) -> str:
    """One HTML file about runs under a correction, which opens offline: the same bytes for the same content.

    Parameters
    ----------
    runs : sequence of Run
        One to four, in the order of their sections.
    options : Options, optional
        Which predictor, samples and seeds; by default each run's first correction on the test split.
    progress : callable, optional
        Is told how many more of the runs' samples were traced.

    Returns
    -------
    str
        The text of the file, to be written as UTF-8.

    Raises
    ------
    ValueError
        A run, predictor, setting, split, cost unit or number that cannot be used.
    """
    options = options or Options()
    check(runs, options)
    subjects = [_subject(run, options, progress) for run in runs]
    sections = [_section(subject) for subject in subjects]
    return as_html(
        Page(
            sections=tuple(sections),
            comparison=_side_by_side(subjects) if len(subjects) > 1 else ((), ()),
            versions=tuple(facts.version_rows()),
            command=facts.command_of(subjects, options),
        )
    )


def check(runs: Sequence[Run], options: Options) -> None:
    """Refuse what cannot be reported, before anything is computed.

    Raises
    ------
    ValueError
        As `report_html`.
    """
    if not 1 <= len(runs) <= MOST_RUNS:
        raise ValueError(f"{len(runs)} runs to report: name 1 to {MOST_RUNS}")
    if len({run.id for run in runs}) < len(runs):
        raise ValueError("a run is named twice: name each once")
    if not 1 <= options.samples <= MOST_DRAWN:
        raise ValueError(f"--samples {options.samples}: draw 1 to {MOST_DRAWN}")
    if options.seed < 0:
        raise ValueError(f"--seed {options.seed}: give a whole number from 0")
    for run in runs:
        row = find_predictor(options.predictor or first_correction(run.kind))
        if row.id == "baseline":
            others = ", ".join(key for key in usable_predictors(run.kind) if key != "baseline")
            raise ValueError(f"--predictor baseline: a report sets a correction beside it, name one of {others}")
        resolve(row, options.settings, kind=run.kind, n_exits=run.n_exits)
        if len(run.positions(options.split)) == 0:
            raise ValueError(f"run {run.id} has no samples of split {options.split}: choose another --split")
        run.cost(options.cost_unit)


def _subject(run: Run, options: Options, progress: Callable[[int], None] | None) -> Subject:
    row = find_predictor(options.predictor or first_correction(run.kind))
    settings = resolve(row, options.settings, kind=run.kind, n_exits=run.n_exits)
    sides = [("baseline", {}), (row.id, settings)]
    before, after = (results_of(run, key, own, options.split, progress=progress) for key, own in sides)
    choice, why = _choice(run, options)
    fitted = None
    if choice is not None:
        fitted = tuple(_fitted(side, choice) for side in (before, after))
    known = run.cost(options.cost_unit)
    unit = None if known is None else known[0]
    return Subject(before, after, row, fitted, choice, why, unit, options.samples, options.seed)


def _choice(run: Run, options: Options) -> tuple[SampleChoice | None, str]:
    """What stopping rules are fitted on, or why there is nothing to fit on."""
    calibration = options.calibration
    apart = len(run.positions("calibration")) > 0 and options.split != "calibration"
    if calibration is None and not apart and not options.allow_test_fitting:
        calibration = SHARE
    try:
        choice = choose_samples(
            run,
            options.split,
            calibration=calibration,
            seed=options.seed,
            allow_test_fitting=options.allow_test_fitting,
        )
    except ValueError as error:
        if options.calibration is not None or options.allow_test_fitting:
            raise
        return None, str(error)
    return choice, ""


def _fitted(side: Results, choice: SampleChoice) -> Results:
    if np.isin(choice.fitted, side.positions).all():
        return side.select(np.searchsorted(side.positions, choice.fitted))
    return results_at(side.run, side.predictor, side.settings, choice.fitted)


def _section(subject: Subject) -> Section:
    stops = stopping_of(subject)
    compared = compare([subject.before, subject.after], seed=subject.seed) if subject.difference.has_labels else None
    measured = claims.paper_numbers(subject, _paper_results(subject))
    told = claims.paper_verdicts(subject, measured)
    groups = samples.sample_groups(subject)
    return Section(
        subject=subject,
        facts=facts.facts_line(subject),
        shown=claims.shown_claims(subject),
        claims=tuple(claims.claims_of(subject, compared, stops)),
        paper=tuple(claims.paper_sentences(subject, told)),
        verdicts=tuple(told),
        figures=tuple(figures_of(subject, stops)),
        numbers=(*tables.exit_tables(subject), *(tables.fall_tables(subject) if subject.run.n_exits > 1 else ())),
        paper_numbers=tables.paper_table(subject, measured),
        groups=tuple(groups),
        settings=tuple(facts.setting_rows(subject)),
        provenance=tuple(facts.provenance_rows(subject.run)),
        hashes=tuple(facts.hash_rows(subject.run)),
    )


def _paper_results(subject: Subject) -> dict[str, Results]:
    """The paper's predictors as the paper sets them, on the subject's samples."""
    if not subject.published or not subject.difference.has_labels:
        return {}
    found = {"baseline": subject.before}
    found |= {subject.row.id: subject.after} if subject.is_default else {}
    for key in against_paper.ORDER:
        if key in subject.all_published and key in usable_predictors(subject.run.kind) and key not in found:
            found[key] = results_of(subject.run, key, {}, subject.split)
    return found


def _side_by_side(subjects: Sequence[Subject]) -> tuple[tuple[tables.Table, ...], tuple[str, ...]]:
    """The runs of the same samples beside each other, and why the others are not."""
    groups: list[list[Subject]] = []
    left_out = []
    for subject in subjects:
        reasons = [next(filter(None, (_why_apart(one, subject) for one in group)), "") for group in groups]
        if "" in reasons:
            groups[reasons.index("")].append(subject)
        else:
            groups.append([subject])
            left_out += [
                f"{group[0].run.id} and {subject.run.id} are not compared: {why}."
                for group, why in zip(groups, reasons)
            ]
    found = []
    for group in (one for one in groups if len(one) > 1):
        entries = [side for subject in group for side in (subject.before, subject.after)]
        called = names([{"run": one.run.id, "predictor": one.predictor, "settings": one.settings} for one in entries])
        found += tables.comparison_tables(compare(entries, seed=group[0].seed), called)
    return tuple(found), tuple(left_out)


def _why_apart(one: Subject, other: Subject) -> str:
    """Why two runs cannot be compared; empty where they can."""
    for run in (one.run, other.run):
        if not run.has_labels:
            return f"run {run.id} has no labels"
    try:
        difference_of(one.before, other.before)
    except ValueError as error:
        return str(error)
    return ""
