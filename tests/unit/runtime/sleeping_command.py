"""A command that does nothing for a minute; `deaf` to being told to end, or `broken`."""

import signal
import sys
import time

from analysis.runtime.watched import heed_asker, teller

if __name__ == "__main__":
    heed_asker()
    if "broken" in sys.argv:
        raise KeyError("broken")
    if "deaf" in sys.argv:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
    teller(10, "Sleeping")
    time.sleep(60)
