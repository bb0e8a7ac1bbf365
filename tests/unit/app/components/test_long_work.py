"""Long work on a page: its button, how far it is, its output, its fault as text, Cancel."""

import time

import pytest
from streamlit.testing.v1 import AppTest

from analysis.runtime import command_job


def script(argv: list[str], module: str, begin=None):
    from functools import partial

    import streamlit as st

    from analysis.runtime.command_job import CommandJob
    from app.components.long_work import long_work

    output = long_work(
        "trial",
        st.session_state.get("argv", argv),
        start_label="Begin",
        doing="Trying",
        note="A note.",
        begin=begin or partial(CommandJob, module=module),
    )
    if output is not None:
        st.code(output)


def page(argv, module="analysis", begin=None):
    return AppTest.from_function(script, args=(argv, module, begin)).run()


def button(app, label):
    return next(one for one in app.button if one.label == label)


def plain(text):
    return text.replace("\\", "").replace("\u2060", "")


def bar(app):
    return plain(app.get("progress")[0].proto.text)


def ended(app):
    for _ in range(200):
        if not command_job._jobs:
            return app.run()
        time.sleep(0.1)
        app.run()
    raise AssertionError("it does not end")


@pytest.fixture(autouse=True)
def none_left():
    yield
    for job in list(command_job._jobs):
        job.cancel()


def test_what_is_done_stays_until_the_order_is_another(tmp_path):
    app = page(["synthesize", "--exits", "1", "--samples", "2", "--classes", "2", "--out", str(tmp_path / "new")])
    assert app.caption[0].value == "A note."
    app = ended(button(app, "Begin").click().run())
    for _ in range(2):
        assert "2 samples x 1 exits x 2 classes" in app.code[0].value
        assert not app.button
        app.run()
    app.session_state["argv"] = ["synthesize", "--help"]
    assert button(app.run(), "Begin")


def test_a_fault_is_text_and_the_button_is_there_again(tmp_path):
    app = page(["synthesize", "--exits", "0", "--out", str(tmp_path / "new")])
    app = ended(button(app, "Begin").click().run())
    assert plain(app.error[0].value) == "--exits 0: give at least 1"
    hostile = page(["<b>*bold*</b>$x$"])
    shown = ended(button(hostile, "Begin").click().run()).error[0].value
    assert "<b>" not in shown
    assert "\\*bold" in shown or "&#" in shown
    assert button(app, "Begin")


def test_cancel_ends_it_and_the_button_is_there_again():
    app = page([], "tests.unit.runtime.sleeping_command")
    button(app, "Begin").click().run()
    (job,) = command_job._jobs
    while job.progress() is None:
        time.sleep(0.05)
    assert bar(app.run()) == "Trying: Sleeping, 0%"
    app = button(app, "Cancel").click().run()
    assert job.process.poll() is not None
    assert not command_job._jobs
    assert button(app, "Begin")
    assert not app.error


def test_what_waits_says_so(monkeypatch):
    monkeypatch.setattr(command_job, "MOST_AT_ONCE", 1)
    ahead = command_job.CommandJob([], module="tests.unit.runtime.sleeping_command")
    app = page([], "tests.unit.runtime.sleeping_command")
    app = button(app, "Begin").click().run()
    assert bar(app) == "Trying: waits for 1 other piece of long work to end"
    ahead.cancel()


def test_what_may_not_begin_says_why():
    def refuses(argv):
        raise ValueError("this app is read-only")

    app = button(page([], begin=refuses), "Begin").click().run()
    assert plain(app.error[0].value) == "this app is read-only"


def test_work_that_starts_by_itself_starts_anew_with_another_order_and_not_after_cancel():
    def alone():
        import streamlit as st

        from app.components.long_work import fault_of, long_work

        argv = st.session_state.get("argv", ["synthesize", "--exits", "0", "--out", "/nowhere/new"])
        st.code(str(long_work("alone", argv, start_label=None, doing="Trying")))
        st.caption(str(fault_of("alone")))

    app = ended(AppTest.from_function(alone).run())
    assert plain(app.error[0].value) == "--exits 0: give at least 1"
    assert "--exits 0" in app.caption[0].value
    assert not command_job._jobs
    app.session_state["argv"] = ["import", "--help"]
    app = ended(app.run())
    assert app.code[0].value.startswith("usage:")
    assert not app.error
    app.session_state["argv"] = ["synthesize", "--samples", "400000", "--out", "/nowhere/new"]
    app = button(app.run(), "Cancel").click().run()
    assert not command_job._jobs
    assert plain(app.error[0].value) == "it was cancelled: start it again"
    assert button(app, "Try again")
