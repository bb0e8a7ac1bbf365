"""Answers leave the server at once.

Streamlit binds its socket without naming TCP, by which asyncio would know to turn Nagle's algorithm off. So the second
packet of an answer, a file behind its headers or one element of a page behind another, waited until the browser
confirmed the first, which it does after 40 ms: half a second for the hundred modules of a first visit.
"""

import gc
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress


def _listens(found: object) -> bool:
    # by its type: objects that stand for others answer isinstance by importing or warning
    internet = issubclass(type(found), socket.socket) and found.family in (socket.AF_INET, socket.AF_INET6)
    return internet and found.type == socket.SOCK_STREAM and found.fileno() >= 0


@asynccontextmanager
async def without_delay(app: object) -> AsyncIterator[None]:
    """The lifespan of `st.App`: what connects to the sockets that there are when the server starts gets no delay."""
    for found in gc.get_objects():  # the server hands its socket to nobody; what it accepts inherits the option
        if _listens(found):
            with suppress(OSError):
                found.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    yield None
