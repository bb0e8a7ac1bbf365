"""The paper's numbers are found by what a run says it is."""

import numpy as np

from analysis.metrics.decrease import THRESHOLDS
from analysis.published import published_for, published_numbers


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
