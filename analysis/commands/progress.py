"""How far a command is: a bar on a terminal where it takes longer than two seconds, a number for an app that asks."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Callable, Iterator

from analysis.runtime.watched import teller


@contextlib.contextmanager
def progress_bar(total: int, what: str, unit: str = " samples") -> Iterator[Callable[[int], None]]:
    """Gives a function that is told how much more is done; draws nothing where standard error is not a terminal."""
    if (tell := teller(total, what)) is not None:
        yield tell
        return
    if not sys.stderr.isatty():
        yield lambda done: None
        return
    from tqdm import tqdm

    with tqdm(total=total, desc=what, unit=unit, delay=2, leave=False, dynamic_ncols=True, unit_scale=True) as bar:
        yield bar.update
