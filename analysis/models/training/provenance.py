"""How a network was trained, as facts: what `analysis.words.training` speaks of and a run's provenance keeps."""

from __future__ import annotations

from collections.abc import Sequence
from statistics import median
from typing import TYPE_CHECKING

from analysis.models.training.recipes import NAMES, RECIPES, official_id

if TYPE_CHECKING:
    from analysis.models.training.trainer import Trainer


def training_facts(trainer: Trainer, recipe_id: str) -> dict[str, object]:
    """Everything about a finished or stopped training that its provenance or its sentences need.

    Parameters
    ----------
    trainer
        At the end of its last epoch, or stopped at the end of another or within one.
    recipe_id
        The recipe that was asked for; the trainer's may have another batch.

    Returns
    -------
    dict
        `recipe`, `official` (the paper's recipe that it stands for), `network` and `dataset` (names for people),
        `model`; `epochs` (trained), `cut_from` (epochs that were going to be, where it was stopped before, else None),
        `within_epoch` (whether it was stopped within one more),
        `planned_epochs` (asked for), `paper_epochs`, `batch`, `paper_batch`, `minutes`
        (None without a limit), `seed`; `device`, `hardware` (of each process), `processes`, `beside` (other trainings
        on that device), `hours`, `torch`, `precision`, `compiled`, `recorded`; `images_per_s` and `shares` (phase of a
        step -> fraction), medians over the epochs; `first_stage` (facts of stage 1, None where none is needed),
        `training_images`, `settings`, `log`.
    """
    recipe, official, settings = trainer.recipe, official_id(recipe_id), trainer.settings()
    images_per_s, shares = speed(trainer.log)
    return {
        "recipe": recipe_id,
        "official": official,
        "network": NAMES[recipe.model],
        "model": recipe.model,
        "dataset": recipe.dataset,
        "epochs": trainer.epochs_trained,
        "cut_from": None if trainer.epochs_trained == trainer.pace.planned else trainer.pace.planned,
        "planned_epochs": trainer.epochs,
        "paper_epochs": RECIPES[official].epochs,
        "batch": recipe.batch,
        "paper_batch": RECIPES[official].batch,
        "within_epoch": trainer.step % trainer.steps_per_epoch > 0,
        "minutes": settings["minutes"],
        "seed": trainer.seed,
        "device": trainer.made_on["device"],
        "hardware": trainer.made_on["hardware"],
        "processes": settings["processes"],
        "beside": trainer.made_on.get("beside", 0),
        "hours": trainer.elapsed_s / 3600,
        "torch": trainer.made_on["torch"],
        "precision": settings["precision"],
        "compiled": settings["compiled"],
        "recorded": trainer.recorded,
        "images_per_s": images_per_s,
        "shares": shares,
        "first_stage": trainer.first_stage,
        "training_images": len(trainer.train),
        "settings": settings,
        "log": trainer.log,
    }


def speed(log: Sequence[dict[str, float]]) -> tuple[float, dict[str, float]]:
    """Images per second, and the share of a step that each of its phases took: medians over the epochs.

    Examples
    --------
    >>> speed([{"images_per_s": 120, "share_data": 0.004, "share_forward": 0.37}, {"images_per_s": 100}])
    (110.0, {'data': 0.004, 'forward': 0.37})
    """
    phases = dict.fromkeys(name for row in log for name in row if name.startswith("share_"))
    shares = {name.removeprefix("share_"): median(row[name] for row in log if name in row) for name in phases}
    return median(row["images_per_s"] for row in log), shares
