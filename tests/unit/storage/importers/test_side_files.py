"""Files of labels, class names and columns."""

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from analysis.storage.importers.side_files import read_classes, read_labels, read_table


@pytest.mark.parametrize(
    ("name", "text", "names"),
    [
        ("a.json", '["cat", "", 3, null]', ("cat", "", "3", "")),
        ("a.txt", "cat\n\ndog, wild\r\n", ("cat", "", "dog, wild")),
        ("bom.txt", "\ufeffcat\ndog", ("cat", "dog")),
        ("list.txt", '["cat", "dog"]', ("cat", "dog")),
        ("bracket.txt", "[cat\n[dog]", ("[cat", "[dog]")),
        ("markup.txt", "<b>cat</b>\n=1+1", ("<b>cat</b>", "=1+1")),
    ],
)
def test_class_names(tmp_path, name, text, names):
    (tmp_path / name).write_bytes(text.encode())
    assert read_classes(tmp_path / name) == names


def test_class_names_that_cannot_be_read(tmp_path):
    (tmp_path / "a.txt").write_bytes(b"cat\n\xff\n")
    with pytest.raises(ValueError, match=r"is not UTF-8 text \(byte 4\)"):
        read_classes(tmp_path / "a.txt")
    (tmp_path / "a.json").write_text('{"0": "cat"}')
    with pytest.raises(ValueError, match="is no JSON list"):
        read_classes(tmp_path / "a.json")


def test_ids_of_a_table_stay_text(tmp_path):
    (tmp_path / "a.csv").write_text("id,difficulty\n007,0.5\n008,\n")
    table = read_table(tmp_path / "a.csv", "--samples")
    assert table["id"].tolist() == ["007", "008"]
    assert np.isnan(table["difficulty"][1])


def test_tables_that_cannot_be_read(tmp_path):
    (tmp_path / "twice.csv").write_text("id,x,x\n1,2,3\n")
    with pytest.raises(ValueError, match="the column 'x' stands twice"):
        read_table(tmp_path / "twice.csv", "--samples")
    (tmp_path / "a.parquet").write_text("no")
    with pytest.raises(ValueError, match="is no readable table"):
        read_table(tmp_path / "a.parquet", "--samples")
    (tmp_path / "empty.csv").write_text("")
    with pytest.raises(ValueError, match="is no readable table"):
        read_table(tmp_path / "empty.csv", "--samples")


def test_an_empty_label_is_unknown(tmp_path):
    (tmp_path / "a.csv").write_text("id,label\n1,4\n2,\n")
    labels, where = read_labels(tmp_path / "a.csv")
    np.testing.assert_array_equal(labels, [4, np.nan])
    assert where == "--labels a.csv: label"


def test_a_table_whose_metadata_is_damaged_is_refused(tmp_path):
    """pandas looks into what it wrote about its own index."""
    table = pa.table({"id": ["a"]}).replace_schema_metadata({"pandas": '{"index_columns": [{"x": 1}], "columns": []}'})
    pq.write_table(table, tmp_path / "x.parquet")
    with pytest.raises(ValueError, match=r"x\.parquet is no readable table \(it is cut off or damaged\)"):
        read_table(tmp_path / "x.parquet", "--samples")
