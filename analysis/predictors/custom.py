"""Anyone's own predictor: `path/to/file.py:function`, described without being run, and run as it is hashed.

The function takes a float32 tensor (exits, samples of one chunk, classes) and its settings by name, and returns
probabilities of the same shape. Imports no torch; the file itself is run only when something is predicted. Its hash is
part of every cache key, so it imports nothing but what is installed.
"""

from __future__ import annotations

import ast
import builtins
import hashlib
import os
import site
import sys
import sysconfig
import types
from collections.abc import Callable, Sequence
from functools import cache, lru_cache
from pathlib import Path

from analysis.predictors.table import PREDICTORS, Predictor
from analysis.runtime.contents import check_regular
from analysis.runtime.stopping import Stopped
from analysis.settings import REQUIRED, Setting


def read_source(path: str | Path) -> bytes:
    """The bytes of a predictor's file.

    Raises
    ------
    ValueError : it cannot be read
    """
    check_regular(path)
    try:
        return Path(path).read_bytes()
    except OSError as error:
        raise ValueError(
            f"predictor file {path} cannot be read ({error.strerror}): give the path of a Python file"
        ) from None


def file_hash(path: str | Path) -> str:
    """SHA-256 of the file: part of every cache key."""
    return hashlib.sha256(read_source(path)).hexdigest()


def split_spec(spec: str) -> tuple[Path, str]:
    """'path/file.py:function' as an absolute path and a name; the path may itself hold colons."""
    path, colon, name = spec.strip().rpartition(":")
    if not colon or not path or not name.isidentifier():
        raise ValueError(
            f"predictor {spec!r} is no known id: give one of {', '.join(PREDICTORS)}, or path/to/file.py:function"
        )
    return Path(path).expanduser().absolute(), name


def parse_source(path: Path) -> ast.Module:
    """The syntax tree of a predictor's file, of which nothing is run.

    Raises
    ------
    ValueError : it cannot be read, or is not valid Python; the line is named
    """
    source = read_source(path)
    try:
        return ast.parse(source, str(path))
    except (SyntaxError, ValueError) as error:
        line = f", line {error.lineno}" if isinstance(error, SyntaxError) and error.lineno else ""
        raise ValueError(f"predictor file {path}{line} is not valid Python ({error.args[0]}): correct it") from None


def bound_names(tree: ast.Module) -> set[str]:
    """Names that the file's top level defines, assigns or imports."""
    names: set[str] = set()
    for node in tree.body:
        if isinstance(node, (ast.FunctionDef, ast.ClassDef)):
            names.add(node.name)
        elif isinstance(node, (ast.Import, ast.ImportFrom)):
            names |= {(alias.asname or alias.name) for alias in node.names}
        else:
            names |= {
                part.id for part in ast.walk(node) if isinstance(part, ast.Name) and isinstance(part.ctx, ast.Store)
            }
    return names


def literal_setting(argument: ast.arg, default: ast.expr | None) -> Setting | None:
    """A setting from an argument; None where its default is no literal, which only running the file could tell."""
    text = "A literal, as the function takes it."
    if default is None:
        return Setting(argument.arg, "literal", REQUIRED, text)
    try:
        return Setting(argument.arg, "literal", ast.literal_eval(default), text)
    except (ValueError, TypeError):  # TypeError: a list as the key of a dictionary
        return None


def settings_of(function: ast.FunctionDef, where: str) -> tuple[tuple[Setting, ...], bool]:
    """The settings that the signature names after its first argument, and whether it takes others too."""
    arguments = function.args
    positional = arguments.posonlyargs + arguments.args
    if not positional and arguments.vararg is None:
        raise ValueError(f"{where} takes no positional argument: let it take the logits first")
    defaults = [None] * (len(positional) - len(arguments.defaults)) + list(arguments.defaults)
    pairs = list(zip(positional, defaults))[1:] + list(zip(arguments.kwonlyargs, arguments.kw_defaults))
    settings = [literal_setting(argument, default) for argument, default in pairs]
    known = tuple(setting for setting in settings if setting is not None)
    return known, arguments.kwarg is not None or len(known) < len(settings)


def describe(path: Path, name: str) -> Predictor:
    """The table row of a function in a file, from its signature and docstring, without running it."""
    where = f"{path}:{name}"
    if name in PREDICTORS:
        raise ValueError(f"{where} has the id of a built-in predictor, {name}: give the function another name")
    tree = parse_source(path)
    functions = {node.name: node for node in tree.body if isinstance(node, ast.FunctionDef)}
    if name not in functions and name not in bound_names(tree):
        found = f"it defines {', '.join(sorted(functions))}" if functions else "it defines no function"
        raise ValueError(f"predictor file {path} has no function {name}: {found}")
    settings, is_open, summary = (), True, ""
    if name in functions:
        settings, is_open = settings_of(functions[name], where)
        summary = (ast.get_docstring(functions[name]) or "").partition("\n")[0]
    return Predictor(
        id=name,
        name=name.replace("_", " "),
        label=name.replace("_", " "),
        summary=summary or f"{name} from {path.name}.",
        citation=where,
        settings=settings,
        function=where,
        path=str(path),
        open_settings=is_open,
    )


