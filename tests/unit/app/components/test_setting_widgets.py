"""Settings in the address: one short text, read without evaluating anything."""

import pytest

from analysis.policies import POLICIES, resolve_policy
from app.components.setting_widgets import Owner, _decimals, _going_together, parse_settings, settings_text


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


def test_what_no_longer_goes_with_a_change_is_left_out():
    def together(texts):
        return _going_together(owner, dict(texts), "measure")

    owner = Owner(
        "confidence",
        POLICIES["confidence"].settings,
        "set",
        lambda texts: resolve_policy("confidence", texts),
        lambda texts: {"lambda": "2" if texts.get("measure") == "patience" else "0.5"},
    )
    assert together({"lambda": "1", "measure": "patience"}) == {"lambda": "1", "measure": "patience"}
    assert together({"lambda": "0.7", "measure": "patience"}) == {"measure": "patience"}
    with pytest.raises(ValueError, match="measure is 'sure'"):
        together({"lambda": "0.7", "measure": "sure"})


@pytest.mark.parametrize(
    ("value", "step", "decimals"),
    [(0.8, 0.01, 2), (0.999995, 0.01, 6), (6.1, 0.1, 2), (20.0, 0.001, 3), (1e-10, 0.01, 10)],
)
def test_a_slider_shows_all_digits_of_a_value_between_its_steps(value, step, decimals):
    assert _decimals(value, step) == decimals
    assert float(f"{value:.{decimals}f}") == value
