"""A WebSocket connection that is recorded: every frame is stored before it is delivered or sent.

It works against any WebSocket server. One thread uses a
connection; only ``wake`` may be called from another thread or a signal handler.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Iterator

import websocket

from recorder.clock import Clock
from recorder.errors import InputUnusable
from recorder.wire.frames import CloseCode, Opcode, Side, encode
from recorder.wire.payloads import Payload
from recorder.wire.records import ConnectionClosed, FrameSink, RecordedFrame

from .closing_handshake import Farewell
from .connection_end import ConnectionOver
from .frame_matching import Deliveries, TextNotUtf8, whole
from .keepalive import KeepAlive
from .opening_handshake import Library
from .options import ConnectOptions
from .pending import Approach
from .tap import TapSocket
from .tracker import ConnectionTracker, PayloadTooLong

CLOSE_TIMEOUT_S = 3.0
MAX_CONTROL = 125
_MOST_AT_ONCE = 1024  # frames taken in for a caller that only sends, each time a ping is due

_BROKEN_OFF = (websocket.WebSocketException, OSError)
_HALF_FRAME = encode(Opcode.TEXT, b'{"kind":"req","id":"cut","type":"GetClock"}', mask=b"\x00" * 4)[:24]


class RecordingConnection:
    """An open connection. Made by ``open``; over once ``closed`` is not None."""

    def __init__(
        self,
        library: Library,
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
        self._options = options
        self._keepalive = KeepAlive(options.ping_interval_s, now_s=clock.now_s())
        self._farewell = Farewell(tap, tracker, clock)
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
        approach = Approach(
            options, connection=connection, numbers=numbers, began_s=began_s, clock=clock, sink=sink
        )
        approach.make()
        return cls.taken(approach)

    @classmethod
    def taken(cls, approach: Approach) -> RecordingConnection:
        """The connection that was made elsewhere; raises as ``open`` does."""
        tap, library = approach.take()
        return cls(library, tap, approach.tracker, options=approach.options, clock=approach.clock)

    @property
    def number(self) -> int:
        """Its place in the session, from 1."""
        return self._tracker.connection

    @property
    def token(self) -> str | None:
        """The token it was opened with."""
        return self._options.token

    @property
    def init_connection(self) -> bool:
        """Whether the token is to go out in a first payload, by the caller."""
        return self._options.init_connection

    @property
    def closed(self) -> ConnectionClosed | None:
        """How the connection ended; None while it has not."""
        return self._closed

    @property
    def waits_to_write(self) -> bool:
        """Whether bytes wait for room, so that ``receive`` has work once ``fileno`` can be written."""
        return self._tap.waits_to_write

    def fileno(self) -> int:
        """The descriptor that can be read when ``receive`` has news; -1 once it is over."""
        return self._tap.fileno()

    def next_due_s(self) -> float | None:
        """When ``receive`` has something to do even if nothing comes; None for never."""
        more_now = self._tap.has_more and not self._is_ending
        return self._clock.now_s() if more_now else self._next_deadline(None)

    def send(self, text: str, *, at_s: float | None = None) -> Payload | None:
        """Record the text as one frame, send it, and return it as it was recorded.

        None if bytes of an unfinished frame went before it: it became part of that one. ``at_s`` (in
        ``clock.now_s()``) is a moment at hand: it is recorded now, with that moment as its time, and leaves
        then. It is waited for without sleeping.

        Raises:
            ConnectionOver: the connection has ended, before or over this. If over this, the frame is
                recorded all the same: part of it may have gone out.
            InputUnusable: the text cannot be written in UTF-8.
        """
        try:
            data = text.encode()
        except UnicodeEncodeError:
            raise InputUnusable("the text holds half a surrogate pair, which UTF-8 cannot carry") from None
        return self._send_payload(data, Opcode.TEXT, at_s=at_s)

    def send_binary(self, data: bytes) -> Payload | None:
        """As ``send``, for bytes."""
        return self._send_payload(data, Opcode.BINARY)

    def send_frame(
        self, opcode: int, payload: bytes, *, fin: bool = True, rsv: int = 0, masked: bool = True
    ) -> RecordedFrame | None:
        """Record and send one frame as it is described, be it against the rules; as ``send``."""
        mask = os.urandom(4) if masked else None
        return self.send_bytes(encode(opcode, payload, fin=fin, rsv=rsv, mask=mask))

    def send_bytes(self, data: bytes) -> RecordedFrame | None:
        """Record and send these bytes as they are; return the last frame they completed, None if none.

        What they leave unfinished is recorded with what completes it, or as cut off at the end.
        """
        recorded = self._send(lambda: self._tap.send(data))
        self._library.said_close = self._library.said_close or self._tracker.closing(Side.CLIENT)
        return recorded

    def ping(self, data: bytes = b"") -> None:
        """Send a ping of at most 125 bytes. Its answer is recorded, and not delivered."""
        if len(data) > MAX_CONTROL:
            raise InputUnusable(f"a ping carries at most {MAX_CONTROL} bytes")
        self._send(lambda: self._library.send(data, Opcode.PING))
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
            deadline_s = self._next_deadline(until_s)
            if self._farewell.under_way:
                self._part(deadline_s)
            elif not self._take_in(deadline_s):
                self._settle()
            if not self._waiting and self._closed is None and self._is_interrupted(until_s):
                return None
        return self._waiting.popleft() if self._waiting else None

    def take_in(self) -> None:
        """Record what has come, and deliver nothing of it yet: ``receive`` will."""
        if not self._is_ending:
            try:
                self._tap.take_in()
            except BaseException as problem:
                self._end_by(problem)

    def wake(self) -> None:
        """Make ``receive`` return None now, or the next time it would wait. From any thread."""
        self._tap.wake()

    def hurry(self) -> None:
        """As ``wake``; and a service that does not read is waited for a few seconds more at most."""
        self._tap.hurry()

    def hang_up(self, code: int = 1000, reason: str = "", *, timeout_s: float = CLOSE_TIMEOUT_S) -> None:
        """Say goodbye. It is over when ``receive`` has seen the service take part, or gave up on it.

        May be repeated. What comes until then is recorded, and can be received once it is over.
        """
        if self._is_ending:
            return
        if len(reason.encode()) > MAX_CONTROL - 2:
            raise InputUnusable(f"a close reason holds at most {MAX_CONTROL - 2} bytes")
        until_s = self._clock.now_s() + timeout_s
        self._tap.send_timeout_s = min(timeout_s, self._tap.send_timeout_s)
        try:
            self._library.send_close(code, reason)
            self._farewell.await_answer(until_s)
        except BaseException as problem:
            self._end_by(problem)

    def close(self, code: int = 1000, reason: str = "", *, timeout_s: float = CLOSE_TIMEOUT_S) -> None:
        """As ``hang_up``, and return once it is over: after ``timeout_s`` and a little at the latest."""
        self.hang_up(code, reason, timeout_s=timeout_s)
        self._see_it_end()

    def abort(self, *, mid_frame: bool = False) -> None:
        """End it with a reset and without a goodbye; ``mid_frame``: after the first half of a frame."""
        if self._closed is not None:
            return
        try:
            if mid_frame:
                with contextlib.suppress(OSError):
                    self._tap.send(_HALF_FRAME)
            closed = self._tracker.closed("lost", "broken off by the client")
        except BaseException:
            self._abandon()
            raise
        self._tap.reset()
        self._leave(closed)

    # Sending --------------------------------------------------------------------------------------

    def _send_payload(self, data: bytes, opcode: Opcode, *, at_s: float | None = None) -> Payload | None:
        # Not by the library: it takes four times as long to write a frame, and a receipt may be due.
        written = encode(opcode, data, mask=os.urandom(4))
        recorded = self._send(lambda: self._tap.send(written, at_s=at_s))
        return None if recorded is None else whole(recorded)

    def _send(self, send: Callable[[], object]) -> RecordedFrame | None:
        self._keep_alive()
        if not self._is_ending:
            try:
                send()
                return self._tap.said[-1] if self._tap.said else None
            except BaseException as problem:
                self._end_by(problem)
        self._see_it_end()
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
        """When to look up from waiting: for the caller, for a ping, to let the sink settle, to give up."""
        if self._farewell.under_way:
            times: tuple[float | None, ...] = (until_s, self._farewell.due_s)
        else:
            times = (until_s, self._keepalive.due_s, self._tracker.settle_due_s, self._tap.stalls_at_s)
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
        if due_s is None or self._is_ending or (now_s := self._clock.now_s()) < due_s:
            return
        # The answer to the last ping may still wait in the socket of a caller that only sends.
        silent = now_s - self._tap.last_heard_s >= (self._options.ping_interval_s or 0.0)
        for _ in range(_MOST_AT_ONCE if silent else 0):
            if self._is_ending or not self._take_in(now_s):
                break
        if self._is_ending:
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

    @property
    def _is_ending(self) -> bool:
        return self._closed is not None or self._farewell.under_way

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
        """Nothing more is to be said. What is left of the end takes no waiting here: ``_part`` goes on."""
        if self._tracker.sink_error is not None:
            self._abandon()
            raise self._tracker.sink_error
        self._farewell.part(how, detail, drain=drain)
        self._part(self._clock.now_s())

    def _see_it_end(self) -> None:
        while self._closed is None:
            self._part(None)

    def _part(self, until_s: float | None) -> None:
        """Go on with the end, until then or until it is over."""
        try:
            closed = self._farewell.go_on(until_s)
        except BaseException:
            self._abandon()
            raise
        if closed is not None:
            self._tap.close()
            self._leave(closed)

    def _leave(self, closed: ConnectionClosed) -> None:
        self._closed = closed
        if closed.how != "failed":
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
