"""The browser that end-to-end tests share, skipped without a Chromium unless `E2E=required`, and an app to look at."""

import pytest

from tests.e2e import browser as harness
from tests.e2e import runs as runs_folder


@pytest.fixture(scope="session")
def chromium():
    """A headless Chromium for the whole session."""
    if harness.chromium_path() is None:
        if harness.required():
            pytest.fail("E2E=required, and there is no Chromium: install one, or name it in CHROMIUM")
        pytest.skip("no Chromium here: install one, or name it in CHROMIUM")
    pytest.importorskip("playwright") if not harness.required() else None
    with harness.browser() as running:
        yield running


@pytest.fixture(scope="session")
def folder(tmp_path_factory):
    """A runs folder with a run of every kind. No test changes it."""
    return runs_folder.every_kind(tmp_path_factory.mktemp("runs"))


@pytest.fixture(scope="session")
def server(folder):
    """The app on that folder, for all tests that leave no trace in it."""
    with harness.serve(env={"EXITLENS_RUNS": str(folder)}) as running:
        yield running


@pytest.fixture(scope="session")
def bundled():
    """The app on the runs that ship, for all tests that leave no trace in it."""
    with harness.serve(env={"OMP_NUM_THREADS": "1"}) as running:
        yield running
