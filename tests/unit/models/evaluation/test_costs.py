"""Measured latency: one number per exit, cumulative, with how it was measured."""

import time

import pytest
import torch
from torch import nn

from analysis.models.evaluation.costs import measured_latency

CPU = torch.device("cpu")


class Slow(nn.Module):
    """Three exits, each 2 ms after the one before; the first passes are slower, as those of real networks are."""

    def __init__(self) -> None:
        super().__init__()
        self.classifier = nn.ModuleList(nn.Linear(3, 2) for _ in range(3))
        self.passes, self.seen = 0, []

    def forward(self, images: torch.Tensor) -> list[torch.Tensor]:
        self.passes += 1
        self.seen.append(tuple(images.shape))
        logits = []
        for head in self.classifier:
            time.sleep(0.002 if self.passes > 3 else 0.05)
            logits.append(head(images.mean(dim=(2, 3))))
        return logits


def test_latency_is_the_median_after_warming_up():
    network = Slow().train()
    latency = measured_latency(network, 8, CPU, batch=4, warm_up=3, repeats=7)
    assert network.passes == 10
    assert set(network.seen) == {(4, 3, 8, 8)}
    assert network.training
    assert len(latency.ms) == 3
    for number, (ms, (low, high)) in enumerate(zip(latency.ms, latency.quartiles_ms), start=1):
        assert low <= ms <= high
        assert 2 * number <= ms < 40  # a pass to warm up takes 50 ms and more
    assert list(latency.ms) == sorted(latency.ms)
    assert latency.threads == torch.get_num_threads()
    said = latency.describe()
    assert said.startswith("median of 7 passes of 4 images, divided among them, after 3 to warm up, fp32, on ")
    assert latency.ms_per_image == tuple(ms / 4 for ms in latency.ms)
    assert "CPU thread" in said


class Limited(Slow):
    """A network whose memory holds three images."""

    def forward(self, images: torch.Tensor) -> list[torch.Tensor]:
        if len(images) > 3:
            raise RuntimeError("DefaultCPUAllocator: can't allocate memory: you tried to allocate 99 bytes")
        return [head(images.mean(dim=(2, 3))) for head in self.classifier]


def test_too_many_images_name_a_number_that_fits():
    with pytest.raises(ValueError, match=r"--latency 13 does not fit into the memory of .*: --latency 3 does"):
        measured_latency(Limited(), 8, CPU, batch=13, warm_up=0, repeats=1)


def test_nothing_to_measure_is_refused():
    with pytest.raises(ValueError, match="batch 0 and repeats 5: measure at least one image, once"):
        measured_latency(Slow(), 8, CPU, batch=0, repeats=5)
