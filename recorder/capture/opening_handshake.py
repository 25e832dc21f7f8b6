"""The opening handshake (RFC 6455 4): connect a socket, and have the library request the upgrade.

This and ``client`` are the only modules that import ``websocket``.
"""

from __future__ import annotations

import websocket

from recorder.clock import Clock
from recorder.wire.frames import CloseCode

from . import handshake_errors
from .options import ConnectOptions
from .tap import TapSocket, UpgradeRefused
from .tracker import SWITCHING_PROTOCOLS, ConnectionTracker
from .transport import open_socket


class LibraryWebSocket(websocket.WebSocket):
    """The library's connection. It answers a Close frame only if none was sent before.

    Attributes:
        close_sent: whether a Close frame went out, through the library or as raw bytes.
    """

    close_sent = False

    def send_close(self, status: int = CloseCode.NORMAL, reason: str | bytes = b"") -> None:
        """Send a Close frame, unless one was sent."""
        if not self.close_sent:
            self.close_sent = True
            super().send_close(status, reason)


def connect(
    options: ConnectOptions, tracker: ConnectionTracker, *, clock: Clock, queueing: bool = False
) -> tuple[TapSocket, LibraryWebSocket]:
    """Return the recorded socket and the library's connection on top of it, both past the upgrade.

    ``queueing``: as for ``TapSocket``.

    Raises:
        CannotConnect: the service cannot be reached, or refuses the upgrade. Whatever the sink raises.
    """
    until_s = clock.now_s() + options.connect_timeout_s
    tap = TapSocket(
        open_socket(options, clock=clock),
        tracker,
        clock,
        send_timeout_s=options.send_timeout_s,
        queueing=queueing,
    )
    tap.deadline_s = until_s
    try:
        return tap, _upgrade(options, tap, tracker)
    except BaseException:
        tap.close()
        raise


def _upgrade(options: ConnectOptions, tap: TapSocket, tracker: ConnectionTracker) -> LibraryWebSocket:
    """Let the library request the upgrade; turn every failure into a ``CannotConnect``."""
    try:
        made = websocket.create_connection(
            options.request_url,
            socket=tap,
            header=options.header_lines(),
            subprotocols=list(options.subprotocols) or None,
            origin=options.origin,
            suppress_origin=options.origin is None,
            redirect_limit=0,
            enable_multithread=False,
            skip_utf8_validation=True,
            fire_cont_frame=True,  # it joins fragments in a time that grows with their square
            class_=LibraryWebSocket,
        )
        assert isinstance(made, LibraryWebSocket)  # noqa: S101 - that is what ``class_`` says
        return made
    except UpgradeRefused as problem:
        answer = tracker.upgrade_response()
        if answer.status is None or answer.status == SWITCHING_PROTOCOLS:
            raise handshake_errors.not_a_websocket(options, str(problem)) from None
        raise handshake_errors.upgrade_refused(options, answer) from None
    except websocket.WebSocketTimeoutException:
        raise handshake_errors.not_answered_in_time(options) from None
    except (websocket.WebSocketConnectionClosedException, OSError):
        raise handshake_errors.ended_before_answer(options, tap.failure) from None
    except websocket.WebSocketException as problem:
        if options.subprotocols:
            raise handshake_errors.no_subprotocol(options) from None
        raise handshake_errors.not_a_websocket(options, str(problem)) from None
