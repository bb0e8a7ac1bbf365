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

from analysis.runtime.memory import is_out_of_memory, network_does_not_fit, said_when_out_of_memory

REFUSAL = (
    "loading a program of torch.export or TorchScript can run its author's code: if you trust {path}, add --trust-model"
)

ANY_COUNT = (1, None)


@dataclass(frozen=True)
class Program:
    """A program that was loaded, not yet tried.

    path : its file
    run : images to logits, on `device`
    shape : of the images that it takes, (images, channels, height, width), as far as the file says; None: any
    counts : how many images it takes at once, from and to, as far as the file says; None: any more
    """

    path: Path
    run: Callable[[Tensor], object]
    shape: tuple[int | None, ...]
    counts: tuple[int, int | None]
    device: torch.device

    def __call__(self, images: Tensor) -> object:
        """What the program gives for images.

        Raises
        ------
        ValueError : it fails on them
        """
        try:
            return self.run(images)
        except Exception as error:  # whatever anyone's program raises
            if is_out_of_memory(error):
                raise
            reason = (str(error).strip().splitlines() or [type(error).__name__])[-1][:200]
            shape = tuple(images.shape)
            raise ValueError(f"{self.path} fails on images {shape} ({reason}): export it for such images") from None

    @property
    def image_size(self) -> int | None:
        """Height and width of the images that it was exported for; None where it takes several, or does not tell."""
        return self.shape[2] if len(self.shape) == 4 and self.shape[2] == self.shape[3] else None


class ExportedNetwork(nn.Module):
    """A program as a network: images (samples, 3, size, size) to one logits tensor (samples, classes) per exit.

    Batches of more images than the program takes are split, those of fewer are filled up.

    Parameters
    ----------
    program : images to a list, tuple or stacked tensor of logits
    """

    def __init__(self, program: Program) -> None:
        super().__init__()
        self.program, self.samples_first, self.classes = program, False, 0

    def train(self, mode: bool = True) -> ExportedNetwork:
        """A program cannot change its mode: it stays as it was exported."""
        return self

    def forward(self, images: Tensor) -> list[Tensor]:
        """The logits (samples, classes) of every exit."""
        least, most = self.program.counts
        parts = []
        for part in images.split(most or max(len(images), 1)):
            filled = F.pad(part, (0, 0, 0, 0, 0, 0, 0, max(least - len(part), 0)))
            parts.append([logits[: len(part)] for logits in self.exits_of(self.program(filled), len(filled))])
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


def _input_shape(program: torch.export.ExportedProgram) -> tuple[tuple[int | None, ...], tuple[int, int | None]]:
    """The shape of the images that a program takes, None where several sizes are, and how many images from and to."""
    names = program.graph_signature.user_inputs
    nodes = [node for node in program.graph.nodes if node.op == "placeholder" and node.name in names]
    if len(nodes) != 1 or not isinstance(nodes[0].meta.get("val"), Tensor):
        raise ValueError(f"the program takes {len(names)} inputs: export one that takes only images")
    sides = nodes[0].meta["val"].shape
    shape = tuple(side if isinstance(side, int) else None for side in sides)
    if not shape or shape[0] is not None:
        return shape, (shape[0] if shape else 1,) * 2
    bounds = program.range_constraints.get(sides[0].node.expr)  # by its symbol
    if bounds is None:
        return shape, ANY_COUNT
    return shape, (max(1, int(bounds.lower)), int(bounds.upper) if bounds.upper.is_Integer else None)


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


def _read(path: Path, device: torch.device) -> Program:
    try:
        with _quiet():
            exported = torch.export.load(path)
    except Exception as not_exported:  # the file is anyone's: whatever it raises, it is no program
        if is_out_of_memory(not_exported):
            raise
        try:
            with _quiet():
                script = torch.jit.load(path, map_location=device).eval()
            return Program(path, script, (None,) * 4, ANY_COUNT, device)
        except Exception as no_script:
            if is_out_of_memory(no_script):
                raise
            reason = (str(not_exported).splitlines() or [type(not_exported).__name__])[0][:200]
            told = "" if "check the warnings above" in reason else f" ({reason})"
            raise ValueError(
                f"{path} is no program of torch.export or TorchScript{told}: save it anew with torch.export.save"
            ) from None
    shape, counts = _input_shape(exported)
    if device.type != "cpu":
        from torch.export.passes import move_to_device_pass

        exported = move_to_device_pass(exported, device)
    return Program(path, exported.module(), shape, counts, device)


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
        return _read(path, device)


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
    network = ExportedNetwork(program)
    with said_when_out_of_memory(network_does_not_fit(program.path, program.device)):
        network.classes = _try_out(network, wanted)
    return network


@torch.inference_mode()
def _try_out(network: ExportedNetwork, wanted: tuple[int, int, int]) -> int:
    """Find the axis of the samples, and the number of classes, from images of zeros.

    Where a program takes a fixed number of images and has as many exits, the axis along which one image's change shows
    in one place alone is the samples'.
    """
    program, (least, most) = network.program, network.program.counts
    first = max(least, 2) if most is None else max(least, min(2, most - 1))
    counts = (least,) if least == most else (first, first + 1)
    outputs = {count: program(torch.zeros(count, *wanted, device=program.device)) for count in counts}
    tensors = {count: output for count, output in outputs.items() if isinstance(output, Tensor)}
    stacked = {count: output.shape for count, output in tensors.items() if output.ndim == 3}
    network.samples_first = all(count in stacked and stacked[count][0] == count for count in counts)
    if len(counts) == 1 and network.samples_first and stacked[counts[0]][1] == counts[0] > 1:
        network.samples_first = _changes_first_row(program, outputs[counts[0]], wanted)
    try:
        exits = network.exits_of(outputs[counts[-1]], counts[-1])
        if all((one >= 0).all() and ((one.sum(dim=1) - 1).abs() < 1e-3).all() for one in exits):
            raise ValueError("every exit gives probabilities, which sum to 1: export the network that gives logits")
        return exits[0].shape[1]
    except ValueError as error:
        raise ValueError(f"{program.path}: {error}") from None


def _changes_first_row(program: Program, zeros: Tensor, wanted: tuple[int, int, int]) -> bool:
    """Whether another first image changes the first row of a stacked output (of zeros), and not the first column."""
    count = len(zeros)
    images = torch.zeros(count, *wanted, device=zeros.device)
    images[0] = torch.linspace(-1, 1, images[0].numel(), device=zeros.device).reshape(wanted)
    moved = (program(images) != zeros).any(dim=2)
    row, column = not moved[1:].any(), not moved[:, 1:].any()
    if row == column:
        raise ValueError(
            f"{program.path}: for {count} images the program gives {tuple(zeros.shape)}, and which axis is the images' "
            "cannot be told: export it for another number of images"
        )
    return row
