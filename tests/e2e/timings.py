"""How long the app takes from click to painted pixels, beside an empty Streamlit page: `python -m tests.e2e.timings`.

Prints median and worst of 20 in milliseconds, on the bundled run and on a synthetic one of 50,000 samples x 100 classes
x 7 exits, and the server's peak memory. Needs a Chromium and an otherwise idle machine.
"""

import argparse
import os
import re
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np

from tests.e2e import browser as harness
from tests.e2e import runs

EMPTY_PAGE = """import streamlit as st
st.html('<div class="floor"></div>')
st.write("on" if st.toggle("switch") else "off")
"""

# Kept in the page: when the last input came, and when what was waited for was painted (two frames after it was there).
WATCH = """
window.inputAt = 0;
for (const kind of ["pointerup", "keydown"]) {
  addEventListener(kind, () => { window.inputAt = performance.now(); }, true);
}
window.watchFor = (ready) => {
  window.paintedAt = null;
  const frame = requestAnimationFrame;
  const done = () => frame(() => frame(() => { window.paintedAt = performance.now(); }));
  const check = () => { if (ready()) { observer.disconnect(); done(); return true; } return false; };
  const observer = new MutationObserver(check);
  observer.observe(document, { subtree: true, childList: true, attributes: true, characterData: true });
  check();
};
"""
DRAWN = """() => Number(document.querySelector('.xl-chart[data-name="{name}"]')?.dataset.drawn || 0) > {before}"""
FIRST_FIGURE = "() => [...document.querySelectorAll('.xl-chart')].some((chart) => chart.dataset.drawn)"
FLOOR = """() => document.querySelector('[data-testid="stToggle"], [data-testid="stCheckbox"]')"""


def painted(page, act: Callable[[], None], ready: str) -> float:
    """Milliseconds from the last input that `act` makes until what `ready` (JavaScript) tests is painted."""
    page.evaluate(f"() => window.watchFor({ready})")
    act()
    page.wait_for_function("() => window.paintedAt !== null")
    return page.evaluate("() => window.paintedAt - window.inputAt")


def opening(page, ready: str, go: Callable[[], None]) -> float:
    """Milliseconds from the start of a navigation until what `ready` tests is painted."""
    page.add_init_script(f"{WATCH}; document.addEventListener('DOMContentLoaded', () => window.watchFor({ready}))")
    go()
    page.wait_for_function("() => window.paintedAt")
    return page.evaluate("() => window.paintedAt")


@contextmanager
def fresh_page(chromium) -> Iterator[object]:
    context = chromium.new_context(viewport={"width": 1400, "height": 1000})
    page = context.new_page()
    page.set_default_timeout(120_000)
    try:
        yield page
    finally:
        context.close()


def first_paints(chromium, url: str, ready: str, times: int) -> dict[str, list[float]]:
    """Opening in a fresh browser profile, and reloading."""
    cold, reloaded = [], []
    for _ in range(times):
        with fresh_page(chromium) as page:
            cold.append(opening(page, ready, lambda page=page: page.goto(url)))
            page.wait_for_timeout(500)
            reloaded.append(opening(page, ready, page.reload))
    return {"first figure, fresh browser": cold, "first figure, reloaded": reloaded}


def toggles(page, switch, ready: Callable[[], str], times: int) -> list[float]:
    def once() -> float:
        took = painted(page, switch.click, ready())
        page.wait_for_timeout(400)
        return took

    once(), once()  # the first of each state computes and caches
    return [once() for _ in range(times)]


def drawn_again(page, name: str) -> Callable[[], str]:
    return lambda: DRAWN.format(name=name, before=harness.drawn(page, name))


def slides(page, times: int) -> list[float]:
    """A setting of the predictor, one step further each: traces that nobody has computed before."""
    page.get_by_text(re.compile("^Settings of PA")).click()
    handle = page.locator(".st-key-slide-setting-pa-cap input[type=range]")
    handle.focus()

    def once() -> float:
        took = painted(page, lambda: page.keyboard.press("ArrowLeft"), drawn_again(page, "trajectories")())
        page.wait_for_timeout(400)
        return took

    once()  # the first loads the compiled computation
    return [once() for _ in range(times)]


def samples_steps(page, times: int) -> list[float]:
    def once() -> float:
        took = painted(page, lambda: page.keyboard.press("ArrowRight"), drawn_again(page, "trajectory")())
        page.wait_for_timeout(400)
        return took

    once()
    return [once() for _ in range(times)]


def recolours(page, url: str, times: int) -> list[float]:
    """From the choice of another column to the map in its colours."""

    def once(column: str) -> float:
        page.get_by_role("combobox", name="Coloured by").click()
        page.get_by_role("combobox", name="Coloured by").fill(column)
        option = page.get_by_role("option", name=column, exact=True)
        option.wait_for()
        took = painted(page, option.click, drawn_again(page, "map")())
        page.wait_for_timeout(400)
        return took

    page.goto(url)
    harness.first_run(page)
    columns = ("confidence", "entropy", "label_name", "correct")
    return [once(columns[i % len(columns)]) for i in range(times + len(columns))][len(columns) :]


