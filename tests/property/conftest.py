"""Hypothesis without a deadline (a busy machine is no failure), with the same examples every time, on one thread."""

import os

import pytest
from hypothesis import settings

settings.register_profile("same", deadline=None, derandomize=True, max_examples=100)
settings.register_profile("search", deadline=None, max_examples=2000)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "same"))


@pytest.fixture(scope="module", autouse=True)
def always_one_thread(one_thread) -> None:
    """Tiny tensors on several threads wait for each other longer than they compute."""
