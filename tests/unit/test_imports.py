"""Who may import whom, what each folder may hold, and what must not be loaded: checked on the source, and in fresh
interpreters. Imports inside functions and those for types alone count as any other."""

import ast
import functools
import subprocess
import sys
from pathlib import Path

import pytest

PROJECT = Path(__file__).resolve().parents[2]

OPEN = ("settings", "runtime", "reference")
"""Open to all; they import nothing of ours, not even each other."""

BORDERS = {
    "run": (),
    "images": ("run",),
    "storage": ("run", "images"),
    "predictors": ("run",),
    "metrics": (),
    "statistics": (),
    "policies": ("metrics",),
    "sets": ("metrics",),
    "traces": ("run", "storage", "predictors", "metrics"),
    "results": (*("run", "images", "storage", "predictors", "metrics", "statistics", "policies", "sets", "traces"),),
    "selection": ("run", "predictors", "traces", "metrics", "statistics", "policies", "results"),
    "words": ("results", "selection"),  # the types of the numbers that it is told
    "figures": (),
    "presentations": ("images", "figures"),
    "models": ("run", "storage", "images", "predictors", "policies"),  # a network stops by a rule
    "attribution": ("models", "predictors"),
}
"""Part of analysis/ -> the parts that it may import, beside itself and those open to all."""

ABOVE = ("report", "commands", "cli", "__main__")
"""Parts that may import everything, as the app may; models and attribution lazily."""

ON_NETWORKS = ("app.views.live", "analysis.commands.networks")
"""The page and the commands that are about networks, each imported when it is called."""

TOP_FLOOR = {"__init__", "__main__", "run", "settings", "cli"}
"""The files on analysis/'s top floor."""

MOST_FILES = 20
"""In a folder, but figures/."""


