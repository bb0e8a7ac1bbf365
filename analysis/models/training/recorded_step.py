"""A step of training recorded as a CUDA graph and replayed: bound by the card, not by Python. Imports torch only."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import torch
from torch import Tensor

REHEARSALS = 5
"""Runs before the recording, in which compilers, allocators and the choice of convolutions settle."""


class RecordedStep:
    """A function of static CUDA tensors, replayed with what they hold at that time.

    Parameters
    ----------
    function : launches work on the current stream and reads nothing back; what it allocates is kept for its replays
    state : the tensors that it changes, which are as before once it is recorded

    Raises
    ------
    RuntimeError : it does what a graph cannot hold, such as waiting for the device
    """

    def __init__(self, function: Callable[[], None], state: Iterable[Tensor]) -> None:
        state = list(state)
        before = [tensor.detach().clone() for tensor in state]
        aside = torch.cuda.Stream()
        aside.wait_stream(torch.cuda.current_stream())
        with torch.cuda.stream(aside):
            for _ in range(REHEARSALS):
                function()
                with torch.no_grad():  # each begins where the first did: there need not be as many steps to take
                    torch._foreach_copy_(state, before)
        torch.cuda.current_stream().wait_stream(aside)
        torch.cuda.synchronize()
        self.graph = torch.cuda.CUDAGraph()
        # Another training of this process may go on meanwhile: only this thread's calls are held to the rules.
        with torch.cuda.graph(self.graph, capture_error_mode="thread_local"):
            function()

    def __call__(self) -> None:
        self.graph.replay()
