"""One sample in full: its picture, its numbers, its trajectory, the race of its classes, what every exit answers."""

from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd
import streamlit as st

from analysis.figures.class_race import Racer, class_race_figure
from analysis.figures.probability_axis import probability_axis
from analysis.figures.sample_trajectory import WRONG_KEY, Trajectory, sample_trajectory_figure
from analysis.predictors import settings_key
from analysis.reference.outside_text import html_text, shortened
from analysis.results.sample_distribution import class_probs, class_ranks, racing_classes
from analysis.traces import Traces
from analysis.words.falls import trajectory_finding
from analysis.words.formats import exit_labels, probability
from analysis.words.live import race_finding
from app import cache, state
from app.components.chart import chart
from app.components.controls import control
from app.components.figure_table import by_exit, figure_table
from app.components.predictor_names import label_of, named
from app.components.selection.gallery import image_address
from app.components.text import escape
from app.view import View
from app.views.samples.decision import stopping_decision
from app.views.samples.factors import factors_chart

RIGHT_MARK, WRONG_MARK = "\N{CHECK MARK}", "\N{MULTIPLICATION X}"
STYLE = Path(__file__).with_suffix(".css").read_text(encoding="utf-8")
SAID = 2  # classes whose end the title says
LOWEST, RACE_HEIGHT = 6, 290  # the last rank with a row of its own
ENLARGED = 512  # pixels: the longer side of a picture that was clicked
UPRIGHT = {"linear": "linear", "log": "log", "share": "own maximum"}
PREFIXES = ((1e9, "billions of "), (1e6, "millions of "), (1e3, "thousands of "))


def one_sample(
    view: View, row: int, position: int, image: bytes | None, *, prefix: str = "", decides: bool = True
) -> None:
    """Everything about one sample.

    Parameters
    ----------
    view : View
    row : int
        Of the sample in the split, and so in traces.
    position : int
        Of the sample in the run.
    image : bytes, optional
        Its encoded picture.
    prefix : str
        What its charts' names begin with, where it is not the only sample on the page.
    decides : bool
        Whether it is said where the sample stops: budget and rule are those of the run on screen.
    """
    baseline = view.traces("baseline")
    corrected = view.traces(view.predictor)
    shown = corrected if view.poe else baseline
    of = "true_class" if shown.labels[row] >= 0 else "final_prediction"
    _heading(view, row, position, image, {"baseline": baseline, view.predictor: corrected})
    if decides:
        stopping_decision(view, row, position, prefix or "on-screen")
    x, x_title, over_cost = _axis(view)
    lines = {
        "baseline": _trajectory(view, "baseline", baseline, row, of),
        view.predictor: _trajectory(view, view.predictor, corrected, row, of),
    }
    _trajectory_chart(view, position, lines, of, x, x_title, over_cost, f"{prefix}trajectory")
    label = int(shown.labels[row])
    _race_chart(view, position, label, x, x_title, over_cost, f"{prefix}class-race")
    factors_chart(view, position, label, f"{prefix}factors")


def _name(view: View, index: int) -> str:
    return view.run.class_names[index] if index >= 0 else "none"


def _heading(view: View, row: int, position: int, image: bytes | None, traces: Mapping[str, Traces]) -> None:
    """The picture, the facts and what every exit answers: one block, every name as text."""
    label = int(traces["baseline"].labels[row])
    facts = [
        ("sample", view.run.samples["id"].iloc[position]),
        ("true class", _name(view, label) if label >= 0 else "unknown"),
        *_extra(view, position),
    ]
    rows = "".join(f"<dt>{html_text(name)}</dt><dd>{_cut(str(value))}</dd>" for name, value in facts)
    picture, fault = image_address(image, ENLARGED)
    drawn = _picture(picture) if picture else f"<p>{html_text(fault)}</p>" if fault else ""
    st.html(
        f'<style>{STYLE}</style><div class="xl-sample"><div>{drawn}<dl>{rows}</dl></div>'
        f"{_answers(view, traces, row, label)}</div>"
    )


def _picture(address: str) -> str:
    """The picture, larger while it is open: a click or Enter opens and closes it."""
    said = 'title="Enlarge, or make small again" aria-label="Enlarge the picture, or make it small again"'
    return f'<details class="xl-enlarge"><summary {said}><img alt="" src="{address}"></summary></details>'


