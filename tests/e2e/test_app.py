"""The app in a real browser: what survives the PoE switch, what a lasso holds, what an address restores."""

import re
import urllib.parse

import numpy as np
import pytest

from analysis.reference.symlog import FALL_UNIT, to_scale
from analysis.selection import Selection
from analysis.selection.columns import FallColumn
from analysis.selection.marks import falls_from_to
from analysis.storage import load_run
from analysis.traces import load_traces
from app.control_table import CONTROLS
from app.page_table import EVERY_PAGE, PAGES
from tests.e2e import browser as harness
from tests.e2e import pictures, runs

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def opened(chromium, server):
    with harness.opened(chromium, f"{server.url}/?run=full") as opened:
        yield opened


def go(opened, server, path: str):
    """Open an address in the browser that is open already."""
    opened.complaints.clear()
    opened.page.goto(f"{server.url}{path}")
    harness.first_run(opened.page)
    return opened.page


def address(page) -> dict[str, str]:
    return dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(page.url).query, keep_blank_values=True))


def settled_text(page) -> str:
    """What the page says once it says the same twice: a page that rewrites its address runs again."""
    before, text = None, page.get_by_test_id("stMain").inner_text()
    while text != before:
        page.wait_for_timeout(300)
        harness.settle(page)
        before, text = text, page.get_by_test_id("stMain").inner_text()
    return text


def path_of(page) -> str:
    return urllib.parse.urlsplit(page.url).path.strip("/")


def switch_poe(page, watch: str) -> None:
    before = harness.drawn(page, watch)
    harness.switch_poe(page)
    harness.wait_redrawn(page, watch, before)
    harness.settle(page)


def zoom(page, name: str) -> list:
    """Drag a zoom box over the middle of a chart; returns the axes' ranges."""
    harness.plot(page, name, "gd.scrollIntoView({block: 'center', behavior: 'instant'})")
    box = page.locator(f'.xl-chart[data-name="{name}"] .nsewdrag').first.bounding_box()
    corner = [(box["x"] + f * box["width"], box["y"] + f * box["height"]) for f in (0.3, 0.7)]
    harness.drag(page, corner)
    page.wait_for_function(
        f"""() => document.querySelector('.xl-chart[data-name="{name}"] .xl-plot').layout.xaxis.autorange === false"""
    )
    return ranges(page, name)


def ranges(page, name: str) -> list:
    return harness.plot(page, name, "[gd._fullLayout.xaxis.range, gd._fullLayout.yaxis.range]")


def values(page, name: str) -> list:
    """What a chart draws, trace by trace: its values and how they stand out."""
    what = (
        "[t.y ? Array.from(t.y).join() : '', t.z ? t.z.join() : '', t.opacity, t.line?.width, t.line?.color].join('|')"
    )
    return harness.plot(page, name, f"gd._fullData.map((t) => {what})")


@pytest.mark.parametrize(("view", "chart"), [("", "exits"), ("samples", "trajectory"), ("monotonicity", "decrease")])
def test_zoom_sample_and_address_survive_the_poe_switch(opened, server, view, chart):
    page = go(opened, server, f"/{view}?run=full&predictor=pa&poe=0&sample=7")
    zoomed, curve = zoom(page, chart), values(page, chart)
    switch_poe(page, chart)
    assert ranges(page, chart) == pytest.approx(np.array(zoomed))
    assert values(page, chart) != curve
    assert (address(page)["poe"], address(page)["sample"]) == ("1", "7")
    switch_poe(page, chart)
    assert values(page, chart) == curve
    assert ranges(page, chart) == pytest.approx(np.array(zoomed))
    assert opened.complaints == []


def test_a_selection_survives_the_poe_switch(opened, server):
    page = go(
        opened, server, "/monotonicity?run=full&predictor=pa&poe=1&brush=over:true_class:absolute:baseline:0.1"
    )  # of an earlier version
    said = page.locator(".xl-selected").inner_text()
    assert re.match(r"\d+ of \d+ test samples", said)
    switch_poe(page, "scatter")
    assert page.locator(".xl-selected").inner_text() == said
    assert address(page)["brush"] == "baseline.fall_true_class > 0.1"


