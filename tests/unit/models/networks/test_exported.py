"""Programs of torch.export and TorchScript as networks: every form of output, fixed batches, refusals."""

import warnings

import pytest
import torch
from torch import Tensor, nn

from analysis.models.networks.exported import exported_network, load_program

CPU = torch.device("cpu")


class Heads(nn.Module):
    """Three exits of four classes on the mean colour; `form` is how the logits are given."""

    def __init__(self, form: str) -> None:
        super().__init__()
        self.form = form
        self.heads = nn.ModuleList(nn.Linear(3, 4) for _ in range(3))

    def forward(self, images: Tensor):
        logits = [head(images.mean(dim=(2, 3))) for head in self.heads]
        if self.form == "list":
            return logits
        if self.form == "one":
            return logits[0]
        if self.form == "images":
            return images
        return torch.stack(logits, dim=0 if self.form == "exits first" else 1)


def save(path, form: str = "list", batch: int | None = None, size: int = 32) -> Heads:
    torch.manual_seed(0)
    network = Heads(form).eval()
    shapes = None if batch else ({0: torch.export.Dim("batch")},)
    program = torch.export.export(network, (torch.zeros(batch or 2, 3, size, size),), dynamic_shapes=shapes)
    torch.export.save(program, path)
    return network


def load(path, trust: bool = True):
    return exported_network(load_program(path, device=CPU, trust=trust), image_size=32)


@pytest.mark.parametrize(("dynamic", "size"), [({}, 48), ({2: "height", 3: "width"}, None), ({3: "width"}, None)])
def test_a_program_tells_the_size_of_its_images_where_it_takes_one(tmp_path, dynamic, size):
    shapes = ({axis: torch.export.Dim(name) for axis, name in {0: "batch", **dynamic}.items()},)
    program = torch.export.export(Heads("list").eval(), (torch.zeros(2, 3, 48, 48),), dynamic_shapes=shapes)
    torch.export.save(program, tmp_path / "model.pt2")
    assert load_program(tmp_path / "model.pt2", device=CPU, trust=True).image_size == size


def test_a_program_that_exceeds_the_memory_is_not_called_damaged(tmp_path, monkeypatch):
    save(tmp_path / "model.pt2")

    def too_large(path):
        raise RuntimeError("DefaultCPUAllocator: can't allocate memory: you tried to allocate 99 bytes")

    monkeypatch.setattr(torch.export, "load", too_large)
    with pytest.raises(ValueError, match=r"the network of .*model.pt2 does not fit into the memory of .* free some"):
        load(tmp_path / "model.pt2")


@pytest.mark.parametrize("form", ["list", "exits first", "samples first"])
@pytest.mark.parametrize("batch", [None, 2, 3, 4])  # 3: as many as exits
def test_every_form_gives_the_same_logits(tmp_path, form, batch):
    network = save(tmp_path / "model.pt2", form, batch)
    program = load(tmp_path / "model.pt2")
    images = torch.randn(5, 3, 32, 32)
    with torch.no_grad():
        expected = torch.stack([head(images.mean(dim=(2, 3))) for head in network.heads])
        assert torch.allclose(torch.stack(program.eval()(images)), expected, atol=1e-6)
    assert program.classes == 4


@pytest.mark.parametrize("bounds", [{"max": 4}, {"min": 4, "max": 6}, {"min": 4}, {"max": 2}, {"min": 4, "max": 5}])
def test_batches_are_made_such_as_the_program_takes(tmp_path, bounds):
    network = Heads("exits first").eval()
    shapes = ({0: torch.export.Dim("batch", **bounds)},)
    exported = torch.export.export(network, (torch.zeros(bounds.get("min", 2), 3, 32, 32),), dynamic_shapes=shapes)
    torch.export.save(exported, tmp_path / "model.pt2")
    program = load(tmp_path / "model.pt2")
    for count in (1, 3, 7, 9):
        images = torch.randn(count, 3, 32, 32)
        with torch.no_grad():
            assert torch.allclose(torch.stack(program(images)), network(images), atol=1e-6)


class Odd(nn.Module):
    def forward(self, images: Tensor) -> Tensor:
        return images.flatten(1)[:, :12].reshape(3, len(images), 4) if len(images) < 5 else images[9]


