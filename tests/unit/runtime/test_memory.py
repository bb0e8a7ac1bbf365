"""The end of memory: which errors say so, what fits, and the sentences."""

import numpy as np
import pytest
import torch

from analysis.runtime.memory import (
    is_out_of_memory,
    largest_that_fits,
    network_does_not_fit,
    said_when_out_of_memory,
    unless_out_of_memory,
)

CPU = torch.device("cpu")


def allocate(images: int) -> torch.Tensor:
    return torch.empty(images, 1 << 50)  # a petabyte and more


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB"), True),
        (MemoryError(), True),
        (
            RuntimeError("[enforce fail at alloc_cpu.cpp:127] DefaultCPUAllocator: can't allocate memory: you tried"),
            True,
        ),
        (RuntimeError("CUDA error: CUBLAS_STATUS_ALLOC_FAILED when calling `cublasCreate(handle)`"), True),
        (RuntimeError("std::bad_alloc"), True),
        (RuntimeError("mat1 and mat2 shapes cannot be multiplied"), False),
        (ValueError("out of memory"), False),
    ],
)
def test_what_says_that_memory_has_ended(error, expected):
    assert is_out_of_memory(error) is expected


@pytest.mark.parametrize("attempt", [lambda: allocate(1), lambda: allocate(1 << 20), lambda: np.empty((1 << 50, 64))])
def test_real_allocations_beyond_any_memory_are_recognised(attempt):
    assert unless_out_of_memory(attempt) is None
    with pytest.raises(ValueError, match=r"^it does not fit$"), said_when_out_of_memory("it does not fit"):
        attempt()


def test_other_errors_pass():
    def fail() -> None:
        raise RuntimeError("another")

    for guarded in (lambda: unless_out_of_memory(fail), lambda: largest_that_fits(lambda count: fail(), 4)):
        with pytest.raises(RuntimeError, match="another"):
            guarded()
    with pytest.raises(RuntimeError, match="another"), said_when_out_of_memory("it does not fit"):
        fail()


@pytest.mark.parametrize(("limit", "fitting"), [(99, 6), (5, 3), (1, 1), (0, 0)])
def test_halves_are_tried_until_one_fits(limit, fitting):
    def attempt(count: int) -> str:
        if count > limit:
            raise MemoryError
        return "done"

    assert largest_that_fits(attempt, 13) == fitting


def test_a_network_that_does_not_fit_is_one_sentence():
    said = network_does_not_fit("model.pth", CPU)
    assert said.startswith("the network of model.pth does not fit into the memory of ")
    assert said.endswith(": free some of it, or choose another --device")