EXAMPLES = {
    "run": "imageless",
    "predictor": "moe",
    "sample": "9",
    "unit": "params",
    "set": "activation:relu",
    "true": "3",
    "guess": "5",
    "at": "2",
    "query": "fall > 0.01 or not correct",
    "sort": "confidence",
    "pin": "12",
    "exit": "2",
    "brush": "baseline.fall_true_class > 0.1",
    "colour": "confidence",
    "policy_set": "lambda:0.5",
    "sets_set": "alpha:0.1",
    "strip": "scatter",
}
"""A value other than the default for every text control: its values depend on the run."""


def example(name: str) -> str:
    row = CONTROLS[name]
    if row.kind in ("text", "name"):
        return EXAMPLES[name]
    if row.kind == "switch":
        return "0" if row.default else "1"
    if row.kind == "choice":
        return next(choice for choice in reversed(row.choices) if choice != row.default)
    if row.kind == "choices":
        return ",".join(row.choices[-2:]) if row.choices else "hard-poe,ca"
    if row.kind == "integer":
        return str(int(row.default) + 1)
    return "2000" if row.high is None else f"{row.high / 4:g}"  # a budget that is an exit's cost, as it snaps


@pytest.mark.parametrize("view", EVERY_PAGE)
def test_every_control_round_trips_through_the_address(chromium, server, view):
    left_out = ("run", "page", "per", "true", "guess")  # together they leave no sample: they are tested below
    left_out += ("fit", "fit_seed", "fitted_on")  # what can be fitted on hangs on the run and on each other
    left_out += ("presentation", "screen", "presenting")  # none is saved here: they are tested where some are
    left_out += ("corruption", "entries", "pair", "pin_run")  # of other runs: tested where these are
    left_out += ("of",) if view == "ablation" else ()  # has no class of its own
    names = [name for name, row in CONTROLS.items() if view in row.pages and name not in left_out]
    wanted = {"run": "full"} | {name: example(name) for name in names}
    query = urllib.parse.urlencode(wanted)
    with harness.opened(chromium, f"{server.url}/{view}?{query}") as first:
        assert "instead" not in " ".join(first.page.get_by_test_id("stAlert").all_inner_texts())  # nothing fell back
        assert address(first.page) == wanted
        text = settled_text(first.page)
        with harness.opened(chromium, first.page.url) as second:
            assert address(second.page) == wanted
            assert settled_text(second.page) == text
            assert second.complaints == []
        assert first.complaints == []


@pytest.mark.parametrize("wanted", [{"page": "3", "per": "24"}, {"true": "3"}, {"guess": "5"}])
def test_the_gallery_round_trips(opened, server, wanted):
    page = go(opened, server, "/samples?run=full&predictor=pa&poe=0&" + urllib.parse.urlencode(wanted))
    assert {name: address(page)[name] for name in wanted} == wanted
    assert page.locator(".xl-tile").count() > 0


def test_a_page_that_does_not_exist_is_the_overview(opened, server):
    page = go(opened, server, "/nowhere?run=full&predictor=ca&poe=1")
    assert path_of(page) == ""
    assert address(page)["predictor"] == "ca"
    assert opened.complaints == []


def test_the_run_switch_is_kept_in_the_address(opened, server):
    page = go(opened, server, "/?run=imageless&predictor=ca&poe=1")
    assert {k: address(page)[k] for k in ("run", "predictor", "poe")} == {
        "run": "imageless",
        "predictor": "ca",
        "poe": "1",
    }


KINDS = ("full", "unlabelled", "imageless", "probs", "one-exit", "damaged", "missing", runs.HOSTILE)


@pytest.mark.parametrize("kind", KINDS)
def test_no_run_makes_any_page_complain(opened, server, kind):
    page = go(opened, server, "/?" + urllib.parse.urlencode({"run": kind, "predictor": "pa", "poe": "1"}))
    for view in PAGES:
        if view.name != "overview":
            page.get_by_role("link", name=view.title, exact=True).click()
            page.wait_for_url(f"**/{view.name}?*")
            harness.settle(page)
        main = page.get_by_test_id("stMain").inner_text()
        assert main.strip(), view.name
        if kind == "damaged" and view.needs_run:
            assert "The run damaged cannot be opened" in main, view.name
            assert "copy the run again" in main, view.name
        assert address(page)["run"] == kind or kind in ("missing", runs.HOSTILE), view.name
        assert page.get_by_test_id("stException").count() == 0, view.name
        assert opened.complaints == [], view.name
        assert server.tracebacks() == [], view.name


