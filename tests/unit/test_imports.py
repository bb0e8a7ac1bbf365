"""Who may import whom, and what must not be loaded: checked on the source, and in fresh interpreters."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

PROJECT = Path(__file__).resolve().parents[2]

# folder or file -> what of the project it may import (itself always)
BORDERS = {
    "analysis/run.py": (),
    "analysis/symlog.py": (),
    "analysis/storage": ("analysis.run",),
    "analysis/predictors": (),
    "analysis/metrics": ("analysis.symlog",),
    "analysis/policies": ("analysis.predictors",),
    "analysis/figures": ("analysis.symlog",),
    "analysis/traces": ("analysis.run", "analysis.storage", "analysis.predictors", "analysis.metrics"),
    "analysis/selection": ("analysis.run", "analysis.traces", "analysis.symlog", "analysis.predictors"),
    "analysis/models": ("analysis.run", "analysis.storage", "analysis.traces"),
    "analysis/attribution": ("analysis.models", "analysis.predictors", "analysis.storage"),
}


def imported(path: Path) -> set[str]:
    """Every module that a file imports, wherever in the file."""
    names = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import"
            names.add(node.module)
            names.update(f"{node.module}.{alias.name}" for alias in node.names)
    return names


def files(place: str) -> list[Path]:
    path = PROJECT / place
    return [path] if path.suffix else sorted(path.rglob("*.py"))


def within(name: str, packages: tuple[str, ...]) -> bool:
    return any(name == package or name.startswith(f"{package}.") for package in packages)


@pytest.mark.parametrize("place", BORDERS)
def test_the_library_keeps_its_borders(place):
    own = place.removesuffix(".py").replace("/", ".")
    for path in files(place):
        for name in imported(path):
            if within(name, ("analysis", "app")) and name != "analysis":
                assert within(name, (own, *BORDERS[place])), f"{path.relative_to(PROJECT)} imports {name}"


def test_only_the_app_imports_streamlit_and_only_it_imports_the_app():
    for path in files("analysis"):
        assert not any(within(name, ("streamlit", "app")) for name in imported(path)), path


def test_figures_need_plotly_and_numpy_only():
    allowed = ("plotly", "numpy", "analysis", "__future__", *sys.stdlib_module_names)
    for path in files("analysis/figures"):
        assert all(within(name, allowed) for name in imported(path)), path


@pytest.mark.parametrize(
    "code",
    [
        "import analysis.run, analysis.storage, analysis.predictors, analysis.traces, analysis.selection",
        "import analysis.models, analysis.models.recipes, analysis.attribution",
        "import analysis.cli, analysis.summary, analysis.figures.trajectories, analysis.storage.importers",
        "from analysis.storage import load_run; from analysis.traces import load_traces\n"
        "for predictor in ('baseline', 'pa'): load_traces(load_run('cached_runs/msdnet-cifar100'), predictor)",
        "from streamlit.testing.v1 import AppTest\n"
        "page = AppTest.from_file('app/dashboard.py', default_timeout=120).run()\n"
        "assert not page.exception, page.exception",
    ],
    ids=["library", "models", "commands", "bundled traces", "first page"],
)
def test_no_torch_is_loaded(code, tmp_path):
    end = "\nimport sys; loaded = {'torch', 'captum', 'torchvision'} & set(sys.modules); assert not loaded, loaded"
    environment = {"EXITLENS_CACHE": str(tmp_path), "EXITLENS_STATE": str(tmp_path), "PATH": "/usr/bin:/bin"}
    done = subprocess.run(
        [sys.executable, "-c", code + end], cwd=PROJECT, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr[-2000:]
