"""`train` end to end on a handful of images: the run it writes, resumption after a kill, refusals."""

import os
import signal
import subprocess
import sys
import time

import numpy as np
import pytest
import torch

from analysis.cli import main
from analysis.commands.networks.train import holds_training
from analysis.images.datasets import Images, load_images, write_parquet
from analysis.models.evaluation.inference import predict
from analysis.models.networks.checkpoints import load_checkpoint
from analysis.models.training import fitting
from analysis.storage import load_run
from analysis.storage.validation import validate_run
from tests.toy import noise_images, write_splits

pytestmark = pytest.mark.usefixtures("one_thread")


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    """A data set of noise: 214 training images, of which 21 are held out, so 3 steps an epoch, and 10 test images."""
    train, test = noise_images(214, named=True), noise_images(10, named=True, seed=1)
    return write_splits(tmp_path_factory.mktemp("data"), train=train, test=test)


def command(data, out, *more: str) -> list[str]:
    return ["train", "--recipe", "msdnet-cifar10-short", "--data", str(data), "--out", str(out), *more]


def test_train_ends_with_a_run_that_its_own_files_recompute(data, tmp_path, capsys):
    assert main(command(data, tmp_path / "out", "--epochs", "1", "--device", "cpu", "--latency")) == 0
    printed = capsys.readouterr().out
    run = load_run(tmp_path / "out" / "msdnet-cifar10-short-seed0")
    validate_run(run.path)
    assert "test accuracy" in printed
    assert "run=msdnet-cifar10-short-seed0" in printed
    assert run.logits.shape == (7, 31, 10)
    assert [len(run.positions(split)) for split in ("test", "calibration")] == [10, 21]
    assert run.cost()[1][0] == 15128842  # of the published table
    assert list(run.costs) == ["MACs", "MACs (conv, linear)", "params", "ms"]
    assert np.all(np.diff(run.costs["ms"]) > 0)
    assert run.provenance["latency"]["batch"] == 1
    assert run.provenance["command"].endswith("--device cpu --precision fp32 --no-compile --latency 1")
    assert run.class_names[3] == "class 3"
    assert "Trained for 1 epoch (the paper: 300)" in run.provenance["summary"]
    network = load_checkpoint(run.weights, arch=run.arch)
    logits = predict(network, load_images(data, "test", "cifar10"), "cifar10", torch.device("cpu"))
    cached = run.logits.take(run.positions("test"))
    assert np.abs(logits - cached).max() <= 0.002 * np.abs(cached).max()


def test_several_are_trained_side_by_side_as_each_would_be_alone(data, tmp_path):
    recipes, out = "msdnet-cifar10-short,imta-cifar10-stage1-short", tmp_path / "out"
    common = ["--data", str(data), "--epochs", "1", "--device", "cpu", "--split", "test"]
    assert main(["train", "--recipe", recipes, "--seed", "4,5", "--out", str(out), *common]) == 0
    assert (
        main(["train", "--recipe", "msdnet-cifar10-short", "--seed", "5", "--out", str(tmp_path / "5"), *common]) == 0
    )
    runs = sorted(path.parent for path in out.glob("*/*/run.json"))
    assert [run.name for run in runs] == [
        f"{recipe}-seed{seed}" for recipe in sorted(recipes.split(",")) for seed in (4, 5)
    ]
    beside, alone = load_run(runs[-1]), load_run(tmp_path / "5" / "msdnet-cifar10-short-seed5")
    assert np.array_equal(beside.logits.read(0, 10), alone.logits.read(0, 10))
    assert "beside 3 other trainings" in beside.provenance["summary"]
    assert "beside" not in alone.provenance["summary"]


def test_a_recipe_that_there_is_not_and_a_seed_that_is_no_number_are_refused(data, tmp_path, capsys):
    for options, message in (
        (["--recipe", "msdnet-cifar10,vgg"], "invalid choice: 'vgg'"),
        (["--recipe", "msdnet-cifar10", "--seed", "1,x"], "'1,x' holds what is no whole number"),
    ):
        with pytest.raises(SystemExit, match="2"):
            main(["train", *options, "--data", str(data), "--out", str(tmp_path / "out")])
        assert message in capsys.readouterr().err


