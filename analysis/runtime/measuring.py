"""How long work takes, and how much memory it takes on the way. Imports torch only to time work on a CUDA device."""

from __future__ import annotations

import statistics
import threading
import time
from collections.abc import Callable


def seconds(work: Callable[[], object], repeats: int) -> float:
    """Median time of the work by the clock, after one call that counts for nothing."""
    times = []
    for _ in range(repeats + 1):
        start = time.perf_counter()
        work()
        times.append(time.perf_counter() - start)
    return statistics.median(times[1:])


def seconds_on_cuda(work: Callable[[], object], repeats: int) -> float:
    """Median time between CUDA events around the work, after two calls that count for nothing."""
    import torch

    times = []
    for repeat in range(repeats + 2):
        start, end = (torch.cuda.Event(enable_timing=True) for _ in range(2))
        start.record()
        work()
        end.record()
        torch.cuda.synchronize()
        if repeat >= 2:
            times.append(start.elapsed_time(end) / 1000)
    return statistics.median(times)


def private_bytes() -> int | None:
    """Memory of this process that is no file's; None where the system does not say."""
    try:
        with open("/proc/self/status") as status:
            return next((int(line.split()[1]) << 10 for line in status if line.startswith("RssAnon")), None)
    except OSError:
        return None


def peak_growth(work: Callable[[], object]) -> int | None:
    """By how many bytes private memory grew at most while the work ran, looked at every millisecond."""
    before = private_bytes()
    if before is None:
        return None
    peak, done = before, threading.Event()

    def watch() -> None:
        nonlocal peak
        while not done.wait(0.001):
            peak = max(peak, private_bytes() or 0)

    watcher = threading.Thread(target=watch)
    watcher.start()
    try:
        work()
    finally:
        done.set()
        watcher.join()
    return peak - before
