"""`export`: the corrected network, to take away. Imports torch when called."""

from __future__ import annotations

import argparse
from pathlib import Path

from analysis.commands.options import add_predictor, parse_settings
from analysis.commands.output import check_new_file

EXAMPLE = """examples:
  python -m analysis export --arch msdnet-cifar100 --checkpoint model.pth.tar --predictor pa --out corrected.pt2

In Python: torch.export.load("corrected.pt2").module()(images) gives probabilities (exits, samples, classes). Images
are float32 (samples, 3, height, width), normalised as the network's; extra_files={"exitlens.json": ""} says how.

"""


def add_parser(subparsers: argparse._SubParsersAction) -> None:
    """Put `export` and its options on the command line."""
    parser = subparsers.add_parser(
        "export",
        help="write a network with its correction inside as a program of torch.export",
        description="Write a network that answers with corrected probabilities at every exit, as torch.export does.",
    )
    add = parser.add_argument
    add("--arch", metavar="ID", required=True, help="such as msdnet-cifar100")
    add("--checkpoint", metavar="FILE", required=True, help=".safetensors, .pth.tar or another torch checkpoint")
    add("--out", metavar="FILE.pt2", required=True, type=Path, help="the file to write; refused if it exists")
    add_predictor(parser, required=True)
    parser.epilog = EXAMPLE + parser.epilog


def run(args: argparse.Namespace) -> None:
    """Write the corrected network and print how close it is to the predictor.

    Raises
    ------
    ValueError : an `--out` that exists; a network, checkpoint, predictor or setting that cannot be used
    """
    check_new_file(args.out)
    import torch

    from analysis.models import anytime, load_checkpoint
    from analysis.models.corrected.exporting import export
    from analysis.models.networks.architectures import architecture
    from analysis.predictors import resolve
    from analysis.reference.datasets import NORMALISATION
    from analysis.runtime.contents import hash_of

    known = architecture(args.arch)
    exits, classes = known.logits_shape
    settings = resolve(args.predictor, parse_settings(args.settings), n_exits=exits)  # so no name but a setting's
    network = load_checkpoint(args.checkpoint, arch=args.arch)
    corrected = anytime(network, args.predictor, exits=exits, **settings).eval().requires_grad_(False)
    mean, std = NORMALISATION[known.dataset]
    about = {
        "arch": args.arch,
        "checkpoint_sha256": hash_of(Path(args.checkpoint)),
        "predictor": corrected.predictor,
        "settings": corrected.settings,
        "output": "probabilities (exits, samples, classes), float32",
        "images": {"shape": [3, known.image_size, known.image_size], "mean": list(mean), "std": list(std)},
        "torch": torch.__version__,
    }
    made = export(corrected, (3, known.image_size, known.image_size), args.out, about)
    print(
        f"{args.out}: {args.arch} under {corrected.predictor}, {exits} exits x {classes} classes; "
        f"within {made.largest_difference:.1e} of the predictor on the network's own logits"
    )