def test_a_run_of_test_logits_alone(data, tmp_path):
    out = tmp_path / "out"
    assert main(command(data, out, "--epochs", "1", "--seed", "1", "--split", "test", "--no-weights")) == 0
    run = load_run(out / "msdnet-cifar10-short-seed1")
    validate_run(run.path)
    assert run.logits.shape == (7, 10, 10)
    assert (run.weights, run.arch) == (None, None)
    assert run.provenance["command"].endswith("--split test --no-weights")
    network = load_checkpoint(out / "checkpoint.pt", arch="msdnet-cifar10")
    logits = predict(network, load_images(data, "test", "cifar10"), "cifar10", torch.device("cpu"))
    cached = run.logits.take(run.positions("test"))
    assert np.abs(logits - cached).max() <= 0.005 * np.abs(cached).max()


def test_imta_is_trained_in_two_stages(data, tmp_path, capsys):
    def stage(number: int, out, *more: str) -> list[str]:
        recipe = ["train", "--recipe", f"imta-cifar10-stage{number}-short", "--data", str(data), "--out", str(out)]
        return [*recipe, "--epochs", "1", "--device", "cpu", *more]

    one, two = tmp_path / "one", tmp_path / "two"
    assert main(stage(1, one, "--seed", "4")) == 0
    assert main(stage(2, two, "--init", str(one))) == 0
    first = load_run(one / "imta-cifar10-stage1-short-seed4")
    assert (first.model, first.arch) == ("imta-stage1", "msdnet-cifar10")
    assert first.title == "IMTA stage 1 on CIFAR-10, 1 epoch, seed 4"
    assert "Stage 1 of IMTA" in first.provenance["summary"]
    second = load_run(two / "imta-cifar10-stage2-short-seed0")
    assert (second.model, second.arch) == ("imta", "imta-cifar10")
    assert second.title == "IMTA on CIFAR-10, 1 + 1 epoch, seed 0"
    assert "new heads on the frozen stage 1, 1 epoch, seed 4" in second.provenance["summary"]
    assert second.provenance["first_stage"]["epochs"] == 1
    assert str(tmp_path) not in str(second.provenance)
    both = second.provenance["paper_command"].split(" && ")
    assert ["stage1" in each for each in both] == [True, False]
    assert both[0].endswith("--out STAGE1 --seed 4")
    assert "--init STAGE1" in both[1]
    stage1, stage2 = load_checkpoint(first.weights, arch=first.arch), load_checkpoint(second.weights, arch=second.arch)
    for (name, ours), theirs in zip(stage2.net.named_parameters(), stage1.parameters(), strict=True):
        assert torch.equal(ours, theirs), name
    assert main(stage(2, tmp_path / "from run", "--init", str(first.path))) == 0
    assert main(stage(2, two, "--seed", "1", "--resume", "--init", str(one))) == 2
    assert "has stage 1's weights already: leave --init out" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("recipe", "more", "message"),
    [
        ("imta-cifar10-stage2", [], "train imta-cifar10-stage1, then give its --out DIR as --init"),
        ("imta-cifar10-stage1", ["--init", "x.pt"], "begins from random weights: leave --init out"),
        ("imta-cifar10-stage2", ["--init", "missing.pt"], "missing.pt is not a file"),
    ],
)
def test_stage_1_is_where_stage_2_begins(data, tmp_path, capsys, recipe, more, message):
    out = tmp_path / "out"
    assert main(["train", "--recipe", recipe, "--data", str(data), "--out", str(out), *more]) == 2
    assert message in capsys.readouterr().err
    assert not out.exists()


