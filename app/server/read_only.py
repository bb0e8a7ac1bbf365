"""Public hosting: `EXITLENS_READ_ONLY=1` hides and refuses what writes or uploads."""

import os


def read_only() -> bool:
    """Whether this app takes nothing from those who look at it."""
    return os.environ.get("EXITLENS_READ_ONLY", "") not in ("", "0")


def refuse_read_only(what: str) -> None:
    """Refuse in a read-only app what a callback is about to do.

    Parameters
    ----------
    what : str
        What cannot be done, such as "deleted".

    Raises
    ------
    ValueError
        The app is read-only.
    """
    if read_only():
        raise ValueError(f"this app is read-only: nothing can be {what}")
