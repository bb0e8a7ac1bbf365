"""How answers waver over the exits, and what that loses: titles. Plain text."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from analysis.words.formats import percent


def changes_title(means: Mapping[str, float]) -> str:
    """How often an answer changes on average.

    >>> changes_title({"the baseline": 0.911, "PA": 0.4})
    'An answer changes 0.91 times on average under the baseline, 0.40 under PA'
    """
    parts = [f"{value:.2f} {'times on average ' if not k else ''}under {named}" for k, (named, value) in
             enumerate(means.items())]  # fmt: skip
    return f"An answer changes {', '.join(parts)}"


def answer_entropy_title(means: Mapping[str, float]) -> str:
    """The mean entropy of a sample's answers.

    >>> answer_entropy_title({"the baseline": 0.3511, "PA": 0.2})
    'The answers of a sample have 0.35 nats of entropy under the baseline, 0.20 under PA'
    """
    parts = [f"{value:.2f} {'nats of entropy ' if not k else ''}under {named}" for k, (named, value) in
             enumerate(means.items())]  # fmt: skip
    return f"The answers of a sample have {', '.join(parts)}"


def settled_title(shares: Mapping[str, np.ndarray], exit_names: Sequence[str]) -> str:
    """How many answer the same from the first exit on, and how many still change at the last; fractions of 1.

    >>> settled_title({"the baseline": np.array([0.6, 0.3, 0.1]), "PA": np.array([0.7, 0.25, 0.05])}, "123")
    'Settled from exit 1 on: 60.0% under the baseline, 70.0% under PA; only at the last: 10.0%, 5.00%'
    """
    first = ", ".join(f"{percent(100 * of[0])} under {named}" for named, of in shares.items())
    last = ", ".join(percent(100 * of[-1]) for of in shares.values())
    return f"Settled from exit {exit_names[0]} on: {first}; only at the last: {last}"


def so_far_title(accuracy: Mapping[str, float], so_far: Mapping[str, float]) -> str:
    """Who was right at some exit, beside who is right at the last; fractions of 1.

    >>> so_far_title({"the baseline": 0.73, "PA": 0.735}, {"the baseline": 0.83, "PA": 0.77})
    'Some exit is right for 83.0% under the baseline, the last one for 73.0%; 77.0% and 73.5% under PA'
    """
    parts = [f"{percent(100 * so_far[named])} and {percent(100 * share)} under {named}" for named, share in
             accuracy.items()]  # fmt: skip
    named, share = next(iter(accuracy.items()))
    parts[0] = f"{percent(100 * so_far[named])} under {named}, the last one for {percent(100 * share)}"
    return f"Some exit is right for {'; '.join(parts)}"


def improvability_title(shares: Mapping[str, float]) -> str:
    """How many of the last exit's mistakes an earlier exit had right; fractions of 1, NaN without mistakes.

    >>> improvability_title({"the baseline": 0.371, "PA": 0.12})
    "An earlier exit had 37.1% of the last exit's mistakes right under the baseline, 12.0% under PA"
    """
    parts = [f"{percent(100 * share) if np.isfinite(share) else 'none to have'} "
             f"{'of the last exit’s mistakes right ' if not k else ''}under {named}" for k, (named, share) in
             enumerate(shares.items())]  # fmt: skip
    return f"An earlier exit had {', '.join(parts)}".replace("’", "'")
