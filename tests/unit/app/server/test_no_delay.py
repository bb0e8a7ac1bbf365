"""What the server accepts sends its packets at once."""

import socket

import pytest

from app.server.no_delay import without_delay


def test_what_a_socket_accepts_after_the_start_is_not_delayed():
    async def start() -> None:
        async with without_delay(None):
            pass

    with socket.socket(socket.AF_INET) as listening:  # as Streamlit binds it
        listening.bind(("127.0.0.1", 0))
        listening.listen(1)
        with pytest.raises(StopIteration):  # it waits for nothing, and so for no loop
            start().send(None)
        with socket.create_connection(listening.getsockname()), listening.accept()[0] as accepted:
            assert accepted.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY) != 0
