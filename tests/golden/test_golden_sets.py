"""Conformal sets against MAPIE 1.6.0 (BSD 3-clause), on golden_small: the first half calibrates, the second is
measured.

MAPIE takes the k-th smallest calibration score where ours, as the public code of RAPS, is one above (`higher`); so
quantiles are compared by that, and sets are compared under one quantile. Its own random numbers are put into our
scores. Its sets under RAPS divide by another denominator than its calibration; there the two deterministic forms, U = 0
and U = 1, are compared.
"""

from __future__ import annotations

import json
import warnings

import numpy as np
import pytest

from analysis.predictors import predict
from analysis.results import sets_of
from analysis.sets.conformal import aps_scores, conformal_sets, lac_scores, raps_scores, score_quantile
from tests.toy import GOLDEN

ALPHA = 0.1
CLASSES = np.arange(20)


@pytest.fixture(scope="module")
def mapie():
    """MAPIE's scores, which are classes with methods of arrays."""
    pytest.importorskip("mapie", reason="MAPIE is in tests/requirements.txt")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from mapie.conformity_scores.sets import APSConformityScore, LACConformityScore, RAPSConformityScore
        from mapie.utils import _compute_classification_quantile
    return {
        "lac": LACConformityScore,
        "aps": APSConformityScore,
        "raps": RAPSConformityScore,
        "quantile": _compute_classification_quantile,
    }


@pytest.fixture
def probs(small_logits) -> np.ndarray:
    """Of the third exit: (400, 20). No two of a row are equal to 1e-8, where MAPIE sees a tie."""
    apart = small_logits[2:3].astype(np.float64) + 1e-4 * np.random.default_rng(0).random((400, 20))
    return predict("baseline", apart).probs.numpy()[0]


def prepared(score, quantile: float, seed: int = 0):
    """A score of MAPIE's as its own classifier leaves it after calibration."""
    score.set_external_attributes(classes=CLASSES, random_state=seed)
    score.quantiles_ = np.array([quantile])
    return score


def sets_by(score, probs: np.ndarray, **how) -> np.ndarray:
    found = score.get_prediction_sets(
        probs[:, :, None].copy(), np.empty((0, 1)), np.array([ALPHA]), cv="prefit", agg_scores="mean", **how
    )
    return found[:, :, 0]


def test_the_quantile_is_one_score_above_theirs(mapie):
    for n in (19, 50, 99, 200):
        scores = np.random.default_rng(n).random(n)
        theirs = mapie["quantile"](scores[:, None], np.array([ALPHA]))[0]
        place = np.searchsorted(np.sort(scores), theirs)
        assert np.sort(scores)[min(place + 1, n - 1)] == score_quantile(scores, ALPHA)


def test_lac(mapie, probs, small_labels):
    score = prepared(mapie["lac"](), 0.0)
    theirs = score.get_conformity_scores(small_labels[:200], probs[:200], y_enc=small_labels[:200])[:, 0]
    ours = lac_scores(probs, np.zeros(400), {})
    np.testing.assert_allclose(ours[np.arange(200), small_labels[:200]], theirs, atol=1e-12)
    quantile = score_quantile(theirs, ALPHA)
    expected = sets_by(prepared(score, quantile), probs[200:])
    np.testing.assert_array_equal(conformal_sets(ours[200:], quantile + 1e-9, None), expected)


def test_aps_randomised(mapie, probs, small_labels):
    score = prepared(mapie["aps"](), 0.0, seed=5)
    theirs = score.get_conformity_scores(small_labels[:200], probs[:200], y_enc=small_labels[:200])[:, 0]
    uniform = np.random.RandomState(5).uniform(size=200)
    ours = aps_scores(probs[:200], uniform, {})[np.arange(200), small_labels[:200]]
    np.testing.assert_allclose(ours, theirs, atol=1e-12)
    quantile = score_quantile(theirs, ALPHA)
    expected = sets_by(prepared(score, quantile, seed=7), probs[200:], include_last_label="randomized")
    uniform = np.random.RandomState(7).uniform(size=200)
    held = conformal_sets(aps_scores(probs[200:], uniform, {}), quantile, None)
    np.testing.assert_array_equal(held, expected)


@pytest.mark.parametrize(("uniform", "last"), [(0.0, False), (1.0, True)])
def test_raps(mapie, probs, small_labels, uniform, last):
    """U = 0 leaves out the class that is just over the quantile, U = 1 with its penalty takes it in."""
    k_reg, penalty = np.array([3]), 0.02
    score = prepared(mapie["raps"](), 0.0)
    total, rank = score.get_true_label_cumsum_proba(small_labels[:200], probs[:200], CLASSES)
    theirs = score._regularize_conformity_score(k_reg, penalty, total, rank[:, None].ravel())[:, 0, 0]
    settings = {"lambda": penalty, "k_reg": 3, "penalty_u": True}
    ours = raps_scores(probs[:200], np.zeros(200), settings)[np.arange(200), small_labels[:200]]
    np.testing.assert_allclose(ours, theirs, atol=1e-12)
    quantile = score_quantile(theirs, ALPHA)
    score = prepared(score, quantile)
    score.lambda_star, score.k_star = penalty, k_reg
    expected = sets_by(score, probs[200:], include_last_label=last)
    scores = raps_scores(probs[200:], np.full(200, uniform), settings)
    held = conformal_sets(scores, quantile, probs[200:].argmax(-1))
    np.testing.assert_array_equal(held, expected)


def test_sizes_are_about_the_published_code_s(imageless_run):
    """Its split is not recoverable and its sets are not randomised: the means of 20 seeds lie near its sizes."""
    published = json.loads((GOLDEN / "golden_small.json").read_text())["softmax"]
    found = [sets_of(imageless_run, "raps", predictor="baseline", seed=seed) for seed in range(20)]
    np.testing.assert_allclose(np.mean([of.mean_size for of in found], axis=0), published["raps_size"], rtol=0.3)
    np.testing.assert_allclose(np.mean([of.coverage for of in found], axis=0), published["raps_cov"], atol=0.03)
