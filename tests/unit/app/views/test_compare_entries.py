"""Entries of a comparison as text of an address."""

import pytest

from analysis.settings import as_text, parse
from app.control_table import CONTROLS
from app.views.compare.entries import Entry

HOSTILE = ("a,b/c;d", "%2C%2F", "<b>&\"'", "שלום \u202e", "a\nb", "x" * 300, "..", ":+=")


@pytest.mark.parametrize("run", HOSTILE)
def test_any_run_and_settings_survive_the_address(run):
    entries = (Entry(run, "pa", "weights:0.2,0.8,cap:6"), Entry(run, "mine, yours"), Entry("plain", "pa"))
    control = CONTROLS["entries"]
    kept = parse(control, as_text(control, tuple(one.text for one in entries)))
    assert tuple(Entry.parse(text) for text in kept) == entries


def test_plain_entries_are_readable():
    assert Entry("msdnet-cifar100", "pa", "weights:uniform").text == "msdnet-cifar100/pa/weights:uniform"


@pytest.mark.parametrize("text", ["", "run", "run/", "/pa", "a/b/c/d", "//"])
def test_what_is_no_entry_is_refused(text):
    with pytest.raises(ValueError, match="give run/predictor or run/predictor/settings"):
        Entry.parse(text)
