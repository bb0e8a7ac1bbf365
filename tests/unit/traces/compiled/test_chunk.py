"""The compiled kernel against the reference path: every predictor, setting, type and edge."""

import ast
import decimal
import subprocess
import sys

import numpy as np
import pytest

from analysis.predictors import resolve
from analysis.traces import trace_logits
from analysis.traces.compiled import chunk, fused_chunk, fused_requests
from analysis.traces.compute import reference_chunk, trace_chunk, trace_chunks

pytest.importorskip("numba")

IDS = chunk.METHODS
SETTINGS = {
    "baseline": [
        {},
        {"temperature": 2.5},
        {"activation": "relu"},
        {"activation": "heaviside", "fallback": "previous"},
        {"activation": "relu", "fallback": "none"},
    ],
    "pa": [
        {},
        {"weights": "uniform", "fallback": "previous"},
        {"weights": (0.0, 2.0, 0.5), "fallback": "none"},
        {"activation": "softplus", "threshold": 1.0, "cap": 3.0},
        {"activation": "heaviside", "temperature": 0.6},
        {"threshold": 0.5},
        {"threshold": 0.3, "threshold_mode": "zero"},
        {"relative_threshold": 0.3},
        {"relative_threshold": 0.3, "threshold_mode": "zero", "cap": 1.5},
    ],
    "hard-poe": [{}, {"threshold": 0.5, "fallback": "previous"}, {"relative_threshold": 0.4, "fallback": "none"}],
    "softmax-poe": [
        {},
        {"combine": "mean", "temperature": 1.7},
        {"fallback": "previous"},
        {"combine": "mean", "fallback": "none"},
    ],
    "moe": [
        {},
        {"activation": "relu"},
        {"activation": "heaviside", "fallback": "previous"},
        {"activation": "relu", "fallback": "none"},
    ],
    "ca": [{}],
    "adaptive-pa": [
        {},
        {"mass": 0.0, "fallback": "none"},
        {"mass": 0.5, "weights": "uniform", "fallback": "previous"},
        {"mass": 0.9, "weights": (0.0, 2.0, 0.5)},
        {"mass": 1.0},
    ],
    "exit-ensemble": [
        {},
        {"weights": "latest", "activation": "relu"},
        {"weights": (1.0, 0.3, 0.7, 0.0, 0.25, 0.75), "activation": "heaviside"},
    ],
    "agreement-vote": [{}, {"power": 0.0}, {"power": 100.0}],
}
CASES = [(name, settings) for name, several in SETTINGS.items() for settings in several]
N_EXITS, N_SAMPLES = 3, 40


def permuted(rng: np.random.Generator) -> np.ndarray:
    """Products of the same factors in another order, which are ties that float64 does not see."""
    factors = rng.choice([0.1, 0.7, 1.3, 2.9, 0.3], (N_EXITS, N_SAMPLES))
    return np.stack([rng.permuted(factors, axis=0) for _ in range(33)], -1)


def with_minus_infinity(rng: np.random.Generator) -> np.ndarray:
    logits = rng.normal(0, 3, (N_EXITS, N_SAMPLES, 20))
    logits[rng.random(logits.shape) < 0.5] = -np.inf
    logits[..., 0] = np.where(np.isneginf(logits).all(-1), 1.0, logits[..., 0])
    return logits


LOGITS = {
    "plain": lambda rng: rng.normal(0, 3, (N_EXITS, N_SAMPLES, 70)),
    "few classes": lambda rng: rng.normal(0, 3, (N_EXITS, N_SAMPLES, 3)),
    "one class": lambda rng: rng.normal(0, 3, (N_EXITS, N_SAMPLES, 1)),
    "confident": lambda rng: rng.normal(0, 40, (N_EXITS, N_SAMPLES, 40)),
    "ties": lambda rng: rng.choice([-1.0, 0.5, 0.75, 2.0, 3.0], (N_EXITS, N_SAMPLES, 33)),
    "ties in another order": permuted,
    "-inf": with_minus_infinity,
    "collapses": lambda rng: rng.normal(0, 3, (N_EXITS, N_SAMPLES, 5)) - rng.choice([0, 3, 9], (N_EXITS, N_SAMPLES, 1)),
    "all equal": lambda rng: np.ones((N_EXITS, N_SAMPLES, 65)),
}


