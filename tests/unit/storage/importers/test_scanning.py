"""Probabilities are recognised by their rows, also after rounding; what cannot be told is asked."""

import numpy as np
import pytest
import torch

from analysis.storage.importers import Sources, import_run
from analysis.storage.importers.scanning import means_probs


@pytest.fixture
def logits() -> np.ndarray:
    return np.random.default_rng(0).normal(0, 3, (3, 200, 10)).astype(np.float32)


@pytest.fixture
def probs(logits) -> np.ndarray:
    exponentials = np.exp(logits.astype(np.float64))
    return exponentials / exponentials.sum(2, keepdims=True)


def as_bfloat16(values: np.ndarray) -> np.ndarray:
    """Rounded to bfloat16 and stored as float32."""
    return torch.from_numpy(values).bfloat16().float().numpy()


def imported(folder, values, name="logits", **options):
    np.savez(folder / "x.npz", **{name: values})
    return import_run(Sources([folder / "x.npz"], **options), folder / "run")


ROUNDED = {
    "float16": lambda p: p.astype(np.float16),
    "float16 as float32": lambda p: p.astype(np.float16).astype(np.float32),
    "bfloat16 as float32": as_bfloat16,
    "3 decimals": lambda p: p.round(3).astype(np.float32),
}


@pytest.mark.parametrize("name", ["logits", "probs", "predictions", "outputs"])
@pytest.mark.parametrize("rounded", ROUNDED)
def test_rounded_probabilities_are_recognised_and_renormalised(tmp_path, probs, rounded, name):
    values = ROUNDED[rounded](probs)
    done = imported(tmp_path, values, name)
    assert done.run.kind == "probs"
    kept = np.exp(done.run.logits.read(0, 200).astype(np.float64))
    wide = values.astype(np.float64)
    sums = wide.sum(2, keepdims=True)
    if np.abs(sums - 1).max() > 1e-3:
        np.testing.assert_allclose(kept, wide / sums, atol=1e-6)
        np.testing.assert_allclose(kept.sum(2), 1, atol=1e-6)
        assert any("each is divided by its sum" in note for note in done.notes)
    else:
        np.testing.assert_allclose(kept, wide, atol=1e-6)
        assert not any("divided" in note for note in done.notes)


def test_few_decimals_are_recognised_or_asked(tmp_path, probs):
    """Two decimals: within 0.02 for rows of 4 classes, not for those of 1,000."""
    few = probs[..., :4] / probs[..., :4].sum(2, keepdims=True)
    assert imported(tmp_path, few.round(2)).run.kind == "probs"
    wide = np.random.default_rng(1).normal(0, 3, (2, 1200, 1000))
    many = np.exp(wide) / np.exp(wide).sum(2, keepdims=True)
    (tmp_path / "many").mkdir()
    with pytest.raises(
        ValueError, match=r"sums to 0\.\d+ \(exit 1, sample 1 of 1200\), not to 1, but the values may be"
    ):
        imported(tmp_path / "many", many.round(2))
    done = imported(tmp_path / "many", many.round(2), kind="probs")
    np.testing.assert_allclose(np.exp(done.run.logits.read(0, 1200)).sum(2), 1, atol=1e-5)


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
def test_a_sum_of_decimals_that_is_just_002_off_is_within_002(tmp_path, dtype):
    """Ten classes by two decimals sum to 0.98 and 1.02 often, which no float holds."""
    low = [0.33, 0.23, 0.12, 0.08, 0.07, 0.05, 0.04, 0.03, 0.02, 0.01]  # 0.98
    high = [0.35, 0.25, 0.12, 0.08, 0.07, 0.05, 0.04, 0.03, 0.02, 0.01]  # 1.02
    values = np.array([low, high] * 20, dtype)[None].repeat(2, axis=0)
    assert imported(tmp_path, values).run.kind == "probs"
    beyond = values.copy()
    beyond[:, ::2, 0] = 0.32  # 0.97
    (tmp_path / "b").mkdir()
    with pytest.raises(ValueError, match=r"sums to 0\.9\d+ .* may be probabilities"):
        imported(tmp_path / "b", beyond)


def test_rows_that_sum_to_1_within_a_half_are_asked(tmp_path, probs):
    values = probs * 0.8
    sentence = (
        r"x\.npz: logits\[0, 0\] sums to 0\.8 \(exit 1, sample 1 of 200\), not to 1, but the values may be "
        r"probabilities: say --kind probs \(each row is divided by its sum\) or --kind logits"
    )
    with pytest.raises(ValueError, match=sentence):
        imported(tmp_path, values)
    done = imported(tmp_path, values, kind="probs")
    np.testing.assert_allclose(np.exp(done.run.logits.read(0, 200)), probs, rtol=1e-5)
    assert "Rows sum to 1 only within 0.2, as rounding leaves them: each is divided by its sum." in done.notes


