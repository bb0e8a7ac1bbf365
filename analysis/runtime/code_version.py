"""The code that computes something: a module, and every module of ours that it imports, found by reading them.

Imports inside functions count, and so does a function that is named by text, `analysis.module:function`, as the tables
do; imports for types alone do not. Python runs a module's packages first, so these count too. Imports the standard
library.
"""

from __future__ import annotations

import ast
import functools
import hashlib
import importlib.metadata
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path

PACKAGE = Path(__file__).resolve().parents[1]
BLOCKS = ("body", "orelse", "handlers", "finalbody", "cases")
"""Where statements hold statements."""
NAMED_BY_TEXT = re.compile(rf"""["']({PACKAGE.name}(?:\.\w+)+):\w+["']""")


def version() -> str:
    """The version of Exitlens: of the checkout that this file lies in, else of what is installed."""
    project = PACKAGE.parent / "pyproject.toml"
    if project.is_file():
        return tomllib.loads(project.read_text(encoding="utf-8"))["project"]["version"]
    return importlib.metadata.version("exitlens")


@functools.cache
def source_of(module: str) -> Path | None:
    """The file of a module of the package; None where there is none."""
    top, *inside = module.split(".")
    if top != PACKAGE.name or not all(part.isidentifier() for part in inside):
        return None
    place = PACKAGE.joinpath(*inside)
    files = (place / "__init__.py", *([place.with_suffix(".py")] if inside else []))
    return next((file for file in files if file.is_file()), None)


def _names_in(source: str) -> Iterator[str]:
    """Everything in a source that may be the name of a module that it imports."""
    yield from NAMED_BY_TEXT.findall(source)
    ahead: list[ast.AST] = [ast.parse(source)]
    while ahead:  # through statements alone: no expression imports
        node = ahead.pop()
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield from (f"{node.module}.{alias.name}" for alias in node.names)
        for block in BLOCKS:
            for_types = block == "body" and isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING"
            ahead += () if for_types else getattr(node, block, ())


def imported_modules(module: str) -> tuple[str, ...]:
    """A module and those of the package that running its code imports, sorted.

    Examples
    --------
    >>> imported_modules("analysis.metrics.decrease")
    ('analysis', 'analysis.metrics', 'analysis.metrics.decrease')
    """
    found: set[str] = set()
    ahead = [module]
    while ahead:
        parts = ahead.pop().split(".")
        for name in (".".join(parts[:depth]) for depth in range(1, len(parts) + 1)):
            if name not in found and (source := source_of(name)):
                found.add(name)
                ahead += _names_in(source.read_text(encoding="utf-8"))
    return tuple(sorted(found))


@functools.cache
def code_version(module: str) -> str:
    """A hash of the sources of `imported_modules`: changed code reads nothing that was computed before."""
    assert source_of(module), f"{module} is no module of {PACKAGE.name}"
    digest = hashlib.sha256()
    for name in imported_modules(module):
        source = source_of(name).read_bytes()
        digest.update(f"{name} {len(source)}\n".encode() + source)
    return digest.hexdigest()
