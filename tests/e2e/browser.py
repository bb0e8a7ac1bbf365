"""A real Chromium and a real server for browser tests: start the app, open pages, hear the console's complaints.

Tests that need a browser take the `chromium` fixture; without one they are skipped, or fail where `E2E=required`.
"""

import contextlib
import os
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[2]
ARGUMENTS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--hide-scrollbars",
]
NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
# Streamlit itself asks for two files below a page's path on deep links, and logs their 404.
STREAMLITS_OWN = re.compile(r"_stcore/(health|host-config)")


def chromium_path() -> str | None:
    """Where a Chromium is, if there is one; `CHROMIUM` names another."""
    named = os.environ.get("CHROMIUM")
    return named or next((path for name in NAMES if (path := shutil.which(name))), None)


def required() -> bool:
    """Whether browser tests must run."""
    return os.environ.get("E2E") == "required"


@dataclass
class Server:
    """A running app: its address, and what it wrote to its log so far."""

    url: str
    process: subprocess.Popen
    log_path: Path
    seen: int = 0

    def log(self) -> str:
        return self.log_path.read_text(encoding="utf-8", errors="replace")

    def tracebacks(self) -> list[str]:
        """The last line of every traceback that the server logged since this was last asked: many tests share it."""
        text = self.log()
        new, self.seen = text[self.seen :], len(text)
        return re.findall(r"Traceback \(most recent call last\):\n(?:.*\n)*?(\S.*)\n", new + "\n")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@contextlib.contextmanager
def serve(
    script: Path | str = "app/main.py",
    *,
    env: Mapping[str, str] | None = None,
    options: tuple[str, ...] = (),
    base_path: str = "",
) -> Iterator[Server]:
    """Start the app on a free port and stop it at the end.

    Parameters
    ----------
    script : path
        What `streamlit run` gets, from the project's folder.
    env : mapping, optional
        More environment variables: `EXITLENS_RUNS`, `EXITLENS_CACHE`, `EXITLENS_STATE`, ...; new cache and state
        folders unless given.
    options : tuple of str
        More options of `streamlit run`.
    base_path : str
        `server.baseUrlPath`.
    """
    port = _free_port()
    with tempfile.TemporaryDirectory() as folder:
        own = {"EXITLENS_CACHE": f"{folder}/cache", "EXITLENS_STATE": f"{folder}/state", "PYTHONUNBUFFERED": "1"}
        log_path = Path(folder) / "server.log"
        command = [
            sys.executable,
            "-m",
            "streamlit",
            "run",
            str(script),
            "--server.port",
            str(port),
            "--server.headless",
            "true",
            "--server.address",
            "127.0.0.1",
            "--server.fileWatcherType",
            "none",
            "--server.baseUrlPath",
            base_path,
            *options,
        ]
        with log_path.open("wb") as log:
            process = subprocess.Popen(
                command, cwd=PROJECT, env=os.environ | own | dict(env or {}), stdout=log, stderr=subprocess.STDOUT
            )
        url = f"http://127.0.0.1:{port}{'/' + base_path if base_path else ''}"
        server = Server(url, process, log_path)
        try:
            _wait_until_healthy(server)
            yield server
        finally:
            process.terminate()
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def _wait_until_healthy(server: Server, seconds: float = 60) -> None:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if server.process.poll() is not None:
            raise RuntimeError(f"the app stopped at start:\n{server.log()}")
        if _healthy(server.url):
            return
        time.sleep(0.1)
    raise RuntimeError(f"the app did not answer within {seconds:.0f} s:\n{server.log()}")


def _healthy(url: str) -> bool:
    try:
        with urllib.request.urlopen(f"{url}/_stcore/health", timeout=2) as answer:
            return answer.status == 200
    except OSError:
        return False


@dataclass
class Opened:
    """A page in a browser, and every complaint of its console (but Streamlit's own two 404s)."""

    page: object  # playwright.sync_api.Page
    complaints: list[str] = field(default_factory=list)


@contextlib.contextmanager
def browser() -> Iterator[object]:
    """A headless Chromium, driven by playwright."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=chromium_path(), args=ARGUMENTS)
        try:
            yield chromium
        finally:
            chromium.close()


IDLE = "about:blank#idle"
"""Where a browser profile stands that no test uses: its next page loads in a third of the time of a new one's."""


