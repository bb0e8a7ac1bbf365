"""Monotonicity by AppTest: every kind of run, numbers against NumPy, what each figure opens, the paper's beside."""

import base64
import contextlib
from types import SimpleNamespace
from unittest import mock

import numpy as np

from analysis.metrics.decrease import THRESHOLDS, decrease_percent
from analysis.reference.symlog import FALL_UNIT, PERCENT_UNIT, to_scale
from analysis.results import results_of
from analysis.results.from_logits.causes import deciding_factors
from analysis.selection import SampleTable
from analysis.selection.columns import FallColumn
from analysis.selection.marks import falls_from_to
from analysis.storage import write_run
from analysis.traces import load_traces
from analysis.words.formats import percent
from app.views.monotonicity import oscillation
from tests.e2e.pages import address, figures, opened, payloads, points, title, words

FALLS = {"decrease", "scatter", "histogram", "exit-pairs"}
ANSWERS = {"answer-changes", "answer-entropy", "settled"}
FIGURES = FALLS | ANSWERS | {"right-so-far", "improvability"}
WITH_LABELS = FIGURES | {"causes"}


def shown(run="small", **controls):
    app = opened("monotonicity", run=run, **({"predictor": "pa", "poe": "1"} | controls))
    assert not app.exception
    return app


def curves(app):
    """Percents at the marked thresholds, by what the trace is called."""
    return {t["name"]: t for t in figures(app)["decrease"]["data"] if t["mode"] == "markers"}


def numbers(packed):
    """The numbers of an array as plotly packs it."""
    return np.frombuffer(base64.b64decode(packed["bdata"]), packed["dtype"])


def test_a_full_run_shows_its_figures_whose_numbers_are_numpy_s(small_run):
    app = shown()
    assert set(figures(app)) == WITH_LABELS
    for name, key in (("Baseline", "baseline"), ("PA", "pa")):
        sizes = load_traces(small_run, key, split="test").falls["true_class", "absolute"].size
        expected = decrease_percent(sizes, THRESHOLDS)
        assert np.allclose([row[1] for row in curves(app)[name]["customdata"]], expected)
        assert percent(expected[1]) in title(figures(app)["decrease"])


def test_a_switch_of_the_correction_counts_no_answers_again(small_run):
    app = shown()
    with mock.patch.object(oscillation, "answer_entropy", side_effect=AssertionError("counted again")):
        app.toggle(key="control:poe").set_value(False).run()
        assert not app.exception
        assert not app.error
    assert set(figures(app)) == WITH_LABELS


def test_the_figures_of_answers_count_what_their_bars_select(small_run):
    app, table = shown(), SampleTable(small_run)
    results = {key: results_of(small_run, key) for key in ("baseline", "pa")}
    columns = {"answer-changes": "label_changes", "settled": "settled_at", "answer-entropy": "answer_entropy"}
    for name in ANSWERS:
        for bars in figures(app)[name]["data"]:
            assert sum(told[3] for told in bars["customdata"]) == 300
            for place, _, key, count in bars["customdata"]:
                with selecting() as selected:
                    oscillation._open_bar(name, columns[name], ("baseline", "pa"), ends_of(name), {"customdata": [
                        place, "", key, count]})  # fmt: skip
                assert selected[0][0].mask(table).sum() == count
    for trace in figures(app)["right-so-far"]["data"]:
        key, _, which = trace["customdata"][0][2].rpartition(":")
        expected = results[key].right_so_far if which == "so far" else results[key].accuracy
        np.testing.assert_allclose(numbers(trace["y"]), 100 * expected)
        for number in (1, 4, 7):
            with selecting() as selected:
                oscillation._open_right(view_of(small_run), ("baseline", "pa"), {"customdata": [
                    number, "", trace["customdata"][0][2], ""]})  # fmt: skip
            assert selected[0][0].mask(table).sum() == round(300 * expected[number - 1])
    for trace in figures(app)["improvability"]["data"]:
        key = trace["customdata"][0][2]
        np.testing.assert_allclose(numbers(trace["y"]), 100 * results[key].hindsight_improvability)
        with selecting() as selected:
            oscillation._open_regretted(view_of(small_run), ("baseline", "pa"), {"customdata": [5, "", key, ""]})
        correct = results[key].traces.correct
        assert selected[0][0].mask(table).sum() == (~correct[4] & correct[:4].any(axis=0)).sum()
    for open_, nonsense in (
        (oscillation._open_right, [9, "", "pa:now", ""]),
        (oscillation._open_right, [1, "", "who:now", ""]),
        (oscillation._open_regretted, [0, "", "pa", ""]),
        (oscillation._open_regretted, None),
    ):
        with selecting() as selected:
            open_(view_of(small_run), ("baseline", "pa"), {"customdata": nonsense})
        assert not selected


