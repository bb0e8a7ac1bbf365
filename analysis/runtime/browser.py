"""A Chromium of this machine, which draws a page of ours without window, network or files: its DOM, or a PDF of it.

Imports the standard library. The page brings all it needs. It is opened from a new folder that holds nothing else, with
a profile of its own that goes with it; no address resolves and no proxy answers; one runs at a time in a process, for
`PATIENCE_S` at most. Chromium's sandbox is off for root alone, who cannot have it.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
from contextlib import suppress
from pathlib import Path

NAMED_IN = ("EXITLENS_BROWSER", "CHROMIUM")
NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome", "msedge", "microsoft-edge")
ELSEWHERE = {
    "darwin": (
        "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
        "/Applications/Chromium.app/Contents/MacOS/Chromium",
        "/Applications/Microsoft Edge.app/Contents/MacOS/Microsoft Edge",
    ),
    "win32": (
        r"C:\Program Files\Google\Chrome\Application\chrome.exe",
        r"C:\Program Files (x86)\Google\Chrome\Application\chrome.exe",
        r"C:\Program Files (x86)\Microsoft\Edge\Application\msedge.exe",
    ),
}
NONE_FOUND = (
    "no browser was found to draw the figure: install Chromium or Chrome, or name one in EXITLENS_BROWSER (HTML needs "
    "none)"
)
LARGEST = 32_000_000
"""Characters of a page."""
PATIENCE_S = 60.0
_ALONE = (
    *(
        "--headless",
        "--disable-gpu",
        "--hide-scrollbars",
        "--mute-audio",
        "--no-first-run",
        "--no-default-browser-check",
    ),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync", "--disable-extensions"),
    *("--disable-default-apps", "--disable-dev-shm-usage", "--disable-quic", "--disable-breakpad"),
    *("--host-resolver-rules=MAP * ~NOTFOUND", "--proxy-server=http://127.0.0.1:9", "--virtual-time-budget=20000"),
)
_turn = threading.Lock()


def browser_path() -> str | None:
    """Where a Chromium is: `EXITLENS_BROWSER` or `CHROMIUM` names one, else the first known name; None without."""
    for variable in NAMED_IN:
        if named := os.environ.get(variable):
            return shutil.which(named)
    known = (path for path in ELSEWHERE.get(sys.platform, ()) if os.path.exists(path))
    return next((path for name in NAMES if (path := shutil.which(name))), None) or next(known, None)


def page_dom(html: str) -> str:
    """What a page's DOM is once its scripts have run, as HTML.

    Raises
    ------
    ValueError
        There is no browser, or it draws no page; saying what to do.
    """
    return _drawn(html, "--dump-dom").decode("utf-8", "replace")


def page_pdf(html: str) -> bytes:
    """A page as PDF, on paper of the size that its `@page` says.

    Raises
    ------
    ValueError
        As `page_dom`.
    """
    with tempfile.TemporaryDirectory(prefix="exitlens-pdf-", ignore_cleanup_errors=True) as folder:
        path = Path(folder) / "page.pdf"
        _drawn(html, "--no-pdf-header-footer", f"--print-to-pdf={path}")
        try:
            return path.read_bytes()
        except OSError:
            raise ValueError(_why("it wrote no PDF")) from None


def _drawn(html: str, *options: str) -> bytes:
    browser = browser_path()
    if browser is None:
        raise ValueError(NONE_FOUND)
    if len(html) > LARGEST:
        raise ValueError(f"the figure takes {len(html) / 1e6:.0f} MB, more than is drawn: draw fewer points")
    if not _turn.acquire(timeout=PATIENCE_S):
        raise ValueError("other pictures are being drawn: try again in a minute")
    try:
        with tempfile.TemporaryDirectory(prefix="exitlens-page-", ignore_cleanup_errors=True) as folder:
            return _run(browser, Path(folder), html, options)
    finally:
        _turn.release()


def _run(browser: str, folder: Path, html: str, options: tuple[str, ...]) -> bytes:
    page = folder / "page.html"
    page.write_text(html, encoding="utf-8")
    root = hasattr(os, "geteuid") and os.geteuid() == 0
    command = [browser, *_ALONE, *(["--no-sandbox"] if root else []), f"--user-data-dir={folder / 'profile'}", *options]
    kept = ("PATH", "LANG", "LC_ALL", "SYSTEMROOT", "LD_LIBRARY_PATH", "FONTCONFIG_FILE", "FONTCONFIG_PATH")
    environment = {name: os.environ[name] for name in kept if name in os.environ} | {"HOME": str(folder)}
    pipes = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    try:
        process = subprocess.Popen([*command, page.as_uri()], env=environment, start_new_session=True, **pipes)
    except OSError as error:
        raise ValueError(_why(error.strerror or "it cannot be started")) from None
    try:
        out, said = process.communicate(timeout=PATIENCE_S)
    except subprocess.TimeoutExpired:
        raise ValueError(_why(f"it took more than {PATIENCE_S:.0f} s")) from None
    finally:
        _end(process)
    if process.returncode:
        last = said.decode("utf-8", "replace").strip().splitlines()[-1:]
        raise ValueError(_why(f"it ended with status {process.returncode}: {''.join(last)[:200]}"))
    return out


def _end(process: subprocess.Popen) -> None:
    """The browser and its own processes, however this ends."""
    with suppress(OSError):
        if hasattr(os, "killpg"):
            os.killpg(process.pid, signal.SIGKILL)
        else:
            process.kill()
    with suppress(subprocess.TimeoutExpired):
        process.communicate(timeout=5)


def _why(what: str) -> str:
    named = browser_path() or "the browser"
    return f"{named} drew no picture ({what}): name another Chromium in EXITLENS_BROWSER, or save HTML"
