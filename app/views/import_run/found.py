"""What the command found in the files of an import: every array and what it is taken for, the accuracies per exit."""

from collections.abc import Mapping

import pandas as pd
import streamlit as st

from analysis.words.formats import decimals
from analysis.words.imports import looks_right, would_make
from app.components.text import plain_table, plain_text


def show_arrays(found: Mapping) -> None:
    """The arrays in the files, each with its shape, type and, unless the files are refused, what it is taken for."""
    rows = found.get("arrays", ())
    if not rows:
        return
    st.markdown("**What is in the files**")
    columns = {"array": "where", "shape": "shape", "axes": "axes", "type": "dtype", "taken for": "taken_for"}
    table = pd.DataFrame({column: [row[field] for row in rows] for column, field in columns.items()})
    if not table["taken for"].any():  # the files are refused, and why is said
        plain_table(table.drop(columns=["axes", "taken for"]))
        return
    plain_table(table.replace({"taken for": {"": "nothing"}}))


def show_preview(found: Mapping) -> None:
    """What would be made of the files, and whether its accuracies look right."""
    st.markdown("**What becomes of them**")
    plain_text(f"{would_make(found['exits'], found['classes'], found['samples'], found['dropped'])}.")
    kept = "" if found["kind"] == "probs" else "; kept as they are"  # what is kept of probabilities is a note
    plain_text(f"The values are {found['why']}{kept}.")
    if names := found["class_names"]:
        plain_text(f"The classes are called {', '.join(names[:5])}{', ...' if len(names) > 5 else ''}.")
    words, right = looks_right(found["accuracy"], found["labelled"], found["classes"])
    if right:
        plain_text(words)
    else:
        st.warning(words)
    if found["accuracy"]:
        splits = found["accuracy"]
        exits = {f"exit {n + 1}": [decimals(100 * splits[s][n]) + "%" for s in splits] for n in range(found["exits"])}
        plain_table(pd.DataFrame({"accuracy": list(splits), "labels": [found["labelled"][s] for s in splits], **exits}))
    for line in found["notes"]:
        plain_text(line, role="caption")
