"""The day of looking in a real browser: what is found is kept, shared and found again; keys alone; names stay text."""

import csv
import json
import re
import urllib.parse

import numpy as np
import pytest

from analysis.selection import Slice, Slices
from analysis.selection.slices import LONGEST_NAME
from analysis.storage import load_run
from analysis.traces import load_traces
from tests.e2e import browser as harness
from tests.e2e.runs import HOSTILE

pytestmark = pytest.mark.browser


@pytest.fixture
def opened(chromium, server):
    with harness.opened(chromium, f"{server.url}/samples?run=full&predictor=pa&poe=1") as opened:
        yield opened
        assert opened.complaints == []
        assert server.tracebacks() == []


def address(page) -> dict[str, str]:
    return dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(page.url).query, keep_blank_values=True))


def line(page) -> str:
    """What the selection's line says."""
    return page.locator(".xl-selected").inner_text()


def wait_address(page, expression: str) -> None:
    """Until the address, `a`, is as an expression of JavaScript says."""
    page.wait_for_function(f"() => {{ const a = new URL(location).searchParams; return {expression}; }}")
    harness.settle(page)


def go(page, server, path: str) -> None:
    page.goto(f"{server.url}{path}")
    harness.first_run(page)


def box_over(page, ends: tuple[float, float] = (0.2, 0.8)) -> None:
    """Draw a box in the scatter."""
    chart = page.locator('.xl-chart[data-name="scatter"]')
    harness.plot(page, "scatter", "gd.scrollIntoView({block: 'center', behavior: 'instant'})")
    chart.hover()
    chart.get_by_label("Select a box").click()
    box = chart.locator(".nsewdrag").bounding_box()
    harness.drag(page, [(box["x"] + f * box["width"], box["y"] + (1.05 - f) * box["height"]) for f in ends])


def test_the_ten_worst_falls_are_saved_and_found_again_after_a_restart(chromium, folder, tmp_path):
    env = {"EXITLENS_RUNS": str(folder), "EXITLENS_STATE": str(tmp_path)}
    fall = load_traces(load_run(folder / "full"), "baseline", split="test").falls["true_class", "absolute"].size
    worst = {str(row) for row in np.argsort(-fall, kind="stable")[:10]}
    with (
        harness.serve(env=env) as first,
        harness.opened(chromium, f"{first.url}/samples?run=full&predictor=pa&poe=1") as opened,
    ):
        page = opened.page
        page.get_by_role("button", name=re.compile("^Worst falls")).click()
        wait_address(page, "a.get('sort') === 'baseline_fall'")
        page.keyboard.press("f")
        page.get_by_label("Save as").fill("ten worst")
        page.get_by_role("spinbutton", name="How many of").fill("10")
        page.get_by_label("Note").fill("they fall most under the baseline")
        page.get_by_role("button", name="Save", exact=True).click()
        wait_address(page, "a.get('brush')?.includes('ten worst')")
        assert line(page).startswith("Slice “ten worst”: 10 of 300 test samples")
        assert opened.complaints == []
    assert set(Slices(tmp_path / "slices.sqlite")["ten worst"].ids) == worst
    with harness.serve(env=env) as second, harness.opened(chromium, f"{second.url}/monotonicity?run=full") as opened:
        page = opened.page
        page.get_by_role("button", name="Slices").click()
        page.get_by_text("they fall most under the baseline").wait_for()
        page.get_by_role("button", name="Show", exact=True).click()
        wait_address(page, "a.get('brush')?.includes('ten worst')")
        assert line(page).startswith("Slice “ten worst”: 10 of 300 test samples")
        assert opened.complaints == []


