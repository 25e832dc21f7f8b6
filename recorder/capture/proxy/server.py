"""The proxy: one thread and one selector for all clients, until it is stopped or cannot store any more."""

from __future__ import annotations

import selectors
import socket
import ssl
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import partial

from recorder.clock import Clock
from recorder.errors import CannotConnect, StorageFailed
from recorder.runtime.gc_control import IdleCollector
from recorder.runtime.selector import QuickSelector, Wakeup
from recorder.wire.frames import Side
from recorder.wire.payloads import Payload

from ..rest_address import RestAddress
from ..transport import notice_dead_peer, tls_context
from .channel import SocketChannel
from .listeners import ListenerGroup, ListenOptions, ProxyListener
from .lookup import AddressFor
from .proxied_client import ProxiedClient
from .recording import MOST_UNSHOWN, ProxyRecorder, ProxyStorage
from .timers import Timers
from .upstream import UpstreamConnector

MOST_CONNECTIONS = 500
SHOWN_AT_ONCE = 64
_PAUSE_S = 0.002
_IDLE_AFTER_S = 0.02
_LONGEST_WAIT_S = 1.0
_QUIETER_AFTER_S = (_PAUSE_S, _IDLE_AFTER_S, _LONGEST_WAIT_S)
_IDLE = 2
"""How quiet it is: 0 where something came last, 1 after a pause, 2 where nothing is going on."""
_TEND_EVERY_S = 0.02
"""So often, at least, what is due beside the frames is done, however many of them come."""
_SHOW_EVERY_S = 0.25
_LAST_SENDS_S = 2.0


@dataclass(frozen=True, kw_only=True, slots=True)
class ProxyOptions:
    """What a proxy leads to, and how.

    Attributes:
        upstream: the service.
        listen: where clients connect.
        rewrite_lookup: whether answers to domain lookups name the proxy's own addresses.
        passthrough: whether bytes go on though they cannot be stored.
    """

    upstream: RestAddress
    listen: ListenOptions
    rewrite_lookup: bool = False
    passthrough: bool = False


