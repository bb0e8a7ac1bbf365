"""Bundled traces beside those of the logits: each column's damage is found, and said by `validate --deep`."""

import os
import shutil

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest

from analysis.cli import main
from analysis.storage import load_run, write_run
from analysis.traces import COLUMNS, bundle_traces, bundled_name, compute_traces, load_traces, write_traces_parquet
from analysis.traces.compare import bundled_predictors, difference_of_bundled
from analysis.traces.parquet import TYPES, AnotherVersion, read_traces_parquet


@pytest.fixture(scope="module")
def bundled(tmp_path_factory):
    rng = np.random.default_rng(0)
    folder = tmp_path_factory.mktemp("bundled") / "run"
    labels = [None if label < 0 else label for label in rng.integers(-1, 6, 40).tolist()]
    return write_run(folder, logits=rng.normal(0, 3, (3, 40, 6)), labels=labels, bundle=bundle_traces).path


@pytest.fixture
def run(bundled, tmp_path, monkeypatch):
    monkeypatch.setenv("EXITLENS_CACHE", str(tmp_path / "cache"))
    return load_run(shutil.copytree(bundled, tmp_path / "run"))


def rewrite(run, change) -> None:
    """Write the traces of `pa` as `change` makes them of the table that is there."""
    path = run.path / bundled_name("pa")
    pq.write_table(change(pq.read_table(path)), path)


def with_column(table: pa.Table, name: str, column) -> pa.Table:
    return table.set_column(table.column_names.index(name), name, column)


def damaged(column: pa.ChunkedArray) -> pa.Array:
    """Another value where the first known one is."""
    values = column.to_pylist()
    place = next(i for i, value in enumerate(values) if value is not None and value == value)
    old = values[place]
    if isinstance(old, bool):
        values[place] = not old
    elif isinstance(old, str):
        values[place] = "test" if old == "calibration" else old + "0"
    elif isinstance(old, int):
        values[place] = old - 1 if old > 1 else old + 1
    else:
        values[place] = old + 1e-5
    return pa.array(values, column.type)


def test_what_was_bundled_is_what_the_logits_give(run):
    assert bundled_predictors(run) == ["baseline", "pa"]
    for predictor in bundled_predictors(run):
        assert difference_of_bundled(run, predictor) == (run.path / bundled_name(predictor), [])


@pytest.mark.parametrize("name", COLUMNS)
def test_one_value_that_differs_is_found_in_every_column(run, name):
    rewrite(run, lambda table: with_column(table, name, damaged(table.column(name))))
    _, texts = difference_of_bundled(run, "pa")
    assert any(name in text for text in texts) or "holds other samples" in texts[0]
    assert len(texts) == 1


@pytest.mark.parametrize("name", ["id", "split", "exit"])
def test_a_column_that_nobody_reads_is_compared_too(run, name):
    rewrite(run, lambda table: table.drop_columns([name]))
    assert "the columns are sample" in difference_of_bundled(run, "pa")[1][0]


def test_a_column_of_another_type_is_said(run):
    rewrite(run, lambda table: with_column(table, "exit", pa.array(["1"] * len(table))))
    assert difference_of_bundled(run, "pa")[1] == ["exit is string"]


def test_validate_deep_says_what_differs_and_validate_alone_computes_nothing(run, capsys):
    assert main(["validate", str(run.path), "--deep"]) == 0
    assert "traces-pa.parquet is what the logits give, in every column" in capsys.readouterr().out
    wrong = compute_traces(run, "pa", {"weights": "uniform"})
    write_run(
        run.path.with_name("wrong"),
        logits=run.logits.read(0, run.n_samples),
        labels=[None if label < 0 else label for label in run.labels.tolist()],
        bundle=lambda folder: write_traces_parquet(wrong, run, folder / bundled_name("pa"), split="test"),
    )
    folder = str(run.path.with_name("wrong"))
    assert main(["validate", folder]) == 0
    capsys.readouterr()
    assert main(["validate", folder, "--deep"]) == 2
    (line,) = capsys.readouterr().err.strip().splitlines()
    assert "traces-pa.parquet is not what the logits give: true_class_prob of" in line
    assert "instead of" in line
    assert line.endswith("write the run again")


