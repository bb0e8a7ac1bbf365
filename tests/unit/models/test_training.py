"""The trainer: what is held out, how images are augmented, schedules, and resumption bit for bit."""

import numpy as np
import pytest
import torch

from analysis.models.datasets import Images
from analysis.models.recipes import RECIPES, Recipe
from analysis.models.training import CHECKPOINT, PADDING, Trainer, augment, fit, holdout_index, sum_of_cross_entropies

TINY = Recipe("msdnet-cifar10", "cifar10", epochs=2, schedule="warmup-cosine", batch=8, nesterov=True)


def noise_images(count: int) -> Images:
    generator = np.random.default_rng(0)
    return Images(generator.integers(0, 256, (count, 32, 32, 3), dtype=np.uint8), np.arange(count) % 10, ())


def tiny_trainer() -> Trainer:
    return Trainer(TINY, noise_images(27), noise_images(4), epochs=2, seed=3)


def flatten(value) -> list:
    if isinstance(value, dict):
        return [item for key in sorted(value, key=str) for item in flatten(value[key])]
    if isinstance(value, list | tuple):
        return [item for element in value for item in flatten(element)]
    return [value]


@pytest.fixture(autouse=True)
def one_thread():
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


class Killed(Exception):
    pass


@pytest.mark.parametrize("killed_at", [2, 3, 5])
def test_a_killed_run_resumes_bit_for_bit(tmp_path, killed_at):
    undisturbed = tiny_trainer()
    fit(undisturbed, tmp_path / "undisturbed")
    assert undisturbed.step == 6

    def kill(trainer):
        if trainer.step == killed_at:
            raise Killed

    with pytest.raises(Killed):
        fit(tiny_trainer(), tmp_path / "killed", checkpoint_steps=2, on_step=kill)
    torch.manual_seed(99)  # nothing may hang on global random state
    resumed = tiny_trainer()
    resumed.restore(tmp_path / "killed" / CHECKPOINT)
    assert 0 < resumed.step <= killed_at
    fit(resumed, tmp_path / "killed", checkpoint_steps=2)
    ours, theirs = resumed.state(), undisturbed.state()
    for key in ("network", "optimiser", "generator", "order", "step", "loss_sum"):
        for a, b in zip(flatten(ours[key]), flatten(theirs[key]), strict=True):
            assert torch.equal(a, b) if isinstance(a, torch.Tensor) else a == b, key


def test_another_seed_is_refused_on_resume(tmp_path):
    fit_once = tiny_trainer()
    fit(fit_once, tmp_path)
    other = Trainer(TINY, noise_images(27), noise_images(4), epochs=2, seed=4)
    with pytest.raises(ValueError, match="was trained with seed = 3, not 4: resume with the same settings"):
        other.restore(tmp_path / CHECKPOINT)


def test_the_log_has_one_row_per_epoch(tmp_path):
    trainer = tiny_trainer()
    fit(trainer, tmp_path)
    lines = (tmp_path / "log.csv").read_text().splitlines()
    assert lines[0].startswith("epoch,train_loss,seconds,images_per_s,calibration_accuracy_exit_1")
    assert [line.split(",")[0] for line in lines[1:]] == ["1", "2"]


def test_the_holdout_is_the_documented_one():
    index = holdout_index(50_000, 5000)
    expected = torch.randperm(50_000, generator=torch.Generator().manual_seed(0))[:5000].sort().values
    assert np.array_equal(index, expected.numpy())
    assert len(holdout_index(1000, 5000)) == 100


def test_augmentation_crops_the_zero_padded_image_and_flips():
    images = torch.randn(6, 3, 5, 7, generator=torch.Generator().manual_seed(0))
    ours = augment(images, torch.Generator().manual_seed(1))
    generator = torch.Generator().manual_seed(1)
    top, left = torch.randint(0, 2 * PADDING + 1, (2, 6, 1), generator=generator)
    flip = torch.rand(6, 1, generator=generator) < 0.5
    assert flip.any()
    assert not flip.all()
    for i, image in enumerate(images):
        padded = np.pad(image.numpy(), ((0, 0), (PADDING, PADDING), (PADDING, PADDING)))
        crop = padded[:, int(top[i]) :][:, :5, int(left[i]) : int(left[i]) + 7]
        assert np.array_equal(ours[i].numpy(), crop[:, :, ::-1] if flip[i] else crop)


def test_the_loss_is_the_unweighted_sum_over_exits():
    logits = [torch.tensor([[2.0, 0.0]]), torch.tensor([[0.0, 0.0]])]
    expected = np.log(1 + np.exp(-2)) + np.log(2)
    assert float(sum_of_cross_entropies(logits, torch.tensor([0]))) == pytest.approx(expected, rel=1e-6)


def test_schedules():
    official, short = RECIPES["msdnet-cifar100"], RECIPES["msdnet-cifar100-short"]
    rates = [official.learning_rate(epoch * 10, 10, 300) for epoch in (0, 149, 150, 224, 225, 299)]
    assert rates == pytest.approx([0.1, 0.1, 0.01, 0.01, 0.001, 0.001])
    assert short.learning_rate(0, 703, 18) == pytest.approx(0.1 / 703)
    assert short.learning_rate(702, 703, 18) == pytest.approx(0.1)
    assert short.learning_rate(703 * 9 + 351, 703, 18) == pytest.approx(0.05, rel=0.01)
    assert short.learning_rate(18 * 703 - 1, 703, 18) < 1e-6


def test_too_few_images_are_refused():
    with pytest.raises(ValueError, match="7 training images do not fill one batch of 8"):
        Trainer(TINY, noise_images(7), noise_images(2), epochs=1, seed=0)
