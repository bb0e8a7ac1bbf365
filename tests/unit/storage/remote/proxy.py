"""A connection to a storage that counts what passes, and can be spoiled: cut, stalled, slowed down to a trickle."""

import socket
import threading
import time
from urllib.parse import urlsplit


class Proxy:
    """Passes everything on to a server.

    received : bytes of all answers, with their heads
    requests : how many were sent
    how : what happens to answers: `well`, `stalls`, `cuts` (within the body), `trickles` (a byte a time)
    spoiled : how many answers are so; then all is well
    """

    def __init__(self, server: str) -> None:
        self._server = urlsplit(server)
        self.received, self.requests, self.how, self.spoiled = 0, 0, "well", 10**9
        self.seen: list[bytes] = []
        self._lock = threading.Lock()
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.address = f"http://127.0.0.1:{self._listening.getsockname()[1]}"
        threading.Thread(target=self._serve, daemon=True).start()

    def close(self) -> None:
        """Hear nobody any more."""
        self._listening.close()

    def _serve(self) -> None:
        while True:
            try:
                client, _ = self._listening.accept()
                server = socket.create_connection((self._server.hostname, self._server.port))
            except OSError:
                return
            threading.Thread(target=self._up, args=(client, server), daemon=True).start()
            threading.Thread(target=self._down, args=(server, client), daemon=True).start()

    def _up(self, client: socket.socket, server: socket.socket) -> None:
        try:
            while data := client.recv(1 << 16):
                with self._lock:
                    if data.split(b" ", 1)[0] in (b"GET", b"HEAD"):
                        self.requests += 1
                        self.seen.append(data.split(b"\r\n", 1)[0])
                server.sendall(data)
            server.shutdown(socket.SHUT_WR)
        except OSError:
            pass

    def _down(self, server: socket.socket, client: socket.socket) -> None:
        try:
            while data := server.recv(1 << 16):
                with self._lock:
                    self.received += len(data)
                    how = self.how if self.spoiled > 0 else "well"
                    self.spoiled -= how != "well"
                if how == "stalls":
                    time.sleep(30)
                    break
                if how == "cuts":
                    client.sendall(data[: len(data) - 5])
                    break
                if how == "trickles":
                    for byte in data:
                        client.sendall(bytes([byte]))
                        time.sleep(0.3)
                client.sendall(data if how == "well" else b"")
        except OSError:
            pass
        finally:
            for end in (server, client):
                end.close()
