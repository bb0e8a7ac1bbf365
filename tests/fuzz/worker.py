"""The process in which cases run, so that a crash ends it alone: `python -m tests.fuzz.worker TARGET SEED FIRST STOP`.

Says `start N` before each case and `done N OUTCOME` or `found N MESSAGE` (JSON) after it.
"""

from __future__ import annotations

import json
import resource
import shutil
import signal
import sys
import tempfile
import traceback
import warnings
import zlib
from pathlib import Path

import numpy as np

MOST_SECONDS = 15
"""Of one case, of the processor's time."""

MOST_BYTES = 1 << 30
"""That one case may take beside what the process has when it begins."""


def generator(target: str, seed: int, number: int) -> np.random.Generator:
    """The generator of one case."""
    return np.random.default_rng([seed, zlib.crc32(target.encode()), number])


def _limit_memory() -> None:
    """Address space: twice what is allowed, since libraries reserve more than they use."""
    held = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (held + 2 * MOST_BYTES, resource.RLIM_INFINITY))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_FSIZE, (4 * MOST_BYTES, resource.RLIM_INFINITY))


def _peak() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def main(name: str, seed: int, first: int, stop: int) -> None:
    """Run the cases first..stop-1 of a target."""
    from tests.fuzz.targets import TARGETS

    warnings.simplefilter("error")
    target = TARGETS[name]
    with tempfile.TemporaryDirectory(prefix="fuzz-") as kept:
        prepared = target.prepare(Path(kept))
        target.case(prepared, generator(name, seed, -1 % (1 << 32)), _emptied(Path(kept) / "warm"))
        _limit_memory()
        for number in range(first, stop):
            print("start", number, flush=True)
            folder, before = _emptied(Path(kept) / "case"), _peak()
            signal.setitimer(signal.ITIMER_PROF, MOST_SECONDS)
            try:
                ending = target.case(prepared, generator(name, seed, number), folder)
                assert _peak() - before < MOST_BYTES, f"it took {(_peak() - before) >> 20} MiB"
                print("done", number, ending, flush=True)
            except BaseException:
                print("found", number, json.dumps(traceback.format_exc()[-3000:]), flush=True)
            signal.setitimer(signal.ITIMER_PROF, 0)


def _emptied(folder: Path) -> Path:
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    return folder


if __name__ == "__main__":
    main(sys.argv[1], *map(int, sys.argv[2:5]))
