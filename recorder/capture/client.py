"""A WebSocket connection that is recorded: every frame is stored before it is delivered or sent.

The only module that knows ``websocket``. It works against any WebSocket server. One thread uses a
connection; only ``wake`` may be called from another thread or a signal handler.
"""

from __future__ import annotations

import contextlib
import os
import socket
from collections.abc import Iterator

import websocket

from recorder.clock import Clock
from recorder.errors import CannotConnect, InputUnusable
from recorder.wire.frames import CloseCode, Opcode, Side, encode
from recorder.wire.payloads import Payload
from recorder.wire.records import ConnectionClosed, FrameSink, RecordedFrame

from . import refusals
from .deliveries import Deliveries, TextNotUtf8, whole
from .endings import ConnectionOver
from .keepalive import KeepAlive
from .options import ConnectOptions
from .tap import TapSocket, UpgradeRefused
from .tracker import SWITCHING_PROTOCOLS, ConnectionTracker, PayloadTooLong
from .transport import reach

CLOSE_TIMEOUT_S = 3.0
MAX_CONTROL = 125
_GOODBYE_S = 1.0  # once both sides have said Close: how long the service may take to end the stream
_MOST_AT_ONCE = 1024  # frames taken in for a caller that only sends, each time a ping is due

_BROKEN_OFF = (websocket.WebSocketException, OSError)


