"""Someone's own predictor: found, described without being run, checked, and part of the key."""

import re
import subprocess
import sys

import numpy as np
import pytest

from analysis.predictors import (
    PREDICTORS,
    available_predictors,
    custom,
    custom_predictor,
    find_predictor,
    predict,
    predictor_errors,
    resolve,
    settings_key,
)

SOURCE = '''
"""A file with a correction of someone's own."""
import torch


def sharpen(logits, power=2, *, mode="plain", flag: bool = False):
    """Softmax of the logits times a power.

    More text.
    """
    assert logits.dtype == torch.float32
    if mode == "broken":
        raise RuntimeError("no such mode")
    return torch.softmax(logits * power, -1)


def needs_one(logits, amount):
    return torch.softmax(logits * amount, -1)


def open_ended(logits, **settings):
    return torch.softmax(logits * settings.get("power", 1), -1)


def computed(logits, device=torch.device("cpu")):
    return torch.softmax(logits, -1)


def bad(logits, kind="none"):
    probs = torch.softmax(logits, -1)
    if kind == "shape":
        return probs[..., :1]
    if kind == "list":
        return probs.tolist()
    if kind == "complex":
        return probs + 0j
    if kind == "sparse":
        return probs.to_sparse()
    if kind == "meta":
        return probs.to("meta")
    if kind == "exit":
        raise SystemExit(0)
    if kind == "inplace":
        logits.zero_()
        return probs
    probs[1, 2, 0] = {"nan": float("nan"), "inf": float("inf"), "negative": -1.0, "sum": 3.0}[kind]
    return probs


def half(logits):
    return torch.softmax(logits, -1).half()


def numpy_too(logits):
    return torch.softmax(logits, -1).numpy()


def with_gradient(logits):
    with torch.enable_grad():
        return torch.softmax(logits * torch.ones((), requires_grad=True), -1)


def nothing():
    return 1


partial = sharpen
number = 3
'''


@pytest.fixture(autouse=True)
def nothing_named_yet(monkeypatch):
    monkeypatch.setattr(custom, "_registered", {})


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "mine.py"
    path.write_text(SOURCE)
    return path


@pytest.fixture
def logits():
    return np.random.default_rng(0).normal(0, 2, (3, 5, 4)).astype(np.float16)


def test_it_is_described_by_signature_and_docstring(file):
    row = custom_predictor(f"{file}:sharpen")
    assert row.id == "sharpen"
    assert row.summary == "Softmax of the logits times a power."
    assert {s.name: s.default for s in row.settings} == {"power": 2, "mode": "plain", "flag": False}
    assert not row.needs_logits
    assert find_predictor("sharpen") == row


def test_it_predicts(file, logits):
    prediction = predict(f"{file}:sharpen", logits, power="3")
    expected = predict("baseline", logits, temperature=1 / 3)
    np.testing.assert_allclose(prediction.probs, expected.probs, atol=1e-6)
    np.testing.assert_allclose(prediction.probs.sum(-1), 1, atol=1e-14)
    assert not prediction.collapsed.any()


@pytest.mark.parametrize(
    ("name", "atol"), [("half", 1e-3), ("numpy_too", 1e-6), ("with_gradient", 1e-6), ("computed", 1e-6)]
)
def test_other_types_are_taken(file, logits, name, atol):
    prediction = predict(f"{file}:{name}", logits)
    np.testing.assert_allclose(prediction.probs, predict("baseline", logits).probs, atol=atol)


def test_it_may_change_its_input(file, logits):
    tensor = logits.astype(np.float32)
    predict(f"{file}:bad", tensor, kind="inplace")
    np.testing.assert_array_equal(tensor, logits)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("3", 3),
        ("0.5", 0.5),
        ("[1, 2]", [1, 2]),
        ("true", True),
        ("None", None),
        ("fast", "fast"),
        ("'5'", "5"),
        ("1 +", "1 +"),
        ("{[1]: 2}", "{[1]: 2}"),
        ("{1: 2, (3, 'a'): None}", {1: 2, (3, "a"): None}),
    ],
)
def test_settings_are_literals(file, text, value):
    resolved = resolve(f"{file}:sharpen", {"power": text})
    assert resolved["power"] == value
    assert resolve(f"{file}:sharpen", resolved) == resolved


def test_its_settings_are_checked(file, logits):
    with pytest.raises(ValueError, match=re.escape("sharpen has no setting 'powr': it takes power, mode and flag")):
        resolve(f"{file}:sharpen", {"powr": 1})
    with pytest.raises(ValueError, match="needs_one needs the setting 'amount'"):
        predict(f"{file}:needs_one", logits)
    assert resolve(f"{file}:open_ended", {"power": "2"}) == {"power": 2}
    assert resolve(f"{file}:computed") == {}


