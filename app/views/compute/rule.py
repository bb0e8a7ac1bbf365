"""One stopping rule in full: its settings and samples, what it reaches, and what it does to whom."""

import numpy as np
import pandas as pd
import streamlit as st

from analysis.figures.answers import PARTS, answers_figure
from analysis.figures.class_depths import class_depths_figure
from analysis.figures.stop_risk import PARTS as RISK_PARTS
from analysis.figures.stop_risk import stop_risk_figure
from analysis.policies import POLICIES
from analysis.policies.rule_files import rule_text
from analysis.report.policy_tables import fitting_lines
from analysis.results import PolicyResults
from analysis.results.policies import GAP_DELTA
from analysis.results.policy_numbers import policy_numbers
from analysis.selection import Selection
from analysis.selection.marks import of_classes
from analysis.selection.stops import (
    answered_where_stopped,
    lost_where_stopped,
    stopped_too_early,
    stopped_too_late,
    stopper_of,
)
from analysis.words import formats
from analysis.words.deciding import stopping
from app import cache, state
from app.components.chart import chart
from app.components.controls import control
from app.components.figure_table import by_exit, figure_table
from app.components.fitting.samples import fit_controls, of_measured, on_test_badge
from app.components.predictor_names import label_of
from app.components.selection import select, strip
from app.components.setting_widgets import reset_button, setting_widget
from app.components.stopping.rules import Rules, applies, owner_of, rules_spinner, runs_alike, sliding, what_of
from app.components.table_export import offer_table
from app.components.text import escape, plain_table, plain_text
from app.view import View


def rule_on_screen(view: View, rules: Rules) -> None:
    """The rule that is chosen, under the predictor on screen."""
    rule_choices(view, rules)
    policy = state.get("policy")
    if reason := rules.why_not(policy):
        st.info(f"{POLICIES[policy].label} {escape(reason)}")
        return
    with rules_spinner():
        found = rules.apply(policy, view.shown)
        numbers = cache.numbers(policy_numbers, *rules.key_of(policy, view.shown), results=found)
    _provenance(rules, numbers)
    _numbers(view, numbers, found)
    where, risk = st.columns(2, gap="medium")
    with where:
        _where(view, rules, found)
    with risk:
        _risk(view, rules, found)
    strip(view, "stops", "stop-risk", hint="Click a bar, or a point of the risk: its samples show here.")
    if view.has_labels:
        _classes(view, rules, found)
        strip(view, "class-depths", hint="Click a class: its samples show here.")


# --- which rule ------------------------------------------------------------------------------------------------------


def rule_choices(view: View, rules: Rules, *, fitted_alone: bool = False) -> None:
    """The rule, its settings, and where these are fitted on samples: on which.

    Parameters
    ----------
    fitted_alone : bool
        Only rules that are fitted, and on nothing but what the caller says.
    """
    among = [key for key, row in POLICIES.items() if row.fits or not fitted_alone]
    policy = state.narrow("policy", among, "risk" if fitted_alone else None)
    row = POLICIES[policy]
    texts = rules.set[policy]
    owner = owner_of(row, rules.axis) if rules.why_not(policy) else rules.owner(policy, view.shown)
    settings = owner.values(texts)
    shown = [sliding(setting, settings) for setting in row.settings if applies(setting.name, settings)]
    places = st.columns([3, *(2 for _ in shown)] + [1] * max(0, 3 - len(shown)))
    with places[0]:
        control(
            "policy",
            "Stops by",
            among,
            widget="selectbox",
            show=lambda key: POLICIES[key].name,
            help=f"{escape(row.summary)} {escape(row.citation)}",
        )
    for place, setting in zip(places[1:], shown):
        with place:
            setting_widget(owner, setting, texts)
    if row.fits and not fitted_alone:
        samples_to_fit(view, rules, other_runs=True)
    reset_button(owner, texts)


def samples_to_fit(view: View, rules: Rules, *, other_runs: bool = False) -> None:
    """On which samples something is fitted; `other_runs`, also on those of another run."""
    others = runs_alike(view.run) if other_runs else {}
    with st.container(horizontal=True, vertical_alignment="bottom"):
        fit_controls(rules.fits, drawn=rules.choice is not None and rules.choice.seed is not None)
        if others:
            control(
                "fitted_on",
                "Samples of the run",
                ["", *others],
                show=lambda key: others.get(key, "this one"),
                widget="selectbox",
                width=320,
                help="Thresholds fitted on another run of the same exits and classes, a clean one say, and measured on "
                "this one: what was promised stands beside what holds.",
            )


