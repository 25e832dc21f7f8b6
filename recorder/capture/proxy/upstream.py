"""The service behind the proxy: its address as people type it, and connecting to it beside the loop."""

from __future__ import annotations

import re
import selectors
import socket
import ssl
from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlsplit

from recorder.clock import Clock
from recorder.errors import BadOption, CannotConnect
from recorder.runtime.background import BackgroundTask

from ..rest_address import RestAddress
from ..transport import open_socket

_SCHEMES = {"wss": "https", "https": "https", "ws": "http", "http": "http"}
_UNSAFE = re.compile(r"[^\x21-\x7e]")


def parse_upstream(url: str, *, ca_file: Path | None = None) -> RestAddress:
    """Read the address of the service: ``wss://host``, ``ws://host:port``, or with ``https``, ``http``.

    Raises:
        BadOption: it is no address, or says more than scheme, host and port.
    """
    scheme, _, rest = url.partition("://")
    netloc = rest.removesuffix("/")
    if scheme.lower() not in _SCHEMES or not netloc or _UNSAFE.search(url):
        raise BadOption("--upstream", "it must begin with wss:// or ws:// and name a host", hint=_HINT)
    try:
        parts = urlsplit(f"//{netloc}")
        usable = bool(parts.hostname) and parts.port != 0
    except ValueError:
        usable = False
    if not usable:
        raise BadOption("--upstream", "its host or port cannot be read", hint=_HINT)
    if parts.path or parts.query or parts.fragment or "@" in netloc or "#" in url or "?" in url:
        raise BadOption(
            "--upstream", "it may hold scheme, host and port only: paths come from the client", hint=_HINT
        )
    return RestAddress(scheme=_SCHEMES[scheme.lower()], netloc=netloc, ca_file=ca_file)


_HINT = "write it like wss://va.msg.liveperson.net"


class UpstreamConnector:
    """Connects to services in threads; the loop learns of it by its selector.

    Args:
        tls: verifies the services' certificates; None if none is spoken to over TLS.
        is_own: whether a socket's peer is the proxy itself.
    """

    def __init__(
        self,
        selector: selectors.BaseSelector,
        clock: Clock,
        *,
        tls: ssl.SSLContext | None,
        is_own: Callable[[socket.socket], bool],
    ) -> None:
        self._selector = selector
        self._clock = clock
        self._tls = tls
        self._is_own = is_own
        self._connecting: dict[BackgroundTask[socket.socket], RestAddress] = {}

    def connect(self, address: RestAddress, done: Callable[[socket.socket | CannotConnect], None]) -> None:
        """Connect, and call ``done`` from the loop with a socket, or with why there is none."""

        def work() -> socket.socket:
            return open_socket(address, clock=self._clock, context=self._tls)

        task = BackgroundTask(work, name="connect")
        self._connecting[task] = address

        def ready(mask: int) -> None:
            self._selector.unregister(task)
            del self._connecting[task]
            task.close()
            done(self._result(task, address))

        self._selector.register(task, selectors.EVENT_READ, ready)

    def close(self) -> None:
        """Wait for no connection any more."""
        for task in self._connecting:
            self._selector.unregister(task)
            task.close()
            if task.done:
                outcome = self._result(task, self._connecting[task])
                if isinstance(outcome, socket.socket):
                    outcome.close()
        self._connecting.clear()

    def _result(
        self, task: BackgroundTask[socket.socket], address: RestAddress
    ) -> socket.socket | CannotConnect:
        try:
            sock = task.result()
        except CannotConnect as problem:
            return problem
        if not self._is_own(sock):
            return sock
        sock.close()
        return CannotConnect(
            address.base_url,
            "its name leads back to the proxy itself",
            hint="does a hosts file point that name here? then give its IP address, or run this elsewhere",
        )
