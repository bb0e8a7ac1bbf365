"""Names from files stay text where Streamlit reads markdown."""

import pytest

from app.components.text import escape


@pytest.mark.parametrize("character", "!#$&()*+-./:<=>@[\\]^_`{|}~")
def test_every_punctuation_mark_loses_its_meaning(character):
    assert escape(character).startswith("\\" + character)


def test_what_begins_no_markup_stays_as_it_is():
    """A label is also the name that a screen reader says, where a backslash before a comma would be read out."""
    assert escape('Zürich 7 狐, "50%"; don\'t?') == 'Zürich 7 狐, "50%"; don\'t?'


def test_a_name_cannot_start_a_new_line():
    assert "\n" not in escape("a\n# b")


def test_shortcodes_and_arrows_are_broken_up():
    assert ":smile:" not in escape(":smile:").replace("\\", "")
    assert "->" not in escape("->").replace("\\", "")
