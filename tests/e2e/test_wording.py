"""What every page says, figures' titles and subtitles included: no phrase that numbers at the edge would break."""

import html
import re

import numpy as np
import pytest

from analysis.storage import write_run
from tests.e2e.pages import figures, opened, words

BROKEN = {
    "the baseline is a word within a sentence": r"\bunder Baseline\b",
    "one is not several": r"(?<![\d.,])1 (samples|exits|operations|bytes|final answers|predictions|minutes|epochs)\b",
    "a number does not go to itself": r"from ([\d.<>%]+) to \1(?![\d.])",
    "no number is unknown to the reader": r"\bnan\b|\binf\b|\bNone\b|unknown of samples",
    "no exponent above one": r"\de\+\d",
    "nothing is left out": r"\(\)|, ,|[^\s\n] [,;.](\s|$)",
}


def said(app):
    """Every text of the page."""
    yield re.sub(r"<(style|script)>.*?</\1>|<[^<>]*>", "\n", words(app), flags=re.DOTALL)
    for figure in figures(app).values():
        title = figure["layout"]["title"]
        yield html.unescape(title["text"])
        yield html.unescape(title["subtitle"]["text"])


@pytest.fixture(params=["small", "no labels", "one exit", "one sample", "all alike"])
def run(request, runs, small_run, small_logits, small_labels):
    """The id of a run at some edge."""
    made = {
        "no labels": {"logits": small_logits},
        "one exit": {"logits": small_logits[:1], "labels": small_labels},
        "one sample": {"logits": small_logits[:, :1], "labels": small_labels[:1]},
        "all alike": {"logits": np.repeat(small_logits[:1], 3, axis=0), "labels": small_labels},
    }
    if request.param != "small":
        write_run(runs / "edge", **made[request.param])
    return "small" if request.param == "small" else "edge"


@pytest.mark.parametrize("poe", ["0", "1"])
@pytest.mark.parametrize("page", ["overview", "monotonicity", "map", "compute", "samples", "compare"])
def test_no_page_says_a_broken_sentence(run, page, poe):
    app = opened(page, run=run, poe=poe, predictor="pa")
    assert not app.exception
    for sentence in said(app):
        for why, pattern in BROKEN.items():
            found = re.search(pattern, sentence)
            assert found is None, f"{why}: {found[0]!r} in {sentence!r}"
