"""What the app keeps between reruns stays bounded, whatever is tried."""

import gc

import numpy as np

from analysis.results import Results
from app import cache


def test_a_setting_that_is_dragged_leaves_a_bounded_number_of_results(small_run):
    baseline = cache.results(small_run, "baseline")
    for cap in np.arange(0.5, 20, 0.5):
        found = cache.results(small_run, "pa", {"cap": float(cap)})
        cache.difference(baseline, found).b_only  # noqa: B018
        cache.results(small_run, "baseline")  # each rerun asks for it too
    assert cache.results(small_run, "baseline") is baseline
    gc.collect()
    left = [one for one in gc.get_objects() if isinstance(one, Results) and one.run is small_run]
    assert len(left) <= cache.RESULTS_KEPT + 2 * cache.DIFFERENCES_KEPT
