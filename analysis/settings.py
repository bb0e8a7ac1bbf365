"""Settings of a predictor: defaults filled, text parsed, ranges checked, and a canonical key for caches.

Values come from Python, from `--set KEY=VALUE` or from an address; they leave as the types that the functions take.
Imports the table only, no torch.
"""

from __future__ import annotations

import ast
import math
from collections.abc import Mapping
from numbers import Real

from analysis.predictors.table import Predictor, Setting, join_or


class _Required:
    """The default of a setting that has none."""

    def __repr__(self) -> str:
        return "REQUIRED"


REQUIRED = _Required()


class LiteralText(str):
    """Text that has been read as a literal already: '5' in quotes stays text when its settings are resolved again."""


def parse_number(setting: Setting, value: object, where: str) -> float:
    """`value` as a finite float inside the setting's range."""
    try:
        if isinstance(value, bool) or not isinstance(value, (str, Real)):
            raise ValueError
        number = float(value)
    except ValueError:
        raise ValueError(f"{where} is {value!r}: give {setting.range_text}") from None
    low, high = (
        (-math.inf if setting.low is None else setting.low),
        (math.inf if setting.high is None else setting.high),
    )
    if not math.isfinite(number) or not low <= number <= high:
        raise ValueError(f"{where} is {value!r}: give {setting.range_text}")
    return number


def parse_choice(setting: Setting, value: object, where: str) -> str:
    if not isinstance(value, str) or value.strip().lower() not in setting.choices:
        raise ValueError(f"{where} is {value!r}: give {setting.range_text}")
    return value.strip().lower()


def parse_weights(setting: Setting, value: object, where: str, n_exits: int | None) -> str | tuple[float, ...]:
    """'linear', 'uniform' or one number per exit."""
    if isinstance(value, str) and value.strip().lower() in ("linear", "uniform"):
        return value.strip().lower()
    parts = value.strip().strip("[]()").rstrip(",").split(",") if isinstance(value, str) else value
    if isinstance(parts, Real):
        parts = [parts]
    try:
        parts = list(parts)
    except TypeError:
        raise ValueError(f"{where} is {value!r}: give {setting.range_text}") from None
    if isinstance(value, str) and len(parts) == 1 and not parts[0].strip()[:1].isdigit():
        raise ValueError(f"{where} is {value!r}: give {setting.range_text}")
    weights = tuple(parse_number(setting, part, f"{where}, exit {i},") for i, part in enumerate(parts, 1))
    if n_exits is not None and len(weights) != n_exits:
        raise ValueError(
            f"{where} has {len(weights)} numbers and the run {n_exits} exits: give one number for each exit"
        )
    return weights


def parse_literal(value: object) -> object:
    """Text as the Python literal it spells (2, 0.5, [1, 2], True, None, 'text'), or as itself where it spells none."""
    if not isinstance(value, str) or isinstance(value, LiteralText):
        return value
    named = {"true": True, "false": False, "none": None, "null": None}
    if value.strip().lower() in named:
        return named[value.strip().lower()]
    try:
        literal = ast.literal_eval(value.strip())
    except (ValueError, TypeError, SyntaxError, MemoryError, RecursionError):
        return LiteralText(value)
    return LiteralText(literal) if isinstance(literal, str) else literal


def parse_setting(predictor: Predictor, setting: Setting, value: object, n_exits: int | None) -> object:
    where = f"{predictor.id} setting {setting.name}"
    match setting.kind:
        case "number":
            return parse_number(setting, value, where)
        case "optional-number":
            is_none = value is None or (isinstance(value, str) and value.strip().lower() in ("none", "null", ""))
            return None if is_none else parse_number(setting, value, where)
        case "choice":
            return parse_choice(setting, value, where)
        case "weights":
            return parse_weights(setting, value, where, n_exits)
        case "literal":
            return parse_literal(value)
    raise AssertionError(setting.kind)


def check_combination(predictor: Predictor, settings: Mapping[str, object]) -> None:
    """What single ranges cannot say: one threshold at a time, and a cap that leaves something above it."""
    threshold, relative, cap = (settings.get(name) for name in ("threshold", "relative_threshold", "cap"))
    declared = predictor.setting("threshold")
    if relative is not None and declared is not None and threshold != declared.default:
        raise ValueError(
            f"{predictor.id} has threshold {threshold:g} and relative_threshold {relative:g}: give one of the two"
        )
    if cap is None:
        return
    if threshold is not None and cap <= threshold:
        raise ValueError(f"{predictor.id} setting cap is {cap:g}: give a number above the threshold, {threshold:g}")
    if settings.get("activation") in ("relu", "heaviside") and cap <= 0:
        raise ValueError(
            f"{predictor.id} setting cap is {cap:g}, which leaves no class in the support: give a number above 0"
        )


def check_kind(predictor: Predictor, settings: Mapping[str, object], kind: str) -> None:
    """Refuse what cannot be computed from probabilities."""
    if kind not in ("logits", "probs"):
        raise ValueError(f"kind is {kind!r}: give logits or probs")
    if kind == "logits":
        return
    reason = "this run holds probabilities only, and log p is the logits up to an unknown shift for each sample"
    if predictor.needs_logits:
        raise ValueError(f"{predictor.id} needs logits, but {reason}: choose softmax-poe, moe or ca")
    activation = None if predictor.path else settings.get("activation", "softmax")
    if activation in ("relu", "heaviside"):
        raise ValueError(
            f"{predictor.id} with activation={activation} needs logits, but {reason}: set activation=softmax"
        )


def resolve_settings(
    predictor: Predictor, settings: Mapping[str, object], kind: str = "logits", n_exits: int | None = None
) -> dict[str, object]:
    """The settings complete and typed, in the table's order; resolving twice changes nothing.

    Parameters
    ----------
    predictor : a row of the table, or someone's own
    settings : name -> value or text; what is missing takes its default
    kind : 'logits' or 'probs', what the run holds
    n_exits : number of exits, to check how many weights there are; None leaves that unchecked

    Raises
    ------
    ValueError
        Naming the setting, the value and what would be accepted.
    """
    names = [setting.name for setting in predictor.settings]
    unknown = [name for name in settings if name not in names]
    if unknown and not predictor.open_settings:
        takes = f"it takes {join_or(tuple(names)).replace(' or ', ' and ')}" if names else "it takes none"
        raise ValueError(f"{predictor.id} has no setting {unknown[0]!r}: {takes}")
    resolved = {
        setting.name: parse_setting(predictor, setting, settings.get(setting.name, setting.default), n_exits)
        for setting in predictor.settings
        if setting.name in settings or setting.default is not REQUIRED
    }
    missing = [name for name in names if name not in resolved]
    if missing:
        raise ValueError(f"{predictor.id} needs the setting {missing[0]!r}: give it a value")
    resolved |= {name: parse_literal(settings[name]) for name in unknown}
    if predictor.path is None:
        check_combination(predictor, resolved)
    check_kind(predictor, resolved, kind)
    return resolved


def canonical(predictor: Predictor, settings: Mapping[str, object], file_hash: str | None) -> str:
    """One text per predictor, settings and file content, the same in every process.

    Values as Python spells them: JSON has no dictionary with the key 1, and does not tell (1, 2) from [1, 2].
    """
    key = dict(sorted(resolve_settings(predictor, settings).items()))
    return f"{predictor.id} {key!r}" + (f" {predictor.path} {file_hash}" if file_hash else "")
