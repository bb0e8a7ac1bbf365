"""A run beside the paper: differences in standard deviations, and verdicts on numbers made by hand."""

import numpy as np
import pytest

from analysis.metrics.decrease import THRESHOLDS
from analysis.metrics.uncertainty import ENTROPY_THRESHOLDS
from analysis.reference.published import Published, published_for, published_networks
from analysis.results import against_paper, results_of
from analysis.results.against_paper import (
    NOT_SHOWN,
    SHOWN,
    UNKNOWN,
    UNPUBLISHED,
    comparison_table,
    difference,
    fewer,
    percents,
    sides,
)
from analysis.storage import write_run
from analysis.words.verdicts import ToldVerdict, difference_words, gap_sentence, summary_sentence, told
from tests.unit.results.by_hand import results_by_hand

EXITS = ("1", "2", "3")
FALLING = np.array([40.0, 30, 20, 10, 8, 6, 4, 2])


def measured(accuracy=(50, 60, 70), falls=FALLING, entropy=(30, 20, 10, 5, 1, 0), gap=10.0, clear=(1, 1, 1)):
    numbers = {"accuracy": accuracy, **dict.fromkeys(against_paper.OF, falls), "oracle": [gap], "entropy": entropy}
    found = {quantity: np.asarray(values, float) for quantity, values in numbers.items()}
    return found | {against_paper.CLEAR: np.array(clear)}


def paper(accuracy=(0.5, 0.6, 0.7), falls=FALLING, std=(0.01, 0, 0.02), gap=None, entropy=()):
    falls = dict(zip(THRESHOLDS, np.asarray(falls, float)))
    spread = dict.fromkeys(THRESHOLDS, 0.5) if std is not None else None
    return Published(
        "cifar100",
        "msdnet",
        "any",
        np.array(accuracy),
        None if std is None else np.array(std),
        None,
        {of: falls for of in against_paper.OF},
        {} if spread is None else {of: spread for of in against_paper.OF},
        gap,
        dict(zip(ENTROPY_THRESHOLDS, entropy)),
    )


PAPER = {
    "baseline": paper(gap=0.1, entropy=(9,) * 6),
    "pa": paper((0.5, 0.61, 0.69), FALLING / 2, gap=0.05, entropy=(1,) * 6),
}
RUN = {"baseline": measured(), "pa": measured((50, 62, 68), FALLING / 10, (1, 1, 1, 1, 0, 0), 5.0)}


def verdicts(run, published, exits) -> list[ToldVerdict]:
    return [told(one, exits) for one in against_paper.verdicts(run, published)]


def judged(run=RUN, published=PAPER):
    return [one.verdict for one in verdicts(run, published, EXITS)]


def test_differences_are_judged_by_the_papers_spread_and_one_run_s_error_together():
    error = 100 * np.sqrt(0.7 * 0.3 / 10_000)  # 0.458 points
    limit = 2 * np.hypot(0.18, error)  # 0.985: of the run's shares of 71 % and 69 % hardly less and more
    assert difference(70 + 1.02 * limit, 70.0, 0.18, 10_000)[1] is True
    assert difference(70 - 1.04 * limit, 70.0, 0.18, 10_000)[1] is True
    assert difference(70 + 0.96 * limit, 70.0, 0.18, 10_000)[1] is False
    assert difference(68.0, 70.0, 0.5, 10_000) == (-2.0, True)
    assert difference(68.0, 70.0, 0.5, 100) == (-2.0, False)
    assert difference(0.01, 0.0, 0.0, 10_000) == (0.01, False)  # one sample of 10,000
    assert difference(0.1, 0.0, 0.0, 10_000) == (0.1, True)
    assert difference(0.0, 0.0, 0.0, 10_000) == (0.0, False)
    assert difference(1.5, 1.0, np.nan, 100) == (0.5, None)


def test_differences_keep_their_sign_and_what_is_not_zero_never_reads_as_zero():
    assert difference_words(-8.79, True) == "−8.79 points, outside ±2 sd"
    assert difference_words(0.5, False) == "+0.50 points, within ±2 sd"
    assert difference_words(-0.0013, None) == "−0.001 points"
    assert difference_words(0.0, None, unit=False) == "0"
    assert difference_words(np.nan, None) == "unknown"


