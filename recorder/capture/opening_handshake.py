"""Make a connection: reach the service and have the library ask it for the upgrade to a WebSocket.

Besides ``client`` the only module that knows ``websocket``.
"""

from __future__ import annotations

import websocket

from recorder.clock import Clock
from recorder.wire.frames import CloseCode

from . import handshake_errors
from .options import ConnectOptions
from .tap import TapSocket, UpgradeRefused
from .tracker import SWITCHING_PROTOCOLS, ConnectionTracker
from .transport import reach


class Library(websocket.WebSocket):
    """The library's connection. It answers a Close only if Close was not said before.

    Attributes:
        said_close: whether it was, by whatever way.
    """

    said_close = False

    def send_close(self, status: int = CloseCode.NORMAL, reason: str | bytes = b"") -> None:
        """Say Close; once only."""
        if not self.said_close:
            self.said_close = True
            super().send_close(status, reason)


def connect(
    options: ConnectOptions, tracker: ConnectionTracker, *, clock: Clock, queueing: bool = False
) -> tuple[TapSocket, Library]:
    """Return the recorded socket and the library on top of it, both past the upgrade.

    ``queueing``: as for ``TapSocket``.

    Raises:
        CannotConnect: nobody there, or not let in. Whatever the tracker's sink raises.
    """
    until_s = clock.now_s() + options.connect_timeout_s
    tap = TapSocket(
        reach(options, clock=clock),
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


def _upgrade(options: ConnectOptions, tap: TapSocket, tracker: ConnectionTracker) -> Library:
    """Let the library do the upgrade; turn whatever goes wrong into a ``CannotConnect``."""
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
            class_=Library,
        )
        assert isinstance(made, Library)  # noqa: S101 - that is what ``class_`` says
        return made
    except UpgradeRefused as problem:
        answer = tracker.answer()
        if answer.status is None or answer.status == SWITCHING_PROTOCOLS:
            raise handshake_errors.not_a_websocket(options, str(problem)) from None
        raise handshake_errors.refused(options, answer) from None
    except websocket.WebSocketTimeoutException:
        raise handshake_errors.no_answer(options) from None
    except (websocket.WebSocketConnectionClosedException, OSError):
        raise handshake_errors.hung_up(options, tap.trouble) from None
    except websocket.WebSocketException as problem:
        if options.subprotocols:
            raise handshake_errors.no_subprotocol(options) from None
        raise handshake_errors.not_a_websocket(options, str(problem)) from None
