"""Anyone's network without its code: a program saved by torch.export or TorchScript. Imports torch.

Loading such a file can run its author's code, so it is loaded only for somebody who says that they trust it.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable
from pathlib import Path

import torch
from torch import Tensor, nn
from torch.nn import functional as F

REFUSAL = (
    "loading a program of torch.export or TorchScript can run its author's code: if you trust {path}, add --trust-model"
)


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


def _input_shape(program: torch.export.ExportedProgram) -> list[int | None]:
    """The shape of the images that a program takes, None where any size is."""
    names = program.graph_signature.user_inputs
    nodes = [node for node in program.graph.nodes if node.op == "placeholder" and node.name in names]
    if len(nodes) != 1 or not isinstance(nodes[0].meta.get("val"), Tensor):
        raise ValueError(f"the program takes {len(names)} inputs: export one that takes only images")
    return [side if isinstance(side, int) else None for side in nodes[0].meta["val"].shape]


def _read(path: Path, device: torch.device) -> tuple[Callable[[Tensor], object], list[int | None]]:
    """The program in a file, on a device, and the shape of its input as far as the file says."""
    try:
        exported = torch.export.load(path)
    except Exception as not_exported:  # the file is anyone's: whatever it raises, it is no program
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", FutureWarning)  # TorchScript is deprecated, its files are not gone
                return torch.jit.load(path, map_location=device).eval(), [None] * 4
        except Exception:
            reason = (str(not_exported).splitlines() or [type(not_exported).__name__])[0][:200]
            raise ValueError(
                f"{path} is no program of torch.export or TorchScript ({reason}): save it anew with torch.export.save"
            ) from None
    shape = _input_shape(exported)
    if device.type != "cpu":
        from torch.export.passes import move_to_device_pass

        exported = move_to_device_pass(exported, device)
    return exported.module(), shape


def load_exported(path: str | Path, *, image_size: int, device: torch.device, trust: bool) -> ExportedNetwork:
    """A program of torch.export or TorchScript as a network.

    Parameters
    ----------
    image_size : height and width of the images that it will see
    device : where it runs
    trust : loading can run the author's code: without this nothing is read

    Returns
    -------
    A network that was tried on images of zeros, whose `classes` says how many logits an exit has.

    Raises
    ------
    ValueError : not trusted, no such program, or one that takes other images or gives no logits of several exits
    """
    path = Path(path)
    if not trust:
        raise ValueError(REFUSAL.format(path=path))
    if not path.is_file():
        raise ValueError(f"{path} is not a file: give the path of a program saved by torch.export or TorchScript")
    program, shape = _read(path, device)
    wanted = (3, image_size, image_size)
    if len(shape) != 4 or any(side not in (None, needed) for side, needed in zip(shape[1:], wanted)):
        said = " x ".join("any" if side is None else str(side) for side in shape)
        raise ValueError(f"{path} takes images of {said}, and the data set's are any x {' x '.join(map(str, wanted))}")
    network = ExportedNetwork(program, shape[0])
    network.classes = _try_out(network, path, wanted, device)
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
