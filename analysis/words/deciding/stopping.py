"""What samples that stop by themselves spend, gain and lose: titles and sentences. Plain text."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from analysis.results.policy_curves import Gain
from analysis.settings import number_text
from analysis.words.formats import (
    apart_words,
    at_least,
    at_most,
    class_words,
    counted,
    percent,
    points,
    quantity,
    signed,
    small,
)

SAVINGS = {"measured": "measured as a latency", "simulated": "simulated from counted costs"}


def cost_words(value: float, unit: str | None) -> str:
    """A mean cost, or a mean exit where costs are unknown.

    >>> cost_words(25.3e6, "MACs"), cost_words(2.1, None)
    ('25.3 M MACs', 'exit 2.10')
    """
    return f"exit {value:.2f}" if unit is None else f"{quantity(value)} {unit}"


def spends(cost: str) -> str:
    """What costs so much on average, in `cost_words`, does.

    >>> spends("25.3 M MACs"), spends("exit 2.10")
    ('spends 25.3 M MACs', 'stops at exit 2.10')
    """
    return f"{'stops at' if cost.startswith('exit ') else 'spends'} {cost}"


def gain_words(gain: Gain, than: str) -> str:
    """A difference of accuracies with its interval, in points.

    >>> gain_words(Gain(0.013, 0.009, 0.017), "with everyone at exit 4")
    '1.30 points more (95%: 0.90 to 1.70) than with everyone at exit 4'
    >>> gain_words(Gain(-0.0018, -0.0045, 0.0009), "the same rule on PA")
    '0.18 points less (95%: 0.45 less to 0.09 more) than the same rule on PA'
    >>> gain_words(Gain(0.0, -0.001, 0.001), "the baseline")
    'as much (95%: −0.10 to +0.10 points) as the baseline'
    """
    if not gain.difference:
        return f"as much (95%: {signed(100 * gain.low)} to {signed(100 * gain.high)} points) as {than}"
    apart = f"{points(100 * gain.difference, exact=True)} {'more' if gain.difference > 0 else 'less'}"
    return f"{apart} (95%: {apart_words(100 * gain.low, 100 * gain.high)}) than {than}"


def title_with_rule(title: str, rule: str, right: float | None, gain: Gain | None) -> str:
    """What the budget buys in the anytime setting, and then by a rule that spends no more on average."""
    if right is None or gain is None:
        return title
    apart = f", {points(100 * gain.difference)} {'more' if gain.difference > 0 else 'less'}" if gain.difference else ""
    return f"{title}; each sample stopping by {rule} {percent(100 * right)}{apart}"


def standing_title(
    label: str, rule: str, quantity_name: str, right: float, spent: str, share: float | None, gain: Gain, than: str
) -> str:
    """What a rule reaches that spends what it is set to, beside everyone at the exit that costs most nearly as much.

    Parameters
    ----------
    spent : in `cost_words`, on average
    share : of the last exit's cost, a fraction; None without costs
    than : that exit, with what it costs

    Examples
    --------
    >>> standing_title("PA", "risk control", "accuracy", 0.73, "exit 2.10", None, Gain(0, 0, 0), "2")
    'PA stopping by risk control: accuracy 73.0% at exit 2.10 on average, as much as everyone at exit 2'
    """
    of = "" if share is None else f" ({percent(100 * share)} of the network)"
    apart = f"{points(100 * gain.difference)} {'more' if gain.difference > 0 else 'less'} than"
    return (
        f"{label} stopping by {rule}: {quantity_name} {percent(100 * right)} "
        f"{'at' if spent.startswith('exit ') else 'for'} {spent}{of} on average, "
        f"{apart if gain.difference else 'as much as'} everyone at exit {than}"
    )


def better_rule(
    budget: str,
    rule: str,
    label: str,
    right: float,
    over_exit: tuple[Gain, str] | None,
    over_other: tuple[Gain, str],
    spent: tuple[str, str] | None = None,
) -> str:
    """What a rule gains within the budget over everyone at one exit, and over the same rule on the other predictor.

    Parameters
    ----------
    over_exit : the gain and the exit's name; None where no exit answers
    over_other : the gain, and what the other predictor is called within a sentence
    spent : where the rule does not follow the budget: what it spends, and what the other predictor spends by the
        threshold on its largest probability that spends most nearly as much, which is then compared instead
    """
    other = f"the same rule on {over_other[1]}"
    if spent:
        other = f"a threshold on the largest probability of {over_other[1]} that {spends(spent[1])}"
    gains = [] if over_exit is None else [gain_words(over_exit[0], f"everyone at exit {over_exit[1]}")]
    gains.append(gain_words(over_other[0], other))
    who, share = f"{rule} on {label}", percent(100 * right)
    if spent:
        return f"{who[0].upper()}{who[1:]} {spends(spent[0])} on average and gets {share} right: {', '.join(gains)}."
    within = f"Answering at {budget} or before" if budget.startswith("exit ") else f"Within {budget}"
    return f"{within} on average, {who} gets {share} right: {', '.join(gains)}."


GIVEN_UP = 0.01
"""Of accuracy, against the last exit: what `cheapest_words` speaks of."""


def cheapest_words(rule: str, label: str, cost: str, saved: float | None, right: float, last: float) -> str:
    """The least that a rule can spend where at most `GIVEN_UP` of the last exit's accuracy is given up.

    Parameters
    ----------
    rule : with the setting at which that is
    cost : in `cost_words`, on average
    saved : of the last exit's cost, a fraction; None without costs
    right, last : accuracies, of the rule and of the last exit

    Examples
    --------
    >>> said = cheapest_words("it", "PA", "5 MACs", 0.5, 0.7, 0.71)
    >>> said.removeprefix("Giving up at most 1 point of the last exit on these samples, ")
    'it on PA saves 50.0% (5 MACs): 70.0% right, −1.00 points.'
    """
    does = f"{spends(cost)} on average" if saved is None else f"saves {percent(100 * saved)} ({cost})"
    apart = f"{percent(100 * right)} right, {signed(100 * (right - last))} points"
    given_up = f"Giving up at most {100 * GIVEN_UP:g} point of the last exit on these samples"
    return f"{given_up}, {rule} on {label} {does}: {apart}."


def shares_title(shares: np.ndarray, right: float, exit_names: Sequence[str], *, has_labels: bool) -> str:
    """Where most samples stop, and how many are right there."""
    most = int(np.argmax(shares))
    what = "are right where they stop" if has_labels else "stop with their final answer"
    return f"{percent(100 * shares[most])} stop at exit {exit_names[most]}; {percent(100 * right)} {what}"


def risk_title(gap: np.ndarray, samples: np.ndarray, overall: float, exit_names: Sequence[str]) -> str:
    """At which exit most is lost against the last, beside what is lost on average."""
    known = np.isfinite(gap)
    if not known.any():
        return "Without labels nobody knows what is lost to the last exit"
    if not np.nanmax(gap) > 0:
        return "No sample that the last exit has right is lost by stopping before"
    worst = int(np.nanargmax(np.where(known, gap, -1)))
    return (
        f"Of the {samples[worst]:,} that stop at exit {exit_names[worst]}, {percent(100 * gap[worst])} are wrong "
        f"there and right at the last; of all, {percent(100 * overall)}"
    )


def depth_title(information: float, shuffled_p95: float) -> str:
    """What the exit at which a sample stopped reveals of its class."""
    if not np.isfinite(information):
        return "All stop at one exit, which tells nothing of their class"
    beyond = "more than" if information > shuffled_p95 else "no more than"
    return (
        f"The exit where a sample stops shares {percent(100 * information)} of its entropy with the class, {beyond} "
        f"chance (95% below {percent(100 * shuffled_p95)})"
    )


def promise_words(numbers: Mapping[str, object]) -> str:
    """What was promised by the samples fitted on, beside what holds on those measured; takes `policy_numbers`."""
    promised, realised = numbers["promised"], numbers["realised"]
    if promised is None or realised is None:
        return "Nothing was promised: what was fitted on has no labels."
    on = numbers["fitted_on"]["run"]
    where = "" if on == numbers["run"] else f" for samples like those of {on}"
    if numbers["policy"] != "risk":
        verdict = "less" if realised < promised else "no less"
        return (
            f"Accuracy where it was fitted{where} {percent(100 * promised)}, here {percent(100 * realised)}: {verdict}."
        )
    settings = numbers["settings"]
    if not numbers["passed"]:
        return f"No threshold passes, so everyone goes to the last exit: risk {small(realised)} here."
    if not numbers["certified"]:
        return (
            f"This rule promises nothing: risk {small(promised)} where it was fitted{where}, {small(realised)} here, "
            f"with epsilon {number_text(settings['epsilon'])}."
        )
    seen = f"{at_most(realised, 3)}, within it" if realised <= promised else f"{at_least(realised, 3)}, above it"
    return f"Promised{where}: {numbers['guarantee']}. On the samples measured here it is {seen}."


def fitted_words(samples: Mapping[str, int]) -> str:
    """On how many samples the rules of a figure are fitted, by their names; those on labels may have fewer.

    >>> fitted_words({"Budgeted batch": 80, "Risk control": 80}), fitted_words({"PCEE": 60})
    ('Fitted on 80 samples', 'Fitted on 60 samples')
    >>> fitted_words({"Budgeted batch": 80, "PCEE": 60})
    'Fitted on 80 samples, PCEE on the 60 of them with a label'
    """
    most, least = max(samples.values()), min(samples.values())
    few = " and ".join(name for name, count in samples.items() if count < most)
    return f"Fitted on {counted(most, 'sample')}" + (f", {few} on the {least:,} of them with a label" if few else "")


def left_out_words(count: int, named: str, seed: int | None) -> str:
    """Which samples of the split are not measured because they are there to fit on, with a label or without.

    >>> left_out_words(80, "random:0.2", 3)
    '80 samples of the split (drawn by seed 3) are set aside to fit on and left out of every curve here.'
    """
    which = f"drawn by seed {seed}" if seed is not None else named
    samples = f"{counted(count, 'sample')} of the split ({which})"
    return f"{samples} are set aside to fit on and left out of every curve here."


@dataclass(frozen=True)
class Stop:
    """What a sample gets where it stops.

    Attributes
    ----------
    exit_name, answer : the exit, and the class that it answers
    right : whether that is the true one; None where this is unknown
    later_right : whether it is wrong, and a later exit right
    earlier_right : whether an earlier exit was right already
    """

    exit_name: str
    answer: str
    right: bool | None
    later_right: bool
    earlier_right: bool


def decision_words(budget: str, rule: str, predictor: str, at: Stop | None, by: Stop | None, reason: str) -> str:
    """Where one sample stops at a budget that holds for everyone, and under a rule of its own.

    Parameters
    ----------
    budget, rule, predictor : in words
    at : at the budget; None: it ends before the first exit
    by : under the rule; None: it is interrupted before the first exit, or the rule cannot be
    reason : why the rule cannot be; empty where it can

    Examples
    --------
    >>> fox, wolf = Stop("4", "fox", True, False, False), Stop("2", "wolf", False, True, False)
    >>> at, by = decision_words("30 M MACs", "threshold (margin)", "PA", fox, wolf, "").split(". ")
    >>> at
    'With 30 M MACs for everyone PA stops at exit 4: fox, right'
    >>> by
    'By threshold (margin) this sample stops at exit 2: wolf, wrong, too early: a later exit is right.'
    """
    first, alike = "before the first exit, without an answer", False
    if at is not None:
        alike = bool(not reason and by is not None and _too(at) and _too(at) == _too(by))
        first = f"at exit {at.exit_name}: {_got(at)}{f', {_too(at)}' if _too(at) and not alike else ''}"
    said = f"With {budget} for everyone {predictor} stops {first}."
    if reason:
        return f"{said} {rule[:1].upper()}{rule[1:]} {reason.removesuffix('.')}."
    if by is None:
        return f"{said} By {rule} this sample is interrupted before the first exit."
    too = f", {'both ' if alike else ''}{_too(by)}" if _too(by) else ""
    return f"{said} By {rule} this sample stops at exit {by.exit_name}: {_got(by)}{too}."


def _got(stop: Stop) -> str:
    judged = "" if stop.right is None else ", right" if stop.right else ", wrong"
    return f"{class_words(stop.answer)}{judged}"


def _too(stop: Stop) -> str:
    """Whether it stops too early or later than needed; empty where neither."""
    if stop.later_right:
        return "too early: a later exit is right"
    return "later than needed: an earlier exit was right already" if stop.earlier_right else ""
