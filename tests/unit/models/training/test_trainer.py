"""The trainer: what is held out, how images are augmented, schedules, and resumption bit for bit."""

import re
from dataclasses import replace

import numpy as np
import pytest
import torch
from torch._subclasses.fake_tensor import FakeTensorMode

from analysis.images.datasets import Images
from analysis.images.hold_out import holdout_index
from analysis.models.networks.checkpoints import save_tensors
from analysis.models.networks.imta import GradientRescaledMSDNet
from analysis.models.networks.msdnet import CONFIGS, MSDNet, MSDNetConfig
from analysis.models.training.augmentation import PADDING, crop_and_flip, draw_crops
from analysis.models.training.first_stage import CHECKPOINT, FirstStage
from analysis.models.training.fitting import fit, said_when_not_compiled, save_atomically, write_log
from analysis.models.training.objectives import METHODS
from analysis.models.training.recipes import RECIPES, Recipe, official_id
from analysis.models.training.trainer import PHASES, PhaseClock, Trainer
from analysis.runtime.processes import Processes
from tests.toy import noise_images

TINY = Recipe("msdnet-cifar10", "cifar10", epochs=2, schedule="warmup-cosine", batch=8, nesterov=True)
HEADS = replace(TINY, arch="imta-cifar10", model="imta")
pytestmark = pytest.mark.usefixtures("one_thread")
SMALL = MSDNetConfig(classes=3, block_layers=(1, 1, 1), channels=4, growth=2, factors=(1, 2))


def tiny_trainer() -> Trainer:
    return Trainer(TINY, noise_images(27), noise_images(4), epochs=2, seed=3)


def second_stage() -> Trainer:
    return Trainer(HEADS, noise_images(27), noise_images(4), epochs=2, seed=3)


def first_stage() -> FirstStage:
    torch.manual_seed(7)
    return FirstStage(MSDNet(CONFIGS["cifar10"]).state_dict(), {"epochs": 18, "seed": 1, "sha256": "0"})


def flatten(value) -> list:
    if isinstance(value, dict):
        return [item for key in sorted(value, key=str) for item in flatten(value[key])]
    if isinstance(value, list | tuple):
        return [item for element in value for item in flatten(element)]
    return [value]


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
    for key in ("network", "optimiser", "generator", "order", "crops", "step", "loss_sum"):
        assert same(ours[key], theirs[key]), key


def same(a, b) -> bool:
    pairs = zip(flatten(a), flatten(b), strict=True)
    return all(torch.equal(x, y) if isinstance(x, torch.Tensor) else x == y for x, y in pairs)


def test_stage_2_trains_the_new_heads_and_resumes_bit_for_bit(tmp_path):
    undisturbed = second_stage()
    undisturbed.begin_from(first_stage())
    before = {key: value.clone() for key, value in undisturbed.network.state_dict().items()}
    fit(undisturbed, tmp_path / "undisturbed")
    kept = {name for name, _ in undisturbed.network.net.named_parameters()}
    for key, value in undisturbed.network.state_dict().items():
        assert torch.equal(value, before[key]) == (key.removeprefix("net.") in kept), key

    def kill(trainer):
        if trainer.step == 4:
            raise Killed

    killed = second_stage()
    killed.begin_from(first_stage())
    with pytest.raises(Killed):
        fit(killed, tmp_path / "killed", on_step=kill)
    resumed = second_stage()
    resumed.restore(tmp_path / "killed" / CHECKPOINT)
    assert resumed.step == 3
    assert resumed.first_stage == first_stage().facts
    fit(resumed, tmp_path / "killed")
    for key in ("network", "optimiser", "generator", "order", "loss_sum"):
        assert same(resumed.state()[key], undisturbed.state()[key]), key


def test_stage_2_does_not_begin_without_stage_1(tmp_path):
    with pytest.raises(AssertionError, match="begin_from or restore comes first"):
        fit(second_stage(), tmp_path / "out")