def _provenance(rules: Rules, numbers: dict) -> None:
    lines = fitting_lines(numbers)
    if numbers["policy"] == "confidence" and "lambda" not in rules.set["confidence"]:
        lines = [
            "Until you type a threshold, it is the one that keeps the mean cost of the samples measured within the "
            "budget; their labels have no part in it."
        ]
    if numbers["fitted_on"] is not None:
        lines = [*lines[:1], stopping.promise_words(numbers)]
    if numbers["policy"] == "interruption":
        lines.append(f"Below, each sample's budget is drawn from the law (seed {numbers['seed']}).")
    plain_text(" ".join(lines), role="caption")
    if numbers["fitted_on_test"]:
        on_test_badge()


def _numbers(view: View, numbers: dict, found: PolicyResults) -> None:
    """One row of what the rule reaches; it and the rule to take away."""

    def share(value: float | None) -> str:
        return "unknown" if value is None else formats.percent(100 * value)

    unit = numbers["cost_unit"]
    row = {
        "accuracy": share(numbers.get("expected_accuracy", numbers["accuracy"])),
        **({"before exit 1": share(numbers["before_exit_1"])} if "before_exit_1" in numbers else {}),
        "mean exit": "unknown" if numbers["mean_exit"] is None else f"{numbers['mean_exit']:.2f}",
        "mean cost": "unknown" if unit is None else f"{formats.quantity(numbers['mean_cost'])} {unit}",
        f"saved, {numbers['saving'] or 'of cost'}": share(numbers["saved"]),
        "too early": share(numbers["too_early"]),
        "too late": share(numbers["too_late"]),
    }
    if numbers["fitted_on"] is not None:
        how = (lambda value: f"{value:.4g}") if numbers["policy"] == "risk" else share
        row |= {name: "unknown" if numbers[name] is None else how(numbers[name]) for name in ("promised", "realised")}
    table = pd.DataFrame([row])
    plain_table(table)
    plain = {name: value for name, value in numbers.items() if isinstance(value, str | int | float | None)}
    with st.container(horizontal=True, vertical_alignment="center"):
        offer_table(
            f"rule-{numbers['policy']}",
            f"{POLICIES[numbers['policy']].name}, {label_of(view.shown)}, {numbers['run']}, split {numbers['split']}",
            pd.DataFrame([plain]),
            runs=(view.run.id,),
            shown=table,
        )
        rule_file(found)


# --- to whom ---------------------------------------------------------------------------------------------------------


def _where(view: View, rules: Rules, found: PolicyResults) -> None:
    names, labelled = formats.exit_labels(view.run.exit_names), view.has_labels
    counts, whole = found.answers, found.measured.judged.n_samples
    figure = cache.drawn(
        answers_figure,
        counts,
        exit_names=names,
        predictor_id=view.shown,
        answering=None,
        whole=whole,
        title=stopping.shares_title(found.exit_shares, found.right_share, names, has_labels=labelled),
        subtitle=f"{label_of(view.shown)}, {formats.counted(whole, 'sample')} by the exit where they stop: right "
        "there, right only deeper (hatched, too early), wrong from there on."
        + ("" if labelled else " Without labels, right means: already the final answer."),
    )
    chart(
        figure,
        name="stops",
        predictor=view.shown,
        height=320,
        data=lambda: _table(view, found, counts),
        on_click=lambda point: _open_stops(point, view, rules, found),
    )
    if not labelled:
        return
    early, late = int(found.too_early.sum()), int(found.too_late.sum())
    with st.container(horizontal=True):
        for count, what, samples, why in (
            (early, "too early", stopped_too_early, "Wrong where they stop, though a later exit is right."),
            (late, "too late", stopped_too_late, "An exit before the one where they stop was right already."),
        ):
            st.button(
                f"Show the {count:,} that stop {what}" if count else f"None stops {what}",
                disabled=not count,
                help=why,
                on_click=lambda samples=samples: _open(
                    view, rules, samples(stopper_of(found), view.run.n_classes), "stops"
                ),
                key=f"open-{what.split()[-1]}",
            )


def _risk(view: View, rules: Rules, found: PolicyResults) -> None:
    names = formats.exit_labels(view.run.exit_names)
    here, so_far = found.by_exit, found.up_to_exit
    figure = cache.drawn(
        stop_risk_figure,
        100 * here.gap,
        100 * here.gap_bound,
        here.samples.tolist(),
        here.lost.tolist(),
        100 * so_far.gap,
        100 * so_far.gap_bound,
        so_far.samples.tolist(),
        so_far.lost.tolist(),
        exit_names=names,
        predictor_id=view.shown,
        level=100 * (1 - GAP_DELTA),
        opens=view.has_labels,
        title=stopping.risk_title(here.gap, here.samples, float(so_far.gap[-1]), names),
        subtitle=f"{label_of(view.shown)}: wrong where they stop and right at the last exit. Whiskers: exact upper "
        f"bound at {100 * (1 - GAP_DELTA):g}%, cut off where few samples stop.",
    )
    chart(
        figure,
        name="stop-risk",
        predictor=view.shown,
        height=320,
        data=lambda: _table(view, found, {f"{name}_{field}": 100 * getattr(gaps, field) for name, gaps in (
            ("stop_here", here), ("so_far", so_far)) for field in ("accuracy", "gap", "gap_bound")}),
        on_click=lambda point: _open_lost(point, view, rules, found),
    )  # fmt: skip


