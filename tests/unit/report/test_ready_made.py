"""The figures of a paper: what they draw, of which samples and seeds."""

import numpy as np
import pytest

from analysis.figures.style import DASHES
from analysis.metrics.decrease import THRESHOLDS
from analysis.report.ready_made import READY_MADE, find_figure, measured
from analysis.report.ready_made.trajectories import MEAN_WIDTH
from analysis.results import difference_of, results_of
from analysis.selection.thinning import thinned
from analysis.storage import list_runs, load_run, write_run
from analysis.words.correction import accuracy_title


@pytest.fixture
def numbers(small_run):
    return measured(small_run, "pa", {}, "test")


def lines(figure):
    return {one.name: one for one in figure.data if one.mode == "lines+markers"}


def test_ten_samples_stand_left_before_and_right_after_with_the_mean_of_all_in_bold(small_run, numbers):
    made = find_figure("trajectories").make(numbers)
    axes, drawn = made.figure.layout, thinned(300, 10, seed=0)
    assert axes.xaxis.domain[1] < axes.xaxis2.domain[0]
    assert axes.yaxis.range == axes.yaxis2.range
    assert axes.yaxis.range[0] < 0.0 < 1.0 < axes.yaxis.range[1]
    assert [axes.xaxis.title.text, axes.yaxis.title.text] == ["exit", "probability of the true class"]
    assert [note.text for note in axes.annotations] == ["Before: the baseline", "After: PA"]
    for place, key in (("", "baseline"), ("2", "pa")):
        results = results_of(small_run, key)
        panel = [one for one in made.figure.data if one.xaxis == f"x{place}"]
        (thin,) = [one for one in panel if one.name == "samples"]
        (bold,) = [one for one in panel if one.name.startswith("mean, ")]
        expected = results.traces.true_class_prob[:, drawn]
        assert np.allclose(np.reshape(thin.y, (10, 8))[:, :7].T, expected)  # eight: a gap follows each
        assert np.allclose(bold.y, results.true_class_prob)
        assert (bold.line.dash, bold.line.width) == (DASHES[key], MEAN_WIDTH)
        assert thin.line.width == 1
        assert not [
            one for one in panel if one.name.startswith("falls") and one.x[0] is not None
        ]  # none but it is bold
    assert len(made.table) == 2 * 11 * 7
    assert made.table["sample_id"].nunique() == 11  # ten, and none for the mean


def test_accuracy_is_drawn_over_exits_and_over_cost_of_three_predictors(small_run, numbers):
    made = find_figure("accuracy").make(numbers)
    drawn = [one for one in made.figure.data if one.mode == "lines+markers"]
    assert [one.name.split(":")[0] for one in drawn] == 2 * ["Baseline", "PA", "CA"]
    for one, key in zip(drawn, 2 * ("baseline", "pa", "ca")):
        assert np.allclose(one.y, 100 * results_of(small_run, key).accuracy)
    assert list(drawn[0].x) == list(range(1, 8))
    assert list(drawn[3].x) == [1e6 * i for i in range(1, 8)]
    assert made.figure.layout.xaxis2.title.text == "cost per sample, MACs"
    in_params = measured(small_run, "pa", {}, "test", unit="params")
    assert find_figure("accuracy").make(in_params).figure.layout.xaxis2.title.text == "cost per sample, params"
    assert set(made.table["predictor"]) == {"baseline", "pa", "ca"}
    assert (made.table["seeds"] == 1).all()


def test_falls_are_the_percents_of_summarize(small_run, numbers):
    made = find_figure("falls").make(numbers)
    for key, percents in made.table.groupby("predictor"):
        expected = results_of(small_run, key).falling_percent(THRESHOLDS)
        found = percents.set_index("threshold")["percent"]
        assert np.allclose([found[tau] for tau in THRESHOLDS], expected)


def test_entropy_is_drawn_over_exits_and_its_growth_over_thresholds(small_run, numbers):
    made = find_figure("entropy").make(numbers)
    drawn = [one for one in made.figure.data if one.mode == "lines+markers"]
    for one, key in zip(drawn, ("baseline", "pa", "ca")):
        assert np.allclose(one.y, results_of(small_run, key).entropy)
    for one, key in zip(drawn[3:], ("baseline", "pa", "ca")):
        assert np.allclose(one.y, results_of(small_run, key).entropy_rise_percent)
    assert made.figure.layout.xaxis2.ticktext == ("0.01", "0.05", "0.1", "0.2", "0.5", "1")
    growth = made.table[made.table["over"].str.startswith("rise")]
    assert sorted(growth["at"].unique()) == [0.01, 0.05, 0.1, 0.2, 0.5, 1.0]


