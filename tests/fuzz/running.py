"""Run cases in workers, start another where one dies, and tell what was found."""

from __future__ import annotations

import collections
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[2]
PER_WORKER = 2000
"""Cases after which a fresh process goes on: what little each leaves in memory does not add up."""


@dataclass
class Report:
    """How the cases of one target ended."""

    target: str
    seed: int
    endings: collections.Counter = field(default_factory=collections.Counter)
    found: list[tuple[int, str]] = field(default_factory=list)

    @property
    def cases(self) -> int:
        return sum(self.endings.values()) + len(self.found)

    def __str__(self) -> str:
        counts = ", ".join(f"{count} {ending}" for ending, count in sorted(self.endings.items()))
        lines = [f"{self.target}: {self.cases} cases of seed {self.seed}: {counts or 'none'}, {len(self.found)} found"]
        for number, message in self.found:
            again = f"python -m tests.fuzz --only {self.target} --seed {self.seed} --first {number} --cases 1"
            lines.append(f"\n{again}\n{message.rstrip()}")
        return "\n".join(lines)


def _death(code: int) -> str:
    if code == -signal.SIGPROF:
        return "it took longer than it may"
    return f"the interpreter died ({signal.Signals(-code).name})" if code < 0 else f"the worker ended with {code}"


def run(
    target: str, *, seed: int, first: int = 0, cases: int, seconds: float | None = None, most_found: int = 20
) -> Report:
    """Run cases of a target, until they are done, the time is over, or enough is found.

    Parameters
    ----------
    target : a name of `TARGETS`
    seed, first, cases : the cases first..first+cases-1 of this seed
    seconds : of the clock, after which no more are begun; None: all
    most_found : findings after which the rest would tell little
    """
    report, stop, end = Report(target, seed), first + cases, float("inf")
    with tempfile.TemporaryDirectory(prefix="fuzz-") as folder:  # a worker that is ended cannot clean up
        while first < stop and time.monotonic() < end and len(report.found) < most_found:
            command = [sys.executable, "-X", "faulthandler", "-m", "tests.fuzz.worker", target, str(seed), str(first)]
            command.append(str(min(stop, first + PER_WORKER)))
            pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "stdin": subprocess.DEVNULL, "text": True}
            begun = None
            with subprocess.Popen(command, cwd=PROJECT, env={**os.environ, "TMPDIR": folder}, **pipes) as worker:
                for line in worker.stdout:
                    word, number, *rest = line.split(maxsplit=2)
                    if word == "start":
                        begun = int(number)
                        end = min(end, time.monotonic() + (seconds or float("inf")))  # loading does not count
                        continue
                    first, begun = int(number) + 1, None
                    if word == "done":
                        report.endings[rest[0].strip()] += 1
                    else:
                        report.found.append((int(number), json.loads(rest[0])))
                    if time.monotonic() > end or len(report.found) >= most_found:
                        worker.kill()
                        return report
                said = worker.stderr.read()
            if begun is not None:
                report.found.append((begun, f"{_death(worker.returncode)}\n{said[-3000:]}"))
                first = begun + 1
            elif worker.returncode:
                raise RuntimeError(f"the worker of {target} ended with {worker.returncode}: {said[-3000:]}")
    return report
