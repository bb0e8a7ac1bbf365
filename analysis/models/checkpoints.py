"""Weights on disk <-> networks: safetensors, and torch files read with weights-only loading.

Imports torch, safetensors and the architectures; never unpickles anything but tensors and plain containers.
"""

from __future__ import annotations

import pickle
import struct
import warnings
from collections.abc import Iterable, Mapping
from pathlib import Path

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import Tensor

from analysis.models.architectures import architecture

UNREADABLE = (SafetensorError, pickle.UnpicklingError, RuntimeError, EOFError, struct.error, ValueError, TypeError)
UNREADABLE += (KeyError, IndexError, AttributeError, OverflowError)
"""What the loaders of weights raise for a file that is damaged or of another form."""

SHOWN_KEYS = 3


def drop_module_parts(key: str) -> str:
    """A key without the `module` parts that data-parallel wrappers leave anywhere in it."""
    return ".".join(part for part in key.split(".") if part != "module")


def read_state_dict(path: str | Path) -> dict[str, Tensor]:
    """The tensors of a checkpoint on the CPU, by the public repositories' names.

    Parameters
    ----------
    path : `.safetensors`, or a torch file holding a state dict or a dictionary with `state_dict` or `network`

    Raises
    ------
    ValueError : when the file is neither, is damaged, or holds more than tensors and plain containers
    """
    path = Path(path)
    if not path.is_file():
        raise ValueError(f"{path} is not a file: give the path of a .safetensors or a torch checkpoint")
    try:
        if path.suffix == ".safetensors":
            state = load_file(path)
        else:
            with warnings.catch_warnings():  # older pickle protocols are read all the same
                warnings.simplefilter("ignore", UserWarning)
                state = torch.load(path, map_location="cpu", weights_only=True)
    except UNREADABLE as error:
        reason = (str(error).splitlines() or [type(error).__name__])[0]
        raise ValueError(f"{path} cannot be read as weights ({reason}): save its state_dict anew") from error
    for key in ("state_dict", "network", "model"):
        if isinstance(state, Mapping) and isinstance(state.get(key), Mapping):
            state = state[key]
    if not isinstance(state, Mapping) or not all(isinstance(value, Tensor) for value in state.values()):
        raise ValueError(f"{path} holds no state dict: save network.state_dict()")
    return {drop_module_parts(key): value for key, value in state.items()}


def listed(keys: Iterable[str]) -> str:
    keys = list(keys)
    more = len(keys) - SHOWN_KEYS
    return ", ".join(keys[:SHOWN_KEYS]) + (f" and {more} more" if more > 0 else "")


def check_keys(state: Mapping[str, Tensor], expected: Mapping[str, Tensor], path: Path, arch: str) -> None:
    missing = [key for key in expected if key not in state]
    unknown = [key for key in state if key not in expected]
    misshapen = [
        f"{key} {tuple(state[key].shape)} instead of {tuple(expected[key].shape)}"
        for key in expected
        if key in state and state[key].shape != expected[key].shape
    ]
    problems = [
        f"{len(keys)} {what} ({listed(keys)})"
        for what, keys in (("keys are missing", missing), ("keys are unknown", unknown), ("shapes differ", misshapen))
        if keys
    ]
    if problems:
        raise ValueError(f"{path} is not a checkpoint of {arch}: {'; '.join(problems)}: choose the matching --arch")


def load_checkpoint(path: str | Path, arch: str) -> torch.nn.Module:
    """The network of a checkpoint, float32 on the CPU, in eval mode.

    Parameters
    ----------
    path : a checkpoint as `read_state_dict` takes it; float16 tensors are widened
    arch : an architecture id, for example `msdnet-cifar100`

    Returns
    -------
    module : images (samples, 3, height, width) to a list of logits (samples, classes), one per exit

    Raises
    ------
    ValueError : unknown architecture; missing, unknown or misshapen keys, the first few named

    Examples
    --------
    >>> import tempfile
    >>> file = Path(tempfile.mkdtemp()) / "weights.safetensors"
    >>> save_weights(architecture("msdnet-cifar10").build().state_dict(), file)
    >>> len(load_checkpoint(file, arch="msdnet-cifar10")(torch.zeros(2, 3, 32, 32)))
    7
    """
    network = architecture(arch).build()
    state = read_state_dict(path)
    expected = network.state_dict()
    check_keys(state, expected, Path(path), arch)
    network.load_state_dict({key: state[key].to(expected[key].dtype) for key in expected})
    return network.eval()


def save_weights(state: Mapping[str, Tensor], path: str | Path) -> None:
    """Write a state dict as safetensors: convolutions and linear layers as float16, the rest as it is.

    Batch-norm tensors keep their precision: rounding their variances moves the logits most.
    """
    norms = {key.removesuffix("running_mean") for key in state if key.endswith("running_mean")}

    def compact(key: str, tensor: Tensor) -> Tensor:
        is_norm = any(key.startswith(prefix) for prefix in (key.rsplit(".", 1)[0] + ".",) if prefix in norms)
        keep = is_norm or not tensor.is_floating_point()
        return (tensor if keep else tensor.half()).detach().cpu().contiguous()

    save_file({key: compact(key, tensor) for key, tensor in state.items()}, Path(path))
