"""A proxy on loopback that really forwards: HTTP's CONNECT, or SOCKS5 (RFC 1928), with a login or without."""

from __future__ import annotations

import base64
import contextlib
import select
import socket
import threading

_CHUNK = 65536


class LoopbackProxy:
    """Forwards connections while the block runs.

    Attributes:
        asked: the places that were asked for, as "host:port".
        logins: the user and password of each connection, as "user:password"; "" without.
    """

    def __init__(
        self,
        scheme: str,
        *,
        login: str | None = None,
        to: tuple[str, int] | None = None,
        refuse_with: int | None = None,
        answer: bytes | None = None,
        glue: bytes = b"",
        in_pieces: bool = False,
        silent: bool = False,
    ) -> None:
        """What it does otherwise than a proxy does.

        ``login``: "user:password", if it wants one. ``to``: where it connects, whatever is asked for.
        ``refuse_with``: a status, or a SOCKS5 reply. ``answer``: what it says before it hangs up.
        ``glue``: sent in one segment with its answer. ``in_pieces``: it sends byte by byte.
        """
        self.scheme = scheme
        self._login = login
        self._to, self._refuse_with, self._answer, self._glue = to, refuse_with, answer, glue
        self._in_pieces, self._silent = in_pieces, silent
        self.asked: list[str] = []
        self.logins: list[str] = []
        self._open: list[socket.socket] = []

    def __enter__(self) -> LoopbackProxy:
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for each in self._open:
            with contextlib.suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)

    @property
    def url(self) -> str:
        """Without a login."""
        return f"{self.scheme}://127.0.0.1:{self.port}"

    def url_as(self, login: str) -> str:
        """With this ``user:password``."""
        return f"{self.scheme}://{login}@127.0.0.1:{self.port}"

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            self._open.append(client)
            threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client: socket.socket) -> None:
        with contextlib.closing(client), contextlib.suppress(OSError, EOFError):
            if self._silent:
                client.recv(_CHUNK)
                client.recv(_CHUNK)
                return
            if self._answer is not None:
                client.recv(_CHUNK)
                client.sendall(self._answer)
                return
            place = self._connect(client) if self.scheme == "http" else self._socks(client)
            if place is not None:
                self._forward(client, place)

    def _connect(self, client: socket.socket) -> tuple[str, int] | None:
        head = b""
        while not head.endswith(b"\r\n\r\n"):
            head += _some(client, 1)
        first, *lines = head.decode().split("\r\n")
        self.asked.append(first.split()[1])
        login = next((line.split()[-1] for line in lines if line.startswith("Proxy-Authorization")), "")
        self.logins.append(base64.b64decode(login).decode())
        status = 407 if self._login not in (None, self.logins[-1]) else self._refuse_with or 200
        said = f"HTTP/1.1 {status} Said so\r\nVia: here\r\n\r\n".encode()
        self._send(client, said + (self._glue if status == 200 else b""))
        host, _, port = self.asked[-1].rpartition(":")
        return (host.strip("[]"), int(port)) if status == 200 else None

    def _socks(self, client: socket.socket) -> tuple[str, int] | None:
        methods = _some(client, _some(client, 2)[1])
        chosen = 2 if self._login is not None else 0
        if chosen not in methods:
            client.sendall(b"\x05\xff")
            return None
        self._send(client, bytes([5, chosen]))
        if chosen == 2:
            user = _some(client, _some(client, 2)[1]).decode()
            self.logins.append(f"{user}:{_some(client, _some(client, 1)[0]).decode()}")
            right = self.logins[-1] == self._login
            self._send(client, bytes([1, 0 if right else 1]))
            if not right:
                return None
        else:
            self.logins.append("")
        kind = _some(client, 4)[3]
        length = {1: 4, 4: 16}.get(kind) or _some(client, 1)[0]
        address = _some(client, length)
        families = {1: socket.AF_INET, 4: socket.AF_INET6}
        host = socket.inet_ntop(families[kind], address) if kind in families else address.decode()
        port = int.from_bytes(_some(client, 2), "big")
        self.asked.append(f"{host}:{port}")
        self._send(client, bytes([5, self._refuse_with or 0, 0, 1, 127, 0, 0, 1, 0, 0]) + self._glue)
        return None if self._refuse_with else (host, port)

    def _send(self, client: socket.socket, data: bytes) -> None:
        client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for piece in [data[at : at + 1] for at in range(len(data))] if self._in_pieces else [data]:
            client.sendall(piece)

    def _forward(self, client: socket.socket, place: tuple[str, int]) -> None:
        with socket.create_connection(self._to or place) as service:
            self._open.append(service)
            while True:
                for ready in select.select([client, service], [], [])[0]:
                    data = ready.recv(_CHUNK)
                    if not data:
                        return
                    (service if ready is client else client).sendall(data)


def _some(sock: socket.socket, length: int) -> bytes:
    """Exactly so many bytes."""
    data = b""
    while len(data) < length:
        more = sock.recv(length - len(data))
        if not more:
            raise EOFError
        data += more
    return data
