"""A network run exit by exit is the network, for every architecture, and stops where it is told to; one image too."""

import threading

import numpy as np
import pytest
import torch

from analysis.models.evaluation.inference import normalise
from analysis.models.evaluation.live import exits_of, run_image
from analysis.models.networks.architectures import architecture
from analysis.models.networks.stepwise import exit_by_exit, one_thread, timed_exits


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


def blocks_run(network) -> set[int]:
    """Filled with the blocks that run from now on."""
    seen = set()
    for number, block in enumerate(network.blocks):
        for module in block:
            module.register_forward_pre_hook(lambda *_, number=number: seen.add(number))
    return seen


@pytest.fixture
def picture():
    return np.random.default_rng(0).integers(0, 256, (32, 32, 3), dtype=np.uint8)


@pytest.mark.parametrize("arch", ["msdnet-cifar10", "imta-cifar10"])
def test_an_image_runs_up_to_the_exit_that_is_asked_for(arch, picture):
    torch.manual_seed(0)
    network = architecture(arch).build().eval()
    with torch.inference_mode():
        own = torch.stack(network(normalise(torch.tensor(picture)[None], "cifar10")))[:, 0].numpy()
    seen = blocks_run(network.net if arch.startswith("imta") else network)
    found = run_image(network, picture, "cifar10", exits=3)
    assert seen == {0, 1, 2}
    assert len(found.latency_ms) == 3
    np.testing.assert_allclose(found.logits, own[:3], atol=1e-5)
    whole = run_image(network, picture, "cifar10")
    np.testing.assert_allclose(whole.logits, own, atol=1e-5)
    assert list(whole.latency_ms) == sorted(whole.latency_ms)


def test_exits_run_when_they_are_asked_for_and_leave_the_modes_alone(picture):
    network = architecture("msdnet-cifar10").build().eval()
    seen, threads = blocks_run(network), torch.get_num_threads()
    coming = exits_of(network, picture, "cifar10")
    assert not seen
    for number in range(3):
        assert next(coming).shape == (10,)
        assert seen == set(range(number + 1))
        assert not torch.is_inference_mode_enabled()
        assert torch.get_num_threads() == threads
    assert len(list(coming)) == 4


def test_memory_that_ends_is_a_sentence_and_other_errors_stay(picture):
    network, what = architecture("msdnet-cifar10").build().eval(), ["can't allocate memory: you tried 9 bytes"]

    def fails(*_):
        raise RuntimeError(what[0])

    network.blocks[1][0].register_forward_pre_hook(fails)
    said = (
        "^not enough memory is free for this network with one image: end other programs, or choose a smaller network$"
    )
    with pytest.raises(ValueError, match=said):
        run_image(network, picture, "cifar10")
    coming = exits_of(network, picture, "cifar10")
    next(coming)
    with pytest.raises(ValueError, match=said):
        next(coming)
    what[0] = "shapes cannot be multiplied"
    with pytest.raises(RuntimeError, match="shapes cannot"):
        run_image(network, picture, "cifar10")


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
