"""One stopping rule in full: its settings and samples, what it reaches, and what it does to whom."""

from collections.abc import Callable

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
from analysis.selection.marks import answered, of_classes
from analysis.selection.stops import measured_of, stopped_at
from analysis.words import formats, stopping
from app import cache, state
from app.components.chart import chart
from app.components.controls import control
from app.components.figure_table import by_exit, figure_table
from app.components.predictor_names import label_of
from app.components.selection import open_gallery
from app.components.setting_widgets import reset_button, setting_widget
from app.components.text import escape, plain_table, plain_text
from app.view import View
from app.views.compute.rules import Rules, applies, owner_of, runs_alike

ON_TEST = "Thresholds were fitted on the very samples that are reported, so these numbers flatter."
FITS = {
    "calibration": "the calibration split",
    "random:0.1": "10% of the samples, drawn",
    "random:0.2": "20% of the samples, drawn",
    "random:0.5": "half of the samples, drawn",
    "test": "the samples measured",
}


def rule_on_screen(view: View, rules: Rules) -> None:
    """The rule that is chosen, under the predictor on screen."""
    _choices(view, rules)
    policy = state.get("policy")
    if reason := rules.why_not(policy):
        st.info(f"{POLICIES[policy].label} {escape(reason)}")
        return
    found = rules.apply(policy, view.shown)
    numbers = cache.numbers(policy_numbers, *rules.key_of(policy, view.shown), results=found)
    _provenance(rules, numbers)
    _numbers(numbers)
    rule_file(found)
    where, risk = st.columns(2, gap="medium")
    with where:
        _where(view, rules, found)
    with risk:
        _risk(view, rules, found)
    if view.has_labels:
        _classes(view, rules, found)


# --- which rule ------------------------------------------------------------------------------------------------------


def _choices(view: View, rules: Rules) -> None:
    """The rule, its settings, and where these are fitted on samples: on which."""
    policy = state.get("policy")
    row = POLICIES[policy]
    texts = rules.set[policy]
    owner = owner_of(row, rules.axis) if rules.why_not(policy) else rules.owner(policy, view.shown)
    settings = owner.values(texts)
    shown = [setting for setting in row.settings if applies(setting.name, settings)]
    places = st.columns([3, *(2 for _ in shown)] + [1] * max(0, 3 - len(shown)), vertical_alignment="bottom")
    with places[0]:
        control(
            "policy",
            "Rule",
            show=lambda key: POLICIES[key].name,
            help=f"{escape(row.summary)} {escape(row.citation)}",
        )
    for place, setting in zip(places[1:], shown):
        with place:
            setting_widget(owner, setting, texts)
    if row.fits:
        _samples(view, rules)
    reset_button(owner, texts)