@pytest.mark.parametrize("view", EVERY_PAGE)
def test_hostile_addresses_fall_back_with_a_note(opened, server, view):
    names = [name for name, row in CONTROLS.items() if view in row.pages and name != "run"]
    page = go(opened, server, f"/{view}?run=full&" + urllib.parse.urlencode(dict.fromkeys(names, "<b>nan</b>")))
    assert page.get_by_test_id("stException").count() == 0
    assert page.get_by_test_id("stAlert").count() >= 1
    assert opened.complaints == []
    assert server.tracebacks() == []


def test_an_empty_folder_says_what_to_do(chromium, tmp_path):
    with harness.serve(env={"EXITLENS_RUNS": str(tmp_path)}) as empty:
        for view in EVERY_PAGE:
            with harness.opened(chromium, f"{empty.url}/{view}") as opened:
                assert "There is no run in" in opened.page.get_by_test_id("stMain").inner_text()
                assert opened.complaints == []
        assert empty.tracebacks() == []


def test_arrow_keys_step_through_the_samples_in_their_order(opened, server):
    page = go(opened, server, "/samples?run=full&predictor=pa&poe=1&sort=id&order=up")
    page.wait_for_selector(".xl-tile")
    first = address(page)["sample"]
    for key, times in (("ArrowRight", 2), ("ArrowLeft", 1)):
        for _ in range(times):
            before = address(page)["sample"]
            page.keyboard.press(key)
            page.wait_for_function(f"() => new URL(location).searchParams.get('sample') !== {before!r}")
            harness.settle(page)
    order = [tile.get_attribute("data-position") for tile in page.locator(".xl-tile").all()][:2]
    assert (first, address(page)["sample"]) == tuple(order)


def test_arrow_keys_work_after_the_poe_switch_was_clicked(opened, server):
    page = go(opened, server, "/samples?run=full&predictor=pa&poe=0")
    switch_poe(page, "trajectory")
    before = address(page)["sample"]
    page.keyboard.press("ArrowRight")
    page.wait_for_function(f"() => new URL(location).searchParams.get('sample') !== {before!r}")


def test_a_picture_opens_its_sample(opened, server):
    page = go(opened, server, "/samples?run=full&predictor=pa&poe=0")
    tile = page.locator(".xl-tile").nth(5)
    position = tile.get_attribute("data-position")
    tile.click()
    page.wait_for_function(f"() => new URL(location).searchParams.get('sample') === {position!r}")


def test_a_matrix_cell_opens_its_samples(opened, server, folder):
    traces = load_traces(load_run(folder / "full"), "baseline")
    fall = traces.falls["true_class", "absolute"]
    counts = np.zeros((traces.n_exits, traces.n_exits), int)
    np.add.at(counts, (fall.from_exit[fall.size > 0.01], fall.to_exit[fall.size > 0.01]), 1)
    start, end = np.unravel_index(counts.argmax(), counts.shape)
    page = go(opened, server, "/monotonicity?run=full&predictor=pa&poe=0")
    page.mouse.click(*harness.pixel(page, "exit-pairs", int(end) + 1, int(start) + 1))
    page.wait_for_selector(".st-key-strip-histogram .xl-tile")
    harness.settle(page)
    fall = FallColumn("baseline", "true_class", "absolute")
    assert address(page)["brush"] == falls_from_to(fall, 0.01, int(start) + 1, int(end) + 1).text
    page.get_by_role("button", name=f"Open all {counts.max():,} on Samples").click()
    page.wait_for_url("**/samples?**")
    harness.settle(page)
    assert page.locator(".xl-selected").inner_text().startswith(f"{counts.max():,} of ")
    assert page.locator(".xl-gallery").first.locator(".xl-tile:not(.xl-faint)").count() == min(counts.max(), 48)


def test_a_box_that_begins_in_the_brushed_one_is_a_new_brush(opened, server):
    brush = "scatter:true_class:absolute:pa:box:0.5,0.5,3,3"
    page = go(opened, server, f"/monotonicity?run=full&predictor=pa&poe=1&brush={brush}")
    harness.plot(page, "scatter", "gd.scrollIntoView({block: 'center', behavior: 'instant'})")
    chart = page.locator('.xl-chart[data-name="scatter"]')
    chart.hover()
    chart.get_by_label("Select a box").click()
    harness.drag(page, [harness.pixel(page, "scatter", x, y) for x, y in ((1, 1), (2, 2))])
    page.wait_for_selector(".st-key-strip-decrease .xl-tile")
    harness.settle(page)
    region = Selection.parse(address(page)["brush"]).regions["drawn"]
    assert (*region.x, *region.y) == pytest.approx((1, 2, 1, 2), abs=0.05)


