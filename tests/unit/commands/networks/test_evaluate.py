"""`evaluate` end to end: the run it writes, corruption, resumption after a kill, several processes, refusals."""

import os
import signal
import subprocess
import sys
import time
import warnings
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from analysis.cli import main
from analysis.commands.networks.evaluate import NORMALISATIONS, own_normalisation, recognised
from analysis.images.corruptions import corrupt
from analysis.images.datasets import Images, write_parquet
from analysis.images.decoding import decode
from analysis.images.image_tables import image_source
from analysis.models.evaluation.costs import cumulative_costs
from analysis.models.evaluation.inference import predict
from analysis.models.networks.architectures import architecture
from analysis.models.networks.checkpoints import load_checkpoint
from analysis.reference import superclasses
from analysis.reference.datasets import CIFAR10, NORMALISATION
from analysis.runtime.whole_files import locked
from analysis.storage import list_runs, load_run
from analysis.storage.validation import validate_run
from tests.toy import noise, noise_images, write_splits

PROJECT = Path(__file__).resolve().parents[4]
CPU = torch.device("cpu")
COUNT = 520
pytestmark = pytest.mark.usefixtures("one_thread")


class Heads(nn.Module):
    """Two exits on the image halved three times: fast, and sensitive to every pixel."""

    def __init__(self, size: int = 32) -> None:
        super().__init__()
        self.classifier = nn.ModuleList(nn.Linear(3 * (size // 8) ** 2, 10) for _ in range(2))

    def forward(self, images: torch.Tensor) -> list[torch.Tensor]:
        features = torch.nn.functional.avg_pool2d(images, 8).flatten(1)
        return [head(features) for head in self.classifier]


@pytest.fixture(scope="module")
def images() -> Images:
    return noise_images(COUNT, named=True)


@pytest.fixture(scope="module")
def data(tmp_path_factory, images) -> Path:
    """520 test images of noise and 30 training images, of which 3 are held out."""
    return write_splits(tmp_path_factory.mktemp("data"), test=images, train=images.take(np.arange(30)))


@pytest.fixture(scope="module")
def few(tmp_path_factory, images) -> Path:
    return write_splits(tmp_path_factory.mktemp("few"), test=images.take(np.arange(8)))


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory) -> Path:
    """A torch checkpoint as the public repositories save them."""
    torch.manual_seed(0)
    network = architecture("msdnet-cifar10").build()
    path = tmp_path_factory.mktemp("weights") / "model.pth.tar"
    torch.save({"state_dict": {f"module.{key}": value for key, value in network.state_dict().items()}}, path)
    return path


def export(path: Path, size: int = 32) -> Heads:
    torch.manual_seed(0)
    network, shapes = Heads(size).eval(), ({0: torch.export.Dim("batch")},)
    torch.export.save(torch.export.export(network, (torch.zeros(2, 3, size, size),), dynamic_shapes=shapes), path)
    return network


@pytest.fixture(scope="module")
def program(tmp_path_factory) -> Path:
    path = tmp_path_factory.mktemp("program") / "model.pt2"
    export(path)
    return path


def of_checkpoint(checkpoint, data, out, *more: str) -> list[str]:
    argv = ["evaluate", "--arch", "msdnet-cifar10", "--checkpoint", checkpoint, "--data", data, "--out", out]
    return [str(word) for word in (*argv, "--device", "cpu", *more)]


def bare(program, data, out, *more: str) -> list[str]:
    argv = ["evaluate", "--arch", "exported", "--checkpoint", program, "--trust-model", "--data", data, "--out", out]
    return [str(word) for word in (*argv, *more)]


def of_program(program, data, out, *more: str) -> list[str]:
    return bare(program, data, out, "--dataset", "cifar10", "--device", "cpu", *more)


def all_logits(run) -> np.ndarray:
    return run.logits.read(0, run.n_samples)


def test_a_checkpoint_becomes_a_run_that_its_own_files_recompute(checkpoint, few, images, tmp_path, capsys):
    assert main(of_checkpoint(checkpoint, few, tmp_path / "runs" / "run", "--batch", "3", "--latency", "2")) == 0
    printed = capsys.readouterr().out
    assert "run: 7 exits x 8 samples x 10 classes, float32 logits" in printed
    assert "test accuracy, %" in printed
    assert "run=run&predictor=pa" in printed
    run = load_run(tmp_path / "runs" / "run")
    validate_run(run.path)
    assert run.title == "MSDNet on CIFAR-10"
    assert run.class_names[3] == "class 3"
    assert run.cost()[1][0] == 15128842  # of the published table
    assert list(run.costs) == ["MACs", "MACs (conv, linear)", "params", "ms"]
    counted = cumulative_costs(load_checkpoint(checkpoint, arch="msdnet-cifar10"), 32)[0]
    assert run.cost("MACs (conv, linear)")[1] == counted  # the default count
    assert run.provenance["latency"]["batch"] == 2
    assert run.provenance["checkpoint"]["name"] == "model.pth.tar"
    assert "Evaluated here from model.pth.tar" in run.provenance["summary"]
    assert str(tmp_path) not in (run.path / "run.json").read_text()
    network = load_checkpoint(checkpoint, arch="msdnet-cifar10")  # nothing of the checkpoint is rounded
    expected = predict(network, images.read(0, 8), "cifar10", CPU)
    assert np.abs(all_logits(run) - expected).max() <= 1e-5 * np.abs(expected).max()
    again = predict(load_checkpoint(run.weights, arch=run.arch), images.read(0, 8), "cifar10", CPU)
    assert np.array_equal(again, expected)
    shown = np.stack([decode(file) for file in image_source(run).encoded(np.arange(8))])
    assert np.array_equal(shown, images.pixels[:8])
    assert [path.name for path in (tmp_path / "runs").iterdir() if path.name != "datasets"] == ["run"]


def test_what_begins_is_said_before_anything_slow_is_imported(checkpoint, few, tmp_path):
    """Torch alone takes seconds where the machine is busy: here it cannot be imported at all."""
    command = of_checkpoint(checkpoint, few, tmp_path / "run", "--corrupt", "gaussian-noise:3")
    code = "import sys; sys.modules['torch'] = None; from analysis.cli import main; sys.exit(main(sys.argv[1:]))"
    done = subprocess.run([sys.executable, "-c", code, *command], cwd=PROJECT, capture_output=True, text=True)
    assert done.returncode == 2
    assert "this Python has no torch" in done.stderr
    assert done.stdout == (
        f"Evaluating msdnet-cifar10 of {checkpoint} at every exit on the test images of {few}, each under gaussian "
        "noise of severity 3: both are read first ...\n"
    )


def test_a_terminal_shows_a_bar_before_the_first_image_is_done(program, few, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    drawn = []
    monkeypatch.setattr("tqdm.tqdm.display", lambda bar, *_, **__: drawn.append((bar.desc, bar.n, bar.total)) or True)
    assert main(of_program(program, few, tmp_path / "run", "--corrupt", "gaussian-noise:3")) == 0
    assert drawn[0] == ("Evaluating", 0, 8)
    assert capsys.readouterr().out.startswith("Evaluating exported of ")


def test_half_keeps_what_the_rounded_weights_give(checkpoint, few, tmp_path):
    more = ("--half", "--no-images", "--dtype", "bf16", "--model", "mine", "--title", "A b")
    assert main(of_checkpoint(checkpoint, few, tmp_path / "run", *more)) == 0
    run = load_run(tmp_path / "run")
    assert run.logits.dtype == np.float16
    assert run.weights.stat().st_size < 0.6 * checkpoint.stat().st_size
    assert image_source(run) is None
    assert not (tmp_path / "datasets").exists()
    assert run.provenance["dtype"] == "bf16"
    said = run.provenance["command"]
    assert all(option in said for option in ("--half", "--no-images", "--dtype bf16", "--model mine", "--title 'A b'"))


def logits_of(network: nn.Module, images: Images, normalisation: str) -> np.ndarray:
    return predict(network, images, normalisation, CPU)


def test_a_program_needs_no_more_where_the_classes_tell_the_data_set(program, images, tmp_path):
    few = Images(images.pixels[:8], images.labels[:8], CIFAR10)
    write_parquet(few, tmp_path / "data" / "test-0.parquet")
    assert main(bare(program, tmp_path / "data", tmp_path / "run")) == 0
    run = load_run(tmp_path / "run")
    assert (run.dataset, run.title) == ("cifar10", "A network on CIFAR-10")
    assert run.provenance["normalisation"] == "cifar10"
    network = export(tmp_path / "again.pt2")
    assert np.abs(all_logits(run) - logits_of(network, few, "cifar10")).max() < 1e-5
    named = ("--dataset", "mine", "--normalisation", "imagenet")
    assert main(bare(program, tmp_path / "data", tmp_path / "mine", *named)) == 0
    mine = load_run(tmp_path / "mine")
    assert (mine.dataset, mine.provenance["normalisation"]) == ("mine", "imagenet")
    assert "--dataset mine --normalisation imagenet" in mine.provenance["command"]
    assert np.abs(all_logits(mine) - logits_of(network, few, "imagenet")).max() < 1e-5


def test_where_nothing_tells_the_normalisation_it_is_asked_for(program, few, images, tmp_path, capsys):
    for named in ((), ("--dataset", "mine")):
        assert main(bare(program, few, tmp_path / "runs" / "run", *named)) == 2
        errors = capsys.readouterr().err
        assert "neither --dataset nor the class names tell how the program's images are normalised" in errors
        assert "add --normalisation cifar10|cifar100|imagenet|none" in errors
        assert errors.count("\n") == 1
    assert not list(tmp_path.iterdir())
    assert main(bare(program, few, tmp_path / "runs" / "run", "--normalisation", "none")) == 0
    run = load_run(tmp_path / "runs" / "run")
    assert (run.dataset, run.title) == (None, "A network")
    network = export(tmp_path / "again.pt2")
    assert np.abs(all_logits(run) - logits_of(network, images.read(0, 8), "none")).max() < 1e-5
    validate_run(run.path)


@pytest.mark.parametrize("form", ["torch.export", "TorchScript"])  # the one tells the size, the other leaves it to data
def test_a_program_sees_images_of_its_own_size(tmp_path, form):
    images = Images(noise(3, 40, 40), np.arange(3), CIFAR10)
    write_parquet(images, tmp_path / "data" / "test-0.parquet")
    network = export(tmp_path / "model.pt2", size=40)
    if form == "TorchScript":
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            torch.jit.trace(network, torch.zeros(2, 3, 40, 40)).save(tmp_path / "model.pt2")
    assert main(bare(tmp_path / "model.pt2", tmp_path / "data", tmp_path / "run")) == 0
    assert np.abs(all_logits(load_run(tmp_path / "run")) - logits_of(network, images, "cifar10")).max() < 1e-5


def test_data_sets_are_recognised_by_their_classes():
    cifar100 = [name for members in superclasses.CIFAR100.values() for name in members.split()]
    assert recognised(sorted(cifar100)) == "cifar100"
    assert recognised(CIFAR10) == "cifar10"
    assert recognised([*CIFAR10[:9], "lorry"]) is recognised(()) is None
    assert own_normalisation("cifar100", CIFAR10) == "cifar100"
    assert own_normalisation("mine", CIFAR10) == "cifar10"
    assert set(NORMALISATIONS) == set(NORMALISATION)


def test_both_splits_and_images_stored_once(program, data, tmp_path):
    assert main(of_program(program, data, tmp_path / "a")) == 0
    shard = tmp_path / "datasets" / "cifar10" / "test-00000-of-00001.parquet"
    first = shard.stat().st_mtime_ns
    assert main(of_program(program, data, tmp_path / "b", "--split", "test,calibration", "--batch", "77")) == 0
    assert shard.stat().st_mtime_ns == first
    a, b = load_run(tmp_path / "a"), load_run(tmp_path / "b")
    assert [len(b.positions(split)) for split in ("test", "calibration")] == [COUNT, 3]
    same = b.logits.take(b.positions("test"))
    assert np.abs(all_logits(a) - same).max() < 1e-5
    assert (b.arch, b.weights, b.model) == (None, None, None)
    validate_run(b.path)
    assert all(entry.error is None for entry in list_runs())


def test_other_images_of_the_same_name_are_refused(program, data, few, images, tmp_path, capsys):
    assert main(of_program(program, data, tmp_path / "a")) == 0
    assert main(of_program(program, few, tmp_path / "b")) == 2
    assert "holds 520 images that are not this test split's 8: choose another --dataset name" in capsys.readouterr().err
    changed = images.pixels.copy()
    changed[4, 0, 0, 0] ^= 1
    other = tmp_path / "other" / "test-0.parquet"
    write_parquet(Images(changed, images.labels, images.class_names), other)
    assert main(of_program(program, other.parent, tmp_path / "b")) == 2
    assert "holds another image 5 than this test split" in capsys.readouterr().err
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a", "datasets", "other"]


def test_a_corrupted_run_stands_beside_the_clean_one(program, data, images, tmp_path):
    assert main(of_program(program, data, tmp_path / "clean")) == 0
    assert main(of_program(program, data, tmp_path / "noisy", "--corrupt", "gaussian_noise:3", "--seed", "4")) == 0
    clean, noisy = load_run(tmp_path / "clean"), load_run(tmp_path / "noisy")
    assert noisy.title == clean.title + ", gaussian noise of severity 3"
    assert "under gaussian noise of severity 3" in noisy.provenance["summary"]
    assert noisy.provenance["corruption"]["seed"] == 4
    assert noisy.dataset == "cifar10-gaussian-noise-3"
    expected = corrupt(images.pixels, "gaussian-noise", 3, seed=4)  # as a whole, though it was evaluated in chunks
    shown = np.stack([decode(file) for file in image_source(noisy).encoded(np.arange(COUNT))])
    assert np.array_equal(shown, expected)
    assert not np.array_equal(all_logits(noisy), all_logits(clean))
    validate_run(noisy.path)


@pytest.mark.skipif(sys.platform == "win32", reason="POSIX signals")
def test_a_killed_evaluation_goes_on_where_it_was(checkpoint, data, images, tmp_path, monkeypatch, capsys):
    out, partial = tmp_path / "run", tmp_path / ".run.partial"
    command = of_checkpoint(checkpoint, data, out, "--batch", "64")
    process = subprocess.Popen(
        [sys.executable, "-m", "analysis", *command], cwd=PROJECT, env=os.environ | {"OMP_NUM_THREADS": "1"}
    )
    deadline = time.monotonic() + 120
    while not list(partial.glob("logits-*.npy")) and time.monotonic() < deadline and process.poll() is None:
        time.sleep(0.02)
    process.send_signal(signal.SIGKILL)
    process.wait()
    kept = sorted(partial.glob("logits-*.npy"))
    assert 1 <= len(kept) < 3
    assert not out.exists()
    monkeypatch.setenv("EXITLENS_RUNS", str(out.parent))
    assert not any("run" in entry.id for entry in list_runs())
    assert main([*command, "--dtype", "bf16"]) == 2
    assert "was begun with another dtype (fp32, not bf16): give the same to go on" in capsys.readouterr().err
    marked = np.load(kept[0]) + 1000  # if the chunk were evaluated again, this would be gone
    np.save(kept[0], marked)
    assert main([*command, "--batch", "100"]) == 0
    assert not partial.exists()
    run = load_run(out)
    validate_run(run.path)
    assert np.array_equal(all_logits(run)[:, :256], marked)
    network = load_checkpoint(checkpoint, arch="msdnet-cifar10")
    expected = predict(network, images.read(500, COUNT), "cifar10", CPU)
    assert np.abs(all_logits(run)[:, 500:] - expected).max() <= 1e-5 * np.abs(expected).max()


def test_several_processes_share_the_images(program, data, tmp_path, monkeypatch, capsys):
    """Two processes with the environment that torchrun gives them; the leading one is this."""
    command = of_program(program, data, tmp_path / "run")
    other = subprocess.Popen(
        [sys.executable, "-m", "analysis", *command],
        cwd=PROJECT,
        env=os.environ | {"OMP_NUM_THREADS": "1", "RANK": "1", "LOCAL_RANK": "1", "WORLD_SIZE": "2"},
        stdout=subprocess.PIPE,
    )
    with monkeypatch.context() as environment:
        environment.setenv("RANK", "0")
        environment.setenv("WORLD_SIZE", "2")
        assert main(command) == 0
    assert other.communicate()[0] == b""
    assert other.returncode == 0
    assert capsys.readouterr().out.count("test accuracy, %") == 1
    run = load_run(tmp_path / "run")
    assert run.provenance["processes"] == 2
    assert main(of_program(program, data, tmp_path / "alone")) == 0
    assert np.array_equal(all_logits(run), all_logits(load_run(tmp_path / "alone")))
    assert not (tmp_path / ".run.partial").exists()


@pytest.mark.parametrize(
    ("more", "said"),
    [
        (["--split", "train"], "--split train: name test, calibration or test,calibration"),
        (["--split", "test,test"], "names a split twice"),
        (["--batch", "0"], "--batch 0: evaluate at least 1 image"),
        (["--corrupt", "frost:2"], "frost lays photographs"),
        (["--latency", "0"], "--latency 0: measure at least 1 image"),
        (["--dataset", "../x"], "--dataset ../x: use letters"),
        (["--seed", "-1"], "--seed -1: give a whole number"),
        (["--split", "calibration"], "has no calibration images"),
        (["--arch", "msdnet-cifar100"], "not a checkpoint of msdnet-cifar100"),
        (["--arch", "exported"], "can run its author's code: if you trust it, add --trust-model"),
        (["--arch", "exported", "--trust-model"], "is no program of torch.export or TorchScript"),
        (["--normalisation", "none"], "--normalisation is for --arch exported, and other architectures have their own"),
        (["--latency", str(10**20)], "measure at least 1 image, and at most 2147483647"),
    ],
)
def test_wrong_settings_are_one_sentence_and_leave_nothing(checkpoint, few, tmp_path, capsys, more, said):
    assert main(of_checkpoint(checkpoint, few, tmp_path / "runs" / "run", *more)) == 2
    errors = capsys.readouterr().err
    assert said in errors
    assert errors.count("\n") == 1
    assert not list(tmp_path.iterdir())


def test_other_classes_and_damaged_images_leave_nothing(checkpoint, images, tmp_path, capsys):
    folder = tmp_path / "data"
    write_parquet(Images(images.pixels[:4], np.arange(4), ("a", "b", "c", "d")), folder / "test-0.parquet")
    out = tmp_path / "runs" / "run"
    assert main(of_checkpoint(checkpoint, folder, out)) == 2
    assert "names 4 classes, and msdnet-cifar10 gives logits for 10" in capsys.readouterr().err
    broken = Images(images.pixels[:2], images.labels[:2], (), (b"junk", b"junk"))
    write_parquet(broken, folder / "test-0.parquet")
    assert main(of_checkpoint(checkpoint, folder, out)) == 2
    assert "image 1 cannot be decoded: copy the images again" in capsys.readouterr().err
    assert [path.name for path in tmp_path.iterdir()] == ["data"]


def test_an_existing_run_is_refused(checkpoint, few, tmp_path, capsys):
    assert main(of_checkpoint(checkpoint, few, tmp_path)) == 2
    assert "exists: choose another folder" in capsys.readouterr().err


def test_images_without_labels_have_no_accuracy(program, images, tmp_path, capsys):
    write_parquet(Images(images.pixels[:5], np.zeros(5, dtype=np.int64), ()), tmp_path / "data" / "test-0.parquet")
    import pyarrow as pa
    import pyarrow.parquet as pq

    table = pq.read_table(tmp_path / "data" / "test-0.parquet", columns=["image"])
    table = table.append_column("label", pa.nulls(5, pa.int64()))
    pq.write_table(table, tmp_path / "data" / "test-0.parquet")
    assert main(of_program(program, tmp_path / "data", tmp_path / "run")) == 0
    assert "No labels, so no accuracy per exit." in capsys.readouterr().out
    assert not load_run(tmp_path / "run").has_labels


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a CUDA device")
def test_cuda_asked_for_and_not_there(checkpoint, few, tmp_path, capsys):
    assert main(of_checkpoint(checkpoint, few, tmp_path / "run", "--device", "cuda")) == 2
    assert "torch finds no CUDA device here: use --device cpu" in capsys.readouterr().err


def test_a_second_evaluation_to_the_same_place_is_refused_while_the_first_writes(program, data, tmp_path, capsys):
    partial = tmp_path / ".run.partial"
    partial.mkdir()
    handle = locked(partial)
    assert main(of_program(program, data, tmp_path / "run")) == 2
    assert capsys.readouterr().err == (
        f"{partial} is being written by another evaluation: wait for it, or choose another --out\n"
    )
    assert partial.is_dir()
    os.close(handle)
    assert main(of_program(program, data, tmp_path / "run")) == 0
    assert not partial.exists()
