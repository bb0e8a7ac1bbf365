"""The chart component in a real browser: what it keeps, what it reports, how it looks, what it leaves alone."""

import html
import itertools
import json

import pytest

from tests.e2e import browser as harness
from tests.e2e import pictures

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def server():
    with harness.serve("tests/e2e/chart/main.py") as running:
        yield running


@pytest.fixture(scope="module")
def opened(chromium, server):
    with harness.opened(chromium, server.url) as opened:
        yield opened


@pytest.fixture
def page(opened, server):
    """A page as it is on opening: a reload starts a new session, and is much faster than a new browser profile."""
    page = opened.page
    page.set_viewport_size({"width": 1400, "height": 1000})
    page.emulate_media(color_scheme="light")
    page.reload()
    harness.first_run(page)
    yield page
    assert opened.complaints == []
    assert server.tracebacks() == []


def events(page) -> list:
    """What Python has heard so far."""
    harness.settle(page)
    return json.loads(page.locator("#events").inner_text())


def wait_for_events(page, count: int) -> list:
    page.wait_for_function(f"() => JSON.parse(document.querySelector('#events').innerText).length >= {count}")
    return events(page)


def ranges(page, name: str) -> list:
    return harness.plot(page, name, "[gd.layout.xaxis.range, gd.layout.yaxis.range]")


def switch(page, label: str, watch: str) -> None:
    """Click a toggle and wait until the watched chart was drawn again."""
    before = harness.drawn(page, watch)
    page.get_by_text(label, exact=True).click()
    harness.wait_redrawn(page, watch, before)
    harness.settle(page)


def tool(page, name: str, label: str) -> None:
    page.locator(f'.xl-chart[data-name="{name}"] [aria-label="{label}"]').click()


def test_zoom_is_kept_when_the_data_change_and_when_the_page_moves(page):
    harness.drag(page, [harness.pixel(page, "curve", 2, 0.6), harness.pixel(page, "curve", 5, 0.75)])
    zoomed = ranges(page, "curve")
    assert zoomed[0] == pytest.approx([2, 5], abs=0.05)
    before = harness.plot(page, "curve", "Array.from(gd._fullData[1].y)")
    switch(page, "PoE", "curve")
    assert harness.plot(page, "curve", "Array.from(gd._fullData[1].y)") != before
    assert ranges(page, "curve") == zoomed
    page.get_by_text("Shift", exact=True).click()
    page.get_by_text("something above").wait_for()
    harness.settle(page)
    assert ranges(page, "curve") == zoomed
    switch(page, "PoE", "curve")
    tool(page, "curve", "Reset zoom")
    page.wait_for_function("() => document.querySelector('[data-name=curve] [aria-label=\"Reset zoom\"]').hidden")
    page.wait_for_timeout(200)
    assert ranges(page, "curve")[0][0] < 1


def test_a_double_click_resets_the_zoom_without_a_rerun(page):
    harness.drag(page, [harness.pixel(page, "curve", 2, 0.6), harness.pixel(page, "curve", 5, 0.75)])
    page.mouse.dblclick(*harness.pixel(page, "curve", 3, 0.62))
    page.wait_for_function("() => document.querySelector('[data-name=curve] [aria-label=\"Reset zoom\"]').hidden")
    page.wait_for_timeout(200)
    assert ranges(page, "curve")[0][0] < 1


def test_what_the_axes_show_has_a_zoom_of_its_own(page):
    harness.drag(page, [harness.pixel(page, "curve", 2, 0.6), harness.pixel(page, "curve", 5, 0.75)])
    zoomed = ranges(page, "curve")
    switch(page, "Cost", "curve")
    assert ranges(page, "curve")[0][1] > 500
    switch(page, "Cost", "curve")
    assert ranges(page, "curve") == zoomed


@pytest.mark.parametrize(
    ("name", "where", "expected"),
    [
        ("cells", (3, 2), {"x": "e3", "y": "f2", "row": 2, "column": 3}),
        ("curve", (3, None), {"curve": "<pa>", "number": 1, "customdata": "id-2", "points": [2]}),
    ],
)
def test_clicks_say_what_was_clicked(page, name, where, expected):
    y = where[1] if where[1] is not None else harness.plot(page, "curve", "gd._fullData[1].y[2]")
    spot = harness.pixel(page, name, where[0], y)
    page.mouse.move(*spot)
    page.wait_for_timeout(150)
    page.mouse.click(*spot)
    kind, value = wait_for_events(page, 1)[-1]
    assert kind == "click"
    assert {key: value[key] for key in expected} == expected


def test_a_chart_in_a_hidden_tab_is_drawn_when_it_is_seen_and_reports_its_bars(page):
    assert harness.drawn(page, "bars") == 0
    page.get_by_role("tab", name="two").click()
    harness.wait_redrawn(page, "bars", 0)
    spot = harness.pixel(page, "bars", 1, 1)
    page.mouse.move(*spot)
    page.wait_for_timeout(150)
    page.mouse.click(*spot)
    kind, value = wait_for_events(page, 1)[-1]
    assert (kind, value["x"], value["points"]) == ("click", "b", [1])


