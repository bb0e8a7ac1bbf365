"""The facts of a training, of a trainer that is written down."""

from types import SimpleNamespace

import pytest

from analysis.models.training.provenance import speed, training_facts
from analysis.models.training.recipes import RECIPES

SETTINGS = {"lr": 0.1, "precision": "fp32", "compiled": False, "processes": 1, "minutes": None}


def trainer(recipe, **changes):
    """What a finished training holds."""
    parts = {
        "recipe": recipe,
        "epochs": 18,
        "epochs_trained": 18,
        "pace": SimpleNamespace(planned=18),
        "step": 18 * 703,
        "steps_per_epoch": 703,
        "seed": 3,
        "made_on": {"device": "cpu", "hardware": "two cores", "torch": "2.9"},
        "elapsed_s": 5400.0,
        "recorded": False,
        "first_stage": None,
        "train": range(45000),
        "log": [{"images_per_s": 100, "share_data": 0.25}, {"images_per_s": 120}],
        "settings": lambda: SETTINGS,
    }
    return SimpleNamespace(**parts | changes)


def test_the_facts_are_the_recipe_s_and_the_paper_s():
    facts = training_facts(trainer(RECIPES["msdnet-cifar100-fast"].with_batch(128)), "msdnet-cifar100-fast")
    assert (facts["recipe"], facts["official"]) == ("msdnet-cifar100-fast", "msdnet-cifar100")
    assert (facts["network"], facts["dataset"], facts["model"]) == ("MSDNet", "cifar100", "msdnet")
    assert (facts["epochs"], facts["paper_epochs"]) == (18, 300)
    assert (facts["batch"], facts["paper_batch"]) == (128, 64)
    assert (facts["hours"], facts["images_per_s"], facts["shares"]) == (1.5, 110, {"data": 0.25})
    assert (facts["device"], facts["hardware"], facts["torch"]) == ("cpu", "two cores", "2.9")
    assert (facts["training_images"], facts["settings"]) == (45000, SETTINGS)


def test_epochs_that_time_allowed_are_those_trained():
    allowed = trainer(RECIPES["msdnet-cifar10"], epochs=300, epochs_trained=7, pace=SimpleNamespace(planned=7))
    facts = training_facts(allowed, "msdnet-cifar10")
    assert (facts["epochs"], facts["planned_epochs"], facts["cut_from"]) == (7, 300, None)


def test_a_stopped_training_says_how_long_it_would_have_been():
    stopped = trainer(RECIPES["msdnet-cifar10"], epochs=300, epochs_trained=7, pace=SimpleNamespace(planned=9))
    facts = training_facts(stopped, "msdnet-cifar10")
    assert (facts["epochs"], facts["cut_from"], facts["within_epoch"]) == (7, 9, False)
    stopped.step += 5
    assert training_facts(stopped, "msdnet-cifar10")["within_epoch"]


def test_a_phase_counts_in_the_epochs_that_have_it():
    log = [{"images_per_s": rate, "share_forward": share} for rate, share in ((1, 0.1), (3, 0.3), (9, 0.2))]
    assert speed([*log, {"images_per_s": 2}]) == (2.5, {"forward": pytest.approx(0.2)})
