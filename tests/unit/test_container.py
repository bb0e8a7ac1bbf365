"""The container file, read as text: what it copies is there, it is read-only and not root's, its command is one."""

import json
import re
import shlex
from fnmatch import fnmatch
from pathlib import Path

from analysis.cli import build_parser

PROJECT = Path(__file__).resolve().parents[2]
FILE = PROJECT / "docs" / "Containerfile"


def instructions() -> list[tuple[str, str]]:
    """Each instruction with what follows it, in order; continued lines joined."""
    text = FILE.read_text(encoding="utf-8").replace("\\\n", " ")
    lines = [line for line in text.splitlines() if line.strip() and not line.startswith("#")]
    return [tuple(line.split(maxsplit=1)) for line in lines]


def of(name: str) -> list[str]:
    return [rest for kind, rest in instructions() if kind == name]


def test_only_known_instructions_are_used_and_it_begins_with_its_image():
    kinds = [kind for kind, _ in instructions()]
    assert kinds[0] == "FROM"
    assert set(kinds) <= {"FROM", "RUN", "WORKDIR", "COPY", "USER", "ENV", "EXPOSE", "HEALTHCHECK", "CMD"}
    assert kinds[-1] == "CMD"


def test_everything_that_it_copies_exists_and_is_not_ignored():
    ignored = [line for line in Path(f"{FILE}.dockerignore").read_text(encoding="utf-8").splitlines() if line]
    sources = [source for rest in of("COPY") for source in rest.split()[:-1]]
    assert len(sources) >= 6
    for source in sources:
        assert (PROJECT / source).exists(), source
        assert f"!{source}" in ignored, source
    assert ignored[0] == "*"
    for line in ignored[1:]:
        assert not line.startswith("!") or line[1:] in sources, line


def test_all_the_code_and_what_it_reads_is_copied():
    sources = {source for rest in of("COPY") for source in rest.split()[:-1]}
    assert {"analysis", "app", "cached_runs", ".streamlit"} <= sources
    assert any(fnmatch(source, "docs/requirements.lock") for source in sources)


def test_it_is_pinned_by_hash_read_only_and_not_root_s():
    (installs,) = [rest for rest in of("RUN") if "pip" in rest]
    assert "--require-hashes -r docs/requirements.lock" in installs
    environment = dict(pair.split("=", 1) for rest in of("ENV") for pair in shlex.split(rest))
    assert environment["EXITLENS_READ_ONLY"] == "1"
    (user,) = of("USER")
    assert user not in ("root", "0")
    assert any(re.search(rf"useradd .*\b{user}$", rest) for rest in of("RUN"))
    for name in ("EXITLENS_CACHE", "EXITLENS_STATE", "NUMBA_CACHE_DIR"):
        assert environment[name].startswith(f"/home/{user}/")


def test_its_command_is_one_of_ours_and_heard_by_others():
    (command,) = map(json.loads, of("CMD"))
    assert command[:3] == ["python", "-m", "analysis"]
    args = build_parser("app").parse_args(command[3:])
    assert (args.address, str(args.port)) == ("0.0.0.0", of("EXPOSE")[0])