def test_the_budget_is_dragged(opened, server):
    page = go(opened, server, "/compute?run=full&predictor=pa&poe=1&budget=2500000")
    assert "exit 2" in page.get_by_test_id("stMain").inner_text()
    box = harness.plot(page, "compute", "gd._fullLayout.yaxis.range")
    middle = (box[0] + box[1]) / 2
    x = 2.5 if harness.plot(page, "compute", "gd._fullLayout.xaxis.range[1]") < 1e3 else 2.5e6
    harness.drag(page, [harness.pixel(page, "compute", k * x, middle) for k in (1, 1.5, 2.2)])
    page.wait_for_function("() => Number(new URL(location).searchParams.get('budget')) > 5e6")
    harness.settle(page)
    assert "exit 5" in page.get_by_test_id("stMain").inner_text()


def even_odd(x: np.ndarray, y: np.ndarray, xs: list[float], ys: list[float]) -> np.ndarray:
    """Which points lie in a polygon, by counting the edges to their right: our own, to check the app's."""
    inside = np.zeros(len(x), bool)
    for (x0, y0), (x1, y1) in zip(zip(xs, ys), zip(xs[1:] + xs[:1], ys[1:] + ys[:1])):
        crosses = (y0 > y) != (y1 > y)
        with np.errstate(divide="ignore", invalid="ignore"):
            inside ^= crosses & (x < (x1 - x0) * (y - y0) / (y1 - y0) + x0)
    return inside


def test_a_lasso_over_fifty_thousand_points_holds_all_samples_in_it(chromium, tmp_path_factory):
    folder = tmp_path_factory.mktemp("large")
    run = runs.synthetic(folder, classes=10)
    with (
        harness.serve(env={"EXITLENS_RUNS": str(folder)}) as large,
        harness.opened(chromium, f"{large.url}/monotonicity?run=synthetic&predictor=pa&poe=1") as opened,
    ):
        page = opened.page
        assert page.evaluate("[...exitlensPoints.values()].map((held) => held.table.numRows)") == [50_000]
        harness.plot(page, "scatter", "gd.scrollIntoView({block: 'center', behavior: 'instant'})")
        page.locator('.xl-chart[data-name="scatter"]').hover()
        page.locator('.xl-chart[data-name="scatter"]').get_by_label("Select with a lasso").click()
        box = page.locator('.xl-chart[data-name="scatter"] .nsewdrag').bounding_box()
        corners = [(0.1, 0.2), (0.9, 0.15), (0.8, 0.9), (0.5, 0.5), (0.2, 0.95)]
        harness.drag(page, [(box["x"] + a * box["width"], box["y"] + b * box["height"]) for a, b in corners])
        page.wait_for_selector(".st-key-strip-decrease .xl-tile")
        harness.settle(page)
        lasso = Selection.parse(address(page)["brush"]).regions["drawn"]
        before, after = (load_traces(run, key).falls["true_class", "absolute"].size for key in ("baseline", "pa"))
        expected = even_odd(to_scale(before, FALL_UNIT), to_scale(after, FALL_UNIT), list(lasso.x), list(lasso.y)).sum()
        assert expected > 1000
        assert f"{expected:,} samples" in page.locator(".st-key-strip-decrease").inner_text()
        page.goto(f"{large.url}/map?run=synthetic&predictor=pa&poe=1")
        harness.first_run(page)
        pictures.save(page, "map", "svg", folder / "map.svg")
        picture = (folder / "map.svg").read_text(encoding="utf-8")
        assert "5,000 of the 50,000 points" in picture
        assert 5000 <= picture.count('class="point"') < 5010
        assert opened.complaints == []
        assert large.tracebacks() == []


def test_a_picture_is_enlarged_by_a_click_and_made_small_by_a_key(opened, server):
    page = go(opened, server, "/samples?run=full&predictor=pa&poe=1")
    picture = page.locator(".xl-enlarge img")
    small = picture.bounding_box()["width"]
    picture.click()
    assert picture.bounding_box()["width"] > 2 * small
    page.keyboard.press("Enter")
    assert picture.bounding_box()["width"] == small
