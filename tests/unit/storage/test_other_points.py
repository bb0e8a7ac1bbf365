"""Points of other networks: what a CSV may hold, what is said where it does not, and that they are kept by data set."""

import pytest

from analysis.runtime.folders import state_folder
from analysis.storage import other_points
from analysis.storage.other_points import (
    LONGEST,
    MOST,
    Point,
    forget_points,
    read_points,
    save_points,
    saved_points,
)

HEAD = "name,cost,unit,accuracy,source"
HOSTILE = '=HYPERLINK("x")<img src=x onerror=alert(1)> $a$ **b** שלום'


def read(*lines, units=("MACs",)):
    return read_points("\n".join(lines), units)


@pytest.fixture(autouse=True)
def own_state(tmp_path, monkeypatch):
    monkeypatch.setenv("EXITLENS_STATE", str(tmp_path / "state"))


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_columns_in_any_order_between_commas_semicolons_or_tabs(delimiter):
    lines = (
        "\ufeffSource,accuracy,year,unit,cost,NAME",
        "a paper,71.4%,2020,macs,1.26e8,ResNet-56",
        "",
        "b,69.5,,MACs,41 M,R 20",
    )
    found = read(*(line.replace(",", delimiter) for line in lines))
    assert found == [
        Point("ResNet-56", 1.26e8, "MACs", 71.4, "a paper"),
        Point("R 20", 4.1e7, "MACs", 69.5, "b"),
    ]


def test_a_quoted_cell_is_text_whatever_it_holds():
    quoted = HOSTILE.replace('"', '""')
    (one,) = read(HEAD, f'"{quoted}","2,500,000",MACs,0.5%,"a, b"')
    assert one == Point(HOSTILE, 2.5e6, "MACs", 0.5, "a, b")


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        ((), "the first line must name the columns name, cost, unit, accuracy, source, each once; 'name' is not"),
        (("name,cost,unit,accuracy", "a,1,MACs,50"), "'source' is not there once"),
        ((f"{HEAD},name", "a,1,MACs,50,b,c"), "'name' is not there once"),
        ((HEAD,), "no point stands below the columns' names"),
        ((HEAD, "a,41M,GFLOPs,50,b"), "points.csv, line 2: unit is 'GFLOPs', and this run's costs are in MACs"),
        ((HEAD, "", "a,41M"), "line 3: unit is '', and this run's"),
        ((HEAD, "a,0,MACs,50,b"), "line 2: cost is '0': write a number above 0, as 41000000 or 41M"),
        ((HEAD, "a,1e999,MACs,50,b"), "cost is '1e999': write a number"),
        ((HEAD, 'a,"41,5M",MACs,50,b'), "cost is '41,5M': write a number"),
        ((HEAD, "a,,MACs,50,b"), "cost is '': write a number"),
        ((HEAD, "a,1,MACs,0.694,b"), "accuracy is '0.694', which looks like a fraction: write percent, as 69.5, or"),
        ((HEAD, "a,1,MACs,101,b"), "accuracy is '101': percent lie between 0 and 100"),
        ((HEAD, "a,1,MACs,nan,b"), "accuracy is 'nan': percent lie between 0 and 100"),
        ((HEAD, "a,1,MACs,high,b"), "accuracy is 'high': write percent, as 69.5"),
        ((HEAD, ",1,MACs,50,b"), "line 2: name is empty: say which network it is"),
        ((HEAD, f"{'x' * (LONGEST + 1)},1,MACs,50,b"), f"name is longer than {LONGEST} characters: shorten it"),
        ((HEAD, f"a,1,MACs,50,{'x' * 10_000}"), f"source is longer than {LONGEST} characters"),
        ((HEAD, *["a,1,MACs,50,b"] * (MOST + 1)), f"{MOST + 1} points, at most {MOST} can be shown"),
        ((HEAD, '"a,1,MACs,50,b'), "is no CSV"),
    ],
)  # fmt: skip
def test_what_is_no_point_is_refused_in_a_sentence(lines, said):
    with pytest.raises(ValueError, match=r"points\.csv") as found:
        read(*lines)
    assert said in str(found.value)
    assert "\n" not in str(found.value)


def test_a_file_that_is_too_long_is_not_read(monkeypatch):
    monkeypatch.setattr(other_points, "LARGEST_FILE", 10)
    with pytest.raises(ValueError, match="longer than 10 characters"):
        read(HEAD, "a,1,MACs,50,b")


def test_they_are_kept_by_data_set_and_a_name_takes_its_own_place():
    assert saved_points("cifar100") == []
    assert not state_folder().exists()
    first, second = Point("a", 2.0, "MACs", 50.0, HOSTILE), Point("a", 1.0, "MACs", 40.0, "")
    save_points("cifar100", [first, second, Point("b", 1.0, "ms", 30.0, "")])
    save_points("cifar10", [first])
    assert [one.name for one in saved_points("cifar100")] == ["a", "a", "b"]
    assert saved_points("cifar100")[:2] == [second, first]
    save_points("cifar100", [Point("a", 3.0, "MACs", 60.0, "new")])
    assert [one.cost for one in saved_points("cifar100")] == [3.0, 1.0]
    assert saved_points("cifar10") == [first]


def test_what_is_removed_can_be_brought_back():
    kept = [Point("a", 1.0, "MACs", 50.0, ""), Point("b", 1.0, "MACs", 50.0, "")]
    save_points("x", kept)
    gone = forget_points("x", "a")
    assert saved_points("x") == kept[1:]
    save_points("x", gone)
    assert saved_points("x") == kept
    assert forget_points("x", "c") == []


def test_too_many_are_refused_and_none_is_kept():
    save_points("x", [Point(f"{i}", 1.0, "MACs", 50.0, "") for i in range(MOST)])
    with pytest.raises(ValueError, match="remove some first"):
        save_points("x", [Point("one more", 1.0, "MACs", 50.0, "")])
    assert len(saved_points("x")) == MOST


def test_a_damaged_file_is_said():
    state_folder().mkdir(parents=True)
    (state_folder() / "points.sqlite").write_bytes(b"no database" * 100)
    with pytest.raises(ValueError, match="the points of other networks cannot be used"):
        saved_points("x")
