"""`app`: open the dashboard in a browser, on the bundled runs or on folders of one's own."""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
from pathlib import Path


def add_parser(subparsers) -> None:
    """Put `app` and its options on the command line."""
    parser = subparsers.add_parser(
        "app",
        help="open the dashboard on folders of runs",
        description="Open the dashboard in a browser. Without RUNS it shows the runs of EXITLENS_RUNS, else the "
        "bundled ones and one's own; where there are none it says how to import one. Ctrl+C ends it.",
    )
    parser.add_argument(
        "runs", metavar="RUNS", nargs="*", help="folders that hold run folders, or addresses (s3://...)"
    )
    parser.add_argument("--port", metavar="N", type=int, default=8501, help="where it listens (default: 8501)")
    parser.add_argument(
        "--address",
        metavar="ADDRESS",
        default="localhost",
        help="who can reach it: localhost, this machine alone (default), or 0.0.0.0, everyone, behind a proxy that "
        "encrypts and says who may come",
    )


def run(args: argparse.Namespace) -> None:
    """Become the app's server, until it is ended.

    Raises
    ------
    ValueError : a folder that is none, or is a run
    """
    server = [sys.executable, "-P", "-m", "streamlit", "run", str(script())]  # -P: no module of the working folder
    server += ["--server.port", str(args.port), "--server.address", args.address]
    environment = os.environ | ({"EXITLENS_RUNS": os.pathsep.join(folders(args.runs))} if args.runs else {})
    sys.stdout.flush()
    if os.name == "nt":  # where a process cannot become another
        raise SystemExit(subprocess.call(server, env=environment))
    os.execve(server[0], server, environment)


def script() -> Path:
    """The app's launcher, beside this package."""
    from analysis.runtime.folders import PROJECT

    return PROJECT / "app" / "main.py"


def folders(named: list[str]) -> list[str]:
    """Whole paths of folders of runs, and addresses as they are.

    Raises
    ------
    ValueError : a folder that is none, or is a run; an address that holds a key
    """
    from analysis.runtime.objects import checked_address, is_address
    from analysis.storage.manifest import MANIFEST

    for folder in (Path(name) for name in named if not is_address(name)):
        if (folder / MANIFEST).is_file():
            raise ValueError(f"{folder} is a run: give the folder that holds it, {folder.absolute().parent}")
        if not folder.is_dir():
            raise ValueError(f"{folder} is no folder: give folders that hold run folders")
    return [checked_address(name) if is_address(name) else os.path.abspath(name) for name in named]
