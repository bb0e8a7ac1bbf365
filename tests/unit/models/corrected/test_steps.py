"""Predictors exit by exit: equal to their law over all exits, with the state that the table of costs counts."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis.models.corrected.steps import STEPS, steps_of
from analysis.predictors import PREDICTORS, correction_cost, predict, resolve

CASES = [
    ("baseline", {}),
    ("baseline", {"temperature": 2.0}),
    ("baseline", {"activation": "relu", "fallback": "previous"}),
    ("baseline", {"activation": "heaviside", "fallback": "none"}),
    ("pa", {}),
    ("pa", {"weights": "uniform", "fallback": "previous", "threshold": 0.5, "cap": 6.0}),
    ("pa", {"weights": "uniform", "threshold": 0.3, "threshold_mode": "zero", "fallback": "none"}),
    ("pa", {"activation": "softplus", "temperature": 2.0, "relative_threshold": 0.3}),
    ("pa", {"activation": "heaviside", "fallback": "none"}),
    ("hard-poe", {"fallback": "previous"}),
    ("hard-poe", {"relative_threshold": 0.2, "fallback": "none"}),
    ("softmax-poe", {}),
    ("softmax-poe", {"combine": "mean", "temperature": 0.5}),
    ("moe", {}),
    ("moe", {"activation": "relu", "fallback": "none"}),
    ("moe", {"activation": "heaviside", "fallback": "previous"}),
    ("ca", {}),
    ("adaptive-pa", {}),
    ("adaptive-pa", {"mass": 0.7, "weights": "uniform", "fallback": "previous"}),
    ("exit-ensemble", {}),
    ("exit-ensemble", {"weights": "latest", "activation": "relu"}),
    ("agreement-vote", {}),
    ("agreement-vote", {"power": 3.0}),
]


def exit_by_exit(predictor: str, logits: torch.Tensor, chosen: dict) -> tuple[torch.Tensor, list]:
    steps = steps_of(predictor, resolve(predictor, chosen, n_exits=len(logits)), len(logits))
    state, shown, states = steps.begin(logits[0]), [], []
    for exit_, one in enumerate(logits):
        probs, state = steps.step(one, state, exit_)
        shown.append(probs)
        states.append(state)
    return torch.stack(shown), states


def hard_logits(n_exits: int, seed: int = 0) -> torch.Tensor:
    """Rows of every kind: usual, without a positive logit from some exit on, tied, with -inf, huge."""
    logits = torch.randn(n_exits, 60, 20, generator=torch.Generator().manual_seed(seed)) * 4
    logits[n_exits // 2 :, :20] -= 15
    logits[:, 20:25] = logits[:, 20:25].round()
    logits[:, 25:30, 3] = -torch.inf
    logits[:, 30:33] *= 1e6
    return logits


@pytest.mark.parametrize("n_exits", [1, 7, 40])
@pytest.mark.parametrize(("predictor", "chosen"), CASES)
def test_steps_equal_the_law_over_all_exits(predictor, chosen, n_exits):
    logits = hard_logits(n_exits)
    shown, _ = exit_by_exit(predictor, logits, chosen)
    expected = predict(predictor, logits, **chosen).probs
    tolerance = 5e-6 if predictor == "softmax-poe" and n_exits == 40 else 1e-6
    assert shown.dtype == torch.float32
    assert float((shown.double() - expected).abs().max()) <= tolerance


@settings(deadline=None, max_examples=40)
@given(seed=st.integers(0, 2**31), which=st.sampled_from(range(len(CASES))), n_exits=st.integers(1, 9))
def test_steps_equal_the_law_on_any_logits(seed, which, n_exits):
    predictor, chosen = CASES[which]
    logits = hard_logits(n_exits, seed)
    shown, _ = exit_by_exit(predictor, logits, chosen)
    assert float((shown.double() - predict(predictor, logits, **chosen).probs).abs().max()) <= 1e-6


def test_every_predictor_has_steps():
    assert set(STEPS) == set(PREDICTORS)


@pytest.mark.parametrize(("predictor", "chosen"), [case for case in CASES if case[0] != "hard-poe"])
def test_a_sample_keeps_what_is_counted(predictor, chosen):
    logits = hard_logits(7)
    _, states = exit_by_exit(predictor, logits, chosen)
    kept = [sum(one[0].numel() * one.element_size() for one in state if one.shape[-1] % 20 == 0) for state in states]
    cost = correction_cost(predictor, chosen, n_exits=7, n_classes=20)
    scalars = 4 if predictor == "ca" else 0  # its confidence
    assert [bytes_ + scalars for bytes_ in kept[:-1]] == list(cost.bytes_kept[:-1])


def test_nan_logits_are_never_an_answer_again():
    for predictor in STEPS:
        logits = hard_logits(4)
        logits[1, 5, 7] = torch.nan
        shown, _ = exit_by_exit(predictor, logits, {})
        assert not shown[0].isnan().any()
        assert shown[1:, 5].isnan().all(), predictor
        assert not shown[:, np.arange(60) != 5].isnan().any()


def test_an_unknown_predictor_is_named():
    with pytest.raises(ValueError, match="predictor mine is not known exit by exit: choose one of baseline, pa"):
        steps_of("mine", {}, 3)
