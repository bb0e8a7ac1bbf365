"""Options that several commands share, and what their texts mean. Imports predictors when called."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

from analysis.settings import REQUIRED, Setting, join_or

if TYPE_CHECKING:
    from analysis.policies import Policy
    from analysis.predictors import Predictor
    from analysis.run import Run
    from analysis.sets import SetMethod

SPLIT_CHOICES = ("test", "calibration", "all")
LARGEST = 2**31 - 1
"""The most images that `--latency` takes: torch counts them in 32 bits in places."""


def add_run(parser: argparse.ArgumentParser) -> None:
    """Add RUN, which every reading command takes."""
    parser.add_argument("run", metavar="RUN", help="a run folder's path or id")


def add_predictor(
    parser: argparse.ArgumentParser, default: str | None = None, owner: str = "", required: bool = False
) -> None:
    """`--predictor` and `--set`. The help lists the table of predictors.

    Parameters
    ----------
    default : of `--predictor`; None: the run's first correction, which `chosen_predictor` finds
    owner : what has settings of its own beside the predictor's
    required : whether one must be named
    """
    from analysis.predictors import PREDICTORS

    shown = "" if required else f" (default: {default or 'pa, or softmax-poe on a run of probabilities'})"
    parser.add_argument(
        "--predictor",
        metavar="ID",
        default=default,
        required=required,
        help=f"one of {' '.join(PREDICTORS)}, or your own as path/to/file.py:function{shown}",
    )
    parser.add_argument(
        "--set",
        metavar="KEY=VALUE",
        dest="settings",
        action="append",
        default=[],
        help=f"a setting of the {f'{owner}, or of the ' if owner else ''}predictor; may be repeated",
    )
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.epilog = predictors_help()


def predictors_help() -> str:
    """The table of predictors with their settings, for a command's help."""
    from analysis.predictors import PREDICTORS

    return table_help("predictors", PREDICTORS.values())


def table_help(what: str, rows: Iterable[Predictor | Policy | SetMethod]) -> str:
    """The rows of a table with their settings, for a command's help."""
    lines = [f"{what} and their settings:"]
    for row in rows:
        lines.append(f"  {row.id}: {row.summary}")
        for setting in row.settings:
            default = {None: "none", REQUIRED: "..."}.get(setting.default, setting.default)
            choices = f", one of {'|'.join(setting.choices)}" if setting.kind == "choice" else ""
            lines.append(f"      {setting.name}={default}{choices}: {setting.description}")
    return "\n".join(lines)


def add_split(parser: argparse.ArgumentParser) -> None:
    """Add `--split`."""
    parser.add_argument("--split", choices=SPLIT_CHOICES, default="test", help="the samples to use (default: test)")


def add_cost_unit(parser: argparse.ArgumentParser) -> None:
    """Add `--cost-unit`."""
    parser.add_argument("--cost-unit", metavar="UNIT", help="the cost unit to report (default: the run's first)")


def parse_settings(texts: Sequence[str]) -> dict[str, str]:
    """`KEY=VALUE` texts as a mapping.

    Raises
    ------
    ValueError : a text without `=`, or a key that is given twice
    """
    settings: dict[str, str] = {}
    for text in texts:
        key, equals, value = text.partition("=")
        if not equals or not key.strip():
            raise ValueError(f"--set {text}: give it as KEY=VALUE, for example --set fallback=softmax")
        if key.strip() in settings:
            raise ValueError(f"--set {key.strip()} is given twice: give it once")
        settings[key.strip()] = value.strip()
    return settings


def chosen_predictor(
    args: argparse.Namespace, run: Run, settings: Mapping[str, str] | None = None
) -> tuple[str, dict[str, object]]:
    """The id of `--predictor`, one's own registered by its file, and its settings, completed and checked for the run.

    Where none is named, the run's first correction, which a line on standard error says where it is not the usual one.

    Parameters
    ----------
    settings : those of `--set` that are the predictor's; None for all

    Raises
    ------
    ValueError : an unknown predictor or setting, a value out of range, or a predictor that this run's kind cannot feed
    """
    from analysis.predictors import find_predictor, first_correction, resolve

    predictor = find_predictor(args.predictor or first_correction(run.kind))
    if args.predictor is None:
        say_first_correction([run])
    given = parse_settings(args.settings) if settings is None else settings
    return predictor.id, resolve(predictor, given, kind=run.kind, n_exits=run.n_exits)


