"""Anyone's network without its code: a program saved by torch.export or TorchScript. Imports torch.

Loading such a file can run its author's code, so it is loaded only for somebody who says that they trust it.
"""

from __future__ import annotations

import logging
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from analysis.models.memory import is_out_of_memory, network_does_not_fit, said_when_out_of_memory

REFUSAL = (
    "loading a program of torch.export or TorchScript can run its author's code: if you trust {path}, add --trust-model"
)


@dataclass(frozen=True)
class Program:
    """A program that was loaded, not yet tried.

    path : its file
    call : images to logits, on `device`
    shape : of the images that it takes, (images, channels, height, width), as far as the file says; None: any
    """

    path: Path
    call: Callable[[Tensor], object]
    shape: tuple[int | None, ...]
    device: torch.device

    @property
    def image_size(self) -> int | None:
        """Height and width of the images that it was exported for; None where it takes several, or does not tell."""
        return self.shape[2] if len(self.shape) == 4 and self.shape[2] == self.shape[3] else None


class ExportedNetwork(nn.Module):
    """A program as a network: images (samples, 3, size, size) to one logits tensor (samples, classes) per exit.

    Parameters
    ----------
    program : images to a list, tuple or stacked tensor of logits
    batch : the only number of images that it takes, which shorter batches are filled up to; None: any
    """

    def __init__(self, program: Callable[[Tensor], object], batch: int | None) -> None:
        super().__init__()
        self.program, self.batch, self.samples_first, self.classes = program, batch, False, 0

    def train(self, mode: bool = True) -> ExportedNetwork:
        """A program cannot change its mode: it stays as it was exported."""
        return self

    def forward(self, images: Tensor) -> list[Tensor]:
        if self.batch is None:
            return self.exits_of(self.program(images), len(images))
        parts = []
        for part in images.split(self.batch):
            filled = F.pad(part, (0, 0, 0, 0, 0, 0, 0, self.batch - len(part)))
            parts.append([logits[: len(part)] for logits in self.exits_of(self.program(filled), self.batch)])
        return [torch.cat(logits) for logits in zip(*parts)]

    def exits_of(self, output: object, samples: int) -> list[Tensor]:
        """The logits of each exit from what the program gives.

        Raises
        ------
        ValueError : neither a list of (samples, classes) nor a stacked tensor of it
        """
        if isinstance(output, Tensor) and output.ndim == 3:
            output = output.unbind(dim=1 if self.samples_first else 0)
        elif isinstance(output, Tensor):
            output = [output]
        if not isinstance(output, list | tuple) or not output or not all(isinstance(one, Tensor) for one in output):
            raise ValueError(
                f"the program gives {type(output).__name__}: export one whose output is a list, or a stacked tensor, "
                "of logits"
            )
        shapes = [tuple(one.shape) for one in output]
        if len(set(shapes)) > 1 or len(shapes[0]) != 2 or shapes[0][0] != samples:
            raise ValueError(
                f"for {samples} images the program gives {_listed(shapes)}: export one that gives logits "
                "(images, classes) at each exit"
            )
        return list(output)


def _listed(shapes: list[tuple[int, ...]]) -> str:
    return ", ".join(map(str, shapes[:3])) + (f" and {len(shapes) - 3} more" if len(shapes) > 3 else "")


def _input_shape(program: torch.export.ExportedProgram) -> tuple[int | None, ...]:
    """The shape of the images that a program takes, None where any size is."""
    names = program.graph_signature.user_inputs
    nodes = [node for node in program.graph.nodes if node.op == "placeholder" and node.name in names]
    if len(nodes) != 1 or not isinstance(nodes[0].meta.get("val"), Tensor):
        raise ValueError(f"the program takes {len(names)} inputs: export one that takes only images")
    return tuple(side if isinstance(side, int) else None for side in nodes[0].meta["val"].shape)


@contextmanager
def _quiet() -> Iterator[None]:
    """Without what torch logs, tracebacks among it, of a file that is no program: the error that it raises is told."""
    before = logging.root.manager.disable
    logging.disable(logging.WARNING)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", FutureWarning)  # TorchScript is deprecated, its files are not gone
            yield
    finally:
        logging.disable(before)


