"""Traces on a real GPU, fused where they are and on the reference path elsewhere, against the CPU's reference.

`python -m pytest --noconftest tests/cuda` needs no run and none of the app's packages.
"""

import numpy as np
import pytest
import torch

from analysis.predictors import PREDICTORS, resolve
from analysis.traces import trace_logits
from analysis.traces.on_device import fused_requests, trace_tensor, trace_uploaded
from analysis.traces.table import PER_EXIT, Traces

pytestmark = [pytest.mark.cuda, pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device")]
SIZES = {
    "ImageNet": (5, 2000, 1000, torch.float16),
    "CIFAR-100": (7, 2000, 100, torch.bfloat16),
    "odd": (4, 501, 130, torch.float32),
    "three classes": (3, 257, 3, torch.float16),
}


def make(size: str) -> tuple[torch.Tensor, np.ndarray]:
    """Seeded logits whose true class stands out more at later exits; a few labels are unknown."""
    n_exits, n_samples, n_classes, dtype = SIZES[size]
    generator = torch.Generator().manual_seed(n_classes)
    labels = torch.randint(-1, n_classes, (n_samples,), generator=generator)
    logits = 2 * torch.randn(n_samples, n_classes, generator=generator) + torch.randn(
        n_exits, n_samples, n_classes, generator=generator
    )
    logits[:, torch.arange(n_samples), labels.clamp_min(0)] += torch.linspace(1, 6, n_exits)[:, None]
    logits[:, ::50] -= 12  # most of these collapse
    logits[:, 1::50, ::2] = -torch.inf
    return logits.to(dtype), labels.numpy()


def assert_equal(found: Traces, expected: Traces) -> None:
    for column in PER_EXIT:
        here, there = getattr(found, column), getattr(expected, column)
        assert here.dtype == there.dtype, column
        if here.dtype == np.float32:
            relative, absolute = {"log_true_class_prob": (3e-6, 1e-12), "entropy": (1e-6, 2e-6)}.get(column, (0, 1e-6))
            np.testing.assert_allclose(here, there, rtol=relative, atol=absolute, err_msg=column)
        else:
            np.testing.assert_array_equal(here, there, err_msg=column)
    for key, fall in expected.falls.items():
        known = ~np.isnan(fall.size)
        np.testing.assert_allclose(found.falls[key].size, fall.size, rtol=0, atol=1e-6, err_msg=str(key))
        apart = (found.falls[key].from_exit != fall.from_exit) | (found.falls[key].to_exit != fall.to_exit)
        assert (apart & known & (fall.size > 1e-6)).mean() < 0.005, key  # several fall equally far


@pytest.fixture(scope="module", params=SIZES)
def sized(request):
    logits, labels = make(request.param)
    return logits, labels, logits.cuda()


@pytest.mark.parametrize("predictor", PREDICTORS)
def test_traces_equal_the_cpu(sized, predictor):
    logits, labels, on_device = sized
    found = trace_logits(on_device, torch.from_numpy(labels).cuda(), predictor)
    assert_equal(found, trace_logits(logits.float().numpy(), labels, predictor))


def test_several_together_and_uploaded_in_chunks(sized):
    logits, labels, on_device = sized
    requests = {name: resolve(name, {}, n_exits=len(logits)) for name in ("baseline", "pa", "ca")}
    together = trace_tensor(on_device, labels, requests)
    uploaded = trace_uploaded(logits, labels, requests, step=200)
    assert list(fused_requests(on_device, requests)) == ["baseline", "pa"]
    for name in requests:
        expected = trace_logits(logits.float().numpy(), labels, name)
        assert_equal(together[name], expected)
        assert_equal(uploaded[name], expected)


@pytest.mark.parametrize(
    "settings",
    [
        {"threshold": 0.5, "threshold_mode": "zero", "temperature": 1.5},
        {"threshold": 0.3, "cap": 4.0, "weights": "uniform"},
        {"fallback": "previous"},
        {"activation": "softplus"},
    ],
)
def test_settings_of_pa(settings):
    logits, labels = make("odd")
    expected = trace_logits(logits.numpy(), labels, "pa", **settings)
    assert_equal(trace_logits(logits.cuda(), labels, "pa", **settings), expected)


@pytest.mark.parametrize("predictor", ["baseline", "pa", "moe"])
@pytest.mark.parametrize("value", [torch.nan, torch.inf])
def test_invalid_logits_are_refused_by_exit_and_sample(predictor, value):
    logits, labels = make("odd")
    logits[2, 321, 17] = value
    with pytest.raises(ValueError, match=r"logits\[2, 321\] holds .* \(exit 3, sample 322 of 501\)"):
        trace_logits(logits.cuda(), labels, predictor)
    with pytest.raises(ValueError, match=r"logits\[2, 321\] holds .* \(exit 3, sample 322 of 501\)"):
        trace_uploaded(logits, labels, {predictor: resolve(predictor, {}, n_exits=4)}, step=100)
