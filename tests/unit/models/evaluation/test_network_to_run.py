"""An evaluation from Python: what it goes on from, what it refuses before it begins, and shards written meanwhile."""

from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from analysis.images.datasets import Images, load_parquet, write_parquet
from analysis.images.image_files import open_images
from analysis.models.evaluation import resumable_chunks
from analysis.models.evaluation.network_to_run import evaluate
from analysis.models.evaluation.plan import Plan
from analysis.models.evaluation.subjects import Subject
from analysis.storage import load_run
from analysis.storage.contents import Description
from tests.toy import noise_images

CPU = torch.device("cpu")
SHARD = Path("datasets", "noise", "test-00000-of-00001.parquet")


class Heads(nn.Module):
    """Two exits on the mean colour; the memory holds `limit` images."""

    def __init__(self, limit: int = 99) -> None:
        super().__init__()
        self.limit, self.seen = limit, 0
        self.classifier = nn.ModuleList(nn.Linear(3, 4) for _ in range(2))

    def forward(self, images: torch.Tensor) -> list[torch.Tensor]:
        if len(images) > self.limit:
            raise torch.OutOfMemoryError("CUDA out of memory")
        self.seen += len(images)
        return [head(images.mean(dim=(2, 3))) for head in self.classifier]


def noise(seed: int = 0) -> Images:
    return noise_images(8, classes=4, named=True, seed=seed)


@pytest.fixture
def checkpoint(tmp_path) -> Path:
    (tmp_path / "model.pth").write_bytes(b"weights")
    return tmp_path / "model.pth"


def start(
    out: Path,
    images,
    checkpoint: Path,
    network: nn.Module | None = None,
    dataset: str | None = "noise",
    latency_batch: int | None = None,
    **more,
):
    torch.manual_seed(0)
    subject = Subject(network or Heads(), "heads", "none", 32, 4, {}, {}, checkpoint)
    plan = Plan(CPU, batch=4, chunk=4, latency_batch=latency_batch)
    return evaluate(out, subject, {"test": images}, plan, Description("Noise", dataset), **more)


def stop_in_the_second_batch(total: int):
    told = []

    def on_batch(done: int) -> None:
        told.append(done)
        if len(told) == 2:
            raise KeyboardInterrupt

    return on_batch


@pytest.mark.parametrize("form", ["memory", "shards"])
def test_other_images_of_the_same_labels_are_not_gone_on_with(tmp_path, checkpoint, form):
    def images(seed: int):
        if form == "memory":
            return noise(seed)
        write_parquet(noise(seed), tmp_path / str(seed) / "test-0.parquet")
        return open_images(tmp_path / str(seed), "test", image_size=32, dataset="")

    out = tmp_path / "runs" / "run"
    with pytest.raises(KeyboardInterrupt):
        start(out, images(0), checkpoint, on_start=stop_in_the_second_batch)
    with pytest.raises(ValueError, match=r"was begun with another digest of the images .*give the same to go on"):
        start(out, images(1), checkpoint)
    again = Heads()
    start(out, images(0), checkpoint, again)
    assert again.seen == 4  # the first chunk was done
    assert load_run(out).n_samples == 8


def test_what_is_evaluated_and_what_is_written_is_told(tmp_path, checkpoint):
    told = []

    def counting(what: str):
        return lambda total: lambda done: told.append((what, total, done))

    counted = {"on_start": counting("evaluated"), "on_write": counting("written")}
    start(tmp_path / "runs" / "run", noise(), checkpoint, **counted)
    assert told == [(what, 8, 4) for what in ("evaluated", "written") for _ in range(2)]


def test_too_many_images_for_the_latency_are_refused_before_anything_is_evaluated(tmp_path, checkpoint):
    network = Heads(limit=5)
    with pytest.raises(ValueError, match=r"--latency 16 does not fit into the memory of .*: --latency 4 does"):
        start(tmp_path / "runs" / "run", noise(), checkpoint, network, latency_batch=16)
    assert network.seen == 4  # the trial that says what fits
    assert not (tmp_path / "runs").exists()
    run = start(tmp_path / "runs" / "run", noise(), checkpoint, network, latency_batch=4)
    assert run.provenance["latency"]["batch"] == 4


def test_a_latency_that_fails_at_the_end_loses_no_logits(tmp_path, checkpoint, monkeypatch):
    calls = []

    def fails_later(*_, **__):
        calls.append(1)
        if len(calls) == 2:
            raise ValueError("--latency 2 does not fit")

    monkeypatch.setattr("analysis.models.evaluation.network_to_run.measured_latency", fails_later)
    with pytest.raises(ValueError, match="--latency 2"):
        start(tmp_path / "runs" / "run", noise(), checkpoint, latency_batch=2)
    again = Heads()
    start(tmp_path / "runs" / "run", noise(), checkpoint, again)
    assert again.seen == 0


def test_images_beyond_the_hosts_memory_are_one_sentence(tmp_path, checkpoint, monkeypatch):
    def too_many(self, start, stop):
        raise MemoryError

    monkeypatch.setattr(Images, "read", too_many)
    with pytest.raises(ValueError, match=r"^4 images do not fit into the host's memory: free some of it$"):
        start(tmp_path / "runs" / "run", noise(), checkpoint)
    assert not (tmp_path / "runs").exists()


@pytest.mark.parametrize("seed", [0, 1])
def test_a_shard_that_another_evaluation_wrote_meanwhile_stays(tmp_path, checkpoint, monkeypatch, seed):
    runs, named = tmp_path / "runs", resumable_chunks.name_first

    def overtaken(temporary: Path, shard: Path) -> bool:
        write_parquet(noise(seed), shard)
        return named(temporary, shard)

    monkeypatch.setattr(resumable_chunks, "name_first", overtaken)
    if seed:
        with pytest.raises(ValueError, match=r"holds another image 1 than this test split: choose another --dataset"):
            start(runs / "run", noise(), checkpoint)
    else:
        start(runs / "run", noise(), checkpoint)
    assert np.array_equal(load_parquet([runs / SHARD]).pixels, noise(seed).pixels)
    assert [path.name for path in (runs / SHARD).parent.iterdir()] == [SHARD.name]


def test_images_without_a_name_lie_under_the_runs_own(tmp_path, checkpoint):
    run = start(tmp_path / "runs" / "mine", noise(), checkpoint, dataset=None)
    assert run.dataset is None
    assert (tmp_path / "runs" / "datasets" / "mine" / SHARD.name).is_file()
