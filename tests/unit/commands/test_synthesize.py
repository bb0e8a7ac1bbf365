"""`synthesize`: the run that it writes."""

import numpy as np
import pytest

from analysis.cli import main
from analysis.storage import load_run

SIZE = ["--exits", "3", "--samples", "700", "--classes", "10"]


def test_a_run_that_is_valid_and_the_same_for_a_seed(runs, capsys):
    for name in ("one", "two"):
        assert main(["synthesize", *SIZE, "--seed", "4", "--out", str(runs / name)]) == 0
    assert capsys.readouterr().out.splitlines()[0].endswith("700 samples x 3 exits x 10 classes, 1 file(s) of logits")
    one, two = load_run(runs / "one"), load_run(runs / "two")
    assert one.logits.shape == (3, 700, 10)
    assert one.logits.dtype == np.float16
    np.testing.assert_array_equal(one.logits.read(0, 700), two.logits.read(0, 700))
    np.testing.assert_array_equal(one.labels, two.labels)
    assert main(["validate", str(runs / "one")]) == 0


def test_shards_hold_the_same_logits(runs, capsys):
    assert main(["synthesize", *SIZE, "--out", str(runs / "whole")]) == 0
    assert main(["synthesize", *SIZE, "--shards", "3", "--out", str(runs / "sharded")]) == 0
    assert "3 file(s) of logits" in capsys.readouterr().out
    np.testing.assert_array_equal(
        load_run(runs / "whole").logits.read(0, 700), load_run(runs / "sharded").logits.read(0, 700)
    )


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--exits", "0"], "--exits 0: give at least 1"),
        (["--samples", "3", "--shards", "4"], "--shards 4: give a number from 1 to the 3 samples"),
        (["--seed", "-1"], "--seed -1: give a whole number of at least 0"),
    ],
)
def test_refusals(runs, capsys, options, message):
    assert main(["synthesize", *options, "--out", str(runs / "new")]) == 2
    assert capsys.readouterr().err == f"{message}\n"
    assert not (runs / "new").exists()
