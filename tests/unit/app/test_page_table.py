"""The table of pages: every row is a folder with a page, and rows of a group stand together."""

from itertools import groupby
from pathlib import Path

from app.page_table import EVERY_PAGE, PAGES

VIEWS = Path(__file__).resolve().parents[3] / "app" / "views"


def test_every_row_is_a_page_and_every_page_a_row():
    assert len(set(EVERY_PAGE)) == len(EVERY_PAGE)
    assert set(EVERY_PAGE) == {page.parent.name for page in VIEWS.glob("*/page.py")}


def test_rows_of_one_group_stand_together():
    groups = [group for group, _ in groupby(PAGES, key=lambda page: page.group) if group]
    assert len(set(groups)) == len(groups)


def test_titles_are_told_apart():
    assert len({page.title for page in PAGES}) == len(PAGES)
