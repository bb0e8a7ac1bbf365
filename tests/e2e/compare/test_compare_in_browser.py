"""What only a browser shows of comparing: a run is searched and added, the table is saved, its samples show below."""

import pytest

from tests.e2e import browser as harness

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def opened(chromium, server):
    with harness.opened(chromium, f"{server.url}/compare?run=full&predictor=pa&poe=1", height=2200) as opened:
        yield opened
    assert opened.complaints == []
    assert server.tracebacks() == []


def test_two_runs_are_compared_and_their_table_is_saved(opened, tmp_path):
    page = opened.page
    box = page.get_by_test_id("stMultiSelect").locator("input")
    box.fill("imageless")
    page.get_by_role("option").filter(has_text="Baseline").first.click()
    page.keyboard.press("Escape")  # the list hides the page from roles while it is open
    page.wait_for_url("**imageless**")
    harness.settle(page)
    assert page.locator('.xl-chart[data-name="compare-accuracy"] .xl-title').inner_text().startswith("At ")
    assert page.locator(".xl-entries tbody tr").count() == 3
    assert page.locator(".xl-swatch").first.bounding_box()["width"] == 40
    assert page.locator("img[src=x]").count() == 0
    page.get_by_role("button", name="Save the differences", exact=False).first.click()
    latex = page.get_by_role("button", name="LaTeX").locator("visible=true")
    harness.download(page, latex, tmp_path / "differences.tex")
    lines = (tmp_path / "differences.tex").read_text(encoding="utf-8").splitlines()
    assert lines[0] == r"% needs \usepackage{booktabs}"
    assert sum(line.endswith(r" \\") for line in lines) == 8  # the heads and seven exits
    page.keyboard.press("Escape")
    chosen = page.get_by_role("button", name="Select all", exact=False)
    count = int(chosen.inner_text().split()[-1])
    chosen.click()
    page.wait_for_selector(".st-key-strip-compare-samples .xl-tile")
    assert page.locator(".st-key-strip-compare-samples strong").first.inner_text() == f"{count} samples"
