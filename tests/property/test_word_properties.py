"""What sentences claim follows from the exact numbers: bounds after rounding, shares, counts, what is largest.

Claims are read back out of the text and held against the data that the sentence was made of.
"""

from __future__ import annotations

import re

import numpy as np
import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from analysis.results import Difference
from analysis.results.against_paper import difference, verdicts
from analysis.results.fall_statistics import fall_statistics
from analysis.selection import Selection
from analysis.words import correction, falls, formats, live
from analysis.words.deciding import budgets
from analysis.words.selections import selection_words
from analysis.words.verdicts import difference_words, told
from tests.unit.results.by_hand import given as with_numbers
from tests.unit.results.by_hand import told as told_results
from tests.unit.results.test_against_paper import PAPER, measured

NUMBER = r"-?\d+(?:,\d{3})*(?:\.\d+)?(?:e[+-]?\d+)?"
positive = st.floats(1e-12, 1e12, allow_subnormal=False)
shares = st.floats(0, 1, allow_subnormal=False)
edges = [0.0, 1.0, 0.9968, 0.99999, 0.5, 0.01, 0.1, 1e-5, 1e-9]
sizes = st.one_of(st.sampled_from(edges), shares, st.floats(0, 1, width=32, allow_subnormal=False))
samples = st.lists(st.tuples(sizes, sizes), min_size=1, max_size=9)


def value(text: str) -> float:
    return float(text.replace(",", ""))


def holds(text: str, exact: float, top: float, unit: float) -> None:
    """A rounded number: its bound is true, and without one it is within half a unit of what it shows."""
    shown = value(text.strip("<>%"))
    if text.startswith("<"):
        assert 0 < exact < shown
    elif text.startswith(">"):
        assert shown < exact < top
    elif shown in (0, top):
        assert exact == shown
    else:
        assert abs(shown - exact) <= 0.50001 * unit


@given(st.one_of(positive, shares), st.integers(1, 4))
@example(0.9968, 2)
@example(0.0, 2)
def test_bounds_stay_true_and_close(number, digits):
    low, high = float(formats.at_least(number, digits)), float(formats.at_most(number, digits))
    assert low <= number <= high
    assert high - low <= 10.0 ** (1 - digits) * max(number, 0) * 1.0001


@given(st.one_of(st.sampled_from([0.0, 100.0, 9.995, 9.9999, 0.01, 99.95, 99.99999]), st.floats(0, 100)))
def test_percentages_are_what_they_read(number):
    text = formats.percent(number)
    holds(text, number, 100, 0.1 if number >= 9.995 else 0.01)
    holds(formats.decimals(number), number, 100, 0.01)
    if number < 9.995:  # a sentence and a table show the same digits
        assert text == f"{formats.decimals(number)}%"


@given(sizes)
def test_probabilities_are_what_they_read(number):
    holds(formats.probability(number), number, 1, 0.01)
    if number >= 0.002:
        holds(formats.small(number), number, 1, 0.001)
    assert (formats.small(number) == "0") == (number == 0)


@given(st.floats(-100, 100, allow_subnormal=False))
def test_differences_never_read_as_zero_and_keep_their_side(number):
    said = difference_words(number, None)
    assert said.startswith({0: "0 ", 1: "+", -1: "−"}[int(np.sign(number))])
    assert (value(re.search(NUMBER, said)[0]) == 0) == (number == 0)


@given(st.floats(0, 100), st.floats(0, 100), st.floats(0.01, 20), st.integers(2, 100_000))
def test_the_spread_is_spoken_of_beside_one_run_s_error(run, published, std, samples):
    gap, outside = difference(run, published, std, samples)
    said = difference_words(gap, outside)
    error = max(100 * np.sqrt(share / 100 * (1 - share / 100) / samples) for share in (run, published))
    limit = 2 * np.hypot(std, error)
    if not np.isclose(abs(gap), limit):
        assert ("outside" in said) == (abs(gap) > limit)
    assert "±2 sd" in said
    assert "sd" not in difference_words(*difference(run, published, np.nan, samples))


@given(st.floats(0, 1e16))
def test_quantities_keep_three_digits(number):
    text, *prefix = formats.quantity(number).split(" ")
    shown = float(text) * {"T": 1e12, "G": 1e9, "M": 1e6, "k": 1e3}.get("".join(prefix), 1)
    assert shown == pytest.approx(number, rel=5.1e-3)
    assert "e" not in text or number < 1e-3


