"""A rule as a JSON file: what `policy --out` writes and a network that stops by itself reads. Executes nothing."""

from __future__ import annotations

import itertools
import json
from collections.abc import Mapping
from pathlib import Path

from analysis.policies.rule import ExitBins, Rule
from analysis.policies.table import MEASURES, find_policy, resolve_policy
from analysis.runtime.whole_files import whole_file

KIND, VERSION = "exitlens stopping rule", 1
LARGEST_FILE = 16 << 20
"""Bytes: a rule of PCEE with a hundred exits has some hundred thousand."""
LARGEST_THRESHOLD = 1e6
"""Patience is counted in exits; every other score ends at 1."""


def rule_to_json(rule: Rule) -> dict[str, object]:
    """The rule as an object that JSON can hold; `rule_from_json` gives it back."""
    return {
        "kind": KIND,
        "version": VERSION,
        "policy": rule.policy,
        "settings": dict(rule.settings),
        "predictor": rule.predictor,
        "predictor_settings": dict(rule.predictor_settings),
        "measure": rule.measure,
        "reaches": rule.reaches,
        "thresholds": list(rule.thresholds),
        "bins": [{"edges": list(bins.edges), "accuracy": list(bins.accuracy)} for bins in rule.bins],
        "target": rule.target,
        "run": rule.run,
        "fitted_on": None if rule.fitted_on is None else dict(rule.fitted_on),
        "fitted_on_test": rule.fitted_on_test,
    }


def _is_number(value: object, high: float = 1.0) -> bool:
    """Whether it is a number from 0 to `high`: NaN is not, nor is a whole number that no float could hold."""
    return isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value <= high


def _take(found: Mapping[str, object], name: str, kind: type | tuple[type, ...], what: str) -> object:
    value = found.get(name)
    if not isinstance(value, kind):
        raise ValueError(f"{name} is {value!r:.100}, and not {what}")
    return value


def _bins(found: object) -> ExitBins:
    edges, accuracy = (found.get(name) if isinstance(found, dict) else None for name in ("edges", "accuracy"))
    good = (
        isinstance(edges, list)
        and isinstance(accuracy, list)
        and len(accuracy) == max(len(edges) - 1, 1)
        and all(_is_number(edge) for edge in edges)
        and all(value is None or _is_number(value) for value in accuracy)
        and all(a < b for a, b in itertools.pairwise(edges))
    )
    if not edges or not good:
        raise ValueError("bins of an exit are not rising edges and one accuracy, or null, for each bin between them")
    return ExitBins(tuple(edges), tuple(accuracy))


def rule_from_json(found: object) -> Rule:
    """The rule that an object stands for.

    Raises
    ------
    ValueError
        It is none: the message says in what.
    """
    if not isinstance(found, dict) or found.get("kind") != KIND:
        raise ValueError(f"it does not say that it is an {KIND}")
    if found.get("version") != VERSION:
        raise ValueError(f"its version is {found.get('version')!r:.100}, and this program reads version {VERSION}")
    policy = find_policy(_take(found, "policy", str, "a policy's id"))
    settings = resolve_policy(policy.id, _take(found, "settings", dict, "settings by name"))
    measure = _take(found, "measure", str, "a measure")
    if measure not in MEASURES:
        raise ValueError(f"measure is {measure!r:.100}, and not one of {', '.join(MEASURES)}")
    thresholds = _take(found, "thresholds", list, "a list of numbers or null")
    good = all(value is None or _is_number(value, LARGEST_THRESHOLD) for value in thresholds)
    if not thresholds or not good or thresholds[-1] is None:
        raise ValueError("thresholds are not a number of at least 0, or null, for each exit, with a number at the last")
    bins = tuple(map(_bins, _take(found, "bins", list, "a list of bins per exit")))
    target = found.get("target")
    if bins and (len(bins) != len(thresholds) - 1 or not _is_number(target)):
        raise ValueError("bins are not those of every exit but the last, with a target")
    return Rule(
        policy.id,
        settings,
        measure,
        tuple(thresholds),
        _take(found, "reaches", bool, "true or false"),
        bins,
        target if bins else None,
        _take(found, "predictor", str, "a predictor's id"),
        _take(found, "predictor_settings", dict, "settings by name"),
        _take(found, "run", str, "a run's id"),
        _take(found, "fitted_on", (dict, type(None)), "what it was fitted on, or null"),
        _take(found, "fitted_on_test", bool, "true or false"),
    )


def rule_text(rule: Rule) -> str:
    """What a rule's file holds.

    Raises
    ------
    ValueError
        A setting of someone's own predictor that JSON cannot hold.
    """
    try:
        return json.dumps(rule_to_json(rule), indent=2, allow_nan=False) + "\n"
    except (TypeError, ValueError) as error:
        raise ValueError(
            f"a setting of {rule.predictor} cannot be written as JSON ({error}): give it as text"
        ) from None


def write_rule(rule: Rule, path: str | Path) -> None:
    """Write a rule as JSON; the file is there whole or not at all.

    Raises
    ------
    ValueError
        A setting of someone's own predictor that JSON cannot hold.
    """
    try:
        text = rule_text(rule)
    except ValueError as error:
        raise ValueError(f"{path}: {error}") from None
    with whole_file(Path(path)) as file:
        file.write_text(text, encoding="utf-8")


def read_rule(path: str | Path) -> Rule:
    """The rule in a file that `policy --out` wrote; `stops_now` applies it, exit by exit.

    Raises
    ------
    ValueError
        The file is no rule, or of a later version: the message says in what.
    OSError
        It cannot be read.
    """
    path = Path(path)
    if (size := path.stat().st_size) > LARGEST_FILE:
        raise ValueError(f"{path} has {size:,} bytes, more than any rule: give the file that policy --out wrote")
    try:
        found = json.loads(path.read_bytes())
    except (ValueError, RecursionError) as error:
        raise ValueError(f"{path} is no JSON ({error}): give the file that policy --out wrote") from None
    try:
        return rule_from_json(found)
    except ValueError as error:
        raise ValueError(f"{path} is no rule: {error}; give the file that policy --out wrote") from None