def test_stage_1_rescales_the_gradient():
    recipe = replace(TINY, model="imta-stage1")
    assert isinstance(
        Trainer(recipe, noise_images(27), noise_images(4), epochs=1, seed=0).network, GradientRescaledMSDNet
    )


def test_a_checkpoint_older_than_a_setting_resumes_at_its_default(tmp_path):
    trainer = tiny_trainer()
    fit(trainer, tmp_path)
    state = torch.load(tmp_path / CHECKPOINT, weights_only=True)
    newer = ("model", "precision")
    state["settings"] = {key: value for key, value in state["settings"].items() if key not in newer}
    del state["first_stage"]
    torch.save(state, tmp_path / CHECKPOINT)
    resumed = tiny_trainer()
    resumed.restore(tmp_path / CHECKPOINT)
    assert same(resumed.state(), trainer.state())
    other = Trainer(replace(TINY, model="imta-stage1"), noise_images(27), noise_images(4), epochs=2, seed=3)
    with pytest.raises(ValueError, match="was trained with model = msdnet, not imta-stage1"):
        other.restore(tmp_path / CHECKPOINT)


def test_a_loss_that_is_not_finite_ends_the_training_and_keeps_the_last_checkpoint(tmp_path):
    def poison(trainer):
        if trainer.step == 4:
            trainer.losses += float("nan")

    with pytest.raises(ValueError, match="the loss is not finite by step 6: lower the recipe's learning rate"):
        fit(tiny_trainer(), tmp_path, on_step=poison)
    assert torch.load(tmp_path / CHECKPOINT, weights_only=True)["step"] == 3


def test_a_step_that_exceeds_the_memory_is_said(tmp_path, monkeypatch):
    trainer = tiny_trainer()

    def exceed() -> None:
        raise RuntimeError("[enforce fail] DefaultCPUAllocator: can't allocate memory: you tried to allocate 9 bytes")

    monkeypatch.setattr(trainer, "train_step", exceed)
    with pytest.raises(ValueError, match=r"8 images a step exceed the memory of .*: free some of it and begin again"):
        fit(trainer, tmp_path)


class HostGenerator(torch.Generator):
    """A generator of the CPU in the place of a device's."""

    def __new__(cls, device=None):
        return super().__new__(cls)


def place(network, device, memory_format):
    """`Module.to` for fake tensors, which do not let themselves be swapped."""
    for module in network.modules():
        for name, parameter in module.named_parameters(recurse=False):
            setattr(module, name, torch.nn.Parameter(parameter.detach().to(device)))
        for name, buffer in module.named_buffers(recurse=False):
            setattr(module, name, buffer.to(device))
    return network


@pytest.mark.parametrize("recipe", [TINY, HEADS])
def test_on_cuda_everything_is_on_the_device(monkeypatch, recipe):
    """Shapes and devices only, on fake tensors: an operation that mixed devices would raise."""
    monkeypatch.setattr(torch, "Generator", HostGenerator)
    monkeypatch.setattr(torch.nn.Module, "to", place)
    with FakeTensorMode(allow_non_fake_inputs=True):
        trainer = Trainer(recipe, noise_images(27), noise_images(4), epochs=1, seed=0, device="cuda")
        trainer.begin_epoch()
        images, labels = trainer.batch()
        loss = trainer.objective(images, labels)
        devices = {tensor.device.type for tensor in (images, labels, loss, trainer.order, trainer.losses)}
    assert devices == {"cuda"}
    assert images.shape == (8, 3, 32, 32)
    assert images.is_contiguous(memory_format=torch.channels_last)


def test_bf16_rounds_the_layers_and_keeps_the_parameters():
    exact, rounded = (
        Trainer(TINY, noise_images(27), noise_images(4), epochs=1, seed=0, precision=precision)
        for precision in ("fp32", "bf16")
    )
    exact.train_step()
    rounded.train_step()
    assert rounded.loss_sum != exact.loss_sum
    assert rounded.loss_sum == pytest.approx(exact.loss_sum, rel=0.02)
    assert {parameter.dtype for parameter in rounded.trained} == {torch.float32}


