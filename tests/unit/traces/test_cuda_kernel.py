"""The Triton kernel, run by Triton's interpreter on the CPU, against the reference path."""

import os
import subprocess
import sys

import numpy as np
import pytest
import torch

from analysis.predictors import resolve
from analysis.traces import trace_logits
from analysis.traces.table import PER_EXIT

pytest.importorskip("triton")

N_SAMPLES = 6
INTERPRET = """
import sys
import torch
from analysis.traces import cuda_launch, on_device

flags = []

def launch(*given):
    written = cuda_launch.launch(*given)
    flags[:] = [a | b for a, b in zip(flags or [0] * len(written.flags), written.flags.tolist())]
    return written

on_device.launch = launch
cases, out = sys.argv[1:]
found = {}
for name, (logits, labels, requests) in torch.load(cases, weights_only=False).items():
    fused = list(on_device.fused_requests(logits, requests))
    flags.clear()
    try:
        result = on_device.trace_tensor(logits, labels, requests)
    except ValueError as error:
        result = str(error)
    found[name] = fused, list(flags), result
torch.save(found, out)
"""
"""The interpreter has to be chosen before Triton is imported, so it has a process of its own."""


def random_logits(n_exits: int, n_classes: int, seed: int, spread: float = 3.0) -> torch.Tensor:
    return spread * torch.randn(n_exits, N_SAMPLES, n_classes, generator=torch.Generator().manual_seed(seed))


def tied(n_classes: int, seed: int) -> torch.Tensor:
    """Logits of few values: most rows have several maxima, and products of the same factors in another order."""
    values = torch.tensor([-1.0, 0.5, 2.0, 3.0])
    generator = torch.Generator().manual_seed(seed)
    return values[torch.randint(4, (3, N_SAMPLES, n_classes), generator=generator)]


def with_minus_infinity() -> torch.Tensor:
    logits = random_logits(3, 30, 5)
    logits[logits < 1] = -torch.inf
    logits[..., 7] = 0.25
    return logits


def collapsing() -> torch.Tensor:
    """Samples whose support is empty from the first, second or third exit on, one with zeros, one that is confident."""
    logits = random_logits(3, 20, 6).abs()
    logits[0, 0] *= -1
    logits[1, 1] *= -1
    logits[2, 2] = 0
    logits[1, 3, :10] *= -1
    logits[2, 3, 10:] *= -1
    logits[:, 4, 3] = 60
    return logits


def both(**settings) -> dict:
    return {"baseline": {}, "pa": settings}


CASES = {
    "3 classes": (random_logits(2, 3, 0).half(), both()),
    "130 classes": (random_logits(2, 130, 1).half(), both()),
    "bfloat16": (random_logits(2, 33, 2).bfloat16(), both()),
    "float32": (random_logits(5, 32, 3), both()),
    "ties": (tied(12, 0).half(), both(weights="uniform")),
    "ties in float32": (tied(12, 1), both()),
    "-inf": (with_minus_infinity().half(), both()),
    "collapses": (collapsing(), both()),
    "confident": (random_logits(3, 10, 4, spread=30).half(), both(weights=[0.5, 0.0, 2.0])),
    "clamp": (random_logits(3, 20, 8), both(threshold=0.3)),
    "zero": (random_logits(3, 20, 9).half(), both(threshold=1.0, threshold_mode="zero", temperature=0.7)),
    "cap": (random_logits(3, 20, 10).half(), both(cap=2.5, threshold=-1.0)),
    "many ties": (torch.ones(2, N_SAMPLES, 33).half(), both()),
    "temperature": (random_logits(3, 20, 11), {"baseline": {"temperature": 2.5}}),
    "one predictor": (random_logits(3, 20, 12), {"pa": {}}),
    "beside the reference": (random_logits(3, 20, 13), {"moe": {}, "pa": {}}),
}


UNDECIDED = {"many ties": list(range(N_SAMPLES))}
"""Samples that the kernel leaves to the reference path."""


def make_labels(n_classes: int) -> np.ndarray:
    labels = np.random.default_rng(n_classes).integers(0, n_classes, N_SAMPLES)
    labels[-1] = -1
    return labels


