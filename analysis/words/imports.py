"""What is said of files before they are imported: what they make, and whether their accuracies look right."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from analysis.words.formats import counted, percent

_GUESSING = 1.5
"""Accuracies up to this times that of guessing are no better than guessing."""
_FEW = 50
"""Labelled samples below which nothing is said about guessing."""


def would_make(exits: int, classes: int, samples: Mapping[str, int], dropped: int = 0) -> str:
    """The size of the run.

    Parameters
    ----------
    samples : split -> how many

    Examples
    --------
    >>> would_make(7, 100, {"test": 10_000})
    '7 exits, 100 classes, 10,000 test samples'
    """
    parts = [
        counted(exits, "exit"),
        f"{classes:,} {'class' if classes == 1 else 'classes'}",
        *(counted(n, f"{s} sample") for s, n in samples.items()),
    ]
    return ", ".join(parts) + (f"; {counted(dropped, 'sample')} left out" if dropped else "")


def looks_right(accuracy: Mapping[str, Sequence[float]], labelled: Mapping[str, int], classes: int) -> tuple[str, bool]:
    """What the accuracies of the exits say about the files, and whether they look as they should.

    Parameters
    ----------
    accuracy : split -> of each exit, fractions of 1
    labelled : split -> how many samples have a label

    Examples
    --------
    >>> looks_right({"test": [0.5, 0.75]}, {"test": 400}, 10)
    ('Accuracy on the test samples goes from 50.0% at the first exit to 75.0% at the last.', True)
    """
    if not accuracy:
        return (
            "No label is known, so no accuracy can tell whether classes and samples are read as they should be.",
            True,
        )
    split = "test" if "test" in accuracy else next(iter(accuracy))
    first, last, best = accuracy[split][0], accuracy[split][-1], max(accuracy[split])
    if labelled[split] >= _FEW and best <= _GUESSING / classes:
        return (
            f"No exit is better than guessing ({percent(100 / classes)}): are the labels in the samples' order, "
            "the classes numbered alike, and the axes as they should be?",
            False,
        )
    if len(accuracy[split]) == 1:
        return f"Accuracy on the {split} samples is {percent(100 * last)}.", True
    return (
        f"Accuracy on the {split} samples goes from {percent(100 * first)} at the first exit to "
        f"{percent(100 * last)} at the last.",
        True,
    )
