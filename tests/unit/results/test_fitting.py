"""On which samples something is fitted, and which are then measured: never the same ones silently."""

import dataclasses

import numpy as np
import pytest

from analysis.results.fitting import choose_samples, random_share, results_at
from tests.unit.results.by_hand import run_by_hand

CALIBRATION = ["test", "test", "calibration", "test", "calibration", "test", "test", "test", "test", "test"]


def run_of(splits: list[str], ids: list[str] | None = None, name: str = "by hand", exits: int = 2, classes: int = 3):
    n = len(splits)
    logits = np.random.default_rng(0).normal(size=(exits, n, classes)).astype(np.float32)
    run = run_by_hand(logits, [0] * n, ids, name)
    return dataclasses.replace(run, samples=run.samples.assign(split=splits))


def chosen(run, **options):
    found = choose_samples(run, **options)
    return found.measured.tolist(), found.fitted.tolist()


def test_the_calibration_split_is_fitted_on_and_the_test_split_measured():
    found = choose_samples(run_of(CALIBRATION))
    assert (found.measured.tolist(), found.fitted.tolist()) == ([0, 1, 3, 5, 6, 7, 8, 9], [2, 4])
    assert found.provenance == {"run": "by hand", "split": "calibration", "samples": 2, "seed": None}
    assert not found.on_test


def test_what_is_fitted_on_is_taken_out_of_what_is_measured():
    assert chosen(run_of(CALIBRATION), split="all") == ([0, 1, 3, 5, 6, 7, 8, 9], [2, 4])
    assert chosen(run_of(CALIBRATION), calibration="0:4") == ([5, 6, 7, 8, 9], [0, 1, 2, 3])
    assert chosen(run_of(CALIBRATION), calibration="-3:", split="calibration") == ([2, 4], [7, 8, 9])
    assert choose_samples(run_of(CALIBRATION), calibration=" 0:4 ").provenance["split"] == "0:4"


def test_a_share_is_drawn_from_the_split_by_the_seed():
    run = run_of(CALIBRATION)
    found = choose_samples(run, calibration="random:0.25", seed=7)
    assert len(found.fitted) == 2
    assert sorted([*found.fitted, *found.measured]) == [0, 1, 3, 5, 6, 7, 8, 9]
    drawn = [choose_samples(run, calibration="random:0.5", seed=s).fitted for s in range(10)]
    assert all((np.diff(fitted) > 0).all() for fitted in drawn)  # in the run's order, on which bounds depend
    assert found.provenance == {"run": "by hand", "split": "random:0.25", "samples": 2, "seed": 7}
    assert chosen(run, calibration="random:0.25", seed=7) == (found.measured.tolist(), found.fitted.tolist())
    assert any(chosen(run, calibration="random:0.25", seed=s)[1] != found.fitted.tolist() for s in range(8, 20))


def test_nothing_is_fitted_on_test_unless_that_is_allowed():
    run = run_of(["test"] * 4)
    with pytest.raises(ValueError, match=r"no calibration split to fit on: .*--calibration random:0.2.*--allow-test"):
        choose_samples(run)
    found = choose_samples(run, allow_test_fitting=True)
    assert (found.measured.tolist(), found.fitted.tolist(), found.on_test) == ([0, 1, 2, 3], [0, 1, 2, 3], True)
    assert found.provenance["split"] == "test"


def test_allowing_it_measures_all_and_says_so_only_where_they_meet():
    run = run_of(CALIBRATION)
    found = choose_samples(run, calibration="0:4", allow_test_fitting=True)
    assert (found.measured.tolist(), found.on_test) == ([0, 1, 3, 5, 6, 7, 8, 9], True)
    assert not choose_samples(run, allow_test_fitting=True).on_test


def test_a_split_that_is_all_fitted_on_is_refused():
    with pytest.raises(ValueError, match="all 2 samples of split calibration are fitted on"):
        choose_samples(run_of(CALIBRATION), split="calibration")


def test_where_nothing_is_fitted_nothing_is_needed():
    found = choose_samples(run_of(["test"] * 4), fits=False)
    assert (found.measured.tolist(), found.fitted.tolist(), found.provenance) == ([0, 1, 2, 3], [], None)
    found = choose_samples(run_of(["test"] * 4), fits=False, calibration="0:1")
    assert (found.measured.tolist(), found.provenance, found.on_test) == ([1, 2, 3], None, False)
    assert not choose_samples(run_of(["test"] * 4), fits=False, calibration="0:1", allow_test_fitting=True).on_test


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"calibration": "5"}, "--calibration 5: give a slice A:B"),
        ({"calibration": "99:"}, "--calibration 99: holds none of the 10 samples"),
        ({"calibration": "random:2"}, "--calibration random:2: give a share between 0 and 1"),
        ({"calibration": "random:nan"}, "give a share between 0 and 1"),
        ({"calibration": "random:some"}, "give a share between 0 and 1"),
        ({"calibration": "random:0.01"}, "takes 0 of the 8 samples of split test"),
        ({"calibration": "random:0.99"}, "takes 8 of the 8 samples of split test"),
        ({"calibration": "0:10"}, "all 8 samples of split test are fitted on"),
        ({"split": "train"}, "choose test, calibration or all"),
    ],
)
def test_choices_without_samples_on_both_sides_are_refused(options, message):
    with pytest.raises(ValueError, match=message):
        choose_samples(run_of(CALIBRATION), **options)


