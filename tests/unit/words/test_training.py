"""How a network was trained, in sentences; the facts are written down."""

import pytest

from analysis.words.training import paper_command, speed_words, training_command, training_summary, training_title

FACTS = {
    "recipe": "msdnet-cifar10-short", "official": "msdnet-cifar10", "network": "MSDNet", "model": "msdnet",
    "dataset": "cifar10", "epochs": 18, "planned_epochs": 18, "paper_epochs": 300, "batch": 64, "paper_batch": 64,
    "minutes": None, "seed": 3, "device": "cpu", "hardware": "two cores", "processes": 1, "hours": 1.26,
    "cut_from": None, "within_epoch": False,
    "precision": "fp32", "compiled": False, "recorded": False, "first_stage": None,
}  # fmt: skip
SECOND = FACTS | {
    "recipe": "imta-cifar10-stage2-short", "official": "imta-cifar10-stage2", "network": "IMTA", "model": "imta",
    "epochs": 1, "first_stage": {"epochs": 18, "seed": 4},
}  # fmt: skip
LEFT_OUT = {"batch": None, "record": None, "split": None, "no_weights": False, "latency": None}


def test_the_summary_says_what_where_and_how_far_from_the_paper():
    assert training_summary(FACTS) == "Trained for 18 epochs (the paper: 300) on two cores, 1.3 hours, seed 3."
    limited = FACTS | {"minutes": 7.5, "hours": 0.12, "batch": 256, "processes": 2}
    assert training_summary(limited) == (
        "Trained for 18 epochs (the paper: 300), as many as 7.5 minutes allow, in batches of 256 (the paper: 64), the "
        "rate scaled to them, on 2 processes, each on two cores, 7 minutes, seed 3."
    )


def test_the_summary_says_where_it_was_stopped():
    stopped = FACTS | {"cut_from": 20}
    assert training_summary(stopped).startswith(
        "Trained for 18 epochs (the paper: 300), stopped before the 20 that were planned, on two cores"
    )
    assert "300), stopped within epoch 19 of the 20 that were planned, on" in training_summary(
        stopped | {"within_epoch": True}
    )
    assert training_summary(stopped | {"minutes": 7.5}).startswith(
        "Trained for 18 epochs (the paper: 300), stopped before the 20 that 7.5 minutes allow, on two cores"
    )


def test_the_summary_names_the_stage():
    first = training_summary(FACTS | {"model": "imta-stage1"})
    assert first.startswith("Stage 1 of IMTA (an MSDNet whose gradient is rescaled), trained for 18 epochs")
    second = training_summary(SECOND)
    assert second.startswith(
        "Stage 2 of IMTA (new heads on the frozen stage 1, 18 epochs, seed 4), trained for 1 epoch"
    )
    unknown = training_summary(SECOND | {"first_stage": {"sha256": "a"}})
    assert unknown.startswith("Stage 2 of IMTA (new heads on the frozen stage 1), trained")


@pytest.mark.parametrize(
    ("facts", "title"),
    [
        (FACTS, "MSDNet on CIFAR-10, 18 epochs, seed 3"),
        (SECOND, "IMTA on CIFAR-10, 18 + 1 epoch, seed 3"),
        (FACTS | {"minutes": 12, "batch": 128}, "MSDNet on CIFAR-10, 18 epochs in 12 minutes, batch 128, seed 3"),
        (FACTS | {"minutes": 12, "cut_from": 20}, "MSDNet on CIFAR-10, 18 epochs, seed 3"),
    ],
)
def test_the_title_holds_what_tells_runs_apart(facts, title):
    assert training_title(facts) == title


def test_the_command_trains_the_network_again():
    assert training_command(FACTS, **LEFT_OUT) == (
        "python -m analysis train --recipe msdnet-cifar10-short --data PATH --out DIR --epochs 18 --seed 3 "
        "--device cpu --precision fp32 --no-compile"
    )
    facts = SECOND | {"minutes": 5, "compiled": True, "recorded": True, "processes": 2}
    options = {"batch": 256, "record": True, "split": "test", "no_weights": True, "latency": 8}
    assert training_command(facts, **options) == (
        "torchrun --nproc-per-node 2 -m analysis train --recipe imta-cifar10-stage2-short --init STAGE1 --data PATH "
        "--out DIR --epochs 18 --seed 3 --device cpu --precision fp32 --batch 256 --minutes 5 --compile --record "
        "--split test --no-weights --latency 8"
    )


def test_the_paper_s_command_trains_both_stages():
    assert paper_command(FACTS) == "python -m analysis train --recipe msdnet-cifar10 --data PATH --out DIR --seed 3"
    assert paper_command(SECOND) == (
        "python -m analysis train --recipe imta-cifar10-stage1 --data PATH --out STAGE1 --seed 4 && "
        "python -m analysis train --recipe imta-cifar10-stage2 --init STAGE1 --data PATH --out DIR --seed 3"
    )


def test_a_phase_that_takes_no_time_is_not_named():
    assert speed_words({"images_per_s": 99.6, "shares": {"data": 0.0004, "forward": 0.5}}) == (
        "100 images/s; of a step: forward 50%"
    )
    assert speed_words({"images_per_s": 100, "shares": {}}) == "100 images/s"
