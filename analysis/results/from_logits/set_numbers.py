"""The sets of one method as one plain object: what `sets` prints. Needs only NumPy.

The object holds no NaN or infinity, so that it is JSON: what is infinite or unknown is None.
"""

from __future__ import annotations

from analysis.results.from_logits.uncertainty_sets import GROWTHS, SetResults
from analysis.results.run_numbers import number, numbers, plain
from analysis.sets.sizes import SIZE_BINS


def _exit_rows(found: SetResults, costs: tuple[float, ...] | None) -> list[dict[str, object]]:
    by_size = found.by_size
    columns = {
        "cost": [None] * found.run.n_exits if costs is None else numbers(costs),
        "coverage": numbers(found.coverage),
        "mean_size": numbers(found.mean_size),
        "median_size": numbers(found.median_size),
        "by_size": [
            {name: {"samples": int(n), "coverage": number(share)} for name, n, share in zip(SIZE_BINS, *of_exit)}
            for of_exit in zip(by_size.samples, by_size.coverage)
        ],
    }
    if found.quantiles is not None:
        columns["quantile"] = numbers(found.quantiles)
    if found.running_sizes is not None:
        columns |= {
            "sequence_coverage": numbers(found.sequence_coverage),
            "sequence_mean_size": numbers(found.running_sizes.mean(axis=1)),
            "consistency": numbers(found.consistency),
            "b": numbers(found.thresholds),
        }
    return [{"exit": m + 1} | {name: values[m] for name, values in columns.items()} for m in range(found.run.n_exits)]


def set_numbers(found: SetResults, cost_unit: str | None = None) -> dict[str, object]:
    """Everything about the sets that is a number, as an object that JSON can hold.

    Parameters
    ----------
    cost_unit : one of the run's; None for its first

    Returns
    -------
    dict
        `run method predictor settings split samples labelled cost_unit seed fitted_on fitted_on_test`, `settings` those
        of the predictor and of the method; `exits`: `exit cost coverage mean_size median_size by_size`, the last by
        name of a bin `samples` and `coverage`, and `quantile` (None: infinite), or for nested sets `sequence_coverage
        sequence_mean_size consistency b`; `grows_percent`: k -> percent of samples; for nested sets that were tuned
        `tuned_covers`; for the others `coverage_by_chance`, the ends of `SetResults.chance`.

    Raises
    ------
    ValueError
        A cost unit that the run does not know.
    """
    unit, costs = found.run.cost(cost_unit) or (None, None)
    tuned = {} if found.tuned is None else {"tuned_covers": found.tuned.covers}
    chance = {} if found.chance is None else {"coverage_by_chance": numbers(found.chance)}
    return {
        "run": found.run.id,
        "method": found.method,
        "predictor": found.predictor,
        "settings": plain({**found.predictor_settings, **found.settings}),
        "split": found.split,
        "samples": len(found.positions),
        "labelled": int(found.labelled.sum()),
        "cost_unit": unit,
        "seed": found.seed,
        "fitted_on": None if found.fitted_on is None else plain(found.fitted_on),
        "fitted_on_test": found.fitted_on_test,
        **tuned,
        **chance,
        "exits": _exit_rows(found, costs),
        "grows_percent": {str(k): number(percent) for k, percent in zip(GROWTHS, found.grows_percent)},
    }
