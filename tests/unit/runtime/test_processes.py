"""Two processes over gloo train as one: this file is the test, and the worker that each process runs."""

import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from analysis.models.training.first_stage import CHECKPOINT
from analysis.models.training.fitting import fit
from analysis.models.training.recipes import Recipe
from analysis.models.training.trainer import Trainer
from analysis.runtime.processes import ALONE, Processes, joined_processes
from tests.toy import noise_images

RECIPE = Recipe("msdnet-cifar10", "cifar10", epochs=1, schedule="step", batch=8)
PROJECT = Path(__file__).resolve().parents[3]
# As many threads as each process has: a batch norm over four images magnifies another order of summation.
pytestmark = pytest.mark.usefixtures("one_thread")


def trainer_of(processes: Processes) -> Trainer:
    return Trainer(RECIPE, noise_images(16), noise_images(4), epochs=1, seed=3, processes=processes)


def parameters(trainer: Trainer) -> dict[str, torch.Tensor]:
    return {name: parameter.detach().clone() for name, parameter in trainer.network.named_parameters()}


def work(out: Path) -> None:
    """Two steps as one process among those in the environment; the parameters after each are left in `out`."""
    torch.set_num_threads(1)
    with joined_processes(torch.device("cpu")) as (processes, _):
        trainer = trainer_of(processes)
        steps = []
        fit(trainer, out / "trained", on_step=lambda trainer: steps.append(parameters(trainer)))
        torch.save({"steps": steps, "loss_sum": trainer.loss_sum}, out / f"{processes.rank}.pt")


@pytest.fixture(scope="module")
def two_processes(tmp_path_factory) -> Path:
    """The folder in which two processes have trained for two steps."""
    out = tmp_path_factory.mktemp("processes")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    torchrun = {"WORLD_SIZE": "2", "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(port), "OMP_NUM_THREADS": "1"}
    python_path = os.pathsep.join(filter(None, [str(PROJECT), os.environ.get("PYTHONPATH")]))
    command = [sys.executable, __file__, str(out)]
    workers = [
        subprocess.Popen(command, env=os.environ | torchrun | {"PYTHONPATH": python_path, "RANK": str(rank)})
        for rank in (0, 1)
    ]
    assert [worker.wait(120) for worker in workers] == [0, 0]
    return out


def test_both_hold_the_weights_of_the_mean_gradient(two_processes):
    ours, theirs = (torch.load(two_processes / f"{rank}.pt", weights_only=True) for rank in (0, 1))
    assert ours["loss_sum"] == theirs["loss_sum"]
    alone = trainer_of(ALONE)
    before = parameters(alone)
    alone.begin_epoch()
    alone.rate.copy_(alone.rates[0])
    images, labels = alone.batch()
    alone.network.train()
    halves = [
        torch.autograd.grad(alone.objective(images[half], labels[half]), alone.trained)
        for half in (slice(0, 4), slice(4, 8))
    ]
    for parameter, first, second in zip(alone.trained, *halves, strict=True):
        parameter.grad = (first + second) / 2
    alone.optimiser.step()
    for step in (0, 1):
        for name, parameter in ours["steps"][step].items():
            assert torch.equal(parameter, theirs["steps"][step][name]), name
    for name, parameter in parameters(alone).items():
        moved = (parameter - before[name]).abs().max()
        assert moved > 0, name
        assert (ours["steps"][0][name] - parameter).abs().max() <= 1e-3 * moved + 1e-7, name


def test_the_first_writes_what_as_many_processes_can_resume(two_processes):
    log = (two_processes / "trained" / "log.csv").read_text().splitlines()
    assert len(log) == 2
    with pytest.raises(ValueError, match="was trained with processes = 2, not 1"):  # batch norm would see other batches
        trainer_of(ALONE).restore(two_processes / "trained" / CHECKPOINT)
    resumed = trainer_of(Processes(0, 2))
    resumed.restore(two_processes / "trained" / CHECKPOINT)
    assert resumed.step == 2
    last = torch.load(two_processes / "1.pt", weights_only=True)["steps"][-1]
    assert all(torch.equal(parameter, last[name]) for name, parameter in parameters(resumed).items())


def test_shares_are_the_parts_of_the_batch_in_order():
    batch = torch.arange(6)
    assert [Processes(rank, 3).share(batch).tolist() for rank in range(3)] == [[0, 1], [2, 3], [4, 5]]
    assert ALONE.share(batch).tolist() == batch.tolist()


def test_a_batch_that_cannot_be_shared_is_refused():
    with pytest.raises(ValueError, match="3 processes cannot share a batch of 8: start a number that divides it"):
        trainer_of(Processes(0, 3))


def test_without_torchrun_a_process_is_alone(monkeypatch):
    monkeypatch.delenv("WORLD_SIZE", raising=False)
    with joined_processes(torch.device("cpu")) as (processes, device):
        assert processes == ALONE
        assert device == torch.device("cpu")


def test_processes_that_do_not_speak_with_each_other_know_their_place(monkeypatch):
    monkeypatch.setenv("WORLD_SIZE", "3")
    monkeypatch.setenv("RANK", "2")
    with joined_processes(torch.device("cpu"), connected=False) as (processes, device):
        assert processes == Processes(2, 3)
        assert not processes.leads
        assert device == torch.device("cpu")
        assert not torch.distributed.is_initialized()


@pytest.mark.parametrize("connected", [True, False])
def test_more_processes_than_devices_are_refused(monkeypatch, connected):
    monkeypatch.setenv("WORLD_SIZE", "1000")
    monkeypatch.setenv("LOCAL_RANK", "999")
    refused = pytest.raises(ValueError, match=r"process 1000 finds \d+ CUDA devices: lower --nproc-per-node")
    with refused, joined_processes(torch.device("cuda"), connected=connected):
        pass


if __name__ == "__main__":
    work(Path(sys.argv[1]))
