"""Public hosting: `EXITLENS_READ_ONLY=1` hides and refuses what writes or uploads."""

import os


def read_only() -> bool:
    """Whether this app takes nothing from those who look at it."""
    return os.environ.get("EXITLENS_READ_ONLY", "") not in ("", "0")
