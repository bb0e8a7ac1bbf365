"""The command line, thin: one module per command in `analysis/commands`, imported only when that command is called.

Exit status 0 is success, 2 bad input with one line on standard error that says what, where and what to do, anything
else our fault. A command module has `add_parser(subparsers)` and `run(args)`, which may raise ValueError.
"""

from __future__ import annotations

import argparse
import errno
import importlib
import os
import re
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import NoReturn

COMMANDS = {
    "app": ("analysis.commands.app", "open the dashboard on folders of runs"),
    "import": ("analysis.commands.import_", "make a run folder from cached logits"),
    "validate": ("analysis.commands.validate", "check a run folder: structure, sha256, logits, images"),
    "summarize": ("analysis.commands.summarize", "numbers per exit, and how many samples get worse"),
    "compare": ("analysis.commands.compare", "runs and predictors side by side, with intervals and tests"),
    "probs": ("analysis.commands.probs", "write the probabilities that a predictor gives"),
    "traces": ("analysis.commands.traces", "write one row per sample and exit"),
    "policy": ("analysis.commands.policy", "let samples stop by themselves: what is saved, and what is lost by whom"),
    "calibration": (
        "analysis.commands.calibration",
        "whether probabilities mean what they say, and confidence tells right from wrong",
    ),
    "sets": ("analysis.commands.sets", "sets of classes that hold the true one, exit by exit: their size and coverage"),
    "tune": ("analysis.commands.tune", "settings of a correction that are most accurate while few samples get worse"),
    "report": ("analysis.commands.report", "one HTML file for reviewers, which opens offline"),
    "figure": ("analysis.commands.figure", "a figure for a paper or a slide, as SVG, PDF or HTML"),
    "evaluate": ("analysis.commands.networks.evaluate", "make a run from a network and a data set"),
    "train": ("analysis.commands.networks.train", "train a network by a recipe and write its run"),
    "export": ("analysis.commands.networks.export", "write a network with its correction as a program of torch.export"),
    "synthesize": ("analysis.commands.synthesize", "write a run of made-up logits"),
    "bench": ("analysis.commands.bench.command", "time the computation of traces, metrics and policies"),
}
"""Command -> the module that implements it and what it does."""


_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
"""How the system says that a file cannot grow."""
_LONGEST_LINE = 1000
"""Characters: what a message quotes may be a file of names."""


class Parser(argparse.ArgumentParser):
    """An ArgumentParser whose errors are one line."""

    def error(self, message: str) -> NoReturn:
        """End with status 2 and one line on standard error: what was wrong, and where the help is."""
        self.exit(2, f"{one_line(message)}: see {self.prog} --help\n")


class _Version(argparse.Action):
    """Looks the version up when it is asked for."""

    def __call__(self, parser: argparse.ArgumentParser, *_: object) -> NoReturn:
        from analysis.runtime.code_version import version

        print(f"exitlens {version()}")
        parser.exit()


def one_line(message: object) -> str:
    """A message without line breaks and other control characters, and without its middle where that is long."""
    line = " ".join("".join(c if c.isprintable() else " " for c in str(message)).split())
    return line if len(line) <= _LONGEST_LINE else f"{line[: _LONGEST_LINE - 300]} ... {line[-300:]}"


def _with_slices(argv: Sequence[str]) -> list[str]:
    """The arguments, slices such as `-3:` tied to their option, since argparse would take them for options too."""
    tied: list[str] = []
    for argument in argv:
        if tied and re.fullmatch(r"--[a-z-]+", tied[-1]) and re.fullmatch(r"-[0-9]+:(-?[0-9]+)?", argument):
            tied[-1] += f"={argument}"
        else:
            tied.append(argument)
    return tied


def _not_taken(args: argparse.Namespace, argv: Sequence[str], beyond: Sequence[str]) -> str:
    """That a command takes no such arguments, and how a second value is given to an option that is repeated."""
    message = f"{args.command} does not take {' '.join(beyond)}"
    at = argv.index(beyond[0]) if beyond[0] in argv else 0
    option = argv[at - 2] if at >= 2 else ""
    if option.startswith("--") and isinstance(getattr(args, option[2:].replace("-", "_"), None), list):
        return f"{message}: repeat {option} for each, such as {option} {argv[at - 1]} {option} {beyond[0]}"
    return message


def build_parser(command: str | None) -> argparse.ArgumentParser:
    """The parser of all commands; only the module of `command` is imported."""
    installed = Path(sys.argv[0]).stem == "exitlens"
    parser = Parser(
        prog="exitlens" if installed else "python -m analysis",
        description="Early-exit networks: cached runs and their corrections.",
    )
    parser.add_argument("--version", action=_Version, nargs=0, help="print the version and end")
    subparsers = parser.add_subparsers(dest="command", metavar="command", required=True)
    for name, (module, summary) in COMMANDS.items():
        if name == command:
            importlib.import_module(module).add_parser(subparsers)
        else:
            subparsers.add_parser(name, help=summary)
    return parser


def _message(error: Exception) -> str:
    if isinstance(error, OSError) and error.errno in _FULL:
        where = error.filename or "standard output"  # files are named where they are written
        return f"{where}: {error.strerror}: free some space, or write to another place"
    if isinstance(error, OSError) and error.filename:
        return f"{error.filename}: {error.strerror}: check the path"
    if isinstance(error, OSError):  # pyarrow puts the path into the text
        return f"{error}: check the path, its permissions and the space left"
    return str(error)


def _is_out_of_memory(error: Exception) -> bool:
    if isinstance(error, MemoryError) or "torch" not in sys.modules:
        return isinstance(error, MemoryError)
    from analysis.runtime.memory import is_out_of_memory

    return is_out_of_memory(error)


def _discard_output() -> None:
    """Let what could not be printed go nowhere, since Python tries once more at its end."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def main(argv: list[str] | None = None) -> int:
    """Run one command; returns the exit status."""
    argv = _with_slices(sys.argv[1:] if argv is None else argv)
    command = argv[0] if argv and argv[0] in COMMANDS else None
    try:
        parser = build_parser(command)
        args, beyond = parser.parse_known_args(argv)
        if beyond:
            parser.exit(2, f"{one_line(_not_taken(args, argv, beyond))}: see {parser.prog} {args.command} --help\n")
        importlib.import_module(COMMANDS[args.command][0]).run(args)
        sys.stdout.flush()
    except BrokenPipeError:  # the reader of a pipe has seen enough
        _discard_output()
    except KeyboardInterrupt:
        return 130
    except ModuleNotFoundError as error:
        if (error.name or "").split(".")[0] in ("analysis", "app", ""):
            raise
        print(f"this Python has no {error.name}: run `make app` once, then `. .venv/bin/activate`", file=sys.stderr)
        return 2
    except (ValueError, OSError) as error:
        print(one_line(_message(error)), file=sys.stderr)
        if isinstance(error, OSError) and error.errno in _FULL and not error.filename:
            _discard_output()
        return 2
    except (MemoryError, RuntimeError) as error:
        if not _is_out_of_memory(error):
            raise
        print("the memory is full: end other programs, or take a machine with more", file=sys.stderr)
        return 2
    return 0
