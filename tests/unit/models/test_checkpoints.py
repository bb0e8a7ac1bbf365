"""Reading and writing weights: names, precision, refusals."""

import pickle

import pytest
import torch

from analysis.models.architectures import architecture
from analysis.models.checkpoints import drop_module_parts, load_checkpoint, read_state_dict, save_weights


@pytest.fixture(scope="module")
def network():
    torch.manual_seed(0)
    return architecture("msdnet-cifar10").build()


def test_module_parts_are_dropped_wherever_they_stand():
    assert drop_module_parts("module.net.module.blocks.0.weight") == "net.blocks.0.weight"


def test_a_data_parallel_torch_checkpoint_loads(tmp_path, network):
    state = {f"module.{key}": value for key, value in network.state_dict().items()}
    torch.save({"epoch": 3, "state_dict": state}, tmp_path / "model.pth.tar")
    loaded = load_checkpoint(tmp_path / "model.pth.tar", arch="msdnet-cifar10")
    assert not loaded.training
    for key, value in loaded.state_dict().items():
        assert torch.equal(value, network.state_dict()[key]), key


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
    with pytest.raises(ValueError, match="cannot be read as weights"):
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
