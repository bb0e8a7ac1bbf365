"""Two of the entries: the table of their differences, the samples and the slices that differ most."""

from collections.abc import Sequence
from functools import partial

import numpy as np
import pandas as pd
import streamlit as st

from analysis.predictors import resolve, settings_text
from analysis.reference.outside_text import shortened
from analysis.report.comparison_tables import csv_rows, exits_shown, falls_shown, pairs_shown
from analysis.results import Difference, compare
from analysis.results.comparison import as_object
from analysis.results.disagreement import SIDES, Disagreement, disagreement
from analysis.selection import SampleTable, Selection
from analysis.selection.found import Found, slices_that_differ
from analysis.words.comparing import difference_finding, hidden_exits, last_exit_words, named_within
from analysis.words.formats import counted, small
from app import cache, state
from app.components.controls import control
from app.components.predictor_names import named
from app.components.selection import sample_table, select, strip
from app.components.selection.found_rows import found_rows
from app.components.selection.held import carried
from app.components.table_export import offer_table
from app.components.text import escape, plain_table, plain_text
from app.view import View
from app.views.compare.entries import Shown, run_ids

LISTED = 200
"""Samples in the table of those that differ most."""
MOST_IDS = 4_000
"""Ids that are tried in the address; it holds fewer, unless they follow upon each other."""
NAME = "compare-samples"


def differences_on_screen(view: View, shown: Sequence[Shown], unit: str | None) -> None:
    """The pair that is chosen, and every two at a glance."""
    a, b = _pair(shown)
    first, second = shown[a], shown[b]
    found, why = _compared(shown, unit)
    if found is None:  # some two cannot be: these two perhaps can
        found, own = _compared([first, second], unit)
        if found is None:
            st.info(escape(f"These two have no table of differences: {own}."))
            return
        plain_text(f"Not every two can be compared: {why}.", role="caption")
        names, pair = [first.name, second.name], found["pairs"][0]
    else:
        names = [one.name for one in shown]
        pair = next(one for one in found["pairs"] if (one["a"], one["b"]) == (a, b))
    _table(shown, found, pair, names)
    difference = cache.difference(first.results, second.results)
    _samples(view, first, second, difference)
    strip(view, NAME, hint="Choose rows of the table, all of its samples, or a slice below: the samples show here.")
    _slices(view, first, second, difference)


def _pair(shown: Sequence[Shown]) -> tuple[int, int]:
    """Which two, by their places from 0; the first before the second, as `compare` has them."""
    both = [(a, b) for a in range(len(shown)) for b in range(a + 1, len(shown))]
    written = {f"{a + 1}-{b + 1}": f"{shown[b].name} less {shown[a].name}" for a, b in both}
    if len(both) == 1:
        return both[0]
    chosen = control("pair", "Difference", list(written), show=written.__getitem__, default="1-2", widget="selectbox")
    return both[list(written).index(chosen)]


def _compared(shown: Sequence[Shown], unit: str | None) -> tuple[dict | None, str]:
    """What `compare` prints, kept; or why there is no such table."""
    key = tuple((one.run.id, *one.results.key) for one in shown)  # of a copy under another name, that name
    try:
        return cache.numbers(_object, key, unit, entries=[one.results for one in shown], unit=unit), ""
    except ValueError as error:
        return None, str(error)


def _object(entries: Sequence, unit: str | None) -> dict:
    return as_object(compare(entries), unit)


# --- the table -------------------------------------------------------------------------------------------------------


