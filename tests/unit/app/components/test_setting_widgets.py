"""Settings in the address: one short text, read without evaluating anything."""

import pytest

from app.components.setting_widgets import parse_settings, settings_text


@pytest.mark.parametrize(
    ("text", "settings"),
    [
        ("", {}),
        ("cap:6", {"cap": "6"}),
        ("weights:uniform,cap:6", {"weights": "uniform", "cap": "6"}),
        ("weights:0.2,0.3,0.5,cap:6", {"weights": "0.2,0.3,0.5", "cap": "6"}),
        ("cap", {"cap": ""}),
        ("table:{1: 2,3: 4},cap:6", {"table": "{1: 2,3: 4}", "cap": "6"}),
    ],
)
def test_settings_are_read(text, settings):
    assert parse_settings(text) == settings


def test_reading_is_the_inverse_of_writing():
    settings = {"weights": "0.2,0.3,0.5", "fallback": "none", "table": "{1: 2, 3: 'a,b'}", "cap": "6"}
    assert parse_settings(settings_text(settings)) == settings
