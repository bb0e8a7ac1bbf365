"""`python -m analysis`: the command line."""

import sys

from analysis.cli import main
from analysis.runtime.stopping import heed_signals, work_is_done
from analysis.runtime.watched import heed_asker

if __name__ == "__main__":
    heed_signals()
    heed_asker()
    status = main()
    work_is_done()
    sys.exit(status)
