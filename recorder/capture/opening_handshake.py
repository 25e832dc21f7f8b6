"""The opening handshake (RFC 6455 4): connect a socket, and have the library request the upgrade.

In errors, text of the service is cut short and cleaned of control characters and of our token.
This and ``client`` are the only modules that import ``websocket``.
"""

from __future__ import annotations

from urllib.parse import urlsplit

import websocket

from recorder.clock import Clock
from recorder.errors import CannotConnect, HandshakeRefused
from recorder.redaction.subprotocols import shown_choice, shown_subprotocols
from recorder.wire.endings import answering_close
from recorder.wire.frames import Opcode
from recorder.wire.handshake import SWITCHING_PROTOCOLS, ResponseHead, header_values
from recorder.wire.refusal_words import retry_words

from .options import ConnectOptions, is_subprotocol
from .tap import TapSocket, UpgradeRefused
from .tracker import ConnectionTracker
from .transport import open_socket

_LONGEST_REASON = 100

_LATER = "try again later"
_STATUS_HINTS = {
    200: "a web server answered, not a WebSocket: is the path right?",
    **dict.fromkeys((400, 401, 403), "the token is missing, expired or for another account: get a new one"),
    **dict.fromkeys((404, 410), "is the path right, and the account number in it?"),
    407: "a proxy stands in the way and wants to be logged in to",
    426: "the service wants another protocol or version",
    429: "too many connections: " + _LATER,
    **dict.fromkeys((500, 502, 503, 504), _LATER),
}


class LibraryWebSocket(websocket.WebSocket):
    """The library's connection. It answers a Close frame with its code, if none was sent before.

    Attributes:
        close_sent: whether a Close frame went out, through the library or as raw bytes.
    """

    close_sent = False
    _received_close = b""

    @property
    def between_frames(self) -> bool:
        """Whether it has read no part of the next frame."""
        return self.frame_buffer.header is None and not self.frame_buffer.recv_buffer

    def recv_frame(self) -> websocket.ABNF:
        """The next frame of the service, checked by the library."""
        frame: websocket.ABNF = super().recv_frame()  # type: ignore[no-untyped-call]  # theirs
        if frame.opcode == Opcode.CLOSE:
            self._received_close = frame.data if isinstance(frame.data, bytes) else frame.data.encode()
        return frame

    def send_close(self, status: int | None = None, reason: str | bytes = b"") -> None:
        """Send a Close frame, unless one was sent; without ``status``, the answer to the service's own."""
        if self.close_sent:
            return
        self.close_sent = True
        if status is not None:
            super().send_close(status, reason)
            return
        self.connected = False
        self.send(answering_close(self._received_close), Opcode.CLOSE)


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
            host=options.host_header,
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
            raise _not_upgraded(options, answer, str(problem)) from None
        raise _upgrade_refused(options, answer) from None
    except websocket.WebSocketTimeoutException:
        late = f"the upgrade was not answered within {options.connect_timeout_s:g} s"
        hint = "is this the address of a WebSocket service? --connect-timeout waits longer"
        raise CannotConnect(options.base_url, late, hint=hint) from None
    except (websocket.WebSocketConnectionClosedException, OSError):
        how = tap.failure or "the service closed the connection"
        raise CannotConnect(options.base_url, f"{how} before it answered the upgrade") from None
    except websocket.WebSocketException as problem:
        if options.subprotocols:
            raise _none_chosen(options) from None
        raise _not_a_websocket(options, str(problem)) from None


def _upgrade_refused(options: ConnectOptions, answer: ResponseHead) -> CannotConnect:
    """The error for an answer whose status is not 101."""
    status = answer.status or 0
    hint = _redirect_hint(options, answer) if 300 <= status < 400 else _STATUS_HINTS.get(status)
    if status == 403 and options.origin is not None:
        hint = f"{hint}; or does it take no --origin {options.origin}?"
    if (again := retry_words(answer.headers)) is not None:
        hint = f"{hint or _LATER}; it wants to be asked again {again} (Retry-After)"
    return HandshakeRefused(options.base_url, status, _clean(answer.reason, options), hint=hint)


def _not_upgraded(options: ConnectOptions, answer: ResponseHead, problem: str) -> CannotConnect:
    """The error for an answer with status 101 that may not be accepted, or for none that is HTTP."""
    chosen = header_values(answer.headers, "Sec-WebSocket-Protocol")
    if "subprotocol nobody asked for" not in problem or not chosen:
        return _not_a_websocket(options, problem)
    hint: str | None
    name = shown_choice(chosen[0], options.subprotocols)
    if name is None or not is_subprotocol(name):
        said, hint = "one that is not shown", "does it repeat the token? names are compared letter by letter"
    else:
        said = f'"{_clean(name, options)}"'
        hint = f"it wants --subprotocol {name}" if len(name) <= _LONGEST_REASON else None
    words = f"the service chose a subprotocol nobody asked for: {said}; offered: {_offered(options)}"
    return CannotConnect(options.base_url, words, hint=hint)


def _none_chosen(options: ConnectOptions) -> CannotConnect:
    """RFC 6455 4.1 lets the client decide; browsers refuse such an answer, and so do we."""
    words = f"the service chose none of the subprotocols offered ({_offered(options)})"
    hint = "it may know none: try without --subprotocol; or it wants another one"
    return CannotConnect(options.base_url, words, hint=hint)


def _offered(options: ConnectOptions) -> str:
    return ", ".join(shown_subprotocols(options.subprotocols)) or "none"


def _not_a_websocket(options: ConnectOptions, problem: str) -> CannotConnect:
    """The error for an answer that is no upgrade to a WebSocket."""
    hint = "is this the address of a WebSocket service?"
    return CannotConnect(options.base_url, _clean(problem, options), hint=hint)


def _redirect_hint(options: ConnectOptions, answer: ResponseHead) -> str:
    """Names the target by scheme and host only: path and query may hold a secret."""
    targets = header_values(answer.headers, "Location")
    place = ""
    if targets:
        try:
            parts = urlsplit(targets[0])
        except ValueError:
            parts = urlsplit("")
        target = (
            f"{parts.scheme}://{parts.hostname}" if parts.hostname else "another path of the same service"
        )
        place = f" to {_clean(target, options)}"
    return f"it redirects{place}; this is not followed, because the token would go there too: give that URL"


def _clean(text: str, options: ConnectOptions) -> str:
    printable = "".join(char if char.isprintable() else "?" for char in text)
    if options.token:
        printable = printable.replace(options.token, "…")
    if len(printable) <= _LONGEST_REASON:
        return printable
    # Cut between words: redaction would not recognise half a secret.
    return printable[:_LONGEST_REASON].rpartition(" ")[0] + " …"
