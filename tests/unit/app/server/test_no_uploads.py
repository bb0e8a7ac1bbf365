"""Uploads to a read-only app, as requests to its server."""

import pytest

from app.server.no_uploads import NoUploads


def answered(method: str, path: str) -> int:
    """The status of the answer; 204 stands for the app behind."""
    sent = []

    async def behind(scope, receive, send):
        await send({"type": "http.response.start", "status": 204, "headers": []})

    async def send(message):
        sent.append(message)

    coroutine = NoUploads(behind)({"type": "http", "method": method, "path": path}, None, send)
    with pytest.raises(StopIteration):  # nothing in it waits, so one step ends it, and it needs no event loop
        coroutine.send(None)
    return sent[0]["status"]


@pytest.mark.parametrize("path", ["/_stcore/upload_file/session/file", "/base/_stcore/upload_file/session/file"])
@pytest.mark.parametrize(("value", "status"), [("1", 403), ("0", 204), ("", 204)])
def test_a_read_only_app_takes_no_file(monkeypatch, path, value, status):
    monkeypatch.setenv("EXITLENS_READ_ONLY", value)
    assert answered("PUT", path) == status
    assert answered("GET", path) == 204
    assert answered("PUT", "/_stcore/other") == 204
