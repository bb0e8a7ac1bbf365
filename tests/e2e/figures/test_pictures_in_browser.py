"""A figure saved for a paper: as wide as was asked for, in one size of text, text as text; and as one page of PDF."""

import re
import xml.etree.ElementTree as ElementTree

import pytest

from tests.e2e import browser as harness
from tests.e2e import pictures

pytestmark = pytest.mark.browser

SVG = "{http://www.w3.org/2000/svg}"


@pytest.fixture(scope="module")
def opened(chromium, server):
    with harness.opened(chromium, f"{server.url}/?run=full&predictor=pa&poe=1", dark=True) as opened:
        yield opened


def test_a_picture_for_a_column_has_its_width_its_text_and_says_what_it_is_of(opened, server, tmp_path):
    page, path = opened.page, tmp_path / "a.svg"
    assert pictures.save(page, "exits", "svg", path, size="typed", typed="84mm", font=7) == "full-pa-exits.svg"
    root = ElementTree.parse(path).getroot()
    width, scale = float(root.get("width").removesuffix("pt")), float(root.get("viewBox").split()[2])
    assert width == pytest.approx(84 / 25.4 * 72, abs=0.01)
    texts = list(root.iter(f"{SVG}text"))
    sizes = {round(float(re.search(r"font-size: ([\d.]+)px", one.get("style"))[1]) * width / scale, 2) for one in texts}
    assert sizes == {7.0}
    assert not [*root.iter(f"{SVG}image"), *root.iter(f"{SVG}foreignObject")]
    said = " ".join("".join(one.itertext()) for one in texts)
    assert "accuracy, %" in said
    assert "PA is" in said
    assert root.find(f"{SVG}title").text == "full, pa: exits"
    about = root.find(f"{SVG}desc").text
    assert "Means over" in about
    assert "Run full, predictor pa; figure exits" in about
    assert root.find(f"{SVG}rect").get("fill") == "#ffffff"  # on white, although the page is dark
    pictures.save(page, "exits", "svg", tmp_path / "again.svg")
    assert (tmp_path / "again.svg").read_bytes() == path.read_bytes()  # what was chosen holds, and so does every byte
    pictures.save(page, "exits", "svg", tmp_path / "bare.svg", title=False)
    assert "PA is" not in "".join(ElementTree.parse(tmp_path / "bare.svg").getroot().find(f"{SVG}g").itertext())
    box = pictures.open_box(page, "exits")
    box.locator("[name=typed]").fill("wide")
    page.keyboard.press("Enter")
    assert box.get_by_role("status").inner_text() == "A width is a number with in, mm, cm or pt: 3.25in"
    page.keyboard.press("Escape")
    assert page.evaluate("document.activeElement.ariaLabel") == "Menu of this figure"
    assert opened.complaints == []


def test_a_pdf_is_one_page_of_that_size(opened, server, tmp_path):
    path = tmp_path / "a.pdf"
    name = pictures.save(opened.page, "trajectories", "pdf", path, size="column", font=8, title=True)
    assert name == "full-pa-trajectories.pdf"
    content = path.read_bytes()
    assert content.startswith(b"%PDF")
    (box,) = re.findall(rb"/MediaBox ?\[0 0 ([\d.]+) ([\d.]+)\]", content)
    assert float(box[0]) == pytest.approx(234, abs=0.5)
    assert 100 < float(box[1]) < 400
    assert len(re.findall(rb"/Type ?/Page\b", content)) == 1
    title = re.search(rb"/Title ?(<[0-9A-F]+>|\([^)]*\))", content)[1]
    decoded = bytes.fromhex(title[1:-1].decode()).decode("utf-16") if title.startswith(b"<") else title[1:-1].decode()
    assert decoded == "full, pa: trajectories"
    assert b"/FontFile" in content or b"/Type3" in content  # text is text
    assert server.tracebacks() == []