@contextlib.contextmanager
def selecting():
    """What is selected meanwhile, with the figure's name."""
    selected = []
    with mock.patch.object(oscillation, "select", lambda which, figure: selected.append((which, figure))):
        yield selected


def view_of(run):
    return SimpleNamespace(run=run)


def ends_of(name: str) -> list[tuple[float, float]]:
    """Between which values a bar's samples lie, of seven exits."""
    if name == "answer-entropy":
        return oscillation.entropy_ends(7)
    start = 1 if name == "settled" else 0
    return [(number, number) for number in range(start, start + 7)]


def test_the_switch_changes_every_figure_and_keeps_the_axes(small_run):
    apps = shown(), shown(poe="0")
    (on, off), sent = map(figures, apps), [payloads(app)["scatter"]["points"] for app in apps]
    assert [one["colours"] for one in sent] == [["#0072B2"], ["#7A7A7A"]]
    assert sent[0]["content"] == sent[1]["content"]  # nothing moves
    for name in FIGURES:
        assert name == "scatter" or on[name]["data"] != off[name]["data"], name
        for axis in ("xaxis", "yaxis"):
            assert on[name]["layout"][axis].get("range") == off[name]["layout"][axis].get("range"), (name, axis)
    assert "Under PA" in title(on["exit-pairs"])
    assert "Under the baseline" in title(off["exit-pairs"])


def test_the_scatter_holds_every_sample_and_what_is_selected_of_them(small_run):
    before, after = (
        load_traces(small_run, key, split="test").falls["true_class", "absolute"].size for key in ("baseline", "pa")
    )
    held = points(shown(), "scatter")
    assert np.array_equal(held["x"], to_scale(before, FALL_UNIT).astype(np.float32))
    assert np.array_equal(held["y"], to_scale(after, FALL_UNIT).astype(np.float32))
    positions = small_run.positions("test")
    assert held["line0"] == small_run.samples["id"].iloc[positions].tolist()
    assert held["line1"] == [small_run.class_names[label] for label in small_run.labels[positions]]
    assert "kept" not in held
    kept = points(shown(brush="pa.fall_true_class > 0.01"), "scatter")["kept"]
    assert np.array_equal(np.array(kept, bool), after > np.float32(0.01))


def test_the_matrix_of_exits_shows_where_selected_samples_fall(small_run):
    (whole,) = figures(shown())["exit-pairs"]["data"]
    place = max(np.ndindex(7, 7), key=lambda at: whole["z"][at[0]][at[1]] or 0)
    brush = falls_from_to(FallColumn("pa", "true_class", "absolute"), 0.01, place[0] + 1, place[1] + 1).text
    some = figures(shown(brush=brush))["exit-pairs"]
    cells, rest = some["data"]
    there = [at for at in np.ndindex(7, 7) if cells["z"][at[0]][at[1]] is not None]
    assert there == [place]
    assert cells["z"][place[0]][place[1]] == whole["z"][place[0]][place[1]]
    assert rest["z"][place[0]][place[1]] is None
    assert " In full colour where they lie: the " in some["layout"]["title"]["subtitle"]["text"]


def test_the_sample_on_screen_is_ringed(small_run):
    app = shown(split="all", sample="7")
    rings = [t for t in figures(app)["scatter"]["data"] if t["name"] == "sample on screen"]
    sizes = load_traces(small_run, "baseline", split="all").falls["true_class", "absolute"].size
    assert np.isclose(numbers_of(rings[0]["x"]), to_scale(sizes[7], FALL_UNIT))


def numbers_of(packed):
    return numbers(packed)[0] if isinstance(packed, dict) else packed[0]


def test_several_predictors_stand_beside(small_run):
    app = shown(beside="ca,hard-poe")
    assert {"Baseline", "PA", "CA", "Hard PoE"} <= set(curves(app))
    app = shown(predictor="ca", beside="ca,hard-poe")  # the chosen one is not compared with itself
    assert set(curves(app)) == {"Baseline", "CA", "Hard PoE"}
    assert "does not exist" not in words(app)


