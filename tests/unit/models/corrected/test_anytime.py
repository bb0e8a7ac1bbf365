"""Networks that answer with corrected probabilities, exit by exit, and by a rule stop by themselves."""

import numpy as np
import pytest
import torch
from torch import nn

from analysis import anytime
from analysis.models.corrected.exporting import ABOUT, export
from analysis.models.networks.architectures import architecture
from analysis.policies import Rule, stops_now
from analysis.policies.rule_files import write_rule
from analysis.predictors import predict

IMAGES = torch.randn(5, 3, 32, 32, generator=torch.Generator().manual_seed(1))


class Given(nn.Module):
    """Gives the logits (exits, samples, classes) that it was made of, in some form; counts exits that were asked."""

    def __init__(self, logits: torch.Tensor, form: str) -> None:
        super().__init__()
        self.logits, self.form, self.asked = logits, form, 0

    def one_by_one(self):
        for one in self.logits:
            self.asked += 1
            yield one

    def forward(self, images: torch.Tensor):
        forms = {"list": list, "tuple": tuple, "stacked": lambda one: one, "words": lambda _: "logits"}
        return self.one_by_one() if self.form == "generator" else forms[self.form](self.logits)


def logits(n_exits: int = 4, samples: int = 5, classes: int = 6) -> torch.Tensor:
    return torch.randn(n_exits, samples, classes, generator=torch.Generator().manual_seed(0)) * 3


@pytest.fixture(scope="module", params=["msdnet-cifar10", "imta-cifar10"])
def network(request):
    torch.manual_seed(0)
    return architecture(request.param).build().eval()


@pytest.mark.parametrize("predictor", ["pa", "ca", "moe"])
def test_our_networks_are_corrected(network, predictor):
    with torch.no_grad():
        expected = predict(predictor, torch.stack(network(IMAGES))).probs
        shown = anytime(network, predictor)(IMAGES)
    assert shown.shape == (7, 5, 10)
    assert float((shown.double() - expected).abs().max()) <= 1e-6


def test_blocks_that_are_not_asked_for_do_not_run(network):
    ran = []
    base = getattr(network, "net", network)
    handles = [block.register_forward_hook(lambda *_, at=at: ran.append(at)) for at, block in enumerate(base.blocks)]
    hooked = [
        layer.register_forward_hook(lambda *_, at=at: ran.append(at)) for at, b in enumerate(base.blocks) for layer in b
    ]
    with torch.no_grad():
        found = anytime(network, "pa").exits(IMAGES)
        next(found), next(found)
    for handle in (*handles, *hooked):
        handle.remove()
    assert set(ran) == {0, 1}


@pytest.mark.parametrize("form", ["list", "tuple", "stacked", "generator"])
def test_any_network_that_gives_logits_exit_by_exit(form):
    given = logits()
    corrected = anytime(Given(given, form), "softmax-poe", combine="mean", exits=4 if form == "generator" else None)
    expected = predict("softmax-poe", given, combine="mean").probs
    assert float((corrected(torch.zeros(5)).double() - expected).abs().max()) <= 1e-6


def test_half_precision_is_corrected_as_its_float32():
    given = logits().half()
    expected = predict("pa", given).probs
    assert float((anytime(Given(given, "list"))(torch.zeros(5)).double() - expected).abs().max()) <= 1e-6


@pytest.mark.parametrize(
    ("form", "options", "images", "said"),
    [
        ("words", {}, 5, "the network gives str: let it give logits"),
        ("generator", {}, 5, "the network gives one exit after the other: say how many with exits="),
        ("list", {"exits": 3}, 5, "exits is 3, and the network has 4: leave exits out"),
        ("list", {}, 4, r"exit 1 gives \(5, 6\) for 4 images"),
        ("list", {"weights": (1, 2)}, 5, "weights"),
    ],
)
def test_networks_that_do_not_fit(form, options, images, said):
    with pytest.raises(ValueError, match=said):
        anytime(Given(logits(), form), "pa", **options)(torch.zeros(images))


def test_settings_and_predictors_are_checked_at_once():
    with pytest.raises(ValueError, match="pa has no setting 'colour'"):
        anytime(Given(logits(), "list"), "pa", colour=1)
    with pytest.raises(ValueError, match="predictor"):
        anytime(Given(logits(), "list"), "nonsense")


def rule(measure: str = "max-prob", threshold: float = 0.6, **more) -> Rule:
    return Rule("confidence", {"lambda": threshold, "measure": measure}, measure, (threshold,) * 3 + (0.0,), **more)