@given(sizes, sizes)
def test_nothing_moves_from_a_number_to_the_same(before, after):
    said = formats.moved(before, after, formats.probability)
    ends = re.fullmatch(r"goes from (\S+) to (\S+)", said)
    if ends:
        assert ends[1] != ends[2]
    else:
        assert "about" in said or before == after or "<" in said or ">" in said


@given(samples)
@example([(0.9968, 0.0)] * 3)
def test_halves_and_those_that_never_fall(pairs):
    both = np.array(pairs).T
    said = falls.histogram_finding(fall_statistics(*both), "PA")
    parts = re.split(r"[;,] ", said)
    assert len(parts) == 2
    never = False
    for part, found, whose in zip(parts, both, ("the baseline", "PA")):
        assert part.endswith(f" under {whose}")
        if bound := re.search(rf"by ({NUMBER})(?: or more)? under", part):
            assert (found >= float(bound[1])).mean() >= 0.5
        else:
            never = never or "never" in part
            assert never
            assert part.split("%")[0] == formats.percent(100 * float((found == 0).mean())).strip("%")


@given(samples)
def test_shares_of_samples_that_fall(pairs):
    before, after = np.array(pairs).T
    said = falls.curve_finding(fall_statistics(before, after), "PA", relative=False)
    counted = {tau: [float((found > tau).mean()) for found in (before, after)] for tau in (0.01, 0.1)}
    assert said.startswith("No sample falls by more than 0.01") == (counted[0.01][0] == 0)
    assert ("neither under" in said) == (counted[0.01] == [0, 0])
    assert ("none under PA" in said) == (counted[0.01][1] == 0 and counted[0.01][0] > 0)
    assert said.endswith("; none by more than 0.1") == (counted[0.1] == [0, 0] and counted[0.01] != [0, 0])
    scatter = falls.scatter_finding(fall_statistics(before, after), "PA")
    assert scatter.startswith("Every sample falls as far") == bool((before == after).all())
    assert ("none less" in scatter) == bool((before <= after).all() and (before < after).any())


@given(st.lists(st.integers(0, 4), min_size=6, max_size=6))
def test_the_most_frequent_pair_of_exits(counts):
    table = np.zeros((4, 4), int)
    table[np.triu_indices(4, 1)] = counts
    said = falls.pairs_finding(table, 0.01, "PA", "1234")
    assert ("no sample" in said) == (sum(counts) == 0)
    if sum(counts):
        start, end = map(int, re.search(r"from exit (\d) to (\d)", said).groups())
        assert table[start - 1, end - 1] == max(counts)
        tied = counts.count(max(counts)) - 1
        assert (f"{tied} other pair" in said) if tied else ("other" not in said)
        assert " all " not in said or max(counts) == sum(counts)


@given(st.lists(st.tuples(st.integers(0, 20), st.integers(0, 20)), min_size=1, max_size=7))
@example([(1, 0), (1, 0), (1, 0), (1, 0), (0, 1)])
def test_the_title_of_exits_begins_with_what_most_of_them_do(right):
    before, after = (
        told_results([0.0], n_exits=len(right), right_share=[n / 20 for n in side]) for side in zip(*right)
    )
    clear = np.sign(after.right_share - before.right_share)
    said = correction.exits_title(with_numbers(Difference((before, after), before, after), clear=clear), "PA")
    signs = [int(np.sign(b - a)) for a, b in right]
    found = {word: signs.count(sign) for word, sign in (("as", 0), ("more", 1), ("less", -1))}
    first = re.search(r"(as|more|less) accurate", said)[1]
    assert found[first] == max(found.values())
    if len(right) > 1 and max(found.values()) < len(right):
        told = {word: int(n) for word, n in re.findall(r"(as|more|less) accurate (?:\w+ the baseline )?at (\d+)", said)}
        assert told == {word: n for word, n in found.items() if n}
    assert ("every exit" in said) == (len(right) > 1 and max(found.values()) == len(right))


@given(st.lists(st.one_of(st.just(np.nan), sizes), min_size=1, max_size=6), st.integers(1, 6))
def test_the_class_that_falls_most_is_drawn(sizes, drawn):
    found = np.array(sizes)
    said = correction.groups_title([f"g{i}" for i in range(len(found))], found, "PA", drawn)
    named = re.search(r"g(\d)", said)
    if named is None:
        assert np.isnan(found[:drawn]).all() or np.nanmax(found[:drawn]) == 0
    else:
        assert int(named[1]) < drawn
        assert found[int(named[1])] == np.nanmax(found if said.startswith("Falls most") else found[:drawn])