def say_first_correction(runs: Sequence[Run]) -> None:
    """Say on standard error which predictor stands in for the usual one, of none named, on runs of probabilities."""
    from analysis.predictors import find_predictor, first_correction, why_unusable

    usual = find_predictor(first_correction("logits"))
    for kind in dict.fromkeys(run.kind for run in runs):
        if (reason := why_unusable(usual, kind)) is not None:
            print(f"{usual.id} {reason}: using {first_correction(kind)}.", file=sys.stderr)


def own_settings(
    args: argparse.Namespace, rows: Sequence[Setting], owner: str, kind: str
) -> tuple[dict[str, str], dict[str, str]]:
    """The settings of `--set` that are `owner`'s, and the rest, which are the predictor's.

    Raises
    ------
    ValueError : a name that both know, or that neither does
    """
    from analysis.predictors import find_predictor, first_correction

    given, own = parse_settings(args.settings), {row.name for row in rows}
    predictor = find_predictor(args.predictor or first_correction(kind))
    if both := sorted(given.keys() & own & {row.name for row in predictor.settings}):
        raise ValueError(
            f"--set {both[0]}: both {owner} and predictor {predictor.id} have a setting of that name: "
            f"choose another predictor, or rename its setting"
        )
    mine, rest = {n: v for n, v in given.items() if n in own}, {n: v for n, v in given.items() if n not in own}
    theirs = [row.name for row in predictor.settings]
    if not predictor.open_settings and (unknown := [name for name in rest if name not in theirs]):
        takes = "; ".join(
            f"{who} takes {join_or(names, last=' and ') if names else 'none'}"
            for who, names in ((owner, [row.name for row in rows]), (predictor.id, theirs))
        )
        raise ValueError(f"neither {owner} nor {predictor.id} has a setting {unknown[0]!r}: {takes}")
    return mine, rest


def add_fitting(parser: argparse.ArgumentParser) -> None:
    """`--calibration`, `--seed` and `--allow-test-fitting`: on which samples something is fitted."""
    parser.add_argument(
        "--calibration",
        metavar="A:B|random:SHARE",
        help="samples to fit on in place of the run's calibration split: a Python slice in the run's order, or a "
        "seeded share of the split; the rest is measured",
    )
    parser.add_argument("--seed", metavar="S", type=int, default=0, help="of random numbers (default: 0)")
    parser.add_argument(
        "--allow-test-fitting",
        action="store_true",
        help="measure also what was fitted on, and fit on it where there is no calibration split; the output says so",
    )


def chosen_seed(args: argparse.Namespace) -> int:
    """The seed of `--seed`.

    Raises
    ------
    ValueError : one below 0
    """
    if args.seed < 0:
        raise ValueError(f"--seed {args.seed}: give a whole number of at least 0")
    return args.seed


def check_latency(images: int | None) -> None:
    """Refuse a number of images that `--latency` cannot measure.

    Raises
    ------
    ValueError : below 1, or more than torch counts
    """
    if images is not None and not 1 <= images <= LARGEST:
        raise ValueError(f"--latency {images}: measure at least 1 image, and at most {LARGEST}")


def splits(text: str) -> list[str]:
    """The splits that the `--split` of evaluate and train names, in its order.

    Raises
    ------
    ValueError : another name, or one twice
    """
    named = [split.strip() for split in text.split(",")]
    for split in named:
        if split not in ("test", "calibration"):
            raise ValueError(f"--split {text}: name test, calibration or test,calibration")
    if len(set(named)) < len(named):
        raise ValueError(f"--split {text} names a split twice: name it once")
    return named


def add_size(parser: argparse.ArgumentParser) -> None:
    """`--exits`, `--samples` and `--classes` of made-up logits."""
    for option, default in (("exits", 5), ("samples", 50_000), ("classes", 1000)):
        parser.add_argument(
            f"--{option}", metavar="N", type=int, default=default, help=f"number of {option} (default: {default})"
        )


def chosen_size(args: argparse.Namespace) -> tuple[int, int, int]:
    """Exits, samples and classes of made-up logits.

    Raises
    ------
    ValueError : one that is not positive
    """
    shape = args.exits, args.samples, args.classes
    for option, value in zip(("exits", "samples", "classes"), shape):
        if value < 1:
            raise ValueError(f"--{option} {value}: give at least 1")
    return shape