@pytest.mark.parametrize("model", METHODS)
def test_every_objective_can_be_compiled(model):
    """Traced whole, without the code generator, whose compiler need not be here."""
    torch.manual_seed(0)
    method = METHODS[model]
    objective = method.objective(method.network(SMALL).train())
    compiled = torch.compile(objective, backend="eager", fullgraph=True)
    images, labels = torch.randn(4, 3, 16, 16), torch.tensor([0, 1, 2, 0])
    parameters = [parameter for parameter in objective.parameters() if parameter.requires_grad]
    loss = compiled(images, labels)
    assert torch.equal(loss, objective(images, labels))
    ours = torch.autograd.grad(loss, parameters)
    theirs = torch.autograd.grad(objective(images, labels), parameters)
    assert all(torch.allclose(a, b) for a, b in zip(ours, theirs, strict=True))


def test_another_seed_is_refused_on_resume(tmp_path):
    fit_once = tiny_trainer()
    fit(fit_once, tmp_path)
    other = Trainer(TINY, noise_images(27), noise_images(4), epochs=2, seed=4)
    with pytest.raises(ValueError, match="was trained with seed = 3, not 4: resume with the same settings"):
        other.restore(tmp_path / CHECKPOINT)


def test_other_images_and_another_number_of_processes_are_refused_on_resume(tmp_path):
    fit(tiny_trainer(), tmp_path)
    others = Images(255 - noise_images(27).pixels, noise_images(27).labels, noise_images(27).class_names)
    with pytest.raises(ValueError, match="was trained with images_digest = "):
        Trainer(TINY, others, noise_images(4), epochs=2, seed=3).restore(tmp_path / CHECKPOINT)
    shuffled = Images(noise_images(27).pixels, noise_images(27).labels[::-1].copy(), ())
    with pytest.raises(ValueError, match="was trained with images_digest = "):
        Trainer(TINY, shuffled, noise_images(4), epochs=2, seed=3).restore(tmp_path / CHECKPOINT)
    two = Trainer(TINY, noise_images(27), noise_images(4), epochs=2, seed=3, processes=Processes(0, 2))
    with pytest.raises(ValueError, match="was trained with processes = 1, not 2: resume with the same settings"):
        two.restore(tmp_path / CHECKPOINT)


def test_a_checkpoint_of_an_older_trainer_is_resumed(tmp_path):
    fit(tiny_trainer(), tmp_path)
    state = torch.load(tmp_path / CHECKPOINT, weights_only=True)
    for name in ("images_digest", "processes", "compiled"):
        del state["settings"][name]
    torch.save(state, tmp_path / CHECKPOINT)
    resumed = tiny_trainer()
    resumed.restore(tmp_path / CHECKPOINT)
    assert resumed.step == state["step"]


def test_a_full_disk_is_no_traceback_and_keeps_the_checkpoint_before(tmp_path):
    """The limit of a file's size stands for the disk's: both fail in the middle of writing."""
    resource = pytest.importorskip("resource")
    save_atomically({"step": 1}, tmp_path / CHECKPOINT)
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, before[1]))
    try:
        with pytest.raises(OSError, match=rf"{re.escape(CHECKPOINT)} cannot be written whole"):
            save_atomically({"network": torch.zeros(100_000)}, tmp_path / CHECKPOINT)
        with pytest.raises(OSError, match=r"weights.safetensors"):
            save_tensors({"network": torch.zeros(100_000)}, tmp_path / "weights.safetensors")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert torch.load(tmp_path / CHECKPOINT, weights_only=True) == {"step": 1}
    assert not list(tmp_path.glob("*.partial"))


def test_the_log_has_one_row_per_epoch(tmp_path):
    trainer = tiny_trainer()
    fit(trainer, tmp_path)
    lines = (tmp_path / "log.csv").read_text().splitlines()
    shares = ",".join(f"share_{phase}" for phase in PHASES)
    assert lines[0].startswith(
        f"epoch,train_loss,learning_rate,seconds,images_per_s,{shares},calibration_accuracy_exit_1"
    )
    assert [line.split(",")[0] for line in lines[1:]] == ["1", "2"]


