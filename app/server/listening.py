"""Who can reach this app: whether it is this machine alone, whose files the one in front of it may name."""

from collections.abc import Mapping
from urllib.parse import urlsplit

import streamlit as st

HERE = ("localhost", "127.0.0.1", "::1")
FORWARDED = ("forwarded", "x-forwarded-for", "x-forwarded-host", "x-real-ip", "via")
"""Headers that a proxy adds: who asks then is somebody else."""


def this_machine_alone(address: str | None, headers: Mapping[str, str]) -> bool:
    """Whether a server is heard by its own machine alone, and the one who asks does so there.

    Parameters
    ----------
    address : str or None
        On which the server listens; None: on all.
    headers : mapping
        Of the request.

    Examples
    --------
    >>> this_machine_alone("localhost", {"Host": "localhost:8501"}), this_machine_alone("0.0.0.0", {})
    (True, False)
    """
    given = {name.lower(): value for name, value in headers.items()}
    asked = urlsplit(f"//{given.get('host', HERE[0])}").hostname
    return address in HERE and asked in HERE and not any(name in given for name in FORWARDED)


def paths_may_be_named() -> bool:
    """Whether a page may take paths of this machine from the one in front of it."""
    return this_machine_alone(st.get_option("server.address"), st.context.headers)