def _classes(view: View, rules: Rules, found: PolicyResults) -> None:
    classes, information, names = found.classes, found.information, view.run.class_names
    figure = cache.drawn(
        class_depths_figure,
        classes.mean_exit,
        100 * classes.gap,
        classes.samples.tolist(),
        class_names=names,
        predictor_id=view.shown,
        n_exits=view.run.n_exits,
        title=stopping.depth_title(information.information, information.shuffled_p95),
        subtitle=f"{label_of(view.shown)}: a point is a class. Chance: the classes shuffled 200 times.",
    )
    table = pd.DataFrame(
        {
            "class": range(len(names)),
            "class_name": list(names),
            "samples": classes.samples,
            "mean_exit": classes.mean_exit,
            **({} if classes.mean_cost is None else {"mean_cost": classes.mean_cost}),
            "accuracy_percent": 100 * classes.accuracy,
            "gap_points": 100 * classes.gap,
        }
    )
    chart(
        figure,
        name="class-depths",
        predictor=view.shown,
        height=340,
        data=lambda: figure_table(view, _about(found, table), predictor=view.shown),
        on_click=lambda point: _open_class(point, view, rules),
    )


def _table(view: View, found: PolicyResults, columns: dict[str, np.ndarray]) -> pd.DataFrame:
    return figure_table(view, _about(found, by_exit(view.run.exit_names, columns)), predictor=view.shown)


def _about(found: PolicyResults, table: pd.DataFrame) -> pd.DataFrame:
    """A table with columns before it that say of which rule it is, and on what this was fitted."""
    about = {name: [value] * len(table) for name, value in what_of(found).items()}
    return pd.concat([pd.DataFrame(about), table], axis=1)


# --- their samples ---------------------------------------------------------------------------------------------------


def _open(view: View, rules: Rules, which: Selection, figure: str) -> None:
    """In a callback: select the samples that a mark counts: of those measured, with labels those of a known label."""
    try:
        select(of_measured(view, rules.choice, which), figure)
    except ValueError as error:
        state.note(f"These samples cannot be named in the address: {error}")


def _exit_of(about: object, view: View, length: int) -> bool:
    return (
        isinstance(about, list)
        and len(about) == length
        and isinstance(about[0], int)
        and 1 <= about[0] <= view.run.n_exits
        and isinstance(about[3], str)
    )


def _open_stops(point: dict, view: View, rules: Rules, found: PolicyResults) -> None:
    about = point["customdata"]
    if _exit_of(about, view, 4) and about[3] in PARTS:
        n_classes, labelled = view.run.n_classes, view.has_labels
        which = answered_where_stopped(stopper_of(found), about[0], about[3], n_classes, has_labels=labelled)
        _open(view, rules, which, "stops")


def _open_lost(point: dict, view: View, rules: Rules, found: PolicyResults) -> None:
    about = point["customdata"]
    if _exit_of(about, view, 6) and about[3] in RISK_PARTS and view.has_labels:
        up_to = about[3] == RISK_PARTS[1]
        which = lost_where_stopped(stopper_of(found), about[0], view.run.n_classes, up_to=up_to)
        _open(view, rules, which, "stop-risk")


def _open_class(point: dict, view: View, rules: Rules) -> None:
    about = point["customdata"]
    if isinstance(about, list) and about and isinstance(about[0], int) and 0 <= about[0] < view.run.n_classes:
        _open(view, rules, of_classes([about[0]], "label"), "class-depths")


# --- to take away ----------------------------------------------------------------------------------------------------


def rule_file(found: PolicyResults) -> None:
    """A button that saves the rule as `policy --out` writes it."""
    if found.rule is None:
        return
    try:
        text = rule_text(found.rule)
    except ValueError as error:
        plain_text(f"The rule cannot be saved: {error}.", role="caption")
        return
    st.download_button(
        "Save the rule",
        text,
        file_name=f"rule-{found.policy}-{found.measured.predictor}.json",
        mime="application/json",
        icon=":material/download:",
        on_click="ignore",
        help="A JSON file of thresholds, settings and what they were fitted on: what `python -m analysis policy --out` "
        "writes.",
    )