@given(
    st.lists(st.integers(-1000, 1000), min_size=1, max_size=6),
    st.lists(st.one_of(st.just(np.nan), st.floats(1e-9, 3)), min_size=6, max_size=6),
)
@example([300, 400], [0.1] * 6)
def test_operations_and_their_share_cover_every_exit(operations, shares):
    shares = np.array(shares[: len(operations)])
    said = budgets.overhead_sentence("PA", operations, [0] * len(operations), shares, "MACs")
    low, high = min(operations), max(operations)
    if low == high == 0:
        assert "adds nothing" in said
    elif low < 0 < high:
        assert f"adds at most {high:,} and saves at most {-low:,} operations" in said
    else:
        numbers = re.search(rf"(adds|saves) ({NUMBER})(?: to ({NUMBER}))? operation", said)
        assert numbers[1] == ("adds" if high > 0 else "saves")
        ends = sorted(int(value(n)) for n in (numbers[2], numbers[3] or numbers[2]))
        assert ends == sorted((abs(low), abs(high)))
    if bound := re.search(rf"at most ({NUMBER})%", said):
        assert value(bound[1]) >= 100 * np.nanmax(shares)
    else:
        assert high <= 0 or low < 0 or np.isnan(shares).all()


@given(st.floats(1e-9, 1), st.floats(1e-9, 1))
def test_a_selection_s_bounds_hold_for_every_sample_in_it(one, other):
    low, high = sorted((one, other))
    said = selection_words(Selection.parse(f"{low!r} <= pa.fall_true_class < {high!r}"), str)
    start, end = (float(n) for n in re.search(rf"from ({NUMBER}) to ({NUMBER})", said).groups())
    assert start <= low <= high <= end
    said = selection_words(Selection.parse(f"pa.fall_true_class > {low!r}"), str)
    assert float(re.search(rf"above ({NUMBER})", said)[1]) <= low


@given(st.lists(st.tuples(*[st.sampled_from([0.0, 1, 2, 3])] * 2), min_size=8, max_size=8))
def test_fewer_at_all_thresholds_is_fewer_at_all(pairs):
    before, after = np.array(pairs, float).T
    run = {"baseline": measured(falls=before), "pa": measured(falls=after)}
    said = told(verdicts(run, PAPER)[0], "123").run
    fewer, none = after < before, (before == 0) & (after == 0)
    assert said.startswith("fewer at all") == bool(fewer.all())
    assert ("none under either" in said) == bool((fewer | none).all() and none.any())
    if missing := re.match(r"not fewer at thresholds? ([^;]*);", said):
        assert len(missing[1].split(", ")) == int((~fewer & ~none).sum())


@given(samples, st.lists(st.booleans(), min_size=2, max_size=2), st.booleans())
def test_the_headline_follows_from_falls_and_answers(pairs, right, clear):
    before, after = np.array(pairs, np.float32).T
    a, b = (told_results(side.tolist(), right_share=[0.5, float(share)]) for side, share in zip((before, after), right))
    sides = [0, (right[1] - right[0]) * clear]
    said = correction.correction_sentence(with_numbers(Difference((a, b), a, b), changed=[0, 0], clear=sides), "PA")
    falling = [float((side > np.float32(0.1)).mean()) for side in (before, after)]
    assert ("under PA for none" in said or "nor under PA" in said) == (falling[1] == 0)
    assert ("under PA for 100%" in said) == (falling[1] == 1)
    assert ("For no sample" in said) == (falling[0] == 0)
    assert ("for 100% of samples" in said) == (falling[0] == 1)
    assert ("stays" in said) == (right[0] == right[1])
    assert ("rises" in said) == (clear and right[1] > right[0])
    assert ("no clear difference" in said) == (not clear and right[1] != right[0])


@given(st.lists(sizes, min_size=1, max_size=3))
def test_a_sample_s_likeliest_classes_are_named_with_what_they_get(probs):
    said = live.race_finding(["0", "0"], ["1", "2"], [(str(i), p) for i, p in enumerate(probs)])
    for i, prob in enumerate(probs):
        found = re.search(rf"(\S+) to class {i}", said)
        assert bool(found) == (prob > 0)
        if found:
            holds(found[1], prob, 1, 0.01)
    assume(any(probs))
    assert not re.search(r"\b0 to", said)
