"""Points on the canvas in a real browser: painted where they are, hovered, clicked, brushed, saved, in both themes."""

import urllib.parse
import xml.etree.ElementTree as ElementTree

import numpy as np
import pytest

from analysis.selection import SampleTable, Selection
from analysis.storage import load_run
from tests.e2e import browser as harness
from tests.e2e import pictures
from tests.e2e.test_app import even_odd

pytestmark = pytest.mark.browser

LIGHT, DARK = (255, 255, 255), (21, 23, 28)
PIXEL = """([x, y]) => { const canvas = gd.parentNode.querySelector('.xl-points'), box = canvas.getBoundingClientRect();
    const at = (value, from, size, pixels) => Math.round((value - from) * pixels / size);
    return Array.from(canvas.getContext('2d').getImageData(at(x, box.left, box.width, canvas.width),
        at(y, box.top, box.height, canvas.height), 1, 1).data).slice(0, 3); }"""


@pytest.fixture(scope="module")
def opened(chromium, server):
    with harness.opened(chromium, f"{server.url}/map?run=full&poe=1") as opened:
        yield opened


@pytest.fixture(scope="module")
def table(folder):
    return SampleTable(load_run(folder / "full"))


@pytest.fixture(scope="module")
def places(table):
    return table[["map_x", "map_y"]].to_numpy()


def apart(places: np.ndarray, count: int = 6) -> list[int]:
    """The samples that lie farthest from any other."""
    distance = np.linalg.norm(places[:, None] - places[None], axis=2) + 9 * np.eye(len(places))
    return np.argsort(-distance.min(axis=1))[:count].tolist()


def go(opened, server, **address):
    opened.complaints.clear()
    opened.page.goto(
        f"{server.url}/map?" + urllib.parse.urlencode({"run": "full", "predictor": "pa", "poe": "1"} | address)
    )
    harness.first_run(opened.page)
    return opened.page


def colour_at(page, place) -> tuple[int, ...]:
    spot = harness.pixel(page, "map", *(float(value) for value in place))
    return tuple(harness.plot(page, "map", f"({PIXEL})({list(spot)!r})"))


def tooltip(page, place) -> str:
    page.mouse.move(*harness.pixel(page, "map", *(float(value) for value in place)))
    page.wait_for_selector('.xl-chart[data-name="map"] .xl-tip:not([hidden])')
    return page.locator('.xl-chart[data-name="map"] .xl-tip').inner_text()


def tool(page, label: str) -> None:
    page.locator('.xl-chart[data-name="map"]').get_by_label(label, exact=True).click()


def brushed(page) -> Selection:
    page.wait_for_url("**brush=**")
    harness.settle(page)
    return Selection.parse(dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(page.url).query))["brush"])


def test_every_lonely_sample_is_painted_where_it_is_in_both_themes(opened, server, places):
    page = go(opened, server, colour="confidence")
    rows = apart(places)
    light = [colour_at(page, places[row]) for row in rows]
    assert LIGHT not in light
    assert colour_at(page, (places[:, 0].max(), places[:, 1].max())) == LIGHT
    before = harness.drawn(page, "map")
    page.emulate_media(color_scheme="dark")
    harness.wait_redrawn(page, "map", before)
    dark = [colour_at(page, places[row]) for row in rows]
    assert DARK not in dark
    assert colour_at(page, (places[:, 0].max(), places[:, 1].max())) == DARK
    assert all(one != other for one, other in zip(light, dark))
    page.emulate_media(color_scheme="light")
    assert opened.complaints == []


def test_other_colours_repaint_and_send_no_place_again(opened, server, places):
    page = go(opened, server, colour="confidence")
    rows = apart(places)
    before, count = [colour_at(page, places[row]) for row in rows], harness.drawn(page, "map")
    page.evaluate("() => { window.held = [...exitlensPoints.values()][0].table; }")
    page.get_by_role("combobox", name="Coloured by").click()
    page.get_by_role("combobox", name="Coloured by").fill("correct")
    page.get_by_role("option", name="correct", exact=True).click()
    harness.wait_redrawn(page, "map", count)
    assert page.evaluate("() => [...exitlensPoints.values()][0].table === window.held")
    assert [colour_at(page, places[row]) for row in rows] != before
    assert opened.complaints == []


def test_the_pointer_tells_a_sample_as_text(opened, server, table, places):
    page = go(opened, server, colour="label_name")
    for row in apart(places, 3):
        told = tooltip(page, places[row]).splitlines()
        assert told[0] == f"sample {table['id'][row]}"
        assert told[1] == f"label_name: {table['label_name'][row]}"
    hostile = np.flatnonzero(table["label"].to_numpy() == 0)
    distance = np.linalg.norm(places[hostile][:, None] - places[None], axis=2)
    row = hostile[np.sort(distance, axis=1)[:, 1].argmax()]
    assert "<img src=x" in tooltip(page, places[row])
    assert page.locator(".xl-tip img, .xl-tip b").count() == 0
    page.mouse.move(5, 5)
    page.wait_for_selector(".xl-tip[hidden]", state="attached")
    assert opened.complaints == []