@pytest.mark.parametrize("measure", ["max-prob", "margin", "entropy", "patience"])
def test_it_stops_where_the_rule_says(measure):
    given = logits(samples=200)
    chosen = rule(measure, 1.0 if measure == "patience" else 0.7, predictor="pa", reaches=True)
    answers = anytime(Given(given, "generator"), rule=chosen, exits=4).answer(torch.zeros(200))
    probs = predict("pa", given).probs.numpy()
    for sample in range(200):
        at = next(m for m in range(4) if stops_now(chosen, probs[: m + 1, sample]))
        assert answers.exits[sample] == at
        np.testing.assert_allclose(answers.probs[sample], probs[at, sample], atol=1e-6)
    assert len(set(answers.exits.tolist())) > 1


def test_exits_after_the_last_that_is_needed_do_not_run():
    sure = torch.zeros(4, 3, 6)
    sure[1:, :, 2] = 30
    network = Given(sure, "generator")
    answers = anytime(network, rule=rule(predictor="baseline"), exits=4).answer(torch.zeros(3))
    assert (answers.exits.tolist(), network.asked) == ([1, 1, 1], 2)


def test_a_rule_comes_from_its_file_with_its_correction(tmp_path):
    write_rule(rule(predictor="pa", predictor_settings={"weights": "uniform"}), tmp_path / "rule.json")
    corrected = anytime(Given(logits(), "list"), rule=tmp_path / "rule.json")
    assert (corrected.predictor, corrected.settings["weights"]) == ("pa", "uniform")
    assert anytime(Given(logits(), "list"), "pa", rule=str(tmp_path / "rule.json"), weights="uniform").rule is not None


@pytest.mark.parametrize(("predictor", "settings"), [("ca", {}), ("pa", {"weights": "uniform"})])
def test_a_rule_of_another_correction_is_refused(predictor, settings):
    with pytest.raises(ValueError, match="the rule was made for pa with other settings, or another predictor than"):
        anytime(Given(logits(), "list"), predictor, rule=rule(predictor="pa"), **settings)


def test_a_rule_for_another_number_of_exits_and_none_at_all():
    with pytest.raises(ValueError, match="the rule is for 4 exits, and the network has 3: fit one on it"):
        anytime(Given(logits(3), "list"), rule=rule(predictor="pa"))(torch.zeros(5))
    with pytest.raises(ValueError, match="there is no rule to stop by: give anytime"):
        anytime(Given(logits(3), "list")).answer(torch.zeros(5))


class Tiny(nn.Module):
    """Three exits on the mean colour."""

    def __init__(self) -> None:
        super().__init__()
        self.heads = nn.ModuleList(nn.Linear(3, 4) for _ in range(3))

    def forward(self, images: torch.Tensor) -> list[torch.Tensor]:
        return [20 * head(images.mean(dim=(2, 3))) for head in self.heads]


@pytest.mark.parametrize(
    ("predictor", "settings"),
    [
        ("pa", {}),
        ("pa", {"fallback": "previous", "relative_threshold": 0.5, "temperature": 2.0}),
        ("hard-poe", {}),
        ("softmax-poe", {}),
        ("moe", {"activation": "relu", "fallback": "none"}),
        ("ca", {}),
        ("baseline", {}),
    ],
)
def test_a_program_equals_the_predictor_for_any_number_of_images(tmp_path, predictor, settings):
    torch.manual_seed(0)
    tiny = Tiny().eval()
    made = export(anytime(tiny, predictor, **settings), (3, 8, 8), tmp_path / "x.pt2", {"predictor": predictor})
    assert (made.exits, made.classes) == (3, 4)
    assert made.largest_difference <= 1e-6
    about = {ABOUT: ""}
    program = torch.export.load(tmp_path / "x.pt2", extra_files=about).module()
    assert predictor in about[ABOUT]
    for count in (1, 2, 9):
        images = torch.randn(count, 3, 8, 8)
        with torch.no_grad():
            expected = predict(predictor, torch.stack(tiny(images)), **settings).probs
            assert float((program(images).double() - expected).abs().max()) <= 1e-6


def test_a_program_that_differs_is_not_written(tmp_path, monkeypatch):
    monkeypatch.setattr("analysis.models.corrected.exporting.largest_difference", lambda *_: 2e-6)
    with pytest.raises(ValueError, match=r"the exported program differs from pa by 2\.0e-06 on random images"):
        export(anytime(Tiny().eval()), (3, 8, 8), tmp_path / "x.pt2", {})
    assert not any(tmp_path.iterdir())
