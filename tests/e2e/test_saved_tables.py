"""Tables of the pages leave in each of three formats, with what they are of."""

import pytest

from app.components import table_export
from app.components.table_export import table_text
from tests.e2e.pages import opened


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
        assert list(more["runs"]) == ["small"]
