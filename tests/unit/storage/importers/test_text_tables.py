"""CSV keeps what was written: what is text, every digit, and which columns there are."""

import numpy as np
import pandas as pd
import pytest

from analysis.storage import load_run
from analysis.storage.importers import Sources, import_run
from analysis.storage.importers.side_files import read_table


@pytest.fixture
def table(tmp_path):
    def read(text: str, name: str = "a.csv") -> pd.DataFrame:
        (tmp_path / name).write_bytes(text.encode())
        return read_table(tmp_path / name, "--samples")

    return read


@pytest.mark.parametrize("name", ["a.csv", "a.tsv"])
@pytest.mark.parametrize("sign", [",", ";", "\t", "|"])
def test_the_separator_is_recognised(table, sign, name):
    read = table(f"id{sign}note{sign}x\na{sign}one two{sign}1\nb{sign}{sign}2\n", name)
    assert read.columns.tolist() == ["id", "note", "x"]
    assert read["x"].tolist() == [1, 2]
    assert read["note"].isna().tolist() == [False, True]


def test_signs_within_texts_do_not_separate(table):
    read = table("id;note\n1;a, b\n2;c\n")
    assert read["note"].tolist() == ["a, b", "c"]
    read = table('id,"a;b"\n1,"x;y, z"\n2,w\n')
    assert read["a;b"].tolist() == ["x;y, z", "w"]
    assert table("id;loss\n1;0,5\n2;1,5\n")["loss"].tolist() == ["0,5", "1,5"]
    assert table('id,note\n1,"two\nlines"\n')["note"].tolist() == ["two\nlines"]


@pytest.mark.parametrize("text", ["id;a,b\n1;2,3\n4;5,6\n", "id;a,b\n1;2\n3,4;5,6\n7\n"])
def test_what_two_signs_separate_is_refused(table, text):
    with pytest.raises(ValueError, match="the columns are separated by comma or semicolon: put texts that hold one"):
        table(text)


def test_columns_separated_by_spaces_are_refused(table):
    with pytest.raises(ValueError, match="the columns are separated by spaces: use commas"):
        table("id label\na 1\nb  2\n")
    assert table('"the name"\n"red fox"\n')["the name"].tolist() == ["red fox"]
    assert table("note\nred fox\n")["note"].tolist() == ["red fox"]


def test_rows_of_other_lengths_are_refused(table):
    with pytest.raises(ValueError, match="row 2 has 3 values for 2 columns separated by comma"):
        table("id,x\na,1\nb,2,3\n")
    with pytest.raises(ValueError, match="row 1 has 1 values for 2 columns separated by semicolon"):
        table("id;x\na\n")
    with pytest.raises(ValueError, match="a quoted text has no end"):
        table('id,x\na,"1\n')


def test_words_for_nothing_are_text(table):
    words = ["NA", "None", "null", "nan?", "N/A", "NaN", "", "#N/A"]
    column = table("word,x\n" + "\n".join(f"{word},1" for word in words))["word"]
    assert column.dropna().tolist() == [word for word in words if word]
    assert column.isna().tolist() == [word == "" for word in words]
    assert table("country,x\nNA,1\nDE,2\n")["country"].tolist() == ["NA", "DE"]


def test_whole_numbers_beside_a_gap_keep_their_digits(table):
    column = table("big,x\n9007199254740993,1\n,2\n-9223372036854775808,3\n")["big"]
    assert column.dtype == "Int64"
    assert column[0] == 9007199254740993
    assert column[1] is pd.NA
    assert column[2] == -(2**63)
    assert table("big,x\n9007199254740993,1\n7,2\n")["big"].dtype == np.int64


@pytest.mark.parametrize("words", [["007", "12"], ["12", "-01"], ["00.5", "1"], ["9007199254740993", "0.5"]])
def test_numbers_that_would_change_stay_text(table, words):
    assert table("x,y\n" + "".join(f"{word},1\n" for word in words))["x"].tolist() == words


@pytest.mark.parametrize("word", ["18446744073709551617", "1e999", "9" * 5000, "1_000", "0x10", "1" * 500, "٣"])
def test_what_is_no_number_of_ours_is_text(table, word):
    assert table(f"x,y\n{word},1\n")["x"].tolist() == [word]


def test_numbers_and_truth_values(table):
    read = table("a,b,c,d\n0.5,true,1e-3,True\n.5,false,nan,\n-2,true,inf,False\n")
    assert read["a"].tolist() == [0.5, 0.5, -2]
    assert read["b"].dtype == bool
    np.testing.assert_array_equal(read["c"], [1e-3, np.nan, np.inf])
    assert read["d"].tolist() == [True, None, False]


def test_a_column_without_a_name_is_called_by_its_place(table):
    assert table(",x\n0,1\n").columns.tolist() == ["Unnamed: 0", "x"]


def test_the_bytes_before_utf_8_are_no_text(table):
    assert table("\ufeffid,x\r\na,1\r\n")["id"].tolist() == ["a"]


def test_columns_are_the_same_in_the_run(tmp_path):
    """From the text to samples.parquet and back."""
    rng = np.random.default_rng(0)
    np.save(tmp_path / "x.npy", rng.normal(size=(2, 5, 3)))
    text = (
        "id;zip;word;big;label\n007;01234;NA;9007199254740993;0\n8;99999;None;;1\n9;1;null;5;\nNA;2;;6;2\nb;3;x;7;1\n"
    )
    (tmp_path / "s.csv").write_text(text)
    samples = read_table(tmp_path / "s.csv", "--samples")
    import_run(Sources([tmp_path / "x.npy"], samples=samples), tmp_path / "run")
    run = load_run(tmp_path / "run")
    assert run.samples["id"].tolist() == ["007", "8", "9", "NA", "b"]
    assert run.samples["zip"].tolist() == ["01234", "99999", "1", "2", "3"]
    assert run.samples["word"].tolist()[:3] == ["NA", "None", "null"]
    assert run.samples["word"].isna().tolist() == [False, False, False, True, False]
    assert run.samples["big"].dropna().tolist() == [9007199254740993, 5, 6, 7]
    assert run.labels.tolist() == [0, 1, -1, 2, 1]
