"""Where the sample on screen stops: at the budget with everyone, and by itself under the rule that is chosen."""

import numpy as np
import streamlit as st

from analysis.policies.anytime import answering_exit
from analysis.policies.interruption import drawn_places, exits_reached
from analysis.policies.rule import stopping_exits
from analysis.policies.scores import scores
from analysis.results import PolicyResults
from analysis.words.deciding.stopping import Stop, cost_words, decision_words
from analysis.words.formats import exit_labels
from app import state
from app.components.predictor_names import named
from app.components.stopping.budget import axis_of, budget_on_screen
from app.components.stopping.rules import rule_name, rules_on_screen, rules_spinner
from app.components.text import plain_text
from app.view import View


def stopping_decision(view: View, row: int, position: int, key: str) -> None:
    """One or two sentences, and the way to where budget and rule are chosen.

    Parameters
    ----------
    row, position : int
        Of the sample in the split, and in the run.
    key : str
        Of the button, unique on the page.
    """
    axis = axis_of(view)
    budget = budget_on_screen(view.run, axis)
    rules, policy = rules_on_screen(view, axis, budget), state.get("policy")
    there = answering_exit(axis.costs, budget)
    stop, reason = None, rules.why_not(policy)
    if not reason:
        with rules_spinner():
            found = rules.apply(policy, view.shown)
        stop = _exit_of(view, found, row, position)
    with st.container(key=f"decision-{key}", gap="xsmall"):
        plain_text(
            decision_words(
                cost_words(budget, axis.unit),
                rule_name(rules, policy),
                named(view.shown),
                None if there is None else _stop(view, row, there),
                None if stop is None or stop < 0 else _stop(view, row, stop),
                reason,
            )
        )
        st.button(
            "Choose budget and rule",
            key=f"decision:{key}",
            type="tertiary",
            icon=":material/tune:",
            on_click=state.open_page,
            args=("compute",),
            help="On Compute: what a budget buys, and the rules by which each sample stops.",
        )


def _exit_of(view: View, found: PolicyResults, row: int, position: int) -> int:
    """The exit, from 0, at which the sample stops; -1: it is interrupted before the first."""
    if found.rule is None:
        return int(exits_reached(drawn_places(np.array([position]), found.seed), found.reached)[0])
    alone = view.traces(view.shown).select(np.array([row]))
    return int(stopping_exits(found.rule, scores(found.rule.measure, alone))[0])


def _stop(view: View, row: int, exit_: int) -> Stop:
    traces = view.traces(view.shown)
    right = None if traces.labels[row] < 0 else traces.correct[:, row].tolist()
    predicted = int(traces.predicted[exit_, row])
    names = exit_labels(view.run.exit_names)
    return Stop(
        names[exit_],
        view.run.class_names[predicted] if predicted >= 0 else "nothing",
        None if right is None else right[exit_],
        right is not None and not right[exit_] and any(right[exit_ + 1 :]),
        right is not None and any(right[:exit_]),
    )
