"""The browser that end-to-end tests share: skipped without a Chromium, unless `E2E=required`."""

import pytest

from tests.e2e import browser as harness


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
