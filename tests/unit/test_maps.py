"""The maps of folders in README and docs/architecture.md are the tree's, and the tests mirror it."""

import re
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[2]
README = (PROJECT / "README.md").read_text(encoding="utf-8")
ARCHITECTURE = (PROJECT / "docs" / "architecture.md").read_text(encoding="utf-8")


def packages(top: str) -> set[str]:
    """Every folder of code at or below a folder, with a slash at its end."""
    return {f"{file.parent.relative_to(PROJECT).as_posix()}/" for file in (PROJECT / top).rglob("*.py")}


def test_every_folder_of_code_is_a_package():
    for folder in packages("analysis") | packages("app"):
        assert (PROJECT / folder / "__init__.py").is_file(), folder


def test_the_map_of_the_architecture_is_the_tree():
    block = ARCHITECTURE[ARCHITECTURE.index("```") + 3 :]
    named = [line.split()[0] for line in block[: block.index("```")].splitlines() if line]
    assert len(named) == len(set(named))
    assert set(named) == packages("analysis") | packages("app")


def test_the_map_of_the_readme_is_the_tree():
    section = README[README.index("## Where things are") :]
    cells = [line.split("|")[1] for line in section.splitlines() if line.startswith("| `")]
    named = [name for cell in cells for name in re.findall(r"`([^`]+)`", cell)]
    parts = {folder for folder in packages("analysis") if folder.count("/") == 2}
    assert len(named) == len(set(named))
    assert set(named) == {"app/", "cached_runs/", "docs/", "tests/", *parts}


def test_every_file_that_the_architecture_names_exists():
    named = re.findall(r"`((?:app|analysis|tests|docs)/[\w/.-]*)`", ARCHITECTURE)
    assert len(named) > 20
    for name in named:
        assert (PROJECT / name).exists(), name


def test_the_tests_mirror_the_tree():
    """A folder of unit tests is a folder of analysis/, or below `app/` one of the app."""
    for folder in packages("tests/unit"):
        place = folder.removeprefix("tests/unit/")
        assert not place or (PROJECT / (place if place.startswith("app/") else f"analysis/{place}")).is_dir(), folder
