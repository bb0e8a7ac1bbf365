"""Overview: what is this run, and what did the correction do to it?"""

from collections.abc import Callable, Mapping, Sequence

import numpy as np
import pandas as pd
import streamlit as st

from analysis.figures.class_falls import class_falls_figure
from analysis.figures.correction_price import correction_price_figure
from analysis.figures.decrease_share import decrease_share_figure
from analysis.figures.exits import Panel, exits_figure
from analysis.figures.training_curves import training_curves_figure
from analysis.figures.trajectories import SAMPLES, Trajectories, trajectories_figure
from analysis.predictors import available_predictors
from analysis.reference.names import network_name
from analysis.reference.outside_text import shortened
from analysis.reference.published import Published
from analysis.reference.superclasses import superclasses_of
from analysis.results import Difference, Results
from analysis.results.differences import group_falls
from analysis.results.training_log import TrainingLog, training_log
from analysis.run import Run
from analysis.selection import Selection
from analysis.selection.columns import FallColumn
from analysis.selection.marks import falls_above, of_classes
from analysis.selection.thinning import thinned
from analysis.words import correction, formats, training
from analysis.words.deciding import budgets
from analysis.words.selections import lit_words
from app import cache, state
from app.components.chart import chart
from app.components.controls import control
from app.components.empty_split import no_samples
from app.components.figure_table import by_exit, figure_table
from app.components.predictor_names import label_of, named
from app.components.published import published_beside
from app.components.selection import select, strip
from app.components.selection.both_panels import both_panels, sample_names
from app.components.selection.strip import open_sample
from app.components.text import escape, plain_table, plain_text
from app.view import View

CLASSES_SHOWN = 15
HEIGHT = 340
PICTURE_HEIGHT = 400  # of the two panels: with what stands above them they end within 720 pixels


def render(view: View) -> None:
    """The page: what the correction does, in one sentence and one picture, before anything else."""
    if no_samples(view):
        plain_text(_facts(view.run, view.split, view.unit), role="caption")
        return
    difference = view.difference()
    published = published_beside(view)
    full_name = available_predictors()[view.predictor].full_name
    with st.container(key="lead"):
        st.markdown(f"**{escape(correction.correction_sentence(difference, full_name))}**")
    _picture(view, difference)
    about, shares = st.columns([1, 1], gap="medium")
    with about, st.container(gap="small"):
        _about(view, difference, published)
    with shares:
        _shares(view, difference, published)
    strip(view, "shares", hint="Click a marker: the samples that fall by more than its threshold show here.")
    _exit_by_exit(view, difference, published)
    classes, price = st.columns(2, gap="medium")
    with classes:
        _classes(view, difference)
    with price:
        _price(view, difference)
    strip(view, "classes", "price", hint="Click a class, or a bar of samples fixed or broken: its samples show here.")
    _how_it_was_made(view)


def _over(view: View, difference: Difference) -> str:
    return formats.counted(difference.n_samples, f"{'' if view.split == 'all' else view.split + ' '}sample")


# --- what this run is -----------------------------------------------------------------------------------------------


def _about(view: View, difference: Difference, published: Mapping[str, Published]) -> None:
    """What this run is and where it comes from; what stands against the headline; the paper's numbers."""
    label = label_of(view.predictor)
    plain_text(_facts(view.run, view.split, view.unit), role="caption")
    plain_text(_provenance(view.run, difference, published), role="caption")
    if {"baseline", view.predictor} <= set(published):
        pair = _published_pair(published, view.predictor, difference.of)
        plain_text(correction.published_sentence(*pair, label), role="caption")
    if difference.n_exits > 1:
        plain_text(correction.relative_sentence(difference, label), role="caption")
    plain_text(correction.price_sentence(difference, label), role="caption")


def _facts(run: Run, split: str, unit: str | None) -> str:
    samples = formats.counted(len(run.positions(split)), "sample")
    network = network_name(run.dataset, run.model) if run.dataset and run.model else run.model or run.dataset
    facts = [network, f"{samples} ({split})", f"{run.n_classes:,} classes"]
    facts.append(formats.counted(run.n_exits, "exit"))
    if (cost := run.cost(unit)) is not None:
        facts.append(f"{formats.quantity(cost[1][0])} to {formats.quantity(cost[1][-1])} {cost[0]}")
    if run.kind == "probs":
        facts.append("probabilities only: corrections that need logits are not offered")
    return " · ".join(fact for fact in facts if fact)


