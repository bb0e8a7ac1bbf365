"""Long work on a page: a button that starts a command of ours beside the app, how far it is, Cancel, and its fault."""

import time
from collections.abc import Callable, Sequence

import streamlit as st

from analysis.runtime.command_job import CommandJob
from analysis.words.formats import counted
from app.components.text import escape

EVERY_S = 0.5


def long_work(
    name: str,
    argv: Sequence[str],
    *,
    start_label: str | None,
    doing: str,
    help: str = "",
    note: str = "",
    begin: Callable[[Sequence[str]], CommandJob] = CommandJob,
) -> str | None:
    """Draw the button, or how far the work is and Cancel, and why it failed; what the command printed once it is done.

    What is done stays so, on every run of the page, until `argv` changes or `forget` is called. The work ends with the
    app, and some minutes after the browser has left the page.

    Parameters
    ----------
    name : str
        Unique in the app: letters, digits and hyphens.
    argv : sequence of str
        What follows `python -m analysis`, with whole paths; where `begin` needs more, what tells this work from other.
    start_label : str or None
        What the button says, such as "Import". None: no button; it starts by itself, and anew when `argv` changes.
    doing : str
        What is said meanwhile, such as "Importing 3 files".
    help : str
        What is said on hover over the button.
    note : str
        A sentence above the button: how long it takes, what comes of it. Markdown.
    begin : callable
        What starts it; it may refuse by a ValueError.
    """
    key, argv = _key(name), tuple(argv)
    started, job = st.session_state.get(key, (None, None))
    if start_label is None and started != argv:
        forget(name)
        _start(key, argv, begin)
        started, job = st.session_state.get(key, (None, None))
    if job is not None:
        try:
            if not job.done():
                _waiting(key, doing, start_label is None)
                return None
            if started == argv:
                job.cancel()  # its folder goes; what it printed stays
                return job.output
            forget(name)
        except ValueError as error:
            if start_label is not None:
                forget(name)
            st.session_state[f"{key}-fault"] = str(error)
    if fault := st.session_state.get(f"{key}-fault", ""):
        st.error(escape(fault))
    if start_label is not None:
        if note:
            st.caption(note)
        st.button(start_label, key=f"{key}-start", on_click=_start, args=(key, argv, begin), help=help or None)
    elif fault:
        st.button("Try again", key=f"{key}-again", on_click=forget, args=(name,), help="Begins anew.")
    return None


def fault_of(name: str) -> tuple[str, str]:
    """Why work that started by itself has failed, and what it printed before; both empty where it has not."""
    key = _key(name)
    _, job = st.session_state.get(key, (None, None))
    fault = st.session_state.get(f"{key}-fault", "")
    return (fault, job.output if job is not None else "") if fault else ("", "")


def forget(name: str) -> None:
    """End what is under way, and let the button start anew."""
    key = _key(name)
    _, job = st.session_state.pop(key, (None, None))
    st.session_state.pop(f"{key}-fault", None)
    if job is not None:
        job.cancel()


def _key(name: str) -> str:
    return f"long-work-{name}"


def _start(key: str, argv: tuple[str, ...], begin: Callable[[Sequence[str]], CommandJob]) -> None:
    if key in st.session_state:  # pressed twice
        return
    st.session_state.pop(f"{key}-fault", None)
    try:
        st.session_state[key] = argv, begin(argv)
    except (ValueError, OSError) as error:
        st.session_state[f"{key}-fault"] = str(error)


def _cancel(key: str, by_itself: bool) -> None:
    _, job = st.session_state.get(key, (None, None))
    if job is not None:
        job.cancel()
    if not by_itself:  # else it would start anew
        st.session_state.pop(key, None)


@st.fragment(run_every=EVERY_S)
def _waiting(key: str, doing: str, by_itself: bool) -> None:
    """Ask how far it is, again and again, without running the page."""
    _, job = st.session_state.get(key, (None, None))
    try:
        ended = job is None or job.done()  # None: cancelled
    except ValueError:  # the page says why
        ended = True
    if ended:
        st.rerun()
    with st.container(horizontal=True, vertical_alignment="center"):
        share, words = _how_far(job, doing)
        st.progress(share, words, width="stretch")
        st.button(
            "Cancel",
            key=f"{key}-cancel",
            on_click=_cancel,
            args=(key, by_itself),
            help="Ends it; nothing that is half-written stays.",
        )


def _how_far(job: CommandJob, doing: str) -> tuple[float, str]:
    """The share that is done, from 0 to 1, and the sentence beside the bar, as Markdown."""
    if before := job.waits_for():
        return 0.0, escape(f"{doing}: waits for {counted(before, 'other piece')} of long work to end")
    if (found := job.progress()) is None:
        return 0.0, escape(f"{doing}, for {time.monotonic() - job.began:.0f} s")
    done, total, what = found
    share = min(max(done / total, 0.0), 1.0) if total else 1.0
    step = "" if what.lower() in doing.lower() else f"{what}, "
    return share, escape(f"{doing}: {step}{100 * share:.0f}%")
