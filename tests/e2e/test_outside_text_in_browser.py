"""Text from outside in a real browser: no link, no markup and no turned number, whatever page or figure shows it."""

import csv
import urllib.parse

import pandas as pd
import pytest

from analysis.storage import write_run
from app.page_table import PAGES
from tests.e2e import browser as harness
from tests.toy import golden_arrays

pytestmark = pytest.mark.browser

LINK = "https://evil.example/a www.evil.example me@evil.example"
MARKUP = (
    '<b>b</b> <a href="https://evil.example">a</a> &lt;a href="https://evil.example">x&lt;/a> [l](https://evil.example)'
)
TURNED = "\u202eenarc\u2066"
FORMULA = '=HYPERLINK("https://evil.example")'
NAMES = [LINK, MARKUP, f"%{{y}} {TURNED}", FORMULA, "שלום", "crane", "crane"]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """One run, every text of which is hostile."""
    folder, arrays = tmp_path_factory.mktemp("runs"), golden_arrays()
    write_run(
        folder / "hostile",
        logits=arrays["logits"],
        labels=arrays["labels"],
        title=f"{LINK} {MARKUP} {TURNED}",
        class_names=[f"{NAMES[i % 7]} {i // 7}" for i in range(20)],
        exit_names=[f"{name} {i}" for i, name in enumerate(NAMES)],
        costs={f"{LINK} %{{y}}": range(1, 8)},
        samples=pd.DataFrame({"id": [f"{FORMULA} {MARKUP} {LINK} {i}" for i in range(400)], LINK: [MARKUP] * 400}),
        provenance={"summary": f"{LINK} {MARKUP}", "made_by": FORMULA},
    )
    return folder


@pytest.fixture(scope="module")
def server(folder):
    with harness.serve(env={"EXITLENS_RUNS": str(folder)}) as running:
        yield running


@pytest.fixture(scope="module")
def opened(chromium, server):
    with harness.opened(chromium, f"{server.url}/?run=hostile&poe=1") as opened:
        yield opened
    assert opened.complaints == []
    assert server.tracebacks() == []


LINKS = """() => [...document.querySelectorAll('[data-testid=stApp] a[href], [data-testid=stApp] a')]
    .map((a) => a.getAttribute('href') ?? a.getAttribute('xlink:href') ?? '').filter((to) => /evil/.test(to))"""


@pytest.mark.parametrize(
    "path",
    ["", *(page.name for page in PAGES if page.needs_run and page.name != "overview")],
)
def test_no_page_has_a_link_that_a_run_or_an_address_brought(opened, server, path):
    page = opened.page
    asked = {
        "run": "hostile",
        "poe": "1",
        "sample": "https://evil.example",
        "predictor": "www.evil.example",
        "brush": LINK,
    }
    page.goto(f"{server.url}/{path}?{urllib.parse.urlencode(asked | {'query': f'label_name = {LINK!r}'})}")
    harness.first_run(page)
    assert "evil.example" in page.evaluate("document.body.textContent").replace("\u2060", "")
    assert page.evaluate(LINKS) == []
    assert page.locator("b, i, strong").filter(has_text="https://evil").count() == 0
    for chart in page.locator(".xl-chart .xl-plot").all():
        assert "fault" not in (chart.inner_text() or "")
    text = page.evaluate("document.body.innerText")
    assert not any(chr(point) in text for point in (*range(0x202A, 0x202F), 0x2066, 0x2067))


def test_a_number_after_a_name_of_another_direction_stays_on_its_right(opened, server):
    page = opened.page
    page.goto(f"{server.url}/samples?run=hostile&poe=1&query=label%20%3D%204&sort=confidence&order=up")
    harness.first_run(page)
    around = page.evaluate(
        """() => {
            const title = [...document.querySelectorAll('.xl-title')].find(
                (one) => one.textContent.includes('שלום') && /\\d\\.\\d\\d/.test(one.textContent));
            title.style.whiteSpace = "nowrap";
            const node = title.firstChild, at = node.data.indexOf('שלום');
            const left = (from) => { const range = document.createRange(); range.setStart(node, from);
                range.setEnd(node, from + 1); return range.getBoundingClientRect().left; };
            const numbers = [...node.data.matchAll(/\\d\\.\\d\\d/g)].map((found) => found.index);
            const those = (wanted) => numbers.filter(wanted).map(left);
            return { name: left(at), before: those((n) => n < at), after: those((n) => n > at) };
        }"""
    )
    assert around["before"] or around["after"]
    assert all(place < around["name"] for place in around["before"])
    assert all(place > around["name"] for place in around["after"])


def test_hovers_show_a_name_as_it_is(opened, server):
    page = opened.page
    page.goto(f"{server.url}/?run=hostile&poe=1")
    harness.first_run(page)
    page.locator('.xl-chart[data-name="classes"]').scroll_into_view_if_needed()
    harness.settle(page)
    x = harness.plot(page, "classes", "Array.from(gd._fullData.at(-1).x)[0]")
    page.mouse.move(*harness.pixel(page, "classes", x, 0))
    page.wait_for_selector('.xl-chart[data-name="classes"] .hoverlayer .hovertext')
    assert page.locator(".hoverlayer a").count() == 0


def test_a_saved_table_holds_no_formula(opened, server, tmp_path):
    page = opened.page
    page.goto(f"{server.url}/samples?run=hostile&poe=1")
    harness.first_run(page)
    chart = page.locator('.xl-chart[data-name="class-race"]')
    chart.scroll_into_view_if_needed()
    chart.get_by_role("button", name="Menu of this figure").click()
    with page.expect_download() as download:
        chart.get_by_role("menuitem", name="Data, CSV").click()
    download.value.save_as(tmp_path / "saved.csv")
    with (tmp_path / "saved.csv").open(encoding="utf-8-sig", newline="") as file:
        cells = [cell for row in csv.reader(file) for cell in row]
    assert not [cell for cell in cells if cell.startswith(("=", "@"))]


def test_of_two_classes_of_one_name_the_one_that_is_clicked_opens(opened, server):
    page = opened.page
    page.goto(f"{server.url}/samples?run=hostile&poe=1")
    harness.first_run(page)
    page.get_by_role("combobox", name="True class").click()
    page.get_by_role("combobox", name="True class").type("crane")
    page.get_by_role("option", name="crane 0 (class 5)", exact=True).click()
    page.wait_for_function("() => new URL(location).searchParams.get('true') === '5'")
    harness.settle(page)
    assert "crane 0 (class 5)" in page.locator(".xl-tile .xl-name").first.inner_text()
