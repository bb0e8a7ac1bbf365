"""The table of samples, its filters and its order, against NumPy on the traces."""

import numpy as np
import pandas as pd
import pytest

from analysis.selection.filters import Filters, keep, ordered
from analysis.selection.sample_table import COLUMNS, describe_columns, sample_table
from analysis.storage import write_run
from analysis.traces import load_traces


@pytest.fixture
def made(small_run):
    baseline, corrected = (load_traces(small_run, key, split="test") for key in ("baseline", "pa"))
    return small_run, baseline, corrected, sample_table(small_run, baseline, corrected, "test")


def test_columns_hold_what_they_say(made):
    run, baseline, corrected, table = made
    assert len(table) == 300
    assert table["position"].tolist() == run.positions("test").tolist()
    assert table["label_name"].astype(str).tolist() == [run.class_names[label] for label in run.labels[:300]]
    assert np.array_equal(table["fall"], corrected.falls["true_class", "absolute"].size)
    assert np.array_equal(table["baseline_predicted"], baseline.predicted[-1])
    assert np.array_equal(table["baseline_fall"], baseline.falls["true_class", "absolute"].size)
    right, before = corrected.correct[-1], baseline.correct[-1]
    assert np.array_equal(table["fixed"], right & ~before)
    assert np.array_equal(table["broken"], before & ~right)
    assert np.array_equal(table["correct_3"], corrected.correct[2])
    learned = [next((m + 1 for m in range(7) if column[m]), None) for column in corrected.correct.T]
    assert [None if np.isnan(value) else int(value) for value in table["learned_at"]] == learned
    fell = table["fall"] > 0
    assert np.array_equal(table["fall_from"][fell], corrected.falls["true_class", "absolute"].from_exit[fell] + 1.0)
    assert table["fall_from"][~fell].isna().all()
    assert "difficulty" in table


def test_the_switch_changes_what_is_shown_and_not_what_is_compared(made):
    run, baseline, corrected, on = made
    off = sample_table(run, baseline, corrected, "test", poe=False)
    assert np.array_equal(off["fall"], off["baseline_fall"])
    for name in ("fixed", "broken", "poe_fall", "baseline_fall"):
        assert np.array_equal(on[name], off[name])
    assert list(on.columns) == list(off.columns)


def test_every_column_is_described(made):
    described = describe_columns(made[3]).set_index("column")["meaning"]
    assert described["correct_5"] == "right at exit 5"
    assert described["difficulty"] == "a column of this run"
    assert set(COLUMNS) <= set(described.index)


def test_without_labels_what_needs_them_is_left_out(unlabelled_run):
    traces = load_traces(unlabelled_run, "baseline", split="test")
    table = sample_table(unlabelled_run, traces, traces, "test")
    assert not {"label", "correct", "correct_1", "fixed", "rank"} & set(table)
    assert np.array_equal(table["fall"], traces.falls["final_prediction", "absolute"].size)
    with pytest.raises(ValueError, match="its labels are unknown"):
        keep(table, Filters(right="right"))


def test_an_extra_column_never_replaces_one_of_ours(runs, small_logits, small_labels):
    samples = pd.DataFrame({"fall": ["x"] * 400, "run_fall": np.arange(400)})
    run = write_run(runs / "extra", logits=small_logits, labels=small_labels, samples=samples)
    traces = load_traces(run, "baseline", split="all")
    table = sample_table(run, traces, traces, "all")
    assert table.columns.is_unique
    assert (table["run_fall"] == "x").all()
    assert table["run_run_fall"].tolist() == list(range(400))
    assert table["fall"].dtype == np.float32


def test_classes_that_share_a_name_share_it(runs, small_logits, small_labels):
    run = write_run(runs / "same", logits=small_logits, labels=small_labels, class_names=["twin"] * 20)
    traces = load_traces(run, "baseline", split="all")
    assert (sample_table(run, traces, traces, "all")["label_name"] == "twin").all()


def test_traces_of_another_split_are_refused(small_run):
    traces = load_traces(small_run, "baseline", split="test")
    with pytest.raises(ValueError, match="load them for the same split"):
        sample_table(small_run, traces, traces, "calibration")


def test_filters_are_one_mask(made):
    run, baseline, corrected, table = made
    labels = run.labels[:300]
    filters = Filters(true_class=3, right="wrong", exit=2, above=0.01, query="baseline_fall > 0.05")
    expected = (labels == 3) & ~corrected.correct[1]
    expected &= (table["fall"] > 0.01).to_numpy() & (table["baseline_fall"] > 0.05).to_numpy()
    assert np.array_equal(keep(table, filters), expected)
    brushed = np.arange(300) % 2 == 0
    assert np.array_equal(keep(table, Filters(), brushed), brushed)
    changed = corrected.predicted[-1] != baseline.predicted[-1]
    assert np.array_equal(keep(table, Filters(effect="changed")), changed)
    assert np.array_equal(keep(table, Filters(effect="fixed")), table["fixed"])
    assert np.array_equal(keep(table, Filters(predicted_class=5)), corrected.predicted[-1] == 5)
    assert keep(table, Filters()).all()


def test_an_unknown_label_is_neither_right_nor_wrong(runs, small_logits, small_labels):
    labels = small_labels.astype(float)
    labels[:10] = np.nan
    run = write_run(runs / "some", logits=small_logits, labels=labels)
    traces = load_traces(run, "baseline", split="all")
    table = sample_table(run, traces, traces, "all")
    for right in ("right", "wrong"):
        assert not keep(table, Filters(right=right))[:10].any()
    assert ordered(table, np.ones(400, bool), "label_name", descending=True)[-10:].tolist() == list(range(10))
    assert ordered(table, np.ones(400, bool), "fall", descending=False)[-10:].tolist() == list(range(10))


def test_order_is_stable_either_way():
    table = pd.DataFrame(
        {"n": [2.0, np.nan, 1.0, 2.0], "t": ["b", None, "a", "b"], "c": pd.Categorical(["x", "z", None, "x"])}
    )
    mask = np.array([True, True, True, True])
    assert ordered(table, mask, "n").tolist() == [0, 3, 2, 1]
    assert ordered(table, mask, "n", descending=False).tolist() == [2, 0, 3, 1]
    assert ordered(table, mask, "t").tolist() == [0, 3, 2, 1]
    assert ordered(table, mask, "c").tolist() == [1, 0, 3, 2]
    assert ordered(table, ~mask, "n").tolist() == []
    with pytest.raises(ValueError, match="no column 'm'"):
        ordered(table, mask, "m")


@pytest.mark.parametrize("wrong", [{"right": "perhaps"}, {"effect": "fixes"}])
def test_filters_refuse_what_is_none(wrong):
    with pytest.raises(ValueError, match="must be one of any"):
        Filters(**wrong)
