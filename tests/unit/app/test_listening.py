"""The app is heard by this machine alone, from wherever it is started, unless an address is named."""

import contextlib
import os
import socket
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

PROJECT = Path(__file__).parents[3]


@contextlib.contextmanager
def started(folder: Path, *options: str):
    """The server of the app, started from a folder."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, "-m", "streamlit", "run", str(PROJECT / "app" / "main.py"), "--server.headless", "true"]
    process = subprocess.Popen(
        [*command, "--server.port", str(port), *options],
        cwd=folder,
        env=os.environ | {"HOME": str(folder)},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        yield process
    finally:
        process.kill()
        process.wait()


def heard_on(process: subprocess.Popen) -> set[str]:
    """The addresses on which a process listens, once there are any."""
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and process.poll() is None:
        connections = psutil.Process(process.pid).net_connections("tcp")
        if found := {one.laddr.ip for one in connections if one.status == psutil.CONN_LISTEN}:
            return found
        time.sleep(0.1)
    raise AssertionError("the server does not listen")


@pytest.mark.parametrize("elsewhere", [False, True])
def test_this_machine_alone(tmp_path, elsewhere):
    with started(tmp_path if elsewhere else PROJECT) as process:
        assert heard_on(process) == {"127.0.0.1"}


def test_hosting_names_an_address(tmp_path):
    with started(tmp_path, "--server.address", "0.0.0.0") as process:
        assert heard_on(process) == {"0.0.0.0"}


@pytest.mark.parametrize(("given", "address"), [([], "localhost"), (["ADDRESS=0.0.0.0"], "0.0.0.0")])
def test_make_app_listens_where_it_is_told(given, address):
    said = subprocess.run(
        ["make", "-n", "app", *given, "BIN=."], cwd=PROJECT, capture_output=True, text=True, check=True
    ).stdout
    assert f"--server.address {address}\n" in said
