"""How long work takes, and how much memory."""

import subprocess
import sys
import time

from analysis.runtime.folders import PROJECT
from analysis.runtime.measuring import seconds


def test_the_first_call_counts_for_nothing_and_the_rest_by_their_median():
    pauses = iter((0.3, 0.02, 0.02, 0.3))
    assert 0.02 <= seconds(lambda: time.sleep(next(pauses)), 3) < 0.2


def test_memory_that_work_takes_is_seen():
    """In a new interpreter: one that has freed much grows by nothing."""
    code = (
        "import time, numpy as np; from analysis.runtime.measuring import peak_growth; "
        "print(peak_growth(lambda: (np.ones(40_000_000, np.uint8), time.sleep(0.5))))"
    )
    printed = subprocess.check_output([sys.executable, "-c", code], cwd=PROJECT, text=True)
    assert printed.strip() == "None" or 30e6 < int(printed) < 60e6
