"""How far a command is: a bar on a terminal, a number for an app that asks."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Callable, Iterator

from analysis.runtime.watched import teller


@contextlib.contextmanager
def progress_bar(
    total: int, what: str, unit: str = " samples", *, at_once: bool = False
) -> Iterator[Callable[[int], None]]:
    """Gives a function that is told how much more is done; draws nothing where standard error is not a terminal.

    Parameters
    ----------
    total : what is done in the end
    what : in a word, such as "Importing"
    at_once : draw the bar before anything is done, not only once two seconds have passed: the first step is long
    """
    if (tell := teller(total, what)) is not None:
        yield tell
        return
    if not sys.stderr.isatty():
        yield lambda done: None
        return
    from tqdm import tqdm

    delay = 0 if at_once else 2
    with tqdm(total=total, desc=what, unit=unit, delay=delay, leave=False, dynamic_ncols=True, unit_scale=True) as bar:
        yield bar.update
