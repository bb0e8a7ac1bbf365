"""Attributions on the bundled MSDNet: what they add up to, what the product changes, and where a class is removed."""

import itertools
import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest
import torch

from analysis.attribution.methods import FIRST_STEPS, METHODS, SCALES, attribute, frozen, per_pass, scorer, tap_place
from analysis.attribution.strip import StripSettings, film_strip
from analysis.attribution.targets import Target, product_log_probs, removed_at, score
from analysis.images.decoding import decode
from analysis.images.image_tables import image_source
from analysis.models.evaluation.inference import normalise
from analysis.models.networks.architectures import architecture
from analysis.models.networks.checkpoints import load_checkpoint
from analysis.models.networks.msdnet import CONFIGS, MSDNet
from analysis.models.networks.stepwise import timed_exits
from analysis.predictors import predict
from analysis.runtime.folders import PROJECT
from analysis.storage import load_run

pytestmark = pytest.mark.usefixtures("one_thread")
POSITION = 1  # a sample whose true class stays in the support at every exit


@pytest.fixture(scope="module")
def run():
    return load_run(PROJECT / "cached_runs" / "msdnet-cifar100")


@pytest.fixture(scope="module")
def network(run):
    return load_checkpoint(run.weights, run.arch)


@pytest.fixture(scope="module")
def image(run):
    return decode(image_source(run).encoded([POSITION])[0])


@pytest.fixture(scope="module")
def label(run):
    return int(run.labels[POSITION])


@pytest.fixture(scope="module")
def logits(network, image):
    return timed_exits(network, normalise(torch.tensor(image)[None], "cifar100"), repeats=1)[0]


def of(network, image, target: Target, method: str, **options):
    return attribute(network, image, target, method, dataset="cifar100", **options)


def test_the_product_is_the_predictors(small_logits):
    wide = torch.tensor(small_logits[:, :80].astype(np.float64))
    expected = predict("pa", wide, fallback="none")
    for exit_ in range(7):
        log_probs, support = product_log_probs(wide[: exit_ + 1], 7)
        assert torch.equal(log_probs, expected.log_probs[exit_])
        assert torch.equal(support, ~expected.log_probs[exit_].isneginf())


@pytest.mark.parametrize("quantity", ["prob", "log-prob"])
def test_zeros_of_other_classes_give_gradient_zero_never_nan(quantity):
    logits = torch.tensor([[[2.0, 0.0, -1.0, 3.0]], [[1.0, 1.0, 4.0, 0.0]]], requires_grad=True)
    score(list(logits), Target("product", quantity, 0, 1), 2).sum().backward()
    assert torch.isfinite(logits.grad).all()
    assert (logits.grad[:, :, 1:] == 0).all()


def test_a_class_outside_the_support_and_a_collapse_have_gradient_zero():
    for values in ([[[2.0, 0.0]], [[1.0, 1.0]]], [[[2.0, -1.0]], [[-1.0, 1.0]]]):
        logits = torch.tensor(values, requires_grad=True)
        value = score(list(logits), Target("product", "prob", 1, 1), 2)
        value.sum().backward()
        assert value.item() == 0
        assert (logits.grad == 0).all()


@pytest.mark.parametrize(("through", "quantity"), [("head", "logit"), ("product", "prob")])
def test_integrated_gradients_add_up_to_the_difference(network, image, label, through, quantity):
    found = of(network, image, Target(through, quantity, label, 1), "integrated-gradients")
    difference = found.score - found.baseline_score
    assert found.converged
    assert found.values.shape == (32, 32)
    assert abs(found.values.sum() - difference) < 0.05 * abs(difference)


def test_the_number_of_steps_grows_until_they_add_up(network, image, label):
    target = Target("product", "prob", label, 1)
    few = of(network, image, target, "integrated-gradients", most_steps=FIRST_STEPS)
    assert (few.converged, few.steps) == (False, FIRST_STEPS)  # else this target would need no growth
    found = of(network, image, target, "integrated-gradients")
    assert found.converged
    assert found.steps > FIRST_STEPS
    difference = found.score - found.baseline_score
    assert abs(found.values.sum() - difference) < 0.05 * abs(difference)


