"""Figures of many exits and endless names: their texts stay within them and apart from each other at every width."""

import numpy as np
import pytest

from analysis.storage import write_run
from tests.e2e import browser as harness

pytestmark = pytest.mark.browser

WIDTHS = (1920, 1280, 853, 640)  # 853 is 1280 at 150 %
PAGES = {
    "overview": "",
    "monotonicity": "&beside=moe,softmax-poe,ca,hard-poe",
    "map": "&colour=label_name",
    "compute": "&beside=moe,softmax-poe,ca,hard-poe",
    "samples": "&sample=3",
}
EXITS = {"crowded": 24, "hundred": 100, "constant": 6}
LOOKED_AT = {"crowded": tuple(PAGES), "hundred": ("overview", "compute"), "constant": ("overview",)}

MEETING = """() => {
let looked = 0;
const charts = [...document.querySelectorAll('.xl-chart')].filter((one) => one.offsetParent);
const meet = charts.flatMap((chart) => {
    const plot = chart.querySelector('.xl-plot'), box = plot.getBoundingClientRect(), found = [];
    const rect = (node) => node.getBoundingClientRect();
    const shown = (node) => rect(node).width > 0 && node.textContent.trim() && getComputedStyle(node).opacity !== '0';
    for (const node of plot.querySelectorAll('.main-svg text')) {
        const { left, right, top, bottom } = rect(node);
        const past = Math.max(box.left - left, right - box.right, box.top - top - 1, bottom - box.bottom - 1);
        if (shown(node) && past > 1)
            found.push([chart.dataset.name, 'outside', node.textContent]);
    }
    const groups = [[...plot.querySelectorAll('.annotation text')]], ticks = {};
    for (const node of plot.querySelectorAll('[class$=tick] text'))
        (ticks[node.parentNode.getAttribute('class')] ??= []).push(node);
    groups.push(...Object.values(ticks), [...plot.querySelectorAll('.bartext')]);
    for (const group of groups)
        group.filter(shown).forEach((a, i, all) => all.slice(i + 1).forEach((b) => {
            const [p, q] = [rect(a), rect(b)], slack = 1.5;
            if (p.left < q.right - slack && q.left < p.right - slack && p.top < q.bottom - 3 && q.top < p.bottom - 3)
                found.push([chart.dataset.name, 'meet', a.textContent, b.textContent]);
        }));
    looked += groups.flat().filter(shown).length;
    return found;
});
return [looked, meet];
}"""
FITTED = """() => {
    const charts = [...document.querySelectorAll('.xl-chart')].filter((chart) => chart.offsetParent);
    const width = (chart) => chart.querySelector('.xl-plot').clientWidth;
    const seen = self.seenBefore, now = charts.map((chart) => [chart.dataset.drawn, width(chart)].join()).join(' ');
    self.seenBefore = now;
    return now === seen && charts.every((chart) =>
        chart.dataset.drawn && Math.abs(chart.querySelector('.xl-plot')._fullLayout.width - width(chart)) < 1);
}"""
"""Whether every chart is drawn as wide as its place, and none was since this was last asked."""


@pytest.fixture(scope="module")
def served(tmp_path_factory):
    folder, rng = tmp_path_factory.mktemp("runs"), np.random.default_rng(0)
    labels = rng.integers(0, 12, 200)
    for name, exits in EXITS.items():
        logits = rng.normal(0, 1, (exits, 200, 12)).cumsum(0).astype(np.float32)
        logits[:, np.arange(200), labels] += np.linspace(0.5, 2 * exits**0.5, exits, dtype=np.float32)[:, None]
        if name == "constant":
            logits[:] = logits[-1]
        names = [
            f"class {c} " + "of the northern plains " * 13 if c % 2 else f"paper_comma{c}_" + "x" * 288
            for c in range(12)
        ]
        costs = {"MACs": [1.1e6 * number for number in range(1, exits + 1)]}
        write_run(folder / name, logits=logits, labels=labels, class_names=names, costs=costs)
    with harness.serve(env={"EXITLENS_RUNS": str(folder)}) as server:
        yield server
        assert server.tracebacks() == []


@pytest.mark.parametrize(("run", "pages"), LOOKED_AT.items())
def test_texts_stay_within_their_figure_and_apart_at_every_width(chromium, served, run, pages):
    for page in pages:
        address = f"{served.url}/{'' if page == 'overview' else page}?run={run}&predictor=pa&poe=1{PAGES[page]}"
        with harness.opened(chromium, address, width=WIDTHS[0], height=1400) as opened:
            for width in WIDTHS:
                opened.page.set_viewport_size({"width": width, "height": 1400})
                opened.page.wait_for_function(FITTED, polling=150)
                looked_at, found = opened.page.evaluate(MEETING)
                assert looked_at > (5 if page == "map" else 20)  # whose points have no names
                assert found == [], f"{page} at {width} pixels"
            assert opened.complaints == []


def test_no_picture_moves_when_its_title_changes(chromium, served):
    tops = """() => Object.fromEntries([...document.querySelectorAll('.xl-chart')].map((chart) =>
        [chart.dataset.name, chart.querySelector('.xl-plot').offsetTop]))"""
    with harness.opened(chromium, f"{served.url}/?run=crowded&predictor=pa&poe=1", width=1280) as opened:
        before, titles = opened.page.evaluate(tops), opened.page.locator(".xl-title").all_text_contents()
        count = harness.drawn(opened.page, "classes")
        harness.switch_poe(opened.page)
        harness.wait_redrawn(opened.page, "classes", count)
        harness.settle(opened.page)
        assert opened.page.locator(".xl-title").all_text_contents() != titles
        assert opened.page.evaluate(tops) == before


def test_selects_stay_wide_enough_to_read_at_150_percent(chromium, served):
    wide = """() => [...document.querySelectorAll('[data-testid="stMain"] [data-testid="stSelectbox"]')]
        .filter((one) => !one.textContent.includes("Pictures a page"))
        .map((one) => one.getBoundingClientRect().width)"""
    for page in ("samples", "monotonicity"):
        address = f"{served.url}/{page}?run=crowded&predictor=pa&poe=1"
        with harness.opened(chromium, address, width=853) as opened:
            found = opened.page.evaluate(wide)
            assert found
            assert min(found) >= 140


def test_text_on_the_primary_colour_is_legible_in_the_dark(chromium, served):
    address = f"{served.url}/compute?run=crowded&predictor=pa&poe=1&beside=moe"
    with harness.opened(chromium, address, dark=True) as opened:
        for selector in ('[data-testid="stBaseButton-primary"] p', '[data-testid="stMultiSelect"] [data-tag] span'):
            colour = "(node) => getComputedStyle(node).color"
            assert opened.page.locator(selector).first.evaluate(colour) == "rgb(21, 23, 28)"