def zooms(page, times: int) -> list[float]:
    """From the release of a zoom into the map to its points painted there."""
    chart = page.locator('.xl-chart[data-name="map"]')
    where = "() => JSON.stringify(document.querySelector('[data-name=map] .xl-plot')._fullLayout.xaxis.range)"
    taken = []
    for i in range(times):
        chart.get_by_label("Zoom by dragging").click()
        box = chart.locator(".nsewdrag").bounding_box()
        place = [(box["x"] + f * box["width"], box["y"] + f * box["height"]) for f in (0.2, 0.7 + i / 100)]
        ready = f"() => ({where})() !== {page.evaluate(where)!r}"
        taken.append(painted(page, lambda place=place: harness.drag(page, place), ready))
        page.wait_for_timeout(400)
        chart.get_by_label("Reset zoom").click()
        page.wait_for_timeout(400)
    return taken


def brushes(page, url: str, times: int, name: str = "scatter", below: str = "decrease") -> list[float]:
    """From the release of a box in a chart to the strip's pictures; the first, which loads the page, left out."""
    taken = []
    page.goto(url)
    harness.first_run(page)
    for i in range(times + 1):
        chart = page.locator(f'.xl-chart[data-name="{name}"]')
        harness.plot(page, name, "gd.scrollIntoView({block: 'center', behavior: 'instant'})")
        chart.hover()
        chart.get_by_label("Select a box").click()
        page.wait_for_timeout(500)
        box = chart.locator(".nsewdrag").bounding_box()
        place = [(box["x"] + f * box["width"], box["y"] + (1 - f) * box["height"]) for f in (0.35, 0.6 + i / 100)]
        strip = f"document.querySelector('.st-key-strip-{below}')"
        before = page.evaluate(f"{strip}.innerText")
        ready = f"() => {strip}.querySelector('.xl-tile') && {strip}.innerText !== {before!r}"
        taken.append(painted(page, lambda place=place: harness.drag(page, place), ready))
        harness.settle(page)
    return taken[1:]


def peak_memory_mb(server) -> float:
    """The server's highest resident memory so far, in MB (10^6 bytes); Linux only."""
    status = Path(f"/proc/{server.process.pid}/status").read_text()
    return int(status.split("VmHWM:")[1].split()[0]) * 1024 / 1e6


def line(name: str, values: list[float]) -> str:
    return f"{name:42s} median {np.median(values):6.0f} ms   worst {max(values):6.0f} ms   of {len(values)}"


def measure(chromium, folder: str | None, run: str, times: int) -> None:
    env = {"EXITLENS_RUNS": folder} if folder else {}
    query = f"?run={run}&predictor=pa&poe=1"
    with harness.serve(env=env) as server, fresh_page(chromium) as page:
        page.add_init_script(WATCH)
        page.goto(f"{server.url}/{query}")
        harness.first_run(page)
        print(f"\n{run}")
        poe = page.locator(".st-key-control-poe label")
        for name, values in first_paints(chromium, f"{server.url}/{query}", FIRST_FIGURE, times).items():
            print(line(name, values))
        print(line("PoE switch, overview", toggles(page, poe, drawn_again(page, "exits"), times)))
        print(line("a setting's slider, overview", slides(page, times)))
        for view, chart in (("samples", "trajectory"), ("monotonicity", "scatter"), ("compute", "compute")):
            page.goto(f"{server.url}/{view}{query}")
            harness.first_run(page)
            print(line(f"PoE switch, {view}", toggles(page, poe, drawn_again(page, chart), times)))
            if view == "samples":
                print(line("next sample", samples_steps(page, times)))
        print(line("brush to strip", brushes(page, f"{server.url}/monotonicity{query}", times)))
        print(line("other colours, map", recolours(page, f"{server.url}/map{query}", times)))
        print(line("zoom, map", zooms(page, times)))
        print(line("brush to strip, map", brushes(page, f"{server.url}/map{query}", times, "map", "map")))
        print(f"{'peak memory of the server':42s} {peak_memory_mb(server):6.0f} MB")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--run", default="msdnet-cifar100", help="a bundled run")
    parser.add_argument("--times", type=int, default=20)
    parser.add_argument("--no-synthetic", action="store_true", help="the bundled run alone")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, harness.browser() as chromium:
        script = Path(folder) / "empty.py"
        script.write_text(EMPTY_PAGE)
        with harness.serve(script) as server, fresh_page(chromium) as page:
            print("an empty Streamlit page")
            for name, values in first_paints(chromium, server.url, FLOOR, args.times).items():
                print(line(name.replace("figure", "paint"), values))
            page.add_init_script(WATCH)
            page.goto(server.url)
            page.wait_for_selector("text=off")
            text = page.get_by_test_id("stMarkdown")

            def other_word() -> str:
                return f"() => document.querySelector('.stMarkdown').innerText.trim() !== {text.inner_text()!r}"

            print(
                line(
                    "a switch that changes a word",
                    toggles(page, page.get_by_text("switch", exact=True), other_word, args.times),
                )
            )
        measure(chromium, os.environ.get("EXITLENS_RUNS"), args.run, args.times)
        if not args.no_synthetic:
            runs.synthetic(Path(folder))
            measure(chromium, folder, "synthetic", args.times)


if __name__ == "__main__":
    main()
