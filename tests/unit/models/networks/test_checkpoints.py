"""Reading and writing weights: names, precision, refusals."""

import argparse
import os
import pickle

import pytest
import torch

from analysis import models
from analysis.models.networks.architectures import architecture
from analysis.models.networks.checkpoints import drop_module_parts, load_checkpoint, read_state_dict, save_weights


@pytest.fixture(scope="module")
def network():
    torch.manual_seed(0)
    return architecture("msdnet-cifar10").build()


def test_it_is_the_package_s_own():
    assert models.load_checkpoint is load_checkpoint
    with pytest.raises(AttributeError, match="has no attribute 'load'"):
        models.load  # noqa: B018


def test_module_parts_are_dropped_wherever_they_stand():
    assert drop_module_parts("module.net.module.blocks.0.weight") == "net.blocks.0.weight"


def test_a_data_parallel_torch_checkpoint_loads(tmp_path, network):
    state = {f"module.{key}": value for key, value in network.state_dict().items()}
    torch.save({"epoch": 3, "state_dict": state}, tmp_path / "model.pth.tar")
    loaded = load_checkpoint(tmp_path / "model.pth.tar", arch="msdnet-cifar10")
    assert not loaded.training
    for key, value in loaded.state_dict().items():
        assert torch.equal(value, network.state_dict()[key]), key


@pytest.mark.parametrize("prefix", ["", "module."])  # its own scripts save `model.module`
def test_an_l2w_den_checkpoint_loads_as_msdnet(tmp_path, network, prefix):
    """What LeapLabTHU/L2W-DEN gives its `save_checkpoint`: the MLP that predicts weights stands beside the network."""
    mlp = torch.nn.Sequential(torch.nn.Linear(7, 500), torch.nn.ReLU(), torch.nn.Linear(500, 7))
    optimiser, meta_optimiser = (
        torch.optim.SGD(network.parameters(), 0.8, momentum=0.9),
        torch.optim.Adam(mlp.parameters()),
    )
    checkpoint = {
        "epoch": 300,
        "arch": "msdnet",
        "state_dict": {prefix + key: value for key, value in network.state_dict().items()},
        "optimizer": optimiser.state_dict(),
        "best_prec1": 75.41,
        "is_best": False,
        "meta_state_dict": mlp.state_dict(),
        "meta_optimizer": meta_optimiser.state_dict(),
    }
    torch.save(checkpoint, tmp_path / "model_best.pth.tar")
    loaded = load_checkpoint(tmp_path / "model_best.pth.tar", arch="msdnet-cifar10")
    images = torch.randn(2, 3, 32, 32)
    with torch.no_grad():
        assert torch.equal(torch.stack(loaded(images)), torch.stack(network.eval()(images)))


def test_saved_weights_halve_convolutions_and_keep_batch_norm(tmp_path, network):
    save_weights(network.state_dict(), tmp_path / "model.safetensors")
    saved = read_state_dict(tmp_path / "model.safetensors")
    for name, module in network.named_modules():
        if isinstance(module, torch.nn.BatchNorm2d):
            assert all(saved[f"{name}.{key}"].dtype == value.dtype for key, value in module.state_dict().items())
        elif isinstance(module, torch.nn.Conv2d | torch.nn.Linear):
            assert all(saved[f"{name}.{key}"].dtype == torch.float16 for key in module.state_dict())


def test_a_checkpoint_of_another_architecture_is_named(tmp_path, network):
    save_weights(network.state_dict(), tmp_path / "model.safetensors")
    with pytest.raises(ValueError, match=r"not a checkpoint of msdnet-cifar100: 14 shapes differ"):
        load_checkpoint(tmp_path / "model.safetensors", arch="msdnet-cifar100")
    with pytest.raises(ValueError, match="unknown architecture 'resnet': choose one of msdnet-cifar10"):
        load_checkpoint(tmp_path / "model.safetensors", arch="resnet")