def _read(path: Path, device: torch.device) -> tuple[Callable[[Tensor], object], tuple[int | None, ...]]:
    """The program in a file, on a device, and the shape of its input as far as the file says."""
    try:
        with _quiet():
            exported = torch.export.load(path)
    except Exception as not_exported:  # the file is anyone's: whatever it raises, it is no program
        if is_out_of_memory(not_exported):
            raise
        try:
            with _quiet():
                return torch.jit.load(path, map_location=device).eval(), (None,) * 4
        except Exception as no_script:
            if is_out_of_memory(no_script):
                raise
            reason = (str(not_exported).splitlines() or [type(not_exported).__name__])[0][:200]
            told = "" if "check the warnings above" in reason else f" ({reason})"
            raise ValueError(
                f"{path} is no program of torch.export or TorchScript{told}: save it anew with torch.export.save"
            ) from None
    shape = _input_shape(exported)
    if device.type != "cpu":
        from torch.export.passes import move_to_device_pass

        exported = move_to_device_pass(exported, device)
    return exported.module(), shape


def load_program(path: str | Path, *, device: torch.device, trust: bool) -> Program:
    """A program of torch.export or TorchScript.

    Parameters
    ----------
    device : where it runs
    trust : loading can run the author's code: without this nothing is read

    Raises
    ------
    ValueError : not trusted, no such program, or one that exceeds the memory
    """
    path = Path(path)
    if not trust:
        raise ValueError(REFUSAL.format(path=path))
    if not path.is_file():
        raise ValueError(f"{path} is not a file: give the path of a program saved by torch.export or TorchScript")
    with said_when_out_of_memory(network_does_not_fit(path, device)):
        return Program(path, *_read(path, device), device)


def exported_network(program: Program, image_size: int) -> ExportedNetwork:
    """A program as a network.

    Parameters
    ----------
    image_size : height and width of the images that it will see

    Returns
    -------
    A network that was tried on images of zeros, whose `classes` says how many logits an exit has.

    Raises
    ------
    ValueError : the program takes other images, gives no logits of several exits, or exceeds the memory
    """
    wanted, shape = (3, image_size, image_size), program.shape
    if len(shape) != 4 or any(side not in (None, needed) for side, needed in zip(shape[1:], wanted)):
        said = " x ".join("any" if side is None else str(side) for side in shape)
        images = " x ".join(map(str, wanted))
        raise ValueError(f"{program.path} takes images of {said}, and the data set's are any x {images}: export it so")
    network = ExportedNetwork(program.call, shape[0])
    with said_when_out_of_memory(network_does_not_fit(program.path, program.device)):
        network.classes = _try_out(network, program.path, wanted, program.device)
    return network


@torch.inference_mode()
def _try_out(network: ExportedNetwork, path: Path, wanted: tuple[int, int, int], device: torch.device) -> int:
    """Find the axis of the samples, and the number of classes, from images of zeros.

    Where a program takes a fixed number of images and has as many exits, the axis along which one image's change shows
    in one place alone is the samples'.
    """
    counts = (2, 3) if network.batch is None else (network.batch,)
    try:
        outputs = {count: network.program(torch.zeros(count, *wanted, device=device)) for count in counts}
    except Exception as error:  # whatever anyone's program raises
        if is_out_of_memory(error):
            raise
        reason = (str(error).strip().splitlines() or [type(error).__name__])[-1][:200]
        raise ValueError(f"{path} fails on images {wanted} ({reason}): export it for such images") from None
    stacked = {count: output.shape for count, output in outputs.items() if isinstance(output, Tensor)}
    network.samples_first = all(count in stacked and stacked[count][0] == count for count in counts)
    if len(counts) == 1 and network.samples_first and stacked[counts[0]][1] == counts[0] > 1:
        network.samples_first = _changes_first_row(network.program, outputs[counts[0]], wanted, path)
    try:
        return network.exits_of(outputs[counts[-1]], counts[-1])[0].shape[1]
    except ValueError as error:
        raise ValueError(f"{path}: {error}") from None


def _changes_first_row(
    program: Callable[[Tensor], object], zeros: Tensor, wanted: tuple[int, int, int], path: Path
) -> bool:
    """Whether another first image changes the first row of a stacked output (of zeros), and not the first column."""
    count = len(zeros)
    images = torch.zeros(count, *wanted, device=zeros.device)
    images[0] = torch.linspace(-1, 1, images[0].numel(), device=zeros.device).reshape(wanted)
    moved = (program(images) != zeros).any(dim=2)
    row, column = not moved[1:].any(), not moved[:, 1:].any()
    if row == column:
        raise ValueError(
            f"{path}: for {count} images the program gives {tuple(zeros.shape)}, and which axis is the images' cannot "
            "be told: export it for another number of images"
        )
    return row