_registered: dict[str, Predictor] = {}
"""Predictors that this process was given by name, so that their id alone finds them again."""


def custom_predictor(spec: str) -> Predictor:
    """The predictor 'path/file.py:function'; from then on its id, the function's name, finds it too.

    Raises
    ------
    ValueError
        If the file cannot be read, is not Python, has no such function, or the name is a built-in predictor's.
    """
    predictor = describe(*split_spec(spec))
    _registered[predictor.id] = predictor
    return predictor


def environment_predictors() -> tuple[dict[str, Predictor], list[str]]:
    """What `EXITLENS_PREDICTORS` names, comma-separated, and a sentence for each that cannot be used."""
    found: dict[str, Predictor] = {}
    errors = []
    for spec in filter(None, (part.strip() for part in os.environ.get("EXITLENS_PREDICTORS", "").split(","))):
        try:
            predictor = describe(*split_spec(spec))
        except ValueError as error:
            errors.append(f"EXITLENS_PREDICTORS: {error}")
            continue
        if found.setdefault(predictor.id, predictor).path != predictor.path:
            errors.append(f"EXITLENS_PREDICTORS names two functions {predictor.id}: give {spec} another name")
    return found, errors


def available_predictors() -> dict[str, Predictor]:
    """The table, and after it what `EXITLENS_PREDICTORS` names; `predictor_errors` says what was left out of that."""
    return PREDICTORS | environment_predictors()[0]


def predictor_errors() -> list[str]:
    """One sentence for each predictor of `EXITLENS_PREDICTORS` that cannot be used, for the app to show."""
    return environment_predictors()[1]


def find_predictor(predictor: str | Predictor) -> Predictor:
    """The row for an id, for 'path/file.py:function', or the row itself.

    Raises
    ------
    ValueError
        If nothing is known by that id; the message lists what is.
    """
    if isinstance(predictor, Predictor):
        return predictor
    if predictor in PREDICTORS:
        return PREDICTORS[predictor]
    if ":" in predictor:
        return custom_predictor(predictor)
    if predictor in _registered:  # named with its file in this process: that is the one that is meant
        return describe(Path(_registered[predictor].path), predictor)
    found, errors = environment_predictors()
    if predictor in found:
        return found[predictor]
    if errors:
        raise ValueError(f"predictor {predictor!r} is no known id, and {errors[0]}")
    known = ", ".join(PREDICTORS | found)
    raise ValueError(f"predictor {predictor!r} is no known id: give one of {known}, or path/to/file.py:function")


@cache
def _installed() -> tuple[str, ...]:
    """The folders of Python, of what is installed beside it, and of this library, each with a separator at its end."""
    kinds = ("stdlib", "platstdlib", "purelib", "platlib")
    folders = [*map(sysconfig.get_path, kinds), *site.getsitepackages(), site.getusersitepackages()]
    return tuple(os.path.realpath(folder) + os.sep for folder in (*folders, Path(__file__).parents[1]) if folder)


def _import_installed(name: str, space=None, local=None, names: Sequence[str] | None = (), level: int = 0):
    """What `import` does in a predictor's file: as everywhere, but only of what is installed.

    Raises
    ------
    ImportError : a module that lies beside the file or elsewhere, of which no cache would see that it is another now
    """
    module = builtins.__import__(name, space, local, names, level)
    parts = [f"{name}.{part}" for part in names or ()]
    for part in (name, *parts):
        file = getattr(sys.modules.get(part), "__file__", None)
        if file is not None and not os.path.realpath(file).startswith(_installed()):
            raise ImportError(
                f"{part} is {file}, a change of which would not be seen: move what is needed of it into the file, or "
                "install it"
            )
    return module


@lru_cache(maxsize=16)
def run_source(path: str, source: bytes) -> types.ModuleType:
    """Run a file's content as a module of its own; nothing is written beside the file."""
    name = f"exitlens_predictor_{hashlib.sha256(path.encode() + source).hexdigest()[:16]}"
    module = types.ModuleType(name)
    module.__file__ = path
    module.__builtins__ = {**vars(builtins), "__import__": _import_installed}
    sys.modules[name] = module  # dataclasses and pickling look their module up
    try:
        exec(compile(source, path, "exec"), module.__dict__)
    except BaseException as error:
        del sys.modules[name]
        if isinstance(error, Stopped) or not isinstance(error, (Exception, SystemExit)):
            raise
        raise ValueError(f"predictor file {path} raised {type(error).__name__} when run: {error}") from error
    return module


def load_function(predictor: Predictor) -> Callable:
    """The function, from the file as it is now."""
    function = getattr(run_source(predictor.path, read_source(predictor.path)), predictor.id, None)
    if not callable(function):
        raise ValueError(f"{predictor.function} is not a function: name one that takes the logits")
    return function
