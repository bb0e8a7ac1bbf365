"""What makes a report's numbers come again: settings, data and their hashes, versions, the command."""

from __future__ import annotations

import platform
import shlex
from collections.abc import Sequence
from importlib.metadata import version
from itertools import chain
from pathlib import Path

from analysis.predictors import file_hash, first_correction, setting_arguments, setting_texts
from analysis.reference.outside_text import file_name
from analysis.report.reviewer.subject import Options, Subject
from analysis.run import Run
from analysis.runtime.code_version import code_version
from analysis.runtime.contents import content_of
from analysis.runtime.objects import is_address
from analysis.storage.manifest import read_manifest
from analysis.storage.remote.stubs import read_stub
from analysis.words import formats

PACKAGES = ("numpy", "pandas", "pyarrow", "plotly", "pillow")
"""Those that the numbers, figures and pictures of a report go through."""

Rows = list[tuple[str, str]]
"""What, and its value."""


def facts_line(subject: Subject) -> str:
    """What the run is, in one line."""
    run = subject.run
    samples = formats.counted(len(run.positions(subject.split)), "sample")
    facts = [run.model, run.dataset, f"{samples} ({subject.split})", f"{run.n_classes:,} classes"]
    facts.append(formats.counted(run.n_exits, "exit"))
    if (cost := run.cost(subject.unit)) is not None:
        facts.append(f"{formats.quantity(cost[1][0])} to {formats.quantity(cost[1][-1])} {cost[0]}")
    return " · ".join(fact for fact in facts if fact)


def setting_rows(subject: Subject) -> Rows:
    """The correction and its settings; what is measured, and on what was fitted."""
    rows = [("correction", subject.row.full_name)]
    if subject.row.path is not None:
        rows.append((f"sha256 of {Path(subject.row.path).name}", file_hash(subject.row.path)))
    texts = setting_texts(subject.row, subject.after.settings)
    rows += [(f"setting {name}", text or "none") for name, text in texts.items()]
    rows += [("split", subject.split), ("cost unit", subject.unit or "none")]
    rows.append(("samples drawn at random", f"{subject.drawn} (seed {subject.seed})"))
    choice = subject.choice
    if choice is None:
        rows.append(("fitted", f"nothing: {subject.why_unfitted}"))
    else:
        drawn = "" if choice.seed is None else f", drawn by seed {choice.seed}"
        on_test = "; also measured: FITTED ON TEST" if choice.on_test else ""
        rows.append(
            (
                "stopping rules are fitted on",
                f"{formats.counted(len(choice.fitted), 'sample')} ({choice.named}{drawn}) of {choice.fitted_run.id}"
                f"{on_test}",
            )
        )
    return rows


def provenance_rows(run: Run) -> Rows:
    """How the run was made, as it says."""
    known = {key: value for key, value in run.provenance.items() if isinstance(value, str | int | float)}
    summary = str(known.pop("summary", "") or "not recorded")
    return [("how it was made", summary), *((key, str(value)) for key, value in sorted(known.items()))]


def hash_rows(run: Run) -> Rows:
    """The sha256 of every file of the run but its traces, and of its pictures, on object storage their address."""
    stub = read_stub(run.path)
    files = read_manifest(run.path, None if stub is None else stub.sizes).files
    rows = [
        (f"sha256 of {name}", str(entry["sha256"]))
        for name, entry in sorted(files.items())
        if not name.startswith("traces-")
    ]
    for shard in chain.from_iterable(run.image_tables.values()):
        if is_address(shard):  # nobody reads all of it
            rows.append(("pictures", shard))
        elif shard.is_file():
            rows.append((f"sha256 of {shard.parent.name}/{shard.name}", content_of(shard)))
    return [*rows, ("fingerprint of all that numbers depend on", run.fingerprint)]


def version_rows() -> Rows:
    """The versions of what made the report, and the sha256 of its own code."""
    rows = [(package, version(package)) for package in PACKAGES]
    code = ("sha256 of the code", code_version("analysis.report.reviewer.bundle"))
    return [("Python", platform.python_version()), *rows, code]


def command_of(subjects: Sequence[Subject], options: Options) -> str:
    """The command that makes the same file again, where the same runs are; what is the default is left out."""
    runs, first = [subject.run for subject in subjects], subjects[0]
    parts = ["python", "-m", "analysis", "report", *(run.id for run in runs)]
    if any(first.row.id != first_correction(run.kind) for run in runs) and options.predictor is not None:
        file = "" if first.row.path is None else f"{Path(first.row.path).name}:"
        parts += ["--predictor", f"{file}{first.row.id}"]
    parts += setting_arguments(first.row, first.after.settings)
    standard = Options()
    for field in ("split", "cost_unit", "samples", "seed", "calibration"):
        if (value := getattr(options, field)) != getattr(standard, field):
            parts += [f"--{field.replace('_', '-')}", str(value)]
    parts += ["--allow-test-fitting"] if options.allow_test_fitting else []
    return shlex.join([*parts, "--out", report_name([run.id for run in runs], first.row.id)])


def report_name(runs: Sequence[str], predictor: str) -> str:
    """What the file is called: the runs' ids and the correction's."""
    return f"{file_name('-'.join(runs), 'runs', 150)}-{predictor}.html"