@pytest.fixture
def two_seeds(runs, small_logits, small_labels):
    for seed in (0, 1, 2):
        logits = small_logits if seed == 0 else np.roll(small_logits, seed, axis=2)
        trained = {"recipe": "mine", "epochs": 18, "seed": seed, "settings": {"lr": 0.1}}
        labels = small_labels if seed < 2 else small_labels[::-1]  # of other samples
        write_run(runs / f"seed{seed}", logits=logits, labels=labels, provenance=trained)
    return next(entry for entry in list_runs() if entry.id == "seed0")


def test_the_title_counts_what_is_clear_for_every_seed(two_seeds):
    run = load_run(two_seeds.path)
    numbers = measured(run, "pa", {}, "test")
    each = []
    for seed in (0, 1):
        other = load_run(run.path.with_name(f"seed{seed}"))
        each.append(difference_of(*(results_of(other, key) for key in ("baseline", "pa"))).clear)
    assert not np.array_equal(*each)
    clear = (each[0] == each[1]) & (each[0] != 0)
    assert ((np.abs(numbers.clear) == 1) == clear).all()
    before, after = (numbers.spread(key, "right_percent")[0] for key in ("baseline", "pa"))
    title = accuracy_title(after - before, np.where(clear, each[0], 0), "PA")
    assert title in find_figure("accuracy").make(numbers).figure.layout.title.text.replace("<br>", " ")


def test_lines_are_means_over_the_seeds_of_the_same_samples_with_their_spread(two_seeds):
    run = load_run(two_seeds.path)
    numbers = measured(run, "pa", {}, "test")
    assert numbers.seeds == (0, 1)
    each = np.array([results_of(load_run(run.path.with_name(f"seed{i}")), "pa").right_percent for i in (0, 1)])
    made = find_figure("accuracy").make(numbers)
    rows = made.table[made.table["predictor"] == "pa"]
    assert np.allclose(rows["mean"], each.mean(axis=0))
    assert np.allclose(rows["sd"], each.std(axis=0))
    assert made.figure.layout.title.subtitle.text == (
        "Over 400 test samples. Lines: means over 2 seeds; bands: ±\N{NO-BREAK SPACE}1 standard deviation."
    )
    assert sum(one.fill == "toself" for one in made.figure.data) == 3
    gain = numbers.spread("pa", "right_percent")[0] - numbers.spread("baseline", "right_percent")[0]
    assert f"{abs(gain[-1]):.2f} points" in made.figure.layout.title.text  # the title speaks of what is drawn


def test_a_run_without_labels_is_told_by_its_final_predictions(unlabelled_run):
    numbers = measured(unlabelled_run, "pa", {}, "test")
    found = {key: row.make(numbers).figure for key, row in READY_MADE.items()}
    assert found["trajectories"].layout.yaxis.title.text == "probability of the final prediction"
    assert "answers that are final, %" in found["accuracy"].layout.annotations[0].text


def test_a_run_of_probabilities_or_without_costs_has_its_figures(probs_run, imageless_run):
    numbers = measured(probs_run, "softmax-poe", {}, "test")
    assert list(numbers.results) == ["baseline", "softmax-poe", "ca"]
    without = find_figure("accuracy").make(measured(imageless_run, "ca", {}, "test"))
    assert "xaxis2" not in without.figure.layout


def test_one_exit_has_no_falls_and_another_figure_there_is_not(runs, small_logits, small_labels):
    run = write_run(runs / "one", logits=small_logits[:1], labels=small_labels)
    numbers = measured(run, "pa", {}, "test")
    with pytest.raises(ValueError, match="run one has one exit"):
        find_figure("falls").make(numbers)
    for key in READY_MADE.keys() - {"falls"}:
        find_figure(key).make(numbers)
    with pytest.raises(ValueError, match="figure 'best': choose one of trajectories, accuracy, falls, entropy"):
        find_figure("best")


def test_numbers_of_the_true_class_are_over_the_labelled_samples_and_say_so(runs, small_logits, small_labels):
    labels = [None] * 200 + small_labels[200:].tolist()
    numbers = measured(write_run(runs / "partly", logits=small_logits, labels=labels), "pa", {}, "test")
    found = {key: row.make(numbers) for key, row in READY_MADE.items()}
    over = {key: made.figure.layout.title.subtitle.text for key, made in found.items()}
    assert all("200 test samples" in over[key] for key in ("trajectories", "accuracy", "falls"))
    assert "Over 400 test samples" in over["entropy"]  # which needs no label
    drawn = found["trajectories"].table
    assert drawn["prob"].notna().all()
    assert drawn["sample_id"].nunique() == 11
    assert set(drawn["sample_id"]) - {""} <= set(map(str, range(200, 400)))
