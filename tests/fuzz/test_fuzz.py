"""A few seconds of every fuzzer, the same cases each time; more by `python -m tests.fuzz`."""

import re

import numpy as np
import pytest

from tests.fuzz import mutations, running, targets

CASES, SECONDS = 2000, 3
"""Of every target: the first cases of one seed, as many of them as there is time for."""


@pytest.mark.parametrize("target", targets.TARGETS)
def test_no_file_or_address_does_more_than_be_read_or_refused(target):
    report = running.run(target, seed=0, cases=CASES, seconds=SECONDS)
    assert not report.found, str(report)
    assert report.cases, "not one case in the time given"


def test_a_case_depends_on_none_before_it():
    """What is put into one is not what another one changes."""
    before = repr(mutations.LEAVES)
    for number in range(300):
        mutations.changed_json({"a": 1}, np.random.default_rng(number))
    assert repr(mutations.LEAVES) == before


@pytest.mark.parametrize(
    ("does", "message"),
    [
        ("import ctypes; ctypes.string_at(0)", r"the interpreter died \(SIG(SEGV|BUS)\)"),
        ("[0] * (1 << 29)", "MemoryError"),
        ("while True: pass", "it took longer than it may"),
        ("raise KeyError('x')", "KeyError: 'x'"),
        ("import warnings; warnings.warn('x')", "UserWarning: x"),
    ],
)
def test_what_a_case_does_wrong_is_found_and_the_next_one_runs(monkeypatch, does, message):
    """A check that can fail: the second of three cases goes wrong."""
    code = "from tests.fuzz import targets, worker; worker.MOST_SECONDS = 1\n"
    code += (
        f"def case(prepared, rng, folder):\n    if int(rng.bit_generator.seed_seq.entropy[2]) == 1:\n        {does}\n"
    )
    code += "    return 'read'\n"
    code += "targets.TARGETS['wrong'] = targets.Target(lambda folder: None, case)\n"
    started = running.subprocess.Popen

    def instead(command, **options):
        return started([command[0], "-c", code + f"worker.main('wrong', *map(int, {command[-3:]!r}))"], **options)

    monkeypatch.setattr(running.subprocess, "Popen", instead)
    report = running.run("wrong", seed=3, cases=3)
    assert report.endings == {"read": 2}
    assert [number for number, _ in report.found] == [1]
    assert re.search(message, report.found[0][1])
    assert "--only wrong --seed 3 --first 1 --cases 1" in str(report)