def _provenance(run: Run, difference: Difference, published: Mapping[str, Published]) -> str:
    summary = str(run.provenance.get("summary") or "")
    distance = ""
    if difference.has_labels and "baseline" in published:
        distance = correction.distance_sentence(
            float(difference.a.right_share[-1]), float(published["baseline"].accuracy[-1])
        )
    return f"{summary or 'How this run was made is not recorded.'} {distance}".strip()


def _how_it_was_made(view: View) -> None:
    run = view.run
    known = {k: v for k, v in run.provenance.items() if k != "summary" and isinstance(v, (str, int, float))}
    if measured := budgets.cost_sentence(run.provenance, "ms"):
        known["latency"] = measured
    log = training_log(run.provenance)
    if not known and log is None:
        return
    box = st.expander("How this run was made", key="how-made", on_change="rerun")
    if not box.open:  # a closed one costs a switch of PoE nothing
        return
    with box:
        if log is not None:
            names = formats.exit_labels(run.exit_names)
            title = training.curves_title(log.epoch, log.loss, log.accuracy)
            figure = cache.drawn(
                training_curves_figure, log.epoch, log.loss, log.accuracy, exit_names=names, title=title
            )
            chart(figure, name="training", height=280, data=lambda: _training_data(view, log), predictor="")
        if known:
            plain_table(pd.DataFrame({"what": list(known), "value": [str(value) for value in known.values()]}))


def _training_data(view: View, log: TrainingLog) -> pd.DataFrame:
    parts = [pd.DataFrame({"quantity": "training_loss", "epoch": log.epoch, "value": log.loss})]
    parts += [
        pd.DataFrame({"quantity": "held_out_accuracy", "exit": exit_, "epoch": log.epoch, "value": values})
        for exit_, values in enumerate(log.accuracy, start=1)
    ]
    return figure_table(view, pd.concat(parts, ignore_index=True), split=False)


def _published_pair(published: Mapping[str, Published], predictor: str, of: str) -> tuple[tuple, tuple]:
    both = published["baseline"], published[predictor]
    falling = tuple(one.decrease(of, [correction.THRESHOLD])[0] for one in both)
    return falling, tuple(float(one.accuracy[-1]) for one in both)


# --- the picture -----------------------------------------------------------------------------------------------------


def _picture(view: View, difference: Difference) -> None:
    """The baseline and the correction side by side, whatever the switch says: the same samples in both."""
    run, label = view.run, label_of(view.predictor)
    drawn, followed, rest = _drawn(view, difference)
    positions = difference.a.positions[drawn]
    panels = both_panels(view, difference, drawn)
    coloured = np.setdiff1d(np.arange(len(drawn)), rest)
    falling = tuple(int((panel.fall[coloured] > correction.THRESHOLD).sum()) for panel in panels)
    at_random = formats.counted(len(coloured) - (followed is not None), "selected sample" if rest else "sample")
    behind = f" and, grey, {formats.counted(len(rest), 'other')}" if rest else ""
    figure = cache.drawn(
        trajectories_figure,
        panels,
        ids=run.samples["id"].iloc[positions].tolist(),
        names=sample_names(run, positions),
        followed=followed,
        rest=rest,
        exit_names=formats.exit_labels(run.exit_names),
        quantity=f"probability of the {formats.QUANTITY[difference.of]}",
        threshold=correction.THRESHOLD,
        title=correction.trajectories_title(falling, len(coloured), label),
        subtitle=f"Thin: {at_random}{behind} drawn at random, largest falls thicker where they exceed "
        f"{correction.THRESHOLD:g}. Bold: the mean of all {_over(view, difference)}. A click opens a sample."
        + ("" if followed is None else f" In the colour of text: sample {state.get('sample')}, which is followed."),
        height=PICTURE_HEIGHT,
    )
    chart(
        figure,
        name="trajectories",
        height=PICTURE_HEIGHT,
        data=lambda: _picture_data(view, panels, positions, rest),
        on_click=_open_sample,
    )
    with st.container(horizontal=True, vertical_alignment="bottom"):
        control("drawn", "Samples drawn", step=1, width=320)
        st.button(
            "Draw other samples",
            on_click=_draw_others,
            help=escape(state.CONTROLS["draw"].description),
            width="content",
        )


