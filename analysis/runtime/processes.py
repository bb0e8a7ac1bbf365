"""The processes that torchrun starts: who am I, which share of a batch is mine, and the mean over all of us.

Imports torch. A process that torchrun did not start is alone, and everything here is then the identity.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import torch
from torch import Tensor
from torch import distributed as dist


@dataclass(frozen=True)
class Processes:
    """This process's rank, from 0, among `count` that share one work."""

    rank: int = 0
    count: int = 1

    @property
    def leads(self) -> bool:
        """Whether this is the one that evaluates and writes."""
        return self.rank == 0

    def share(self, batch: Tensor) -> Tensor:
        """This process's part (samples / count, ...) of a batch (samples, ...), in the order of the ranks."""
        return batch.chunk(self.count)[self.rank]

    def average(self, tensors: Iterable[Tensor]) -> None:
        """Replace each tensor by its mean over the processes, in one all-reduce of them all."""
        if self.count == 1:
            return
        tensors = list(tensors)
        flat = torch.cat([tensor.flatten() for tensor in tensors])
        dist.all_reduce(flat)
        flat /= self.count
        for tensor, mean in zip(tensors, flat.split([tensor.numel() for tensor in tensors])):
            tensor.copy_(mean.view_as(tensor))

    def wait(self) -> None:
        """Return once every process has come here."""
        if self.count > 1:
            dist.barrier()


ALONE = Processes()


@contextmanager
def joined_processes(device: torch.device, *, connected: bool = True) -> Iterator[tuple[Processes, torch.device]]:
    """The processes of torchrun, and this one's own device of that kind.

    Parameters
    ----------
    device : of the kind that all of them use
    connected : whether they speak with each other (NCCL on CUDA, gloo otherwise); those that are not can neither
        `average` nor `wait`

    Raises
    ------
    ValueError : there are more processes than CUDA devices on this machine
    """
    processes = Processes(int(os.environ.get("RANK", "0")), int(os.environ.get("WORLD_SIZE", "1")))
    if processes.count == 1:
        yield ALONE, device
        return
    if device.type == "cuda":
        local = int(os.environ["LOCAL_RANK"])
        if local >= torch.cuda.device_count():
            found = torch.cuda.device_count()
            raise ValueError(f"torchrun: process {local + 1} finds {found} CUDA devices: lower --nproc-per-node")
        device = torch.device("cuda", local)
        torch.cuda.set_device(device)
    if not connected:
        yield processes, device
        return
    dist.init_process_group("nccl" if device.type == "cuda" else "gloo")
    try:
        yield processes, device
    finally:
        dist.destroy_process_group()
