"""What decides one sample under a product, in a sentence. Texts are plain."""

from collections.abc import Sequence

import numpy as np

from analysis.results.factors import Factors


def factors_finding(found: Factors, followed: str, rival: str, label: str, exit_names: Sequence[str]) -> str:
    """Who leads whom, and through which exit's factor; or where a class leaves the support.

    Parameters
    ----------
    followed, rival : names of the two classes
    label : the predictor's short name
    """
    until = "the last exit" if found.until == len(exit_names) - 1 else f"exit {exit_names[found.until]}"
    if found.leads:
        return f"Under {label}, {followed} leads {rival} at the last exit{_most(found, exit_names)}"
    if found.lost_at is not None:
        return (
            f"Under {label}, {followed} leaves the support at exit {exit_names[found.lost_at]}, where its activation "
            f"is 0; {rival} leads it at {until}"
        )
    if not found.ever_leads:
        return f"Under {label}, {followed} never leads; {rival} does at the last exit{_most(found, exit_names)}"
    return f"Under {label}, {rival} overtakes {followed} at {until}{_most(found, exit_names)}"


def _most(found: Factors, exit_names: Sequence[str]) -> str:
    """Which factor weighs most, where one does."""
    value = abs(float(found.evidence[found.deciding]))
    if not value > 0:
        return ", by no factor more than another"
    size = f"{value:.2f} of the log odds" if value >= 0.005 else "next to nothing"
    size = "without limit" if np.isinf(value) else size
    return f", most by exit {exit_names[found.deciding]}'s factor ({size})"
