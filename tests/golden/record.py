"""What the product prints and shows on the bundled runs, as sha256 in `outputs.json`: `python -m tests.golden.record`.

`--check` compares instead and lists what differs; `--keep FOLDER` writes every text, so that two versions can be
diffed.

Covered: the commands (`commands.py`) and the pages (`screens.py`). Left out: times, the processor's name, paths, the
ids that Streamlit makes from code. Numbers count as they are printed, those of figures to 6 significant digits, those
of their CSVs to 12, those of arrays to their last bit: rounding hundreds of thousands of float32 before the hash would
only move the edge at which a last bit shows. Processors differ there, so `made_with` holds a hash of some arithmetic,
by which `--check` says whether this one computes as the recording's did. Where it does not, record the older version
here first (`--to FILE`) and check against that (`--against FILE`).
"""

from __future__ import annotations

import argparse
import hashlib
import importlib.metadata
import json
import logging
import os
import platform
import re
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from unittest import mock

OUTPUTS = Path(__file__).with_name("outputs.json")
PROJECT = Path(__file__).resolve().parents[2]
LIBRARIES = ("numpy", "pandas", "plotly", "protobuf", "pyarrow", "streamlit", "torch")
REMEDY = (
    "If what users see was meant to change, record it by `python -m tests.golden.record` and give the reason in the "
    "commit message; `--check --keep FOLDER` here and in the version before writes what to diff"
)
Job = Callable[[], dict[str, str]]


def runs() -> list[str]:
    """The bundled runs."""
    return sorted(path.parent.name for path in (PROJECT / "cached_runs").glob("*/run.json"))


@contextmanager
def surroundings(cache: Path) -> Iterator[None]:
    """The environment that outputs depend on, the same everywhere; an empty state, and a cache folder of one's own."""
    with TemporaryDirectory() as state, mock.patch.dict(os.environ):
        for name in [name for name in os.environ if name.startswith("EXITLENS_")]:
            del os.environ[name]
        os.environ |= {"EXITLENS_CACHE": str(cache), "EXITLENS_STATE": state, "COLUMNS": "100", "NO_COLOR": "1"}
        yield


def jobs() -> dict[str, Job]:
    """Everything that is recorded: a command line or an address -> what gives its outputs."""
    from tests.golden import commands, screens

    return commands.jobs(runs()) | screens.jobs(runs())


def outputs(chosen: Mapping[str, Job], keep: Path | None = None) -> dict[str, str]:
    """Name -> sha256 of what some jobs give, with this checkout's folder taken out."""
    hashes = {}
    for job in chosen.values():
        for name, text in job().items():
            data = text.replace(str(PROJECT), "PROJECT").encode()
            hashes[name] = hashlib.sha256(data).hexdigest()
            if keep is not None:
                kept = re.sub(r"[^\w.,=+-]+", "_", name).strip("_")[:150]
                (keep / f"{kept}-{hashlib.sha256(name.encode()).hexdigest()[:6]}.txt").write_bytes(data)
    return hashes


def arithmetic() -> str:
    """A hash of last bits that processors and libraries compute differently: exp, log, sums, convolutions, traces."""
    import numpy as np
    import torch

    from analysis.traces import trace_logits

    digest = hashlib.sha256()
    values = np.random.default_rng(0).normal(0, 3, (7, 1000, 10))
    for array in (values, values.astype(np.float32)):
        tensor = torch.from_numpy(array)
        parts = [np.exp(array), np.log(np.abs(array)), array.sum(2), array.mean((0, 1)), tensor.exp().numpy()]
        parts += [torch.log_softmax(tensor, 2).numpy(), torch.nn.functional.softplus(tensor).numpy()]
        parts.append(torch.nn.functional.conv1d(tensor[:, :100], tensor[:3, :100, :3]).numpy())
        for part in parts:
            digest.update(part.tobytes())
    for predictor in ("baseline", "pa", "moe"):
        digest.update(trace_logits(values, None, predictor).entropy.tobytes())
    return digest.hexdigest()


def made_with() -> dict[str, str]:
    """What decides over last bits and over wording that is not ours: versions, and this processor's arithmetic."""
    versions = {name: importlib.metadata.version(name) for name in LIBRARIES}
    return versions | {"python": ".".join(platform.python_version_tuple()[:2]), "arithmetic": arithmetic()}


def of_job(name: str) -> str:
    """The job that an output belongs to."""
    return name.partition(" | ")[0]


def differences(recorded: Mapping[str, str], found: Mapping[str, str]) -> list[str]:
    """One line for each output that is not as recorded; of jobs that were not run, none."""
    ran = {of_job(name) for name in found}
    lines = [f"differs  {name}" for name in sorted(found) if name in recorded and recorded[name] != found[name]]
    lines += [f"gone     {name}" for name in sorted(recorded) if name not in found and of_job(name) in ran]
    return lines + [f"new      {name}" for name in sorted(found) if name not in recorded]


def check(recording: dict, found: Mapping[str, str], whole: bool) -> int:
    """Print what differs; returns the exit status."""
    here = made_with()
    others = [
        f"{key} {recording['made_with'].get(key)}" for key in here if recording["made_with"].get(key) != here[key]
    ]
    lines = differences(recording["outputs"], found)
    if whole:
        jobs_run = {of_job(name) for name in found}
        lines += [f"gone     {name}" for name in sorted(recording["outputs"]) if of_job(name) not in jobs_run]
    print("\n".join(lines) if lines else "nothing differs")
    if lines and others:
        print(
            f"recorded with {', '.join(others)}: last digits may differ; record the older version here and check that"
        )
    if lines:
        print(f"{len(lines)} of {len(found)} outputs are not as recorded. {REMEDY}")
    return 1 if lines else 0


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--check", action="store_true", help="compare with what is recorded, and list what differs")
    parser.add_argument("--keep", metavar="FOLDER", type=Path, help="write every text there, to be diffed")
    parser.add_argument("--only", metavar="TEXT", default="", help="with --check: commands and addresses that hold it")
    parser.add_argument("--cache", metavar="FOLDER", type=Path, help="a cache folder to keep (default: an empty one)")
    parser.add_argument("--to", metavar="FILE", type=Path, default=OUTPUTS, help="where to record")
    parser.add_argument("--against", metavar="FILE", type=Path, default=OUTPUTS, help="what --check compares with")
    args = parser.parse_args()
    if args.only and not args.check:
        parser.error("--only goes with --check: a recording is whole")
    if args.keep is not None:
        args.keep.mkdir(parents=True, exist_ok=True)
    start = time.monotonic()
    with TemporaryDirectory() as folder, surroundings(args.cache or Path(folder)):
        # AppTest runs scripts without a server, and Streamlit warns of it each time.
        logging.getLogger("streamlit.runtime.scriptrunner_utils.script_run_context").disabled = True
        chosen = {name: job for name, job in jobs().items() if args.only in name}
        found = outputs(chosen, args.keep)
    print(f"{len(found)} outputs of {len(chosen)} commands and pages in {time.monotonic() - start:.0f} s")
    if args.check:
        return check(json.loads(args.against.read_text()), found, whole=not args.only)
    recording = {"made_with": made_with(), "outputs": found}
    args.to.write_text(json.dumps(recording, indent=1, sort_keys=True) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
