"""On which findings seeds agree, in words. What verdicts say is tested with how they are reached."""

from analysis.words.verdicts import ToldVerdict, agreement_sentence


def verdict(shown, finding="PA overthinks less"):
    return ToldVerdict(finding, "shown" if shown else "not shown", "", "", "")


def test_seeds_agree_or_are_named():
    same = [verdict(True), verdict(False)]
    assert agreement_sentence({0: same, 1: same}) == "Both seeds give the same verdict on every finding."
    assert agreement_sentence(dict.fromkeys(range(3), same)).startswith("All 3 seeds give the same")
    found = {0: [verdict(True)], 1: [verdict(False)], 4: [verdict(True)]}
    assert agreement_sentence(found) == "The seeds differ: “PA overthinks less” is shown by seeds 0, 4 alone."