def _drawn(view: View, difference: Difference) -> tuple[np.ndarray, int | None, list[int]]:
    """Which samples are drawn, as places among the split's; which the address names; which are not selected."""
    lit = view.lit(difference.a.positions)
    some = lit is not None and lit.any()
    groups = [np.flatnonzero(lit), np.flatnonzero(~lit)] if some else [np.arange(difference.n_samples)]
    picked = [group[thinned(len(group), state.get("drawn"), seed=state.get("draw"))] for group in groups]
    named_one = np.flatnonzero(difference.a.positions == view.sample) if state.get("sample") else np.array([], int)
    picked = [group[~np.isin(group, named_one)] for group in picked]
    count = sum(len(group) for group in picked)
    followed = count if len(named_one) else None
    return np.concatenate([*picked, named_one]), followed, list(range(len(picked[0]), count))


def _picture_data(
    view: View, panels: Sequence[Trajectories], positions: np.ndarray, rest: Sequence[int]
) -> pd.DataFrame:
    """The drawn samples under both, and the means of all."""
    run, parts = view.run, []
    ids, names = run.samples["id"].iloc[positions], sample_names(run, positions)
    whats = ["sample, not selected" if place in rest else "sample" for place in range(len(positions))]
    for panel in panels:
        of = {"predictor": panel.predictor_id}
        parts += [
            by_exit(run.exit_names, {"prob": probs}, **of, of=what, sample_id=identity, label=name)
            for what, identity, name, probs in zip(whats, ids, names, panel.samples.T)
        ]
        parts.append(by_exit(run.exit_names, {"prob": panel.mean}, **of, of="mean of all"))
    return figure_table(view, pd.concat(parts, ignore_index=True))


def _open_sample(point: dict) -> None:
    """The sample, with PoE as in the panel that was clicked."""
    about = point["customdata"]
    if point["curve"] == SAMPLES and isinstance(about, list) and len(about) == 6 and isinstance(about[0], str):
        state.set("poe", about[5] != "baseline")
        open_sample(about[0])


def _draw_others() -> None:
    state.set("draw", (state.get("draw") + 1) % 10_000)


# --- how many get worse ----------------------------------------------------------------------------------------------


def _both(view: View, before: np.ndarray, after: np.ndarray) -> list[tuple[str, str, np.ndarray]]:
    return [("baseline", label_of("baseline"), before), (view.predictor, label_of(view.predictor), after)]


def _shares(view: View, difference: Difference, published: Mapping[str, Published]) -> None:
    thresholds = correction.THRESHOLDS
    lines = _both(view, *(s.falling_percent(thresholds) for s in (difference.a, difference.b)))
    beside = [
        (key, published[key].decrease(difference.of, thresholds))
        for key in ("baseline", view.predictor)
        if key in published
    ]
    lit = view.lit_difference()
    figure = cache.drawn(
        decrease_share_figure,
        thresholds,
        lines,
        published=beside,
        emphasised=view.shown,
        title=correction.share_title(difference, label_of(view.predictor)),
        subtitle=f"Largest fall of the {formats.QUANTITY[difference.of]}'s probability between any two exits, "
        f"{_over(view, difference)}."
        + (" Open: the paper." if beside else "")
        + lit_words(None if lit is None else view.selected.count, "Strokes"),
        x_title="samples that fall by more",
        selected=_sides(view, lit, lambda one: one.falling_percent(thresholds, difference.of)),
        height=HEIGHT,
    )
    chart(
        figure,
        name="shares",
        height=HEIGHT,
        data=lambda: _shares_data(view, lines, beside),
        on_click=lambda point: _open_falling(point, difference),
    )
    st.button(
        "See where they fall",
        on_click=state.open_page,
        args=("monotonicity",),
        width="stretch",
        help="On Monotonicity: from which exit to which, by how much, and which samples.",
    )


def _open_falling(point: dict, difference: Difference) -> None:
    about = point["customdata"]
    if isinstance(about, list) and len(about) == 2 and about[0] in correction.THRESHOLDS:
        sides = {side.predictor: side for side in (difference.a, difference.b)}
        if about[1] in sides:
            select(falls_above(FallColumn(about[1], difference.of, "absolute"), about[0]), "shares")


