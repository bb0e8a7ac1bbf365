"""What the commands print and write on the bundled runs. Called in this process, through `analysis.cli` alone."""

from __future__ import annotations

import hashlib
import io
import os
import re
import shlex
from collections.abc import Callable, Iterator
from contextlib import chdir, redirect_stderr, redirect_stdout
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from analysis import cli

PREDICTORS = ("baseline", "pa", "hard-poe", "softmax-poe", "moe", "ca")
FORMATS = ("table", "json", "csv", "latex")
COMMANDS = ("import", "validate", "summarize", "probs", "traces", "policy", "compare", "report", "evaluate", "train")
WITH_CALIBRATION = ("imta-cifar100", "msdnet-cifar10", "msdnet-cifar100")
SET_ON = ("msdnet-cifar10", "msdnet-cifar100")
"""The runs under which settings are tried."""
SETTINGS = (
    ("baseline", "temperature=2"),
    ("baseline", "activation=relu", "fallback=none"),
    ("pa", "weights=uniform"),
    ("pa", "weights=1,0,2,0.5,1,1,3"),
    ("pa", "activation=softplus"),
    ("pa", "fallback=previous"),
    ("pa", "fallback=none"),
    ("pa", "threshold=0.5"),
    ("pa", "threshold=0.5", "threshold_mode=zero", "cap=6", "fallback=previous"),
    ("pa", "relative_threshold=0.2"),
    ("pa", "temperature=1.5", "cap=8"),
    ("hard-poe", "threshold=0.5", "fallback=none"),
    ("hard-poe", "relative_threshold=0.3", "fallback=previous"),
    ("softmax-poe", "combine=mean", "temperature=0.5"),
    ("moe", "activation=relu", "fallback=previous"),
)
POLICIES = (
    ("confidence", "lambda=0.8"),
    ("confidence", "lambda=0.5", "measure=margin"),
    ("confidence", "lambda=0.7", "measure=entropy"),
    ("confidence", "lambda=2", "measure=patience"),
    ("budgeted",),
    ("budgeted", "p=0.5"),
    ("interruption",),
    ("interruption", "law=log-uniform"),
    ("interruption", "law=exponential", "mean=4e7", "prior=0.01"),
    ("interruption", "law=list", "budgets=1e7,3e7,5e7"),
    *(
        ("risk", f"rule={rule}", f"loss={loss}")
        for rule in ("empirical", "crc", "ucb-wsr", "ltt")
        for loss in ("consistency", "accuracy-gap", "brier-gap", "brier-gap-prediction")
    ),
    ("pcee", "target=0.8"),
)
REFUSED = (
    (),
    ("nonsense",),
    ("summarize",),
    ("summarize", "gone"),
    ("summarize", "msdnet-cifar100", "--predictor", "best"),
    ("summarize", "msdnet-cifar100", "--set", "cap"),
    ("summarize", "msdnet-cifar100", "--set", "strength=2"),
    ("summarize", "msdnet-cifar100", "--set", "fallback=last"),
    ("summarize", "msdnet-cifar100", "--set", "weights=1,2"),
    ("summarize", "msdnet-cifar100", "--set", "threshold=1", "--set", "cap=0.5"),
    ("summarize", "msdnet-cifar100", "--cost-unit", "hours"),
    ("summarize", "msdnet-cifar10-seed1", "--split", "calibration"),
    ("policy", "msdnet-cifar10-seed1", "--policy", "risk"),
    ("policy", "msdnet-cifar100", "--policy", "confidence"),
    ("policy", "msdnet-cifar100", "--policy", "luck"),
    ("probs", "msdnet-cifar100", "--predictor", "pa", "--samples", "5:5", "--out", "probs.npz"),
    ("traces", "msdnet-cifar100", "--predictor", "pa", "--out", "none/traces.parquet"),
    ("report", "gone", "--out", "report.html"),
    ("report", "msdnet-cifar100", "--predictor", "baseline", "--out", "report.html"),
    ("validate", "gone"),
)


