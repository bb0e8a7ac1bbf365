"""Sets of a run: against the whole array at once, provenance, and that chunks change nothing."""

import numpy as np
import pandas as pd
import pytest

from analysis.predictors import predict
from analysis.results import sets_of
from analysis.results.from_logits.set_numbers import set_numbers
from analysis.run import Run
from analysis.sets.conformal import lac_scores, quantile_rank, raps_scores, score_quantile
from analysis.sets.draws import log_gammas, uniforms
from analysis.sets.nested import STEPS, confidence_sets, log_ratios, running_intersection
from analysis.statistics.binomial import covered_by_chance
from analysis.storage import write_run


@pytest.mark.parametrize("method", ["raps", "lac"])
def test_the_sets_are_those_of_the_whole_array(small_run, small_logits, small_labels, method):
    found = sets_of(small_run, method, {"alpha": 0.1}, "baseline", seed=4)
    probs = predict("baseline", small_logits).probs.numpy()
    test, held = small_run.positions("test"), small_run.positions("calibration")
    uniform = uniforms(4, np.arange(400), 1)[0]
    for m in range(7):
        if method == "raps":
            scores = raps_scores(probs[m], uniform, {"lambda": 0.01, "k_reg": 5, "penalty_u": False})
        else:
            scores = lac_scores(probs[m], uniform, {})
        quantile = score_quantile(scores[held, small_labels[held]], 0.1)
        sets = scores[test] <= quantile
        sets[np.arange(len(test)), probs[m, test].argmax(-1)] = True
        assert found.quantiles[m] == quantile
        np.testing.assert_array_equal(found.sizes[m], sets.sum(-1))
        assert found.coverage[m] == sets[np.arange(len(test)), small_labels[test]].mean()
    assert found.fitted_on == {"run": "small", "split": "calibration", "samples": 100, "seed": None}
    assert found.chance == covered_by_chance(quantile_rank(100, 0.1), 100, 300)
    assert set_numbers(found)["coverage_by_chance"] == list(found.chance)


def test_chance_says_nothing_of_samples_that_were_fitted_on_nor_of_nested_sets(small_run, imageless_run):
    assert sets_of(imageless_run, "lac", allow_test_fitting=True).chance is None
    nested = sets_of(small_run, "nested")
    assert nested.chance is None
    assert "coverage_by_chance" not in set_numbers(nested)
    assert sets_of(small_run, "lac", calibration="0:3").chance == (1, 1)


def test_nested_sets_are_those_of_the_whole_array(small_run, small_logits, small_labels):
    found = sets_of(small_run, "nested", {"b": "0.3"}, seed=2)
    test = small_run.positions("test")
    draws = log_gammas(2, np.arange(400), small_logits)
    sets = confidence_sets(log_ratios(small_logits, draws, (0.3,)), 0.05)[:, test]
    running = running_intersection(sets)
    right = np.arange(len(test)), small_labels[test]
    np.testing.assert_array_equal(found.sizes, sets.sum(-1))
    np.testing.assert_array_equal(found.running_sizes, running.sum(-1))
    np.testing.assert_allclose(found.coverage, [of[right].mean() for of in sets])
    np.testing.assert_allclose(found.sequence_coverage, [of[right].mean() for of in running])
    assert (found.running_sizes <= found.sizes).all()
    assert (np.diff(found.running_sizes, axis=0) <= 0).all()
    assert (found.fitted_on, found.fitted_on_test) == (None, False)
    assert found.thresholds.tolist() == [0.3] * 7


def test_the_tuned_threshold_is_the_best_of_the_candidates_on_calibration_samples(runs, small_logits, small_labels):
    """Of logits that are mostly positive, so that true classes stay on the support."""
    splits = pd.DataFrame({"split": ["test"] * 300 + ["calibration"] * 100})
    run = write_run(runs / "high", logits=small_logits + np.float16(6), labels=small_labels, samples=splits)
    alpha = 0.2
    found = sets_of(run, "nested", {"b": "tuned", "alpha": alpha})
    chosen, limit = found.tuned.threshold, candidate_limit(run, alpha)
    assert found.tuned.covers
    assert 0 < chosen <= limit
    calibration = [
        sets_of(run, "nested", {"b": limit * k / STEPS, "alpha": alpha}, split="calibration") for k in range(STEPS + 1)
    ]
    enough = [of for of in calibration if of.sequence_coverage[-1] >= 1 - alpha]
    best = min(enough, key=lambda of: of.running_sizes[-1].sum())
    assert best.thresholds[0] == pytest.approx(chosen)
    assert found.fitted_on["samples"] == 100
    same = sets_of(run, "nested", {"b": chosen, "alpha": alpha})
    np.testing.assert_array_equal(same.sizes, found.sizes)


def candidate_limit(run: Run, alpha: float) -> float:
    """The largest b that leaves 1 - alpha of the calibration samples' true classes on the support."""
    held = run.positions("calibration")
    true = run.logits.take(held)[:, np.arange(len(held)), run.labels[held]]
    return float(np.sort(true.min(axis=0))[int(alpha * len(held))])


def test_where_no_threshold_covers_enough_that_is_said(small_run):
    found = sets_of(small_run, "nested", {"b": "tuned"})
    assert not found.tuned.covers
    assert set_numbers(found)["tuned_covers"] is False


