"""How a command is stopped by a signal: at once, but where it names or removes files right after. Standard library."""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

AGAIN_S = 0.01
"""After which a signal is sent again whose exception was lost."""


class Stopped(SystemExit):
    """The end of a command that was told to stop; what it has half-written is removed on the way out."""


class _State:
    sections = 0
    asked: int | None = None
    is_stopping = False


def _end(number: int) -> None:
    if number == signal.SIGINT:
        raise KeyboardInterrupt
    _State.is_stopping = True
    raise Stopped(128 + number)


def _stop(number: int, frame: FrameType | None) -> None:
    if _State.sections:
        _State.asked = number
    elif number == signal.SIGINT or not _State.is_stopping:  # one is enough: what follows may be removing files
        _end(number)


def _send_again(unraisable: sys.UnraisableHookArgs) -> None:
    """Where Python swallows an exception, as in callbacks of its garbage collector, the signal comes once more."""
    lost = {Stopped: signal.SIGTERM, KeyboardInterrupt: signal.SIGINT}.get(unraisable.exc_type)
    if lost is None:
        sys.__unraisablehook__(unraisable)
        return
    _State.is_stopping = False
    threading.Timer(AGAIN_S, os.kill, (os.getpid(), lost)).start()


def heed_signals() -> None:
    """Let SIGTERM end this process by `Stopped`, and SIGINT, unless it is ignored, by KeyboardInterrupt."""
    signal.signal(signal.SIGTERM, _stop)
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, _stop)
    sys.unraisablehook = _send_again


def work_is_done() -> None:
    """From now on the same signals end the process silently: nothing is left to remove."""
    for number in (signal.SIGTERM, signal.SIGINT):
        if signal.getsignal(number) is _stop:
            signal.signal(number, signal.SIG_DFL)


@contextmanager
def undisturbed() -> Iterator[None]:
    """A block that no signal interrupts; one that comes meanwhile ends the process at the end of the block.

    Examples
    --------
    >>> with undisturbed():
    ...     pass
    """
    if threading.current_thread() is not threading.main_thread():  # others are never interrupted
        yield
        return
    _State.sections += 1
    try:
        yield
    finally:
        _State.sections -= 1
        if not _State.sections and _State.asked is not None:
            number, _State.asked = _State.asked, None
            _end(number)