def test_a_program_that_fails_on_a_batch_is_told_in_a_sentence(tmp_path):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.jit.script(Odd()).save(tmp_path / "model.pt")
    program = load(tmp_path / "model.pt")
    assert len(program(torch.zeros(4, 3, 32, 32))) == 3
    with pytest.raises(ValueError, match=r"model.pt fails on images \(5, 3, 32, 32\) \(.*index 9.*\): export it for"):
        program(torch.zeros(5, 3, 32, 32))


def test_torchscript_is_read_too(tmp_path):
    torch.manual_seed(0)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.jit.trace(Heads("list").eval(), torch.zeros(2, 3, 32, 32)).save(tmp_path / "model.pt")
    assert len(load(tmp_path / "model.pt")(torch.zeros(3, 3, 32, 32))) == 3


def test_nothing_is_loaded_without_trust(tmp_path):
    with pytest.raises(ValueError, match=r"can run its author's code: if you trust .*model.pt2, add --trust-model"):
        load(tmp_path / "model.pt2", trust=False)


def test_what_is_no_program_is_refused(tmp_path):
    (tmp_path / "junk.pt2").write_bytes(b"junk")
    torch.save({"weight": torch.zeros(2)}, tmp_path / "weights.pth")
    for name in ("junk.pt2", "weights.pth"):
        with pytest.raises(ValueError, match=f"{name} is no program of torch.export or TorchScript"):
            load(tmp_path / name)
    with pytest.raises(ValueError, match="is not a file"):
        load(tmp_path / "absent.pt2")


def test_images_of_another_size_are_refused(tmp_path):
    save(tmp_path / "model.pt2", size=64)
    with pytest.raises(ValueError, match="takes images of any x 3 x 64 x 64, and the data set's are any x 3 x 32 x 32"):
        load(tmp_path / "model.pt2")


def test_a_program_without_logits_is_refused(tmp_path):
    save(tmp_path / "model.pt2", "images")
    with pytest.raises(ValueError, match=r"for 3 images the program gives \(3, 3, 32, 32\): export one that gives"):
        load(tmp_path / "model.pt2")


class Flat(nn.Module):
    def forward(self, images: Tensor) -> Tensor:
        return images.mean(dim=(1, 2, 3))


class Scalar(nn.Module):
    def forward(self, images: Tensor) -> Tensor:
        return images.mean()


@pytest.mark.parametrize("network", [Flat(), Scalar()])
@pytest.mark.parametrize("batch", [2, 3])
def test_outputs_of_too_few_axes_are_refused_and_not_indexed(tmp_path, network, batch):
    torch.export.save(torch.export.export(network, (torch.zeros(batch, 3, 32, 32),)), tmp_path / "model.pt2")
    with pytest.raises(ValueError, match=rf"model.pt2: for {batch} images the program gives \(.*\): export one that"):
        load(tmp_path / "model.pt2")


def test_one_exit_of_as_many_images_as_classes_is_taken(tmp_path):
    save(tmp_path / "model.pt2", "one", batch=4)
    assert [logits.shape for logits in load(tmp_path / "model.pt2")(torch.zeros(3, 3, 32, 32))] == [(3, 4)]


def test_a_network_of_one_exit_is_taken(tmp_path):
    save(tmp_path / "model.pt2", "one")
    assert len(load(tmp_path / "model.pt2")(torch.zeros(2, 3, 32, 32))) == 1


class Softmaxes(Heads):
    """Gives probabilities."""

    def forward(self, images: Tensor) -> list[Tensor]:
        return [logits.softmax(dim=1) for logits in super().forward(images)]


def test_probabilities_are_not_taken_for_logits(tmp_path):
    program = torch.export.export(
        Softmaxes("list").eval(), (torch.zeros(2, 3, 32, 32),), dynamic_shapes=({0: torch.export.Dim("batch")},)
    )
    torch.export.save(program, tmp_path / "model.pt2")
    with pytest.raises(
        ValueError, match="every exit gives probabilities, which sum to 1: export the network that gives"
    ):
        load(tmp_path / "model.pt2")