def make(kind: str, dtype: type = np.float64) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(sorted(LOGITS).index(kind))
    logits = LOGITS[kind](rng).astype(dtype)
    labels = rng.integers(0, logits.shape[2], N_SAMPLES)
    labels[::9] = -1
    return logits, labels


def same(found, expected) -> None:
    """Integers, masks and exits exactly, real numbers to the last digit or two of float32."""
    for name, there in expected[0].items():
        here = found[0][name]
        assert here.dtype == there.dtype, name
        if name == "log_true_class_prob":  # the reference's own error is 1e-16 of the largest score
            np.testing.assert_allclose(here, there, rtol=1e-6, atol=1e-13, err_msg=name)
        elif there.dtype == np.float32:
            np.testing.assert_allclose(here, there, rtol=0, atol=1.3e-7, err_msg=name)
        else:
            np.testing.assert_array_equal(here, there, err_msg=name)
    assert found[1].keys() == expected[1].keys()
    for key, fall in expected[1].items():
        np.testing.assert_allclose(found[1][key].size, fall.size, rtol=0, atol=2e-7, err_msg=str(key))
        np.testing.assert_array_equal(found[1][key].from_exit, fall.from_exit, err_msg=str(key))
        np.testing.assert_array_equal(found[1][key].to_exit, fall.to_exit, err_msg=str(key))


@pytest.mark.parametrize("kind", LOGITS)
@pytest.mark.parametrize(("name", "settings"), CASES, ids=str)
def test_kernel_equals_the_reference(kind, name, settings):
    logits, labels = make(kind)
    resolved = resolve(name, settings, n_exits=N_EXITS)
    found, undecided = fused_chunk(logits, labels, {name: resolved})
    assert not len(undecided)
    same(found[name], reference_chunk(logits, labels, name, resolved))


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.int32])
def test_every_type_of_logits(dtype):
    logits, labels = make("plain", dtype)
    requests = {name: resolve(name, {}, n_exits=N_EXITS) for name in IDS}
    found, _ = fused_chunk(logits, labels, requests)
    for name, settings in requests.items():
        same(found[name], reference_chunk(logits, labels, name, settings))


def test_bfloat16_counts_as_float32():
    import torch

    logits, labels = make("plain", np.float32)
    tensor = torch.tensor(logits).bfloat16()
    settings = resolve("pa", {"threshold": 0.3}, n_exits=N_EXITS)
    same(fused_chunk(tensor, labels, {"pa": settings})[0]["pa"], reference_chunk(tensor, labels, "pa", settings))


@pytest.mark.parametrize("order", [(2, 0, 1), (0, 2, 1)])
def test_any_layout_in_memory(order):
    logits, labels = make("plain", np.float16)
    moved = np.ascontiguousarray(logits.transpose(order)).transpose(np.argsort(order))
    settings = {"pa": resolve("pa", {}, n_exits=N_EXITS)}
    same(fused_chunk(moved, labels, settings)[0]["pa"], fused_chunk(logits, labels, settings)[0]["pa"])


def test_log_probability_of_the_true_class_to_1e_9():
    logits, labels = make("confident", np.float16)
    labels = np.maximum(labels, 0)
    floats = chunk.run_kernel(logits, labels, {"baseline": resolve("baseline")}, logits.dtype)[0]
    with decimal.localcontext(prec=400):
        for m in range(N_EXITS):
            for s in range(N_SAMPLES):
                row = [decimal.Decimal(float(f)) for f in logits[m, s]]
                exact = row[labels[s]] - sum(f.exp() for f in row).ln()
                here = decimal.Decimal(float(floats[0, 0, m, s]))
                assert abs(here - exact) <= decimal.Decimal("1e-9") * abs(exact)


def test_several_predictors_in_one_visit():
    logits, labels = make("collapses", np.float16)
    requests = {name: resolve(name, {}, n_exits=N_EXITS) for name in IDS}
    together = trace_chunks(lambda a, b: logits[:, a:b], logits.shape, labels, requests, None)
    for name in IDS:
        alone = trace_logits(logits, labels, name)
        np.testing.assert_array_equal(together[name].rank, alone.rank)
        np.testing.assert_array_equal(together[name].entropy, alone.entropy)
        for key, fall in alone.falls.items():
            np.testing.assert_array_equal(together[name].falls[key].size, fall.size)