def test_the_table_holds_every_number_that_both_have():
    table = comparison_table(RUN | {"ca": measured()}, PAPER, EXITS, 100)
    assert len(table) == 2 * (3 + 2 * len(THRESHOLDS) + 1 + len(ENTROPY_THRESHOLDS))  # ca is not published here
    gaps = table[(table["quantity"] == "oracle") & (table["predictor"] == "pa")]
    assert gaps[["at", "run", "published", "outside_2_sd"]].values.tolist() == [["3", 5.0, 5.0, None]]
    rises = table[(table["quantity"] == "entropy") & (table["predictor"] == "baseline")]
    assert rises["run"].tolist() == [30, 20, 10, 5, 1, 0]
    row = table[(table["quantity"] == "accuracy") & (table["predictor"] == "pa")].set_index("at")
    assert row["outside_2_sd"].tolist() == [False] * 3
    assert row["difference"].tolist() == pytest.approx([0, 1, -1])
    many = comparison_table(RUN, PAPER, EXITS, 10_000).query("quantity == 'accuracy' and predictor == 'pa'")
    assert many["outside_2_sd"].tolist() == [False, True, False]  # the second's standard deviation is 0
    falls = table[(table["quantity"] == "true_class") & (table["predictor"] == "pa")].set_index("at")
    assert falls.loc["0.0001", "difference"] == pytest.approx(4 - 20)


def test_a_single_checkpoint_is_compared_in_points():
    published = {key: paper(std=None) for key in PAPER}
    table = comparison_table(RUN, published, EXITS, 10_000)
    assert set(table["outside_2_sd"]) == {None}
    assert table["published_std"].isna().all()
    assert "one checkpoint" in verdicts(RUN, published, EXITS)[2].paper


def test_fewer_asks_for_less_and_for_nothing_where_there_is_nothing():
    before, after = np.array([2.0, 2, 2, 0, 0]), np.array([1.0, 2, 3, 0, 1])
    assert fewer(before, after).tolist() == [True, False, False, True, False]


def test_sides_are_level_within_a_hundredth_of_a_point():
    assert sides(np.array([50.0, 50, 50]), np.array([50.004, 50.01, 49.99])).tolist() == [0, 1, -1]


def test_a_run_like_the_paper_shows_every_finding():
    assert judged() == [SHOWN] * 5
    assert summary_sentence(verdicts(RUN, PAPER, EXITS), "X") == "This run shows all 5 published findings on PA for X."


def test_one_threshold_without_fewer_falls_is_enough_to_differ():
    falls = FALLING / 10
    falls[2] = FALLING[2]
    found = verdicts(RUN | {"pa": measured((50, 62, 68), falls, gap=5.0)}, PAPER, EXITS)
    assert [one.verdict for one in found[:2]] == [NOT_SHOWN, NOT_SHOWN]
    assert found[0].run.startswith("not fewer at threshold 0.05; by more than 0.1: 10.0% → 1.00%")
    assert "This run shows 2 of the 5" in summary_sentence(found, "X")  # entropy rises as often too


def test_accuracy_is_held_against_the_published_side_at_every_exit():
    found = verdicts(RUN | {"pa": measured((50, 62, 71), FALLING / 10)}, PAPER, EXITS)[2]
    assert found.finding.endswith("higher at exit 2, level at exit 1, lower at exit 3")
    assert found.verdict == NOT_SHOWN
    assert "as in the paper at 2 of 3 exits; here higher at exit 3" in found.run
    assert "all 3 exits" in verdicts(RUN, PAPER, EXITS)[2].run


def test_where_the_run_s_difference_may_be_chance_it_is_said_beside_its_accuracies():
    some = RUN | {"pa": measured((50, 62, 68), FALLING / 10, clear=(0, 1, 0))}
    found = verdicts(some, PAPER, EXITS)[2]
    assert found.run.endswith("; last exit: 70.0% → 68.0%; no clear difference at exit 3")  # at exit 1 they are level
    assert found.verdict == SHOWN
    assert "no clear" not in verdicts(RUN, PAPER, EXITS)[2].run


def test_a_difference_within_the_published_spread_is_named():
    assert "below one standard deviation at exit 3" in verdicts(RUN, PAPER, EXITS)[2].paper