def _cut(text: str, most: int = 60) -> str:
    """Text, cut where it is long, the whole for the pointer."""
    if len(text) <= most:
        return html_text(text)
    return f'<span title="{html_text(text)}">{html_text(shortened(text, most))}</span>'


def _extra(view: View, position: int, most: int = 6) -> list[tuple[str, str]]:
    """The run's own columns, the first few."""
    row = view.run.samples.iloc[position]
    names = [name for name in view.run.samples.columns if name not in ("id", "label", "split", "image")]
    return [(name, _value(row[name])) for name in names[:most]]


def _value(value: object) -> str:
    if pd.api.types.is_scalar(value) and pd.isna(value):
        return "missing"
    return f"{value:.4g}" if isinstance(value, float) else str(value)


def axis_switches(view: View) -> None:
    """Whether trajectories run over the exits or over their cost, where the run knows one; how probabilities stand."""
    cost = view.run.cost(view.unit)
    if cost is not None:
        control(
            "axis",
            "Trajectories over",
            show=lambda key: "exits" if key == "exits" else escape(cost[0]),
        )
    control("upright", "Axis of probabilities", show=UPRIGHT.get)


def _axis(view: View) -> tuple[np.ndarray, str, bool]:
    """Where the exits stand, what the axis is called, whether it is a cost."""
    cost = view.run.cost(view.unit)
    if cost is None or state.get("axis") == "exits":
        return np.arange(1.0, view.run.n_exits + 1), "exit", False
    unit, values = cost
    scale, prefix = next(((s, p) for s, p in PREFIXES if values[-1] >= 10 * s), (1.0, ""))
    return np.asarray(values) / scale, f"cumulative cost, {prefix}{unit}", True


def _trajectory(view: View, predictor: str, traces: Traces, row: int, of: str) -> Trajectory:
    fall = traces.falls[of, "absolute"]
    size = float(fall.size[row])
    return Trajectory(
        predictor,
        label_of(predictor),
        getattr(traces, f"{of}_prob" if of == "true_class" else "final_prediction_prob")[:, row],
        traces.max_prob[:, row],
        traces.correct[:, row] if traces.labels[row] >= 0 else None,
        [_name(view, int(index)) for index in traces.predicted[:, row]],
        (size, int(fall.from_exit[row]), int(fall.to_exit[row])) if size > 0 else None,
    )


def _trajectory_chart(
    view: View,
    position: int,
    lines: Mapping[str, Trajectory],
    of: str,
    x: np.ndarray,
    x_title: str,
    over_cost: bool,
    name: str,
) -> None:
    shown = lines[view.shown]
    what = "true class" if of == "true_class" else "final prediction"
    key = "" if shown.right is None else f"; {WRONG_KEY}"
    behind = "; behind: the baseline" if view.poe else ""
    figure = cache.drawn(
        sample_trajectory_figure,
        shown,
        lines["baseline"] if view.poe else None,
        x=x,
        x_title=x_title,
        exit_names=exit_labels(view.run.exit_names),
        quantity=f"P({what})",
        title=trajectory_finding(what, _named_falls(view, lines), shown.label if view.poe else "the baseline"),
        subtitle=f"Probability of the {what} at every exit{key}; thin: the largest of any class{behind}.",
        over_cost=over_cost,
        height=290,
        axis=probability_axis(state.get("upright"), [p for one in lines.values() for p in (one.probs, one.confidence)]),
    )
    data = partial(_trajectory_data, view, position, lines, of)
    chart(figure, name=name, height=290, data=data, predictor=view.shown)


def _named_falls(view: View, lines: Mapping[str, Trajectory]) -> dict[str, tuple[float, str, str] | None]:
    names = exit_labels(view.run.exit_names)
    return {
        "the baseline" if key == "baseline" else line.label: line.fall
        and (line.fall[0], names[line.fall[1]], names[line.fall[2]])
        for key, line in lines.items()
    }


def _trajectory_data(view: View, position: int, lines: Mapping[str, Trajectory], of: str) -> pd.DataFrame:
    parts = [
        by_exit(
            view.run.exit_names,
            _cost(view)
            | {
                f"{of}_prob": line.probs,
                "confidence": line.confidence,
                "predicted": line.predicted,
                "right": [None] * view.run.n_exits if line.right is None else line.right,
            },
            predictor=line.predictor_id,
            sample_id=view.run.samples["id"].iloc[position],
        )
        for line in lines.values()
    ]
    return figure_table(view, pd.concat(parts, ignore_index=True))


