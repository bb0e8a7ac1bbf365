"""Weights on disk <-> networks: safetensors, and torch files, which are read as imports read them.

What a file holds is read by the machine of `analysis.storage.importers`, so that nothing of it is ever executed: arrays
in place of tensors, plain containers, and stubs for whatever else stands beside them. Imports torch, safetensors and
the architectures.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

import numpy as np
import torch
from safetensors import SafetensorError
from safetensors.torch import save_file
from torch import Tensor

from analysis.models.networks.architectures import architecture
from analysis.storage.importers.floats import NAMED, as_floats, is_real
from analysis.storage.importers.formats import open_file
from analysis.storage.importers.opcodes import Stub

SHOWN_KEYS = 3

STATE_NAMES = (
    *("state_dict", "model_state_dict", "network_state_dict", "net_state_dict", "model_state", "model_dict"),
    *("model", "network", "net", "weights", "model_weights", "params"),
)
"""What checkpoints call the state dict that they hold beside other things."""

WRAPPERS = ("module", "_orig_mod")
"""Parts that data-parallel wrappers and `torch.compile` leave anywhere in a key."""

COUNTERS = ("total_ops", "total_params", "n_averaged")
"""Last parts of keys that are no weights: what thop counts in a network that it profiles, and the copies that
`torch.optim.swa_utils.AveragedModel` has averaged."""


def plain_key(key: str) -> str:
    """A key without the parts that wrappers leave in it, and without `model` before it, as Lightning writes it."""
    parts = [part for part in key.split(".") if part not in WRAPPERS]
    while len(parts) > 1 and parts[0] == "model":
        parts = parts[1:]
    return ".".join(parts)


def tensor_of(array: np.ndarray) -> Tensor:
    """An array of numbers as a tensor of its own memory, bfloat16 and float8 included."""
    if array.dtype.names and array.dtype.names[0] in NAMED:
        name = array.dtype.names[0]
        return torch.from_numpy(np.array(array[name])).view(getattr(torch, name))
    floats = as_floats(array)
    dtype = np.dtype(np.float64) if floats.dtype.itemsize > 8 else floats.dtype.newbyteorder("=")  # no long doubles
    return torch.from_numpy(np.array(floats, dtype))


def read_checkpoint(path: str | Path, device: str | torch.device = "cpu") -> object:
    """What a file of weights holds, with tensors on a device.

    Raises
    ------
    ValueError : no such file, or one that is damaged or of another form
    """

    def with_tensors(value: object) -> object:
        if isinstance(value, np.ndarray):
            return tensor_of(value).to(device) if is_real(value.dtype) else value
        if isinstance(value, Mapping):
            return {key: with_tensors(item) for key, item in value.items()}
        return type(value)(map(with_tensors, value)) if isinstance(value, (list, tuple)) else value

    return with_tensors(open_file(Path(path)))


def _holds_weights(content: object, depth: int = 2) -> bool:
    """Whether this is a state dict, or holds one under one of `STATE_NAMES`, down to `depth` of them."""
    if not isinstance(content, Mapping):
        return False
    if any(isinstance(value, (np.ndarray, Stub)) for value in content.values()):
        return True
    return depth > 0 and any(_holds_weights(content.get(name), depth - 1) for name in STATE_NAMES)


def state_dict_in(content: object, path: Path) -> Mapping[str, object]:
    """The state dict that a checkpoint is, or holds under one of `STATE_NAMES`.

    Raises
    ------
    ValueError : it holds none, or several under these names
    """
    if isinstance(content, Mapping) and (found := [name for name in STATE_NAMES if _holds_weights(content.get(name))]):
        if len(found) > 1:
            raise ValueError(f"{path} holds several networks ({', '.join(found)}): save one network's state_dict")
        return state_dict_in(content[found[0]], path)
    whole = [content.get(name) for name in STATE_NAMES] if isinstance(content, Mapping) else [content]
    if network := next((value for value in whole if isinstance(value, Stub)), None):
        raise ValueError(f"{path} holds {network.what} instead of a state dict: save network.state_dict()")
    if not isinstance(content, Mapping):
        raise ValueError(
            f"{path} holds no state dict (its type is {type(content).__name__}): save network.state_dict()"
        )
    return content


def fault_of(key: object, value: object) -> str | None:
    """What keeps an entry from being a network's weight, as the end of a sentence; None: nothing."""
    if isinstance(value, Stub):
        return f"{key} is {value.what}: save dense tensors of real numbers"
    if not isinstance(key, str) or not isinstance(value, np.ndarray):
        held = f"key {repr(key)[:80]} of type {type(key).__name__}, value of type {type(value).__name__}"
        return f"it holds no state dict ({held}): save network.state_dict()"
    return None if is_real(value.dtype) else f"{key} is of type {value.dtype}: save dense tensors of real numbers"


