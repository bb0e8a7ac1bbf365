"""Signals end a command at once, but where it must not be interrupted, and are never lost."""

import signal
import subprocess
import sys
from pathlib import Path

import pytest

PROJECT = Path(__file__).parents[3]
BEGIN = """
import gc, os, signal, sys, time
from analysis.runtime.stopping import Stopped, heed_signals, undisturbed, work_is_done
signal.signal(signal.SIGINT, signal.default_int_handler)
heed_signals()
def ask(number=signal.SIGTERM):
    os.kill(os.getpid(), number)
"""

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="POSIX signals")


def ended(code: str) -> subprocess.CompletedProcess:
    """A process that ran the code after `BEGIN`."""
    return subprocess.run(
        [sys.executable, "-c", BEGIN + code], cwd=PROJECT, capture_output=True, text=True, check=False
    )


def test_a_signal_ends_the_process_on_its_way_out_of_what_is_open():
    done = ended("try:\n    ask(); time.sleep(9)\nfinally:\n    print('tidy')")
    assert (done.returncode, done.stdout, done.stderr) == (143, "tidy\n", "")


@pytest.mark.parametrize(("number", "said"), [("SIGTERM", "Stopped"), ("SIGINT", "KeyboardInterrupt")])
def test_a_block_is_not_disturbed_and_the_signal_comes_after_it(number, said):
    code = f"""
try:
    with undisturbed():
        with undisturbed():
            ask(signal.{number})
        time.sleep(0.05)
        print("whole")
    print("not reached")
except BaseException as error:
    print(type(error).__name__)
"""
    assert ended(code).stdout.split() == ["whole", said]


def test_a_second_signal_does_not_interrupt_what_the_first_one_began():
    done = ended("try:\n    ask(); time.sleep(9)\nfinally:\n    ask(); time.sleep(0.05); print('tidy')")
    assert (done.returncode, done.stdout, done.stderr) == (143, "tidy\n", "")


def test_a_signal_whose_exception_python_swallows_comes_again():
    code = """
class Loud:
    def __del__(self):
        ask(); time.sleep(0.01)
Loud()
time.sleep(9)
"""
    done = ended(code)
    assert (done.returncode, done.stderr) == (143, "")


def test_other_exceptions_that_python_swallows_are_still_shown():
    assert "ZeroDivisionError" in ended("class Loud:\n    def __del__(self):\n        1 / 0\nLoud()").stderr


def test_after_the_work_a_signal_ends_the_process_without_a_word():
    done = ended("work_is_done(); ask(); time.sleep(9)")
    assert (done.returncode, done.stderr) == (-signal.SIGTERM, "")


def test_what_the_caller_ignores_stays_ignored():
    done = ended("signal.signal(signal.SIGINT, signal.SIG_IGN); heed_signals(); ask(signal.SIGINT); print('here')")
    assert (done.returncode, done.stdout) == (0, "here\n")


def test_a_library_that_is_used_without_the_command_line_keeps_its_signals():
    code = "import signal, analysis.runtime.whole_files; print(signal.getsignal(signal.SIGTERM))"
    done = subprocess.run([sys.executable, "-c", code], cwd=PROJECT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == str(signal.SIG_DFL)