def _samples(view: View, rules: Rules) -> None:
    others = runs_alike(view.run)
    which, seed, run = st.columns([3, 1, 4], vertical_alignment="bottom")
    with which:
        control("fit", "Fitted on", rules.fits, default=rules.fits[0], show=FITS.get, widget="selectbox")
    with seed:
        if rules.choice is not None and rules.choice.seed is not None:
            control("fit_seed", "Seed", widget="number", step=1)
    with run:
        if others:
            control(
                "fitted_on",
                "Of the run",
                ["", *others],
                show=lambda key: others.get(key, "this one"),
                widget="selectbox",
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
        st.badge("fitted on test", icon=":material/warning:", color="orange", help=ON_TEST)


def _numbers(numbers: dict) -> None:
    """One row of what the rule reaches."""

    def share(value: float | None) -> str:
        return "unknown" if value is None else formats.percent(100 * value)

    unit = numbers["cost_unit"]
    row = {
        "accuracy": share(numbers.get("expected_accuracy", numbers["accuracy"])),
        "mean exit": "unknown" if numbers["mean_exit"] is None else f"{numbers['mean_exit']:.2f}",
        "mean cost": "unknown" if unit is None else f"{formats.quantity(numbers['mean_cost'])} {unit}",
        f"saved, {numbers['saving'] or 'of cost'}": share(numbers["saved"]),
        "too early": share(numbers["too_early"]),
        "too late": share(numbers["too_late"]),
    }
    if numbers["fitted_on"] is not None:
        how = (lambda value: f"{value:.4g}") if numbers["policy"] == "risk" else share
        row |= {name: "unknown" if numbers[name] is None else how(numbers[name]) for name in ("promised", "realised")}
    plain_table(pd.DataFrame([row]))


# --- to whom ---------------------------------------------------------------------------------------------------------


def _where(view: View, rules: Rules, found: PolicyResults) -> None:
    names, labelled = formats.exit_labels(view.run.exit_names), view.has_labels
    counts, whole = found.answers, found.measured.judged.n_samples
    figure = answers_figure(
        counts,
        exit_names=names,
        predictor_id=view.shown,
        answering=None,
        whole=whole,
        opens=found.rule is not None,
        title=stopping.shares_title(found.exit_shares, found.right_share, names, has_labels=labelled),
        subtitle=f"{label_of(view.shown)}, {formats.counted(whole, 'sample')} by the exit where they stop."
        + ("" if labelled else " Without labels, right means: already the final answer."),
    )
    chart(
        figure,
        name="stops",
        height=320,
        data=lambda: _table(view, rules, found, counts),
        on_click=lambda point: _open_stops(point, view, rules, found),
    )
    if not labelled or found.rule is None:
        return
    early, late = int(found.too_early.sum()), int(found.too_late.sum())
    with st.container(horizontal=True):
        for count, what, said, of, why in (
            (
                early,
                "stop too early",
                "stops too early",
                "right_deeper",
                "Wrong where they stop, though a later exit is right.",
            ),
            (late, "stop too late", "stops too late", "", "An exit before the one where they stop was right already."),
        ):
            st.button(
                f"Open the {formats.counted(count, 'sample')} that {what}" if count else f"None {said}",
                disabled=not count,
                help=why,
                on_click=_open,
                args=(lambda of=of: _everywhere(view, rules, found, of),),
                key=f"open-{what.split()[-1]}",
            )


def _risk(view: View, rules: Rules, found: PolicyResults) -> None:
    names = formats.exit_labels(view.run.exit_names)
    here, so_far = found.by_exit, found.up_to_exit
    lost = here.lost
    figure = stop_risk_figure(
        100 * here.gap,
        100 * here.gap_bound,
        lost.tolist(),
        100 * so_far.gap,
        100 * so_far.gap_bound,
        so_far.lost.tolist(),
        exit_names=names,
        predictor_id=view.shown,
        level=100 * (1 - GAP_DELTA),
        opens=found.rule is not None,
        title=stopping.risk_title(here.gap, here.samples, float(so_far.gap[-1]), names),
        subtitle=f"{label_of(view.shown)}: wrong where they stop and right at the last exit. Whiskers: exact upper "
        f"bound at {100 * (1 - GAP_DELTA):g}%.",
    )
    chart(
        figure,
        name="stop-risk",
        height=320,
        data=lambda: _table(view, rules, found, {f"{name}_{field}": 100 * getattr(gaps, field) for name, gaps in (
            ("stop_here", here), ("so_far", so_far)) for field in ("accuracy", "gap", "gap_bound")}),
        on_click=lambda point: _open_lost(point, view, rules, found),
    )  # fmt: skip


def _classes(view: View, rules: Rules, found: PolicyResults) -> None:
    classes, information, names = found.classes, found.information, view.run.class_names
    figure = class_depths_figure(
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
        height=340,
        data=lambda: figure_table(view, _about(rules, found, table), predictor=view.shown),
        on_click=lambda point: _open_class(point, rules, len(names)),
    )


def _table(view: View, rules: Rules, found: PolicyResults, columns: dict[str, np.ndarray]) -> pd.DataFrame:
    return figure_table(view, _about(rules, found, by_exit(view.run.exit_names, columns)), predictor=view.shown)


def _about(rules: Rules, found: PolicyResults, table: pd.DataFrame) -> pd.DataFrame:
    """A table with columns before it that say of which rule it is, and on what this was fitted."""
    own = " ".join(f"{name}={value}" for name, value in found.settings.items() if value not in (None, "none"))
    fitted = found.fitted_on or {}
    about = {
        "policy": found.policy,
        "policy_settings": own,
        "fitted_on": " ".join(str(fitted[name]) for name in ("run", "split") if name in fitted),
        "fitted_on_test": found.fitted_on_test,
    }
    return pd.concat([pd.DataFrame({name: [value] * len(table) for name, value in about.items()}), table], axis=1)


# --- their samples ---------------------------------------------------------------------------------------------------


def _open(make: Callable[[], Selection]) -> None:
    """In a callback: show the samples that a mark counts."""
    try:
        open_gallery(make(), as_query=True)
    except ValueError as error:
        state.note(f"These samples cannot be named in the address: {error}")


def _known(view: View, selection: Selection) -> Selection:
    """Those whose label is known, where some are not."""
    unknown = bool((view.run.labels < 0).any()) and view.has_labels
    return selection & Selection.parse("label is not missing") if unknown else selection


def _stopping(view: View, rules: Rules, found: PolicyResults, exit_: int, *, up_to: bool = False) -> Selection:
    return _known(view, measured_of(rules.choice) if rules.choice else Selection()) & stopped_at(
        found.rule, exit_, view.run.n_classes, up_to=up_to
    )


def _exit_of(about: object, view: View, length: int) -> bool:
    return (
        isinstance(about, list)
        and len(about) == length
        and isinstance(about[0], int)
        and 1 <= about[0] <= view.run.n_exits
    )


def _open_stops(point: dict, view: View, rules: Rules, found: PolicyResults) -> None:
    about = point["customdata"]
    if found.rule is not None and _exit_of(about, view, 4) and about[3] in PARTS:
        _open(lambda: _stopping(view, rules, found, about[0]) & _part(view, about[0], about[3]))


def _part(view: View, exit_: int, part: str) -> Selection:
    """Right, right deeper alone, or neither, at an exit; without labels right is whose answer is the final one."""
    if view.has_labels:
        return answered(exit_, view.run.n_exits, part)
    same = [Selection.parse(f"predicted_{number} = predicted") for number in range(exit_, view.run.n_exits)]
    if part == "right" or not same:
        return same[0] if same and part == "right" else Selection() if part == "right" else Selection.parse("false")
    return ~same[0] if part == "right_deeper" else Selection.parse("false")


def _everywhere(view: View, rules: Rules, found: PolicyResults, part: str) -> Selection:
    """Those that stop too early, or too late, wherever they stop."""
    parts = []
    for exit_ in range(1, view.run.n_exits + 1):
        here = stopped_at(found.rule, exit_, view.run.n_classes)
        if part:
            which = answered(exit_, view.run.n_exits, part) if exit_ < view.run.n_exits else Selection.parse("false")
        else:
            before = " or ".join(f"correct_{number}" for number in range(1, exit_)) or "false"
            which = Selection.parse(before)
        parts.append(here & which)
    some = parts[0]
    for one in parts[1:]:
        some = some | one
    return _known(view, measured_of(rules.choice) if rules.choice else Selection()) & some


def _open_lost(point: dict, view: View, rules: Rules, found: PolicyResults) -> None:
    about = point["customdata"]
    if found.rule is None or not _exit_of(about, view, 5) or about[3] not in RISK_PARTS:
        return

    def lost(exit_: int) -> Selection:
        right_last = Selection.parse(f"not correct_{exit_} and correct_{view.run.n_exits}")
        return _stopping(view, rules, found, exit_) & right_last

    def make() -> Selection:
        exits = range(1, about[0] + 1) if about[3] == RISK_PARTS[1] else [about[0]]
        some = lost(exits[0])
        for exit_ in exits[1:]:
            some = some | lost(exit_)
        return some

    _open(make)


def _open_class(point: dict, rules: Rules, n_classes: int) -> None:
    about = point["customdata"]
    if isinstance(about, list) and about and isinstance(about[0], int) and 0 <= about[0] < n_classes:
        apart = measured_of(rules.choice) if rules.choice else Selection()
        _open(lambda: of_classes([about[0]], "label") & apart)


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
