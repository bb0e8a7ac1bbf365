"""Pictures for papers: what their files are called, what stands inside them, and the page that a browser draws."""

import base64
import hashlib
import json
import re
import stat

import plotly.graph_objects as go
import pytest

from analysis.figures import style
from analysis.figures.print_sizes import PRESETS, SLIDE, PrintSize, in_points
from analysis.report.pictures import draw
from analysis.report.pictures.about import About
from analysis.runtime import browser

HOSTILE = '</script><img src=x onerror="alert(1)">&\u202e$x$ ' + "a" * 10_000


@pytest.fixture
def figure() -> go.Figure:
    made = style.base_figure(HOSTILE, HOSTILE, "exit", HOSTILE)
    return made.add_scatter(x=[1, 2], y=[3, 4], name=style.plain(HOSTILE))


@pytest.mark.parametrize(
    ("run", "predictor", "figure", "file"),
    [
        ("msdnet-cifar100", "pa", "falls", "msdnet-cifar100-pa-falls"),
        ("../../etc/passwd", "pa", "a/b", "etc-passwd-pa-a-b"),
        ("", "", "curve", "exitlens-curve"),
        ("рад 1", "mine", "x", "рад-1-mine-x"),
        ("...", "", "..", "exitlens-figure"),
        ("a" * 300, "pa", "f", "a" * 60 + "-pa-f"),
        ('<b>"\n|:?*', "pa", "f", "b-pa-f"),
    ],
)
def test_files_are_named_after_run_predictor_and_figure(run, predictor, figure, file):
    assert About(run, predictor, figure).file == file


def test_what_a_picture_is_of_is_plain_text_without_turned_words():
    about = About(HOSTILE, "pa", "falls")
    assert "\u202e" not in about.title + about.text
    assert len(about.title) < 300


@pytest.mark.parametrize("text", ["", "3.25", "in", "3,25in", "1e3in", "-3in", "3 feet", "٣in", "nan in", "3in; x"])
def test_what_is_no_length_is_refused(text):
    with pytest.raises(ValueError, match=r"give a number with in, mm, cm or pt"):
        in_points(text)


@pytest.mark.parametrize(("width", "font"), [(10, 8), (5000, 8), (234, 1), (234, 100), (float("nan"), 8)])
def test_sizes_that_nobody_prints_are_refused(width, font):
    with pytest.raises(ValueError, match=r"give \d+ to \d+ pt"):
        PrintSize(width, font)


def test_a_slide_is_sixteen_to_nine():
    assert SLIDE.width / SLIDE.height == pytest.approx(16 / 9)
    assert [one.size.height for one in PRESETS if one.id != "slide"] == [None, None, None]


def test_the_page_runs_our_scripts_alone_and_fetches_nothing(figure):
    page = draw.picture_bytes(figure, PrintSize(), About(HOSTILE, "pa", "falls"), "html").decode()
    policy = re.search(r'Content-Security-Policy" content="([^"]*)"', page)[1]
    assert policy.startswith("default-src 'none'; script-src 'sha256-")
    scripts = re.findall(r"<script>(.*?)</script>", page, re.DOTALL)
    assert len(scripts) == 2
    for one in scripts:
        assert f"'sha256-{base64.b64encode(hashlib.sha256(one.encode()).digest()).decode()}'" in policy
    held = json.loads(re.search(r'<script type="application/json" id="asked">(.*?)</script>', page, re.DOTALL)[1])
    assert held["size"] == {"width": 234.0, "font": 8.0, "height": None, "title": True}
    assert "<img src=x" not in page
    assert page == draw.picture_bytes(figure, PrintSize(), About(HOSTILE, "pa", "falls"), "html").decode()


def test_a_figure_is_written_whole_or_not_at_all(figure, tmp_path, pretended):
    draw.save_picture(figure, tmp_path / "mine.html")
    assert "<title>mine</title>" in (tmp_path / "mine.html").read_text(encoding="utf-8")
    pretended("exit 3")
    before = sorted(tmp_path.iterdir())
    for name in ("a.svg", "a.pdf", "a", "a.eps"):
        with pytest.raises(ValueError, match=r"status 3|a picture as"):
            draw.save_picture(figure, tmp_path / name)
    assert sorted(tmp_path.iterdir()) == before


def test_another_format_is_refused(figure):
    with pytest.raises(ValueError, match="a picture as 'eps': choose svg, pdf or html"):
        draw.picture_bytes(figure, PrintSize(), About("a", "pa", "f"), "eps")


def test_without_a_browser_one_sentence_says_what_to_do(figure, monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(browser, "ELSEWHERE", {})
    for name in browser.NAMED_IN:
        monkeypatch.delenv(name, raising=False)
    assert browser.browser_path() is None
    with pytest.raises(ValueError, match=r"^no browser was found to draw the figure: install Chromium"):
        draw.picture_bytes(figure, PrintSize(), About("a", "pa", "f"), "svg")
    monkeypatch.setenv("EXITLENS_BROWSER", str(tmp_path / "gone"))  # what is named is not replaced by another
    assert browser.browser_path() is None


@pytest.fixture
def pretended(monkeypatch, tmp_path):
    """A browser that is a shell script."""

    def made(script: str) -> None:
        path = tmp_path / "browser"
        path.write_text(f"#!/bin/sh\n{script}\n")
        path.chmod(path.stat().st_mode | stat.S_IXUSR)
        monkeypatch.setenv("EXITLENS_BROWSER", str(path))

    return made


def test_a_browser_that_draws_nothing_is_said_in_one_sentence(figure, pretended, monkeypatch):
    about = About("a", "pa", "f")
    for script, form, why in (
        ("exit 3", "svg", "it ended with status 3"),
        ("echo '<html></html>'", "svg", "it did not finish"),
        ("exit 0", "pdf", "it wrote no PDF"),
    ):
        pretended(script)
        with pytest.raises(ValueError, match=why):
            draw.picture_bytes(figure, PrintSize(), about, form)
    monkeypatch.setattr(browser, "PATIENCE_S", 0.2)
    pretended("sleep 60")
    with pytest.raises(ValueError, match=r"it took more than 0 s"):
        draw.picture_bytes(figure, PrintSize(), about, "svg")


def test_a_page_that_is_too_large_never_reaches_the_browser(figure, pretended, monkeypatch):
    pretended("exit 3")
    monkeypatch.setattr(browser, "LARGEST", 1000)
    with pytest.raises(ValueError, match="more than is drawn: draw fewer points"):
        draw.picture_bytes(figure, PrintSize(), About("a", "pa", "f"), "svg")


def test_the_browser_gets_no_network_no_keys_of_ours_and_no_folder_but_its_own(
    figure, pretended, monkeypatch, tmp_path
):
    monkeypatch.setenv("SECRET_TOKEN", "hush")
    pretended(f'env > "{tmp_path}/env"; echo "$@" > "{tmp_path}/arguments"; ls "$HOME" > "{tmp_path}/home"; exit 3')
    with pytest.raises(ValueError, match="status 3"):
        draw.picture_bytes(figure, PrintSize(), About("a", "pa", "f"), "svg")
    assert "hush" not in (tmp_path / "env").read_text()
    arguments = (tmp_path / "arguments").read_text()
    assert "--host-resolver-rules=MAP * ~NOTFOUND" in arguments
    assert (tmp_path / "home").read_text().split() == ["page.html"]
    assert not list(tmp_path.glob("exitlens-*"))
