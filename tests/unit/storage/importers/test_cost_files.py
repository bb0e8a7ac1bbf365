"""Costs from numbers, lists and tables, and the unit that a table names."""

import pickle
import re

import numpy as np
import pandas as pd
import pytest
import torch

from analysis.cli import main
from analysis.storage import load_run
from analysis.storage.importers.costs import read_costs

COSTS = (15.1e6, 25.5e6, 4e7)


@pytest.mark.parametrize(
    ("name", "write"),
    [
        ("flops.pth", lambda path: torch.save(list(COSTS), path)),
        ("tensor.pth", lambda path: torch.save(torch.tensor(COSTS, dtype=torch.float64), path)),
        ("tensors.pth", lambda path: torch.save([torch.tensor(c, dtype=torch.float64) for c in COSTS], path)),
        ("flops.pkl", lambda path: path.write_bytes(pickle.dumps(COSTS))),
        ("flops.npy", lambda path: np.save(path, np.array(COSTS))),
        ("flops.json", lambda path: path.write_text(str(list(COSTS)))),
        ("flops.txt", lambda path: path.write_text("\n".join(map(str, COSTS)))),
    ],
)
def test_costs_from_a_file(tmp_path, name, write):
    write(tmp_path / name)
    assert read_costs(str(tmp_path / name)) == (COSTS, None)


def test_costs_as_numbers():
    assert read_costs("15.1e6,25.5e6, 4e7").values == COSTS
    forty = tuple(1e6 * exit for exit in range(1, 41))
    assert read_costs(",".join(map(str, forty))).values == forty  # longer than the name of a file may be
    with pytest.raises(ValueError, match="give numbers separated by commas, or an existing file"):
        read_costs("flops.pth")


MACS = {"head1": 15.1e6, "head3": 4e7, "head2": 25.5e6}
BY_EXIT = pd.DataFrame({"exit": [1, 2, 3], "seconds": [0.1, 0.2, 0.4], "params": [5, 6, 7]})


def written(path, table: pd.DataFrame, **options) -> str:
    table.to_csv(path, **options)
    return str(path)


def test_costs_from_tables(tmp_path):
    """`*_comp.csv` as window-early-exit writes it, a row for each exit, and series."""
    comp = written(tmp_path / "msdnet_comp.csv", pd.DataFrame([MACS], index=["MACs"]))
    assert read_costs(comp) == (COSTS, "MACs")
    two = written(tmp_path / "two.csv", pd.DataFrame([MACS, {"head1": 1, "head2": 2, "head3": 3}], ["MACs", "params"]))
    assert read_costs(f"{two}::params") == ((1, 2, 3), None)
    with pytest.raises(
        ValueError, match=re.escape("two.csv has 2 rows: say which with 'two.csv::MACs' or 'two.csv::params")
    ):
        read_costs(two)
    exits = written(tmp_path / "exits.csv", BY_EXIT, index=False)
    assert read_costs(f"{exits}::seconds") == ((0.1, 0.2, 0.4), "seconds")
    with pytest.raises(
        ValueError, match=re.escape("has the columns seconds, params: say which with 'exits.csv::seconds'")
    ):
        read_costs(exits)
    seconds = written(tmp_path / "seconds.csv", BY_EXIT[["exit", "seconds"]].rename(columns={"seconds": "mean"}))
    assert read_costs(seconds) == ((0.1, 0.2, 0.4), "seconds")
    series = written(tmp_path / "seconds_cpu.csv", pd.Series([0.1, 0.2, 0.4]))
    assert read_costs(series) == ((0.1, 0.2, 0.4), "seconds")
    bare = written(tmp_path / "flops.csv", pd.Series(COSTS), index=False, header=False)
    assert read_costs(bare) == (COSTS, None)


@pytest.mark.parametrize(
    ("content", "costs"),
    [({"head1": 1.0, "head10": 3.0, "head2": 2.0}, (1, 2, 3)), ({1: torch.tensor(1), 2: torch.tensor(2)}, (1, 2))],
)
def test_costs_by_the_number_of_the_exit(tmp_path, content, costs):
    torch.save(content, tmp_path / "x.pth")
    assert read_costs(str(tmp_path / "x.pth")).values == costs


def test_costs_at_a_place(tmp_path):
    torch.save({"flops": [1, 2], "params": [3, 4]}, tmp_path / "x.pth")
    assert read_costs(f"{tmp_path}/x.pth::flops") == ((1, 2), "FLOPs")
    with pytest.raises(ValueError, match=re.escape("x.pth holds flops, params: say which with 'x.pth::flops' or")):
        read_costs(f"{tmp_path}/x.pth")
    with pytest.raises(ValueError, match=r"x\.pth holds flops, params, and nothing called 'macs'"):
        read_costs(f"{tmp_path}/x.pth::macs")


@pytest.mark.parametrize(("options", "unit"), [([], "seconds"), (["--cost-unit", "s"], "s")])
def test_the_unit_of_a_table_is_the_runs(tmp_path, runs, options, unit):
    np.savez(tmp_path / "x.npz", logits=np.random.default_rng(0).normal(size=(3, 9, 4)), labels=np.zeros(9))
    costs = ["--costs", written(tmp_path / "exits.csv", BY_EXIT) + "::seconds", *options]
    assert main(["import", str(tmp_path / "x.npz"), "--out", str(runs / "run"), *costs]) == 0
    assert load_run(runs / "run").costs == {unit: (0.1, 0.2, 0.4)}