def test_a_split_without_samples_is_refused():
    with pytest.raises(ValueError, match="run by hand has no samples of split calibration"):
        choose_samples(run_of(["test"] * 3), split="calibration", calibration="0:1")


def test_random_is_told_from_a_slice():
    assert random_share("0:5") is None
    assert random_share("random:0.5") == 0.5


# --- another run ------------------------------------------------------------------------------------------------------


def test_another_runs_calibration_split_is_fitted_on_whatever_its_ids():
    """Calibration samples come first there, so that default ids mean other images: the split tells them apart."""
    clean = run_of(["calibration"] * 2 + ["test"] * 3, name="clean")
    found = choose_samples(run_of(["test"] * 3), fitted_on=clean)
    assert (found.measured.tolist(), found.fitted.tolist(), found.on_test) == ([0, 1, 2], [0, 1], False)
    assert found.provenance == {"run": "clean", "split": "calibration", "samples": 2, "seed": None}


def test_the_same_calibration_images_under_shift_are_not_measured_silently():
    clean, shifted = run_of(CALIBRATION, name="clean"), run_of(CALIBRATION, name="shifted")
    with pytest.raises(ValueError, match="all 2 samples of split calibration are fitted on"):
        choose_samples(shifted, "calibration", fitted_on=clean)
    assert choose_samples(shifted, "calibration", fitted_on=clean, allow_test_fitting=True).on_test


def test_without_a_calibration_split_the_ids_that_are_not_measured_are_fitted_on():
    clean = run_of(["test"] * 4, ["a", "b", "c", "d"], "clean")
    shifted = run_of(["test"] * 3, ["b", "d", "e"], "shifted")
    found = choose_samples(shifted, fitted_on=clean)
    assert (found.measured.tolist(), found.fitted.tolist(), found.on_test) == ([0, 1, 2], [0, 2], False)
    with pytest.raises(ValueError, match="run clean has no calibration split, and all its samples are measured"):
        choose_samples(clean, fitted_on=clean)
    assert choose_samples(clean, fitted_on=clean, allow_test_fitting=True).on_test


def test_a_share_of_another_run_is_not_measured_here():
    clean, shifted = run_of(["test"] * 10, name="clean"), run_of(["test"] * 10, name="shifted")
    found = choose_samples(shifted, fitted_on=clean, calibration="random:0.3", seed=1)
    assert len(found.fitted) == 3
    assert sorted([*found.fitted, *found.measured]) == list(range(10))


def test_another_network_is_refused():
    with pytest.raises(ValueError, match="run other has 3 exits and run by hand 2: fit on a run of the same network"):
        choose_samples(run_of(["test"] * 3), fitted_on=run_of(CALIBRATION, name="other", exits=3))
    with pytest.raises(ValueError, match="run other has 4 classes and run by hand 3"):
        choose_samples(run_of(["test"] * 3), fitted_on=run_of(CALIBRATION, name="other", classes=4))


# --- their results ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("positions", "split"), [([1, 250], "test"), ([300, 399], "calibration"), ([0, 300], "all"), ([7], "test")]
)
def test_the_results_of_some_samples_come_from_the_split_that_holds_them(small_run, positions, split):
    found = results_at(small_run, "baseline", None, np.array(positions))
    assert found.split == split
    assert found.positions.tolist() == positions
    np.testing.assert_array_equal(found.traces.labels, small_run.labels[positions])
    np.testing.assert_array_equal(found.ids, small_run.samples["id"].to_numpy()[positions])


def test_positions_outside_the_run_are_refused(small_run):
    with pytest.raises(ValueError, match="within the 400 samples"):
        results_at(small_run, "baseline", None, np.array([400]))


def test_where_labels_are_fitted_on_only_samples_that_have_one_are_named():
    run = run_of(CALIBRATION)
    labels = run.labels.copy()
    labels[4] = -1
    half = dataclasses.replace(run, samples=run.samples.assign(label=labels))
    found = choose_samples(half).by_label
    assert (found.fitted.tolist(), found.provenance["samples"]) == ([2], 1)
    assert found.measured.tolist() == [0, 1, 3, 5, 6, 7, 8, 9]
    none = dataclasses.replace(run, samples=run.samples.assign(label=-1))
    assert choose_samples(none).by_label.fitted.tolist() == [2, 4]  # what fits says that there are none