def _table(shown: Sequence[Shown], found: dict, pair: dict, names: Sequence[str]) -> None:
    last, both = pair["exits"][-1], (names[pair["a"]], names[pair["b"]])
    depths = tuple(len(found["entries"][pair[side]]["accuracy"]) for side in "ab")
    numbers = (last[name] for name in ("difference", "low", "high", "p_holm"))
    said = difference_finding(*both, *numbers, last_exit_words(last["exit"], depths))
    st.markdown(f"**{escape(said)}**")
    only = state.get("differ")
    exits = exits_shown(found, pair, names, only_differing=only)
    if len(exits):
        plain_table(exits)
    if only and (hidden := hidden_exits(len(exits), len(pair["exits"]))):
        plain_text(hidden, role="caption")
    plain_text(
        f"{counted(pair['samples'], _sample(found))} that both have, joined by id; second less first. Intervals: 95%, "
        "percentiles of 2,000 paired resamples of the samples. p: exact two-sided McNemar test, adjusted over the "
        "exits (Holm), not over pairs; *: below 0.05.",
        role="caption",
    )
    title = f"{both[1]} less {both[0]}{_in_common(*(shown[pair[side]] for side in 'ab'))}, "
    title += counted(pair["samples"], _sample(found))
    runs = run_ids(shown)
    with st.container(horizontal=True, gap="small"):
        offer_table(
            "differences", title, lambda: pd.DataFrame(csv_rows(found)), runs=runs, shown=exits,
            label="Save the differences",
        )  # fmt: skip
    with st.expander("Samples that fall, and every pair at the last exit"):
        falls = falls_shown(found, pair, names)
        plain_table(falls)
        offer_table(
            "differences-of-falls", f"{title}: samples whose true class falls", lambda: pd.DataFrame(csv_rows(found)),
            runs=runs, shown=falls, label="Save the differences of falls",
        )  # fmt: skip
        if len(found["pairs"]) > 1:
            pairs = pairs_shown(found, names)
            plain_table(pairs)
            offer_table(
                "pairs", f"Every two, split {found['split']}", lambda: pd.DataFrame(csv_rows(found)), runs=runs,
                shown=pairs, label="Save every two",
            )  # fmt: skip


def _sample(found: dict) -> str:
    return "sample" if found["split"] == "all" else f"{found['split']} sample"


def _in_common(a: Shown, b: Shown) -> str:
    """What the names of two leave out because both have it, and a table that left the page has to say."""
    if a.run.id == b.run.id:
        return f", both of {' '.join(a.run.title.split())}"
    return f", both under {named(a.entry.predictor)}" if a.entry.predictor == b.entry.predictor else ""


# --- the samples -----------------------------------------------------------------------------------------------------


def _samples(view: View, first: Shown, second: Shown, difference: Difference) -> None:
    """Those that one alone has right, the clearest first."""
    short = shortened(first.name, 40), shortened(second.name, 40)
    names = {"first": short, "second": short[::-1]}
    found = {
        side: cache.numbers(disagreement, *difference.a.key, *difference.b.key, side, difference=difference, side=side)
        for side in SIDES
    }
    side = control(
        "alone",
        "Samples that one alone has right",
        show=lambda key: escape(f"{names[key][0]} right, {named_within(names[key][1])} wrong: {len(found[key].ids):,}"),
    )
    told = found[side]
    if not len(told.ids):
        plain_text("There is none at the last exit that both have.", role="caption")
        return
    run = first.run
    table = _listed(told, (first.name, second.name), run.class_names, LISTED)
    more = f"; the {LISTED} clearest are listed" if len(told.ids) > LISTED else ""
    plain_text(
        f"{counted(len(told.ids), 'sample')} at exit {told.exit}{more}, by how much more probable the one that is "
        "right makes the true class. Rows that are ticked are selected.",
        role="caption",
    )
    key = f"compare-samples:{first.entry.text}:{second.entry.text}:{view.split}:{side}"
    st.dataframe(
        table,
        key=key,
        hide_index=True,
        height=min(35 * (len(table) + 1) + 3, 250),
        on_select=partial(_take_rows, view, first, second, told, key),
        selection_mode="multi-row",
    )
    with st.container(horizontal=True, gap="small"):
        st.button(
            f"Select all {len(told.ids):,}",
            key="compare-all",
            icon=":material/select_all:",
            on_click=_take,
            args=(view, first, second, told.ids),
            help="These samples become the selection, which every page shows.",
        )
        offer_table(
            "samples-that-differ",
            f"Right under {names[side][0]}, wrong under {names[side][1]}, at exit {told.exit}, split {view.split}",
            lambda: _saved_samples(told, first, second, run.class_names),
            runs=run_ids((first, second)),
            shown=table,
            label="Save these samples",
        )


def _listed(told: Disagreement, names: tuple[str, str], classes: Sequence[str], most: int) -> pd.DataFrame:
    rows = slice(0, most)
    table = {"sample": told.ids[rows].astype(str), "class": [classes[label] for label in told.labels[rows]]}
    for place, name in enumerate(names):
        table[f"p(true class), {name}"] = [small(float(value)) for value in told.probs[place, rows]]
        table[f"answer, {name}"] = [classes[answer] if answer >= 0 else "none" for answer in told.answers[place, rows]]
    return pd.DataFrame(table)