@pytest.mark.parametrize("zoomed", [False, True])
def test_a_click_opens_the_sample_that_is_there_zoomed_or_not(opened, server, table, places, zoomed):
    page = go(opened, server, colour="fall")
    row = apart(places)[2]
    x, y = places[row]
    if zoomed:
        tool(page, "Zoom by dragging")
        corners = [(x - 0.12, y - 0.1), (x + 0.15, y + 0.11)]
        harness.drag(page, [harness.pixel(page, "map", *map(float, corner)) for corner in corners])
        page.wait_for_function(
            "() => document.querySelector('[data-name=map] .xl-plot').layout.xaxis.autorange === false"
        )
        low, high = harness.plot(page, "map", "gd._fullLayout.xaxis.range")
        assert high - low < 1
        assert colour_at(page, (x, y)) != LIGHT
    page.mouse.click(*harness.pixel(page, "map", float(x), float(y)))
    page.wait_for_url("**/samples?**")
    harness.settle(page)
    assert f"sample={table['id'][row]}&" in page.url + "&"
    assert opened.complaints == []


def test_a_lasso_gives_exactly_the_server_s_set_and_the_rest_is_dimmed(opened, server, places):
    page = go(opened, server, colour="correct")
    tool(page, "Select with a lasso")
    low, high = places.min(axis=0), places.max(axis=0)
    shape = [(0.02, 0.1), (0.5, 0.02), (0.6, 0.5), (0.35, 0.4), (0.3, 0.95), (0.03, 0.8)]
    corners = [low + np.array(one) * (high - low) for one in shape]
    harness.drag(page, [harness.pixel(page, "map", *map(float, corner)) for corner in corners])
    lasso = brushed(page).regions["drawn"]
    expected = even_odd(*places.T, list(lasso.x), list(lasso.y))
    assert 20 < expected.sum() < len(places) - 20
    assert f"{expected.sum():,} samples" in page.get_by_test_id("stMain").inner_text()
    page = go(opened, server, colour="correct", brush=brushed(page).text)
    lonely = np.array(apart(places, 60))
    inside, outside = (lonely[expected[lonely] == kept] for kept in (True, False))
    dimmed = {colour_at(page, places[row]) for row in outside}
    assert all(max(colour) - min(colour) < 12 for colour in dimmed)  # grey
    assert all(max(colour) - min(colour) > 40 for colour in {colour_at(page, places[row]) for row in inside})
    assert harness.plot(page, "map", "gd.layout.selections.length") == 1
    assert opened.complaints == []


def test_a_box_drawn_where_it_is_zoomed_in_keeps_its_corners(opened, server, places):
    page = go(opened, server)
    row = apart(places)[1]
    for size in (0.2, 0.02, 0.002):
        tool(page, "Zoom by dragging")
        corners = [places[row] - size, places[row] + size]
        harness.drag(page, [harness.pixel(page, "map", *map(float, corner)) for corner in corners])
        page.wait_for_timeout(400)
    tool(page, "Select a box")
    corners = [places[row] - 0.001, places[row] + 0.001]
    harness.drag(page, [harness.pixel(page, "map", *map(float, corner)) for corner in corners])
    box = brushed(page).regions["drawn"]
    assert [*box.x, *box.y] == pytest.approx([v for i in (0, 1) for v in (corners[0][i], corners[1][i])], abs=2e-5)
    assert "1 sample" in page.get_by_test_id("stMain").inner_text()


def test_a_double_click_clears_the_selection_and_opens_nothing(opened, server, places):
    page = go(opened, server, brush="in drawn; drawn = box(map_x, map_y, -9,-9, 9,9)")
    tool(page, "Select a box")
    page.mouse.dblclick(*harness.pixel(page, "map", *map(float, places[apart(places)[0]])))
    page.wait_for_function("() => /run=/.test(location.search) && !/brush=/.test(location.search)")
    page.wait_for_timeout(700)  # as long as a click may wait for a second one, and its page
    harness.settle(page)
    assert "/map" in page.url


@pytest.mark.parametrize("ending", ["svg", "png"])
def test_a_picture_holds_the_points_and_their_colours(opened, server, places, tmp_path, ending):
    page = go(opened, server, colour="correct")
    pictures.save(page, "map", ending, tmp_path / f"file.{ending}")
    if ending == "svg":
        root = ElementTree.fromstring((tmp_path / "file.svg").read_text(encoding="utf-8"))
        marks = [one for one in root.iter() if one.get("class") == "point"]
        assert len(marks) == len(places)
        assert "This picture holds" not in (tmp_path / "file.svg").read_text(encoding="utf-8")
    else:
        from PIL import Image

        colours = Image.open(tmp_path / "file.png").convert("RGB").getcolors(1 << 24)
        blue = [count for count, (r, g, b) in colours if abs(b - 178) < 30 and r < 60 and abs(g - 114) < 40]
        assert sum(blue) > 1000
    assert opened.complaints == []