@pytest.mark.parametrize(
    ("kind", "message"),
    [
        ("shape", "returned shape (3, 5, 1) for logits of shape (3, 5, 4): return the same shape"),
        ("list", "returned list: return a tensor of probabilities"),
        ("complex", "returned values of type torch.complex64: return a tensor of real probabilities"),
        ("sparse", "returned a tensor that is not dense: return a dense tensor of probabilities"),
        ("meta", "returned a tensor that is not dense: return a dense tensor of probabilities"),
        ("exit", "raised SystemExit: 0"),
        ("nan", "returned NaN at exit 2, sample 103: return finite probabilities"),
        ("inf", "returned an infinite value at exit 2, sample 103"),
        ("negative", "returned -1 for a class at exit 2, sample 103"),
        ("sum", "at exit 2, sample 103: divide each row by its sum"),
    ],
)
def test_what_it_returns_is_checked(file, logits, kind, message):
    with pytest.raises(ValueError, match=re.escape(f"{file}:bad {message}") if kind != "sum" else re.escape(message)):
        predict(f"{file}:bad", logits, kind=kind, first_sample=100)


def test_what_it_raises_is_said_in_one_line(file, logits):
    with pytest.raises(ValueError, match=re.escape(f"{file}:sharpen raised RuntimeError: no such mode")):
        predict(f"{file}:sharpen", logits, mode="broken")


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        ("{file}:absent", "mine.py has no function absent: it defines bad, computed, half"),
        ("{file}:nothing", "mine.py:nothing takes no positional argument: let it take the logits first"),
        ("{folder}/none.py:f", "none.py cannot be read (No such file or directory): give the path of a Python file"),
        ("{file}:not-a-name", "is no known id"),
        ("{file}", "is no known id"),
    ],
)
def test_what_cannot_be_found_is_refused(file, tmp_path, spec, message):
    with pytest.raises(ValueError, match=re.escape(message)):
        resolve(spec.format(file=file, folder=tmp_path))


def test_what_is_no_function_is_refused(file, logits):
    with pytest.raises(ValueError, match="number is not a function"):
        predict(f"{file}:number", logits)
    predict(f"{file}:partial", logits)


def test_a_file_that_is_not_python_or_fails_is_refused(tmp_path, logits):
    path = tmp_path / "wrong.py"
    path.write_text("def f(:\n")
    with pytest.raises(ValueError, match=re.escape(f"{path}, line 1 is not valid Python")):
        custom_predictor(f"{path}:f")
    path.write_text("import nowhere_at_all\n\ndef f(logits):\n    return logits\n")
    custom_predictor(f"{path}:f")
    with pytest.raises(ValueError, match="raised ModuleNotFoundError when run: No module named 'nowhere_at_all'"):
        predict(f"{path}:f", logits)
    path.write_text("import sys\n\ndef f(logits, table={}):\n    return logits\n\nsys.exit(0)\n")
    with pytest.raises(ValueError, match="raised SystemExit when run: 0"):
        predict(f"{path}:f", logits)


@pytest.mark.parametrize(
    "source",
    [
        "import beside_it\n\ndef f(logits):\n    return beside_it.g(logits)\n",
        "from beside_it import g as f\n",
        "def f(logits):\n    from beside_it import g\n    return g(logits)\n",
        "import package_beside.inside\n\ndef f(logits):\n    return package_beside.inside.g(logits)\n",
        "from package_beside import inside\n\ndef f(logits):\n    return inside.g(logits)\n",
        "import beside_it as torch\n\ndef f(logits):\n    return torch.g(logits)\n",
    ],
)
def test_a_file_beside_it_is_not_imported(tmp_path, logits, monkeypatch, source):
    """It could change, and neither the cache nor this process would see it."""
    (tmp_path / "package_beside").mkdir()
    for place in ("beside_it.py", "package_beside/inside.py"):
        (tmp_path / place).write_text("def g(logits):\n    return logits.softmax(-1)\n")
    monkeypatch.syspath_prepend(tmp_path)
    path = tmp_path / "mine.py"
    path.write_text(source)
    try:
        with pytest.raises(ValueError, match=r"raised ImportError.*beside.*: move what is needed of it into the file"):
            predict(f"{path}:f", logits)
    finally:
        for name in ("beside_it", "package_beside", "package_beside.inside"):
            sys.modules.pop(name, None)