@contextlib.contextmanager
def opened(
    chromium: object, url: str, *, dark: bool = False, width: int = 1400, height: int = 1000
) -> Iterator[Opened]:
    """Open an address in a browser profile of its own and wait until the script has run and the charts are drawn.

    A profile that another test has left is emptied but for the files that it keeps, and taken again.
    """
    left = [context.pages[0] for context in chromium.contexts if [page.url for page in context.pages] == [IDLE]]
    page = left[0] if left else _new_page(chromium)
    page.set_viewport_size({"width": width, "height": height})
    page.emulate_media(color_scheme="dark" if dark else "light")
    result = Opened(page)
    heard = {
        "console": lambda message: _collect(result, message),
        "pageerror": lambda error: result.complaints.append(f"uncaught: {error}"),
    }
    for event, listener in heard.items():
        page.on(event, listener)
    try:
        page.goto(url)
        first_run(page)
        yield result
        page.evaluate("localStorage.clear(); sessionStorage.clear()")
        page.context.clear_cookies()
        page.goto(IDLE)
        for event, listener in heard.items():
            page.remove_listener(event, listener)
    except BaseException:
        page.context.close()
        raise


def _new_page(chromium: object) -> object:
    context = chromium.new_context(accept_downloads=True, permissions=["clipboard-read", "clipboard-write"])
    page = context.new_page()
    page.set_default_timeout(60_000)
    return page


def _collect(result: Opened, message: object) -> None:
    where = (message.location or {}).get("url", "")
    if message.type == "error" and not STREAMLITS_OWN.search(where):
        result.complaints.append(f"{message.text} ({where})")


def first_run(page: object) -> None:
    """Wait until a page that was just opened or reloaded shows something, then until it has settled."""
    page.wait_for_selector('[data-testid="stMain"] [data-testid="stElementContainer"]', state="attached")
    settle(page)


def settle(page: object) -> None:
    """Wait until the script is idle, every visible chart is drawn, and keys are heard."""
    page.wait_for_selector('[data-testid="stApp"][data-test-script-state="notRunning"]', state="attached")
    page.wait_for_function(
        """() => !document.querySelector('[data-testid="stMain"] [data-testid="stSkeleton"]')
            && [...document.querySelectorAll('.xl-chart')].every((chart) => !chart.offsetParent || chart.dataset.drawn
                || chart.querySelector('.xl-fault')?.textContent)
            && [...document.querySelectorAll('.st-key-keys, .st-key-walking-keys')].every((keys) =>
                keys.querySelector('[data-heard]'))"""
    )


def download(page: object, button: object, path: Path) -> None:
    """Save to `path` what a button of the page offers: the script is idle first, for a rerun drops files not made."""
    settle(page)
    with page.expect_download() as waiting:
        button.click()
    waiting.value.save_as(path)


def switch_poe(page: object) -> None:
    """Click the switch that applies the correction, whatever it is called."""
    page.locator(".st-key-control-poe label").click()


def poe_is_on(page: object) -> bool:
    """What the switch shows."""
    return page.locator(".st-key-control-poe input").is_checked()


def drawn(page: object, name: str) -> int:
    """How often a chart has been drawn: compare before and after an action."""
    return int(page.get_attribute(f'.xl-chart[data-name="{name}"]', "data-drawn") or 0)


def wait_redrawn(page: object, name: str, before: int) -> None:
    """Wait until a chart was drawn again since `drawn(...)` gave `before`."""
    page.wait_for_function(
        f"""() => Number(document.querySelector('.xl-chart[data-name="{name}"]')?.dataset.drawn || 0) > {before}"""
    )


def plot(page: object, name: str, expression: str) -> object:
    """Evaluate JavaScript on a chart's plotly element, called `gd`: its `data`, `layout`, `_fullLayout`."""
    selector = f'.xl-chart[data-name="{name}"] .xl-plot'
    return page.evaluate(f"() => {{ const gd = document.querySelector({selector!r}); return {expression}; }}")


def pixel(page: object, name: str, x: float, y: float) -> tuple[float, float]:
    """Where a point of a chart is on the screen, in axis units (categories count from 0). Scrolls it into view."""
    script = f"""(() => {{
        gd.scrollIntoView({{ block: "nearest", behavior: "instant" }});
        const box = gd.getBoundingClientRect(), {{ xaxis, yaxis }} = gd._fullLayout;
        const at = (axis, value) => axis._offset + (axis.type === "category" ? axis.c2p(value) : axis.d2p(value));
        return [box.left + at(xaxis, {x!r}), box.top + at(yaxis, {y!r})];
    }})()"""
    return tuple(plot(page, name, script))


def drag(page: object, points: list[tuple[float, float]]) -> None:
    """Press at the first point, move through the others, release at the last (screen pixels)."""
    page.mouse.move(*points[0])
    page.mouse.down()
    for point in points[1:]:
        page.mouse.move(*point, steps=4)
    page.mouse.up()
