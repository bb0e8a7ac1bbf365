"""What a budget of compute buys, what stopping gives up, and what a correction adds: titles of figures. Plain text."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from analysis.words.formats import percent, percent_small, plural, quantity


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
    got, best = values[answering], values[-1]
    spent = f"{quantity(budget)} {unit}" if unit else f"a budget of {budget:.3g} {plural(budget, 'exit')}"
    share = f" ({percent(100 * budget / costs[-1])} of the network)" if unit else ""
    behind = best - got
    gap = f", {behind:.1f} points less than the last exit" if behind >= 0.05 else ""
    return f"{label} with {spent}{share}: exit {exit_names[answering]} answers, {quantity_name} {percent(got)}{gap}"


def given_up_title(
    exit_names: Sequence[str], answering: int | None, counts: Mapping[str, np.ndarray], *, has_labels: bool
) -> str:
    """What stopping at the answering exit gives up."""
    if answering is None:
        return "No exit answers within the budget"
    lost, total = int(counts["right_deeper"][answering]), int(sum(values[answering] for values in counts.values()))
    share = percent(100 * lost / max(total, 1))
    if not has_labels:
        return f"Stopping at exit {exit_names[answering]} changes {lost:,} final answers ({share})"
    return f"Exit {exit_names[answering]} gets {lost:,} samples wrong ({share}) that a deeper exit has right"


def overhead_title(
    label: str, operations: Sequence[int], bytes_kept: Sequence[int], shares: np.ndarray | None, unit: str | None
) -> str:
    """What the correction adds at an exit at most."""
    most, kept = max(operations), max(bytes_kept)
    memory = f"keeps {kept:,} bytes per sample" if kept else "keeps nothing"
    if most <= 0:
        saved = -min(operations)
        return (
            f"{label} saves {saved:,} operations per exit and {memory}"
            if saved
            else f"{label} adds nothing and {memory}"
        )
    share = "" if shares is None else f", at most {percent_small(100 * float(np.nanmax(shares)))} of an exit's {unit},"
    return f"{label} adds {most:,} operations per exit{share} and {memory}"
