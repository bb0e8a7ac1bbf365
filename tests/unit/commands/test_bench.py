"""`bench` at a tiny size."""

import json

import pytest
import torch

from analysis.cli import main

SIZE = ["--exits", "2", "--samples", "30", "--classes", "7"]


def test_cpu_times_the_bare_pass_and_every_predictor(capsys):
    assert main(["bench", *SIZE, "--format", "json"]) == 0
    measured = json.loads(capsys.readouterr().out)
    assert (measured["exits"], measured["samples"], measured["classes"]) == (2, 30, 7)
    assert measured["logits_bytes"] == 2 * 30 * 7 * 2
    assert [row["pass"] for row in measured["passes"]] == [
        "bare pass",
        *(f"traces, {name}" for name in ("baseline", "pa", "hard-poe", "softmax-poe", "moe", "ca")),
    ]
    bare = measured["passes"][0]["seconds"]
    assert bare > 0
    for row in measured["passes"]:
        assert row["times_the_bare_pass"] == pytest.approx(row["seconds"] / bare)


def test_table_names_the_size(capsys):
    assert main(["bench", *SIZE]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith("cpu, 2 x 30 x 7 float16 logits")
    assert lines[1].startswith("bare pass")
    assert lines[1].endswith("1.0 x the bare pass")
    assert len(lines) == 8


def test_refusals(capsys):
    assert main(["bench", "--samples", "0"]) == 2
    assert capsys.readouterr().err == "--samples 0: give at least 1\n"
    if not torch.cuda.is_available():
        assert main(["bench", "--device", "cuda"]) == 2
        assert "torch finds no CUDA device" in capsys.readouterr().err