def _shares_data(
    view: View, lines: Sequence[tuple[str, str, np.ndarray]], published: Sequence[tuple[str, np.ndarray]]
) -> pd.DataFrame:
    sources = [("run", key, percents) for key, _, percents in lines]
    sources += [("published", key, percents) for key, percents in published]
    parts = [
        pd.DataFrame({"source": source, "predictor": key, "threshold": correction.THRESHOLDS, "percent": percents})
        for source, key, percents in sources
    ]
    return figure_table(view, pd.concat(parts, ignore_index=True))


# --- exit by exit ----------------------------------------------------------------------------------------------------


def _exit_by_exit(view: View, difference: Difference, published: Mapping[str, Published]) -> None:
    before, after = difference.a, difference.b
    beside = ()
    if difference.has_labels:
        beside = tuple((key, 100 * published[key].accuracy) for key in ("baseline", view.predictor) if key in published)
    first = "accuracy, %" if difference.has_labels else "answers that are final, %"
    lit = view.lit_difference()
    panels = [
        Panel(
            first,
            100 * before.right_share,
            100 * after.right_share,
            beside,
            selected=_sides(view, lit, lambda one: 100 * one.right_share),
        ),
        Panel(
            f"probability of the {formats.QUANTITY[difference.of]}",
            before.mean_prob(),
            after.mean_prob(),
            from_zero_to=1,
            selected=_sides(view, lit, lambda one: one.mean_prob(difference.of)),
        ),
        Panel(
            "confidence",
            before.confidence,
            after.confidence,
            from_zero_to=1,
            selected=_sides(view, lit, lambda one: one.confidence),
        ),
    ]
    figure = cache.drawn(
        exits_figure,
        panels,
        predictor_id=view.predictor,
        predictor_label=label_of(view.predictor),
        baseline_label=label_of("baseline"),
        predictor_shown=view.poe,
        exit_names=formats.exit_labels(view.run.exit_names),
        title=correction.exits_title(difference, label_of(view.predictor)),
        subtitle=f"Means over {_over(view, difference)}; confidence is the probability of the predicted class."
        + (" Open markers: the paper." if beside else "")
        + lit_words(None if lit is None else view.selected.count, "Thin lines"),
    )
    chart(figure, name="exits", height=290, data=lambda: _exits_data(view, panels))


def _sides(
    view: View, lit: Difference | None, number: Callable[[Results], np.ndarray]
) -> tuple[tuple[str, np.ndarray], ...]:
    """A number of the selected samples under the baseline and the chosen predictor, where these stand out."""
    return () if lit is None else (("baseline", number(lit.a)), (view.predictor, number(lit.b)))


def _exits_data(view: View, panels: Sequence[Panel]) -> pd.DataFrame:
    names, parts = view.run.exit_names, []
    for panel in panels:
        sources = [("run", "baseline", panel.baseline), ("run", view.predictor, panel.predictor)]
        sources += [("published", key, values) for key, values in panel.published]
        parts += [
            by_exit(names, {"value": values}, predictor=key, source=source, quantity=panel.name)
            for source, key, values in sources
        ]
    return figure_table(view, pd.concat(parts, ignore_index=True))


# --- which classes ---------------------------------------------------------------------------------------------------


