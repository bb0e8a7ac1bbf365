"""The shell where only a browser can tell: copied address, history, both themes, and no request to anywhere else."""

import urllib.parse

import pytest

from tests.e2e import browser as harness

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def opened(chromium, server):
    with harness.opened(chromium, f"{server.url}/?run=full") as opened:
        yield opened
    assert opened.complaints == []
    assert server.tracebacks() == []


@pytest.fixture
def page(opened, server):
    opened.page.goto(f"{server.url}/?run=full")
    harness.first_run(opened.page)
    return opened.page


def address(page) -> dict[str, str]:
    return dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(page.url).query))


def wait_for_address(page, **parts: str) -> None:
    wanted = urllib.parse.urlencode(parts)
    page.wait_for_function(
        """(wanted) => [...new URLSearchParams(wanted)].every(([name, value]) =>
            new URLSearchParams(location.search).get(name) === value)""",
        arg=wanted,
    )
    harness.settle(page)


def open_page(page, title: str, path: str) -> None:
    page.get_by_role("link", name=title, exact=True).click()
    page.wait_for_url(f"**/{path}?*")
    harness.settle(page)


def switch_poe(page) -> None:
    harness.switch_poe(page)


def test_the_copied_address_opens_the_same_view_in_another_browser(chromium, page):
    switch_poe(page)
    wait_for_address(page, poe="1")
    page.get_by_role("button", name="Copy address").click()
    page.get_by_text("Copied", exact=True).wait_for()
    copied = page.evaluate("navigator.clipboard.readText()")
    assert copied == page.url
    with harness.opened(chromium, copied) as other:
        assert address(other.page) == address(page)
        assert other.page.locator(".xl-title").all_inner_texts() == page.locator(".xl-title").all_inner_texts()


def test_shared_controls_hold_from_page_to_page_and_the_history_steps_back(page):
    switch_poe(page)
    wait_for_address(page, poe="1")
    open_page(page, "Monotonicity", "monotonicity")
    assert address(page)["poe"] == "1"
    switch_poe(page)
    wait_for_address(page, poe="0")
    page.go_back()
    wait_for_address(page, poe="1")
    assert "monotonicity" in page.url
    page.wait_for_function("() => document.querySelector('.st-key-control-poe input').checked")
    page.go_back()
    page.wait_for_url(lambda url: "monotonicity" not in url)
    wait_for_address(page, poe="1")


def test_back_takes_one_press_a_page_and_forward_too(page, server):
    titles = {"monotonicity": "Monotonicity", "compute": "Compute", "samples": "Samples"}
    for path, title in titles.items():
        open_page(page, title, path)
    for path in ("compute", "monotonicity", ""):
        page.go_back()
        page.wait_for_url(f"{server.url}/{path}?*")
        wait_for_address(page, run="full")
        harness.settle(page)
    page.go_forward()
    page.wait_for_url("**/monotonicity?*")
    harness.settle(page)
    page.get_by_text("How many samples get worse").wait_for()


def test_back_from_the_first_page_leaves_the_app(page, server):
    page.goto("about:blank")
    page.goto(server.url)
    harness.first_run(page)
    wait_for_address(page, poe="0")
    page.go_back()
    page.wait_for_url("about:blank")


def test_the_shared_controls_show_on_every_page_what_the_page_is_computed_with(page, server):
    page.goto(f"{server.url}/?run=full&predictor=hard-poe&poe=1")
    harness.first_run(page)
    sidebar = page.get_by_test_id("stSidebar")
    for title, path in (("Samples", "samples"), ("Monotonicity", "monotonicity"), ("Samples", "samples")):
        open_page(page, title, path)
        assert harness.poe_is_on(page)
        predictor = sidebar.get_by_role("combobox", name="Predictor")
        assert "Hard PoE" in (predictor.input_value() or predictor.inner_text())


def test_nothing_is_fetched_from_elsewhere(page, server):
    outside = []
    page.on("request", lambda request: outside.append(request.url) if not_here(request.url, server.url) else None)
    page.reload()
    harness.first_run(page)
    for title, path in (("Samples", "samples"), ("Compute", "compute")):
        open_page(page, title, path)
    assert outside == []


def not_here(url: str, server_url: str) -> bool:
    return not url.startswith((server_url, "data:", "blob:"))


@pytest.mark.parametrize("dark", [False, True])
def test_page_and_figures_follow_the_theme_of_the_system(page, dark):
    page.emulate_media(color_scheme="dark" if dark else "light")
    page.reload()
    harness.first_run(page)
    background = page.evaluate("getComputedStyle(document.querySelector('.stApp')).backgroundColor")
    assert background == ("rgb(21, 23, 28)" if dark else "rgb(255, 255, 255)")
    name = page.locator(".xl-chart").first.get_attribute("data-name")
    assert harness.plot(page, name, "gd._fullLayout.font.color").lower() == ("#ececef" if dark else "#1b1b1f")
