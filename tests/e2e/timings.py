"""How long the app takes from click to painted pixels, beside an empty Streamlit page: `python -m tests.e2e.timings`.

Prints median and worst of 20 in milliseconds, on a bundled run and on a synthetic one (50,000 samples x 100 classes x 7
exits, or what `--size` says), and what the server holds. Needs a Chromium and an otherwise idle machine.
"""

import argparse
import json
import os
import re
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np

from app.page_table import PAGES
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
DRAWINGS = "[...document.querySelectorAll('.xl-chart')].reduce((n, chart) => n + Number(chart.dataset.drawn || 0), 0)"
PROGRESS = """() => document.querySelector('[data-testid="stSpinner"], [data-testid="stProgress"]')"""
TITLES = {page.name: page.title for page in PAGES}
SWITCHED = (
    "overview",
    "samples",
    "monotonicity",
    "classes",
    "map",
    "compute",
    "calibration",
    "sets",
    "compare",
    "figures",
)
"""Pages on which the correction is switched on and off."""
FIRST_CHART = {"samples": "trajectory", "monotonicity": "scatter", "compute": "compute", "overview": "trajectories"}
"""Of the pages that are opened one from another."""
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


def switches(page, switch, times: int) -> list[float]:
    """The correction on and off, until a figure of the page is drawn anew; none where no figure follows the switch."""
    drawings = page.evaluate(f"() => {DRAWINGS}")
    switch.click()
    page.wait_for_timeout(3000)
    if page.evaluate(f"() => {DRAWINGS}") == drawings:
        return []
    return toggles(page, switch, lambda: f"() => {DRAWINGS} > {page.evaluate(f'() => {DRAWINGS}')}", times)


def slides(page, times: int) -> dict[str, list[float]]:
    """A setting of the predictor, one step further each: traces that nobody has computed before."""
    page.get_by_text(re.compile("^Settings of PA")).click()
    handle = page.locator(".st-key-slide-setting-pa-cap input[type=range]")
    handle.focus()

    def once(ready: str) -> float:
        took = painted(page, lambda: page.keyboard.press("ArrowLeft"), ready)
        harness.settle(page)
        page.wait_for_timeout(400)
        return took

    def figures() -> float:
        return once(drawn_again(page, "trajectories")())

    def sign() -> float:
        before = harness.drawn(page, "trajectories")
        return once(f"() => ({PROGRESS})() || ({DRAWN.format(name='trajectories', before=before)})()")

    first = figures()  # loads the compiled computation
    return {
        "a predictor not computed yet, first": [first],
        "a predictor not computed yet": [figures() for _ in range(times)],
        "the same, until progress or figures": [sign() for _ in range(times)],
    }


def page_switches(page, times: int) -> dict[str, list[float]]:
    """From the click on a page's name to its first figure."""
    taken = {name: [] for name in FIRST_CHART}
    for i in range(times + 1):
        for name, chart in FIRST_CHART.items():
            link = page.locator(".st-key-pages a").get_by_text(TITLES[name], exact=True)
            took = painted(page, link.click, DRAWN.format(name=chart, before=0))
            harness.settle(page)
            page.wait_for_timeout(400)
            if i:  # the first of each imports the page
                taken[name].append(took)
    return {f"page switch, to {name}": values for name, values in taken.items()}


def gallery_pages(page, times: int) -> list[float]:
    def once() -> float:
        tiles = "[...document.querySelectorAll('.xl-tile')].slice(0, 3).map((tile) => tile.textContent).join()"
        ready = f"() => {tiles} !== {json.dumps(page.evaluate(f'() => {tiles}'))}"
        took = painted(page, page.get_by_role("button", name="Forward").click, ready)
        page.wait_for_timeout(400)
        return took

    once()
    return [once() for _ in range(times)]


def new_runs(chromium, server, runs_folder: Path, run: str, times: int) -> dict[str, list[float]]:
    """From the choice of a run that was never opened before to its first figure, and to its last."""
    first, done = [], []
    run_named = "(name) => document.querySelector('.xl-run')?.textContent === name"
    for i in range(times):
        new = runs_folder / f"new-{i}"
        shutil.copytree(runs_folder / run, new)
        about = json.loads((new / "run.json").read_text())
        (new / "run.json").write_text(json.dumps(about | {"title": f"New run {i}"}))
        with next(new.glob("logits*.safetensors")).open("r+b") as file:
            file.seek(-2 - 2 * i, os.SEEK_END)
            file.write(b"\x00\x00")  # one logit: other content
        with fresh_page(chromium) as page:
            page.add_init_script(WATCH)
            page.goto(f"{server.url}/?run={run}&predictor=pa&poe=1")
            harness.first_run(page)
            page.wait_for_timeout(500)
            page.get_by_role("combobox", name="Run").click()
            page.get_by_role("combobox", name="Run").fill(f"New run {i}")
            option = page.get_by_role("option", name=f"New run {i}")
            option.wait_for()
            ready = f"() => ({run_named})('New run {i}') && {DRAWINGS} > {page.evaluate(f'() => {DRAWINGS}')}"
            first.append(painted(page, option.click, ready))
            harness.settle(page)
            done.append(page.evaluate("() => performance.now() - window.inputAt"))
        shutil.rmtree(new)
    return {"new run, first picture": first, "new run, done (at most)": done}


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


