"""A few seconds of every fuzzer, the same cases each time; more by `python -m tests.fuzz`."""

import pytest

from tests.fuzz import running, targets

SECONDS = 5


@pytest.mark.parametrize("target", targets.TARGETS)
def test_no_file_or_address_does_more_than_be_read_or_refused(target):
    report = running.run(target, seed=0, cases=100_000, seconds=SECONDS)
    assert not report.found, str(report)
    assert report.cases, "not one case in the time given"