def test_keys_that_do_not_fit_are_named_with_their_shapes(tmp_path, network):
    state = network.state_dict()
    state["classifier.0.extra"] = state.pop("classifier.0.linear.weight")
    torch.save(state, tmp_path / "model.pth")
    said = r"1 keys are missing \(classifier.0.linear.weight \(10, 128\)\); 1 keys are unknown \(classifier.0.extra"
    with pytest.raises(ValueError, match=said):
        load_checkpoint(tmp_path / "model.pth", arch="msdnet-cifar10")


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (
            {0: torch.zeros(2)},
            r"holds no state dict \(key 0 of type int, value of type Tensor\): save network.state_dict\(\)",
        ),
        ({"a": torch.zeros(2), "epoch": 3}, r"holds no state dict \(key 'epoch' of type str, value of type int\)"),
        ([torch.zeros(2)], r"holds no state dict \(its type is list\): save"),
        ({"a": torch.zeros(2, 2).to_sparse()}, "a is a sparse tensor: save dense tensors of real numbers"),
        ({"a": torch.zeros(2, dtype=torch.complex64)}, "a is a complex tensor"),
        ({"a": torch.zeros(2, device="meta")}, "a is a meta tensor"),
        (
            {"a.weight": torch.zeros(2), "module.a.weight": torch.ones(2)},
            "holds a.weight twice, as a.weight and as module.a.weight: save one network's state_dict",
        ),
    ],
)
def test_what_is_no_state_dict_of_weights_is_refused(tmp_path, content, said):
    torch.save(content, tmp_path / "model.pth")
    with pytest.raises(ValueError, match=f"model.pth:? {said}"):
        read_state_dict(tmp_path / "model.pth")


@pytest.mark.parametrize(
    ("content", "held"),
    [
        (torch.nn.Linear(2, 2), "torch.nn.modules.linear.Linear"),
        ({"args": argparse.Namespace(lr=0.1)}, "argparse.Namespace"),
        ({"hook": os.system}, "(posix|nt).system"),
    ],
)
def test_objects_beside_tensors_are_named_in_our_words(tmp_path, content, held):
    torch.save(content, tmp_path / "model.pth")
    said = f"it holds {held}, and only tensors and plain containers are read: save network.state_dict\\(\\) alone$"
    with pytest.raises(ValueError, match=f"model.pth cannot be read as weights: {said}"):
        read_state_dict(tmp_path / "model.pth")


def test_a_program_is_sent_to_its_own_architecture(tmp_path):
    program = torch.export.export(torch.nn.Linear(2, 2), (torch.zeros(1, 2),))
    torch.export.save(program, tmp_path / "model.pt2")
    with pytest.raises(ValueError, match="looks like an exported program: evaluate that as --arch exported"):
        read_state_dict(tmp_path / "model.pt2")


class Payload:
    ran = False

    def __reduce__(self):
        return (setattr, (Payload, "ran", True))


def test_a_file_that_would_run_code_is_refused(tmp_path):
    torch.save({"state_dict": Payload()}, tmp_path / "evil.pth")
    with pytest.raises(ValueError, match="cannot be read as weights"):
        read_state_dict(tmp_path / "evil.pth")
    (tmp_path / "plain.pth").write_bytes(pickle.dumps(Payload()))
    with pytest.raises(ValueError, match="cannot be read as weights"):
        read_state_dict(tmp_path / "plain.pth")
    assert not Payload.ran


@pytest.mark.parametrize("name", ["broken.safetensors", "broken.pth"])
def test_a_damaged_file_is_refused(tmp_path, name):
    (tmp_path / name).write_bytes(b"\x00" * 64)
    with pytest.raises(ValueError, match=r"cannot be read as weights: it is damaged, or .*save network.state_dict"):
        read_state_dict(tmp_path / name)
    with pytest.raises(ValueError, match="is not a file"):
        read_state_dict(tmp_path / "absent.pth")


def test_an_imta_checkpoint_with_nested_module_parts_loads(tmp_path):
    torch.manual_seed(0)
    imta = architecture("imta-cifar10").build()
    state = {"module." + key.replace("net.", "net.module.", 1): value for key, value in imta.state_dict().items()}
    torch.save({"state_dict": state}, tmp_path / "stage2.pth.tar")
    loaded = load_checkpoint(tmp_path / "stage2.pth.tar", arch="imta-cifar10")
    images = torch.randn(2, 3, 32, 32)
    with torch.no_grad():
        expected = torch.stack(imta.eval()(images))
        assert torch.equal(torch.stack(loaded(images)), expected)