def test_a_brush_its_strip_and_the_switch_are_the_same_in_another_browser(chromium, opened, server):
    page = opened.page
    go(page, server, "/monotonicity?run=full&predictor=pa&poe=0")
    box_over(page)
    page.wait_for_selector(".st-key-strip-decrease .xl-tile")
    harness.settle(page)
    before = harness.drawn(page, "decrease")
    harness.switch_poe(page)
    harness.wait_redrawn(page, "decrease", before)
    page.locator(".st-key-selection-line").get_by_text("Only these").click()
    wait_address(page, "a.get('only') === '1'")
    assert (address(page)["poe"], address(page)["strip"]) == ("1", "scatter")

    def seen(page) -> list:
        tiles = page.locator(".st-key-strip-decrease .xl-tile").evaluate_all("all => all.map((t) => t.ariaLabel)")
        return [line(page), tiles, page.locator('.xl-chart[data-name="decrease"] .xl-title').inner_text()]

    page.get_by_role("button", name="Copy address").click()
    page.get_by_text("Copied", exact=True).wait_for()
    copied = page.evaluate("navigator.clipboard.readText()")
    assert "numbers are over these alone" in line(page)
    with harness.opened(chromium, copied) as other:
        assert seen(other.page) == seen(page)
        assert other.complaints == []


def test_a_question_leads_to_its_samples_and_to_a_csv(opened, folder, tmp_path):
    page = opened.page
    traces = {key: load_traces(load_run(folder / "full"), key, split="test") for key in ("baseline", "pa")}
    broken = np.flatnonzero(traces["baseline"].correct[-1] & ~traces["pa"].correct[-1])
    page.get_by_role("button", name=re.compile("^Broken by PA")).click()
    wait_address(page, "a.get('brush') === 'broken'")
    assert line(page).startswith(f"{len(broken)} of 300")
    page.get_by_role("button", name="Slices").click()
    page.get_by_text(re.compile("^Save the ids of")).click()
    harness.download(page, page.get_by_role("button", name="Save CSV"), tmp_path / "ids.csv")
    with (tmp_path / "ids.csv").open(encoding="utf-8-sig", newline="") as file:
        head, *rows = csv.reader(file)
    assert head == ["id", "label_name", "predicted_name", "confidence", "fall"]
    assert {row[0] for row in rows} == {str(row) for row in broken}


def test_one_walks_by_keys_alone(opened):
    page = opened.page
    order = (
        page.locator(".xl-gallery").first.locator(".xl-tile").evaluate_all("all => all.map((t) => t.dataset.position)")
    )
    assert address(page)["sample"] == order[0]
    for _ in range(5):
        page.keyboard.press("ArrowRight")  # faster than the script runs
    wait_address(page, f"a.get('sample') === {order[5]!r}")
    page.keyboard.press("ArrowLeft")
    wait_address(page, f"a.get('sample') === {order[4]!r}")
    page.keyboard.press("p")
    wait_address(page, "a.get('poe') === '0'")
    page.keyboard.press("/")
    page.keyboard.type("label = 3")  # p, f and arrows are text now
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("Enter")
    wait_address(page, "a.get('query') === 'label = 3'")
    assert address(page)["poe"] == "0"
    page.keyboard.press("Escape")
    page.evaluate("document.activeElement.blur()")
    page.keyboard.press("?")
    page.get_by_role("dialog").get_by_text("the correction on and off").wait_for()
    page.keyboard.press("Escape")
    page.get_by_role("dialog").wait_for(state="detached")
    page.keyboard.press("f")
    page.get_by_role("dialog").get_by_label("Save as").wait_for()
    assert opened.complaints == []


def test_slash_goes_to_the_query_from_another_page(opened, server):
    page = opened.page
    go(page, server, "/monotonicity?run=full")
    page.keyboard.press("/")
    page.wait_for_url("**/samples?**")
    page.wait_for_function("() => document.activeElement?.matches('[class*=\"st-key-control-query\"] input')")


def test_the_query_completes_names_and_values(opened):
    page = opened.page
    box = page.get_by_label("Query", exact=True)
    box.click()
    page.keyboard.type("predicted_na")
    page.get_by_role("option", name=re.compile("^predicted_name")).wait_for()
    page.keyboard.press("Tab")
    page.keyboard.type(" = <img")
    page.get_by_role("option").first.wait_for()
    assert page.get_by_role("option").first.inner_text().startswith("<img")
    page.keyboard.press("Tab")
    page.keyboard.type(" or confidence[1")
    page.get_by_role("option", name="1", exact=False).first.wait_for()
    page.keyboard.press("Tab")
    page.keyboard.type(" > 0.9")
    page.keyboard.press("Enter")
    wait_address(page, "a.has('query')")
    assert address(page)["query"].endswith(" or confidence[1] > 0.9")
    assert page.get_by_test_id("stAlert").count() == 0


