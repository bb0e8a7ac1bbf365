"""Who may name paths of this machine: whoever asks there an app that it alone hears."""

import pytest

from app.server.listening import this_machine_alone


@pytest.mark.parametrize(
    ("address", "headers", "alone"),
    [
        ("localhost", {"Host": "localhost:8501"}, True),
        ("127.0.0.1", {"host": "127.0.0.1:8501"}, True),
        ("::1", {"Host": "[::1]:8501"}, True),
        ("localhost", {}, True),
        ("0.0.0.0", {"Host": "localhost:8501"}, False),
        (None, {"Host": "localhost:8501"}, False),
        ("", {"Host": "localhost:8501"}, False),
        ("localhost", {"Host": "exitlens.example.org"}, False),
        ("localhost", {"Host": "localhost.example.org:8501"}, False),
        ("localhost", {"Host": "localhost:8501", "X-Forwarded-For": "203.0.113.7"}, False),
        ("localhost", {"Host": "localhost", "Forwarded": "for=203.0.113.7"}, False),
    ],
)
def test_this_machine_alone(address, headers, alone):
    assert this_machine_alone(address, headers) is alone
