"""What `bench` times: that nothing which is computed of traces is left out, and that each is done anew."""

import importlib
import inspect
import pkgutil
from functools import cached_property

import numpy as np
import pytest

import analysis.metrics
from analysis.commands.bench.numbers import comparisons_of, in_memory, metrics_of, numbers_of, policies_of
from analysis.policies import POLICIES
from analysis.policies.table import LOSSES, RULES
from analysis.results import Results
from analysis.storage.synthetic import synthetic_labels, synthetic_logits
from analysis.traces import trace_together

PARTS = {
    "mean_over_samples",
    "bin_index",
    "bin_edge",
    "binned",
    "expected_gap",
    "pairs_of_exits",
    "stored",
    "limits",
    "fall_edges",
    "auroc",
    "window_means",
    "lowest_usual",
}
"""What metrics are made of."""
WHOLE_DISTRIBUTIONS = {
    "classwise_ece",
    "class_bins",
    "classwise_error",
    "likelihood_curve",
    "fit_temperatures",
    "tempered_confidence",
}
"""Metrics that traces do not hold enough for."""
FITS = {"likeliest_shares", "likeliest_weights"}
"""What `tune` searches for on calibration samples, once."""


@pytest.fixture(scope="module")
def results() -> dict[str, Results]:
    logits = np.concatenate(list(synthetic_logits(3, 200, 7)), axis=1)
    traces = trace_together(logits, synthetic_labels(200, 7), {"baseline": {}, "pa": {}})
    return {name: in_memory(of, name) for name, of in traces.items()}


def every_metric() -> set[str]:
    """The names of the public functions of `analysis.metrics`."""
    found = set()
    for module in pkgutil.iter_modules(analysis.metrics.__path__, "analysis.metrics."):
        for name, function in inspect.getmembers(importlib.import_module(module.name), inspect.isfunction):
            if function.__module__ == module.name and not name.startswith("_"):
                found.add(name)
    return found


def test_every_metric_is_timed(results):
    timed = {name.partition(", ")[2].replace(" ", "_") for name in metrics_of(results["pa"].traces)}
    assert timed == every_metric() - PARTS - WHOLE_DISTRIBUTIONS - FITS


def test_every_number_of_results_is_timed(results):
    timed = {name.partition(", ")[2].replace(" ", "_") for name in numbers_of(results["pa"])}
    kept = {name for name, held in vars(Results).items() if isinstance(held, cached_property)}
    assert timed == kept | {"falling_percent", "known_falls", "fall_counts", "exit_pairs"}


def test_every_policy_is_timed(results):
    timed = [name.split(", ")[1:] for name in policies_of(results["pa"])]
    assert {name for name, *_ in timed} == set(POLICIES)
    assert {rule for name, *chosen in timed if name == "risk" for rule in chosen} == {*RULES, *LOSSES}


def test_all_that_is_timed_works_and_is_done_anew(results):
    works = metrics_of(results["pa"].traces) | numbers_of(results["pa"]) | policies_of(results["pa"])
    for work in (works | comparisons_of(*results.values())).values():
        assert work() is not None
    assert not results["pa"].kept
    accuracy = works["results, accuracy"]
    assert accuracy() is not accuracy()
    np.testing.assert_array_equal(accuracy(), results["pa"].traces.correct.mean(axis=1))
