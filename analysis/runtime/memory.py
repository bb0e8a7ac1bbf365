"""Where memory ends, on a device or on the host: recognised, tried around, and said in one sentence. Imports torch."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import TypeVar

import torch

from analysis.runtime.hardware import describe_device

OUT_OF_MEMORY = (torch.OutOfMemoryError, MemoryError, RuntimeError)
"""What torch and NumPy raise where memory ends: torch on the CPU a plain RuntimeError, told by its text."""

SIGNS = (
    "can't allocate memory",
    "not enough memory",
    "out of memory",
    "ALLOC_FAILED",
    "bad_alloc",
    "Storage size calculation overflowed",
)
"""How such a RuntimeError is told: torch's allocators, cuBLAS and cuDNN, C++, and sizes beyond any memory."""

Result = TypeVar("Result")


def is_out_of_memory(error: BaseException) -> bool:
    """Whether an error says that memory has ended, on a device or on the host.

    Examples
    --------
    >>> is_out_of_memory(RuntimeError("DefaultCPUAllocator: can't allocate memory")), is_out_of_memory(ValueError())
    (True, False)
    """
    if isinstance(error, torch.OutOfMemoryError | MemoryError):
        return True
    return isinstance(error, RuntimeError) and any(sign in str(error) for sign in SIGNS)


def unless_out_of_memory(attempt: Callable[[], Result]) -> Result | None:
    """What a call gives; None where memory ended, once what the failed call held is free again."""
    try:
        return attempt()
    except OUT_OF_MEMORY as error:
        if not is_out_of_memory(error):
            raise
    return None  # outside the handler: the error no longer keeps the call's tensors


def largest_that_fits(attempt: Callable[[int], object], size: int) -> int:
    """The first of half, a quarter, ... of a size for which a call does not exceed the memory; 0: none, not even 1.

    Parameters
    ----------
    attempt : called with a size; gives anything but None
    """
    smaller = size // 2
    while smaller and unless_out_of_memory(partial(attempt, smaller)) is None:
        smaller //= 2
    return smaller


def does_not_fit(option: str, given: int, fitting: int, device: torch.device) -> str:
    """What to say where the images that an option asks for exceed the memory, and how many fit (0: not one)."""
    place = describe_device(device)
    if not fitting:
        return f"not even one image fits into the memory of {place}: free some of it, or choose another --device"
    return f"{option} {given} does not fit into the memory of {place}: {option} {fitting} does"


@contextmanager
def said_when_out_of_memory(sentence: str) -> Iterator[None]:
    """Raise a ValueError of one sentence where memory ends in the block.

    Raises
    ------
    ValueError : memory has ended
    """
    try:
        yield
    except OUT_OF_MEMORY as error:
        if not is_out_of_memory(error):
            raise
        raise ValueError(sentence) from None


def network_does_not_fit(path: object, device: torch.device) -> str:
    """What to say where a network alone exceeds the memory."""
    place = describe_device(device)
    return f"the network of {path} does not fit into the memory of {place}: free some of it, or choose another --device"