def private_memory_mb(server) -> float:
    """What the server alone holds now, without files that it maps, in MB (10^6 bytes); Linux only."""
    rollup = Path(f"/proc/{server.process.pid}/smaps_rollup").read_text()
    return sum(int(rollup.split(f"Private_{kind}:")[1].split()[0]) for kind in ("Clean", "Dirty")) * 1024 / 1e6


def memory_of_one_session(chromium, env: dict[str, str], query: str) -> dict[str, float]:
    """A new server's private memory after the first page, and after every page was opened in one session."""
    with harness.serve(env=env) as server, fresh_page(chromium) as page:
        page.goto(f"{server.url}/{query}")
        harness.first_run(page)
        first = private_memory_mb(server)
        for name in SWITCHED:
            page.goto(f"{server.url}/{name}{query}")
            harness.first_run(page)
        return {"first page": first, "every page": private_memory_mb(server)}


def line(name: str, values: list[float]) -> str:
    if not values:
        return f"{name:42s} no figure follows it"
    return f"{name:42s} median {np.median(values):6.0f} ms   worst {max(values):6.0f} ms   of {len(values)}"


def measure(chromium, folder: Path | None, run: str, times: int, only: str) -> None:
    """Print the rows of one run whose group's name holds `only`."""
    query = f"?run={run}&predictor=pa&poe=1"
    with tempfile.TemporaryDirectory() as cache:  # in use before, by the first server: compiled, and traced
        env = {"EXITLENS_CACHE": cache} | ({"EXITLENS_RUNS": str(folder)} if folder else {})
        with harness.serve(env=env) as server, fresh_page(chromium) as page:
            page.add_init_script(WATCH)
            page.goto(f"{server.url}/{query}")
            harness.first_run(page)
            print(f"\n{run}")
            for group, rows in _groups(chromium, server, page, query, folder, run, times).items():
                if only in group:
                    for name, values in rows().items():
                        print(line(name, values), flush=True)
            print(f"{'peak memory of the server':42s} {peak_memory_mb(server):6.0f} MB")
        if only in "memory":
            for name, megabytes in memory_of_one_session(chromium, env, query).items():
                print(f"{f'private memory, one session, {name}':42s} {megabytes:6.0f} MB")


def _groups(chromium, server, page, query: str, folder: Path | None, run: str, times: int) -> dict[str, Callable]:
    poe = page.locator(".st-key-control-poe label")

    def at(view: str) -> object:
        page.goto(f"{server.url}/{'' if view == 'overview' else view}{query}")
        harness.first_run(page)
        return page

    groups = {
        "first": lambda: first_paints(chromium, f"{server.url}/{query}", FIRST_FIGURE, times),
        **{
            f"poe {view}": lambda view=view: {f"PoE switch, {view}": switches(at(view), poe, times)}
            for view in SWITCHED
        },
        "pages": lambda: page_switches(at("overview"), times),
        "gallery": lambda: {"gallery page": gallery_pages(at("samples"), times)},
        "next": lambda: {"next sample": samples_steps(at("samples"), times)},
        "predictor": lambda: slides(at("overview"), times),
        "brush": lambda: {"brush to strip": brushes(page, f"{server.url}/monotonicity{query}", times)},
        "map": lambda: {
            "other colours, map": recolours(page, f"{server.url}/map{query}", times),
            "zoom, map": zooms(page, times),
            "brush to strip, map": brushes(page, f"{server.url}/map{query}", times, "map", "map"),
        },
    }
    if folder is not None:
        groups["new"] = lambda: new_runs(chromium, server, folder, run, min(times, 5))
    return groups


def _measure_floor(chromium, folder: Path, times: int) -> None:
    """Print what nothing can be faster than: a page that holds a switch and a word."""
    script = folder / "empty.py"
    script.write_text(EMPTY_PAGE)
    with harness.serve(script) as server, fresh_page(chromium) as page:
        print("an empty Streamlit page")
        for name, values in first_paints(chromium, server.url, FLOOR, times).items():
            print(line(name.replace("figure", "paint"), values))
        page.add_init_script(WATCH)
        page.goto(server.url)
        page.wait_for_selector("text=off")
        text = page.get_by_test_id("stMarkdown")

        def other_word() -> str:
            return f"() => document.querySelector('.stMarkdown').innerText.trim() !== {text.inner_text()!r}"

        switch = page.get_by_text("switch", exact=True)
        print(line("a switch that changes a word", toggles(page, switch, other_word, times)))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--run", default="msdnet-cifar100", help="a bundled run")
    parser.add_argument("--times", type=int, default=20)
    parser.add_argument("--no-bundled", action="store_true", help="the synthetic run alone")
    parser.add_argument("--no-synthetic", action="store_true", help="the bundled run alone")
    parser.add_argument(
        "--size", type=int, nargs=3, default=[50_000, 100, 7], metavar=("SAMPLES", "CLASSES", "EXITS"),
        help="of the synthetic run",
    )  # fmt: skip
    parser.add_argument("--runs", type=Path, help="a folder that holds the synthetic run already; it is left as it is")
    parser.add_argument("--only", default="", help="rows whose group's name holds this, such as poe, first or memory")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, harness.browser() as chromium:
        if args.only in "first":
            _measure_floor(chromium, Path(folder), args.times)
        if not args.no_bundled:
            measure(chromium, None, args.run, args.times, args.only)
        if not args.no_synthetic:
            if args.runs is None:
                runs.synthetic(Path(folder), *args.size)
            measure(chromium, args.runs or Path(folder), "synthetic", args.times, args.only)


if __name__ == "__main__":
    main()
