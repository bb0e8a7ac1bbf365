"""A bucket of moto's server in this process, and run folders that are put into it."""

import os
import socket
from pathlib import Path

import pytest

from analysis.runtime import objects
from analysis.storage.remote import stubs


@pytest.fixture(scope="session")
def server():
    """The address of an S3 that forgets everything."""
    from moto.server import ThreadedMotoServer

    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    running = ThreadedMotoServer("127.0.0.1", port, verbose=False)
    running.start()
    yield f"http://127.0.0.1:{port}"
    running.stop()


@pytest.fixture
def at(monkeypatch):
    """Say where S3 is, with which keys."""

    def use(endpoint: str) -> None:
        monkeypatch.setenv("AWS_ENDPOINT_URL", endpoint)
        monkeypatch.setenv("AWS_ACCESS_KEY_ID", "KEYKEYKEY")
        monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "SECRETSECRET")
        monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
        forget()

    yield use
    forget()


def forget() -> None:
    """Connect anew, and list anew."""
    objects._filesystem.cache_clear()
    objects._silent.clear()
    stubs._lists.clear()
    try:
        import s3fs

        s3fs.S3FileSystem.clear_instance_cache()
    except ImportError:
        pass


class Bucket:
    """Objects of a bucket."""

    def __init__(self, name: str) -> None:
        self.name, self.storage = name, objects._filesystem("s3")
        self.storage.call_s3("create_bucket", Bucket=name)

    def put(self, folder: Path, below: str) -> str:
        """Upload a folder; gives its address."""
        for path in folder.rglob("*"):
            if path.is_file():
                key = f"{self.name}/{below}/{path.relative_to(folder).as_posix()}"
                self.storage.pipe_file(key, path.read_bytes())
        return f"s3://{self.name}/{below}"


@pytest.fixture
def bucket(server, at, tmp_path, monkeypatch):
    """A new bucket; the cache is new, too."""
    monkeypatch.setenv("EXITLENS_CACHE", str(tmp_path / "cache"))
    at(server)
    return Bucket(f"b{abs(hash(os.fspath(tmp_path))) % 10**9}")
