"""Which runs were trained alike, and the spread of their numbers."""

import numpy as np
import pytest

from analysis.results import results_of
from analysis.results.against_paper import comparison_table
from analysis.results.seeds import entries_alike, same_samples, seed_groups, seed_of, trained_alike, with_spread
from analysis.runtime.folders import PROJECT
from analysis.storage import list_runs, load_run, write_run
from tests.unit.results.test_against_paper import EXITS, PAPER, RUN, measured

TRAINED = {"recipe": "mine", "epochs": 18, "seed": 0, "processes": 1, "settings": {"lr": 0.1, "seed": 0}}


def other(**changes):
    return {**TRAINED, "seed": 1, "settings": {"lr": 0.1, "seed": 1}, **changes}


def on_first_stage(sha256, **first):
    return {"first_stage": {"epochs": 18, "seed": 3, "hours": 2.0, "sha256": sha256, **first}}


def test_second_stages_are_alike_on_first_stages_trained_alike():
    one = TRAINED | on_first_stage("a")
    assert trained_alike(one, other(**on_first_stage("b", seed=4, hours=3.0)))
    assert not trained_alike(one, other(**on_first_stage("a")))  # the same one: no other training of the network
    assert not trained_alike(one, other(**on_first_stage("b", epochs=300)))
    assert not trained_alike(one, other())


def test_a_run_that_says_only_its_recipe_epochs_and_seed_is_alike_to_what_train_writes():
    ours = load_run(PROJECT / "cached_runs" / "msdnet-cifar10").provenance
    imported = {"recipe": ours["recipe"], "epochs": ours["epochs"], "seed": 1, "summary": "Trained elsewhere."}
    assert trained_alike(imported, ours)
    assert not trained_alike(imported | {"epochs": 300}, ours)


def test_runs_that_differ_in_the_seed_alone_are_alike():
    assert trained_alike(TRAINED, other())
    assert trained_alike(TRAINED, other(hours=7, hardware="another"))
    assert trained_alike({"recipe": "r", "seed": 0}, {"recipe": "r", "seed": 1, "settings": {"lr": 0.1}})


@pytest.mark.parametrize(
    "changes",
    [{"seed": 0}, {"recipe": "other"}, {"epochs": 300}, {"processes": 2}, {"settings": {"lr": 0.2, "seed": 1}}],
)
def test_whatever_else_differs_makes_another_training(changes):
    assert not trained_alike(TRAINED, other(**changes))


@pytest.mark.parametrize("provenance", [{}, {"seed": 1}, {"recipe": "r"}, {"recipe": "r", "seed": True}])
def test_without_a_recipe_and_a_seed_nothing_is_alike(provenance):
    assert seed_of(provenance) is None
    assert not trained_alike(provenance, {"recipe": "r", "seed": 0})


def test_only_the_same_samples_are_compared(runs, small_logits, small_labels):
    first = write_run(runs / "a", logits=small_logits, labels=small_labels)
    assert same_samples(first, write_run(runs / "b", logits=small_logits[:, ::-1], labels=small_labels), "test")
    moved = write_run(runs / "c", logits=small_logits, labels=np.roll(small_labels, 1))
    shallow = write_run(runs / "d", logits=small_logits[:2], labels=small_labels)
    for another, split in ((moved, "test"), (shallow, "test"), (first, "calibration")):
        assert not same_samples(first, another, split)


def test_the_spread_is_the_population_s_over_all_seeds():
    table = comparison_table(RUN, PAPER, EXITS, 100)
    second = {"baseline": measured((52, 60, 71), entropy=(30, 20, 10, 5, 1, 4)), "pa": RUN["pa"]}
    spread = with_spread(table, [RUN, second], EXITS)
    assert spread["seeds"].eq(2).all()
    accuracy = spread[(spread["quantity"] == "accuracy") & (spread["predictor"] == "baseline")]
    assert accuracy["seeds_mean"].tolist() == [51, 60, 70.5]
    assert accuracy["seeds_std"].tolist() == [1, 0, 0.5]
    assert spread[spread["predictor"] == "pa"]["seeds_std"].eq(0).all()
    rises = spread[(spread["quantity"] == "entropy") & (spread["predictor"] == "baseline")]
    assert rises["seeds_std"].tolist() == [0, 0, 0, 0, 0, 2]
    assert np.array_equal(spread["run"], table["run"])


def test_entries_of_one_recipe_and_setting_are_a_group(runs, small_logits, small_labels):
    made = [
        write_run(runs / name, logits=small_logits, labels=labels, dataset="d", model="m", provenance=provenance)
        for name, labels, provenance in (
            ("a", small_labels, TRAINED),
            ("b", small_labels, other()),
            ("c", small_labels, other(recipe="another")),
            ("d", small_labels[::-1].copy(), other(seed=2)),
        )
    ]
    entries = [results_of(run, key) for run in made for key in ("baseline", "moe")]
    assert seed_groups(entries) == [(0, 2), (1, 3), (4,), (5,), (6,), (7,)]
    flat = results_of(made[1], "baseline", {"temperature": 2})
    assert seed_groups([entries[0], flat]) == [(0,), (1,)]


def test_other_seeds_are_found_in_the_order_of_their_seeds_the_first_of_each(runs, small_logits, small_labels):
    def made(name, **changes):
        provenance = {**TRAINED, **changes, "settings": {"lr": 0.1}}
        return write_run(runs / name, logits=small_logits, labels=small_labels, dataset="d", provenance=provenance)

    run = made("a")
    for name, seed in (("b", 5), ("c", 2), ("d", 2), ("e", 0)):
        made(name, seed=seed)
    made("f", seed=3, epochs=300)
    (made("g", seed=4).path / "run.json").write_text("{")
    assert [entry.id for entry in entries_alike(run, list_runs())] == ["c", "b"]
