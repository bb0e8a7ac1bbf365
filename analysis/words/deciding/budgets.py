"""What a budget of compute buys, what stopping gives up, and what a correction adds. Plain text."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from analysis.words.formats import at_most, counted, percent, plural, points, quantity, range_words

WORTH_SAYING = 0.05
"""Points: less is no difference between exits that a title speaks of."""


def cost_sentence(provenance: Mapping[str, object], unit: str | None) -> str:
    """How the exits' costs in `unit` were counted or measured, as the run's provenance has it; empty where it has not.

    Examples
    --------
    >>> cost_sentence({"latency": {"summary": "median of 50 passes, on one GPU"}}, "ms")
    'Milliseconds: median of 50 passes, on one GPU.'
    """
    latency = provenance.get("latency")
    measured = latency.get("summary") if isinstance(latency, Mapping) else None
    words, how = {"ms": ("Milliseconds", measured), "MACs": ("MACs", provenance.get("macs"))}.get(unit, ("", None))
    return f"{words}: {how}." if isinstance(how, str) and how else ""


def budget_title(
    label: str,
    exit_names: Sequence[str],
    answering: int | None,
    values: np.ndarray,
    budget: float,
    unit: str | None,
    quantity_name: str,
    costs: np.ndarray,
) -> str:
    """What the budget buys with the predictor on screen, and what share of the whole network's compute it is.

    Parameters
    ----------
    answering : int, optional
        The exit that answers, from 0.
    values : float, (exits,)
        Percent.
    """
    if answering is None:
        return "The budget ends before the first exit: there is no answer"
    got, gap = values[answering], values[answering] - values[-1]
    spent = f"{quantity(budget)} {unit}" if unit else f"a budget of {budget:.3g} {plural(budget, 'exit')}"
    share = f" ({percent(100 * budget / costs[-1])} of the network)" if unit and costs[-1] > 0 else ""
    apart = f", {points(gap)} {'more' if gap > 0 else 'less'} than the last exit" if abs(gap) >= WORTH_SAYING else ""
    return f"{label} with {spent}{share}: exit {exit_names[answering]} answers, {quantity_name} {percent(got)}{apart}"


def given_up_title(
    exit_names: Sequence[str], answering: int | None, counts: Mapping[str, np.ndarray], *, has_labels: bool
) -> str:
    """What stopping at the answering exit gives up."""
    if answering is None:
        return "No exit answers within the budget"
    lost, total = int(counts["right_deeper"][answering]), int(sum(values[answering] for values in counts.values()))
    name = exit_names[answering]
    if not lost:
        if not has_labels:
            return f"Stopping at exit {name} changes no final answer"
        return f"No deeper exit is right where exit {name} is wrong"
    share = percent(100 * lost / max(total, 1))
    if not has_labels:
        return f"Stopping at exit {name} changes {counted(lost, 'final answer')} ({share})"
    return f"Exit {name} gets {counted(lost, 'sample')} wrong ({share}) that a deeper exit has right"


def overhead_sentence(
    label: str, operations: Sequence[int], bytes_kept: Sequence[int], shares: np.ndarray | None, unit: str | None
) -> str:
    """What the correction itself adds at an exit, from the least to the most."""
    low, high, kept = min(operations), max(operations), max(bytes_kept)
    memory = f"keeps {counted(kept, 'byte')} per sample until the next" if kept else "keeps nothing"
    if low < 0 < high:
        return f"{label} adds at most {high:,} and saves at most {-low:,} operations per exit and {memory}."
    if high <= 0:
        return f"{label} {f'saves {_operations(-high, -low)}' if low else 'adds nothing'} and {memory}."
    known = np.zeros(0) if shares is None else shares[np.isfinite(shares)]
    share = f", at most {at_most(100 * float(known.max()))}% of an exit's {unit}," if known.size else ""
    return f"{label} adds {_operations(low, high)}{share} and {memory}."


def _operations(low: int, high: int) -> str:
    return f"{range_words(low, high, '{:,}'.format)} {plural(high, 'operation')} per exit"