@pytest.mark.parametrize(
    ("method", "settings"),
    [("raps", {}), ("raps", {"uniform": "exit"}), ("aps", {}), ("lac", {}), ("nested", {}), ("nested", {"b": "tuned"})],
)
def test_chunks_and_gaps_change_nothing(small_run, monkeypatch, method, settings):
    chosen = {"calibration": "random:0.3", "seed": 5}
    whole = sets_of(small_run, method, settings, **chosen)
    monkeypatch.setattr("analysis.results.from_logits.passes.chunk_samples", lambda *size: 23)
    parts = sets_of(small_run, method, settings, **chosen)
    np.testing.assert_array_equal(parts.sizes, whole.sizes)
    np.testing.assert_array_equal(parts.covered, whole.covered)
    assert set_numbers(parts) == set_numbers(whole)


def test_a_sample_keeps_its_set_whatever_else_is_measured(small_run):
    """Its draws are its own."""
    test = sets_of(small_run, "nested")
    everything = sets_of(small_run, "nested", split="all")
    np.testing.assert_array_equal(everything.sizes[:, test.positions], test.sizes)


def test_the_seed_fixes_everything(imageless_run):
    first, again, other = (sets_of(imageless_run, "aps", seed=seed) for seed in (1, 1, 2))
    assert set_numbers(first) == set_numbers(again)
    assert not np.array_equal(first.positions, other.positions)
    assert first.fitted_on == {"run": "imageless", "split": "random:0.2", "samples": 80, "seed": 1}
    assert len(first.positions) == 320


def test_a_number_for_each_exit_is_another_randomisation(small_run):
    one, each = (sets_of(small_run, "aps", {"uniform": of}, "baseline") for of in ("sample", "exit"))
    np.testing.assert_array_equal(one.sizes[0], each.sizes[0])
    assert not np.array_equal(one.sizes[1:], each.sizes[1:])


def test_fitting_on_what_is_measured_is_said(imageless_run, small_run):
    assert sets_of(imageless_run, "lac", allow_test_fitting=True).fitted_on_test
    assert not sets_of(small_run, "lac", allow_test_fitting=True).fitted_on_test
    with pytest.raises(ValueError, match="none is left to measure"):
        sets_of(small_run, "lac", split="calibration")
    assert len(sets_of(small_run, "nested", split="calibration").positions) == 100


def test_without_labels_nested_sets_have_sizes_alone(unlabelled_run):
    numbers = set_numbers(sets_of(unlabelled_run, "nested"))
    assert {row["coverage"] for row in numbers["exits"]} == {None}
    assert all(row["mean_size"] > 0 for row in numbers["exits"])
    for method, settings in (("raps", {}), ("nested", {"b": "tuned"})):
        with pytest.raises(ValueError, match=r"on labels, and run unlabelled has none among the samples to fit on"):
            sets_of(unlabelled_run, method, settings)


def test_nested_sets_need_logits(probs_run):
    with pytest.raises(ValueError, match="sets nested need logits, and run probs holds probabilities"):
        sets_of(probs_run, "nested", predictor="softmax-poe")
    assert sets_of(probs_run, "aps", predictor="softmax-poe").sizes.min() >= 1


def test_too_few_calibration_samples_give_every_class(small_run):
    found = sets_of(small_run, "raps", calibration="0:5")
    assert (found.sizes == 20).all()
    assert {row["quantile"] for row in set_numbers(found)["exits"]} == {None}


def test_what_shows_nothing_is_not_given_a_class(small_run):
    """A collapse with fallback none has an empty set where the quantile does not reach 1, and is not covered."""
    found = sets_of(small_run, "lac", {"alpha": 0.5}, "pa", {"fallback": "none"})
    assert (found.sizes == 0).any()
    assert not found.covered[found.sizes == 0].any()


def test_unlabelled_samples_are_not_calibrated_on(runs, small_logits, small_labels):
    known = np.arange(400) % 4 != 0
    splits = np.array(["test"] * 200 + ["calibration"] * 200)
    some = write_run(
        runs / "some",
        logits=small_logits,
        labels=np.where(known, small_labels, np.nan),
        samples=pd.DataFrame({"split": splits}),
    )
    found = sets_of(some, "lac", predictor="baseline")
    probs = predict("baseline", small_logits).probs.numpy()
    held = np.flatnonzero(known & (splits == "calibration"))
    assert found.quantiles[2] == score_quantile(1 - probs[2, held, small_labels[held]], 0.05)
    assert set_numbers(found)["labelled"] == 150
    assert len(found.positions) == 200


def test_the_logits_are_read_three_times_at_most(small_run):
    class Counted:
        shape, dtype = small_run.logits.shape, small_run.logits.dtype
        times = np.zeros(400, int)

        def read(self, start, stop):
            self.times[start:stop] += 1
            return small_run.logits.read(start, stop)

        def take(self, positions):
            self.times[positions] += 1
            return small_run.logits.take(positions)

    run, done = Run(**{**vars(small_run), "logits": Counted()}), []
    sets_of(run, "nested", {"b": "tuned"}, split="all", allow_test_fitting=True, progress=done.append)
    assert Counted.times.max() == 3
    assert sum(done) == Counted.times.sum()
