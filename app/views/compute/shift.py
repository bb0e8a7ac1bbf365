"""A stopping rule under shift: fitted on clean samples, measured on corrupted ones, promised beside realised."""

import shlex
from collections.abc import Mapping, Sequence
from dataclasses import fields
from pathlib import Path

import numpy as np
import pandas as pd
import streamlit as st

from analysis.figures.shift import ShiftLine, shift_figure
from analysis.metrics.accuracy_drops import WINDOW
from analysis.policies import POLICIES
from analysis.predictors import settings_key
from analysis.reference.outside_text import shortened
from analysis.results.shift import ShiftPoint, clean_of, corruption_of, corruptions_of, shift_point
from analysis.run import Run
from analysis.runtime.folders import folder_for_new_runs
from analysis.storage import RunEntry
from analysis.words import formats
from analysis.words.deciding.shift import shift_finding, value_words
from app import cache, state
from app.components.chart import chart
from app.components.controls import control
from app.components.figure_table import figure_table
from app.components.frame.run_choice import typed_path
from app.components.predictor_names import label_of
from app.components.stopping.rules import Rules
from app.components.table_export import offer_table
from app.components.text import escape, plain_table, plain_text
from app.view import View
from app.views.compute.rule import rule_choices

HEIGHT = 320
PLACEHOLDERS = {
    "--arch": ("ARCH", "its architecture, such as msdnet-cifar100"),
    "--checkpoint": ("WEIGHTS", "the file of its weights"),
    "--data": ("PATH", "the folder of its test images"),
}
"""Option of `evaluate` -> what stands for what a run does not hold, and what that is."""


def shift_on_screen(view: View, rules: Rules) -> None:
    """The rule over severities, where there are runs of them; else how to make some."""
    entries = [entry for entry in cache.runs() if entry.error is None]
    here = next((entry for entry in entries if entry.id == view.run.id), None)
    clean = here if here is None or corruption_of(here.provenance) is None else clean_of(here, entries)
    kinds = {} if clean is None else corruptions_of(clean, entries)
    if not kinds or clean is None:
        _nothing(view, clean)
        return
    rule_choices(view, rules, fitted_alone=True)
    kind = control("corruption", "Corruption", list(kinds), default=next(iter(kinds)), widget="selectbox",
                   show=lambda key: shortened(key, 40), width=320)  # fmt: skip
    policy = state.get("policy")
    try:
        found = {
            predictor: _points(view, rules, clean, kinds[kind], policy, predictor)
            for predictor in dict.fromkeys(("baseline", view.predictor))
        }
    except ValueError as error:
        st.info(f"{POLICIES[policy].label} {escape(f'cannot be fitted on {clean.id}: {error}')}")
        return
    name = shortened(kind, 40)
    _figure(view, clean, found, kinds[kind], name, policy)
    with st.container(horizontal=True, vertical_alignment="bottom"):
        plain_text(
            f"Windows of {WINDOW} samples: of accuracy and of the last exit's confidence, more than three standard "
            f"deviations below the windows fitted on (inspired by QUTE).",
            role="caption",
        )
        offer_table("shift", f"{POLICIES[policy].name} fitted on {clean.id}, under {name}",
                    lambda: _saved(view, found, kind), runs=(clean.id,),
                    shown=lambda: _shown(found[view.shown], policy))  # fmt: skip
    plain_table(_shown(found[view.shown], policy))


def _points(
    view: View, rules: Rules, clean: RunEntry, shifted: Mapping[int, RunEntry], policy: str, predictor: str
) -> list[ShiftPoint]:
    settings, of = rules.settings(policy), view.settings_of(predictor)
    opened = cache.run(clean)
    with st.spinner("Measuring the rule on every severity …"):
        points = []
        for severity, entry in {0: clean, **shifted}.items():
            run = opened if entry is clean else cache.run(entry)
            unit = rules.axis.unit if rules.axis.unit in run.costs else None
            points.append(
                cache.numbers(
                    shift_point,
                    run.fingerprint,
                    opened.fingerprint,
                    severity,
                    policy,
                    tuple(settings.items()),
                    settings_key(predictor, of),
                    unit,
                    run=run,
                    clean=opened,
                    severity=severity,
                    policy=policy,
                    settings=settings,
                    predictor=predictor,
                    predictor_settings=of,
                    cost_unit=unit,
                )
            )
    return points


# --- what is shown ---------------------------------------------------------------------------------------------------


def _figure(
    view: View,
    clean: RunEntry,
    found: Mapping[str, Sequence[ShiftPoint]],
    shifted: Mapping[int, RunEntry],
    kind: str,
    policy: str,
) -> None:
    risk = policy == "risk"
    scale = 1 if risk else 100
    points = found[view.shown]
    lines = [_line(key, of, scale, risk=risk, full=key == view.shown) for key, of in found.items()]
    certified = points[0].certified
    promise = "what the rule guarantees for samples like those fitted on" if certified else "what it reached there"
    figure = cache.drawn(
        shift_figure,
        lines,
        [point.severity for point in points],
        y_title="risk, mean loss of the measured samples" if risk else "accuracy where samples stop, %",
        percent=not risk,
        title=shift_finding(points, kind, risk=risk),
        subtitle=f"{POLICIES[policy].name}, {label_of(view.shown)}, fitted on {points[0].fitted_on['samples']:,} "
        f"samples of {shortened(clean.id, 40)}. Promised: {promise}. Band: 95% interval.",
        height=HEIGHT,
    )
    chart(
        figure,
        name="shift",
        height=HEIGHT,
        data=lambda: _saved(view, found, kind),
        on_click=lambda point: _open(point, clean, [clean, *shifted.values()]),
    )


