"""Every package that the code imports is pinned, and the lock file holds these and all beneath them, by hash."""

import ast
import re
import sys
import tomllib
from importlib.metadata import requires
from pathlib import Path

import pytest

PROJECT = Path(__file__).resolve().parents[2]
LOCK = PROJECT / "docs" / "requirements.lock"
PACKAGES = {"PIL": "pillow"}
"""Module -> its package, where their names differ."""
WITH_ANOTHER = {"triton", "fsspec", "dask"}
"""Come with torch, whose versions they follow (triton where there is CUDA), and with distributed."""


def normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def pinned() -> dict[str, str]:
    """Package -> the version that requirements.txt pins."""
    lines = (PROJECT / "requirements.txt").read_text().splitlines()
    return {normal(name): version for line in lines if not line.startswith("#") for name, version in [line.split("==")]}


def locked() -> dict[str, list[tuple[str, str]]]:
    """Package -> the versions that the lock file holds, each with what follows it: where it is for, and hashes."""
    found = {}
    for entry in re.split(r"(?<!\\)\n", LOCK.read_text().strip()):
        name, version, rest = re.fullmatch(r"([\w.-]+)==([^\s;]+)(.*)", entry, re.DOTALL).groups()
        found.setdefault(normal(name), []).append((version, rest))
    return found


def imported(folder: str) -> set[str]:
    """The packages that a folder's files import, Python's own and ours left out."""
    names = set()
    for path in (PROJECT / folder).rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                names |= {alias.name.split(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom):
                names.add(node.module.split(".")[0])
    return {normal(PACKAGES.get(name, name)) for name in names - sys.stdlib_module_names - {"analysis", "app"}}


@pytest.mark.parametrize("folder", ["app", "analysis"])
def test_every_package_that_is_imported_is_pinned(folder):
    extras = tomllib.loads((PROJECT / "pyproject.toml").read_text())["project"]["optional-dependencies"]
    optional = {normal(name) for names in extras.values() for name in names}
    assert imported(folder) - WITH_ANOTHER <= set(pinned()) | optional


def test_the_lock_holds_what_is_pinned_in_that_version():
    found = locked()
    for name, version in pinned().items():
        assert [one for one, _ in found[name]] == [version], name


def test_the_lock_holds_what_these_packages_need():
    """As far as they are installed here, and say so."""
    found = locked()
    for name in pinned():
        for need in requires(name) or ():
            if ";" not in need:
                assert normal(re.match(r"[\w.-]+", need)[0]) in found, f"{name} needs {need}: make lock"


def test_every_entry_of_the_lock_has_its_hashes_and_none_names_a_place():
    text = LOCK.read_text()
    for name, entries in locked().items():
        for _, rest in entries:
            assert re.search(r"--hash=sha256:[0-9a-f]{64}", rest), name
    assert not re.search(r"://|--index|--find-links|@ ", text)


def test_the_licence_of_what_is_vendored_names_its_version_and_years():
    folder = PROJECT / "analysis" / "figures" / "plotly"
    banner = (folder / "plotly-cartesian.min.js").read_text(encoding="utf-8")[:400]
    version = re.search(r"plotly\.js \(cartesian - minified\) (v[\d.]+)", banner)[1]
    years = re.search(r"Copyright ([\d-]+)", banner)[1]
    licence = " ".join((folder / "LICENSE").read_text().split())
    assert f"plotly.js {version}. Copyright {years}, Plotly, Inc." in licence
    assert "MIT License" in licence
