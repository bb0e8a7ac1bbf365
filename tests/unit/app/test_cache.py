"""What the app keeps between reruns stays bounded, whatever is tried."""

import gc
import inspect
import weakref

import numpy as np
from streamlit.elements import spinner

from app import cache


def test_a_setting_that_is_dragged_leaves_a_bounded_number_of_results(small_run):
    baseline, made = cache.results(small_run, "baseline"), []
    for cap in np.arange(0.5, 20, 0.5):
        found = cache.results(small_run, "pa", {"cap": float(cap)})
        made.append(weakref.ref(found))
        cache.difference(baseline, found).b_only  # noqa: B018
        cache.results(small_run, "baseline")  # each rerun asks for it too
    assert cache.results(small_run, "baseline") is baseline
    del found
    gc.collect()
    assert len(made) == 39
    assert sum(one() is not None for one in made) <= cache.RESULTS_KEPT + cache.DIFFERENCES_KEPT


def test_what_is_computed_is_said_after_a_moment():
    assert spinner.DELAY_SECS < 0.3
    assert "Timer(DELAY_SECS" in inspect.getsource(spinner)