def invalid(value: float) -> torch.Tensor:
    logits = random_logits(3, 20, 14)
    logits[1, 4, 2] = value
    logits[2, 2] = value if value < 0 else logits[2, 2]
    return logits


INVALID = {
    "NaN": (invalid(torch.nan), "logits[1, 4] holds NaN (exit 2, sample 5 of 6)"),
    "+inf": (invalid(torch.inf), "logits[1, 4] holds +inf (exit 2, sample 5 of 6)"),
    "only -inf": (invalid(-torch.inf), "logits[2, 2] is -inf for every class (exit 3, sample 3 of 6)"),
}


@pytest.fixture(scope="module")
def found(tmp_path_factory):
    """What the kernel gives for every case."""
    folder = tmp_path_factory.mktemp("kernel")
    cases = {
        name: (
            logits,
            make_labels(logits.shape[2]),
            {key: resolve(key, settings, n_exits=len(logits)) for key, settings in requests.items()},
        )
        for name, (logits, requests) in (
            CASES | {f"{name} {key}": (INVALID[name][0], {key: {}}) for name in INVALID for key in both()}
        ).items()
    }
    torch.save(cases, folder / "cases.pt")
    environment = os.environ | {"TRITON_INTERPRET": "1", "PYTHONWARNINGS": "ignore"}
    command = [sys.executable, "-c", INTERPRET, str(folder / "cases.pt"), str(folder / "found.pt")]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    return torch.load(folder / "found.pt", weights_only=False)


@pytest.mark.parametrize("name", CASES)
def test_kernel_equals_the_reference(found, name):
    logits, requests = CASES[name]
    fused, flags, traces = found[name]
    assert fused == [key for key in requests if key in ("baseline", "pa")]
    assert [i for i, flag in enumerate(flags) if flag] == UNDECIDED.get(name, [])
    for predictor, settings in requests.items():
        labels = make_labels(logits.shape[2])
        expected = trace_logits(logits.float().numpy(), labels, predictor, **settings)
        for column in PER_EXIT:
            here, there = getattr(traces[predictor], column), getattr(expected, column)
            assert here.dtype == there.dtype, column
            if here.dtype == np.float32:
                relative = 1e-6 if column == "log_true_class_prob" else 0
                np.testing.assert_allclose(here, there, rtol=relative, atol=1e-6 * (relative == 0), err_msg=column)
            else:
                np.testing.assert_array_equal(here, there, err_msg=column)
        for key, fall in expected.falls.items():
            np.testing.assert_allclose(
                traces[predictor].falls[key].size, fall.size, rtol=0, atol=1e-6, err_msg=str(key)
            )
        for kind in ("absolute", "relative"):
            key = "any_class", kind
            if name == "confident":  # several classes fall by all but 1e-16 of their probability
                continue
            np.testing.assert_array_equal(traces[predictor].falls[key].from_exit, expected.falls[key].from_exit)
            np.testing.assert_array_equal(traces[predictor].falls[key].to_exit, expected.falls[key].to_exit)


@pytest.mark.parametrize("predictor", both())
@pytest.mark.parametrize("name", INVALID)
def test_kernel_refuses_what_the_reference_refuses(found, name, predictor):
    fused, flags, message = found[f"{name} {predictor}"]
    assert max(flags) == 1
    assert fused == [predictor]
    assert message.startswith(INVALID[name][1])


def test_other_settings_take_the_reference_path():
    from analysis.traces.cuda_launch import is_fused

    def fused(predictor: str, shape=(5, 10, 100), dtype=torch.float16, **settings) -> bool:
        return is_fused(shape, dtype, predictor, resolve(predictor, settings, n_exits=shape[0]))

    assert fused("baseline")
    assert fused("pa", threshold=0.5, cap=3.0)
    assert not fused("baseline", activation="relu")
    assert not fused("pa", activation="softplus")
    assert not fused("pa", fallback="none")
    assert not fused("pa", relative_threshold=0.1)
    assert not fused("pa", shape=(40, 10, 100), weights="uniform")
    assert not fused("pa", dtype=torch.float64)
    assert not fused("pa", shape=(5, 10, 30000))
    assert not fused("moe")
