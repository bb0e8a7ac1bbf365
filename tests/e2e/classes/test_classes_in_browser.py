"""What only a browser shows of classes: a click on a cell, a pair, a class opens as many samples as it counts."""

import itertools

import pytest

from tests.e2e import browser as harness

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def opened(chromium, server):
    with harness.opened(chromium, f"{server.url}/classes?run=full&predictor=pa&poe=1", height=2200) as opened:
        yield opened
    assert opened.complaints == []
    assert server.tracebacks() == []


@pytest.fixture
def page(opened, server):
    opened.page.goto(f"{server.url}/classes?run=full&predictor=pa&poe=1&exit=any")
    harness.first_run(opened.page)
    return opened.page


def samples_below(page, strip: str) -> int:
    """How many samples the strip below a row of figures holds, once it is there."""
    page.wait_for_selector(f".st-key-strip-{strip} .xl-tile")
    return number_in(page.locator(f".st-key-strip-{strip} strong").first.inner_text())


def samples_opened(page) -> int:
    """How many samples are selected on the Samples page, once it is there."""
    page.wait_for_url("**/samples?**")
    harness.settle(page)
    return number_in(page.locator(".st-key-selection-line b").first.inner_text())


def number_in(text: str) -> int:
    return int(text.split()[0].replace(",", ""))


@pytest.mark.parametrize("trace", [0, 1])
def test_a_cell_of_the_matrix_and_of_its_diagonal_opens_its_samples(page, trace):
    row, column, count = harness.plot(
        page,
        "confusion",
        f"gd.data[{trace}].customdata.flat().filter((one) => one).sort((a, b) => b[2] - a[2])[0].slice(0, 3)",
    )
    page.mouse.click(*harness.pixel(page, "confusion", column, row))
    assert samples_below(page, "confusion") == count > 0


@pytest.mark.parametrize("name", ["class-pairs", "class-falls"])
@pytest.mark.parametrize("trace", [1, 2])
def test_a_mark_of_either_answer_opens_its_samples(page, name, trace):
    """The mark that is farthest from the other's, so that the pointer meets no other."""
    x, y, samples = harness.plot(
        page,
        name,
        f"""(() => {{
            const own = Array.from(gd._fullData[{trace}].x), other = Array.from(gd._fullData[{3 - trace}].x);
            const apart = own.map((value, i) => value && Math.abs(value - other[i]));
            const i = apart.indexOf(Math.max(...apart));
            return [own[i], i, gd.data[{trace}].customdata[i][2]];
        }})()""",
    )
    if not x:
        pytest.skip("no sample of this run falls under PA")
    page.mouse.click(*harness.pixel(page, name, x, y))
    expected = x if name == "class-pairs" else round(x * samples / 100)
    assert samples_below(page, "class-falls") == expected > 0


def test_names_of_many_columns_stand_upright_and_all_of_them(page):
    shown = harness.plot(page, "confusion", "gd.layout.xaxis.ticktext.length")
    assert shown == harness.plot(page, "confusion", "gd.data[0].x.length") == 20


def test_the_table_is_searched_and_a_row_offers_its_samples(page):
    table = page.locator('[data-testid="stDataFrame"]')
    table.scroll_into_view_if_needed()
    box = table.bounding_box()
    page.mouse.click(box["x"] + 16, box["y"] + 52)  # the box of the first row
    page.locator(".st-key-class-samples button").first.wait_for()
    button = page.locator(".st-key-class-samples button").first
    count = int(button.inner_text().split()[0].replace(",", ""))
    button.click()
    assert samples_opened(page) == count > 0


def test_the_table_is_saved_and_no_other_way(page, tmp_path):
    page.get_by_role("button", name="Save table").first.click()
    path = tmp_path / "classes.csv"
    harness.download(page, page.get_by_role("button", name="CSV", exact=False).first, path)
    lines = path.read_text(encoding="utf-8-sig").splitlines()
    assert lines[0].startswith("run,split,predictor,settings,exits,class,samples,baseline_accuracy_first_exit")
    assert len(lines) == 21
    page.locator('[data-testid="stDataFrame"]').hover()
    assert page.get_by_role("button", name="Download as CSV").count() == 0


def test_upright_names_below_columns_do_not_meet_on_a_phone(chromium, server):
    with harness.opened(chromium, f"{server.url}/classes?run=full&predictor=pa&poe=1", width=390, height=844) as narrow:
        page = narrow.page
        page.wait_for_selector(".xl-chart[data-drawn] .heatmaplayer")
        middles = page.evaluate(
            """() => [...document.querySelector('.heatmaplayer').closest('.xl-chart').querySelectorAll('.xtick text')]
                .map((name) => name.getBoundingClientRect()).map((box) => (box.left + box.right) / 2)"""
        )
        assert len(middles) > 4
        assert min(b - a for a, b in itertools.pairwise(middles)) >= 12
