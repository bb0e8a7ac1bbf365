"""Tables of the pages leave in each of three formats, with what they are of."""

import pytest

from app.components import table_export
from app.components.table_export import table_text
from tests.e2e.pages import opened, payloads


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


BOTH = "baseline-and-pa"


@pytest.mark.parametrize(
    ("page", "address", "whose"),
    [
        ("overview", {}, {"trajectories": BOTH, "shares": BOTH, "exits": BOTH, "classes": BOTH, "price": BOTH}),
        ("samples", {}, {"trajectory": "baseline", "class-race": "baseline", "factors": "pa"}),
        ("monotonicity", {}, {"decrease": BOTH, "scatter": BOTH, "histogram": BOTH, "exit-pairs": "baseline",
                              "causes": "baseline", "settled": BOTH}),
        ("classes", {}, {"class-falls": BOTH, "class-pairs": BOTH, "confusion": "baseline"}),
        ("map", {"colour": "poe_fall"}, {"map": "pa"}),
        ("map", {"colour": "baseline_fall"}, {"map": "baseline"}),
        ("map", {"colour": "gained"}, {"map": "pa"}),
        ("map", {"colour": "fall"}, {"map": "baseline"}),
        ("compute", {"below": "rule"}, {"compute": BOTH, "stops": "baseline", "stop-risk": "baseline",
                                        "class-depths": "baseline"}),
        ("compute", {}, {"answers": "baseline"}),
        ("calibration", {}, {"reliability": BOTH, "temperatures": BOTH}),
        ("sets", {}, {"set-coverage": BOTH, "set-sizes": BOTH, "sets-by-size": "baseline", "set-growth": BOTH}),
        ("sets", {"sets": "nested"}, {"set-coverage": "", "set-sizes": "", "sets-by-size": "", "set-growth": ""}),
        ("ablation", {}, {"ablation-accuracy": "", "ablation-falls": ""}),
    ],
)  # fmt: skip
def test_files_of_figures_name_the_predictors_that_they_are_of_while_poe_is_off(small_run, page, address, whose):
    settings = {"run": "small", "predictor": "pa", "set": "weights:uniform"}
    off, on = (payloads(opened(page, poe=poe, **settings, **address)) for poe in "01")
    assert whose.keys() <= off.keys()
    for name, predictor in whose.items():
        about = off[name]["about"]
        assert about["file"] == "-".join(filter(None, ("small", predictor, name)))
        assert ("with weights:uniform" in about["text"]) == (predictor in ("pa", BOTH))
        if predictor:
            shown = "baseline" if address.get("colour") == "baseline_fall" else "pa"
            assert on[name]["about"]["file"] == f"small-{shown}-{name}"
