"""`python -m tests.fuzz --cases N --seed S [--only NAME]`: damaged and hostile files and addresses, as many as asked.

Each case is drawn from its target, the seed and its number alone. Exit status 1 where anything is found.
"""

from __future__ import annotations

import argparse
import sys

from tests.fuzz.running import run
from tests.fuzz.targets import TARGETS


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__.splitlines()[0])
    parser.add_argument("--cases", type=int, default=1000, help="of each target (default: 1000)")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--first", type=int, default=0, help="the number of the first case: to repeat one")
    parser.add_argument("--only", choices=TARGETS, action="append", help="a target (default: all)")
    args = parser.parse_args()
    is_sound = True
    for target in args.only or TARGETS:
        report = run(target, seed=args.seed, first=args.first, cases=args.cases)
        print(report, flush=True)
        is_sound &= not report.found
    return 0 if is_sound else 1


if __name__ == "__main__":
    sys.exit(main())
