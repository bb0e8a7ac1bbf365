"""`app` and the command `exitlens`: what is handed to the server, and that a wheel holds what both need."""

import os
import shutil
import socket
import subprocess
import sys
import sysconfig
import time
import tomllib
import urllib.request
from pathlib import Path

import pytest

from analysis.cli import main
from analysis.runtime.folders import PROJECT


@pytest.fixture
def started(monkeypatch):
    """What the process would become: its words and its environment."""
    held = []
    monkeypatch.setattr(os, "execve", lambda program, words, environment: held.append((words, environment)))
    return held


@pytest.mark.skipif(sys.platform == "win32", reason="a process becomes another")
def test_the_server_is_told_of_the_runs_and_where_it_listens(started, runs, tmp_path, monkeypatch):
    (tmp_path / "other").mkdir()
    monkeypatch.chdir(tmp_path)
    assert main(["app", "runs", "other", "--port", "8600"]) == 0
    ((words, environment),) = started
    assert words[words.index("run") + 1] == str(PROJECT / "app" / "main.py")
    assert words[-4:] == ["--server.port", "8600", "--server.address", "localhost"]
    assert environment["EXITLENS_RUNS"] == f"{runs}{os.pathsep}{tmp_path / 'other'}"
    assert main(["app"]) == 0
    assert started[1][1]["EXITLENS_RUNS"] == os.environ["EXITLENS_RUNS"]


def test_what_is_no_folder_of_runs_is_refused(small_run, tmp_path, capsys):
    assert main(["app", str(small_run.path)]) == 2
    assert f"is a run: give the folder that holds it, {small_run.path.parent}" in capsys.readouterr().err
    assert main(["app", str(tmp_path / "none")]) == 2
    assert "is no folder: give folders that hold run folders" in capsys.readouterr().err


def test_the_version_is_the_project_s(capsys):
    version = tomllib.loads((PROJECT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"]
    with pytest.raises(SystemExit) as stop:
        main(["--version"])
    assert stop.value.code == 0
    assert capsys.readouterr().out == f"exitlens {version}\n"


@pytest.fixture(scope="module")
def installed(tmp_path_factory) -> Path:
    """The folder of the programs of an environment in which the built wheel is installed, beside what is here."""
    folder = tmp_path_factory.mktemp("wheel")
    copy, pip = folder / "source", [sys.executable, "-m", "pip", "--disable-pip-version-check", "-q"]
    copy.mkdir()
    for name in ("pyproject.toml", "README.md", "requirements.txt", "LICENSE"):
        shutil.copy(PROJECT / name, copy)
    for name in ("analysis", "app", ".streamlit"):
        ignored = shutil.ignore_patterns("__pycache__")
        shutil.copytree(PROJECT / name, copy / name, symlinks=True, ignore=ignored)
    build = [*pip, "wheel", "--no-deps", "--no-index", "--no-build-isolation", "--wheel-dir", str(folder), str(copy)]
    subprocess.run(build, check=True, capture_output=True, cwd=folder)
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(folder / "env")], check=True)
    python = folder / "env" / ("Scripts" if os.name == "nt" else "bin") / "python"
    (wheel,) = folder.glob("exitlens-*.whl")
    install = [*pip, "--python", str(python), "install", "--no-deps", "--no-index", "--no-compile", str(wheel)]
    subprocess.run(install, check=True, capture_output=True)
    (packages,) = (folder / "env").rglob("site-packages")
    (packages / "here.pth").write_text(sysconfig.get_path("purelib") + "\n", encoding="utf-8")
    return python.parent


def test_the_installed_command_does_what_the_module_does_from_anywhere(installed, tmp_path):
    """One test: what it needs takes seconds to build."""
    environment = {k: v for k, v in os.environ.items() if not k.startswith("EXITLENS")} | {
        "EXITLENS_CACHE": str(tmp_path / "cache"),
        "EXITLENS_STATE": str(tmp_path / "state"),
        "STREAMLIT_SERVER_HEADLESS": "true",
        "HOME": str(tmp_path),
    }

    def said(*words: str) -> str:
        call = [str(installed / "exitlens"), *words]
        done = subprocess.run(call, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        return done.stdout

    assert said("--version").startswith("exitlens ")
    assert "usage: exitlens " in said("--help")
    assert '"accuracy"' in said("summarize", str(PROJECT / "cached_runs" / "msdnet-cifar100"), "--format", "json")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    app = subprocess.Popen(
        [str(installed / "exitlens"), "app", "--port", str(port)],
        cwd=tmp_path,
        env=environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        answers = {}
        for path in ("_stcore/health", "", plotly()):
            for _ in range(300):
                try:
                    with urllib.request.urlopen(f"http://127.0.0.1:{port}/{path}", timeout=5) as answer:
                        answers[path] = answer.status
                    break
                except OSError:
                    assert app.poll() is None
                    time.sleep(0.1)
        assert list(answers.values()) == [200, 200, 200]
    finally:
        app.terminate()
        app.wait()
    # what the wheel's own first page says where no run is bundled
    look = (
        "from pathlib import Path\nimport analysis, app\nfrom streamlit.testing.v1 import AppTest\n"
        "assert 'site-packages' in analysis.__file__\nplace = Path(app.__file__).parent\n"
        "assert 'maxUploadSize' in (place / '.streamlit' / 'config.toml').read_text()\n"
        "page = AppTest.from_file(str(place / 'dashboard.py'), default_timeout=60).run()\n"
        "assert not page.exception\nprint(page.subheader[0].value, page.code[0].value)\n"
    )
    call = [str(installed / "python"), "-c", look]
    done = subprocess.run(call, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    assert "There is no run in" in done.stdout
    assert f"--out {tmp_path / 'state' / 'runs' / 'my-run'}" in done.stdout


def plotly() -> str:
    """Where the server has plotly.js, which the wheel must hold."""
    from app.server.plotly_route import PATH

    return PATH
