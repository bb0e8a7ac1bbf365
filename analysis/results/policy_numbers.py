"""What a policy does as one plain object: what `policy` prints. Needs only NumPy.

The object holds no NaN or infinity, so that it is JSON: what is infinite or unknown is None.
"""

from __future__ import annotations

from collections.abc import Mapping

from analysis.results.policies import GAP_DELTA, Gaps, PolicyResults
from analysis.results.run_numbers import number, numbers, plain
from analysis.settings import number_text

GUARANTEES = {
    "crc": "the expected loss of a new sample is at most {epsilon}, if losses do not rise with the threshold",
    "ucb-wsr": "the risk is at most {epsilon}, with probability {sure:g}",
    "ltt": "the risk is at most {epsilon}, with probability {sure:g}",
}
"""Rule of risk control -> what it promises of new samples, like those that it was fitted on and drawn as they were;
`empirical` promises nothing."""


def guarantee_of(settings: Mapping[str, object]) -> str:
    """What a rule of risk control that certifies promises."""
    return GUARANTEES[settings["rule"]].format(epsilon=number_text(settings["epsilon"]), sure=1 - settings["delta"])


def _gap_rows(gaps: Gaps) -> list[dict[str, object]]:
    columns = {name: numbers(getattr(gaps, name)) for name in ("accuracy", "gap", "gap_bound")}
    return [
        {"exit": m + 1, "samples": int(samples)} | {name: values[m] for name, values in columns.items()}
        for m, samples in enumerate(gaps.samples)
    ]


def _depth(results: PolicyResults) -> dict[str, object]:
    classes, names = results.classes, results.measured.run.class_names
    unknown = [None] * len(names)
    columns = {
        "mean_exit": numbers(classes.mean_exit),
        "mean_cost": unknown if classes.mean_cost is None else numbers(classes.mean_cost),
        "accuracy": numbers(classes.accuracy),
        "gap": numbers(classes.gap),
    }
    rows = [
        {"class": c, "name": name, "samples": int(classes.samples[c])}
        | {column: values[c] for column, values in columns.items()}
        for c, name in enumerate(names)
    ]
    return {name: number(value) for name, value in results.information._asdict().items()} | {"classes": rows}


def _risk(results: PolicyResults) -> dict[str, object]:
    fit = results.risk_fit
    return {
        "threshold": fit.threshold,
        "certified": fit.certified,
        "passed": fit.passed,
        "guarantee": guarantee_of(results.settings) if fit.certified else None,
        "risk": number(results.risk),
        "calibration": {"risk": number(fit.risk), "samples": fit.samples},
    }


def _budgeted(results: PolicyResults) -> dict[str, object]:
    points = [
        {"p": point.p, "thresholds": list(point.thresholds)}
        | {name: number(getattr(point, name)) for name in ("calibration_accuracy", "accuracy", "cost")}
        for point in results.points
    ]
    return {"points": points}


def _own(results: PolicyResults) -> dict[str, object]:
    """What only this policy has."""
    match results.policy:
        case "risk":
            return _risk(results)
        case "budgeted":
            return _budgeted(results)
        case "interruption":
            return {
                "expected_accuracy": number(results.expected_accuracy),
                "before_exit_1": number(results.reached[0]),
            }
    return {}


def policy_numbers(results: PolicyResults) -> dict[str, object]:
    """Everything about a policy on a run that is a number, as an object that JSON can hold.

    Returns
    -------
    dict
        `run policy predictor settings split samples labelled cost_unit seed fitted_on fitted_on_test`, `settings` those
        of the predictor and of the policy; `accuracy mean_exit mean_cost exit_shares`; `last_exit_accuracy`, of the
        same samples if all went to the last exit; `saved`, the share of the last
        exit's cost, and `saving`, `simulated` or `measured`; what the policy alone has; where something is fitted
        `promised` and `realised`; `by_exit` and `up_to_exit`, lists of `exit samples accuracy gap gap_bound` with the
        bound's `gap_delta`; `too_early` and `too_late`, fractions; `depth`. Under `interruption` `accuracy` and
        whatever goes by the exit where samples stop are of one budget per sample, drawn by the seed; shares and means
        are the law's.
    """
    measured, labelled = results.measured, results.measured.labelled.n_samples
    settings = {**measured.settings, **results.settings}
    found: dict[str, object] = {
        "run": measured.run.id,
        "policy": results.policy,
        "predictor": measured.predictor,
        "settings": plain(settings),
        "split": results.split,
        "samples": measured.n_samples,
        "labelled": labelled,
        "cost_unit": results.cost_unit,
        "seed": results.seed,
        "fitted_on": _plain_or_none(results.fitted_on),
        "fitted_on_test": results.fitted_on_test,
        "accuracy": number(results.accuracy),
        "last_exit_accuracy": number(measured.accuracy[-1]),
        "mean_exit": number(results.mean_exit),
        "mean_cost": number(results.mean_cost),
        "exit_shares": numbers(results.exit_shares),
        "saved": number(results.saved),
        "saving": results.saving,
    }
    found |= _own(results)
    if results.fitted is not None:
        found |= {"promised": number(results.promised), "realised": number(results.realised)}
    return found | {
        "by_exit": _gap_rows(results.by_exit),
        "up_to_exit": _gap_rows(results.up_to_exit),
        "gap_delta": GAP_DELTA,
        "too_early": number(results.too_early.mean()) if labelled else None,
        "too_late": number(results.too_late.mean()) if labelled else None,
        "depth": _depth(results),
    }


def _plain_or_none(provenance: Mapping[str, object] | None) -> object:
    return None if provenance is None else plain(provenance)
