"""Which runs are corruptions of which, and a rule that is measured on them."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from analysis.results import policy_of, results_of
from analysis.results.shift import clean_of, corruption_of, corruptions_of, of_one_network, shift_point
from analysis.storage import RunEntry, write_run
from analysis.words.deciding.shift import shift_finding


def entry(
    id_, mtime_ns=0, corruption=None, checkpoint=None, shape=(7, 300, 20), model="msdnet", error=None, weights=None
):
    provenance = {} if corruption is None else {"corruption": dict(zip(("kind", "severity"), corruption))}
    if checkpoint is not None:
        provenance["checkpoint"] = {"sha256": checkpoint}
    return RunEntry(id_, Path(id_), id_, None, model, error, mtime_ns, provenance, shape=shape, weights=weights)


@pytest.mark.parametrize(
    "told",
    [{}, {"corruption": None}, {"corruption": {"kind": "fog"}}, {"corruption": {"kind": 3, "severity": 1}},
     {"corruption": {"kind": "fog", "severity": True}}, {"corruption": {"kind": "fog", "severity": "2"}},
     {"corruption": {"kind": "", "severity": 2}}, {"corruption": {"kind": "fog", "severity": 10**30}}],
)  # fmt: skip
def test_what_does_not_name_a_corruption_is_clean(told):
    assert corruption_of(told) is None


def test_runs_are_of_one_network_unless_they_say_otherwise():
    clean = entry("clean", checkpoint="a")
    assert of_one_network(clean, entry("other", checkpoint="a"))
    assert of_one_network(clean, entry("other"))
    assert not of_one_network(clean, entry("other", checkpoint="b"))
    kept = entry("clean", checkpoint="a", weights="b")  # its own weights were evaluated again
    assert of_one_network(kept, entry("other", checkpoint="b", weights="b"))
    assert of_one_network(entry("other", checkpoint="b"), kept)
    assert not of_one_network(kept, entry("other", checkpoint="c", weights="d"))
    assert not of_one_network(clean, entry("other", checkpoint="b", weights=None))
    assert not of_one_network(clean, entry("other", model="imta"))
    assert not of_one_network(clean, entry("other", shape=(5, 300, 20)))


def test_severities_stand_in_order_and_the_newest_of_each_counts():
    clean = entry("clean", 5)
    runs = [clean, entry("old", 1, ("fog", 2)), entry("new", 2, ("fog", 2)), entry("first", 3, ("fog", 1)),
            entry("damaged", 4, ("fog", 3), error="cut"), entry("noise", 1, ("noise", 5))]  # fmt: skip
    found = corruptions_of(clean, runs)
    assert {kind: {s: e.id for s, e in of.items()} for kind, of in found.items()} == {
        "fog": {1: "first", 2: "new"},
        "noise": {5: "noise"},
    }
    assert list(found["fog"]) == [1, 2]
    assert clean_of(runs[1], runs) is clean
    named = replace(clean, id="named", provenance={"checkpoint": {"sha256": "a"}}, mtime_ns=0)
    assert clean_of(runs[1], [*runs, named]) is named
    assert clean_of(runs[1], runs[1:]) is None


def test_a_point_is_the_policy_s_and_the_interval_holds_it(small_run, runs, small_logits, small_labels):
    shifted = write_run(runs / "shifted", logits=small_logits[:, :300], labels=small_labels[:300])
    for policy, settings in (("risk", {"loss": "accuracy-gap"}), ("budgeted", {})):
        point = shift_point(shifted, small_run, 2, policy, settings, "pa")
        found = policy_of(shifted, policy, settings, "pa", fitted_on=small_run)
        assert (point.run, point.severity, point.samples) == ("shifted", 2, 300)
        assert (point.promised, point.realised) == (pytest.approx(found.promised), pytest.approx(found.realised))
        assert point.low <= point.realised <= point.high
        assert point.fitted_on == {"run": "small", "split": "calibration", "samples": 100, "seed": None}
        assert not point.fitted_on_test
    brier = shift_point(shifted, small_run, 2, "risk", {"loss": "brier-gap", "epsilon": 1.5}, "pa")
    losses = policy_of(shifted, "risk", {"loss": "brier-gap", "epsilon": 1.5}, "pa", fitted_on=small_run).losses
    assert brier.realised == pytest.approx(losses.mean())
    assert brier.high - brier.realised == pytest.approx(1.96 * losses.std(ddof=1) / np.sqrt(300), rel=1e-3)
    assert 0 <= brier.low < brier.realised
    clean = shift_point(small_run, small_run, 0, "budgeted", {}, "pa")
    assert clean.realised == pytest.approx(policy_of(small_run, "budgeted", {}, "pa").accuracy)
    assert clean.drops.windows == results_of(small_run, "pa").n_samples // 100


def test_the_finding_names_the_severities_at_which_a_promise_is_broken_beyond_chance(small_run):
    point = replace(shift_point(small_run, small_run, 0, "risk", {}), certified=True)
    points = [
        replace(point, severity=s, realised=r, low=r - 0.015, high=r + 0.015, promised=0.1)
        for s, r in ((0, 0.05), (1, 0.09), (2, 0.11), (3, 0.2), (4, 0.3))
    ]
    assert shift_finding(points, "fog", risk=True) == (
        "Under fog the promised risk, 0.100, no longer holds from severity 3 on: 0.300 at severity 4"
    )
    assert shift_finding(points[:2], "fog", risk=True) == (
        "Under fog the promised risk, 0.100, holds at every severity: at worst 0.090"
    )
    assert shift_finding(points[:3], "fog", risk=True) == (
        "Under fog the promised risk, 0.100, may hold at every severity: at worst 0.110 (95%: 0.095 to 0.125)"
    )
    assert shift_finding(points[:4], "fog", risk=True).endswith("no longer holds at severity 3: 0.200 at severity 3")
    assert "at severities 3 and 5" in shift_finding(
        [*points[:4], replace(points[0], severity=4), replace(points[4], severity=5)], "fog", risk=True
    )
    assert shift_finding(points[:1], "fog", risk=True) == "No run under fog to measure"


def test_what_was_only_reached_is_not_called_a_promise(small_run):
    point = shift_point(small_run, small_run, 0, "budgeted", {})
    points = [replace(point, severity=1, realised=0.5, low=0.4, high=0.6, promised=0.7)]
    assert shift_finding(points, "fog", risk=False) == (
        "Under fog the accuracy where it was fitted, 70.0%, no longer holds at severity 1: 50.0% at severity 1"
    )
    nothing = [replace(points[0], low=float("nan"), high=float("nan"))]
    assert shift_finding(nothing, "fog", risk=False) == shift_finding(points, "fog", risk=False)
