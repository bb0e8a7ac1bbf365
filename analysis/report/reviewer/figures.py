"""The figures of a section, each with the switch off and on: those of the app's pages, from the same functions."""

from __future__ import annotations

import html
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import plotly.graph_objects as go

from analysis.figures.class_falls import class_falls_figure
from analysis.figures.correction_price import correction_price_figure
from analysis.figures.decrease_curve import Curve as FallCurve
from analysis.figures.decrease_curve import decrease_curve_figure
from analysis.figures.decrease_share import decrease_share_figure
from analysis.figures.exit_pairs import exit_pairs_figure
from analysis.figures.exits import Panel, exits_figure
from analysis.figures.fall_scatter import drawn_points, fall_scatter_figure
from analysis.figures.trajectories import trajectories_figure
from analysis.metrics.decrease import THRESHOLDS
from analysis.metrics.uncertainty import ENTROPY_THRESHOLDS
from analysis.reference.names import network_name
from analysis.reference.outside_text import shortened
from analysis.reference.superclasses import superclasses_of
from analysis.reference.symlog import FALL_UNIT, from_scale
from analysis.report.reviewer.stopping import Stopping, stopping_figure, stopping_notes
from analysis.report.reviewer.subject import LONGEST, STATES, Subject
from analysis.report.trajectory_panels import panel_of
from analysis.results.differences import group_falls
from analysis.selection.thinning import thinned
from analysis.words import correction, falls, formats
from analysis.words import report as words

CLASSES_SHOWN = 15
POINTS_DRAWN = 2000
"""Of the scatter: plotly draws each as an element of the page."""
SPOKEN_OF = 0.01
"""The fall that pairs of exits are counted above, as on the page."""


@dataclass(frozen=True, eq=False)
class Shown:
    """A figure in the states of the switch, a single one where both are the same.

    Attributes
    ----------
    name : tells it from the section's other figures
    figures : by state, `off` and `on`
    notes : what stands below it, plain text
    badge : a warning that stays in sight; empty where there is none
    wide : whether it takes the page's whole width
    """

    name: str
    figures: Mapping[str, go.Figure]
    notes: tuple[str, ...] = ()
    badge: str = ""
    wide: bool = False

    def title(self, state: str) -> str:
        """The finding, as plain text."""
        return html.unescape(self.figures[state].layout.title.text)

    def subtitle(self, state: str) -> str:
        """How it was computed, as plain text."""
        return html.unescape(self.figures[state].layout.title.subtitle.text or "")


def figures_of(subject: Subject, stops: Stopping) -> list[Shown]:
    """Every figure that this run and correction have numbers for, in the order of the argument."""
    falling = subject.difference.n_exits > 1 and subject.difference.falls(subject.difference.of, "absolute") is not None
    found = [_trajectories(subject), _exits(subject)]
    if falling:
        found += [_curve(subject), _scatter(subject)]
    found += [_classes(subject), *([_pairs(subject)] if falling else [])]
    found += [_uncertainty(subject), *([_rises(subject)] if subject.difference.n_exits > 1 else []), _price(subject)]
    return [*found, _stopping(stops)]


def _in_both(name: str, draw: Callable[[str], go.Figure], **how: object) -> Shown:
    return Shown(name, {state: draw(state) for state in STATES}, **how)


def _stopping(stops: Stopping) -> Shown:
    choice = stops.subject.choice
    return _in_both(
        "compute",
        lambda state: stopping_figure(stops, state),
        notes=stopping_notes(stops),
        badge="fitted on test" if choice is not None and choice.on_test else "",
        wide=True,
    )


# --- single samples --------------------------------------------------------------------------------------------------


def _trajectories(subject: Subject) -> Shown:
    """Both panels stand side by side, whatever the switch says."""
    places, run = subject.picked, subject.run
    positions = subject.difference.a.positions[places]
    headings = ("Baseline, each exit by itself", _headed(subject))
    panels = [
        panel_of(side, correction.mean_words(heading, side.mean_prob()), places)
        for (_, _, side), heading in zip(subject.both, headings)
    ]
    falling = tuple(int((panel.fall > correction.THRESHOLD).sum()) for panel in panels)
    figure = trajectories_figure(
        panels,
        ids=run.samples["id"].iloc[positions].tolist(),
        names=[subject.true_name(position) for position in positions],
        followed=None,
        exit_names=subject.exit_names,
        quantity=f"probability of the {formats.QUANTITY[subject.difference.of]}",
        threshold=correction.THRESHOLD,
        title=correction.trajectories_title(falling, len(places), subject.label),
        subtitle=f"Thin: {formats.counted(len(places), 'sample')} drawn at random (seed {subject.seed}), largest falls "
        f"thicker where they exceed {correction.THRESHOLD:g}. Bold: the mean of all {subject.over}.",
    )
    return Shown("trajectories", dict.fromkeys(STATES, figure), wide=True)


