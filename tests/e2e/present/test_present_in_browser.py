"""A talk in a real browser: composed from figures, shown by keys alone, there again after a restart."""

import pytest

from analysis.presentations import Presentations, Screen
from tests.e2e import browser as harness
from tests.e2e.runs import HOSTILE

pytestmark = pytest.mark.browser
ON = "run=full&predictor=pa&poe=1"


def add(page, chart: str, sentence: str, name: str = "") -> None:
    """By the chart's menu."""
    figure = page.locator(f'.xl-chart[data-name="{chart}"]')
    figure.get_by_label("Menu of this figure").click()
    figure.get_by_role("menuitem", name="Add to a presentation").click()
    box = page.get_by_role("dialog")
    if name:
        box.get_by_role("textbox", name="Its name").fill(name)
    box.get_by_role("textbox", name="Sentence above it").fill(sentence)
    box.get_by_role("button", name="Add", exact=True).click()
    box.wait_for(state="detached")
    harness.settle(page)


def number(page) -> str:
    return page.locator(".xl-show-number").inner_text()


def heading(page) -> str:
    return page.locator(".xl-screen.xl-on h2").inner_text()


def test_a_talk_is_composed_shown_by_keys_and_found_again_after_a_restart(chromium, folder, tmp_path):
    env = {"EXITLENS_RUNS": str(folder), "EXITLENS_STATE": str(tmp_path)}
    saved = Presentations(tmp_path / "presentations.sqlite")
    with (
        harness.serve(env=env) as first,
        harness.opened(chromium, f"{first.url}/monotonicity?{ON}", width=1280, height=720) as opened,
    ):
        page = opened.page
        add(page, "scatter", f"Falls {HOSTILE}", "group meeting")
        add(page, "decrease", "")
        page.get_by_role("link", name="Present").click()
        page.get_by_role("textbox", name="A screen with a sentence").fill("Thank you\nQuestions?")
        page.get_by_role("button", name="Add the sentence").click()
        page.get_by_text("3. Thank you").wait_for()
        assert opened.complaints == []
        assert first.tracebacks() == []
    for text in "abcde":
        saved.add("group meeting", Screen("sentence", text))
    with (
        harness.serve(env=env) as second,
        harness.opened(chromium, f"{second.url}/present?{ON}", width=1280, height=720) as opened,
    ):
        page = opened.page
        page.get_by_role("button", name="Present", exact=True).click()
        page.wait_for_selector(".xl-screen.xl-on .xl-chart[data-drawn]")
        assert (number(page), heading(page)) == ("1 / 8", f"Falls {HOSTILE}")
        # nothing but the screen is seen, from edge to edge, and its figure answers to the pointer
        corners = [[5, 5], [1275, 5], [5, 715], [640, 700]]
        script = "all => all.every(([x, y]) => document.elementFromPoint(x, y).closest('.xl-show'))"
        assert page.evaluate(script, corners)
        shown = page.locator(".xl-screen.xl-on")
        plot = shown.locator(".nsewdrag").bounding_box()
        assert shown.locator(".xl-points").bounding_box()["width"] == pytest.approx(plot["width"], abs=2)
        place = """chart => { const { xaxis, yaxis } = chart._fullLayout, box = chart.getBoundingClientRect();
            const [held] = [...self.exitlensPoints.values()], k = box.width / chart.offsetWidth;
            const [x, y] = ["x", "y"].map((name) => held.table.getChild(name).toArray()[7]);
            return [box.left + k * (xaxis._offset + xaxis.d2p(x)), box.top + k * (yaxis._offset + yaxis.d2p(y))]; }"""
        page.mouse.move(*shown.locator(".xl-plot").evaluate(place))
        assert shown.locator(".xl-tip").inner_text().startswith("sample ")
        for key, at in (
            ("PageDown", 2),
            ("ArrowRight", 3),
            ("PageUp", 2),
            (" ", 3),
            ("End", 8),
            ("ArrowRight", 8),
            ("Home", 1),
        ):
            page.keyboard.press(key)
            assert number(page) == f"{at} / 8", key
        page.keyboard.press("PageDown")
        page.wait_for_function(  # the next figure was drawn ahead: it is there at once
            "document.querySelector('.xl-screen.xl-on .xl-chart[data-drawn] .main-svg')", timeout=500
        )
        page.evaluate("[1, 2, 3, 4, 5].forEach(() => document.activeElement.dispatchEvent("
                      "new KeyboardEvent('keydown', {key: 'PageDown', bubbles: true})))")  # fmt: skip
        assert (number(page), heading(page)) == ("7 / 8", "d")
        for key in "pcr?":  # the page's own keys, and Streamlit's, are silent
            page.keyboard.press(key)
        page.keyboard.press("f")
        page.wait_for_function("document.fullscreenElement")
        page.keyboard.press("PageUp")
        assert heading(page) == "c"
        page.keyboard.press("f")
        page.wait_for_function("!document.fullscreenElement")
        page.reload()
        harness.first_run(page)
        page.wait_for_selector(".xl-screen.xl-on")
        assert number(page) == "6 / 8"
        page.keyboard.press("Escape")
        page.wait_for_selector(".xl-show", state="detached")
        harness.settle(page)
        assert "screen=6" in page.url
        assert "presenting" not in page.url
        assert harness.poe_is_on(page)
        page.get_by_text("3. Thank you").wait_for()
        assert opened.complaints == []
        assert second.tracebacks() == []