class RecordingConnection:
    """An open connection. Made by ``open``; over once ``closed`` is not None."""

    def __init__(
        self,
        library: websocket.WebSocket,
        tap: TapSocket,
        tracker: ConnectionTracker,
        *,
        options: ConnectOptions,
        clock: Clock,
    ) -> None:
        self._library = library
        self._tap = tap
        self._tracker = tracker
        self._clock = clock
        self._keepalive = KeepAlive(options.ping_interval_s, now_s=clock.now_s())
        self._deliveries = Deliveries(tap.heard, max_payload=options.max_payload)
        self._waiting = self._deliveries.waiting
        self._closed: ConnectionClosed | None = None

    @classmethod
    def open(
        cls,
        options: ConnectOptions,
        *,
        connection: int = 1,
        numbers: Iterator[int],
        began_s: float,
        clock: Clock,
        sink: FrameSink,
    ) -> RecordingConnection:
        """Connect and upgrade.

        Args:
            connection: its place in the session, from 1.
            numbers: gives the frames of the session their numbers; shared by its connections.
            began_s: ``clock.now_s()`` when the session began.
            clock: one that runs by itself; real sockets do not wait for a virtual one.

        Raises:
            CannotConnect: nobody there, or not let in. What came of it is recorded, closed as "refused".
        """
        tracker = ConnectionTracker(
            connection=connection,
            numbers=numbers,
            began_s=began_s,
            clock=clock,
            sink=sink,
            url=options.url,
            max_payload=options.max_payload,
        )
        tracker.opened()
        try:
            tap, library = _connect(options, tracker, clock=clock)
        except BaseException as problem:
            if tracker.sink_error is not None:
                raise tracker.sink_error from None
            tracker.closed("refused", problem.problem if isinstance(problem, CannotConnect) else None)
            raise
        return cls(library, tap, tracker, options=options, clock=clock)

    @property
    def closed(self) -> ConnectionClosed | None:
        """How the connection ended; None while it has not."""
        return self._closed

    def send(self, text: str) -> Payload:
        """Record the text as one frame, send it, and return it as it was recorded.

        Raises:
            ConnectionOver: the connection has ended, before or over this. If over this, the frame is
                recorded all the same: part of it may have gone out.
            InputUnusable: the text cannot be written in UTF-8.
        """
        try:
            data = text.encode()
        except UnicodeEncodeError:
            raise InputUnusable("the text holds half a surrogate pair, which UTF-8 cannot carry") from None
        return whole(self._send(data, Opcode.TEXT))

    def send_binary(self, data: bytes) -> Payload:
        """As ``send``, for bytes."""
        return whole(self._send(data, Opcode.BINARY))

    def ping(self, data: bytes = b"") -> None:
        """Send a ping of at most 125 bytes. Its answer is recorded, and not delivered."""
        if len(data) > MAX_CONTROL:
            raise InputUnusable(f"a ping carries at most {MAX_CONTROL} bytes")
        self._send(data, Opcode.PING)
        self._keepalive.pinged(self._clock.now_s())

    def receive(self, until_s: float | None = None) -> Payload | None:
        """Return the next payload of the service, recorded already. Pings and answers pings meanwhile.

        None when ``until_s`` (in ``clock.now_s()``) has passed, when somebody called ``wake``, or when the
        connection is over and everything that came before its end has been delivered.
        """
        while not self._waiting and self._closed is None:
            self._keep_alive()
            if self._waiting or self._closed is not None:
                break
            if not self._take_in(self._next_deadline(until_s)):
                self._settle()
            if not self._waiting and self._is_interrupted(until_s):
                return None
        return self._waiting.popleft() if self._waiting else None

    def wake(self) -> None:
        """Make ``receive`` return None now, or the next time it would wait. From any thread."""
        self._tap.wake()

    def close(self, code: int = 1000, reason: str = "", *, timeout_s: float = CLOSE_TIMEOUT_S) -> None:
        """Say goodbye, record what comes until the service says so too, and close.

        May be repeated. Takes at most ``timeout_s`` and a little, whatever the service does. What came
        meanwhile can still be received.
        """
        if self._closed is not None:
            return
        if len(reason.encode()) > MAX_CONTROL - 2:
            raise InputUnusable(f"a close reason holds at most {MAX_CONTROL - 2} bytes")
        until_s = self._clock.now_s() + timeout_s
        self._tap.send_timeout_s = min(timeout_s, self._tap.send_timeout_s)
        try:
            self._library.send_close(code, reason)
            self._tap.drain(until_s, until_close=True)
        except BaseException as problem:
            self._end_by(problem)
            return
        answered = self._tracker.closing(Side.SERVICE)
        left = "ended the stream without answering" if self._tap.ended else "did not answer"
        self._finish("closed", None if answered else f"the service {left} the Close frame", drain=answered)

    # Sending --------------------------------------------------------------------------------------

    def _send(self, data: bytes, opcode: Opcode) -> RecordedFrame:
        self._keep_alive()
        if self._closed is None:
            try:
                self._library.send(data, opcode)
                return self._tap.said[-1]
            except BaseException as problem:
                self._end_by(problem)
        raise ConnectionOver(self._ending())

    # Receiving ------------------------------------------------------------------------------------

    def _take_in(self, deadline_s: float | None) -> bool:
        """Let the library read one frame or payload, and put what it gave in line.

        Return whether anything came of it; False means that the deadline passed or somebody woke us.
        """
        self._tap.deadline_s = deadline_s
        try:
            opcode, _ = self._library.recv_data_frame(True)
            self._deliveries.match(opcode)
            if opcode == Opcode.PONG:
                self._keepalive.answered()
            elif opcode == Opcode.CLOSE:
                self._finish("closed", None)
        except BaseException as problem:
            timed_out = isinstance(problem, websocket.WebSocketTimeoutException)
            if timed_out and not self._tap.poisoned and self._tracker.sink_error is None:
                return False
            self._end_by(problem)
        return True

    def _next_deadline(self, until_s: float | None) -> float | None:
        """When to look up from waiting: for the caller, for a ping, or to let the sink settle."""
        times = (until_s, self._keepalive.due_s, self._tracker.settle_due_s)
        return min([time_s for time_s in times if time_s is not None], default=None)

    def _settle(self) -> None:
        due_s = self._tracker.settle_due_s
        if due_s is None or self._clock.now_s() < due_s:
            return
        try:
            self._tracker.settle()
        except BaseException as problem:
            self._end_by(problem)

    def _is_interrupted(self, until_s: float | None) -> bool:
        return self._tap.take_wake() or (until_s is not None and self._clock.now_s() >= until_s)

    def _keep_alive(self) -> None:
        """Ping if it is time to; notice a service that vanished."""
        due_s = self._keepalive.due_s
        if due_s is None or self._closed is not None or (now_s := self._clock.now_s()) < due_s:
            return
        # The answer to the last ping may still wait in the socket of a caller that only sends.
        for _ in range(_MOST_AT_ONCE):
            if self._closed is not None or not self._take_in(now_s):
                break
        if self._closed is not None:
            return
        if self._keepalive.is_lost(now_s, last_heard_s=self._tap.last_heard_s):
            self._finish("lost", "no answer to pings, and nothing else came", drain=False)
            return
        self._keepalive.pinged(now_s)
        try:
            self._library.ping()
        except BaseException as problem:
            self._end_by(problem)

    # Ending ---------------------------------------------------------------------------------------

    def _end_by(self, problem: BaseException) -> None:
        """End the connection over what went wrong. What is not the connection's fault is raised again."""
        if self._tracker.sink_error is not None:
            self._abandon()
            raise self._tracker.sink_error
        if isinstance(problem, PayloadTooLong):
            self._fail(CloseCode.TOO_BIG, problem.says)
        elif isinstance(problem, TextNotUtf8):
            self._fail(CloseCode.INVALID_DATA, str(problem))
        elif isinstance(problem, websocket.WebSocketProtocolException):
            # Our decoder's words name the rule; the library's do not.
            self._fail(CloseCode.PROTOCOL_ERROR, self._deliveries.first_violation() or str(problem))
        elif isinstance(problem, _BROKEN_OFF):
            self._finish("failed" if self._tap.stalled else None, None, drain=not self._tap.stalled)
        else:
            raise problem

    def _fail(self, code: int, says: str) -> None:
        """Tell the service why, if it can still be told, and end."""
        self._tap.send_timeout_s = min(CLOSE_TIMEOUT_S, self._tap.send_timeout_s)
        try:
            self._library.send_close(code, says[: MAX_CONTROL - 2])
        except _BROKEN_OFF:
            pass
        finally:
            self._finish("failed", says)

    def _finish(self, how: str | None, detail: str | None, *, drain: bool = True) -> None:
        """Record the end. Without ``how`` it is "closed" if the service said Close, else "lost"."""
        if self._tracker.sink_error is not None:
            self._abandon()
            raise self._tracker.sink_error
        with contextlib.suppress(OSError):
            self._tap.shutdown(socket.SHUT_WR)
        try:
            if drain:
                self._tap.drain(self._clock.now_s() + _GOODBYE_S)
            how = how or ("closed" if self._tracker.closing(Side.SERVICE) else "lost")
            if detail is None and how != "closed":
                detail = self._tap.trouble or "the service ended the stream without a Close frame"
            self._closed = self._tracker.closed(how, detail)
        except BaseException:
            self._abandon()
            raise
        self._tap.close()
        if how != "failed":
            self._deliveries.match_rest()

    def _abandon(self) -> None:
        """Nothing can be stored any more: try to say 1011, and deliver nothing that is left."""
        goodbye = CloseCode.INTERNAL_ERROR.to_bytes(2, "big")
        self._tap.send_unrecorded(encode(Opcode.CLOSE, goodbye, mask=os.urandom(4)))
        self._tap.close()
        self._deliveries.forget()
        self._closed = self._tracker.unrecorded_end("it could not be recorded any further")

    def _ending(self) -> ConnectionClosed:
        return self._closed or self._tracker.unrecorded_end("it was interrupted")