def _headed(subject: Subject) -> str:
    name = subject.row.full_name
    return name if subject.row.path else name[:1].upper() + name[1:]


# --- exit by exit ----------------------------------------------------------------------------------------------------


def _panels(subject: Subject, name: str, panels: Sequence[Panel], title: str, subtitle: str) -> Shown:
    return _in_both(
        name,
        lambda state: exits_figure(
            panels,
            predictor_id=subject.row.id,
            predictor_label=subject.label,
            baseline_label="Baseline",
            predictor_shown=state == "on",
            exit_names=subject.exit_names,
            title=title,
            subtitle=subtitle,
            height=300,
        ),
        wide=True,
    )


def _exits(subject: Subject) -> Shown:
    difference, beside = subject.difference, ()
    before, after = difference.a, difference.b
    if difference.has_labels:
        known = (key for key in ("baseline", subject.row.id) if key in subject.published)
        beside = tuple((key, 100 * subject.published[key].accuracy) for key in known)
    first = "accuracy, %" if difference.has_labels else "answers that are final, %"
    panels = [
        Panel(first, 100 * before.right_share, 100 * after.right_share, beside),
        Panel(
            f"probability of the {formats.QUANTITY[difference.of]}",
            before.mean_prob(),
            after.mean_prob(),
            from_zero_to=1,
        ),
        Panel("confidence", before.confidence, after.confidence, from_zero_to=1),
    ]
    subtitle = f"Means over {subject.over}; confidence is the probability of the predicted class."
    title = correction.exits_title(difference, subject.label)
    return _panels(subject, "exits", panels, title, subtitle + (" Open markers: the paper." if beside else ""))


def _uncertainty(subject: Subject) -> Shown:
    before, after = subject.difference.a, subject.difference.b
    panels = [Panel("mean entropy, nats", before.entropy, after.entropy)]
    if subject.difference.has_labels:
        panels.append(Panel("calibration error (ECE)", before.ece, after.ece))
        if np.isfinite([before.nll, after.nll]).all():
            panels.append(Panel("negative log-likelihood, nats", before.nll, after.nll))
        else:
            panels.append(Panel("Brier score", before.brier, after.brier))
    subtitle = f"Means over {subject.over}." + (
        " ECE: 15 bins of equal width over the confidence." if subject.difference.has_labels else ""
    )
    return _panels(subject, "uncertainty", panels, words.entropy_title(subject.difference, subject.label), subtitle)


def _rises(subject: Subject) -> Shown:
    lines = [(key, name, side.entropy_rise_percent) for key, name, side in subject.both]
    beside = [
        (key, np.array([subject.published[key].entropy_rises.get(tau, np.nan) for tau in ENTROPY_THRESHOLDS]))
        for key, _, _ in subject.both
        if key in subject.published and subject.published[key].entropy_rises
    ]
    return _in_both(
        "rises",
        lambda state: decrease_share_figure(
            ENTROPY_THRESHOLDS,
            lines,
            published=beside,
            emphasised="baseline" if state == "off" else subject.row.id,
            title=words.entropy_claim(subject.label, *subject.rises).removesuffix("."),
            subtitle=f"Rise of a sample's entropy between an earlier and a later exit, nats; {subject.over}."
            + (" Open: the paper." if beside else ""),
            x_title="samples that rise by more",
            does="rise",
            height=340,
        ),
    )


# --- what falls ------------------------------------------------------------------------------------------------------


def _curve(subject: Subject) -> Shown:
    difference = subject.difference
    even = from_scale(np.linspace(0, 4, 81), FALL_UNIT)
    grid = np.unique([float(f"{value:.6g}") for value in (*even, *THRESHOLDS, 1.0)])
    beside = {key: one.decrease(difference.of, THRESHOLDS) for key, one in subject.published.items()}
    published = [
        (key, name, beside[key]) for key, name, _ in subject.both if key in beside and not np.isnan(beside[key]).all()
    ]
    subtitle = (
        f"Percent of {subject.over} where the {subject.quantity} falls by more than a threshold between an earlier and "
        "a later exit."
    )
    if published:
        subtitle += f" Open markers: the paper's {network_name(subject.run.dataset, subject.run.model)}."
    title = falls.curve_finding(difference.falls(difference.of, "absolute"), subject.label, relative=False)

    def draw(state: str) -> go.Figure:
        curves = [
            FallCurve(
                key,
                name,
                side.falling_percent(grid),
                side.falling_percent(THRESHOLDS),
                emphasised=(key == "baseline") == (state == "off"),
            )
            for key, name, side in subject.both
        ]
        return decrease_curve_figure(
            curves,
            grid,
            THRESHOLDS,
            published=published,
            x_title="fall by more than, probability",
            y_title="samples",
            title=title,
            subtitle=subtitle,
            height=340,
        )

    return _in_both("decrease", draw)


