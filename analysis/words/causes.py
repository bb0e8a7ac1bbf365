"""How true classes are lost, in words. Plain text."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from analysis.words.formats import counted, percent


def lost_finding(lost: int, off_support: int, samples: int, label: str, *, product: bool) -> str:
    """How many samples had the true class in the lead and lose it for good, and how.

    Parameters
    ----------
    label : whose doing it is, within a sentence
    product : whether classes can leave a support

    Examples
    --------
    >>> lost_finding(786, 112, 10_000, "PA", product=True)
    'Under PA, 786 samples (7.86%) lose their true class for good: 112 off the support, 674 outvoted on it'
    >>> lost_finding(0, 0, 10, "the baseline", product=False)
    'Under the baseline, no sample loses a true class that once led'
    """
    if not lost:
        return f"Under {label}, no sample loses a true class that once led"
    share, whose = percent(100 * lost / samples), "loses its" if lost == 1 else "lose their"
    said = f"Under {label}, {counted(lost, 'sample')} ({share}) {whose} true class for good"
    return f"{said}: {off_support:,} off the support, {lost - off_support:,} outvoted on it" if product else said


def factor_finding(counts: np.ndarray, label: str, exit_names: Sequence[str]) -> str:
    """Whose factor decides most of what is lost.

    Examples
    --------
    >>> factor_finding(np.array([5, 1, 14]), "PA", ("1", "2", "3"))
    "Of 20 samples that lose their true class under PA, exit 3's factor decides 14 (70.0%)"
    """
    total, most = int(counts.sum()), int(counts.argmax())
    if not total:
        return f"Under {label}, no sample loses a true class that once led"
    whose = f"{counted(total, 'sample')} that {'loses its' if total == 1 else 'lose their'} true class"
    decided = f"{int(counts[most]):,} ({percent(100 * int(counts[most]) / total)})"
    return f"Of {whose} under {label}, exit {exit_names[most]}'s factor decides {decided}"
