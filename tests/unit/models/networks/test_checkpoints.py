"""Reading and writing weights: names, precision, what stands beside them, refusals."""

import argparse
import os
import pickle
from itertools import cycle
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file

from analysis import models
from analysis.models.networks.architectures import architecture
from analysis.models.networks.checkpoints import (
    STATE_NAMES,
    load_checkpoint,
    plain_key,
    read_checkpoint,
    read_state_dict,
    save_weights,
    tensor_of,
)


@pytest.fixture(scope="module")
def network():
    torch.manual_seed(0)
    return architecture("msdnet-cifar10").build()


def test_it_is_the_package_s_own():
    assert models.load_checkpoint is load_checkpoint
    with pytest.raises(AttributeError, match="has no attribute 'load'"):
        models.load  # noqa: B018


def same_weights(loaded, network) -> bool:
    """Whether a network that was read has another one's weights, exactly."""
    state = network.state_dict()
    return all(torch.equal(value, state[key]) for key, value in loaded.state_dict().items())


@pytest.mark.parametrize(
    ("key", "plain"),
    [
        ("module.net.module.blocks.0.weight", "net.blocks.0.weight"),
        ("_orig_mod.blocks.0.weight", "blocks.0.weight"),
        ("module._orig_mod.blocks.0.weight", "blocks.0.weight"),
        ("_orig_mod.module.model.blocks.0.weight", "blocks.0.weight"),
        ("model.model.net._orig_mod.blocks.0.weight", "net.blocks.0.weight"),
        ("blocks.0.model.weight", "blocks.0.model.weight"),  # `model` only before all
        ("model", "model"),
    ],
)
def test_what_wrappers_leave_in_keys_is_dropped(key, plain):
    assert plain_key(key) == plain


def test_a_data_parallel_torch_checkpoint_loads(tmp_path, network):
    state = {f"module.{key}": value for key, value in network.state_dict().items()}
    torch.save({"epoch": 3, "state_dict": state}, tmp_path / "model.pth.tar")
    loaded = load_checkpoint(tmp_path / "model.pth.tar", arch="msdnet-cifar10")
    assert not loaded.training
    assert same_weights(loaded, network)


@pytest.mark.parametrize("options", [{}, {"_use_new_zipfile_serialization": False}])
@pytest.mark.parametrize(
    ("name", "prefix"), list(zip(STATE_NAMES, cycle(["_orig_mod.", "model.module.", "module._orig_mod.model."])))
)
def test_a_state_dict_is_found_among_what_training_keeps(tmp_path, network, name, prefix, options):
    """NumPy's numbers, argparse.Namespace and objects of any class beside it, which are never made."""
    optimiser = torch.optim.Adam(network.parameters())
    checkpoint = {
        "epoch": np.int64(3),
        "best_acc": np.float64(0.75),
        "history": {"loss": np.arange(3.0), "rng": np.random.RandomState(0).get_state()},
        "args": argparse.Namespace(lr=0.1, path=Path("x"), device=torch.device("cpu"), dtype=torch.float32),
        "config": SimpleNamespace(depth=7),
        "scheduler": torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, 3).state_dict(),
        "criterion": torch.nn.CrossEntropyLoss(),
        "hook": os.system,
        name: {prefix + key: value for key, value in network.state_dict().items()},
        "optimizer": optimiser.state_dict(),
    }
    torch.save(checkpoint, tmp_path / "model.pth", **options)
    assert same_weights(load_checkpoint(tmp_path / "model.pth", arch="msdnet-cifar10"), network)
    torch.save({"model": {"state_dict": checkpoint[name]}, "args": checkpoint["args"]}, tmp_path / "nested.pth")
    assert same_weights(load_checkpoint(tmp_path / "nested.pth", arch="msdnet-cifar10"), network)


