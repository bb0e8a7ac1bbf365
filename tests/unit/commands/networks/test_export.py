"""`export`: a checkpoint with its correction as a program; bad input is one sentence, and leaves nothing."""

import json
import subprocess
import sys

import pytest
import torch

from analysis.cli import main
from analysis.models.networks.architectures import architecture
from analysis.models.networks.checkpoints import load_checkpoint, save_weights
from analysis.predictors import predict


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory):
    torch.manual_seed(0)
    network = architecture("msdnet-cifar10").build().eval()
    path = tmp_path_factory.mktemp("weights") / "model.safetensors"
    save_weights(network.state_dict(), path)
    return path, load_checkpoint(path, arch="msdnet-cifar10")


def call(path, out, *more: str) -> int:
    return main(["export", "--arch", "msdnet-cifar10", "--checkpoint", str(path), "--out", str(out), *more])


def test_a_corrected_network_is_taken_away(checkpoint, tmp_path, capsys):
    path, network = checkpoint
    assert call(path, tmp_path / "x.pt2", "--predictor", "pa", "--set", "weights=uniform") == 0
    assert "msdnet-cifar10 under pa, 7 exits x 10 classes; within" in capsys.readouterr().out
    about = {"exitlens.json": ""}
    program = torch.export.load(tmp_path / "x.pt2", extra_files=about).module()
    images = torch.randn(4, 3, 32, 32)
    found = program(images).numpy()  # nothing of it asks for gradients
    with torch.no_grad():
        expected = predict("pa", torch.stack(network(images)), weights="uniform").probs
    assert abs(found - expected.numpy()).max() <= 1e-6
    said = json.loads(about["exitlens.json"])
    assert (said["predictor"], said["settings"]["weights"]) == ("pa", "uniform")
    assert said["images"]["mean"] == [0.4914, 0.4824, 0.4467]


def test_the_program_needs_nothing_of_ours(checkpoint, tmp_path):
    assert call(checkpoint[0], tmp_path / "x.pt2", "--predictor", "pa") == 0
    script = (
        "import sys, torch; found = torch.export.load('x.pt2').module()(torch.zeros(2, 3, 32, 32)); "
        "print(tuple(found.shape), any(name.split('.')[0] == 'analysis' for name in sys.modules))"
    )
    isolated = [sys.executable, "-I", "-c", script]
    done = subprocess.run(isolated, cwd=tmp_path, capture_output=True, text=True, timeout=300, check=True)
    assert done.stdout.strip() == "(7, 2, 10) False"


@pytest.mark.parametrize(
    ("more", "said"),
    [
        (["--predictor", "nonsense"], "nonsense"),
        (["--predictor", "pa", "--set", "colour=1"], "colour"),
        (["--predictor", "pa", "--set", "weights=1,2"], "weights"),
        (["--predictor", "pa", "--set", "exits=7"], "exits"),  # what the function takes beside settings is none
        (["--predictor", "pa", "--set", "network=x"], "network"),
        (["--predictor", "pa", "--set", "rule=/etc/hostname"], "rule"),
        (["--predictor", "FILE"], "predictor mine is not known exit by exit: choose one of baseline"),
        (["--predictor", "pa", "--arch", "resnet"], "unknown architecture 'resnet'"),
        (["--predictor", "pa", "--arch", "msdnet-cifar100"], "is not a checkpoint of msdnet-cifar100"),
    ],
)
def test_bad_input_is_one_sentence(checkpoint, tmp_path, capsys, more, said):
    (tmp_path / "own.py").write_text("def mine(logits):\n    return logits.softmax(-1)\n")
    more = [f"{tmp_path}/own.py:mine" if text == "FILE" else text for text in more]
    assert call(checkpoint[0], tmp_path / "x.pt2", *more) == 2
    err = capsys.readouterr().err
    assert said in err
    assert err.count("\n") == 1
    assert [path.name for path in tmp_path.iterdir()] == ["own.py"]


def test_an_existing_file_is_kept(checkpoint, tmp_path, capsys):
    (tmp_path / "x.pt2").write_text("mine")
    assert call(checkpoint[0], tmp_path / "x.pt2", "--predictor", "pa") == 2
    assert "exists already" in capsys.readouterr().err
    assert (tmp_path / "x.pt2").read_text() == "mine"
