"""PA's law is differentiable: gradients as calculus has them, and never NaN where a class has no support."""

import pytest
import torch

from analysis.predictors.activations import log_activation
from analysis.predictors.product_anytime import log_product


def test_the_running_sum_is_the_product_in_logarithms():
    factors = torch.tensor([[[2.0, 3.0, 0.0]], [[4.0, 0.0, 5.0]], [[1.0, 1.0, 1.0]]], dtype=torch.float64)
    product = (factors ** torch.tensor([0.5, 1.0, 0.0])[:, None, None]).cumprod(0)  # 0 ** 0 = 1
    torch.testing.assert_close(log_product(log_activation(factors, "relu"), (0.5, 1.0, 0.0)).exp(), product)


def test_the_gradient_of_a_log_factor_is_its_weight_over_the_logit():
    logits = torch.tensor([[[2.0, 4.0]], [[5.0, 0.5]]], dtype=torch.float64, requires_grad=True)
    log_product(log_activation(logits, "relu"), (0.5, 1.0))[-1].sum().backward()
    torch.testing.assert_close(
        logits.grad, torch.tensor([0.5, 1.0], dtype=torch.float64)[:, None, None] / logits.detach()
    )


@pytest.mark.parametrize("arriving", [0.0, 1.0, torch.inf, torch.nan])
def test_no_gradient_passes_where_there_is_no_support_whatever_arrives(arriving):
    logits = torch.tensor([-torch.inf, -1.0, -0.0, 0.0], dtype=torch.float64, requires_grad=True)
    factors = log_activation(logits, "relu")
    assert factors.isneginf().all()
    factors.backward(torch.full_like(logits, arriving))
    assert (logits.grad == 0).all()


def test_an_exit_of_weight_zero_has_no_gradient():
    logits = torch.tensor([[[0.0, 4.0]], [[5.0, 0.5]]], dtype=torch.float64, requires_grad=True)
    scores = log_product(log_activation(logits, "relu"), (0.0, 1.0))
    scores[-1].log_softmax(-1)[0, 0].backward()
    assert torch.isfinite(logits.grad).all()
    assert (logits.grad[0] == 0).all()
    assert (logits.grad[1] != 0).all()