def test_several_networks_in_one_file_are_refused(tmp_path, network):
    state = network.state_dict()
    torch.save({"model": state, "net": state}, tmp_path / "model.pth")
    with pytest.raises(ValueError, match=r"holds several networks \(model, net\): save one network's state_dict"):
        read_state_dict(tmp_path / "model.pth")
    torch.save({"state_dict": state, "model": {"name": "msdnet", "depth": 7}}, tmp_path / "model.pth")
    assert same_weights(load_checkpoint(tmp_path / "model.pth", arch="msdnet-cifar10"), network)


def test_counters_that_are_no_weights_are_left_out(tmp_path, network):
    """thop's in every module, AveragedModel's beside the network it averages."""
    state = torch.optim.swa_utils.AveragedModel(network).state_dict()
    for key in ("total_ops", "total_params", "module.blocks.0.total_ops", "module.blocks.0.total_params"):
        state[key] = torch.zeros(1, dtype=torch.float64)
    assert "n_averaged" in state
    torch.save(state, tmp_path / "model.pth")
    assert same_weights(load_checkpoint(tmp_path / "model.pth", arch="msdnet-cifar10"), network)


def test_batch_norms_from_before_torch_0_4_1_have_counted_nothing(tmp_path, network):
    state = {key: value for key, value in network.state_dict().items() if "num_batches_tracked" not in key}
    torch.save({"state_dict": state}, tmp_path / "model.pth")
    assert same_weights(load_checkpoint(tmp_path / "model.pth", arch="msdnet-cifar10"), network)


@pytest.mark.parametrize(
    "dtype", [torch.float16, torch.bfloat16, torch.float8_e4m3fn, torch.float8_e5m2, torch.float64]
)
@pytest.mark.parametrize("form", ["torch", "legacy", "safetensors"])
def test_weights_of_other_precisions_are_read_as_they_are(tmp_path, network, dtype, form):
    state = {
        key: value.to(dtype) if value.is_floating_point() else value for key, value in network.state_dict().items()
    }
    if form == "safetensors":
        save_file(state, tmp_path / "model")
    else:
        torch.save(state, tmp_path / "model", _use_new_zipfile_serialization=form == "torch")
    loaded = load_checkpoint(tmp_path / "model", arch="msdnet-cifar10").state_dict()
    for key, value in read_checkpoint(tmp_path / "model").items():
        assert value.dtype == state[key].dtype, key
        assert torch.equal(value.double(), state[key].double()), key
        assert torch.equal(loaded[key].double(), state[key].double()), key


def test_views_are_read_as_they_are_seen(tmp_path):
    """A negated view, whose bytes have the other sign; a transposed one, and one that repeats."""
    weight = torch.arange(6.0).reshape(2, 3) - 2
    state = {
        "a": torch._neg_view(weight),
        "b": weight.T,
        "c": weight[:, :1].expand(2, 5),
        "d": torch._neg_view(weight)[1],
    }
    state["e"] = torch.complex(weight, weight).conj().imag
    torch.save(state, tmp_path / "model.pth")
    for key, array in read_state_dict(tmp_path / "model.pth").items():
        assert torch.equal(tensor_of(array), state[key].resolve_neg()), key


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
    saved = load_file(tmp_path / "model.safetensors")
    for name, module in network.named_modules():
        if isinstance(module, torch.nn.BatchNorm2d):
            assert all(saved[f"{name}.{key}"].dtype == value.dtype for key, value in module.state_dict().items())
        elif isinstance(module, torch.nn.Conv2d | torch.nn.Linear):
            assert all(saved[f"{name}.{key}"].dtype == torch.float16 for key in module.state_dict())


def test_a_checkpoint_of_another_architecture_is_named(tmp_path, network):
    save_weights(network.state_dict(), tmp_path / "model.safetensors")
    with pytest.raises(ValueError, match=r"not a checkpoint of msdnet-cifar100: of another shape"):
        load_checkpoint(tmp_path / "model.safetensors", arch="msdnet-cifar100")
    with pytest.raises(ValueError, match="unknown architecture 'resnet': choose one of msdnet-cifar10"):
        load_checkpoint(tmp_path / "model.safetensors", arch="resnet")


