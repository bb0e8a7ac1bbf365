"""`bench` at a tiny size."""

import json

import numpy as np
import pytest
import torch

from analysis.cli import main
from analysis.commands.bench.command import decrease_by_loops
from analysis.metrics.decrease import largest_fall
from analysis.traces.compiled.chunk import METHODS

SIZE = ["--exits", "2", "--samples", "30", "--classes", "7"]


def test_cpu_times_the_bare_pass_and_every_predictor(capsys):
    assert main(["bench", *SIZE, "--format", "json"]) == 0
    measured = json.loads(capsys.readouterr().out)
    assert (measured["exits"], measured["samples"], measured["classes"]) == (2, 30, 7)
    assert measured["logits_bytes"] == 2 * 30 * 7 * 2
    names = [row["pass"] for row in measured["passes"]]
    assert names[: len(METHODS) + 4] == [
        "bare pass",
        *(f"traces, {name}" for name in METHODS),
        "traces, baseline and pa",
        "traces, all six",
        "traces, pa, reference path on one thread",
    ]
    assert names[names.index("metric, largest fall") + 1] == "the same by the public loop over pairs"
    kinds = {name.partition(",")[0] for name in names[len(METHODS) + 4 :]}
    assert kinds == {"metric", "results", "difference", "policy", "the same by the public loop over pairs"}
    assert len(set(names)) == len(names)
    assert measured["processor"]
    assert measured["peak_private_bytes"] is None or measured["peak_private_bytes"] >= 0
    bare = measured["passes"][0]["seconds"]
    assert bare > 0
    for row in measured["passes"]:
        assert row["times_the_bare_pass"] == pytest.approx(row["seconds"] / bare)


def test_table_names_the_size(capsys):
    assert main(["bench", *SIZE]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith("cpu, ")
    assert "2 x 30 x 7 float16 logits" in lines[0]
    [bare] = [line for line in lines if line.startswith("bare pass")]
    assert bare.endswith("1.0 x the bare pass")
    assert all(line.endswith(" x the bare pass") for line in lines[2:])
    assert any(line.startswith("policy, pcee") for line in lines)


def test_the_public_loop_finds_the_same_falls():
    values = np.random.default_rng(0).random((5, 40))
    np.testing.assert_array_equal(decrease_by_loops(values), largest_fall(values).size)


def test_refusals(capsys):
    assert main(["bench", "--samples", "0"]) == 2
    assert capsys.readouterr().err == "--samples 0: give at least 1\n"
    if not torch.cuda.is_available():
        assert main(["bench", "--device", "cuda"]) == 2
        assert "torch finds no CUDA device" in capsys.readouterr().err
