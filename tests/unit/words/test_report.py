"""What a report claims, in words."""

from __future__ import annotations

import pytest

from analysis.results import difference_of, results_of
from analysis.results.comparison import AtExit, Estimate
from analysis.words.report import accuracy_claim, entropy_claim, entropy_title, falls_claim


def test_the_accuracy_has_its_interval_and_its_test():
    at = AtExit(7, Estimate(60.0, 60.03, 0.0272, 0.0219, 0.0326), 248, 520, 1e-20, 7e-20)
    assert accuracy_claim("PA", 0.7351, at, 7) == (
        "The last exit's accuracy under PA is 73.5%, 2.72 points more (95%: 2.19 to 3.26) than the baseline's (exact "
        "McNemar test, p < 0.0001, adjusted over 7 exits by Holm; PA alone is right for 520, the baseline alone for "
        "248 samples)."
    )
    less = AtExit(1, Estimate(60.0, 59.99, -0.01, -0.03, 0.01), 2, 1, 1.0, 1.0)
    assert accuracy_claim("CA", 0.5, less, 1) == (
        "The last exit's accuracy under CA is 50.0%, 1.00 points less (95%: 3.00 less to 1.00 more) than the "
        "baseline's (exact McNemar test, p = 1; CA alone is right for 1, the baseline alone for 2 samples)."
    )


@pytest.mark.parametrize(
    ("share", "estimate", "words"),
    [
        (
            9.83,
            Estimate(60.0, 1.76, -58.24, -59.33, -57.11),
            "9.83% of samples, 58.24 points fewer (95%: 57.11 to 59.33) than under",
        ),
        (
            0.0,
            Estimate(60.0, 10.16, -49.84, -50.84, -48.85),
            "no sample, 49.84 points fewer (95%: 48.85 to 50.84) than under",
        ),
        (
            12.0,
            Estimate(60.0, 62.00, 2.0, -1.0, 5.0),
            "12.0% of samples, 2.00 points more (95%: 1.00 fewer to 5.00 more) than under",
        ),
        (12.0, Estimate(60.0, 60.00, 0.0, 0.0, 0.0), "12.0% of samples, as under the baseline."),
    ],
)
def test_falls_are_fewer_or_more(share, estimate, words):
    said = falls_claim("PA", "true_class", [(0.1, share, estimate)])
    assert said.startswith("Under PA the true class's probability falls by more than 0.1 for ")
    assert words in said


def test_entropy_rises_for_some_or_none():
    assert entropy_claim("PA", 67.2, 0.0) == (
        "Entropy rises by more than 0.1 nats between two exits for 67.2% of samples under the baseline, for none "
        "under PA."
    )
    assert "for no sample under the baseline, for 2.00% of samples under PA" in entropy_claim("PA", 0.0, 2.0)
    assert entropy_claim("PA", 0.0, 0.0).endswith("for no sample under the baseline, nor under PA.")


def test_the_mean_entropy_goes_somewhere(small_run):
    difference = difference_of(results_of(small_run, "baseline"), results_of(small_run, "pa"))
    said = entropy_title(difference, "PA")
    for side in (difference.a, difference.b):
        assert f"from {side.entropy[0]:.2f} to {side.entropy[-1]:.3f}" in said or f"{side.entropy[0]:.3f}" in said