class ProxyServer:
    """Listens from the start; serves in ``run``. Close it with ``close``.

    Args:
        say: gets a sentence where there is something to tell the user.
        on_payload: called with every payload once it has gone on; None for nobody. Those it is too slow for
            are left out, and counted.
        may_show: whether ``on_payload`` can be called without having to wait.

    Raises:
        BadOption: the address cannot be listened on, or the CA file cannot be used.
    """

    def __init__(
        self,
        options: ProxyOptions,
        storage: ProxyStorage,
        *,
        clock: Clock,
        say: Callable[[str], None],
        on_payloads: Callable[[Sequence[Payload]], None] | None = None,
        may_show: Callable[[], bool] = lambda: True,
    ) -> None:
        self.clock = clock
        self.timers = Timers()
        self._options = options
        self._say = say
        self._may_show = may_show
        self._said: set[str] = set()
        self._selector = QuickSelector()
        self._wakeup = Wakeup()
        self._stopping = False
        self._connections: set[ProxiedClient] = set()
        self._is_full = False
        self._quiet = _IDLE
        self._wait_s = 0.0
        self._tend_at_s = 0.0
        self._collector = IdleCollector()
        self._show_again_s = 0.0
        self.recorder = ProxyRecorder(
            storage,
            clock,
            passthrough=options.passthrough,
            on_payloads=on_payloads,
            on_failure=self._on_failure,
        )
        try:
            tls = _upstream_tls(options.upstream)
            self._listeners = ListenerGroup(
                options.upstream, options.listen, say=self.remark, on_added=self._added
            )
        except BaseException:
            self._selector.close()
            self._wakeup.close()
            raise
        self._connector = UpstreamConnector(self._selector, clock, tls=tls, is_own=self._listeners.is_own)
        self._selector.register(self._wakeup, selectors.EVENT_READ, lambda mask: self._wakeup.clear())
        self._watch(self._listeners.first)

    @property
    def address(self) -> str:
        """Host and port where clients of the upstream connect."""
        return self._listeners.first.netloc

    def stop(self) -> None:
        """Have ``run`` end; from any thread or signal handler."""
        self._stopping = True
        self._wakeup.set()

    def run(self) -> None:
        """Serve until ``stop``.

        Raises:
            StorageFailed: something cannot be stored. Nothing of it has gone on; all connections are closed.
        """
        try:
            with self._collector:
                while not self._stopping:
                    self._round()
            self._end_all()
        except StorageFailed:
            self._fail_all()
            raise

    def close(self) -> None:
        """Close every socket."""
        self._connector.close()
        for connection in self._connections:
            connection.close()
        self._listeners.close()
        self._selector.close()
        self._wakeup.close()

    # What the connections use --------------------------------------------------------------------------

    def open_channel(self, sock: socket.socket, handlers: ProxiedClient, side: Side) -> SocketChannel:
        """A channel whose events go to the connection, as those of this side."""
        return SocketChannel(
            sock,
            self._selector,
            on_data=partial(handlers.received, side),
            on_broken=partial(handlers.broken, side),
            on_drained=partial(handlers.drained, side),
            handshaking=side is Side.CLIENT and isinstance(sock, ssl.SSLSocket),
        )

    def connect(self, address: RestAddress, done: Callable[[socket.socket | CannotConnect], None]) -> None:
        """Connect to a service; see ``UpstreamConnector``."""
        self._connector.connect(address, done)

    def address_for(self, client_host: str) -> AddressFor | None:
        """Gives addresses at that host in answers to lookups; None: they stay as they are."""
        if not self._options.rewrite_lookup:
            return None
        return partial(self._listeners.address_for, client_host=client_host)

    def remark(self, sentence: str) -> None:
        """Tell the user, once."""
        if sentence not in self._said and len(self._said) < 1000:
            self._said.add(sentence)
            self._say(sentence)

    # The loop ------------------------------------------------------------------------------------------

    def _round(self) -> None:
        """Wait, read every socket that is ready, store what came, and pass it on.

        What can wait is done where nothing comes for a moment: it would keep the answer from being read.
        """
        if self._selector.call_ready(self._wait_s):
            self.recorder.finish_round()
            self._quiet = 0
            if self.clock.now_s() < self._tend_at_s:
                self._wait_s = _PAUSE_S
                return
        elif self._quiet < _IDLE:
            self._quiet += 1
        self._tend()

    def _tend(self) -> None:
        """Do what is due beside the frames, and find out how long to wait for the next ones."""
        now_s = self.clock.now_s()
        is_idle = self._quiet == _IDLE
        if self.timers.run_due(now_s) or is_idle:
            self.recorder.finish_round()
        self.recorder.use_idle_time(_LONGEST_WAIT_S if is_idle else 0.0)
        if self.recorder.has_to_show:
            self._show(now_s)
        if is_idle or self._is_full:
            self._forget_finished()
        self._collector.collect_if_idle(_LONGEST_WAIT_S if is_idle else 0.0)
        self._tend_at_s = now_s + _TEND_EVERY_S
        self._wait_s = self._longest_wait_s()

    def _show(self, now_s: float) -> None:
        """Show payloads where nothing is going on; while much is, some of them, now and then."""
        if (self._quiet or now_s >= self._show_again_s) and self._may_show():
            self._show_again_s = now_s + _SHOW_EVERY_S
            self.recorder.show(SHOWN_AT_ONCE)

    def _longest_wait_s(self) -> float:
        """How long to wait for a socket: until the next timer, or until the loop is a step quieter."""
        longest_s = _QUIETER_AFTER_S[self._quiet]
        if self.recorder.has_to_show:
            longest_s = _PAUSE_S if self._may_show() else _IDLE_AFTER_S
        due_s = self.timers.next_due_s()
        return longest_s if due_s is None else min(max(due_s - self.clock.now_s(), 0.0), longest_s)

    def _watch(self, listener: ProxyListener) -> None:
        listener.watch(self._selector, partial(self._accept, listener))

    def _added(self, listener: ProxyListener) -> None:
        self._watch(listener)
        self._say(f"{listener.upstream.netloc}, which a lookup named, is reached at {listener.netloc}")

    def _accept(self, listener: ProxyListener, sock: socket.socket) -> None:
        with suppress(OSError):  # it is gone again
            notice_dead_peer(sock)
        if listener.tls is not None:
            sock.setblocking(False)
            sock = listener.tls.wrap_socket(sock, server_side=True, do_handshake_on_connect=False)
        self._connections.add(ProxiedClient(sock, listener, self))
        if len(self._connections) >= MOST_CONNECTIONS:
            self._is_full = True
            for each in self._listeners.all():
                each.ignore(self._selector)
            self.remark(f"{MOST_CONNECTIONS} clients are connected: more have to wait")

    def _forget_finished(self) -> None:
        self._connections = {each for each in self._connections if not each.is_finished}
        if self._is_full and len(self._connections) < MOST_CONNECTIONS:
            self._is_full = False
            for each in self._listeners.all():
                self._watch(each)

    # Ends ----------------------------------------------------------------------------------------------

    def _end_all(self) -> None:
        """Accept nobody, record the ends, and send what is queued, for a moment."""
        for listener in self._listeners.all():
            listener.ignore(self._selector)
        for connection in self._connections:
            connection.stop()
        self.recorder.finish_round()
        self._drain()
        self.recorder.finish_round()
        if self._may_show():
            self.recorder.show(MOST_UNSHOWN)
        self.recorder.use_idle_time(_LONGEST_WAIT_S)

    def _fail_all(self) -> None:
        self.recorder.drop_uncommitted()
        for connection in self._connections:
            connection.storage_failed()
        self._drain()

    def _drain(self) -> None:
        """Send what is queued, for at most ``_LAST_SENDS_S``."""
        until_s = self.clock.now_s() + _LAST_SENDS_S
        while not all(each.is_drained for each in self._connections) and self.clock.now_s() < until_s:
            self._selector.call_ready(max(until_s - self.clock.now_s(), 0.0))

    def _on_failure(self, failure: StorageFailed) -> None:
        self._say(f"{failure}; bytes go on without being stored, as --on-storage-failure passthrough asks")


def _upstream_tls(upstream: RestAddress) -> ssl.SSLContext | None:
    if not upstream.secure:
        return None
    context = tls_context(upstream.ca_file)
    context.set_alpn_protocols(["http/1.1"])  # a WebSocket over HTTP/2 would be no bytes to record
    return context