def _line(predictor: str, points: Sequence[ShiftPoint], scale: float, *, risk: bool, full: bool) -> ShiftLine:
    def of(name: str) -> np.ndarray:
        return scale * np.array([getattr(point, name) for point in points], np.float64)

    told = [
        f"{label_of(predictor)}, {shortened(point.run, 40)}: {value_words(point.realised, risk=risk)}, promised "
        f"{value_words(point.promised, risk=risk)}"
        for point in points
    ]
    return ShiftLine(predictor, label_of(predictor), of("promised"), of("realised"), of("low"), of("high"), told, full)


def _shown(points: Sequence[ShiftPoint], policy: str) -> pd.DataFrame:
    """As people read it."""
    risk = policy == "risk"

    def share(value: float) -> str:
        return "" if value != value else formats.percent(100 * value)

    return pd.DataFrame(
        [
            {
                "severity": "clean" if point.severity == 0 else str(point.severity),
                "run": point.run,
                "samples": f"{point.samples:,}",
                "promised": value_words(point.promised, risk=risk),
                "realised": value_words(point.realised, risk=risk),
                "accuracy": share(point.accuracy),
                "too early": share(point.too_early),
                "too late": share(point.too_late),
                "mean exit": f"{point.mean_exit:.2f}",
                "windows dropped": share(point.drops.dropped),
                "alarmed": share(point.drops.alarmed),
                "drops caught": share(point.drops.caught),
            }
            for point in points
        ]
    )


def _saved(view: View, found: Mapping[str, Sequence[ShiftPoint]], kind: str) -> pd.DataFrame:
    """Every number, with what it is of and what the rule was fitted on."""
    plain = [one.name for one in fields(ShiftPoint) if one.name not in ("drops", "fitted_on", "run")]
    rows = [
        {
            "predictor": predictor,
            "corruption": kind,
            "measured_run": point.run,
            "fitted_on": f"{point.fitted_on['run']} {point.fitted_on['split']}",
            **{name: getattr(point, name) for name in plain},
            **{f"windows_{name}".replace("_windows", ""): value for name, value in point.drops._asdict().items()},
        }
        for predictor, points in found.items()
        for point in points
    ]
    return figure_table(view, pd.DataFrame(rows))


def _open(point: dict, clean: RunEntry, entries: Sequence[RunEntry]) -> None:
    """In a callback: the rule on one of the runs, fitted on the clean one."""
    about = point["customdata"]
    if not (isinstance(about, list) and len(about) == 2 and isinstance(about[1], int) and 0 <= about[1] < len(entries)):
        return
    entry = entries[about[1]]
    state.set("run", entry.id)
    state.set("fitted_on", "" if entry.id == clean.id else clean.id)
    state.reset("fit")
    state.set("below", "rule")


def _nothing(view: View, clean: RunEntry | None) -> None:
    """Why there is nothing to measure on, and how to make it."""
    run = view.run
    if clean is None:
        st.info(
            "This run is a corrupted one, and the clean run of its network, whose samples fit the rule, is not here."
        )
        return
    plain_text(
        "None of the runs is of this network under a corruption. Each severity is one evaluation of the "
        "network on corrupted images; this one makes the third of Gaussian noise:"
    )
    words, missing = _evaluation(run)
    st.code(words, "bash", wrap_lines=True)
    fill_in = f"The run does not hold everything: put in {' and '.join(missing)}. " if missing else ""
    plain_text(f"{fill_in}A clean run needs a calibration split to fit on: --split test,calibration.", role="caption")


def _evaluation(run: Run) -> tuple[str, list[str]]:
    """The command that evaluates the run's network on its test images, corrupted, into a run beside it; what lacks."""
    images = [Path(shard).parent for shard in run.image_tables.get("test", ()) if isinstance(shard, Path)]
    known = {
        "--arch": shlex.quote(run.arch) if run.arch else None,
        "--checkpoint": typed_path(run.weights) if run.weights else None,
        "--data": typed_path(images[0]) if images else None,
    }
    words = " ".join(f"{name} {value or PLACEHOLDERS[name][0]}" for name, value in known.items())
    if run.model and (run.arch is None or run.model != run.arch.split("-")[0]):
        words += f" --model {shlex.quote(run.model)}"
    folder = run.path.parent if run.address is None else folder_for_new_runs()
    words += f" --corrupt gaussian-noise:3 --out {typed_path(folder / f'{run.id}-gaussian-noise-3')}"
    missing = [f"{PLACEHOLDERS[name][0]}, {PLACEHOLDERS[name][1]}" for name, value in known.items() if not value]
    return f"python -m analysis evaluate {words}", missing
