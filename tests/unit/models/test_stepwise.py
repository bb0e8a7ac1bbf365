"""A network run exit by exit is the network, for every architecture, and stops where it is told to."""

import threading

import pytest
import torch

from analysis.models.architectures import architecture
from analysis.models.stepwise import exit_by_exit, one_thread, timed_exits


@pytest.mark.parametrize("arch", ["msdnet-cifar10", "imta-cifar10", "msdnet-imagenet-step4"])
def test_the_exits_are_those_of_the_networks_own_forward(arch):
    torch.manual_seed(0)
    row = architecture(arch)
    network, images = row.build().eval(), torch.rand(2, 3, row.image_size, row.image_size)
    with torch.inference_mode():
        own, stepwise = network(images), list(exit_by_exit(network, images))
    assert len(own) == len(stepwise)
    for one, other in zip(own, stepwise):
        torch.testing.assert_close(one, other)


def test_later_blocks_are_not_run():
    network = architecture("msdnet-cifar10").build().eval()
    seen = []
    network.blocks[1].register_forward_pre_hook(lambda *_: seen.append(1))
    network.blocks[1][0].register_forward_pre_hook(lambda *_: seen.append(1))
    next(exit_by_exit(network, torch.zeros(1, 3, 32, 32)))
    assert not seen


def test_times_grow_from_exit_to_exit_and_leave_the_number_of_threads_alone():
    network, threads = architecture("msdnet-cifar10").build().eval(), torch.get_num_threads()
    logits, latency_ms = timed_exits(network, torch.zeros(1, 3, 32, 32), repeats=1)
    assert logits.shape == (7, 1, 10)
    assert latency_ms == sorted(latency_ms)
    assert latency_ms[0] > 0
    assert torch.get_num_threads() == threads


def test_another_kind_of_network_is_refused():
    with pytest.raises(ValueError, match=r"a Linear cannot be run exit by exit: give an MSDNet or an IMTA"):
        next(exit_by_exit(torch.nn.Linear(1, 1), torch.zeros(1, 1)))


def test_two_callers_at_once_leave_the_number_of_threads_alone():
    before, inside = torch.get_num_threads(), threading.Event()

    def second():
        with one_thread():
            inside.set()

    with one_thread():
        other = threading.Thread(target=second)
        other.start()
        assert not inside.wait(0.2)  # the number is the process's: they take turns
    other.join()
    assert inside.is_set()
    assert torch.get_num_threads() == before
