"""Weights on disk <-> networks: safetensors, and torch files read with weights-only loading.

Imports torch, safetensors and the architectures; never unpickles anything but tensors and plain containers.
"""

from __future__ import annotations

import pickle
import re
import struct
import warnings
from collections.abc import Iterable, Mapping
from pathlib import Path

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import Tensor

from analysis.models.networks.architectures import architecture
from analysis.runtime.memory import is_out_of_memory

UNREADABLE = (SafetensorError, pickle.UnpicklingError, RuntimeError, EOFError, struct.error, ValueError, TypeError)
UNREADABLE += (KeyError, IndexError, AttributeError, OverflowError)
"""What the loaders of weights raise for a file that is damaged or of another form."""

SHOWN_KEYS = 3

FORBIDDEN = re.compile(r"GLOBAL (\S+) (?:was not an allowed|whose module)|but got <class '([^']+)'>")
"""Where torch's refusal names the class or function that a file holds beside tensors and plain containers."""


def drop_module_parts(key: str) -> str:
    """A key without the `module` parts that data-parallel wrappers leave anywhere in it."""
    return ".".join(part for part in key.split(".") if part != "module")


def why_unreadable(error: Exception) -> str:
    """What is wrong with a file of weights, and what to do, in place of what the loader says at length."""
    text = str(error)
    if found := FORBIDDEN.search(text):
        held = found[1] or found[2]
        return f"it holds {held}, and only tensors and plain containers are read: save network.state_dict() alone"
    if "TorchScript archives" in text or "failed locating file data.pkl" in text:
        return "it looks like an exported program: evaluate that as --arch exported, or save network.state_dict()"
    if isinstance(error, pickle.UnpicklingError):
        return "it is damaged, or no file of torch.save: save network.state_dict() anew"
    lines = text.splitlines() or [type(error).__name__]
    return f"it is damaged, or of another form ({lines[0][:200]}): save network.state_dict() anew"


def read_file(path: Path) -> object:
    """What a file of weights holds.

    Raises
    ------
    ValueError : it is damaged, of another form, or holds more than tensors and plain containers
    """
    try:
        if path.suffix == ".safetensors":
            return load_file(path)
        with warnings.catch_warnings():  # older pickle protocols are read all the same
            warnings.simplefilter("ignore", UserWarning)
            return torch.load(path, map_location="cpu", weights_only=True)
    except UNREADABLE as error:
        if is_out_of_memory(error):
            raise
        raise ValueError(f"{path} cannot be read as weights: {why_unreadable(error)}") from None


def state_dict_in(content: object, path: Path) -> Mapping[str, Tensor]:
    """The state dict that a checkpoint is, or holds as `state_dict`, `network` or `model`.

    Raises
    ------
    ValueError : it holds none: a key that is no text, a value that is no tensor
    """
    for key in ("state_dict", "network", "model"):
        if isinstance(content, Mapping) and isinstance(content.get(key), Mapping):
            content = content[key]
    if not isinstance(content, Mapping):
        raise ValueError(
            f"{path} holds no state dict (its type is {type(content).__name__}): save network.state_dict()"
        )
    for key, value in content.items():
        if not isinstance(key, str) or not isinstance(value, Tensor):
            held = f"key {repr(key)[:80]} of type {type(key).__name__}, value of type {type(value).__name__}"
            raise ValueError(f"{path} holds no state dict ({held}): save network.state_dict()")
    return content


def fault_of(tensor: Tensor) -> str | None:
    """What keeps a tensor from being a network's weight; None: nothing."""
    faults = {
        "sparse": tensor.layout != torch.strided,
        "nested": tensor.is_nested,
        "quantized": tensor.is_quantized,
        "complex": tensor.is_complex(),
        "meta": tensor.is_meta,
    }
    return next((fault for fault, found in faults.items() if found), None)


def read_state_dict(path: str | Path) -> dict[str, Tensor]:
    """The tensors of a checkpoint on the CPU, by the public repositories' names.

    Parameters
    ----------
    path : `.safetensors`, or a torch file holding a state dict or a dictionary with `state_dict`, `network` or `model`

    Raises
    ------
    ValueError : when the file is neither, is damaged, holds more than tensors and plain containers, tensors that are
        not dense real numbers, or two for one name
    """
    path = Path(path)
    if not path.is_file():
        raise ValueError(f"{path} is not a file: give the path of a .safetensors or a torch checkpoint")
    state, names = {}, {}
    for key, tensor in state_dict_in(read_file(path), path).items():
        if fault := fault_of(tensor):
            raise ValueError(f"{path}: {key} is a {fault} tensor: save dense tensors of real numbers")
        name = drop_module_parts(key)
        if name in names:
            raise ValueError(f"{path} holds {name} twice, as {names[name]} and as {key}: save one network's state_dict")
        state[name], names[name] = tensor, key
    return state


def listed(keys: Iterable[str]) -> str:
    """The first three keys, and how many more there are, for messages."""
    keys = list(keys)
    more = len(keys) - SHOWN_KEYS
    return ", ".join(keys[:SHOWN_KEYS]) + (f" and {more} more" if more > 0 else "")


def with_shape(key: str, tensors: Mapping[str, Tensor]) -> str:
    """A key with the shape of its tensor, for messages."""
    return f"{key} {tuple(tensors[key].shape)}"


def check_keys(state: Mapping[str, Tensor], expected: Mapping[str, Tensor], path: Path, arch: str) -> None:
    """Refuse a state dict that is not one of an architecture, whose state dict is `expected`.

    Raises
    ------
    ValueError : missing, unknown or misshapen keys, the first few named with their shapes
    """
    missing = [with_shape(key, expected) for key in expected if key not in state]
    unknown = [with_shape(key, state) for key in state if key not in expected]
    misshapen = [
        f"{with_shape(key, state)} instead of {tuple(expected[key].shape)}"
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
    ValueError : unknown architecture; missing, unknown or misshapen keys, the first few named with their shapes

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


def save_tensors(tensors: Mapping[str, Tensor], path: str | Path) -> None:
    """Write tensors as safetensors, as they are.

    Raises
    ------
    OSError : the disk is full, or refuses it
    """
    try:
        save_file({key: tensor.detach().cpu().contiguous() for key, tensor in tensors.items()}, Path(path))
    except SafetensorError as error:
        raise OSError(f"{path} cannot be written ({error})") from None


def save_weights(state: Mapping[str, Tensor], path: str | Path) -> None:
    """Write a state dict as safetensors: convolutions and linear layers as float16, the rest as it is.

    Batch-norm tensors keep their precision: rounding their variances moves the logits most.
    """
    norms = {key.removesuffix("running_mean") for key in state if key.endswith("running_mean")}

    def compact(key: str, tensor: Tensor) -> Tensor:
        is_norm = any(key.startswith(prefix) for prefix in (key.rsplit(".", 1)[0] + ".",) if prefix in norms)
        keep = is_norm or not tensor.is_floating_point()
        return tensor if keep else tensor.half()

    save_tensors({key: compact(key, tensor) for key, tensor in state.items()}, path)
