"""The map by AppTest: every kind of run, places and colours against NumPy, what it opens, what it says."""

import sys
import time

import numpy as np
import pandas as pd
import pytest

from analysis.runtime import command_job
from analysis.selection import SampleTable, Selection
from analysis.selection.trajectory_map import on_a_plane, share_held
from analysis.storage import write_run
from analysis.words.formats import percent
from tests.e2e.pages import address, figures, opened, payloads, points, title, words


def shown(run="small", **controls):
    app = opened("map", run=run, **({"predictor": "pa", "poe": "1"} | controls))
    assert not app.exception
    assert not app.error
    return app


def test_every_sample_is_where_its_trajectory_puts_it(small_run):
    app, vectors = shown(), SampleTable(small_run).trajectories()
    places, held = on_a_plane(vectors), points(app, "map")
    assert np.array_equal(held["x"], places[:, 0].astype(np.float32))
    assert np.array_equal(held["y"], places[:, 1].astype(np.float32))
    assert percent(100 * share_held(vectors, places).sum()) in title(figures(app)["map"])
    assert "take the same way over the exits" in words(app)


def test_colours_are_the_column_s(small_run):
    table = SampleTable(small_run)
    held = points(shown(colour="confidence"), "map")
    values = table["confidence"].to_numpy()
    assert np.argmax(values) in np.flatnonzero(np.array(held["code"]) == 254)
    assert np.allclose(held["colour0"], values)
    held = points(shown(colour="correct"), "map")
    right = table["correct"].to_numpy()
    assert len({(code, yes) for code, yes in zip(held["code"], right)}) == 2
    assert [held["colour0"][i] for i in range(20)] == ["yes" if yes else "no" for yes in right[:20]]


def test_a_colour_moves_no_point_and_a_selection_sends_no_place_again(small_run):
    sent = [payloads(shown(**more))["map"]["points"] for more in ({}, {"colour": "correct"}, {"brush": "not correct"})]
    assert len({one["content"] for one in sent}) == 1
    assert len({one["colouring"] for one in sent}) == 3


@pytest.mark.parametrize("poe", ["0", "1"])
def test_every_column_colours(small_run, poe):
    app = shown(poe=poe)
    (box,) = [one for one in app.selectbox if one.label == "Coloured by"]
    for column in [*box.options][:: 5 if poe == "0" else 1]:
        held = points(shown(poe=poe, colour=column), "map")
        assert len(held["code"]) == len(small_run.positions("test")), column


def test_columns_of_the_run_colour_whatever_they_hold(runs, small_logits, small_labels):
    samples = pd.DataFrame({
        "when": pd.to_datetime(["2024-01-01", None] * 200),
        "text": ["<b>a</b>", None, "b", "c"] * 100,
        "size": [1, 2, 3, None] * 100,
        "many": [f"one of {i}" for i in range(400)],
    })  # fmt: skip
    write_run(runs / "own", logits=small_logits, labels=small_labels, samples=samples)
    for column, rest in (("when", True), ("text", True), ("size", False), ("many", True)):
        app = shown("own", colour=column)
        legend = [trace["name"] for trace in figures(app)["map"]["data"]]
        assert any("unknown" in name or "others" in name for name in legend) == rest, column
        assert len(points(app, "map")["code"]) == 400


def test_a_region_selects_and_is_drawn_again(small_run):
    brush = "in drawn; drawn = box(map_x, map_y, 0,-9, 9,9)"
    app, table = shown(brush=brush), SampleTable(small_run)
    mask = Selection.parse(brush).mask(table)
    assert np.array_equal(np.array(points(app, "map")["kept"], bool), mask)
    assert f"{mask.sum()} of 300 test samples</b> inside a box drawn on the map of trajectories" in words(app)
    assert payloads(app)["map"]["selection"] == {"kind": "box", "x": [0.0, 9.0], "y": [-9.0, 9.0]}
    assert payloads(shown(brush="not correct"))["map"]["selection"] is None


