"""What the query's completion offers: names as a query writes them, values of columns of text, exits."""

import numpy as np
import pandas as pd

from analysis.selection import SampleTable, Selection
from analysis.selection.vocabulary import vocabulary
from analysis.storage import write_run


def known(run, slices=()):
    return vocabulary(SampleTable(run), run.n_exits, slices)


def test_every_column_is_written_as_a_query_reads_it(runs, small_logits, small_labels):
    extra = {"red fox": np.arange(400.0), "a`b": 1, "in": ["x", "y"] * 200, "yes": [True, False] * 200}
    run = write_run(runs / "run", logits=small_logits, labels=small_labels, samples=pd.DataFrame(extra))
    columns = {name: (written, at_exits, values) for name, written, _, at_exits, values in known(run)["columns"]}
    assert columns["red fox"] == ("`red fox`", False, "")
    assert columns["in"] == ("`in`", False, "in")
    assert columns["yes"] == ("yes", False, "")
    assert "a`b" not in columns
    assert columns["confidence"] == ("confidence", True, "")
    table = SampleTable(run)
    for written, _, _ in columns.values():
        Selection.parse(f"{written} is not missing").mask(table)


def test_columns_of_class_names_share_one_list_of_values_and_each_is_read_back(small_run):
    found = known(small_run)
    lists = {name: values for name, _, _, _, values in found["columns"] if values}
    assert lists["label_name"] == lists["predicted_name"] == lists["baseline_predicted_name"]
    table = SampleTable(small_run)
    for name, written in found["values"][lists["label_name"]]:
        mask = Selection.parse(f"label_name = {written}").mask(table)
        assert (mask == (table["label_name"].astype(str) == name)).all()
        assert mask.any()


def test_slices_are_names_and_exits_end_with_the_last(small_run):
    found = known(small_run, ("worst", "second look"))
    assert found["slices"] == [["worst", "worst"], ["second look", "`second look`"]]
    assert found["exits"] == ["1", "2", "3", "4", "5", "6", "7", "last"]