def test_undo_and_clear_take_back_what_was_selected(opened, server):
    page = opened.page
    go(page, server, "/monotonicity?run=full&predictor=pa&poe=0")
    box_over(page, (0.2, 0.8))
    page.wait_for_selector(".st-key-strip-decrease .xl-tile")
    harness.settle(page)
    first = line(page)
    page.get_by_role("button", name="Clear", exact=True).click()
    wait_address(page, "!a.has('brush')")
    assert line(page).startswith("All 300 test samples")
    page.get_by_role("button", name="Undo", exact=True).click()
    wait_address(page, "a.has('brush')")
    assert line(page) == first


NAMES = (HOSTILE, '"; drop table slices; --', "=HYPERLINK(1)", "שלום 7", "\N{WOLF FACE} and not", "a" * LONGEST_NAME)


def test_hostile_names_of_slices_are_text_everywhere(chromium, folder, tmp_path):
    slices = Slices(tmp_path / "slices.sqlite")
    labels = load_run(folder / "full").labels
    for number, name in enumerate(NAMES):
        ids = range(number, number + 3)
        slices.save(Slice(name, tuple(map(str, ids)), tuple(labels[list(ids)].tolist()), note=HOSTILE, made_of=HOSTILE))
    env = {"EXITLENS_RUNS": str(folder), "EXITLENS_STATE": str(tmp_path)}
    with harness.serve(env=env) as server, harness.opened(chromium, f"{server.url}/samples?run=full") as opened:
        page = opened.page
        page.get_by_role("button", name="Slices").click()
        page.locator(".xl-slice").nth(len(NAMES) - 1).wait_for()
        shown = page.locator(".xl-slice b").all_inner_texts()
        assert {text.strip("\u2068\u2069") for text in shown} == set(NAMES)
        page.locator(".xl-slice", has_text="<img").first.wait_for()
        assert page.locator('[role="dialog"] img, [role="dialog"] b b').count() == 0
        at = shown.index(HOSTILE)
        page.get_by_role("button", name="Show", exact=True).nth(at).click()
        wait_address(page, "a.has('brush')")
        assert HOSTILE in line(page)
        assert page.locator(".xl-selected img").count() == 0
        assert opened.complaints == []
        assert server.tracebacks() == []


def test_a_slice_travels_as_a_file_and_is_refused_where_it_is_no_slice(opened, server, tmp_path):
    page = opened.page
    one = Slice("from afar", ("1", "2"), (-1, -1), note="look")
    (tmp_path / "good.json").write_text(one.to_json(), encoding="utf-8")
    (tmp_path / "bad.json").write_text(json.dumps({"format": "other"}), encoding="utf-8")
    page.get_by_role("button", name="Slices").click()
    page.get_by_text("Bring in a slice").click()
    page.locator('[role="dialog"] input[type="file"]').set_input_files(tmp_path / "bad.json")
    page.get_by_text("the file does not say that it is one").wait_for()
    page.locator('[role="dialog"] input[type="file"]').set_input_files(tmp_path / "good.json")
    row = page.locator(".xl-slice", has_text="from afar")
    row.wait_for()
    page.get_by_role("dialog").locator('[data-testid="stPopover"] button:visible').first.click()
    page.get_by_role("button", name="Delete").click()
    row.wait_for(state="detached")
    page.get_by_text("Deleted from afar").wait_for()
    page.get_by_role("dialog").get_by_role("button", name="Undo").click()
    row.wait_for()


def test_where_answers_differ_each_row_selects_its_samples(opened):
    page = opened.page
    page.get_by_role("button", name=re.compile("Where answers differ")).click()
    page.get_by_role("dialog").get_by_text("were tried").or_(page.get_by_text("none was tried")).wait_for()