def test_a_killed_command_resumes_and_ends(data, tmp_path, capsys):
    out = tmp_path / "out"
    argv = [sys.executable, "-m", "analysis", *command(data, out, "--epochs", "3", "--device", "cpu")]
    process = subprocess.Popen(argv, env=os.environ | {"OMP_NUM_THREADS": "1"}, stderr=subprocess.DEVNULL)
    deadline = time.monotonic() + 120
    while not (out / "checkpoint.pt").exists() and time.monotonic() < deadline:
        time.sleep(0.05)
    process.send_signal(signal.SIGKILL)
    process.wait()
    run = out / "msdnet-cifar10-short-seed0"
    assert 3 <= torch.load(out / "checkpoint.pt", weights_only=True)["step"] < 9
    assert not run.exists()
    assert main(command(data, out, "--epochs", "4", "--device", "cpu", "--resume")) == 2
    assert "was trained with epochs = 3, not 4" in capsys.readouterr().err
    assert main(command(data, out, "--epochs", "3", "--device", "cpu", "--resume", "--split", "test")) == 0
    trained = load_run(run)
    assert [row["epoch"] for row in trained.provenance["log"]] == [1, 2, 3]
    assert (trained.n_samples, list(trained.image_tables)) == (10, ["test"])  # the logits of the test images alone
    assert "calibration" not in trained.provenance
    assert "images/s; of a step: " in trained.provenance["speed"]
    assert trained.provenance["command"].endswith(
        "--epochs 3 --seed 0 --device cpu --precision fp32 --no-compile --split test"
    )


def end_in_the_second_epoch(argv, monkeypatch) -> None:
    """The checkpoint is that of the first."""

    def interrupted(trainer, *given):
        keep(trainer, *given)
        if trainer.step == 4:
            raise ValueError("the machine is gone")

    keep = fitting.keep
    with monkeypatch.context() as patched:
        patched.setattr(fitting, "keep", interrupted)
        assert main(argv) == 2


def test_a_training_that_cannot_go_on_is_stopped_where_it_is(data, tmp_path, monkeypatch, capsys):
    """Its checkpoint's random numbers are another device's."""
    out = tmp_path / "out"
    argv = command(data, out, "--epochs", "3", "--device", "cpu")

    end_in_the_second_epoch(argv, monkeypatch)
    state = torch.load(out / "checkpoint.pt", weights_only=True)
    assert state["step"] == 3
    assert main([*argv, "--stop"]) == 2
    assert "only a training that was begun can be stopped: add --resume" in capsys.readouterr().err
    elsewhere = state | {"generator": state["generator"][:16]}  # as long as CUDA's
    elsewhere["settings"] |= {"precision": "bf16", "compiled": True, "processes": 2, "minutes": 7.0}
    with (out / "log.csv").open("a") as file:
        file.write("2,1.0\n")  # of an epoch after the checkpoint
    torch.save(elsewhere | {"log": []}, out / "checkpoint.pt")
    assert main([*argv, "--resume", "--stop"]) == 2
    assert "lies within the first epoch: leave --stop out" in capsys.readouterr().err
    torch.save(elsewhere, out / "checkpoint.pt")
    assert main([*argv, "--resume"]) == 2
    assert "was trained with precision = bf16, not fp32" in capsys.readouterr().err
    assert main([*argv, "--resume", "--stop"]) == 0
    provenance = load_run(out / "msdnet-cifar10-short-seed0").provenance
    assert (provenance["epochs"], len(provenance["log"])) == (1, 1)
    assert len((out / "log.csv").read_text().splitlines()) == 2
    assert (
        "for 1 epoch (the paper: 300), stopped before the 3 that 7 minutes allow, on 2 processes"
        in (provenance["summary"])
    )
    assert (provenance["precision"], provenance["compiled"], provenance["minutes"]) == ("bf16", True, 7.0)


def test_what_is_left_of_a_stopped_run_is_told_before_training_goes_on(data, tmp_path, monkeypatch, capsys):
    out = tmp_path / "out"
    argv = command(data, out, "--epochs", "2", "--device", "cpu")
    end_in_the_second_epoch(argv, monkeypatch)
    left = out / ".msdnet-cifar10-short-seed0.partial"
    left.mkdir()
    capsys.readouterr()
    assert main([*argv, "--resume"]) == 2
    assert f"{left} holds a part of the run of this training as it was stopped: add --stop" in capsys.readouterr().err


