"""`python -m analysis`: the command line."""

import signal
import sys

from analysis.cli import main

if __name__ == "__main__":
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that what is half-written is removed on the way out
    sys.exit(main())