def test_a_box_is_sent_with_five_digits_and_drawn_as_python_says(page):
    tool(page, "cloud", "Select a box")
    harness.drag(page, [harness.pixel(page, "cloud", 0.5, 0.1), harness.pixel(page, "cloud", 0.2, 0.3)])
    kind, region = wait_for_events(page, 1)[-1]
    assert (kind, region["kind"]) == ("select", "box")
    assert region["x"] == pytest.approx([0.2, 0.5], abs=0.01)
    assert region["y"] == pytest.approx([0.1, 0.3], abs=0.01)
    assert all(len(f"{abs(v):.12g}".replace(".", "").lstrip("0")) <= 5 for v in region["x"] + region["y"])
    switch(page, "PoE", "cloud")
    (shown,) = harness.plot(page, "cloud", "gd.layout.selections")
    assert [shown["x0"], shown["x1"], shown["y0"], shown["y1"]] == region["x"] + region["y"]
    assert events(page)[-1] == [kind, region]


def test_a_lasso_is_sent_drawn_and_cleared(page):
    tool(page, "cloud", "Select with a lasso")
    corners = ((0.2, 0.5), (0.5, 0.9), (0.8, 0.5), (0.5, 0.4), (0.2, 0.5))
    harness.drag(page, [harness.pixel(page, "cloud", *corner) for corner in corners])
    _, region = wait_for_events(page, 1)[-1]
    assert region["kind"] == "lasso"
    assert len(region["x"]) == len(region["y"]) <= 100
    selected = harness.plot(page, "cloud", "gd._fullData[0].selectedpoints.length")
    assert 300 < selected < 5000
    page.mouse.dblclick(*harness.pixel(page, "cloud", 0.9, 0.05))
    assert wait_for_events(page, 2)[-1] == ["select", None]
    assert not harness.plot(page, "cloud", "(gd.layout.selections ?? []).length")


def test_the_budget_is_dragged_and_stays_upright(page):
    top, bottom = harness.pixel(page, "curve", 4, 0.62), harness.pixel(page, "curve", 5.5, 0.6)
    harness.drag(page, [top, bottom])
    kind, place = wait_for_events(page, 1)[-1]
    assert kind == "drag"
    assert place == pytest.approx(5.5, abs=0.05)
    (line,) = harness.plot(page, "curve", "gd.layout.shapes")
    assert (line["x0"], line["x1"], line["y0"], line["y1"]) == (place, place, 0, 1)


def test_only_the_budget_can_be_dragged(page):
    before = ranges(page, "cells")
    harness.drag(page, [harness.pixel(page, "cells", 2, 2), harness.pixel(page, "cells", 2, 2)])
    assert ranges(page, "cells") == before
    assert not harness.plot(page, "cells", "(gd.layout.shapes ?? []).length")


@pytest.mark.parametrize("ending", ["svg", "png", "csv"])
def test_the_menu_saves_picture_and_data(page, tmp_path, ending):
    if ending == "csv":
        tool(page, "curve", "Menu of this figure")
        with page.expect_download() as saved:
            page.locator('[data-name="curve"] [role=menuitem]', has_text="Data, CSV").click()
        name = saved.value.suggested_filename
        saved.value.save_as(tmp_path / "file")
    else:
        name = pictures.save(page, "curve", ending, tmp_path / "file")
    assert name == f"exitlens-curve.{ending}"
    content = (tmp_path / "file").read_bytes()
    if ending == "svg":
        text = html.unescape(content.decode())
        assert text.startswith("<svg")
        assert "Accuracy rises by <b>4</b> points & more" in text
    elif ending == "png":
        assert content.startswith(b"\x89PNG")
    else:
        rows = content.decode("utf-8-sig").splitlines()
        assert rows[0] == "exit,accuracy"
        assert len(rows) == 1 + 7


def test_a_long_title_is_wholly_in_the_saved_picture(page, tmp_path):
    pictures.save(page, "cloud", "svg", tmp_path / "file.svg")
    other = page.context.new_page()
    other.goto((tmp_path / "file.svg").as_uri())
    lines = "Array.from(document.querySelectorAll('.head'), (one) => one.getBBox())"
    boxes = other.evaluate(f"{lines}.map(({{ x, y, width, height }}) => [x, y, x + width, y + height])")
    wide = other.evaluate("document.documentElement.viewBox.baseVal.width")
    other.close()
    assert len(boxes) >= 3  # the title takes lines, and so does the subtitle
    assert all(x >= 0 and y >= 0 and right <= wide for x, y, right, _ in boxes)
    assert all(below[1] > above[1] for above, below in itertools.pairwise(boxes))