def test_what_was_evaluated_before_a_stop_is_not_evaluated_again(data, tmp_path, monkeypatch, capsys):
    evaluated = []

    def stopping(network, images, *rest, **settings):
        evaluated.append(len(images))
        if len(evaluated) == 2:
            raise ValueError("stopped")
        return predict(network, images, *rest, **settings)

    monkeypatch.setattr("analysis.models.evaluation.resumable_chunks.predict", stopping)
    out = tmp_path / "out"
    argv = command(data, out, "--epochs", "1", "--device", "cpu")
    shard = out / "datasets" / "cifar10" / "test-00000-of-00001.parquet"
    assert main(argv) == 2
    assert evaluated == [10, 21]
    assert not shard.exists()
    images = load_images(data, "test", "cifar10")
    write_parquet(Images(255 - images.pixels, images.labels, images.class_names), shard)
    assert main([*argv, "--resume"]) == 2
    assert "holds another image 1 than this test split: choose another --out\n" in capsys.readouterr().err
    assert evaluated == [10, 21, 21]
    shard.unlink()
    assert main([*argv, "--resume"]) == 0
    assert evaluated == [10, 21, 21]
    run = load_run(out / "msdnet-cifar10-short-seed0")
    validate_run(run.path)
    assert not list(out.glob(".*"))
    assert {"checkpoint", "batch", "images_per_s"}.isdisjoint(run.provenance)  # it says how the network was trained


def test_a_training_that_ended_before_its_first_checkpoint_begins_again(data, tmp_path):
    for name in ("settings.json", "checkpoint.partial", "checkpoint.1f3a5b7c.partial"):
        (tmp_path / name).write_text("{}")
    assert not holds_training(tmp_path)
    (tmp_path / "log.csv").write_text("")
    assert holds_training(tmp_path)


def test_an_existing_folder_is_refused(data, tmp_path, capsys):
    (tmp_path / "mine.txt").write_text("")
    assert main(command(data, tmp_path)) == 2
    assert "exists: choose another, or go on in it with --resume" in capsys.readouterr().err


def test_nothing_to_resume_is_said(data, tmp_path, capsys):
    assert main(command(data, tmp_path / "out", "--resume")) == 2
    assert "does not exist: leave --resume out to begin" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    "content", [b"", b"junk", b"\x80\x02cos\nsystem\n(S'true'\ntR.", b"\x80\x02]q\x00.", b"\x80\x02}q\x00."]
)
def test_a_damaged_checkpoint_is_refused_and_kept(data, tmp_path, capsys, content):
    (tmp_path / "checkpoint.pt").write_bytes(content)
    assert main(command(data, tmp_path, "--epochs", "1", "--device", "cpu", "--resume")) == 2
    errors = capsys.readouterr().err
    assert "checkpoint.pt is no checkpoint of train, or is damaged" in errors
    assert errors.count("\n") == 1
    assert [path.name for path in tmp_path.iterdir()] == ["checkpoint.pt"]


@pytest.mark.parametrize("split", ["calibration", "train", "test,test"])
def test_a_run_keeps_the_test_images(data, tmp_path, capsys, split):
    assert main(command(data, tmp_path / "out", "--split", split)) == 2
    assert f"--split {split}" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("seed", [-1, 2**63])
def test_a_seed_that_torch_cannot_take_is_refused(data, tmp_path, capsys, seed):
    assert main(command(data, tmp_path / "out", "--seed", str(seed))) == 2
    assert f"--seed {seed}: give a whole number from 0" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def test_missing_data_is_said_before_anything_is_written(tmp_path, capsys):
    assert main(command(tmp_path, tmp_path / "out")) == 2
    assert "no test-*.parquet" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a CUDA device")
def test_cuda_asked_for_and_not_there(data, tmp_path, capsys):
    assert main(command(data, tmp_path / "out", "--device", "cuda")) == 2
    assert "torch finds no CUDA device here: use --device cpu" in capsys.readouterr().err
