"""The nine cells are the paper's, and what is said of them is theirs."""

import numpy as np
import pytest

from analysis.metrics.decrease import THRESHOLDS
from analysis.predictors import predict, resolve
from analysis.reference.published import published_ablation
from analysis.results.ablation import CELLS, CellNumbers, cell_numbers, steadiest
from analysis.words.ablation import accuracy_finding, falls_finding

FALLS = ("true_class", "absolute")


def numbers(last, fall):
    percents = np.zeros(len(THRESHOLDS))
    percents[THRESHOLDS.index(0.01)] = fall
    return CellNumbers(np.array([50.0, last]), {FALLS: percents}, 100)


def test_the_cells_are_those_of_the_paper_in_its_order():
    assert [cell.key for cell in CELLS] == list(published_ablation("cifar100", "msdnet", 7))
    assert published_ablation("cifar100", "msdnet", 5) == published_ablation("cifar10", "msdnet", 7) == {}
    assert (
        published_ablation("cifar100", "msdnet", 7)["softmax", "product"].percents["final_prediction", "absolute"][1]
        == 44.07
    )


@pytest.mark.parametrize("cell", CELLS, ids=lambda cell: "-".join(cell.key))
def test_what_shows_a_cell_on_other_pages_is_the_same_predictor(cell, small_logits):
    resolve(cell.predictor, cell.settings, n_exits=7)
    predictor, settings = cell.correction
    expected = predict(cell.predictor, small_logits, **cell.settings).probs
    np.testing.assert_allclose(predict(predictor, small_logits, **settings).probs, expected, rtol=1e-12, atol=1e-15)


def test_the_paper_s_product_of_softmaxes_is_the_geometric_mean(small_logits):
    """Its sum has the same answers and falls elsewhere."""
    cell = CELLS[2]
    summed, mean = (predict("softmax-poe", small_logits, combine=how).probs.numpy() for how in ("sum", "mean"))
    shown = predict(cell.predictor, small_logits, **cell.settings).probs.numpy()
    assert np.array_equal(shown, mean)
    assert np.array_equal(shown.argmax(-1), summed.argmax(-1))
    assert not np.allclose(shown, summed)


def test_numbers_are_over_the_samples_with_a_label(small_run):
    found = cell_numbers(small_run, CELLS[5])
    assert found.samples == 300
    assert found.accuracy.shape == (7,)
    assert found.percents["final_prediction", "relative"].shape == (8,)


def test_without_labels_there_is_no_ablation(unlabelled_run):
    with pytest.raises(ValueError, match="no sample has a known label"):
        cell_numbers(unlabelled_run, CELLS[0])


def test_the_steadiest_is_sought_among_the_accurate():
    cells = {
        ("softmax", "product"): numbers(74.0, 40.0),
        ("softmax", "none"): numbers(71.0, 60.0),
        ("relu", "product"): numbers(73.2, 9.0),
        ("heaviside", "product"): numbers(5.0, 0.5),
    }
    assert steadiest(cells, *FALLS, 0.01) == ("relu", "product")
    assert accuracy_finding(cells) == (
        "Most accurate at the last exit is the product of softmaxes, 74.0%: 3.00 points above its exits alone"
    )
    assert falls_finding(cells, *FALLS, 0.01) == (
        "Of what is within 1 point of the best at the last exit, the product of ReLUs falls least: 9.00% of samples by "
        "more than 0.01"
    )
    equal = {key: numbers(74.0, 9.0) for key in list(cells)[:2]}
    assert steadiest(equal, *FALLS, 0.01) == ("softmax", "product")