def _cost(view: View) -> dict[str, np.ndarray]:
    """The exits' cumulative cost in a column, where the run knows one."""
    cost = view.run.cost(view.unit)
    return {} if cost is None else {f"cost, {cost[0]}": np.asarray(cost[1])}


def _answers(view: View, traces: Mapping[str, Traces], row: int, label: int) -> str:
    """A table of answers with their probabilities, an exit a row: names need room that an axis does not have."""
    head = "".join(f"<th scope=col{_faint(view, key)}>{html_text(label_of(key))}</th>" for key in traces)
    body = ""
    for exit_, name in enumerate(exit_labels(view.run.exit_names)):
        body += f"<tr><th scope=row>{html_text(name)}</th>"
        for key, one in traces.items():
            answer = _answer(
                view,
                int(one.predicted[exit_, row]),
                label,
                "collapsed" if one.collapsed[exit_, row] else probability(float(one.max_prob[exit_, row])),
            )
            body += f"<td{_faint(view, key)}>{answer}</td>"
        body += "</tr>"
    table = f"<thead><tr><th scope=col>exit</th>{head}</tr></thead><tbody>{body}</tbody>"
    return f'<div class="xl-answers"><table>{table}</table></div>'


def _faint(view: View, predictor: str) -> str:
    return "" if predictor == view.shown else " class=xl-faint"


def _answer(view: View, index: int, label: int, told: str) -> str:
    mark, said = ("", "") if label < 0 else (RIGHT_MARK, "right: ") if index == label else (WRONG_MARK, "wrong: ")
    shown = f'{_cut(_name(view, index))} <span class="xl-prob">{html_text(told)}</span>'
    return f'<span class="xl-tick" role="img" aria-label="{said}">{mark}</span>{shown}'


def _race_chart(view: View, position: int, label: int, x: np.ndarray, x_title: str, over_cost: bool, name: str) -> None:
    """Which classes lead when: ranks, probabilities in the rings; of the true class the baseline's ranks too."""
    probs, names = _probs(view, view.shown, view.shown_settings, position), view.run.class_names
    behind = _probs(view, "baseline", {}, position) if view.poe else None
    racing = racing_classes(probs, label)
    followed = label if label >= 0 else int(racing[0])
    ranks = class_ranks(probs, racing)
    racers = [
        Racer(
            names[c],
            probs[:, c],
            ranks[:, place],
            None if behind is None or c != followed else class_ranks(behind, np.array([c]))[:, 0],
            int(c) == label,
        )
        for place, c in enumerate(racing)
    ]
    leaders = [names[int(row.argmax())] if row.any() else None for row in probs]
    figure = cache.drawn(
        class_race_figure,
        racers,
        lowest=min(LOWEST, view.run.n_classes),
        predictor_id=view.shown,
        x=x,
        x_title=x_title,
        exit_names=exit_labels(view.run.exit_names),
        title=race_finding(
            [one and shortened(one, 30) for one in leaders],
            exit_labels(view.run.exit_names),
            [(shortened(one.name, 30), float(one.probs[-1])) for one in racers[:SAID]],
        ),
        subtitle=f"Ranks under {named(view.shown)} of the last exit's likeliest classes, the true one, and any exit's "
        "leader; in the rings, percent" + ("; dashed: the same class under the baseline." if view.poe else "."),
        over_cost=over_cost,
        height=RACE_HEIGHT,
    )
    data = partial(_race_data, view, position, racers)
    chart(figure, name=name, height=RACE_HEIGHT, data=data, predictor=view.shown)


def _probs(view: View, predictor: str, settings: dict, position: int) -> np.ndarray:
    return cache.numbers(
        class_probs,
        view.run.fingerprint, settings_key(predictor, settings), position,
        run=view.run, predictor_id=predictor, settings=settings, position=position,
    )  # fmt: skip


def _race_data(view: View, position: int, racers: Sequence[Racer]) -> pd.DataFrame:
    identity = view.run.samples["id"].iloc[position]
    parts = []
    for one in racers:
        about = {"predictor": view.shown, "sample_id": identity, "class": one.name, "true": one.is_true}
        parts.append(by_exit(view.run.exit_names, _cost(view) | {"prob": one.probs, "rank": one.ranks}, **about))
        if one.behind is not None:
            parts.append(
                by_exit(view.run.exit_names, _cost(view) | {"rank": one.behind}, **about | {"predictor": "baseline"})
            )
    return figure_table(view, pd.concat(parts, ignore_index=True))