def test_what_is_installed_is_imported_and_so_is_this_library(tmp_path, logits):
    path = tmp_path / "mine.py"
    path.write_text(
        "import json, math, os.path, sys\nimport numpy.linalg\nfrom torch.nn import functional\n"
        "from analysis.predictors import activations\nfrom xml.dom import minidom\nimport numpy as np\n\n"
        "def f(logits):\n    from concurrent import futures\n    import torch.nn.functional as other\n"
        "    return other.softmax(logits, -1)\n"
    )
    predict(f"{path}:f", logits)


def test_a_default_that_is_no_literal_leaves_the_settings_open(tmp_path):
    path = tmp_path / "mine.py"
    path.write_text("def f(logits, table={[1]: 2}):\n    return logits\n")
    assert custom_predictor(f"{path}:f").open_settings


def test_a_built_in_id_is_refused(tmp_path):
    path = tmp_path / "mine.py"
    path.write_text("def pa(logits):\n    return logits\n")
    with pytest.raises(ValueError, match="has the id of a built-in predictor, pa"):
        custom_predictor(f"{path}:pa")


def test_the_file_is_part_of_the_key_and_run_as_it_is_now(tmp_path, logits):
    path = tmp_path / "mine.py"
    path.write_text("def uniform(logits):\n    return 0 * logits + 1 / logits.shape[-1]\n")
    before = settings_key(f"{path}:uniform")
    assert settings_key(f"{path}:uniform") == before
    np.testing.assert_allclose(predict(f"{path}:uniform", logits).probs, 0.25)
    path.write_text("def uniform(logits):\n    return logits.softmax(-1)\n")
    assert settings_key(f"{path}:uniform") != before
    np.testing.assert_allclose(predict(f"{path}:uniform", logits).probs, predict("baseline", logits).probs, atol=1e-6)
    assert [p.name for p in tmp_path.iterdir()] == ["mine.py"]


def test_settings_that_json_confuses_have_keys_of_their_own(file):
    values = [
        [1, 2],
        (1, 2),
        {1: 2},
        {"1": 2},
        {(1, 2): 3},
        {1: 2, "a": 3},
        {None: 1, True: 2},
        None,
        "'None'",
        True,
        1,
    ]
    assert len({settings_key(f"{file}:open_ended", {"power": value}) for value in values}) == len(values)


def test_the_environment_names_predictors(file, tmp_path, monkeypatch):
    monkeypatch.setenv("EXITLENS_PREDICTORS", f"{file}:sharpen, {file}:half,")
    assert list(available_predictors())[len(PREDICTORS) :] == ["sharpen", "half"]
    assert find_predictor("half").path == str(file)
    other = tmp_path / "other.py"
    other.write_text("def half(logits):\n    return logits\n")
    monkeypatch.setenv("EXITLENS_PREDICTORS", f"{file}:half,{other}:half")
    assert find_predictor("half").path == str(file)
    assert predictor_errors() == [f"EXITLENS_PREDICTORS names two functions half: give {other}:half another name"]


def test_one_broken_predictor_of_the_environment_leaves_the_others(file, tmp_path, monkeypatch):
    monkeypatch.setenv("EXITLENS_PREDICTORS", f"{tmp_path}/gone.py:lost,{file}:half,{file}:absent")
    assert list(available_predictors())[len(PREDICTORS) :] == ["half"]
    gone, absent = predictor_errors()
    assert gone.startswith(f"EXITLENS_PREDICTORS: predictor file {tmp_path}/gone.py cannot be read")
    assert absent.startswith(f"EXITLENS_PREDICTORS: predictor file {file} has no function absent")
    with pytest.raises(ValueError, match=r"predictor .lost. is no known id, and EXITLENS_PREDICTORS: .*gone.py cannot"):
        resolve("lost")


def test_naming_predictors_runs_no_file_and_imports_no_torch(file):
    code = (
        "import sys; from analysis.predictors import PREDICTORS, available_predictors;"
        "print(list(available_predictors())[len(PREDICTORS) :], 'torch' in sys.modules)"
    )
    environment = {"EXITLENS_PREDICTORS": f"{file}:sharpen", "PATH": ""}
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, env=environment)
    assert done.stdout.strip() == "['sharpen'] False"


def test_the_file_that_was_named_is_the_one_that_is_meant(file, tmp_path, monkeypatch):
    other = tmp_path / "other.py"
    other.write_text("def sharpen(logits):\n    return logits\n")
    monkeypatch.setenv("EXITLENS_PREDICTORS", f"{other}:sharpen")
    assert custom_predictor(f"{file}:sharpen").path == str(file)
    assert find_predictor("sharpen").path == str(file)