def test_too_few_steps_are_said_not_to_have_converged(network, image, label):
    found = of(network, image, Target("head", "prob", label, 6), "integrated-gradients", most_steps=2)
    assert found.converged is False
    assert found.steps == 2


@pytest.mark.parametrize("method", METHODS)
def test_the_products_attribution_differs_from_the_heads(network, image, label, method):
    head, product = (
        of(network, image, Target(through, "prob", label, 2), method).values for through in ("head", "product")
    )
    assert np.isfinite(product).all()
    assert product.any()
    scaled = [values / np.abs(values).max() for values in (head, product)]
    if method == "grad-cam":  # the last factor alone depends on the map: the same places, another strength
        assert not np.allclose(head, product, rtol=0.01)
    else:
        assert np.abs(scaled[0] - scaled[1]).max() > 0.05


def test_an_imta_network_is_attributed_and_its_product_differs_from_its_head():
    torch.manual_seed(0)
    network = architecture("imta-cifar100").build().eval()
    image = np.random.default_rng(0).integers(0, 256, (32, 32, 3), dtype=np.uint8)
    logits = timed_exits(network, normalise(torch.tensor(image)[None], "cifar100"), repeats=1, exits=3)[0][:, 0]
    left = [c for c in range(100) if removed_at(logits, c) is None]
    assert len(left) > 1  # else the product gives the only one probability 1 and no gradient
    for method in ("input-x-gradient", "grad-cam", "occlusion"):
        head, product = (
            of(network, image, Target(through, "prob", left[0], 2), method).values for through in ("head", "product")
        )
        assert np.isfinite(product).all()
        assert product.any()
        assert not np.allclose(head, product, rtol=0.01, atol=0.01 * np.abs(head).max()), method


@pytest.fixture(scope="module")
def four_scales():
    """The network of ImageNet's shape, thin, and an image of the smallest size that its heads take."""
    torch.manual_seed(0)
    config = replace(CONFIGS["imagenet-step4"], classes=5, channels=4, growth=4)
    return MSDNet(config).eval(), np.random.default_rng(0).integers(0, 256, (160, 160, 3), dtype=np.uint8)


def test_grad_cam_reads_each_of_four_scales(four_scales):
    network, image = four_scales
    places = {scale: tap_place(network, 0, scale) for scale in SCALES[4]}
    assert [place[2] for place in places.values()] == [-1, -2, -3, -4]  # coarsest first
    maps = {
        scale: attribute(network, image, Target("head", "logit", 0, 0), "grad-cam", dataset="imagenet", scale=scale)
        for scale in SCALES[4]
    }
    assert all(found.values.shape == (160, 160) and np.isfinite(found.values).all() for found in maps.values())
    for one, other in itertools.combinations(maps.values(), 2):
        assert not np.array_equal(one.values, other.values)
    assert [scale for scale in SCALES[4] if tap_place(network, 4, scale)] == ["coarsest"]


def test_a_scale_of_other_networks_is_refused_in_a_sentence(network, image, four_scales):
    said = "has no scale 'middle': choose one of coarsest, second-coarsest, second-finest, finest"
    with pytest.raises(ValueError, match=said):
        attribute(*four_scales, Target("head", "logit", 0, 0), "grad-cam", dataset="imagenet", scale="middle")
    with pytest.raises(ValueError, match=said):
        film_strip(*four_scales, StripSettings("head", "logit", 0, "grad-cam", "middle"), "imagenet")
    with pytest.raises(ValueError, match="has no scale 'second-finest': choose one of coarsest, middle, finest"):
        of(network, image, Target("head", "logit", 0, 0), "grad-cam", scale="second-finest")


def test_grad_cam_reads_every_scale_until_it_is_dropped(network, image, label):
    maps = {
        (scale, exit_): of(network, image, Target("head", "logit", label, exit_), "grad-cam", scale=scale)
        for scale in SCALES[3]
        for exit_ in (0, 4, 6)
    }
    there = {key for key, found in maps.items() if found is not None}
    assert there == {
        ("coarsest", 0), ("middle", 0), ("finest", 0), ("coarsest", 4), ("middle", 4), ("coarsest", 6),
    }  # fmt: skip
    for key in there:
        assert maps[key].values.any(), key
        assert maps[key].values.min() >= 0