def test_relative_falls_and_other_classes(small_run):
    for of in ("true_class", "final_prediction", "any_class"):
        for size in ("absolute", "relative"):
            app = shown(of=of, size=size)
            sizes = load_traces(small_run, "pa", split="test").falls[of, size].size
            assert np.allclose([row[1] for row in curves(app)["PA"]["customdata"]], decrease_percent(sizes, THRESHOLDS))
            assert ("Relative falls divide" in words(app)) == (size == "relative")


def test_small_probabilities_are_named_with_this_run_s_numbers(small_run):
    mean = float(load_traces(small_run, "pa", split="test").true_class_prob[0].mean(dtype=np.float64))
    assert f"the true class gets {mean:.3f} on average at the first exit" in words(shown())


def test_the_paper_s_numbers_are_a_switch(runs, small_logits, small_labels):
    write_run(runs / "paper", logits=small_logits, labels=small_labels, dataset="cifar100", model="msdnet")
    app = shown("paper")
    marks = curves(app)["published, PA"]
    assert marks["marker"]["symbol"] == "circle-open"
    assert np.isclose(marks["customdata"][1][1], 10.22, atol=0.01)
    assert "published, PA" not in curves(shown("paper", published="0"))
    assert "published, PA" not in curves(shown("paper", size="relative"))
    assert "published, PA" not in curves(shown("paper", set="weights:uniform"))


def test_percents_may_be_linear(small_run):
    log, linear = (curves(shown(scale=scale))["Baseline"] for scale in ("log", "linear"))
    percents = np.array([row[1] for row in linear["customdata"]])
    assert np.allclose(numbers(linear["y"]), percents)
    assert np.allclose(numbers(log["y"]), to_scale(percents, PERCENT_UNIT))


def test_the_matrix_counts_what_falls_above_the_threshold(small_run):
    falls = load_traces(small_run, "pa", split="test").falls["true_class", "absolute"]
    for over in ("0", "0.01", "0.05"):
        cells = figures(shown(over=over))["exit-pairs"]["data"][0]["customdata"]
        total = sum(cell[2] for row in cells for cell in row)
        assert total == (falls.size > np.float32(over)).sum()


def test_a_brush_is_counted_over_all_samples_and_cleared(small_run):
    sizes = load_traces(small_run, "pa", split="test").falls["true_class", "absolute"].size
    app = shown(brush="over:true_class:absolute:pa:0.01")
    count = int((sizes > np.float32(0.01)).sum())
    said = words(app)
    assert f"{count} of 300 test samples</b> whose largest fall of the true class is above 0.01" in said
    app.button(key="selection:clear").click().run()
    assert "brush" not in address(app)


def test_a_region_is_drawn_where_it_was_drawn(small_run):
    """A box over the falls of this predictor and kind, and not over those of another."""
    box = "in drawn; drawn = box(symlog(baseline.fall_true_class), symlog(pa.fall_true_class), 0.5,0.25, 3,2)"
    for text, drawn in ((box, True), ("in d; d" + box[16:], True), (f"not correct and {box}", True),
                        (box.replace("pa.", "moe."), False), (box.replace("true_class", "any_class"), False),
                        ("pa.fall_true_class > 0.1", False)):  # fmt: skip
        expected = {"kind": "box", "x": [0.5, 3.0], "y": [0.25, 2.0]} if drawn else None
        assert payloads(shown(brush=text))["scatter"]["selection"] == expected, text


def test_each_figure_selects_its_samples(monkeypatch):
    from app.views.monotonicity import page

    selected = []
    monkeypatch.setattr(page, "select", lambda selection, figure: selected.append((selection.text, figure)))
    compared = page.Compared("true_class", "absolute", {"baseline": None, "pa": None}, {}, 10, {})
    page._open_over(compared, {"customdata": [0.05, 12.0, "pa"]})
    page._open_bin(compared, {"customdata": [0.01, 0.02, 3, 1.0, "baseline"]})
    page._open_pair(compared, "pa", 0.01, {"row": 1, "column": 4})
    page._open_region(compared, "pa", {"kind": "box", "x": [0.0, 1.0], "y": [0.5, 2.0]})
    cell = "pa.fall_true_class > 0.01 and pa.fall_true_class_from = 2 and pa.fall_true_class_to = 5"
    box = "in drawn; drawn = box(symlog(baseline.fall_true_class), symlog(pa.fall_true_class), 0,0.5, 1,2)"
    assert selected == [
        ("pa.fall_true_class > 0.05", "decrease"),
        ("0.01 <= baseline.fall_true_class < 0.02", "histogram"),
        (cell, "exit-pairs"),
        (box, "scatter"),
    ]
    for open_, nonsense in (
        (page._open_over, {"customdata": None}),
        (page._open_over, {"customdata": [0.05, 12.0, "who"]}),
        (page._open_bin, {"customdata": [1, 2]}),
    ):
        open_(compared, nonsense)
    page._open_pair(compared, "pa", 0.01, {"row": 4, "column": 1})
    page._open_pair(compared, "pa", 0.01, {"row": None, "column": None})
    assert len(selected) == 4


