"""The bar of a command: when it is drawn, and where."""

import sys

import pytest

from analysis.commands.progress import progress_bar


@pytest.mark.parametrize(("at_once", "drawn"), [(True, True), (False, False)])
def test_a_bar_stands_on_a_terminal_before_anything_is_done_where_it_is_wanted(monkeypatch, capsys, at_once, drawn):
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    with progress_bar(500, "Evaluating", " images", at_once=at_once):
        shown = capsys.readouterr().err
    assert ("Evaluating:   0%" in shown) == drawn
    assert bool(shown) == drawn


def test_nothing_is_drawn_through_a_pipe(monkeypatch, capsys):
    monkeypatch.setattr(sys.stderr, "isatty", lambda: False)
    with progress_bar(500, "Evaluating", at_once=True) as advance:
        advance(500)
    assert capsys.readouterr() == ("", "")
