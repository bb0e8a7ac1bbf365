"""What a policy does, as tables for a terminal. Takes what `policy_numbers` returns."""

from __future__ import annotations

from analysis.report.number_tables import PREFIXES, aligned, shown
from analysis.settings import number_text
from analysis.words.formats import percent, signed

FEWEST_CLASSES = 5
"""How many of the classes that are served worst are listed."""


def _cost(value: float | None, unit: str | None) -> str:
    if value is None or unit is None:
        return "unknown"
    factor, prefix = next(((f, p) for f, p in PREFIXES if value >= f), (1, ""))
    return f"{value / factor:.4g} {prefix + ' ' if prefix else ''}{unit}"


def _share(value: float | None) -> str:
    return "unknown" if value is None else percent(100 * value)


def _against_last(value: float | None, last: float | None) -> str:
    """What an accuracy is, and how far from that of everyone at the last exit."""
    if value is None or last is None:
        return f"{_share(value)}."
    return f"{_share(value)}; last exit {_share(last)}: {signed(100 * (value - last))} points."


def _setting(value: object) -> str:
    if isinstance(value, list):
        return ",".join(map(_setting, value))
    return number_text(value) if isinstance(value, float) else str(value)


def settings_text(settings: dict) -> str:
    """Settings as `--set` takes them, without those that say none."""
    return " ".join(f"{name}={_setting(value)}" for name, value in settings.items() if value not in (None, "none"))


def fitting_lines(numbers: dict) -> list[str]:
    """What was fitted on which samples; a warning where these are the ones that are measured."""
    fitted_on = numbers["fitted_on"]
    if fitted_on is None:
        return ["Nothing is fitted."]
    drawn = "" if fitted_on["seed"] is None else f", seed {fitted_on['seed']}"
    lines = [f"Fitted on {fitted_on['samples']:,} samples of {fitted_on['run']} ({fitted_on['split']}{drawn})."]
    if numbers["fitted_on_test"]:
        lines.append("FITTED ON TEST: samples that are measured here were fitted on, so these numbers flatter.")
    return lines


def risk_lines(numbers: dict) -> list[str]:
    """The threshold of risk control, and what it promises."""
    settings, held = numbers["settings"], numbers["calibration"]
    if not numbers["passed"]:
        verdict = "no threshold passes: everyone goes to the last exit"
    elif numbers["certified"]:
        source = numbers["fitted_on"]["run"]
        where = "" if source == numbers["run"] else f" for samples like those of {source}"
        verdict = f"certified{where}: {numbers['guarantee']}"
    else:
        verdict = "this rule promises nothing of new samples"
    here, there = (shown(risk, 1, 4) for risk in (numbers["risk"], held["risk"]))
    counts = ["The risk counts samples that are lost to the last exit, not those that are gained."]
    return [
        f"Threshold {number_text(numbers['threshold'])} by {settings['rule']} on {settings['loss']}; {verdict}.",
        f"Risk {here}; {there} on the {held['samples']:,} samples fitted on.",
        *(counts if settings["loss"] == "accuracy-gap" else []),
    ]


def outcome_lines(numbers: dict) -> list[str]:
    """Accuracy, depth and cost in sentences."""
    unit, saving = numbers["cost_unit"], numbers["saving"]
    lines = []
    if numbers["policy"] == "interruption":
        before = numbers["before_exit_1"]
        early = f"; {percent(100 * before)} end before the first exit" if before else ""
        expected = _against_last(numbers["expected_accuracy"], numbers["last_exit_accuracy"])
        lines.append(f"Expected accuracy {expected.removesuffix('.')}{early}.")
        lines.append(
            f"Below, each sample's budget is drawn from the law (seed {numbers['seed']}), but for means and shares."
        )
    else:
        lines.append(f"Accuracy {_against_last(numbers['accuracy'], numbers['last_exit_accuracy'])}")
    lines.append(f"Mean exit {shown(numbers['mean_exit'])}, mean cost {_cost(numbers['mean_cost'], unit)}.")
    if numbers["saved"] is not None:
        lines[-1] += f" {_share(numbers['saved'])} of the last exit's cost is saved ({saving})."
    if numbers["policy"] == "risk":
        lines += risk_lines(numbers)
    if numbers["fitted_on"] is not None and numbers["fitted_on"]["run"] != numbers["run"]:
        lines.append(f"Promised {shown(numbers['promised'], 1, 4)}, realised {shown(numbers['realised'], 1, 4)}.")
    early, late = _share(numbers["too_early"]), _share(numbers["too_late"])
    lines.append(f"Too early: {early} (wrong, though a later exit is right).")
    return [*lines, f"Too late: {late} (an exit before was right already)."]


def exit_lines(numbers: dict) -> list[str]:
    """Shares and risk by the exit where samples stop."""
    bound = f"at most, {100 * (1 - numbers['gap_delta']):g}%"
    rows = [("stop here %", "", [shown(share, 100) for share in numbers["exit_shares"]])]
    for field, name in (("by_exit", "stopped here"), ("up_to_exit", "stopped so far")):
        for column, what in (("accuracy", "accuracy %"), ("gap", "lost to the last exit %"), ("gap_bound", bound)):
            rows.append((name, what, [shown(row[column], 100) for row in numbers[field]]))
    return aligned(("exit", "", [str(row["exit"]) for row in numbers["by_exit"]]), rows)


def point_lines(numbers: dict) -> list[str]:
    """The curve of budgeted batches."""
    unit = numbers["cost_unit"]
    lines = [f"{'p':>5}  {'calibration %':>13}  {'accuracy %':>10}  mean cost"]
    for point in numbers["points"]:
        cells = (shown(point[name], 100) for name in ("calibration_accuracy", "accuracy"))
        lines.append("{:>5}  {:>13}  {:>10}  {}".format(f"{point['p']:g}", *cells, _cost(point["cost"], unit)))
    return lines


def class_lines(numbers: dict) -> list[str]:
    """What the exit reveals of the class, and the classes that lose most."""
    depth = numbers["depth"]
    known = [row for row in depth["classes"] if row["gap"] is not None]
    if not known:
        return []
    if depth["information"] is None:
        information = "All stop at one exit, which tells nothing of their class."
    else:
        information = (
            f"The exit where a sample stops tells {shown(depth['information'], 1, 3)} of its entropy about the class "
            f"({shown(depth['shuffled_mean'], 1, 3)} by chance, 95% below {shown(depth['shuffled_p95'], 1, 3)})."
        )
    worst = [row for row in sorted(known, key=lambda row: -row["gap"]) if row["gap"] > 0][:FEWEST_CLASSES]
    if not worst:
        return [information, "No class loses against the last exit."]
    names = [f"{row['name']} ({row['samples']})" for row in worst]
    width = max(map(len, names))
    lines = [information, "Classes that lose most against the last exit, with their samples:"]
    return lines + [
        f"  {name:<{width}}  {shown(row['gap'], 100):>6} points, mean exit {shown(row['mean_exit'])}"
        for name, row in zip(names, worst)
    ]


def as_text(numbers: dict) -> str:
    """A policy on a run, for a terminal."""
    lines = [
        f"{numbers['run']}: {numbers['samples']:,} samples of split {numbers['split']}, policy {numbers['policy']} on "
        f"{numbers['predictor']} ({settings_text(numbers['settings'])})",
        *fitting_lines(numbers),
        "",
        *outcome_lines(numbers),
        "",
        *exit_lines(numbers),
    ]
    if numbers["policy"] == "budgeted":
        lines += ["", *point_lines(numbers)]
    return "\n".join([*lines, "", *class_lines(numbers)]).rstrip()