def _saved_samples(told: Disagreement, first: Shown, second: Shown, classes: Sequence[str]) -> pd.DataFrame:
    table = {"sample_id": told.ids.astype(str), "exit": told.exit, "class": [classes[label] for label in told.labels]}
    for place, (letter, one) in enumerate((("a", first), ("b", second))):
        table |= {
            f"{letter}_run": one.run.id,
            f"{letter}_predictor": one.entry.predictor,
            f"{letter}_true_class_prob": told.probs[place],
            f"{letter}_answer": [classes[answer] if answer >= 0 else "" for answer in told.answers[place]],
        }
    return pd.DataFrame(table)


def _take_rows(view: View, first: Shown, second: Shown, told: Disagreement, key: str) -> None:
    """In a callback: the rows that are ticked are selected."""
    rows = [row for row in st.session_state[key]["selection"]["rows"] if row < min(len(told.ids), LISTED)]
    if rows:
        _take(view, first, second, told.ids[rows])


def _take(view: View, first: Shown, second: Shown, ids: np.ndarray) -> None:
    """In a callback: these are selected, as many of them as the address holds, on a run that has them."""
    if view.run.id not in (first.run.id, second.run.id):
        _open_run(first)
    few = _carried(ids)
    if len(few) < len(ids):
        state.note(f"The address holds {len(few):,} of these {len(ids):,} samples: the clearest are selected.")
    select(Selection.of_ids(few), NAME)
    if _is_gain(view, first, second):
        state.set("sort", "gained")
        state.set("order", "up" if state.get("alone") == SIDES[0] else "down")


def _is_gain(view: View, first: Shown, second: Shown) -> bool:
    """Whether the two are the baseline and the chosen predictor, whose difference is a column to sort by."""
    pair = [(one.run.id, one.entry.predictor, dict(one.results.settings)) for one in (first, second)]
    return pair == [
        (view.run.id, key, resolve(key, view.settings_of(key), kind=view.run.kind, n_exits=view.run.n_exits))
        for key in ("baseline", view.predictor)
    ]


def _carried(ids: np.ndarray) -> np.ndarray:
    """The first of some ids, as many as the address has room for."""
    most = min(len(ids), MOST_IDS)
    while most > 1 and carried(Selection.of_ids(ids[:most])) is None:
        most = int(most * 0.9)
    return ids[:most]


def _open_run(one: Shown) -> None:
    state.set("run", one.run.id)
    state.note(f"The samples are those of the run {one.run.id}, which is on screen now.")


# --- the slices ------------------------------------------------------------------------------------------------------


def _slices(view: View, first: Shown, second: Shown, difference: Difference) -> None:
    """Classes and column values where the two differ most."""
    st.markdown("**Where they differ most**")
    search = cache.numbers(
        slices_that_differ,
        *difference.a.key,
        *difference.b.key,
        run=first.run,
        table=_table_of(view, first),
        difference=difference,
        other=None if first.run is second.run else _table_of(view, second),
    )
    both = first.name, second.name
    found_rows(search, both, tuple(map(named_within, both)), partial(_take_slice, view, first, second))
    if search.found:
        offer_table(
            "slices-that-differ",
            f"Where {first.name} and {second.name} differ most, split {view.split}",
            lambda: _saved_slices(view, first, second, search.found),
            runs=run_ids((first, second)),
            label="Save these slices",
        )


def _saved_slices(view: View, first: Shown, second: Shown, found: Sequence[Found]) -> pd.DataFrame:
    """The slices, with what they are of: both runs, their predictors and settings, the split."""
    about = {"split": view.split}
    for side, one in (("a", first), ("b", second)):
        predictor = one.entry.predictor
        about |= {f"run_{side}": one.run.id, f"predictor_{side}": predictor}
        about[f"settings_{side}"] = settings_text(predictor, one.results.settings)
    return pd.DataFrame([about | vars(one) | {"selection": one.selection.text} for one in found])


def _take_slice(view: View, first: Shown, second: Shown, found: Found) -> None:
    """In a callback: a slice is of one run's columns, and shown on that run."""
    of = first if found.of == "a" else second
    if view.run.id != of.run.id:
        _open_run(of)
    select(found.selection, NAME)


def _table_of(view: View, one: Shown) -> SampleTable:
    """The table of the samples of an entry's run: the page's own where that is on screen."""
    if one.run is view.run:
        return sample_table(view)
    return cache.table(SampleTable, one.run.fingerprint, view.split, run=one.run, split=view.split)
