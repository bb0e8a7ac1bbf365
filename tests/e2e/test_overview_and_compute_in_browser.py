"""What only a browser shows of the overview and of compute: clicks, the dragged budget, the zoom kept."""

import pytest

from tests.e2e import browser as harness
from tests.e2e.runs import HOSTILE

pytestmark = pytest.mark.browser


@pytest.fixture
def served(server):
    yield server
    assert server.tracebacks() == []


def alone(page) -> list:
    """A drawn point of one sample with no other line or mean within its reach: [x, y, sample id]."""
    return harness.plot(
        page,
        "trajectories",
        """(() => {
            const { x, y, customdata } = gd._fullData[0], mean = gd._fullData[2].y;
            const far = (i) => [...y].every((v, k) => k === i || x[k] !== x[i] || Math.abs(v - y[i]) > 0.02);
            for (let i = 0; i < x.length; i++)
                if (y[i] > 0.02 && y[i] < 0.98 && far(i) && Math.abs(mean[x[i] - 1] - y[i]) > 0.05)
                    return [x[i], y[i], customdata[i][0]];
        })()""",
    )


def test_a_trajectory_opens_its_sample_and_the_switch_moves_every_other_figure_keeping_the_zoom(chromium, served):
    with harness.opened(chromium, f"{served.url}/?run=full&predictor=pa&poe=0") as opened:
        page = opened.page
        low, high = harness.pixel(page, "trajectories", 2, 0.2), harness.pixel(page, "trajectories", 5, 0.9)
        harness.drag(page, [low, high])
        zoomed = harness.plot(page, "trajectories", "[gd.layout.xaxis.range, gd.layout.yaxis.range]")
        assert harness.plot(page, "trajectories", "gd._fullLayout.yaxis2.range") == zoomed[1]
        before = {name: harness.drawn(page, name) for name in ("shares", "exits", "classes", "price")}
        harness.switch_poe(page)
        for name, count in before.items():
            harness.wait_redrawn(page, name, count)
        harness.settle(page)
        assert harness.plot(page, "trajectories", "[gd.layout.xaxis.range, gd.layout.yaxis.range]") == zoomed
        page.locator('.xl-chart[data-name="trajectories"] [aria-label="Reset zoom"]').click()
        harness.settle(page)
        x, y, sample = alone(page)
        page.mouse.click(*harness.pixel(page, "trajectories", x, y))
        page.wait_for_url("**/samples?**")
        assert f"sample={sample}" in page.url
        assert "poe=0" in page.url
        assert opened.complaints == []


def test_the_budget_is_dragged_into_the_address_and_opens_what_it_gives_up(chromium, served):
    with harness.opened(chromium, f"{served.url}/compute?run=full&predictor=pa&poe=1") as opened:
        page = opened.page
        y = harness.plot(page, "compute", "gd.layout.yaxis.range[0] * 0.4 + gd.layout.yaxis.range[1] * 0.6")
        drawn = harness.drawn(page, "compute")
        harness.drag(page, [harness.pixel(page, "compute", 4e6, y), harness.pixel(page, "compute", 2.5e6, y)])
        harness.wait_redrawn(page, "compute", drawn)
        page.wait_for_function("() => location.search.includes('budget=')")
        harness.settle(page)
        assert "exit 2 answers" in page.locator('.xl-chart[data-name="compute"] .xl-title').inner_text()
        budget = float(page.url.split("budget=")[1].split("&")[0])
        assert budget == pytest.approx(2.5e6, abs=4e4)
        label = page.get_by_role("button", name="that a deeper exit has right").inner_text()
        page.get_by_role("button", name="that a deeper exit has right").click()
        page.wait_for_url("**/compute?**brush=**")
        count = label.split()[2]
        page.get_by_role("button", name=f"Open all {count} on Samples").wait_for()
        assert opened.complaints == []


def test_how_a_run_was_made_is_drawn_when_it_is_opened_and_stays_open(chromium, served):
    with harness.opened(chromium, f"{served.url}/?run=full&predictor=pa&poe=0") as opened:
        page = opened.page
        assert page.locator('.xl-chart[data-name="training"]').count() == 0
        page.get_by_text("How this run was made", exact=True).click()
        page.locator('.xl-chart[data-name="training"][data-drawn]').wait_for()
        assert harness.plot(page, "training", "[...gd._fullData[0].y]") == [4, 3, 2]
        assert page.get_by_role("cell", name=HOSTILE, exact=True).is_visible()
        before = harness.drawn(page, "exits")
        harness.switch_poe(page)
        harness.wait_redrawn(page, "exits", before)
        harness.settle(page)
        assert page.locator('.xl-chart[data-name="training"]').is_visible()
        assert opened.complaints == []
