"""The paper's numbers are found by what a run says it is."""

import numpy as np

from analysis.metrics.decrease import THRESHOLDS
from analysis.reference.published import published_for, published_networks, published_numbers


def test_a_network_of_the_paper_has_three_predictors():
    found = published_for("cifar100", "msdnet", 7)
    assert list(found) == ["baseline", "pa", "ca"]
    assert found["pa"].accuracy[-1] == 0.7469
    assert len(found["pa"].accuracy_std) == len(found["pa"].costs) == 7
    assert found["baseline"].costs[0] == 15140452


def test_decreases_are_looked_up_by_threshold():
    found = published_for("CIFAR100", "MSDNet")["baseline"]
    assert found.decrease("true_class", THRESHOLDS).shape == (8,)
    assert np.isfinite(found.decrease("final_prediction", THRESHOLDS)).all()
    np.testing.assert_array_equal(np.isnan(found.decrease("true_class", [0.01, 0.3])), [False, True])
    assert np.isnan(found.decrease("any_class", [0.01])).all()


def test_every_published_network_can_be_read():
    for dataset, models in published_numbers()["results"].items():
        for model, predictors in models.items():
            found = published_for(dataset, model)
            assert set(found) == set(predictors)
            assert all(len(row.accuracy) > 2 for row in found.values())
    assert published_for("cifar100", "dvit")["pa"].accuracy_std is None


def test_what_the_paper_does_not_have_is_empty():
    assert published_for(None, None) == {}
    assert published_for("cifar100", "resnet") == {}
    assert published_for("cifar100", "msdnet", 5) == {}


def test_the_spread_over_seeds_is_looked_up_by_threshold():
    found = published_for("cifar100", "msdnet")["pa"]
    assert found.decrease_std("true_class", [0.1, 0.2]).tolist() == [0.017, 0.0]
    assert np.isnan(found.decrease_std("true_class", [0.3])).all()
    assert np.isnan(published_for("cifar100", "dvit")["pa"].decrease_std("true_class", THRESHOLDS)).all()


def test_overthinking_and_entropy_are_there_for_some_networks():
    found = published_for("cifar100", "msdnet")
    assert found["baseline"].oracle_gap > found["pa"].oracle_gap > 0
    assert found["baseline"].entropy_rises[0.1] == 64.47
    assert published_for("cifar10", "msdnet")["pa"].oracle_gap is None
    assert published_for("cifar100", "imta")["pa"].entropy_rises == {}


def test_the_networks_are_named_as_runs_name_them():
    assert all(published_for(*network) for network in published_networks())
    assert ("cifar100", "msdnet", 7) in published_networks()
