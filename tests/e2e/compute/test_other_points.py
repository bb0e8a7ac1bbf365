"""Points of other networks on Compute by AppTest: a CSV brings them, they stay, names are text, none is forced."""

import pytest

from analysis.storage.other_points import Point, save_points, saved_points
from app.views.compute import other_points
from tests.e2e.pages import figures, opened, words

HEAD = "name,cost,unit,accuracy,source\n"
HOSTILE = "<img src=x onerror=alert(1)> *b* $a$ %{x} שלום " + "x" * 100


def brought(app, text, name="points.csv"):
    """The app after a file of that text was dropped."""
    data = text if isinstance(text, bytes) else text.encode()
    return app.file_uploader[0].set_value((name, data, "text/csv")).run()


def drawn(app):
    return {t["name"]: t for t in figures(app)["compute"]["data"] if t["marker"].get("symbol") == "diamond-tall-open"}


def test_a_csv_is_drawn_beside_the_curves_and_stays(small_run):
    app = opened("compute", run="small", published="0")
    lines = f"{HEAD}static,2M,MACs,55.5,a paper\nstatic,9M,MACs,66,a paper\nsingle,3000000,MACs,40,own\n"
    brought(app, lines)
    assert not app.exception
    again = opened("compute", run="small")
    for one in (app, again):
        found = drawn(one)
        assert found["static"]["x"] == [2e6, 9e6]
        assert found["static"]["y"] == [55.5, 66]
        assert found["static"]["mode"] == "lines+markers"
        assert found["single"]["mode"] == "markers"
        assert figures(one)["compute"]["layout"]["xaxis"]["range"][1] > 9e6
        assert "Open markers: other networks." in figures(one)["compute"]["layout"]["title"]["subtitle"]["text"]
    assert not drawn(opened("compute", run="small", published="0"))
    assert not drawn(opened("compute", run="small", brush="label = 3", only="1"))  # the points are of all samples
    assert not drawn(opened("compute", run="small", split="all"))


def test_points_in_another_unit_are_said_and_not_drawn(small_run):
    of = small_run.dataset or "run small"
    save_points(of, [Point("other", 3.0, "furlongs", 50.0, "")])
    app = opened("compute", run="small")
    assert not drawn(app)
    assert "other: 1 point, not drawn: in furlongs" in words(app)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (f"{HEAD}a,1,GFLOPs,50,b", "unit is 'GFLOPs', and this run's costs are in MACs: convert the costs"),
        (b"\xff\xfe\x00", "points.csv: is no text in UTF-8"),
    ],
)
def test_what_is_refused_is_said_once_and_not_kept(small_run, text, said):
    app = brought(opened("compute", run="small"), text)
    assert said in words(app)
    assert not drawn(app)
    assert said not in words(app.run())


def test_removing_them_can_be_taken_back(small_run):
    app = brought(opened("compute", run="small"), f"{HEAD}a,3M,MACs,50,b\nc,3M,MACs,50,d\n")
    app.button(key="points-remove:a").click().run()
    assert set(drawn(app)) == {"c"}
    app.button(key="points-undo").click().run()
    assert set(drawn(app)) == {"a", "c"}


def test_hostile_names_and_sources_are_text(small_run):
    app = brought(opened("compute", run="small"), f'{HEAD}"{HOSTILE}",3M,MACs,50,"{HOSTILE}"')
    assert not app.exception
    (trace,) = (t for t in figures(app)["compute"]["data"] if t["marker"].get("symbol") == "diamond-tall-open")
    texts = [
        trace["name"],
        *trace["customdata"][0],
        *(n["text"] for n in figures(app)["compute"]["layout"]["annotations"]),
    ]
    assert not any("<img" in text or "%{x}" in text for text in texts)
    assert "<img" not in words(app).replace("&lt;img", "")


def test_a_read_only_app_shows_them_and_takes_none(small_run, monkeypatch):
    app = opened("compute", run="small")
    brought(app, f"{HEAD}a,3M,MACs,50,b\n")
    monkeypatch.setenv("EXITLENS_READ_ONLY", "1")
    app = opened("compute", run="small")
    assert set(drawn(app)) == {"a"}
    assert not app.get("file_uploader")
    assert not [one for one in app.button if (one.key or "").startswith("points-")]
    with pytest.raises(ValueError, match="read-only"):
        other_points._changeable()
    other_points._remove(small_run, "a")
    assert len(saved_points(small_run.dataset or "run small")) == 1


def test_without_costs_or_labels_there_is_no_place_for_them(imageless_run, unlabelled_run):
    for run in ("imageless", "unlabelled"):
        assert not opened("compute", run=run).get("file_uploader")
