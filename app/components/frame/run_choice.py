"""Which run is on screen: the list in the sidebar, what its entries are called, and what is said where none opens."""

import re
import shlex
from collections.abc import Mapping, Sequence
from pathlib import Path

from analysis.reference.outside_text import distinct
from analysis.run import Run
from analysis.runtime.folders import PROJECT, folder_for_new_runs, runs_folders
from analysis.storage import RunEntry, best_first
from app import cache, state
from app.components.controls import control
from app.components.text import escape

SEEN = 24
"""Characters of a title that the sidebar has room for."""


class NoRun(Exception):
    """There is no run to show: what is the matter, what to do, and a command that does it."""


def chosen_run() -> Run:
    """The list of runs, sorted by what it shows; the one that is chosen, opened.

    Raises
    ------
    NoRun
        There is none, or it cannot be opened.
    """
    entries = listed_once()
    if not entries:
        _no_runs()
    if state.get("run") == "":
        state.set("run", _first(entries))
    chosen = state.narrow("run", entries, _first(entries) if state.get("run") not in entries else None)
    opened, error = _opened(entries[chosen])
    sound = [key for key, entry in entries.items() if entry.error is None and not (error and key == chosen)]
    labels = run_labels({key: entries[key].title for key in sound})
    labels |= {key: f"{entries[key].title} (damaged)" for key in entries if key not in labels}
    title = entries[chosen].title if opened is None else opened.title
    control(
        "run",
        "Run",
        sorted(entries, key=lambda key: (key not in sound, natural(labels[key]))),
        widget="selectbox",
        show=labels.__getitem__,
        help=f"The cached run on screen: the logits of every exit for every sample. Type to search the list. "
        f"This one: **{escape(title)}**",
    )
    if opened is None:
        _damaged(chosen, error)
    return opened


def listed_once() -> dict[str, RunEntry]:
    """Run id -> its entry: of two of the same name the library opens the first."""
    entries = {}
    wanted = state.get("run")
    found = cache.runs()
    if not any(entry.error is None and wanted in ("", entry.id) for entry in found):
        found = cache.runs(None)  # it may lie on object storage, which has not answered yet
    for entry in found:
        entries.setdefault(entry.id, entry)
    return entries


def _first(entries: Mapping[str, RunEntry]) -> str:
    """What an address without a run opens: the featured run, else the newest; the first of them that can be opened."""
    ordered = best_first(list(entries.values()))
    return next((entry.id for entry in ordered if _opened(entry)[0] is not None), ordered[0].id)


def _opened(entry: RunEntry) -> tuple[Run | None, str]:
    """A run, or why it cannot be opened."""
    try:
        return (None, entry.error) if entry.error else (cache.run(entry), "")
    except ValueError as error:
        return None, str(error)


def natural(text: str) -> list[tuple[int, int | str]]:
    """Sorts texts as people do: seed 2 before seed 10, whatever the case.

    Examples
    --------
    >>> sorted(["Seed 10", "seed 2"], key=natural)
    ['seed 2', 'Seed 10']
    """
    parts = re.split(r"(\d+)", text.casefold())
    return [(0, int(part)) if part.isdecimal() else (1, part) for part in parts if part]


def run_labels(titles: Mapping[str, str]) -> dict[str, str]:
    """What runs are called in a narrow list, no two alike: of titles that begin alike what differs comes first.

    Parameters
    ----------
    titles : mapping
        Run id -> title.

    Examples
    --------
    >>> run_labels({"a": "MSDNet on CIFAR-10, 18 epochs, seed 0", "b": "MSDNet on CIFAR-10, 18 epochs, seed 1"})
    {'a': 'seed 0 · MSDNet on CIFAR-10, 18 epochs', 'b': 'seed 1 · MSDNet on CIFAR-10, 18 epochs'}
    """
    whole = dict(zip(titles, distinct(list(titles.values()), list(titles).__getitem__)))
    return {key: _differing_first(title, list(whole.values())) for key, title in whole.items()}


def _differing_first(title: str, titles: Sequence[str]) -> str:
    alike = [other for other in titles if other[:SEEN] == title[:SEEN]]
    if len(alike) < 2:
        return title
    first, last = min(alike), max(alike)
    begin = first[: next((place for place, (a, b) in enumerate(zip(first, last)) if a != b), len(first))]
    shared = re.split(r"[^,(]*$", begin)[0] or re.split(r"\S*$", begin)[0]  # whole parts, else whole words
    differs = title[len(shared) :].strip().removesuffix(")" if shared.endswith("(") else "")
    return f"{differs} \N{MIDDLE DOT} {shared.rstrip(' ,;:(-')}" if shared.strip() and differs else title


def import_example() -> str:
    """A command that makes a run where the app finds it."""
    return f"python -m analysis import logits.npz --out {typed_path(folder_for_new_runs() / 'my-run')}"


def typed_path(path: Path) -> str:
    """A path as a command takes it where the app was started: within the project from its root, else the whole one."""
    shown = path.relative_to(PROJECT) if path.is_relative_to(PROJECT) and Path.cwd() == PROJECT else path
    return shlex.quote(str(shown))


def _no_runs() -> None:
    raise NoRun(
        f"There is no run in {' or '.join(map(str, runs_folders()))}",
        "Import the logits of a network on the page Import, or by a command; the run appears here without a restart:",
        import_example(),
    )


def _damaged(name: str, message: str) -> None:
    raise NoRun(
        f"The run {name} cannot be opened",
        f"{message}\nChoose another run in the sidebar, or import this one again. "
        "Everything that is wrong with a run is listed by:",
        f"python -m analysis validate {shlex.quote(name)}",
    )