def name_of(path: Path) -> str:
    parts = path.relative_to(PROJECT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


MODULES = {name_of(path): path for folder in ("analysis", "app") for path in sorted((PROJECT / folder).rglob("*.py"))}


@functools.cache
def imported(path: Path, *, top_level: bool = False) -> frozenset[str]:
    """Every module that a file imports, wherever in the file; with `top_level` not those inside functions."""
    names = set()
    tree = ast.parse(path.read_text(encoding="utf-8"))
    for node in tree.body if top_level else ast.walk(tree):
        if isinstance(node, ast.Import):
            names.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import"
            names.update(
                whole if (whole := f"{node.module}.{alias.name}") in MODULES else node.module for alias in node.names
            )
    return frozenset(names)


@functools.cache
def imports_of_ours() -> dict[str, set[str]]:
    """Each file of ours -> the files of ours that it imports."""
    return {name: {other for other in imported(path) if other in MODULES} - {name} for name, path in MODULES.items()}


def part_of(name: str) -> str:
    """The part of analysis/ that a module belongs to; empty for the package itself."""
    return [*name.split("."), ""][1]


def within(name: str, packages: tuple[str, ...]) -> bool:
    return any(name == package or name.startswith(f"{package}.") for package in packages)


def crossings(part: str, allowed: tuple[str, ...]) -> set[tuple[str, str]]:
    """What the files of a part import that is neither of the part nor allowed."""
    return {
        (name, other)
        for name, others in imports_of_ours().items()
        if within(name, (f"analysis.{part}",))
        for other in others
        if not within(other, ("analysis",)) or part_of(other) not in (part, *allowed)
    }


def test_every_part_of_the_library_has_its_borders():
    assert {part_of(name) for name in MODULES if within(name, ("analysis",))} <= {"", *OPEN, *BORDERS, *ABOVE}


@pytest.mark.parametrize("part", BORDERS)
def test_the_library_keeps_its_borders(part):
    assert not crossings(part, (*OPEN, *BORDERS[part]))


@pytest.mark.parametrize("part", OPEN)
def test_what_is_open_to_all_imports_nothing_of_ours(part):
    assert not crossings(part, ())


def reached(name: str) -> set[str]:
    """The files of ours that importing one imports, and what these import: imports inside functions left out."""
    found, ahead = set(), {name}
    while ahead:
        found |= ahead
        ahead = {other for one in ahead for other in imported(MODULES[one], top_level=True) if other in MODULES} - found
    return found


@pytest.mark.parametrize(
    "name", [name for name in MODULES if name.startswith(("app", "analysis.c", "analysis.report"))]
)
def test_networks_and_attribution_wait_until_they_are_asked_for(name):
    if not within(name, ON_NETWORKS):
        found = {other for other in reached(name) if part_of(other) in ("models", "attribution")}
        assert not found, f"importing {name} imports {found}"


def pages_that_use(name: str) -> set[str]:
    """The pages that import a file of the app, themselves or by others; what the frame of all pages uses, all use."""
    users, ahead = set(), {name}
    while ahead:
        users |= ahead
        ahead = {one for one, others in imports_of_ours().items() if others & ahead} - users
    pages = {one.split(".")[2] for one in MODULES if one.startswith("app.views.")}
    return pages if "app.dashboard" in users else {one.split(".")[2] for one in users if one.startswith("app.views.")}


@pytest.mark.parametrize(
    "name",
    [name for name, path in MODULES.items() if name.startswith("app.components.") and path.name != "__init__.py"],
)
def test_what_one_page_uses_lives_with_that_page(name):
    assert len(pages_that_use(name)) >= 2


def test_there_is_no_circle_of_files():
    left = {name: set(others) for name, others in imports_of_ours().items()}
    while free := {name for name, others in left.items() if not others & left.keys()}:
        left = {name: others for name, others in left.items() if name not in free}
    assert not left, f"circles among, or before, {sorted(left)}"


def test_the_top_floor_holds_the_run_the_settings_and_the_command_line():
    assert {path.stem for path in (PROJECT / "analysis").glob("*.*")} <= TOP_FLOOR


def test_a_folder_holds_at_most_twenty_files():
    for top in ("analysis", "app", "tests"):
        for folder in [PROJECT / top, *(path for path in (PROJECT / top).rglob("*") if path.is_dir())]:
            if folder.name not in ("__pycache__", "figures"):
                held = [path.name for path in folder.iterdir() if path.is_file()]
                assert len(held) <= MOST_FILES, f"{folder.relative_to(PROJECT)} holds {len(held)} files"


def test_only_the_app_imports_streamlit_and_only_it_imports_the_app():
    for module, path in MODULES.items():
        if within(module, ("analysis",)):
            assert not any(within(name, ("streamlit", "app")) for name in imported(path)), path


def test_figures_need_plotly_and_numpy_only():
    allowed = ("plotly", "numpy", "analysis", "__future__", *sys.stdlib_module_names)
    for module, path in MODULES.items():
        if within(module, ("analysis.figures",)):
            assert all(within(name, allowed) for name in imported(path)), path


@pytest.mark.parametrize(
    "code",
    [
        "import analysis.run, analysis.storage, analysis.predictors, analysis.traces, analysis.selection",
        "import analysis.models, analysis.models.training.recipes, analysis.attribution",
        "import analysis.cli, analysis.results.run_numbers, analysis.figures.trajectories, analysis.storage.importers",
        "from analysis.storage import load_run; from analysis.traces import load_traces\n"
        "for predictor in ('baseline', 'pa'): load_traces(load_run('cached_runs/msdnet-cifar100'), predictor)",
        "from analysis.cli import main; assert main(['summarize', 'msdnet-cifar100']) == 0\n"
        "import sys; assert 'PIL' not in sys.modules",
        "from streamlit.testing.v1 import AppTest\n"
        "page = AppTest.from_file('app/dashboard.py', default_timeout=120).run()\n"
        "assert not page.exception, page.exception",
    ],
    ids=["library", "models", "commands", "bundled traces", "summarize", "first page"],
)
def test_nothing_slow_is_loaded(code, tmp_path):
    slow = {"torch", "captum", "torchvision", "numba", "llvmlite", "scipy", "sklearn", "matplotlib"}
    end = f"\nimport sys; loaded = {slow} & set(sys.modules); assert not loaded, loaded"
    environment = {"EXITLENS_CACHE": str(tmp_path), "EXITLENS_STATE": str(tmp_path), "PATH": "/usr/bin:/bin"}
    done = subprocess.run(
        [sys.executable, "-c", code + end], cwd=PROJECT, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr[-2000:]