def test_the_menu_is_worked_with_the_keyboard(page):
    button = page.locator('[data-name="curve"] [aria-label="Menu of this figure"]')
    button.focus()
    page.keyboard.press("Enter")
    page.keyboard.press("ArrowDown")
    assert page.evaluate("document.activeElement.textContent") == "Data, CSV"
    page.keyboard.press("Escape")
    assert button.get_attribute("aria-expanded") == "false"
    assert page.evaluate("document.activeElement.ariaLabel") == "Menu of this figure"
    page.keyboard.press("Enter")
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.name") == "size"
    page.keyboard.press("Escape")
    assert page.evaluate("document.activeElement.ariaLabel") == "Menu of this figure"


def test_names_stay_text_and_the_figure_has_an_accessible_name(page):
    figure = page.get_by_role("figure", name="Accuracy rises by <b>4</b> points & more. 10,000 samples")
    assert figure.count() == 1
    assert figure.locator(".xl-title b").count() == 0
    assert "<pa>" in page.locator('[data-name="curve"] .annotation').all_text_contents()


def test_the_theme_changes_live_without_losing_the_zoom(page):
    harness.drag(page, [harness.pixel(page, "curve", 2, 0.6), harness.pixel(page, "curve", 5, 0.75)])
    zoomed, before = ranges(page, "curve"), harness.drawn(page, "curve")
    light = harness.plot(page, "curve", "[gd._fullLayout.font.color, gd._fullData[1].line.color]")
    page.emulate_media(color_scheme="dark")
    harness.wait_redrawn(page, "curve", before)
    dark = harness.plot(page, "curve", "[gd._fullLayout.font.color, gd._fullData[1].line.color]")
    assert light[0].lower() == "#1b1b1f"
    assert dark[0].lower() == "#ececef"
    assert light[1] != dark[1]
    assert ranges(page, "curve") == zoomed


def test_a_chart_follows_the_width_of_its_column(page):
    wide = harness.plot(page, "curve", "gd._fullLayout.width")
    page.set_viewport_size({"width": 800, "height": 900})
    page.wait_for_function(
        "(wide) => document.querySelector('[data-name=curve] .xl-plot')._fullLayout.width < wide - 200", arg=wide
    )
    assert events(page) == []


SIZES = """performance.getEntriesByType("resource").filter((entry) => entry.name.includes("/lab/exits/assets/plotly-"))
    .map((entry) => entry.transferSize)"""


def test_a_finger_moves_the_page_until_it_takes_a_tool(chromium, server):
    context = chromium.new_context(viewport={"width": 820, "height": 600}, has_touch=True, is_mobile=True)
    try:
        page = context.new_page()
        page.goto(server.url)
        harness.first_run(page)
        touched = context.new_cdp_session(page)

        def drag(*path):
            sent = [{"x": x, "y": y} for x, y in path]
            touched.send("Input.dispatchTouchEvent", {"type": "touchStart", "touchPoints": sent[:1]})
            for one in sent[1:]:
                touched.send("Input.dispatchTouchEvent", {"type": "touchMove", "touchPoints": [one]})
                page.wait_for_timeout(20)
            touched.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})

        page.locator('.xl-chart[data-name="cloud"]').scroll_into_view_if_needed()
        before = ranges(page, "cloud")
        scrolled = "document.querySelector('[data-testid=stMain]').scrollTop"
        top, (x, y) = page.evaluate(scrolled), harness.pixel(page, "cloud", 0.5, 0.5)
        drag(*((x, y - 10 * step) for step in range(12)))
        page.wait_for_function(f"{scrolled} !== {top}")
        assert ranges(page, "cloud") == before
        lasso = page.locator('.xl-chart[data-name="cloud"] [aria-label="Select with a lasso"]')
        lasso.tap()
        assert lasso.get_attribute("aria-pressed") == "true"
        corners = ((0.2, 0.5), (0.5, 0.9), (0.8, 0.5), (0.5, 0.4), (0.2, 0.5))
        drag(*(harness.pixel(page, "cloud", *corner) for corner in corners))
        assert wait_for_events(page, 1)[-1][1]["kind"] == "lasso"
        lasso.tap()
        assert lasso.get_attribute("aria-pressed") == "false"
    finally:
        context.close()


def test_below_a_base_path_plotly_is_found_and_kept(chromium):
    script = "tests/e2e/chart/main.py"
    with harness.serve(script, base_path="lab/exits") as server, harness.opened(chromium, server.url) as opened:
        assert harness.drawn(opened.page, "curve") == 1
        opened.page.reload()
        harness.first_run(opened.page)
        assert set(opened.page.evaluate(SIZES)) == {0}  # from the browser's own cache
        assert opened.complaints == []


def test_without_the_route_the_chart_says_what_to_do(chromium):
    with harness.serve("tests/e2e/chart/script.py") as server, harness.opened(chromium, server.url) as opened:
        assert "streamlit run app/main.py" in opened.page.locator(".xl-fault").first.inner_text()