def lines(runs: list[str]) -> Iterator[tuple[str, ...]]:
    """Every command line that is recorded, without `python -m analysis`."""
    yield ("--help",)
    yield from ((command, "--help") for command in COMMANDS)
    for run in runs:
        yield "validate", run
        for predictor in PREDICTORS:
            yield from (("summarize", run, "--predictor", predictor, "--format", form) for form in FORMATS)
            yield "probs", run, "--predictor", predictor, "--samples", "0:100", "--out", "probs.npz"
            yield "traces", run, "--predictor", predictor, "--out", "traces.parquet"
        yield "summarize", run
        yield "summarize", run, "--cost-unit", "params", "--format", "json"
    for run in WITH_CALIBRATION:
        for split in ("calibration", "all"):
            for predictor in ("pa", "ca"):
                yield from (
                    ("summarize", run, "--predictor", predictor, "--split", split, "--format", form) for form in FORMATS
                )
    for run in SET_ON:
        for predictor, *settings in SETTINGS:
            chosen = ("--predictor", predictor, *(part for one in settings for part in ("--set", one)))
            yield from (("summarize", run, *chosen, "--format", form) for form in ("table", "json"))
            yield "probs", run, *chosen, "--samples", "-50:", "--out", "probs.npz"
    for run in SET_ON:
        for predictor in ("baseline", "pa"):
            for policy, *settings in POLICIES:
                chosen = ("--predictor", predictor, *(part for one in settings for part in ("--set", one)))
                yield "policy", run, "--policy", policy, *chosen, "--format", "json"
        for policy in ("budgeted", "risk", "pcee"):
            yield "policy", run, "--policy", policy
    yield "policy", "msdnet-cifar10-seed1", "--policy", "pcee", "--fitted-on", "msdnet-cifar10"
    yield "policy", "msdnet-cifar10-seed1", "--policy", "risk", "--calibration", "random:0.2", "--seed", "1"
    yield "policy", "msdnet-cifar10-seed1", "--policy", "risk", "--allow-test-fitting"
    for form in FORMATS:
        yield "compare", "msdnet-cifar100", "imta-cifar100-stage1", "--format", form
    yield "compare", "msdnet-cifar10", "msdnet-cifar10-seed1", "--predictor", "baseline", "--cost-unit", "MACs"
    yield "compare", "msdnet-cifar100", "msdnet-cifar10"
    for run in runs:
        yield "report", run, "--out", "report.html"
    yield "report", "msdnet-cifar10", "msdnet-cifar10-seed1", "--predictor", "ca", "--out", "report.html"
    yield from REFUSED


def jobs(runs: list[str]) -> dict[str, Callable[[], dict[str, str]]]:
    """Command line -> a function that calls it and returns what it printed and wrote, under the same name."""
    return {
        shlex.join(line) or "no command": lambda line=line: {shlex.join(line) or "no command": called(line)}
        for line in lines(runs)
    }


def called(line: tuple[str, ...]) -> str:
    """What a command prints, how it ends where not with 0, and what is in the file that it writes."""
    out, err = io.StringIO(), io.StringIO()
    with TemporaryDirectory() as folder, chdir(folder), redirect_stdout(out), redirect_stderr(err):
        try:
            status = cli.main(list(line))
        except SystemExit as stop:
            status = stop.code
        written = "".join(content(Path(name)) for name in sorted(os.listdir()))
    text = out.getvalue() + written
    text += f"--- standard error\n{err.getvalue()}" if err.getvalue() else ""
    return text + (f"--- exit status {status}\n" if status else "")


def content(path: Path) -> str:
    """One line per array or column of a file that was written: type, shape, nulls, and the sha256 of its values."""
    if path.suffix == ".npz":
        with np.load(path) as arrays:
            return "".join(
                f"{name}: {arrays[name].dtype} {arrays[name].shape} {sha256(arrays[name].tobytes())}\n"
                for name in arrays.files
            )
    if path.suffix == ".html":
        return report_content(path.read_text(encoding="utf-8"))
    table = pq.read_table(path)
    metadata = {key.decode(): value.decode() for key, value in (table.schema.metadata or {}).items()}
    text = f"{table.num_rows} rows, {metadata}\n"
    for name in table.column_names:
        column = table.column(name).combine_chunks()
        text += f"{name}: {column.type}, {column.null_count} null, {sha256(values(column))}\n"
    return text


def report_content(page: str) -> str:
    """What a report says and what it draws, without the versions of what made it, and the scripts that draw."""
    said, drawn = page[page.index("<body>") :].split('<script type="application/json" id="figures">')
    said, versions = re.subn(r"<table><caption>Versions</caption>.*?</table>", "", said)
    assert versions == 1
    return f"text: {sha256(said.encode())}\nfigures: {sha256(drawn[: drawn.index('</script>')].encode())}\n"


def values(column: pa.Array) -> bytes:
    """A column's values, and where it is null, whatever its parquet encoding was."""
    if pa.types.is_floating(column.type) or pa.types.is_integer(column.type) or pa.types.is_boolean(column.type):
        there = column.is_null().to_numpy(zero_copy_only=False)
        return (
            column.fill_null(False if pa.types.is_boolean(column.type) else 0).to_numpy(zero_copy_only=False).tobytes()
            + there.tobytes()
        )
    return "\n".join(map(repr, column.to_pylist())).encode()


def sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()
