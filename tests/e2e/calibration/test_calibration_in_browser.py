"""What only a browser shows of calibration and of sets: a click on a mark opens as many samples as it counts."""

import pytest

from tests.e2e import browser as harness

pytestmark = pytest.mark.browser


@pytest.mark.parametrize(("page", "chart"), [("calibration", "reliability"), ("sets", "sets-by-size")])
def test_a_mark_opens_its_samples(chromium, server, page, chart):
    query = f"{server.url}/{page}?run=full&predictor=pa&poe=1"
    with harness.opened(chromium, query, height=2200) as opened:
        if page == "sets":
            x, y, count = harness.plot(
                opened.page,
                chart,
                "gd.data[0].customdata.flatMap((row, y) => row.map((one, x) => [x + 1, y, one[2]]))"
                ".sort((a, b) => b[2] - a[2])[0]",
            )
        else:  # of the first panel, whose axes the harness knows
            x, y, count = harness.plot(
                opened.page,
                chart,
                "(() => { const t = gd._fullData.findIndex((one) => one.customdata && one.xaxis === 'x' &&"
                " one.customdata[0][2] === 'baseline'); const one = gd.data[t].customdata;"
                " const i = one.reduce((best, about, place) => about[3] > one[best][3] ? place : best, 0);"
                " return [gd._fullData[t].x[i], gd._fullData[t].y[i], one[i][3]]; })()",
            )
        opened.page.mouse.click(*harness.pixel(opened.page, chart, x, y))
        opened.page.wait_for_selector(f".st-key-strip-{chart} .xl-tile")
        said = opened.page.locator(f".st-key-strip-{chart} strong").first.inner_text()
        assert int(said.split()[0].replace(",", "")) == count > 0
        assert opened.complaints == []
    assert server.tracebacks() == []
