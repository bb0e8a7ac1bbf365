"""What only a browser shows of stopping rules: a bar opens as many samples as it counts, a curve's point its rule."""

import pytest

from tests.e2e import browser as harness

pytestmark = pytest.mark.browser


@pytest.fixture
def served(server):
    yield server
    assert server.tracebacks() == []


def tallest(page, trace: int) -> list:
    """The highest bar of a trace: its exit, the middle of it, and how many samples it counts."""
    return harness.plot(
        page,
        "stops",
        f"""(() => {{
            const bars = gd.calcdata[{trace}], best = bars.reduce((a, b) => (b.s > a.s ? b : a));
            return [best.p, best.b + best.s / 2, gd._fullData[{trace}].customdata[best.i][2]];
        }})()""",
    )


@pytest.mark.parametrize(
    ("policy", "trace", "said"), [("confidence", 0, "right here"), ("interruption", 1, "right at a deeper exit")]
)
def test_a_bar_shows_as_many_samples_as_it_counts(chromium, served, policy, trace, said):
    address = f"{served.url}/compute?run=full&predictor=pa&poe=1&below=rule&budget=2500000&policy={policy}"
    with harness.opened(chromium, address) as opened:
        page = opened.page
        assert harness.plot(page, "stops", f"gd._fullData[{trace}].name") == said
        exit_, height, count = tallest(page, trace)
        assert count > 0
        page.mouse.click(*harness.pixel(page, "stops", exit_, height))
        page.wait_for_url("**/compute?**brush=**")
        harness.settle(page)
        strip = page.locator(".st-key-strip-stops")
        strip.get_by_role("button", name=f"Open all {count} on Samples").click()
        page.wait_for_url("**/samples?**brush=**")
        harness.settle(page)
        page.get_by_text(f"{count} of 300", exact=False).first.wait_for()
        assert opened.complaints == []


def test_a_point_of_a_curve_shows_its_rule(chromium, served):
    with harness.opened(chromium, f"{served.url}/compute?run=full&predictor=pa&poe=1&rules=budgeted") as opened:
        page = opened.page
        x, y, p = harness.plot(
            page,
            "compute",
            """(() => {
                const { x, y, customdata } = gd._fullData.find((one) => one.name === "PA, budgeted batch");
                const place = Math.floor(x.length / 3);
                return [x[place], y[place], customdata[place][1]];
            })()""",
        )
        page.mouse.click(*harness.pixel(page, "compute", x, y))
        page.wait_for_function("() => location.search.includes('policy=budgeted')")
        harness.settle(page)
        assert "below=rule" in page.url
        assert page.locator('.xl-chart[data-name="stops"]').is_visible()
        typed = page.get_by_role("textbox", name="Point of the curve, p").input_value()
        assert float(typed) == pytest.approx(float(p), abs=0.11)  # a neighbour may lie under the pointer
        assert f"policy_set=p:{typed}" in page.url.replace("%3A", ":")
        assert opened.complaints == []


def test_the_budget_is_typed_with_its_prefix_and_snaps_on_demand(chromium, served):
    with harness.opened(chromium, f"{served.url}/compute?run=full&predictor=pa&poe=1") as opened:
        page = opened.page
        box = page.get_by_role("textbox", name="Budget per sample, MACs")
        box.fill("3.4M")
        box.press("Enter")
        page.wait_for_function("() => location.search.includes('budget=3400000')")
        harness.settle(page)
        drawn = harness.drawn(page, "compute")
        page.get_by_text("Snap to exits", exact=True).click()
        page.wait_for_function("() => location.search.includes('budget=3000000')")
        harness.wait_redrawn(page, "compute", drawn)
        harness.settle(page)
        y = harness.plot(page, "compute", "gd.layout.yaxis.range[0] * 0.8 + gd.layout.yaxis.range[1] * 0.2")
        harness.drag(page, [harness.pixel(page, "compute", 3e6, y), harness.pixel(page, "compute", 5.3e6, y)])
        page.wait_for_function("() => location.search.includes('budget=5000000')")
        assert opened.complaints == []


def test_the_rule_is_saved_as_a_file(chromium, served, tmp_path):
    from analysis.policies import read_rule

    address = f"{served.url}/compute?run=full&predictor=pa&poe=1&below=rule&policy=budgeted"
    with harness.opened(chromium, address) as opened:
        with opened.page.expect_download() as saved:
            opened.page.get_by_role("button", name="Save the rule").click()
        saved.value.save_as(tmp_path / "rule.json")
        rule = read_rule(tmp_path / "rule.json")
        assert (saved.value.suggested_filename, rule.policy, rule.predictor, rule.run) == (
            "rule-budgeted-pa.json", "budgeted", "pa", "full")  # fmt: skip
        assert rule.fitted_on["samples"] == 100
        assert opened.complaints == []