def test_keys_that_do_not_fit_are_named_with_their_shapes(tmp_path, network):
    state = network.state_dict()
    state["classifier.0.extra"] = state.pop("classifier.0.linear.weight")
    torch.save(state, tmp_path / "model.pth")
    said = r"missing: classifier.0.linear.weight \(10, 128\); unknown: classifier.0.extra \("
    with pytest.raises(ValueError, match=said):
        load_checkpoint(tmp_path / "model.pth", arch="msdnet-cifar10")


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (
            {0: torch.zeros(2)},
            r"it holds no state dict \(key 0 of type int, value of type ndarray\): save network.state_dict\(\)",
        ),
        ({"a": torch.zeros(2), "epoch": 3}, r"it holds no state dict \(key 'epoch' of type str, value of type int\)"),
        ([torch.zeros(2)], r"holds no state dict \(its type is list\): save"),
        ({"a": torch.zeros(2, 2).to_sparse()}, "a is a sparse tensor: save dense tensors of real numbers"),
        ({"a": torch.zeros(2, dtype=torch.complex64)}, "a is of type complex64: save dense tensors of real numbers"),
        ({"a": torch.zeros(2, dtype=torch.complex64).conj()}, "a is a conjugate view of complex numbers: save"),
        ({"a": torch.zeros(2, device="meta")}, "a is a meta tensor, which has no values: save"),
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


def test_a_whole_network_in_place_of_its_weights_is_named(tmp_path):
    said = "model.pth holds torch.nn.modules.linear.Linear instead of a state dict: save network.state_dict\\(\\)$"
    for content in (torch.nn.Linear(2, 2), {"epoch": 3, "model": torch.nn.Linear(2, 2)}):
        torch.save(content, tmp_path / "model.pth")
        with pytest.raises(ValueError, match=said):
            read_state_dict(tmp_path / "model.pth")


@pytest.mark.filterwarnings("ignore:.*torch.jit:FutureWarning")
def test_a_program_is_sent_to_its_own_architecture(tmp_path):
    program = torch.export.export(torch.nn.Linear(2, 2), (torch.zeros(1, 2),))
    torch.export.save(program, tmp_path / "model.pt2")
    torch.jit.trace(torch.nn.Linear(2, 2), torch.zeros(1, 2)).save(tmp_path / "script.pt")
    for name in ("model.pt2", "script.pt"):
        with pytest.raises(
            ValueError, match=f"{name} is a program, .* evaluate --arch exported; of TorchScript's network"
        ):
            read_state_dict(tmp_path / name)


class Payload:
    ran = False

    def __reduce__(self):
        return (setattr, (Payload, "ran", True))


def test_a_file_that_would_run_code_runs_nothing(tmp_path, network):
    torch.save({"state_dict": network.state_dict(), "extra": Payload()}, tmp_path / "evil.pth")
    assert same_weights(load_checkpoint(tmp_path / "evil.pth", arch="msdnet-cifar10"), network)
    assert read_checkpoint(tmp_path / "evil.pth")["extra"].what == "builtins.setattr"
    torch.save({"state_dict": Payload()}, tmp_path / "evil.pth")
    (tmp_path / "plain.pth").write_bytes(pickle.dumps(Payload()))
    for name in ("evil.pth", "plain.pth"):
        with pytest.raises(ValueError, match=f"{name} holds builtins.setattr instead of a state dict"):
            read_state_dict(tmp_path / name)
    assert not Payload.ran
    torch.load(tmp_path / "evil.pth", weights_only=False)  # a check that can fail: elsewhere it does run
    assert Payload.ran


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("broken.safetensors", "is not a safetensors file or is cut off: copy it again"),
        ("broken.pth", r"cannot be read as a pickle or torch file \(it is damaged at byte 1"),
        ("absent.pth", "is not a file: give the path of a .safetensors or a torch checkpoint"),
    ],
)
def test_a_damaged_file_is_refused(tmp_path, name, said):
    if name != "absent.pth":
        (tmp_path / name).write_bytes(b"\x00" * 64)
    with pytest.raises(ValueError, match=f"{name}.* {said}"):
        read_state_dict(tmp_path / name)


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
