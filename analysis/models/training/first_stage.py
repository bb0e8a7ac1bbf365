"""Stage 1 of IMTA as stage 2 begins with it: its weights, and how they came about. Imports torch and storage."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

from torch import Tensor

from analysis.models.networks.checkpoints import load_checkpoint
from analysis.storage import load_run
from analysis.storage.importers.formats import open_file

STAGE1 = "imta-stage1"
CHECKPOINT = "checkpoint.pt"


@dataclass(frozen=True)
class FirstStage:
    """The network that stage 2 freezes."""

    weights: dict[str, Tensor]
    facts: dict[str, object]
    """`sha256` of the weights' file, and where they are known `recipe`, `epochs`, `seed` and `hours`."""


def facts_of_training(path: Path) -> dict[str, object]:
    """What a checkpoint of train says of its training; empty for another torch file."""
    state = open_file(path)
    if not isinstance(state, dict) or not {"settings", "log", "step"} <= set(state):
        return {}
    settings, log = state["settings"], state["log"]
    planned = state["pace"]["planned"] if "pace" in state else settings["epochs"]  # a time limit takes some away
    if len(log) < planned:
        raise ValueError(
            f"--init {path} is not finished, {len(log)} of {planned} epochs: "
            "go on there with --resume, or give the run that --resume --stop writes"
        )
    hours = round(state.get("elapsed_s", sum(row["seconds"] for row in log)) / 3600, 2)
    return {
        "model": settings.get("model", "msdnet"),
        "epochs": planned,
        "seed": settings["seed"],
        "hours": hours,
    }


def facts_of_run(folder: Path) -> dict[str, object]:
    """What a run says of the training of its network."""
    run = load_run(folder)
    known = {key: run.provenance[key] for key in ("recipe", "epochs", "seed", "hours") if key in run.provenance}
    return {"model": run.model, **known}


def weights_file(path: Path) -> Path:
    """The file of weights that a path means: itself, or that of a run folder or of a folder of train."""
    if not path.is_dir():
        return path
    if (path / CHECKPOINT).is_file():
        return path / CHECKPOINT
    weights = load_run(path).weights
    if weights is None:
        raise ValueError(f"--init {path}: this run holds no weights: give a checkpoint of stage 1")
    return weights


def load_first_stage(path: str | Path, arch: str) -> FirstStage:
    """The network that stage 1 left.

    Parameters
    ----------
    path : train's `checkpoint.pt`, a `.safetensors` or torch file, a run folder, or the folder train wrote into
    arch : stage 1's architecture, for example `msdnet-cifar100`

    Raises
    ------
    ValueError : no such weights, those of another network, or of a training that has not ended
    """
    file = weights_file(Path(path))
    network = load_checkpoint(file, arch=arch)
    if (file.parent / "run.json").is_file():
        facts = facts_of_run(file.parent)
    else:
        facts = {} if file.suffix == ".safetensors" else facts_of_training(file)
    model = facts.pop("model", None)
    if model not in (STAGE1, None):
        raise ValueError(f"--init {path} holds a network of {model}, not {STAGE1}: train stage 1 by its own recipe")
    return FirstStage(network.state_dict(), {**facts, "sha256": hashlib.sha256(file.read_bytes()).hexdigest()})
