"""Traces of large runs are made beside the app, before a page asks for them."""

from collections.abc import Mapping

from analysis.predictors import find_predictor, resolve, setting_arguments
from analysis.run import Run
from analysis.traces import at_hand
from app.components.long_work import long_work
from app.components.predictor_names import label_of
from app.components.text import escape

LONG = 2_000_000_000
"""Logits from which on traces that are not there yet are made beside the app."""
LONG_CUSTOM = 100_000_000
"""The same of somebody's own predictor, which no kernel computes."""


def traced(name: str, run: Run, predictor: str, settings: Mapping[str, object], split: str) -> bool:
    """Whether a run's traces are there, or made at once; where not, what makes them beside the app is drawn.

    Parameters
    ----------
    name : str
        Of the work, unique in the app; a page draws one at a time.
    settings : mapping
        What differs from the predictor's defaults: values, or their texts.
    """
    if not _takes_long(run, predictor) or at_hand(run, predictor, settings, split):
        return True
    made = long_work(
        name,
        traces_command(run, predictor, settings, split),
        start_label="Compute its traces",
        doing=f"Tracing {predictor} on {run.id}",
        note=escape(f"{label_of(predictor)} on {run.id} has not been traced yet, which takes a while."),
    )
    return made is not None


def _takes_long(run: Run, predictor: str) -> bool:
    size = run.n_exits * run.n_samples * run.n_classes
    return size >= (LONG if find_predictor(predictor).path is None else LONG_CUSTOM)


def traces_command(run: Run, predictor: str, settings: Mapping[str, object], split: str) -> tuple[str, ...]:
    """What fills the cache with the traces of a run."""
    row = find_predictor(predictor)
    named = row.id if row.path is None else f"{row.path}:{row.id}"
    given = setting_arguments(row, resolve(row, settings, kind=run.kind, n_exits=run.n_exits))
    return "summarize", str(run.path.absolute()), "--predictor", named, *given, "--split", split, "--format", "json"
