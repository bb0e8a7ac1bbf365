"""The menu that saves a table."""

import pandas as pd
from streamlit.testing.v1 import AppTest

from app.components.table_export import table_text

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

        offer_table("../a b/<c>", "title", pd.DataFrame({"a": [1]}), runs=["../x", "y", "y"])

    app = AppTest.from_function(page).run()
    assert not app.exception
    buttons = app.get("download_button")
    assert [button.label for button in buttons] == ["CSV", "Markdown", "LaTeX"]