def _classes(view: View, difference: Difference) -> None:
    run = view.run
    superclasses = superclasses_of(run.dataset, run.class_names)
    if superclasses is None or state.get("grouping") == "classes":
        names, of_class = list(run.class_names), None
    else:
        names, of_class = list(superclasses.names), np.asarray(superclasses.of_class)
    falls = group_falls(difference, len(names), of_class)
    shown = falls.b if view.poe else falls.a
    kept = slice(0, CLASSES_SHOWN)
    rows = [formats.class_words(names[group]) for group in falls.group]
    kind = "superclasses" if of_class is not None else "classes"
    kind += "" if len(rows) == len(names) else " with samples"
    figure = cache.drawn(
        class_falls_figure,
        rows[kept],
        falls.samples[kept],
        _both(view, falls.a[kept], falls.b[kept]),
        emphasised=view.shown,
        title=correction.groups_title([shortened(row, 40) for row in rows], shown, named(view.shown), CLASSES_SHOWN),
        subtitle=f"Mean largest fall of the {formats.QUANTITY[difference.of]}'s probability; "
        f"{correction.rows_words(min(CLASSES_SHOWN, len(rows)), len(rows), kind)}."
        + ("" if difference.has_labels else " Classes are the baseline's final predictions."),
        x_title="mean largest fall of a sample",
        height=HEIGHT,
    )
    both = _both(view, falls.a, falls.b)
    members = [_members(of_class, int(group)) for group in falls.group[kept]]
    chart(
        figure,
        name="classes",
        data=lambda: _classes_data(view, rows, falls.samples, both),
        on_click=lambda point: _open_group(point, members, difference.has_labels),
    )
    with st.container(horizontal=True, vertical_alignment="bottom"):
        if superclasses is not None:
            control("grouping", "Group by")
        st.button(
            "See every class",
            on_click=state.open_page,
            args=("classes",),
            help="On Classes: every class, what it is taken for, and what the correction does to it.",
        )


def _classes_data(
    view: View, rows: Sequence[str], samples: np.ndarray, both: Sequence[tuple[str, str, np.ndarray]]
) -> pd.DataFrame:
    parts = [
        pd.DataFrame({"predictor": key, "class": rows, "samples": samples, "mean_largest_fall": values})
        for key, _, values in both
    ]
    return figure_table(view, pd.concat(parts, ignore_index=True))


def _members(of_class: np.ndarray | None, group: int) -> list[int]:
    """The classes of a group, by index: two classes may have the same name."""
    return [group] if of_class is None else np.flatnonzero(of_class == group).tolist()


def _open_group(point: dict, members: Sequence[list[int]], has_labels: bool) -> None:
    about = point["customdata"]
    if isinstance(about, list) and about and about[0] in range(len(members)):
        select(of_classes(members[about[0]], "label" if has_labels else "baseline_predicted"), "classes")


# --- what it costs ---------------------------------------------------------------------------------------------------


def _price(view: View, difference: Difference) -> None:
    before, after = difference.a, difference.b
    if difference.has_labels:
        lines, line_name = _both(view, before.ece, after.ece), "calibration error (ECE, 15 bins)"
        bars, bar_name = (
            [("fixed", difference.b_only), ("broken", difference.a_only)],
            "samples fixed (up) and broken (down)",
        )
    else:
        lines, line_name = _both(view, before.entropy, after.entropy), "mean entropy, nats"
        bars, bar_name = [("changed", difference.changed)], "samples whose answer differs from the baseline's"
    lit, selected = view.lit_difference(), None
    if lit is not None:
        selected = [lit.b_only, lit.a_only] if difference.has_labels else [lit.changed]
    figure = cache.drawn(
        correction_price_figure,
        lines,
        bars,
        line_name=line_name,
        bar_name=bar_name,
        predictor_id=view.predictor,
        predictor_shown=view.poe,
        exit_names=formats.exit_labels(view.run.exit_names),
        title=correction.price_title(difference, label_of(view.predictor)),
        subtitle=f"{label_of(view.predictor)} against the baseline, {_over(view, difference)}; "
        f"{correction.collapse_words(difference)}." + lit_words(None if lit is None else view.selected.count),
        selected=selected,
        height=HEIGHT,
    )
    chart(figure, name="price", data=lambda: _price_data(view, lines, line_name, bars), on_click=_open_effect)


def _price_data(
    view: View,
    lines: Sequence[tuple[str, str, np.ndarray]],
    line_name: str,
    bars: Sequence[tuple[str, np.ndarray]],
) -> pd.DataFrame:
    names = view.run.exit_names
    parts = [by_exit(names, {"value": values}, predictor=key, quantity=line_name) for key, _, values in lines]
    parts += [
        by_exit(names, {"value": counts}, predictor=view.predictor, quantity=f"samples {name}") for name, counts in bars
    ]
    return figure_table(view, pd.concat(parts, ignore_index=True))


def _open_effect(point: dict) -> None:
    about = point["customdata"]
    if isinstance(about, list) and len(about) == 5 and about[3] in ("fixed", "broken") and "click" in str(about[4]):
        select(Selection.parse(about[3]), "price")