def _connect(
    options: ConnectOptions, tracker: ConnectionTracker, *, clock: Clock
) -> tuple[TapSocket, websocket.WebSocket]:
    until_s = clock.now_s() + options.connect_timeout_s
    tap = TapSocket(reach(options, clock=clock), tracker, clock, send_timeout_s=options.send_timeout_s)
    tap.deadline_s = until_s
    try:
        return tap, _upgrade(options, tap, tracker)
    except BaseException:
        tap.close()
        raise


def _upgrade(options: ConnectOptions, tap: TapSocket, tracker: ConnectionTracker) -> websocket.WebSocket:
    """Let the library do the upgrade; turn whatever goes wrong into a ``CannotConnect``."""
    try:
        return websocket.create_connection(
            options.request_url,
            socket=tap,
            header=options.header_lines(),
            subprotocols=list(options.subprotocols) or None,
            origin=options.origin,
            suppress_origin=options.origin is None,
            redirect_limit=0,
            enable_multithread=False,
            skip_utf8_validation=True,
        )
    except UpgradeRefused as problem:
        answer = tracker.answer()
        if answer.status is None or answer.status == SWITCHING_PROTOCOLS:
            raise refusals.not_a_websocket(options, str(problem)) from None
        raise refusals.refused(options, answer) from None
    except websocket.WebSocketTimeoutException:
        raise refusals.no_answer(options) from None
    except (websocket.WebSocketConnectionClosedException, OSError):
        raise refusals.hung_up(options, tap.trouble) from None
    except websocket.WebSocketException as problem:
        if options.subprotocols:
            raise refusals.no_subprotocol(options) from None
        raise refusals.not_a_websocket(options, str(problem)) from None