@pytest.mark.parametrize("place", ["pipe", "device", "nowhere"])
def test_validate_deep_refuses_what_is_no_file_in_place_of_traces(run, capsys, place):
    path = run.path / bundled_name("moe")
    os.mkfifo(path) if place == "pipe" else path.symlink_to("/dev/zero" if place == "device" else "nowhere")
    assert main(["validate", str(run.path), "--deep"]) == 2
    said = "is no file: remove it" if place == "nowhere" else "is no file but a pipe or device"
    assert f"{path} {said}" in capsys.readouterr().err


def test_traces_of_another_version_are_passed_over(run, capsys):
    rewrite(run, lambda table: table.replace_schema_metadata(table.schema.metadata | {b"exitlens_traces": b"0"}))
    with pytest.raises(AnotherVersion, match="another version"):
        difference_of_bundled(run, "pa")


def says(metadata: dict, **said) -> dict:
    return metadata | {name.encode(): value.encode() for name, value in said.items()}


MISSING = "has missing values|is not missing|or its exits"
UNREADABLE = {
    "no metadata": (lambda t: t.replace_schema_metadata({}), "does not say that it holds traces"),
    "no split": (lambda t: t.replace_schema_metadata({b"exitlens_traces": b"2"}), "holds traces of split ''"),
    "another split": (lambda t: t.replace_schema_metadata(says(t.schema.metadata, split="all")), "of split 'all'"),
    "an odd split": (lambda t: t.replace_schema_metadata(t.schema.metadata | {b"split": b"\xff"}), "holds traces of"),
    "other classes": (lambda t: t.replace_schema_metadata(says(t.schema.metadata, n_classes="7")), "7 classes"),
    "rows": (lambda t: t.slice(1), "119 rows, not 3 exits of 40 samples"),
    "order": (lambda t: t.take(np.arange(len(t))[::-1]), "other samples"),
    "exits that are none": (
        lambda t: with_column(t, "fall_any_class_to", pc.multiply(t.column("fall_any_class_to"), 100).cast("int16")),
        "fall_any_class_to holds what no run has",
    ),
    "classes that are none": (
        lambda t: with_column(t, "predicted", pa.array(np.full(len(t), 6, np.int32))),
        "predicted holds what no run has",
    ),
    "labels": (
        lambda t: with_column(t, "rank", pa.array(np.full(len(t), 1, np.int32))),
        "rank is not missing exactly where the label is",
    ),
    "twice": (lambda t: t.append_column("rank", t.column("rank")), "column rank is int32, int32, not int32"),
}
for column in TYPES:
    UNREADABLE |= {
        f"{column} missing": (lambda t, c=column: t.drop_columns([c]), f"column {column} is missing, not"),
        f"{column} text": (
            lambda t, c=column: with_column(t, c, pa.array(["a"] * len(t))),
            f"column {column} is string, not",
        ),
        f"{column} null": (
            lambda t, c=column: with_column(t, c, pa.nulls(len(t), t.schema.field(c).type)),
            f"{column.removesuffix('_from').removesuffix('_to')} ({MISSING})|other samples",
        ),
    }


@pytest.mark.parametrize("name", UNREADABLE)
def test_a_file_that_holds_no_traces_of_the_run_is_one_sentence_and_computed_instead(run, name, caplog):
    change, said = UNREADABLE[name]
    expected = compute_traces(run, "pa")
    rewrite(run, change)
    path = run.path / bundled_name("pa")
    with pytest.raises(ValueError, match=said):
        read_traces_parquet(path, run, split="test")
    found = load_traces(run, "pa")
    np.testing.assert_array_equal(found.predicted, expected.predicted)
    assert str(path) in caplog.text
    assert len(difference_of_bundled(run, "pa")[1]) == 1