def test_on_a_cpu_channels_come_first():
    trainer = tiny_trainer()
    trainer.begin_epoch()
    images, _ = trainer.batch()
    assert images.is_contiguous()
    assert all(parameter.is_contiguous() for parameter in trainer.network.parameters())


def test_the_phases_of_a_step_add_up_and_the_wall_time_holds_more_than_the_steps(tmp_path):
    trainer, steps = tiny_trainer(), {}

    def on_step(trainer):
        steps[trainer.step // trainer.steps_per_epoch] = trainer.seconds  # of each epoch, after its last step

    fit(trainer, tmp_path, on_step=on_step)
    for row in trainer.log:
        shares = [row[f"share_{phase}"] for phase in PHASES]
        assert sum(shares) == pytest.approx(1, abs=0.001)
        assert shares[PHASES.index("backward")] > shares[PHASES.index("data")] > 0
    assert trainer.elapsed_s > steps[1] + steps[2] > 0
    resumed = tiny_trainer()
    resumed.restore(tmp_path / CHECKPOINT)
    assert resumed.elapsed_s == trainer.elapsed_s


def test_an_epoch_without_a_timed_step_has_no_shares():
    clock = PhaseClock(torch.device("cpu"))
    clock.begin(timed=False)
    clock.lap("forward")
    assert clock.shares() == {}
    clock.begin(timed=True)
    clock.lap("forward")
    assert clock.shares()["share_forward"] == 1


def test_a_compiler_that_fails_is_said_and_other_errors_are_not_hidden():
    failed = torch._dynamo.exc.TorchDynamoException("no C compiler\nand more")
    with (
        pytest.raises(ValueError, match=r"torch.compile fails here \(no C compiler\): add"),
        said_when_not_compiled(True),
    ):
        raise failed
    with pytest.raises(KeyError), said_when_not_compiled(True):
        raise KeyError


def test_a_log_begun_by_an_older_trainer_goes_on(tmp_path):
    write_log(
        [{"epoch": 1, "train_loss": 2.0}, {"epoch": 2, "train_loss": 1.0, "share_data": 0.1}], tmp_path / "log.csv"
    )
    assert (tmp_path / "log.csv").read_text().splitlines() == ["epoch,train_loss,share_data", "1,2.0,", "2,1.0,0.1"]


def test_the_holdout_is_the_documented_one():
    index = holdout_index(50_000, 5000)
    expected = torch.randperm(50_000, generator=torch.Generator().manual_seed(0))[:5000].sort().values
    assert np.array_equal(index, expected.numpy())
    assert len(holdout_index(1000, 5000)) == 100


def test_augmentation_crops_the_zero_padded_image_and_flips():
    images = torch.randn(6, 3, 5, 7, generator=torch.Generator().manual_seed(0))
    ours = crop_and_flip(images, draw_crops(6, torch.Generator().manual_seed(1)))
    generator = torch.Generator().manual_seed(1)
    top, left = torch.randint(0, 2 * PADDING + 1, (2, 6, 1), generator=generator)
    flip = torch.rand(6, 1, generator=generator) < 0.5
    assert flip.any()
    assert not flip.all()
    for i, image in enumerate(images):
        padded = np.pad(image.numpy(), ((0, 0), (PADDING, PADDING), (PADDING, PADDING)))
        crop = padded[:, int(top[i]) :][:, :5, int(left[i]) : int(left[i]) + 7]
        assert np.array_equal(ours[i].numpy(), crop[:, :, ::-1] if flip[i] else crop)


def test_schedules():
    official, short = RECIPES["msdnet-cifar100"], RECIPES["msdnet-cifar100-short"]
    rates = [official.learning_rate(epoch * 10, 10, 300) for epoch in (0, 149, 150, 224, 225, 299)]
    assert rates == pytest.approx([0.1, 0.1, 0.01, 0.01, 0.001, 0.001])
    assert short.learning_rate(0, 703, 18) == pytest.approx(0.1 / 703)
    assert short.learning_rate(702, 703, 18) == pytest.approx(0.1)
    assert short.learning_rate(703 * 9 + 351, 703, 18) == pytest.approx(0.05, rel=0.01)
    assert short.learning_rate(18 * 703 - 1, 703, 18) < 1e-6


def test_a_larger_batch_scales_the_rate_and_warms_up():
    official, larger = RECIPES["msdnet-cifar10"], RECIPES["msdnet-cifar10"].with_batch(256)
    assert official.with_batch(64) is official
    assert (larger.batch, larger.lr, larger.weight_decay) == (256, 0.4, 1e-4)
    assert [larger.learning_rate(step, 4, 300) for step in range(5)] == pytest.approx([0.1, 0.2, 0.3, 0.4, 0.4])
    assert larger.learning_rate(4 * 150, 4, 300) == pytest.approx(0.04)
    fast = RECIPES["msdnet-cifar10-fast"]
    assert (fast.batch, fast.lr, fast.schedule, fast.epochs) == (256, 0.4, "warmup-cosine", 300)
    assert RECIPES["imta-cifar10-stage1-fast"] == replace(fast, model="imta-stage1")


def test_a_time_limit_ends_the_training_with_its_whole_schedule(tmp_path):
    limited = Trainer(TINY, noise_images(27), noise_images(4), epochs=100_000, seed=3, minutes=0.1)
    fit(limited, tmp_path)
    assert 1 < limited.epochs_trained == limited.pace.planned < 100_000
    assert limited.elapsed_s < 7
    assert float(limited.rate) < 0.03  # the last of the cosine's three steps, if there was time for two epochs alone
    rates = [row["learning_rate"] for row in limited.log]
    assert rates[0] == pytest.approx(0.1)
    assert rates == sorted(rates, reverse=True)
    again = Trainer(TINY, noise_images(27), noise_images(4), epochs=100_000, seed=3, minutes=0.1)
    again.restore(tmp_path / CHECKPOINT)
    assert again.finished
    with pytest.raises(
        ValueError, match=r"minutes 0.0001: one epoch .* take .* minutes on .*: give --minutes 1 or more"
    ):
        fit(Trainer(TINY, noise_images(27), noise_images(4), epochs=3, seed=3, minutes=0.0001), tmp_path / "none")


def test_what_is_finished_says_what_trained_it_wherever_its_run_is_written(tmp_path):
    trainer = tiny_trainer()
    fit(trainer, tmp_path)
    state = torch.load(tmp_path / CHECKPOINT, weights_only=True)
    state["made_on"] = {"device": "cuda", "hardware": "another machine", "torch": "2.0"}
    state["generator"] = torch.zeros(16, dtype=torch.uint8)  # as CUDA's are
    torch.save(state, tmp_path / CHECKPOINT)
    resumed = tiny_trainer()
    resumed.restore(tmp_path / CHECKPOINT)
    fit(resumed, tmp_path)
    assert resumed.made_on["hardware"] == "another machine"
    state["step"] = 3
    torch.save(state, tmp_path / CHECKPOINT)
    with pytest.raises(ValueError, match="was not trained on cpu, and its random numbers cannot go on there"):
        tiny_trainer().restore(tmp_path / CHECKPOINT)


def test_every_variant_of_a_recipe_has_its_official_one():
    for name, recipe in RECIPES.items():
        official = RECIPES[official_id(name)]
        assert (official.epochs, official.schedule, official.weight_decay) == (300, "step", 1e-4)
        assert (official.arch, official.model, official.dataset) == (recipe.arch, recipe.model, recipe.dataset)
        assert name.startswith("imta") == (recipe.model in ("imta-stage1", "imta"))
        assert recipe.needs_first_stage == ("stage2" in name)


def test_too_few_images_are_refused():
    with pytest.raises(ValueError, match="7 training images do not fill one batch of 8"):
        Trainer(TINY, noise_images(7), noise_images(2), epochs=1, seed=0)
