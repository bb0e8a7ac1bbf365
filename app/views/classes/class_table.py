"""Every class with its numbers, to sort and to search; a row offers the samples that its numbers count."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
import streamlit as st

from analysis.results.classes import THRESHOLD
from analysis.selection import Selection
from analysis.selection.marks import of_classes
from analysis.words.formats import counted
from app.components.figure_table import settings_text
from app.components.predictor_names import label_of, named
from app.components.selection import open_gallery
from app.components.table_export import offer_table
from app.components.text import escape, plain_text
from app.view import View
from app.views.classes.shown_classes import Shown, answered_in, falling_in

ROW, MOST_HEIGHT = 35, 420  # pixels


def class_table(view: View, shown: Shown) -> None:
    """The table, and below it the samples of the row that is chosen."""
    rows = np.flatnonzero(shown.numbers.samples)
    if not len(rows):
        return
    table = _table(view, shown).iloc[rows]
    which = "All" if len(rows) == len(shown.names) else "The"
    sizes = np.unique(table["samples"])
    each = f", {counted(int(sizes[0]), 'sample')} each" if len(sizes) == 1 else ""
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown(f"**{which} {len(rows):,} {shown.kind}{each}, number by number**", width="stretch")
        offer_table(
            shown.kind,
            f"{shown.kind.capitalize()} of {view.run.id}, split {view.split}: the baseline and {named(view.predictor)}",
            lambda: _saved(view, shown, rows),
            runs=(view.run.id,),
            shown=lambda: _as_shown(table),
        )
    plain_text("A heading sorts, the magnifier searches, a row offers its samples below.", role="caption")
    key = f"class-table:{view.run.fingerprint}:{view.split}:{shown.kind}"
    st.dataframe(
        table,
        key=key,
        hide_index=True,
        height=min(ROW * (len(rows) + 1) + 3, MOST_HEIGHT),
        column_config=_columns(view, shown, table.columns) | ({"samples": None} if each else {}),
        on_select="rerun",
        selection_mode="single-row",
    )
    _offered(view, shown, rows, st.session_state[key])


def _names(view: View, shown: Shown) -> dict[str, str]:
    """What a column is called -> what it holds."""
    share = "of its answers are right" if shown.difference.has_labels else "of its answers are final"
    first = {
        f"{label_of(key)}, {where}": f"Percent {share} at the {where} exit under {named(key)}."
        for key in ("baseline", view.predictor)
        for where in ("first", "last")
    }
    falls = {
        f"{label_of(key)} falls": f"Percent of its samples that fall by more than {THRESHOLD:g} under {named(key)}."
        for key in ("baseline", view.predictor)
    }
    flips = {
        "broken": f"Samples that the baseline has right at the last exit and {named(view.predictor)} wrong.",
        "fixed": f"Samples that the baseline has wrong at the last exit and {named(view.predictor)} right.",
    }
    wrong = {
        "taken for": f"The commonest other answer {shown.at} under {named(view.shown)}.",
        "times": "How many of its samples get that answer.",
    }
    return first | falls | (flips if shown.difference.has_labels else {}) | wrong


def _table(view: View, shown: Shown) -> pd.DataFrame:
    """A row for each class, those without samples too."""
    numbers, side = shown.numbers, 1 if view.poe else 0
    columns = [100 * share[:, exit_] for share in numbers.right_share for exit_ in (0, shown.difference.n_exits - 1)]
    columns += list(numbers.falling_percent)
    if shown.difference.has_labels:
        columns += [numbers.broken, numbers.fixed]
    columns += [_named(shown, shown.confusion.taken_for[side]), shown.confusion.times[side]]
    named_columns = dict(zip(_names(view, shown), columns, strict=True))
    return pd.DataFrame({"class": list(shown.names), "samples": numbers.samples, **named_columns})


def _named(shown: Shown, groups: np.ndarray) -> list[str]:
    return [shown.names[group] if group >= 0 else "" for group in groups]


def _columns(view: View, shown: Shown, names: Sequence[str]) -> dict[str, object]:
    said = _names(view, shown)
    texts = {"class": "superclass" if shown.kind == "superclasses" else "class", "taken for": "taken for"}
    return {
        name: st.column_config.TextColumn(
            texts[name], help=escape(said[name]) if name in said else None, width=115, pinned=name == "class"
        )
        if name in texts
        else st.column_config.NumberColumn(
            name,
            help=escape(said[name]) if name in said else None,
            format="%.1f%%" if _is_percent(name) else "localized",
        )
        for name in names
    }


def _is_percent(name: str) -> bool:
    return name not in ("samples", "broken", "fixed", "times")


def _as_shown(table: pd.DataFrame) -> pd.DataFrame:
    """The table with its percents written as the page has them."""
    percents = [name for name in table if _is_percent(name) and pd.api.types.is_float_dtype(table[name])]
    return table.assign(**{name: [f"{value:.1f}%" for value in table[name]] for name in percents})


def _saved(view: View, shown: Shown, rows: np.ndarray) -> pd.DataFrame:
    """The numbers under both answers, with what they are of."""
    numbers, found, of = shown.numbers, shown.confusion, view.run
    table = pd.DataFrame({
        "run": of.id, "split": view.split, "predictor": view.predictor,
        "settings": settings_text(view, view.predictor, view.settings), "exits": shown.at,
        "class": list(shown.names), "samples": numbers.samples,
    })  # fmt: skip
    for side, key in enumerate(("baseline", "predictor")):
        share = "accuracy" if shown.difference.has_labels else "final"
        table[f"{key}_{share}_first_exit"] = numbers.right_share[side][:, 0]
        table[f"{key}_{share}_last_exit"] = numbers.right_share[side][:, shown.difference.n_exits - 1]
        table[f"{key}_falling"] = numbers.falling[side]
        table[f"{key}_falls_into"] = _named(shown, numbers.falls_into[side])
        table[f"{key}_taken_for"] = _named(shown, found.taken_for[side])
        table[f"{key}_taken_for_samples"] = found.times[side]
    if shown.difference.has_labels:
        table["broken"], table["fixed"] = numbers.broken, numbers.fixed
    return table.iloc[rows]


def _offered(view: View, shown: Shown, rows: np.ndarray, chosen: dict) -> None:
    """Buttons that open the samples of the chosen row, each with how many they are."""
    picked = [place for place in chosen["selection"]["rows"] if place < len(rows)]
    if not picked:
        return
    group = int(rows[picked[0]])
    with st.container(horizontal=True, vertical_alignment="center", key="class-samples"):
        st.markdown(f"**{escape(shown.words(group))}**", width="content")
        for words, count, selection in _sets(view, shown, group):
            st.button(
                f"{counted(count, 'sample')} {escape(words)}".strip(),
                disabled=not count,
                key=f"class-samples:{words}",
                on_click=open_gallery,
                args=(selection,),
            )


def _sets(view: View, shown: Shown, group: int) -> list[tuple[str, int, Selection | None]]:
    """What there is of a class: in words, how many samples, and which."""
    numbers, side = shown.numbers, 1 if view.poe else 0
    own = of_classes(shown.members[group], shown.column)
    answer = int(shown.confusion.taken_for[side][group])
    sets = [("in all", int(numbers.samples[group]), own)]
    for place, key in enumerate(("baseline", view.predictor)):
        falling = falling_in(shown, group, key)
        sets.append((f"that fall under {named(key)}", int(numbers.falling[place][group]), falling))
    if shown.difference.has_labels:
        sets += [
            (word, int(count[group]), own & Selection.parse(word))
            for word, count in (("broken", numbers.broken), ("fixed", numbers.fixed))
        ]
    if answer >= 0:
        taken = answered_in(shown, group, answer, view.shown)
        sets.append((f"taken for {shown.words(answer)}", int(shown.confusion.times[side][group]), taken))
    return sets