def test_grad_cam_taps_the_last_map_of_its_scale_that_the_head_reads(network, image, label):
    def gradient(finer: int, later: int) -> float:
        place = tap_place(network, 0, SCALES[3][finer])
        kept = []

        def tap(block, stage, scales):
            if (block, stage) == (place[0], place[1] + later):
                scales = [*scales]
                scales[place[2]] = kept_map = scales[place[2]].detach().requires_grad_()
                kept.append(kept_map)
            return scales

        pixels = torch.tensor(image).permute(2, 0, 1)[None].float() / 255
        with frozen(network):
            value = scorer(network, Target("head", "logit", label, 0), "cifar100", tap)(pixels).sum()
        if value.requires_grad:  # else the score does not depend on the map at all
            value.backward()
        return 0.0 if kept[0].grad is None else float(kept[0].grad.abs().sum())

    for finer in (1, 2):
        assert gradient(finer, 0) > 0
        assert gradient(finer, 1) == 0


def test_occlusion_is_the_fall_under_a_square_by_hand(network, image, label):
    target = Target("head", "logit", label, 0)
    values = of(network, image, target, "occlusion").values
    scores = scorer(network, target, "cifar100")
    pixels = torch.tensor(image).permute(2, 0, 1)[None].float() / 255
    covered = pixels.clone()
    covered[..., :4, :4] = 0  # the only square that covers the first pixel
    with torch.no_grad():
        assert values[0, 0] == pytest.approx(float(scores(pixels) - scores(covered)), abs=1e-4)


def test_log_p_equals_the_gradient_of_p_over_p(network, image, label):
    log_prob, prob = (
        of(network, image, Target("product", quantity, label, 3), "input-x-gradient")
        for quantity in ("log-prob", "prob")
    )
    np.testing.assert_allclose(log_prob.values, prob.values / prob.score, rtol=1e-3, atol=1e-4)


def test_log_p_outside_the_support_names_the_exit_that_removed_the_class(network, image, logits):
    gone, passes = next(c for c in range(100) if removed_at(logits[:, 0], c) == 2), []
    hook = network.blocks[0][0].register_forward_hook(lambda *_: passes.append(1))
    with pytest.raises(ValueError, match=r"^exit 3 removed this class from the product \(its logit there is -.*exit 5"):
        of(network, image, Target("product", "log-prob", gone, 4), "input-x-gradient")
    hook.remove()
    assert len(passes) == 1
    found = of(network, image, Target("product", "prob", gone, 4), "input-x-gradient")
    assert found.score == 0
    assert not found.values.any()


def test_what_makes_no_sense_is_refused(network, image):
    with pytest.raises(ValueError, match="attribute the probability, or choose input x gradient or Grad-CAM"):
        of(network, image, Target("product", "log-prob", 0, 0), "integrated-gradients")
    with pytest.raises(ValueError, match="unknown method 'lime': choose one of integrated-gradients"):
        of(network, image, Target("head", "logit", 0, 0), "lime")
    with pytest.raises(ValueError, match="of a head, choose logit or prob"):
        Target("head", "log-prob", 0, 0)
    with pytest.raises(ValueError, match="exit 8 does not exist: the network has 7"):
        of(network, image, Target("head", "logit", 0, 7), "occlusion")


def test_the_networks_parameters_get_no_gradients_and_keep_their_setting(network, image):
    of(network, image, Target("head", "logit", 0, 0), "input-x-gradient")
    assert all(parameter.requires_grad and parameter.grad is None for parameter in network.parameters())


def test_reading_the_tables_imports_no_torch():
    code = "import analysis.attribution.methods, analysis.attribution.correlation, sys; "
    code += "sys.exit(any(name in sys.modules for name in ('torch', 'captum')))"
    assert subprocess.run([sys.executable, "-c", code], cwd=PROJECT, check=False).returncode == 0


def test_large_images_pass_a_few_at_a_time():
    assert [per_pass(torch.zeros(1, 3, side, side)) for side in (32, 224, 1024)] == [64, 5, 1]
