"""What a process does that `command_job` started: it says how far it is, and ends when nobody asks any more.

Whoever started it holds the other end of its standard input: a byte is a question, its end the end of the app. Imports
the standard library.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import threading
import time
from collections.abc import Callable
from pathlib import Path

VARIABLE = "EXITLENS_JOB"
"""Environment variable: seconds of patience, a colon, and the folder in which progress is left."""
PROGRESS = "progress.json"
"""In that folder: `[done, total, what]`."""
GRACE_S = 5.0
"""Between being told to end and being killed."""
_EVERY_S = 0.1


class _Watched:
    folder: Path | None = None


def heed_asker() -> None:
    """Where an app started this process: low priority, and its end when nobody asks for it, or the app is gone."""
    patience, _, folder = os.environ.pop(VARIABLE, "").partition(":")  # what this process starts is not watched
    if not folder:
        return
    _Watched.folder = Path(folder)
    if hasattr(os, "nice"):
        os.nice(5)  # whoever looks at the app comes first
    asked = threading.Event()
    threading.Thread(target=_hear, args=(asked,), daemon=True).start()
    threading.Thread(target=_wait, args=(asked, float(patience)), daemon=True).start()


def _hear(asked: threading.Event) -> None:
    with contextlib.suppress(OSError):
        while os.read(0, 4096):
            asked.set()
    _end()


def _wait(asked: threading.Event, patience: float) -> None:
    while asked.wait(patience):
        asked.clear()
    _end()


def _end() -> None:
    """End as by SIGTERM, which removes what is half-written; by force where the main thread does not come to that."""
    shutil.rmtree(_Watched.folder, ignore_errors=True)
    os.kill(os.getpid(), signal.SIGTERM)
    time.sleep(GRACE_S)
    if hasattr(os, "killpg") and os.getpgrp() == os.getpid():
        os.killpg(os.getpid(), signal.SIGKILL)  # what it started, too
    os._exit(3)


def teller(total: int, what: str) -> Callable[[int], None] | None:
    """A function that is told how much more is done, and leaves that for who asks; None where nobody does.

    Parameters
    ----------
    total : what is done in the end
    what : in a word, such as "Importing"
    """
    if _Watched.folder is None:
        return None
    place, done, told = _Watched.folder / PROGRESS, 0, 0.0

    def more(count: int) -> None:
        nonlocal done, told
        done += count
        if done < total and time.monotonic() - told < _EVERY_S:
            return
        told = time.monotonic()
        with contextlib.suppress(OSError):  # the one who asked is gone
            beside = place.with_suffix(".new")
            beside.write_text(json.dumps([done, total, what]), encoding="utf-8")
            os.replace(beside, place)

    more(0)
    return more
