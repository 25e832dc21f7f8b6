"""Have a proxy connect us to the service: HTTP's CONNECT (RFC 9110 9.3.6) or SOCKS5 (RFC 1928, 1929)."""

from __future__ import annotations

import socket
from http import HTTPStatus

from recorder.clock import Clock
from recorder.errors import CannotConnect

from .destination import Destination, ProxyAddress

_LONGEST_HEAD = 64 * 1024

# RFC 1928 6: what the reply of a SOCKS5 proxy says.
_SOCKS_REPLIES = {
    1: "it failed, and does not say why",
    2: "its rules do not allow it",
    3: "the network of the service cannot be reached from it",
    4: "the service's host cannot be reached from it",
    5: "nothing listens there",
    6: "the way to the service is too long (TTL expired)",
    7: "it does not know the command CONNECT",
    8: "it does not take this type of address",
}
_LOGIN_FAILURES = ("authentication failure", "No acceptable authentication methods")


def open_tunnel(
    sock: socket.socket, proxy: ProxyAddress, to: Destination, *, clock: Clock, until_s: float
) -> None:
    """Ask the proxy at the other end of ``sock`` for a connection; from then on its bytes are the service's.

    The proxy looks up the host's name. Not one byte behind its answer is read.

    Raises:
        CannotConnect: it refuses, does not speak the protocol, or is too slow.
    """
    # Imported here: most connections need no proxy, and this takes 10 ms.
    from python_socks import ProxyError, ProxyTimeoutError, ProxyType
    from python_socks.sync import Proxy

    socks = proxy.scheme != "http"
    connected = _Connected(sock, clock=clock, until_s=until_s, reads_head=not socks)
    through = Proxy(
        ProxyType.SOCKS5 if socks else ProxyType.HTTP,
        proxy.host,
        proxy.port,
        username=proxy.user,
        password=proxy.password,
        rdns=True,
        forward=connected,  # type: ignore[arg-type]  # of it only ``connect`` is called
    )
    hint: str | None
    try:
        through.connect(to.host, to.port)
    except (ProxyTimeoutError, TimeoutError):
        words = f"its proxy {proxy.base_url} did not connect within {to.connect_timeout_s:g} s"
        hint = "--connect-timeout waits longer"
    except ProxyError as problem:
        words, hint = _refusal(proxy, problem.error_code, str(problem))
    except (OSError, ValueError, AssertionError):  # an answer of another protocol; the connection broke
        words, hint = _refusal(proxy, None, "")
    else:
        return
    raise CannotConnect(to.base_url, words, hint=hint) from None


def _refusal(proxy: ProxyAddress, code: int | None, text: str) -> tuple[str, str | None]:
    """Sentence and hint; ``text`` may quote the proxy, and is not shown."""
    who = f"its proxy {proxy.base_url}"
    if code == HTTPStatus.PROXY_AUTHENTICATION_REQUIRED or any(sign in text for sign in _LOGIN_FAILURES):
        wrong = proxy.user is not None
        hint = "are user and password right?" if wrong else "--proxy http://USER:PASSWORD@HOST:PORT"
        return f"{who} {'refuses the login' if wrong else 'wants a login'}", hint
    if code is None:
        return f"{who} broke off, or is no such proxy", "is it another kind: http://, socks5://?"
    if proxy.scheme == "http":
        phrase = HTTPStatus(code).phrase if code in HTTPStatus._value2member_map_ else ""
        return f"{who} answered {f'{code} {phrase}'.strip()}", "may it connect there?"
    return f"{who} refused: {_SOCKS_REPLIES.get(code, f'reply {code}')}", "may it connect there?"


class _Connected:
    """The connection to the proxy as python-socks needs it: reading ends by ``until_s``, however it trickles.

    Args:
        reads_head: an answer ends with a blank line, and reading stops there.
    """

    def __init__(self, sock: socket.socket, *, clock: Clock, until_s: float, reads_head: bool) -> None:
        self._sock = sock
        self._clock = clock
        self._until_s = until_s
        self._reads_head = reads_head

    def connect(self, **_: object) -> _Connected:
        """Where python-socks would connect to the proxy: that is done."""
        return self

    def sendall(self, data: bytes) -> None:
        """Send all of ``data``."""
        self._sock.settimeout(self._left_s())
        self._sock.sendall(data)

    def recv(self, size: int) -> bytes:
        """Up to ``size`` bytes; of an answer by HTTP its head, whole. Raises ``OSError``."""
        if not self._reads_head:
            return self._receive(size)
        head = bytearray()
        while not head.endswith((b"\r\n\r\n", b"\n\n")):
            byte = self._receive(1)
            if not byte or len(head) >= _LONGEST_HEAD:
                raise ConnectionResetError
            head += byte
        return bytes(head)

    def close(self) -> None:
        """Close the socket."""
        self._sock.close()

    def _receive(self, size: int) -> bytes:
        self._sock.settimeout(self._left_s())
        return self._sock.recv(size)

    def _left_s(self) -> float:
        left_s = self._until_s - self._clock.now_s()
        if left_s <= 0:
            raise TimeoutError
        return left_s