def _scatter(subject: Subject) -> Shown:
    difference = subject.difference
    sizes = [side.fall().size for _, _, side in subject.both]
    picked = thinned(difference.n_samples, POINTS_DRAWN, seed=subject.seed)
    positions = difference.a.positions[picked]
    ids = [shortened(str(one), LONGEST) for one in subject.run.samples["id"].iloc[positions]]
    names = [subject.true_name(position) for position in positions]
    of = difference.n_samples
    drawn = f"{len(picked):,} of {subject.over}, drawn at random" if len(picked) < of else f"each of {subject.over}"
    title = falls.scatter_finding(difference.falls(difference.of, "absolute"), subject.label)

    def draw(state: str) -> go.Figure:
        figure = fall_scatter_figure(
            predictor_id=subject.row.id,
            x_title="largest fall under the baseline, probability",
            y_title=f"largest fall under {subject.label}",
            title=title,
            subtitle=f"Points: {drawn}, by the largest fall of the {subject.quantity}. The title is of all. On the "
            "diagonal, equal falls.",
            height=340,
        )
        colour_of = "baseline" if state == "off" else subject.row.id
        figure.add_trace(drawn_points(sizes[0][picked], sizes[1][picked], ids, names, subject.label, colour_of))
        return figure

    return _in_both("scatter", draw)


def _pairs(subject: Subject) -> Shown:
    difference = subject.difference

    def draw(state: str) -> go.Figure:
        counts = subject.sides[state].exit_pairs(difference.of, "absolute", SPOKEN_OF)
        return exit_pairs_figure(
            counts,
            difference.n_samples,
            exit_names=subject.exit_names,
            threshold=SPOKEN_OF,
            title=falls.pairs_finding(counts, SPOKEN_OF, subject.named(state), subject.exit_names),
            subtitle=f"Percent of {subject.over} whose largest fall of the {subject.quantity} goes from the row's exit "
            "to the column's.",
            height=340,
        )

    return _in_both("exit-pairs", draw)


def _classes(subject: Subject) -> Shown:
    run, difference = subject.run, subject.difference
    superclasses = superclasses_of(run.dataset, run.class_names)
    names = list(run.class_names) if superclasses is None else list(superclasses.names)
    of_class = None if superclasses is None else np.asarray(superclasses.of_class)
    found = group_falls(difference, len(names), of_class)
    rows, kept = [formats.class_words(names[group]) for group in found.group], slice(0, CLASSES_SHOWN)
    kind = "superclasses" if of_class is not None else "classes"
    kind += "" if len(rows) == len(names) else " with samples"

    def draw(state: str) -> go.Figure:
        shown = found.a if state == "off" else found.b
        whole = [shortened(row, 40) for row in rows]
        return class_falls_figure(
            rows[kept],
            found.samples[kept],
            [(key, name, values[kept]) for (key, name, _), values in zip(subject.both, (found.a, found.b))],
            emphasised="baseline" if state == "off" else subject.row.id,
            title=correction.groups_title(whole, shown, subject.named(state), CLASSES_SHOWN),
            subtitle=f"Mean largest fall of the {subject.quantity}; "
            f"{correction.rows_words(min(CLASSES_SHOWN, len(rows)), len(rows), kind)}."
            + ("" if difference.has_labels else " Classes are the baseline's final predictions."),
            x_title="mean largest fall of a sample",
            height=360,
        )

    return _in_both("classes", draw)


# --- what it costs ---------------------------------------------------------------------------------------------------


def _price(subject: Subject) -> Shown:
    difference = subject.difference
    if difference.has_labels:
        values, line_name = [side.ece for _, _, side in subject.both], "calibration error (ECE, 15 bins)"
        bars = [("fixed", difference.b_only), ("broken", difference.a_only)]
        bar_name = "samples fixed (up) and broken (down)"
    else:
        values, line_name = [side.entropy for _, _, side in subject.both], "mean entropy, nats"
        bars, bar_name = [("changed", difference.changed)], "samples whose answer differs from the baseline's"
    lines = [(key, name, line) for (key, name, _), line in zip(subject.both, values)]
    return _in_both(
        "price",
        lambda state: correction_price_figure(
            lines,
            bars,
            line_name=line_name,
            bar_name=bar_name,
            predictor_id=subject.row.id,
            predictor_shown=state == "on",
            exit_names=subject.exit_names,
            title=correction.price_title(difference, subject.label),
            subtitle=f"{subject.label} against the baseline, {subject.over}; {correction.collapse_words(difference)}.",
            height=340,
        ),
    )
