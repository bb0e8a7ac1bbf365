"""Where requests for pages that do not exist go, and for those that have another name."""

import pytest

from app.server.redirect import unknown_page


def sent_to(path, query="", accept="text/html"):
    return unknown_page(
        {
            "type": "http", "method": "GET", "path": path, "query_string": query.encode(),
            "headers": [(b"accept", accept.encode())],
        }
    )  # fmt: skip


@pytest.mark.parametrize(
    ("path", "query", "to"),
    [
        ("/import", "", "/import_run"),
        ("/Import/", "run=a", "/import_run?run=a"),
        ("/against-the-paper", "run=a&poe=1", "/paper?run=a&poe=1"),
        ("/overview", "run=a", "/?run=a"),
        ("/nowhere", "run=a", "/?run=a&no-page=nowhere"),
        ("/a b&c/d", "", "/?no-page=a+b%26c%2Fd"),
        ("/import_run", "", None),
        ("/samples", "run=a", None),
        ("/", "", None),
        ("/_stcore/stream", "", None),
        ("/a.js", "", None),
    ],
)
def test_where_a_page_is(path, query, to):
    assert sent_to(path, query) == to


def test_long_names_are_cut_and_what_is_no_page_is_left_alone():
    assert len(sent_to("/" + "x" * 500)) < 80
    assert sent_to("/nowhere", accept="application/json") is None
