"""The first screen where only a browser can tell: what is above the fold, what tabs are called, what clicks do."""

import re

import pytest

from app.views.runs.page import ROW, TALL
from tests.e2e import browser as harness

pytestmark = pytest.mark.browser
FOLD = 720

BOTTOMS = """() => Object.fromEntries(Object.entries({
    selection: '.xl-selected',
    sentence: '.st-key-lead',
    title: '.xl-chart[data-name="trajectories"] .xl-title',
    left: '.xl-chart[data-name="trajectories"] .subplot.xy',
    right: '.xl-chart[data-name="trajectories"] .subplot.x2y2',
    ticks: '.xl-chart[data-name="trajectories"] .xaxislayer-above',
    axis: '.xl-chart[data-name="trajectories"] .xtitle',
}).map(([name, selector]) => {
    const box = document.querySelector(selector).getBoundingClientRect();
    return [name, [box.top, box.bottom, box.width]];
}))"""


@pytest.fixture(autouse=True)
def no_faults(bundled):
    yield
    assert bundled.tracebacks() == []


@pytest.mark.parametrize("dark", [False, True])
def test_sentence_and_both_panels_are_above_the_fold(chromium, bundled, dark):
    with harness.opened(chromium, bundled.url, width=1280, height=FOLD, dark=dark) as opened:
        found = opened.page.evaluate(BOTTOMS)
        for name, (top, bottom, width) in found.items():
            assert top >= 0, name
            assert bottom <= FOLD, name
            assert width > 0, name
        assert found["right"][2] > 300
        line = opened.page.locator(".xl-selected")
        assert line.inner_text().startswith("All 10,000 test samples · click or draw in a figure to select some")
        assert line.evaluate("(one) => one.scrollWidth <= one.clientWidth")  # the whole of it is seen
        sentence = opened.page.locator(".st-key-lead").inner_text()
        assert re.search(
            r"for [\d.]+% of samples .* under product anytime \(PA\) for .*; the last exit's accuracy", sentence
        )
        assert opened.complaints == []


def test_the_featured_run_is_what_a_bare_address_opens_and_the_tab_names_it(chromium, bundled):
    with harness.opened(chromium, bundled.url) as opened:
        page = opened.page
        page.wait_for_url("**/?run=msdnet-cifar100&*")
        title = page.locator(".xl-run").inner_text()
        assert title.startswith("MSDNet on CIFAR-100")
        page.wait_for_function("(title) => document.title === title", arg=f"{title} \N{MIDDLE DOT} Overview")
        page.get_by_role("link", name="Monotonicity", exact=True).click()
        page.wait_for_function("(title) => document.title === title", arg=f"{title} \N{MIDDLE DOT} Monotonicity")
        assert page.locator(".xl-run").inner_text() == title
        assert opened.complaints == []


def test_the_bar_of_pages_stays_in_sight_and_covers_nothing_that_is_clicked(chromium, bundled):
    with harness.opened(chromium, bundled.url, width=1280, height=FOLD) as opened:
        page = opened.page
        page.locator('.xl-chart[data-name="price"]').scroll_into_view_if_needed()
        link = page.get_by_role("link", name="Against the paper", exact=True)
        assert link.bounding_box()["y"] >= 0
        link.click()
        page.wait_for_url("**/paper?*")
        assert opened.complaints == []


def test_a_click_in_the_right_panel_opens_the_sample_with_the_correction(chromium, bundled):
    with harness.opened(chromium, f"{bundled.url}/?run=msdnet-cifar100&predictor=pa&poe=0") as opened:
        page = opened.page
        place = harness.plot(
            page,
            "trajectories",
            """(() => {
                const line = gd._fullData.find((t) => t.name === "samples" && t.yaxis === "y2");
                const last = [...line.y.keys()].filter((i) => line.x[i] === 7);
                const at = last.reduce((a, b) => line.y[a] > line.y[b] ? a : b);
                gd.scrollIntoView({ block: "nearest", behavior: "instant" });
                const box = gd.getBoundingClientRect(), { xaxis2, yaxis2 } = gd._fullLayout;
                return [box.left + xaxis2._offset + xaxis2.d2p(7), box.top + yaxis2._offset + yaxis2.d2p(line.y[at]),
                    line.customdata[at][0]];
            })()""",
        )
        page.mouse.click(*place[:2])
        page.wait_for_url("**/samples?**")
        assert f"sample={place[2]}" in page.url
        assert "poe=1" in page.url
        assert opened.complaints == []


def test_a_row_that_is_ticked_puts_its_run_on_screen(chromium, server):
    with harness.opened(chromium, f"{server.url}/runs?run=full") as opened:
        page = opened.page
        grid = page.get_by_test_id("stDataFrame").locator("canvas").first
        grid.wait_for()
        page.wait_for_timeout(500)
        box = grid.bounding_box()
        page.mouse.click(box["x"] + 16, box["y"] + ROW + TALL * 1.5)  # the second row
        page.wait_for_function("() => new URLSearchParams(location.search).get('run') !== 'full'")
        harness.settle(page)
        assert opened.complaints == []
    assert server.tracebacks() == []


def test_the_list_of_runs_shows_titles_whole_and_is_searched_by_typing(chromium, bundled):
    with harness.opened(chromium, f"{bundled.url}/runs?run=msdnet-cifar10", width=1280, height=FOLD) as opened:
        page = opened.page
        box = page.get_by_test_id("stSidebar").get_by_role("combobox", name="Run")
        box.click()
        page.get_by_role("option").first.wait_for()
        cut = """() => [...document.querySelectorAll('[role=option] *')]
            .filter((one) => one.scrollWidth > one.clientWidth + 1).map((one) => one.textContent)"""
        assert page.get_by_role("option").count() == 5
        assert page.evaluate(cut) == []
        box.fill("stage 1")
        page.wait_for_function("() => document.querySelectorAll('[role=option]').length === 1")
        page.keyboard.press("Enter")
        page.wait_for_url("**/runs?run=imta-cifar100-stage1&*")
        assert opened.complaints == []


def test_tables_offer_no_download_that_would_write_formulas(chromium, bundled):
    with harness.opened(chromium, f"{bundled.url}/runs?run=msdnet-cifar10") as opened:
        table = opened.page.get_by_test_id("stDataFrame")
        table.hover()
        opened.page.get_by_label("Search", exact=True).first.wait_for()
        assert not opened.page.get_by_label("Download as CSV").is_visible()
