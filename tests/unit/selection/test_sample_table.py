"""The table of samples, its filters and its order, against NumPy on the traces."""

import numpy as np
import pandas as pd
import pytest

from analysis.selection.filters import Filters, ordered
from analysis.selection.sample_table import COLUMNS, SampleTable, describe_columns
from analysis.selection.selection import Selection
from analysis.storage import write_run
from analysis.traces import load_traces


@pytest.fixture
def made(small_run):
    baseline, corrected = (load_traces(small_run, key, split="test") for key in ("baseline", "pa"))
    return small_run, baseline, corrected, SampleTable(small_run, "test")


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
    run, *_, on = made
    off = SampleTable(run, "test", poe=False)
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
    table = SampleTable(unlabelled_run, "test", poe=False)
    assert not {"label", "correct", "correct_1", "fixed", "rank"} & set(table.columns)
    assert not any(
        name in table for name in ("label", "correct_1", "pa.rank_2", "fall_true_class", "fall_true_class_to")
    )
    assert np.array_equal(table["fall"], traces.falls["final_prediction", "absolute"].size)
    with pytest.raises(ValueError, match="its labels are unknown"):
        Filters(right="right").selection().mask(table)


def test_an_extra_column_never_replaces_one_of_ours(runs, small_logits, small_labels):
    samples = pd.DataFrame({"fall": ["x"] * 400, "run_fall": np.arange(400)})
    run = write_run(runs / "extra", logits=small_logits, labels=small_labels, samples=samples)
    table = SampleTable(run, "all", predictor="baseline")
    assert len(set(table.columns)) == len(table.columns)
    assert (table["run_fall"] == "x").all()
    assert table["run_run_fall"].tolist() == list(range(400))
    assert table["fall"].dtype == np.float32


def test_classes_that_share_a_name_are_told_apart(runs, small_logits, small_labels):
    run = write_run(runs / "same", logits=small_logits, labels=small_labels, class_names=["twin"] * 20)
    names = SampleTable(run, "all")["label_name"].astype(str).tolist()
    assert names == [f"twin (class {label})" for label in small_labels.tolist()]


def test_traces_of_another_split_are_refused(small_run):
    traces = load_traces(small_run, "baseline", split="test")
    with pytest.raises(ValueError, match="load them for the same split"):
        SampleTable(small_run, "calibration", traces=lambda predictor: traces)["fall"]


def test_filters_are_one_mask(made):
    run, baseline, corrected, table = made
    labels = run.labels[:300]
    filters = Filters(true_class=3, right="wrong", exit=2, above=0.01, query="baseline_fall > 0.05")
    expected = (labels == 3) & ~corrected.correct[1]
    expected &= (table["fall"] > 0.01).to_numpy() & (table["baseline_fall"] > 0.05).to_numpy()
    assert np.array_equal(filters.selection().mask(table), expected)
    three = Selection.parse("position in (0, 2, 4)")
    assert np.flatnonzero((Filters().selection() & three).mask(table)).tolist() == [0, 2, 4]
    changed = corrected.predicted[-1] != baseline.predicted[-1]
    assert np.array_equal(Filters(effect="changed").selection().mask(table), changed)
    assert np.array_equal(Filters(effect="fixed").selection().mask(table), table["fixed"])
    assert np.array_equal(Filters(predicted_class=5).selection().mask(table), corrected.predicted[-1] == 5)
    assert Filters().selection().mask(table).all()


def test_an_unknown_label_is_neither_right_nor_wrong(runs, small_logits, small_labels):
    labels = small_labels.astype(float)
    labels[:10] = np.nan
    run = write_run(runs / "some", logits=small_logits, labels=labels)
    table = SampleTable(run, "all", poe=False)
    for right in ("right", "wrong"):
        assert not Filters(right=right).selection().mask(table)[:10].any()
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


def test_every_predictor_has_its_columns_for_whoever_names_them(made):
    run, baseline, corrected, table = made
    for predictor, traces in (("baseline", baseline), ("pa", corrected)):
        for (of, size), fall in traces.falls.items():
            name = f"{predictor}.{'relative_' if size == 'relative' else ''}fall_{of}"
            assert np.array_equal(table[name], fall.size)
            fell = fall.size > 0
            for end, exits in (("from", fall.from_exit), ("to", fall.to_exit)):
                assert np.array_equal(table[f"{name}_{end}"][fell], exits[fell] + 1.0)
                assert table[f"{name}_{end}"][~fell].isna().all()
        for m in range(7):
            assert np.array_equal(table[f"{predictor}.true_class_prob_{m + 1}"], traces.true_class_prob[m])
            assert np.array_equal(table[f"{predictor}.final_prediction_prob_{m + 1}"], traces.final_prediction_prob[m])
            assert np.array_equal(table[f"{predictor}.confidence_{m + 1}"], traces.max_prob[m])
            assert np.array_equal(table[f"{predictor}.predicted_{m + 1}"], traces.predicted[m])
        assert np.array_equal(table[f"{predictor}.entropy"], traces.entropy[-1])
    assert np.array_equal(table["margin_2"], corrected.margin[1])  # by its plain name: of the one shown
    hard = load_traces(run, "hard-poe", split="test").falls["true_class", "absolute"].size
    assert np.array_equal(Selection.parse("hard-poe.fall > 0.01").mask(table), hard > 0.01)
    assert len(table.columns) < 60  # what nobody names is neither listed nor made


def test_columns_are_made_when_they_are_asked_for(small_run):
    asked = []

    def traces(predictor):
        asked.append(predictor)
        return load_traces(small_run, predictor, split="test")

    table = SampleTable(small_run, "test", traces=traces)
    assert "moe.fall" in table
    Selection.parse("difficulty < 0.5 and label = 3").mask(table)
    assert asked == []
    Selection.parse("baseline.fall > 0.1").mask(table)
    assert asked == ["baseline"]
    for _ in range(3):
        Selection.parse("fall > 0.1 and entropy > 1").mask(table)
    assert asked == ["baseline", "pa", "pa"]  # each column once


def test_a_predictor_of_a_column_is_a_known_id_and_never_a_file(made, tmp_path):
    trap = tmp_path / "trap.py"
    trap.write_text(f"open({str(tmp_path / 'sprung')!r}, 'w')\ndef f(logits): return logits\n", encoding="utf-8")
    for predictor in (f"{trap}:f", "nonsense"):
        name = f"{predictor}.fall"
        assert name not in made[3]
        with pytest.raises(ValueError, match="there is no predictor"):
            Selection.parse(f"`{name}` > 0.1").mask(made[3])
    assert not (tmp_path / "sprung").exists()


def test_a_column_of_the_run_never_stands_for_a_predictor_s(runs, small_logits, small_labels):
    samples = pd.DataFrame({"pa.fall_any_class": np.full(400, 2.0), "entropy_1": np.full(400, 9.0)})
    table = SampleTable(write_run(runs / "dots", logits=small_logits, labels=small_labels, samples=samples), "all")
    assert (table["pa.fall_any_class"] <= 1).all()
    assert (table["run_pa.fall_any_class"] == 2).all()
    assert (table["entropy_1"] == 9).all()  # a plain name is the run's where it has one


def test_a_list_of_names_is_a_data_frame(made):
    frame = made[3][["id", "pa.fall"]]
    assert frame.columns.tolist() == ["id", "pa.fall"]
    assert np.array_equal(frame["pa.fall"], made[3]["fall"])
    with pytest.raises(KeyError):
        made[3]["nothing"]