def bars(app):
    return {trace["name"]: numbers(trace["y"]).tolist() for trace in figures(app)["causes"]["data"]}


def test_lost_true_classes_by_exit_and_by_factor_are_all_that_are_lost(small_run):
    results = results_of(small_run, "pa")
    causes, app = results.causes, shown()
    assert bars(app) == {
        "outvoted on the support": causes.outvoted.tolist(),
        "off the support": causes.off_support.tolist(),
    }
    assert f"Under PA, {causes.lost} samples" in title(figures(app)["causes"])
    decided = shown(causes="factor")
    assert sum(bars(decided)["lost"]) == causes.lost
    assert "factor decides" in title(figures(decided)["causes"])
    assert "Under the baseline" in title(figures(shown(poe="0", causes="factor"))["causes"])  # has no factors


def test_where_nothing_is_lost_the_bars_are_empty(runs, small_logits):
    same = np.repeat(small_logits[-1:], 3, axis=0)[:, :30]
    write_run(runs / "settled", logits=same, labels=same[0].argmax(axis=-1))
    for poe in ("0", "1"):
        app = shown("settled", poe=poe)
        assert "no sample loses a true class" in title(figures(app)["causes"])
        assert not any(sum(values) for values in bars(app).values())


def test_a_bar_of_lost_classes_selects_the_samples_that_it_counts(small_run, monkeypatch):
    from app.views.monotonicity import causes as part

    selected = []
    monkeypatch.setattr(part, "select", lambda selection, figure: selected.append(selection))
    results = results_of(small_run, "pa")
    table = SampleTable(small_run, predictor="pa")
    for exit_ in range(1, 8):
        for cause, counts in (("outvoted", results.causes.outvoted), ("off support", results.causes.off_support)):
            part._open_exit({"customdata": [exit_, "x", cause]}, "pa", 7)
            assert selected.pop().mask(table).sum() == counts[exit_ - 1]
    found = deciding_factors(results)
    ids = small_run.samples["id"].to_numpy()[found.positions]
    most = int(found.counts.argmax())
    part._open_factor({"customdata": [most + 1, "x", "lost"]}, found, ids)
    assert selected.pop().mask(table).sum() == found.counts[most]
    for nonsense in (None, [0, "x", "outvoted"], [8, "x", "outvoted"], ["1", "x", "outvoted"], [1, "x", "who"]):
        part._open_exit({"customdata": nonsense}, "pa", 7)
    part._open_factor({"customdata": [9, "x", "lost"]}, found, ids)
    assert not selected


def test_without_labels_the_final_prediction_stands_in(unlabelled_run):
    app = shown("unlabelled")
    assert set(figures(app)) == FALLS | ANSWERS
    assert "final prediction" in figures(app)["decrease"]["layout"]["title"]["subtitle"]["text"]
    assert "brush" not in address(shown("unlabelled", brush="over:true_class:absolute:pa:0.01"))


def test_probabilities_only(probs_run):
    app = shown("probs", predictor="pa")
    assert set(figures(app)) == WITH_LABELS
    assert "Softmax PoE" in title(figures(app)["decrease"])


def test_one_exit_cannot_fall(runs, small_logits, small_labels):
    write_run(runs / "one", logits=small_logits[:1, :30], labels=small_labels[:30])
    app = shown("one")
    assert not figures(app)
    assert "one exit" in words(app)


def test_an_empty_split_has_no_figures_and_no_error(imageless_run):
    app = shown("imageless", split="calibration")
    assert not app.error


def test_a_damaged_run_says_what_to_do(damaged_run):
    app = shown("damaged")
    assert any("analysis validate" in code.value for code in app.code)
