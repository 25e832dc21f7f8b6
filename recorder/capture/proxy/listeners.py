"""Where the proxy listens: one address for the upstream, and one more for each service a lookup has named."""

from __future__ import annotations

import contextlib
import selectors
import socket
import ssl
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

from recorder.errors import RecorderError
from recorder.runtime.listener import bind_listener, is_loopback
from recorder.runtime.local_access import LocalAccess

from ..rest_address import RestAddress

MOST_SERVICES = 64
BACKLOG_PER_EVENT = 64


@dataclass(frozen=True, slots=True)
class ListenOptions:
    """How the proxy listens.

    Attributes:
        host, port: of the upstream's own listener; port 0 takes any that is free.
        tls: encrypts what clients send; None: plain.
        allow_origins: origins of web pages that may connect, besides local ones.
        as_hosts: host names accepted besides local ones.
        allow_remote: whether other machines may connect.
    """

    host: str
    port: int
    tls: ssl.SSLContext | None = None
    allow_origins: Sequence[str] = ()
    as_hosts: Sequence[str] = ()
    allow_remote: bool = False


class ProxyListener:
    """A listening socket, and the service that what comes there is for."""

    def __init__(self, upstream: RestAddress, options: ListenOptions, *, port: int) -> None:
        self.upstream = upstream
        self.tls = options.tls
        self._sock = bind_listener(options.host, port)
        self._sock.setblocking(False)
        self.host, self.port = self._sock.getsockname()[:2]
        try:
            self.access = LocalAccess(
                options.host,
                self.port,
                allow_origins=options.allow_origins,
                as_hosts=options.as_hosts,
                any_address=options.allow_remote,
            )
        except BaseException:
            self._sock.close()
            raise

    @property
    def netloc(self) -> str:
        """Host and port, as in a URL."""
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"

    def watch(self, selector: selectors.BaseSelector, on_client: Callable[[socket.socket], None]) -> None:
        """Call ``on_client`` with every client that connects."""

        def accept(mask: int) -> None:
            for _ in range(BACKLOG_PER_EVENT):
                try:
                    sock, _ = self._sock.accept()
                except OSError:  # nobody more, gone again, or no descriptors left: they wait in the backlog
                    return
                on_client(sock)

        selector.register(self._sock, selectors.EVENT_READ, accept)

    def ignore(self, selector: selectors.BaseSelector) -> None:
        """Accept nobody until ``watch``."""
        with contextlib.suppress(KeyError, ValueError):
            selector.unregister(self._sock)

    def close(self) -> None:
        """Listen no more."""
        self._sock.close()


class ListenerGroup:
    """The listener of the upstream, and those of the services that its answers to lookups have named.

    Args:
        say: gets a sentence on each service that is added, or cannot be.
        on_added: called with every listener that is added.
    """

    def __init__(
        self,
        upstream: RestAddress,
        options: ListenOptions,
        *,
        say: Callable[[str], None],
        on_added: Callable[[ProxyListener], None],
    ) -> None:
        self._options = options
        self._say = say
        self._on_added = on_added
        self._listeners: dict[str, ProxyListener] = {}
        self._refused: set[str] = set()
        self.first = self._listen(upstream, port=options.port)

    def all(self) -> list[ProxyListener]:
        """Every listener, the upstream's first."""
        return list(self._listeners.values())

    def address_for(self, named: str, *, client_host: str) -> str | None:
        """The address, at the host by which the client came, that leads to the service at ``named``.

        None where it cannot be one: the lookup must name a host, and a loopback address only if the upstream
        is at one, so that an answer opens no way to something on this machine.
        """
        listener = self._listeners.get(named.lower()) or self._new(named)
        return None if listener is None else f"{client_host}:{listener.port}"

    def is_own(self, sock: socket.socket) -> bool:
        """Whether this socket is connected to one of the listeners."""
        try:
            peer = sock.getpeername()
        except OSError:
            return False
        return any(
            peer[1] == each.port and (peer[0] == each.host or each.host in ("0.0.0.0", "::"))  # noqa: S104
            for each in self._listeners.values()
        )

    def close(self) -> None:
        """Listen no more."""
        for listener in self._listeners.values():
            listener.close()

    def _new(self, named: str) -> ProxyListener | None:
        if named.lower() in self._refused:
            return None
        upstream = self.first.upstream.with_netloc(named)
        if upstream is None or (_is_local(upstream) and not _is_local(self.first.upstream)):
            self._refuse(named, "it is no address that a lookup may lead to")
        elif len(self._listeners) > MOST_SERVICES:
            self._refuse(named, f"there are {MOST_SERVICES} already")
        else:
            try:
                listener = self._listen(upstream, port=0)
            except RecorderError as problem:
                self._refuse(named, str(problem))
            else:
                self._on_added(listener)
                return listener
        return None

    def _listen(self, upstream: RestAddress, *, port: int) -> ProxyListener:
        listener = ProxyListener(upstream, self._options, port=port)
        self._listeners[upstream.netloc.lower()] = listener
        return listener

    def _refuse(self, named: str, problem: str) -> None:
        self._refused.add(named.lower())
        self._say(f"the address {named} of a lookup is left as it is: {problem}")


def _is_local(address: RestAddress) -> bool:
    return is_loopback(address.host) or address.host == "localhost"


def host_in(netloc: str) -> str:
    """The host of a value of ``Host``, in brackets if it is an IPv6 address."""
    host = urlsplit(f"//{netloc}").hostname or ""
    return f"[{host}]" if ":" in host else host
