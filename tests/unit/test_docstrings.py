"""Whatever is public in analysis/ and app/ says what it is: modules, classes, functions and methods."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

PROJECT = Path(__file__).resolve().parents[2]
FILES = [path for top in ("analysis", "app") for path in sorted((PROJECT / top).rglob("*.py"))]


def silent(node: ast.AST, inside: str) -> Iterator[str]:
    """The public classes and functions in a module or class, and in its public classes, that have no docstring."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef) and not child.name.startswith("_"):
            name = f"{inside}.{child.name}"
            if not ast.get_docstring(child):
                yield name
            if isinstance(child, ast.ClassDef):
                yield from silent(child, name)


@pytest.mark.parametrize(
    ("code", "found"),
    [
        ("class A:\n    def b(self): ...\n    def _c(self): ...", ["m.A", "m.A.b"]),
        ("def d():\n    'It.'\n    def inner(): ...", []),
        ("async def e(): ...", ["m.e"]),
    ],
)
def test_what_says_nothing_is_found(code, found):
    assert list(silent(ast.parse(code), "m")) == found


def test_everything_public_has_a_docstring():
    found = []
    for path in FILES:
        name = path.relative_to(PROJECT).as_posix()
        tree = ast.parse(path.read_text(encoding="utf-8"))
        found += [name] * (not ast.get_docstring(tree)) + list(silent(tree, name))
    assert not found, f"give these a docstring: {found}"