def test_the_map_selects_what_is_in_a_region(monkeypatch):
    from app.views.map import page

    opened_selections = []
    monkeypatch.setattr(page, "select", lambda selection, figure: opened_selections.append((selection.text, figure)))
    page._open_region(("map_x", "map_y"), {"kind": "box", "x": [0.0, 1.0], "y": [0.5, 2.0]})
    assert opened_selections == [("in drawn; drawn = box(map_x, map_y, 0,0.5, 1,2)", "map")]


def test_without_umap_the_map_says_how_to_have_it(small_run, monkeypatch):
    from app.views.map import umap

    monkeypatch.setattr(umap, "umap_installed", lambda: False)
    app = shown(placed="umap")
    assert "umap-learn" in words(app)
    assert address(app)["placed"] == "umap"
    assert payloads(app)["map"]["points"]["content"] == payloads(shown())["map"]["points"]["content"]


def with_umap(monkeypatch, tmp_path, seconds):
    monkeypatch.setenv("EXITLENS_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("UMAP_SECONDS", str(seconds))
    from analysis.selection import umap_map
    from app.views.map import umap

    for module in (umap, sys.modules["analysis.selection.sample_table"]):
        monkeypatch.setattr(module, "umap_installed", lambda: True)
    monkeypatch.setattr(umap_map, "MODULE", "tests.e2e.points.tripling_umap")
    monkeypatch.setattr(umap_map, "_made", {})


def button(app, label):
    return next(one for one in app.button if one.label == label)


def test_umap_is_computed_beside_the_app_and_kept(small_run, monkeypatch, tmp_path):
    with_umap(monkeypatch, tmp_path, 0)
    app = shown(placed="umap")
    assert any("The map below is PCA's" in caption.value for caption in app.caption)
    button(app, "Compute the map by UMAP").click().run()
    for _ in range(60):
        if not command_job._jobs:
            break
        time.sleep(0.5)
        app.run()
    assert not command_job._jobs
    vectors, app = SampleTable(small_run).trajectories(), shown(placed="umap")
    assert np.allclose(points(app, "map")["x"], 3 * vectors[:, 0], atol=1e-6)
    assert "are among the 15 nearest on the map" in title(figures(app)["map"])
    app = shown(placed="umap", brush="in drawn; drawn = box(umap_x, umap_y, 0,0, 9,9)")
    assert "drawn on the map of trajectories" in words(app)


def test_cancel_ends_the_process(small_run, monkeypatch, tmp_path):
    with_umap(monkeypatch, tmp_path, 60)
    app = shown(placed="umap")
    button(app, "Compute the map by UMAP").click().run()
    (running,) = command_job._jobs
    assert app.get("progress")[0].proto.text.startswith("Placing 300 samples by UMAP")
    button(app, "Cancel").click().run()
    assert running.process.poll() is not None
    assert not command_job._jobs
    assert button(app, "Compute the map by UMAP")


def test_the_sample_on_screen_is_ringed_and_an_unknown_column_falls_back(small_run):
    app = shown(sample="9", colour="nothing")
    assert "does not exist here" in words(app)
    assert [t["name"] for t in figures(app)["map"]["data"]][-1] == "sample on screen"


def test_without_labels_the_final_prediction_stands_in(unlabelled_run):
    app = shown("unlabelled")
    assert "the probability of the final prediction" in words(app)
    assert "line1" not in points(app, "map")


def test_probabilities_one_exit_and_one_sample(probs_run, runs, small_logits, small_labels):
    assert points(shown("probs"), "map")["x"]
    write_run(runs / "one", logits=small_logits[:1, :1], labels=small_labels[:1])
    app = shown("one")
    assert points(app, "map")["x"] == [0]
    assert title(figures(app)["map"]) == "All samples take the same way over the exits"


def test_a_damaged_run_says_what_to_do(damaged_run):
    app = opened("map", run="damaged")
    assert not figures(app)
    assert any("analysis validate" in code.value for code in app.code)
