"""The report in a real browser, from the disk, without a network: its figures, its switch, hover and print."""

from __future__ import annotations

import pytest

from analysis.cli import main
from tests.e2e import browser as harness
from tests.e2e import runs

pytestmark = pytest.mark.browser
PLOT = "document.querySelector('[data-figure=\"1-{}\"]')"
DRAWN = "() => [...document.querySelectorAll('[data-figure]')].every((one) => one.dataset.drawn === '{}')"


@pytest.fixture
def file(folder, tmp_path):
    """The report of a run whose texts are markup."""
    out = tmp_path / "report.html"
    assert main(["report", str(folder / "full"), "--out", str(out)]) == 0
    return out


def on_plot(page, name: str, x: float, y: float, *, as_value: bool = False) -> tuple[float, float]:
    """A place on the screen: x in axis units, y in pixels from the top of the axes, or a value too."""
    up = f"yaxis.d2p({y})" if as_value else y
    script = f"""() => {{ const gd = {PLOT.format(name)}, box = gd.getBoundingClientRect();
        const {{ xaxis, yaxis }} = gd._fullLayout;
        return [box.left + xaxis._offset + xaxis.d2p({x}), box.top + yaxis._offset + {up}]; }}"""
    return tuple(page.evaluate(script))


def test_it_opens_offline_switches_tells_and_prints(chromium, file):
    context = chromium.new_context(viewport={"width": 1280, "height": 720}, offline=True, color_scheme="dark")
    page, complaints, asked = context.new_page(), [], []
    page.on("console", lambda message: complaints.append(message.text))
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("request", lambda request: asked.append(request.url))
    try:
        page.goto(file.as_uri())
        page.wait_for_function(DRAWN.format("on"))
        assert page.locator("h2").first.inner_text() == runs.HOSTILE
        assert page.evaluate("document.documentElement.scrollWidth") == 1280

        heading = page.locator("figure:has([data-figure='1-exit-pairs']) h4")
        before = heading.inner_text()
        assert before.startswith("Under PA, ")
        page.locator("[data-figure='1-exits']").scroll_into_view_if_needed()
        harness.drag(page, [on_plot(page, "exits", 2, 40), on_plot(page, "exits", 4, 80)])
        zoomed = page.evaluate(f"{PLOT.format('exits')}.layout.xaxis.range")
        assert zoomed == pytest.approx([2, 4], abs=0.1)
        page.keyboard.press("p")
        page.wait_for_function(DRAWN.format("off"))
        assert heading.inner_text().startswith("Under the baseline, ")
        assert page.get_by_text("Shown: the baseline").is_visible()
        assert page.evaluate(f"{PLOT.format('exits')}.layout.xaxis.range") == zoomed
        assert page.evaluate(f"{PLOT.format('exit-pairs')}.getAttribute('aria-label')").startswith("Under the baseline")
        page.locator("#poe").click()
        page.wait_for_function(DRAWN.format("on"))
        assert heading.inner_text() == before

        plot = page.locator("[data-figure='1-trajectories']")
        plot.scroll_into_view_if_needed()
        at, height = page.evaluate(
            f"(({{ x, y }}) => [x[0], y[0]])({PLOT.format('trajectories')}._fullData.find((one) => one.customdata))"
        )
        place = on_plot(page, "trajectories", at, height, as_value=True)
        page.mouse.move(*place)
        page.wait_for_selector(".hoverlayer .hovertext")
        assert page.locator(".hoverlayer").first.text_content().startswith("sample ")
        page.mouse.click(*place)
        assert page.evaluate("document.activeElement.dataset.sample") is not None
        assert page.evaluate("document.activeElement.querySelector('img').naturalWidth") > 0

        page.emulate_media(media="print")
        page.evaluate("dispatchEvent(new Event('beforeprint'))")
        assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
        assert page.evaluate(f"{PLOT.format('exits')}.layout.width") == 660
        assert not page.locator(".bar label").is_visible()
        assert len(page.pdf()) > 100_000
    finally:
        context.close()
    assert complaints == []
    assert [url for url in asked if not url.startswith(("file:", "data:"))] == []