@pytest.mark.parametrize(
    ("name", "place", "value"),
    [("moe", (slice(None), 7, 3), -2000.0), ("pa", (1, 7, 3), 1e-310)],
    ids=["a mixture that underflows", "a subnormal logit"],
)
def test_what_the_kernel_leaves_undecided_takes_the_reference_path(name, place, value):
    logits, labels = make("plain")
    logits[place] = value
    settings = resolve(name, {}, n_exits=N_EXITS)
    _, undecided = fused_chunk(logits, labels, {name: settings})
    assert undecided.tolist() == [7]
    same(trace_chunk(logits, labels, {name: settings})[name], reference_chunk(logits, labels, name, settings))


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
@pytest.mark.parametrize("name", IDS)
@pytest.mark.parametrize(
    ("value", "text"),
    [(np.nan, "holds NaN"), (np.inf, "holds +inf"), (-np.inf, "is -inf for every class")],
    ids=["NaN", "+inf", "only -inf"],
)
def test_kernel_refuses_what_the_reference_refuses(dtype, name, value, text):
    logits, labels = make("plain", dtype)
    logits[1, 4, slice(None) if value < 0 else 2] = value
    with pytest.raises(ValueError, match="logits") as error:
        fused_chunk(logits, labels, {name: resolve(name, {}, n_exits=N_EXITS)}, 10, 100)
    assert str(error.value).startswith(f"logits[1, 14] {text}")
    assert "(exit 2, sample 15 of 100)" in str(error.value)


def test_without_numba_the_reference_path_computes_and_says_so(monkeypatch, caplog):
    logits, labels = make("plain")
    expected = trace_logits(logits, labels, "pa")
    monkeypatch.setitem(sys.modules, "analysis.traces.compiled.kernel", None)
    chunk.kernel_or_none.cache_clear()
    try:
        traces = trace_logits(logits, labels, "pa")
        assert not fused_requests({"pa": {}})
    finally:
        chunk.kernel_or_none.cache_clear()
    np.testing.assert_array_equal(traces.predicted, expected.predicted)
    assert [record.getMessage() for record in caplog.records if "numba" in record.getMessage()] == [
        "numba cannot be used here (import of analysis.traces.compiled.kernel halted; None in sys.modules): "
        "traces are computed by torch, many times slower"
    ]


def test_machine_code_is_kept_in_the_cache_folder_and_traces_need_no_torch(tmp_path):
    code = (
        "import sys, logging, numpy as np; logging.basicConfig(level='INFO')\n"
        "from analysis.traces import trace_logits\n"
        "trace_logits(np.ones((2, 3, 4)), [0, 1, 2], 'moe')\n"
        "assert 'torch' not in sys.modules"
    )
    environment = {"EXITLENS_CACHE": str(tmp_path), "PATH": "/usr/bin:/bin", "PYTHONPATH": ":".join(sys.path)}
    said = []
    for _ in range(2):
        done = subprocess.run(
            [sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr[-2000:]
        said.append(done.stderr)
    assert "compiling the computation of traces" in said[0]
    assert "compiling" not in said[1]
    assert list((tmp_path / "compiled").rglob("*.nbc"))


def test_what_becomes_machine_code_is_in_the_name_of_its_folder(monkeypatch, tmp_path):
    from analysis.runtime.code_version import source_of
    from analysis.traces.compiled import compiler

    sources = {str(source_of(name)) for name in ("analysis.metrics.decrease", "analysis.traces.ties")}
    assert set(compiler.CONSTANTS) == sources
    folder = source_of("analysis.traces.compiled")
    for name in ("kernel", "rows", "scores", "arithmetic"):
        tree = ast.parse(folder.with_name(f"{name}.py").read_text())
        named = {node.module for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
        outside = {module for module in named if module.startswith("analysis.") and "compiled" not in module}
        assert outside <= {"analysis.metrics.decrease", "analysis.traces.ties"}
    before = compiler.code_folder()
    changed = tmp_path / "ties.py"
    changed.write_text("TIE = 0.0\n")
    monkeypatch.setattr(compiler, "CONSTANTS", (compiler.CONSTANTS[0], str(changed)))
    compiler.code_folder.cache_clear()
    try:
        assert compiler.code_folder() != before
    finally:
        compiler.code_folder.cache_clear()
