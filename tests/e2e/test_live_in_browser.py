"""The live page in a real browser: a slider breaks a trajectory, an upload runs, the address restores what is seen."""

import io
import urllib.parse

import pytest
from PIL import Image

from tests.e2e import browser as harness

pytestmark = pytest.mark.browser


@pytest.fixture
def page(chromium, bundled):
    with harness.opened(chromium, f"{bundled.url}/live?run=msdnet-cifar100&predictor=pa&poe=1&sample=12") as opened:
        yield opened.page
        assert opened.complaints == []
        assert bundled.tracebacks() == []


def address(page) -> dict[str, str]:
    return dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(page.url).query))


def lines(page) -> list[str]:
    return harness.plot(page, "live", "gd.data.map((trace) => trace.name)")


def test_a_slider_breaks_the_trajectory_and_the_address_restores_it(chromium, page):
    assert not any(name.startswith("undistorted") for name in lines(page))
    before = harness.drawn(page, "live")
    page.get_by_role("slider", name="Blur, % of the width").focus()
    for _ in range(3):
        page.keyboard.press("ArrowRight")
    page.wait_for_function("() => new URL(location).searchParams.get('blur') === '3'")
    harness.wait_redrawn(page, "live", before)
    harness.settle(page)
    assert any(name.startswith("undistorted") for name in lines(page))
    title = harness.plot(page, "live", "gd.closest('.xl-chart').querySelector('.xl-title').textContent")
    assert "blurred by 3%" in title
    with harness.opened(chromium, page.url) as other:
        assert address(other.page) == address(page)
        assert (
            harness.plot(other.page, "live", "gd.closest('.xl-chart').querySelector('.xl-title').textContent") == title
        )


def test_play_lets_the_exits_arrive_one_after_the_other(page):
    before, seen = page.url, []
    page.get_by_role("button", name="Play").click()
    page.get_by_role("button", name="Stop").wait_for()
    while page.get_by_role("button", name="Stop").count():
        seen.append(harness.plot(page, "live", "gd.layout.xaxis.ticktext.filter((text) => text.includes('ms')).length"))
        page.wait_for_timeout(100)
    harness.settle(page)
    arrived = [count for count in dict.fromkeys(seen) if count < 7]
    assert len(arrived) >= 3
    assert arrived == sorted(arrived)
    assert harness.plot(page, "live", "gd.layout.xaxis.ticktext.every((text) => text.includes('ms'))")
    assert page.url == before


def test_an_uploaded_image_runs(page):
    page.get_by_text("your own", exact=True).click()
    page.wait_for_function("() => new URL(location).searchParams.get('source') === 'upload'")
    out = io.BytesIO()
    Image.new("RGB", (50, 40), (200, 30, 30)).save(out, format="PNG")
    page.locator("input[type=file]").set_input_files(
        {"name": "mine.png", "mimeType": "image/png", "buffer": out.getvalue()}
    )
    page.wait_for_selector('.xl-chart[data-name="live"]')
    harness.settle(page)
    assert any("final prediction" in name for name in lines(page))


def choose(page, name: str, data: bytes) -> None:
    page.locator("input[type=file]").set_input_files({"name": name, "mimeType": "image/png", "buffer": data})


@pytest.mark.parametrize(
    ("name", "data", "said"),
    [
        ("large.png", bytes(6 << 20), "large.png: the file has 6.0 MB, and at most 5 are read: save it smaller."),
        ("notes.txt", b"text", "notes.txt: the file is no PNG, JPEG or WebP image."),
    ],
)
def test_a_refused_upload_is_said_and_clears_the_last_result(page, name, data, said):
    page.get_by_text("your own", exact=True).click()
    page.wait_for_function("() => new URL(location).searchParams.get('source') === 'upload'")
    out = io.BytesIO()
    Image.new("RGB", (50, 40), (200, 30, 30)).save(out, format="PNG")
    choose(page, "mine.png", out.getvalue())
    page.wait_for_selector('.xl-chart[data-name="live"]')
    harness.settle(page)
    choose(page, name, data)
    page.get_by_text(said, exact=True).wait_for()
    harness.settle(page)
    assert page.locator('.xl-chart[data-name="live"]').count() == 0
    assert "mine.png" not in page.get_by_test_id("stMain").inner_text()
    choose(page, "mine.png", out.getvalue())
    page.wait_for_selector('.xl-chart[data-name="live"]')
    harness.settle(page)
    assert page.get_by_text(said, exact=True).count() == 0


def test_arrow_keys_step_through_the_run(page):
    page.locator("h3").first.click()
    page.keyboard.press("ArrowRight")
    page.wait_for_function("() => new URL(location).searchParams.get('sample') === '13'")
    harness.settle(page)
    assert "sample 13" in page.get_by_test_id("stMain").inner_text()


def test_a_film_strip_shows_its_progress_and_then_the_maps(page):
    page.goto(page.url + "&method=input-x-gradient&through=head&quantity=logit")
    harness.first_run(page)
    page.get_by_role("button", name="Compute the film-strip").click()
    page.get_by_role("button", name="Cancel").wait_for()
    page.wait_for_selector('.xl-chart[data-name="film-strip"]')
    harness.settle(page)
    assert harness.plot(page, "film-strip", "gd.data.length") == 7
    assert page.get_by_role("button", name="Cancel").count() == 0


def test_after_cancel_the_film_strip_can_be_started_again(page):
    page.goto(page.url + "&method=integrated-gradients&through=product&quantity=prob")
    harness.first_run(page)
    page.get_by_role("button", name="Compute the film-strip").click()
    page.get_by_role("button", name="Cancel").click()
    page.get_by_role("button", name="Compute the film-strip").wait_for()
    assert page.get_by_role("button", name="Cancel").count() == 0