def test_one_row_in_a_hundred_may_sum_to_anything(tmp_path, probs):
    values = probs.copy()
    values[1, :6] *= 0.3  # 6 of 600
    assert imported(tmp_path, values).run.kind == "probs"
    values[1, :7] = probs[1, :7] * 0.3
    (tmp_path / "b").mkdir()
    with pytest.raises(ValueError, match=r"\[1, 0\] sums to 0\.3"):
        imported(tmp_path / "b", values, "probs")


def test_log_probabilities_are_recognised_and_renormalised(tmp_path, probs):
    values = as_bfloat16(np.log(probs))
    done = imported(tmp_path, values)
    assert done.run.kind == "probs"
    kept = np.exp(done.run.logits.read(0, 200).astype(np.float64))
    wide = np.exp(values.astype(np.float64))
    np.testing.assert_allclose(kept, wide / wide.sum(2, keepdims=True), atol=1e-6)
    (tmp_path / "b").mkdir()
    with pytest.raises(ValueError, match=r"exp of x\.npz: logits\[0, 0\] sums to 0\.81.*may be log-probabilities"):
        imported(tmp_path / "b", np.log(probs) - 0.2)
    assert imported(tmp_path / "b", np.log(probs) - 0.2, kind="probs").run.kind == "probs"


@pytest.mark.parametrize("name", ["logits", "probs"])
def test_kind_logits_wins_with_a_warning(tmp_path, probs, name):
    done = imported(tmp_path, probs.astype(np.float32), name, kind="logits")
    assert done.run.kind == "logits"
    np.testing.assert_array_equal(done.run.logits.read(0, 200), probs.astype(np.float32))
    warning = "the values look like probabilities, and are kept as logits because --kind says so."
    assert f"x.npz: {name}: {warning}" in done.notes


@pytest.mark.parametrize("name", ["probs", "probabilities", "softmax", "log_probs", "softmax_outputs"])
def test_what_is_called_probabilities_never_becomes_logits_silently(tmp_path, logits, name):
    with pytest.raises(ValueError, match=r"though the array is called probabilities: say --kind logits if these are"):
        imported(tmp_path, logits, name)
    done = imported(tmp_path, logits, name, kind="logits")
    assert done.run.kind == "logits"
    assert any("the values are called probabilities, and are kept as logits" in note for note in done.notes)


def test_a_file_of_one_array_names_it(tmp_path, logits):
    np.save(tmp_path / "test_probs.npy", logits)
    with pytest.raises(ValueError, match="though the array is called probabilities"):
        import_run(Sources([tmp_path / "test_probs.npy"]), tmp_path / "run")


def test_logits_within_0_and_1_stay_logits(tmp_path):
    values = np.random.default_rng(0).uniform(0, 1, (3, 200, 10)).astype(np.float32)
    assert imported(tmp_path, values).run.kind == "logits"


def test_a_row_of_zeros_is_no_distribution(tmp_path, probs):
    values = probs.copy()
    values[2, 17] = 0
    with pytest.raises(ValueError, match=r"logits\[2, 17\] holds only 0 \(exit 3, sample 18 of 200\)"):
        imported(tmp_path, values)
    assert imported(tmp_path, values, drop_nan=True).run.n_samples == 199


def test_faulty_rows_do_not_count(tmp_path, probs):
    values = probs.astype(np.float32)
    values[0, 3], values[1, 5, 2], values[2, 9, 0] = np.nan, np.inf, np.nan
    done = imported(tmp_path, values, drop_nan=True)
    assert (done.run.kind, done.run.n_samples) == ("probs", 197)


def test_names_that_mean_probabilities():
    assert all(map(means_probs, ("probs", "Softmax", "test_probs", "log-probs", "prob1")))
    assert not any(map(means_probs, ("logits", "softmax_logits", "problem", "outputs", None)))


def test_values_in_0_1_that_do_not_sum_to_1_are_kept_as_logits_with_a_warning(tmp_path):
    """Such as sigmoids, or probabilities of 1,000 classes with two decimals."""
    values = np.random.default_rng(0).uniform(0, 1, (2, 30, 10)).astype(np.float32)
    done = imported(tmp_path, values, "outputs")
    assert done.run.kind == "logits"
    what = "every value is in [0, 1], as of a sigmoid or of probabilities, though the rows do not sum to 1"
    assert f"x.npz: outputs: {what}: they are kept as logits." in done.notes


def test_kind_logits_says_so_of_values_in_0_1(tmp_path):
    values = np.random.default_rng(0).uniform(0, 1, (2, 30, 10)).astype(np.float32)
    assert not any("[0, 1]" in note for note in imported(tmp_path, values, "outputs", kind="logits").notes)
