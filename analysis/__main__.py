"""`python -m analysis`, and the command `exitlens` that `pip install .` makes: the command line."""

import sys

from analysis.cli import main
from analysis.runtime.stopping import heed_signals, work_is_done
from analysis.runtime.watched import heed_asker


def command() -> int:
    """Run one command as a process of its own; returns the exit status."""
    heed_signals()
    heed_asker()
    status = main()
    work_is_done()
    return status


if __name__ == "__main__":
    sys.exit(command())