def read_state_dict(path: str | Path) -> dict[str, np.ndarray]:
    """The weights of a checkpoint by the public repositories' names, as arrays that look into the file.

    Parameters
    ----------
    path : `.safetensors`, or a torch file that holds a state dict, alone or among others under a name of `STATE_NAMES`

    Raises
    ------
    ValueError : when the file is neither, is damaged, holds no state dict or several, what is no dense array of real
        numbers, or two for one name
    """
    path = Path(path)
    if not path.is_file():
        raise ValueError(f"{path} is not a file: give the path of a .safetensors or a torch checkpoint")
    state, names = {}, {}
    for key, array in state_dict_in(open_file(path), path).items():
        if fault := fault_of(key, array):
            raise ValueError(f"{path}: {fault}")
        name = plain_key(key)
        if name.rpartition(".")[2] in COUNTERS:
            continue
        if name in names:
            raise ValueError(f"{path} holds {name} twice, as {names[name]} and as {key}: save one network's state_dict")
        state[name], names[name] = array, key
    return state


def listed(keys: Iterable[str]) -> str:
    """The first three keys, and how many more there are, for messages."""
    keys = list(keys)
    more = len(keys) - SHOWN_KEYS
    return ", ".join(keys[:SHOWN_KEYS]) + (f" and {more} more" if more > 0 else "")


def with_shape(key: str, tensors: Mapping[str, np.ndarray | Tensor]) -> str:
    """A key with the shape of its tensor, for messages."""
    return f"{key} {tuple(tensors[key].shape)}"


def check_keys(state: Mapping[str, np.ndarray], expected: Mapping[str, Tensor], path: Path, arch: str) -> None:
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
        if key in state and state[key].shape != tuple(expected[key].shape)
    ]
    problems = [
        f"{what}: {listed(keys)}"
        for what, keys in (("missing", missing), ("unknown", unknown), ("of another shape", misshapen))
        if keys
    ]
    if problems:
        raise ValueError(f"{path} is not a checkpoint of {arch}: {'; '.join(problems)}: choose the matching --arch")


def load_checkpoint(path: str | Path, arch: str) -> torch.nn.Module:
    """The network of a checkpoint, float32 on the CPU, in eval mode.

    Parameters
    ----------
    path : a checkpoint as `read_state_dict` takes it; its weights become float32. How many batches its batch norms have
        seen may be missing, as it is from before torch 0.4.1
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
    load_weights(network, path, arch)
    return network.eval()


def load_weights(network: torch.nn.Module, path: str | Path, arch: str) -> None:
    """Give a network of an architecture the weights of a checkpoint, as `load_checkpoint` does."""
    expected = network.state_dict()
    counts = {key: np.zeros((), np.int64) for key in expected if key.endswith(".num_batches_tracked")}
    state = counts | read_state_dict(path)
    check_keys(state, expected, Path(path), arch)
    network.load_state_dict({key: tensor_of(state[key]).to(expected[key].dtype) for key in expected})


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
