"""What reruns share: the only `st.cache_*` of the app. Keys are content hashes and settings, never ids or paths alone.

Runs and results are handed out as they are, not as copies: nobody writes into them (their arrays are read-only).
"""

import hashlib
import pickle
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd
import plotly.graph_objects as go
import streamlit as st
from streamlit.elements import spinner

from analysis.images.image_tables import ImageSource, image_source
from analysis.predictors import settings_key
from analysis.results import Difference, Results, difference_of, results_of
from analysis.run import Run
from analysis.runtime.objects import Interrupted, is_address
from analysis.selection import SampleTable
from analysis.storage import RunEntry, list_runs, load_run

RUNS_KEPT = 10  # two more than are compared at once
RESULTS_KEPT = 12  # with their traces; 50,000 samples x 7 exits: about 25 MB each
DIFFERENCES_KEPT = 6  # each holds its two results, most of them those that are kept anyway
NUMBERS_KEPT = 256
PARTS_KEPT = 16  # of results, each a copy of some samples' traces
FIGURES_KEPT = 256  # as plotly's JSON: most are below 20 kB
TABLES_KEPT = 8  # 50,000 samples: about 15 MB each
LIST_WAITS_S = 2.0


spinner.DELAY_SECS = 0.15  # Streamlit's half a second is as long as most traces take: nothing would say that they come

_damage: dict[tuple[str, int], str] = {}
"""Path and time of the runs that could not be opened, and why: a quick list does not look into their files."""


def runs(patience_s: float | None = LIST_WAITS_S) -> list[RunEntry]:
    """Every run folder that there is now, damaged ones with what is wrong, as far as it is known.

    Object storage that was never asked before is waited for so many seconds; None for as long as it may take.
    """
    entries = list_runs(patience_s)
    return [entry if entry.error else replace(entry, error=_damage.get(_key(entry))) for entry in entries]


def _key(entry: RunEntry) -> tuple[str, int]:
    return str(entry.path), entry.mtime_ns


def run(entry: RunEntry) -> Run:
    """A run, opened once for as long as its folder and its title do not change.

    Raises
    ------
    ValueError
        The folder is damaged: the message says where and what to do.
    """
    try:
        return _run(*_key(entry), entry.title)
    except Interrupted:  # it may open the next time
        raise
    except ValueError as error:
        _damage[_key(entry)] = str(error)
        raise


@st.cache_resource(max_entries=RUNS_KEPT, show_spinner=False)
def _run(path: str, mtime_ns: int, title: str) -> Run:
    return load_run(Path(path))


def results(run: Run, predictor: str, settings: Mapping[str, object] | None = None, split: str = "test") -> Results:
    """The numbers of one predictor on one run; its traces from the run folder or the disk cache, computed otherwise."""
    settings = dict(settings or {})
    told = run.id, run.title  # results name their run, and a copy of it has the same content
    return _results(run.fingerprint, told, settings_key(predictor, settings), split, run, predictor, settings)


@st.cache_resource(max_entries=RESULTS_KEPT, show_spinner="Computing the traces of every sample …")
def _results(
    fingerprint: str, told: tuple[str, str], key: str, split: str, _run: Run, _predictor: str, _settings: dict
) -> Results:
    return results_of(_run, _predictor, _settings, split)


def some(whole: Results, places: np.ndarray) -> Results:
    """The results of some of the samples, by their places, with their own numbers; itself where these are all."""
    if len(places) == whole.n_samples:
        return whole
    return _some(whole.key, places.tobytes(), whole, places)


@st.cache_resource(max_entries=PARTS_KEPT, show_spinner=False)
def _some(key: tuple[str, ...], which: bytes, _whole: Results, _places: np.ndarray) -> Results:
    return _whole.select(_places)


def difference(a: Results, b: Results) -> Difference:
    """The difference of two results, samples paired."""
    return _difference(a.key, b.key, a, b)


@st.cache_resource(max_entries=DIFFERENCES_KEPT, show_spinner=False)
def _difference(a: tuple[str, ...], b: tuple[str, ...], _a: Results, _b: Results) -> Difference:
    return difference_of(_a, _b)


def numbers(compute: Callable[..., object], *key: object, **arguments: object) -> object:
    """The result of a pure function, kept under its name and `key`; `arguments` are what it is called with.

    `key` holds everything that the arguments depend on: the run's fingerprint, settings keys, the split, plain
    settings.
    """
    return _numbers(f"{compute.__module__}.{compute.__qualname__}", key, compute, arguments)


@st.cache_resource(max_entries=NUMBERS_KEPT, show_spinner=False)
def _numbers(name: str, key: tuple, _compute: Callable[..., object], _arguments: dict) -> object:
    return _compute(**_arguments)


@dataclass(frozen=True)
class Drawing:
    """A figure as it is sent: plotly's JSON, and what else a chart asks of it."""

    json: str
    height: int | None
    shapes: int
    """How many shapes it holds."""

    @classmethod
    def of(cls, figure: go.Figure) -> "Drawing":
        """A figure's."""
        return cls(figure.to_json(), figure.layout.height, len(figure.layout.shapes))


def drawn(make: Callable[..., go.Figure], *args: object, **arguments: object) -> Drawing:
    """What a function of `analysis.figures` draws, made once for the same data: plotly checks every value it is given.

    The key is all that the function is called with, which is data alone; equal data that are put together in another
    way draw it anew, no more.
    """
    content = hashlib.blake2b(pickle.dumps((args, arguments), protocol=5), digest_size=16).hexdigest()
    return _drawn(f"{make.__module__}.{make.__qualname__}", content, make, args, arguments)


@st.cache_resource(max_entries=FIGURES_KEPT, show_spinner=False)
def _drawn(name: str, content: str, _make: Callable[..., go.Figure], _args: tuple, _arguments: dict) -> Drawing:
    return Drawing.of(_make(*_args, **_arguments))


def table(compute: Callable[..., SampleTable], *key: object, **arguments: object) -> SampleTable:
    """As `numbers`, of a table with a row for every sample: a few are kept."""
    return _table(f"{compute.__module__}.{compute.__qualname__}", key, compute, arguments)


@st.cache_resource(max_entries=TABLES_KEPT, show_spinner=False)
def _table(name: str, key: tuple, _compute: Callable[..., SampleTable], _arguments: dict) -> SampleTable:
    return _compute(**_arguments)


def images(run: Run) -> ImageSource | None:
    """The images of a run, opened once for as long as their files do not change; None where they are not there."""
    files = tuple(_stamp(shard) for shards in run.image_tables.values() for shard in shards)
    return _images(run.fingerprint, files, run) if any(files) else None


def _stamp(path: Path | str) -> tuple[str, int, int] | None:
    if is_address(path):
        return path, 0, 0  # on object storage: asked for when an image is, and opened again where that fails
    try:
        found = path.stat()
    except OSError:
        return None
    return str(path), found.st_size, found.st_mtime_ns


@st.cache_resource(max_entries=RUNS_KEPT, show_spinner=False)
def _images(fingerprint: str, files: tuple, _run: Run) -> ImageSource | None:
    return image_source(_run)


def forget_images() -> None:
    """Open images anew when they are asked for next: something was wrong with them."""
    _images.clear()


def positions_by_id(run: Run) -> dict[str, int]:
    """Sample id -> position in the run."""
    return _positions_by_id(run.fingerprint, run.samples)


@st.cache_resource(max_entries=RUNS_KEPT, show_spinner=False)
def _positions_by_id(fingerprint: str, _samples: pd.DataFrame) -> dict[str, int]:
    return {identity: position for position, identity in enumerate(_samples["id"])}
