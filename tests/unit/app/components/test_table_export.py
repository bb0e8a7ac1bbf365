"""The menu that saves a table."""

import pandas as pd
import pytest
from streamlit.testing.v1 import AppTest

from app.components import table_export
from app.components.table_export import table_text
from tests.e2e.pages import opened

TABLE = pd.DataFrame({"run": ["my_run"], "accuracy": [0.123456789]})


def test_csv_holds_the_numbers_and_the_others_what_is_shown():
    shown = pd.DataFrame({"run": ["my_run"], "accuracy, %": ["12.35"]})
    assert table_text("csv", "title", TABLE, shown) == "\ufeffrun,accuracy\nmy_run,0.123456789\n"
    assert r"| my\_run | 12.35 |" in table_text("md", "title", TABLE, lambda: shown)
    assert r"my\_run & 12.35 \\" in table_text("tex", "title", lambda: TABLE, shown)
    assert r"my\_run & 0.1235 \\" in table_text("tex", "title", TABLE)


def test_the_menu_offers_three_files_of_safe_names():
    def page():
        import pandas as pd

        from app.components.table_export import offer_table

        offer_table("../a b/<c>", "title", pd.DataFrame({"a": [1]}))

    app = AppTest.from_function(page).run()
    assert not app.exception
    buttons = app.get("download_button")
    assert [button.label for button in buttons] == ["CSV", "Markdown", "LaTeX"]


@pytest.mark.parametrize(
    ("page", "address", "names"),
    [
        ("classes", {}, {"classes"}),
        ("monotonicity", {}, {"falls"}),
        ("compute", {"below": "rule"}, {"rule-confidence"}),
        ("compute", {}, {"overhead"}),
    ],
)
def test_tables_of_the_pages_can_be_saved(small_run, monkeypatch, page, address, names):
    saved = {}
    monkeypatch.setattr(
        "app.components.table_export.offer_table", lambda name, *told, **more: saved.update({name: (told, more)})
    )
    for view in ("classes.class_table", "monotonicity.page", "compute.page", "compute.rule"):
        monkeypatch.setattr(f"app.views.{view}.offer_table", table_export.offer_table)
    assert not opened(page, run="small", predictor="pa", poe="1", **address).exception
    assert set(saved) == names
    for (title, table), more in saved.values():
        for kind in ("csv", "md", "tex"):
            text = table_text(kind, title, table, more.get("shown"))
            assert len(text.splitlines()) > 1
        assert "small" in table_text("csv", title, table)