def test_the_oracle_gap_and_entropy_are_judged_where_published():
    worse = RUN | {"pa": measured((50, 62, 68), FALLING / 10, (30, 1, 1, 1, 0, 0), 10.0)}
    assert judged(worse)[3:] == [NOT_SHOWN, NOT_SHOWN]
    silent = {"baseline": paper(), "pa": paper((0.5, 0.61, 0.69))}
    assert judged(RUN, silent)[3:] == [UNPUBLISHED, UNPUBLISHED]
    found = verdicts(RUN, silent, EXITS)
    assert found[3].run == "10.00 → 5.00 points"  # the run's number is said even so
    assert summary_sentence(found, "X") == "This run shows all 3 published findings on PA for X."


def test_without_pa_nothing_is_claimed():
    found = verdicts({"baseline": measured()}, PAPER, EXITS)
    assert [one.verdict for one in found] == [UNKNOWN] * 5
    assert "probabilities" in found[0].run
    assert "cannot be computed" in summary_sentence(found, "X")


def test_every_verdict_has_its_criterion():
    assert all(one.criterion for one in verdicts(RUN, PAPER, EXITS))


@pytest.mark.parametrize(("dataset", "model", "exits"), published_networks())
def test_the_paper_shows_its_own_findings_by_these_criteria(dataset, model, exits):
    published = published_for(dataset, model, exits)
    as_measured = {
        key: measured(
            100 * one.accuracy,
            one.decrease("true_class", THRESHOLDS),
            [one.entropy_rises.get(tau, 0) for tau in ENTROPY_THRESHOLDS],
            100 * (one.oracle_gap or 0),
        )
        | {"final_prediction": one.decrease("final_prediction", THRESHOLDS)}
        for key, one in published.items()
    }
    names = [str(number) for number in range(1, exits + 1)]
    found = verdicts(as_measured, published, names)
    assert {one.verdict for one in found} <= {SHOWN, UNPUBLISHED}
    assert (comparison_table(as_measured, published, names, 10_000)["difference"] == 0).all()


def test_only_labelled_samples_are_measured(small_logits, small_labels):
    results = results_by_hand(small_logits, small_labels, "pa")
    half = small_labels.copy()
    half[200:] = -1
    baseline = results_by_hand(small_logits, small_labels)
    partly = percents(results_by_hand(small_logits, half, "pa"), results_by_hand(small_logits, half))
    whole = percents(results.select(np.arange(200)), baseline.select(np.arange(200)))
    assert tuple(sorted(partly)) == tuple(sorted((*against_paper.TABLE, against_paper.CLEAR)))
    assert all(np.array_equal(partly[quantity], whole[quantity]) for quantity in partly)
    assert np.allclose(percents(results, baseline)["accuracy"], 100 * results.traces.correct.mean(axis=1))
    with pytest.raises(ValueError, match="--labels"):
        percents(results_by_hand(small_logits, np.full(400, -1), "pa"), baseline)


def test_a_run_is_measured_with_the_predictor_s_defaults(runs, small_logits, small_labels):
    results = results_of(write_run(runs / "a", logits=small_logits, labels=small_labels), "baseline")
    found = percents(results, results)
    right = small_logits.astype(np.float32).argmax(axis=2) == small_labels
    assert np.allclose(found["accuracy"], 100 * right.mean(axis=1))


def test_the_title_holds_both_numbers():
    assert (
        gap_sentence("PA", "right", 68.18, 74.69, difference(68.18, 74.69, 0.74, 10_000))
        == "PA: 68.18% right; in the paper 74.69% (−6.51 points, outside ±2 sd)"
    )


def test_where_nothing_falls_under_either_it_is_not_called_fewer():
    falls = FALLING.copy()
    falls[-1] = 0
    run = {"baseline": measured(falls=falls), "pa": measured((50, 62, 68), falls / 10)}
    found = verdicts(run, PAPER, EXITS)[0]
    assert found.verdict == SHOWN
    assert found.run.startswith("fewer at 7 of 8 thresholds, none under either at the others; ")


def test_no_finding_shown_is_said_so():
    found = verdicts({"baseline": measured(), "pa": measured((10, 10, 90))}, PAPER, EXITS)
    assert summary_sentence(found, "X") == "This run shows none of the 5 published findings on PA for X."
    assert found[2].run.startswith("as in the paper at none of 3 exits; here higher at exit 3, lower at exits 1, 2")


def test_an_oracle_gap_that_is_negative_is_no_share_whose_error_is_known():
    gap, outside = difference(0.3, -0.2, 0.01, 10_000)
    assert gap == pytest.approx(0.5)
    assert outside is None
