"""A WebSocket connection that is recorded: every frame is stored before it is delivered or sent.

It works against any WebSocket server. One thread uses a
connection; only ``wake`` may be called from another thread or a signal handler.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable

import websocket

from recorder.errors import InputUnusable
from recorder.wire.endings import BROKEN_OFF_BY_CLIENT
from recorder.wire.frames import CloseCode, Opcode, Side, encode
from recorder.wire.payloads import Payload
from recorder.wire.records import ConnectionClosed, RecordedFrame

from .closing_handshake import ClosingHandshake
from .connect_attempt import ConnectAttempt
from .connection_base import HALF_FRAME, ConnectionBase, ConnectionEnded, utf8
from .frame_matching import FrameMatcher, TextNotUtf8, payload_of
from .ping_schedule import PingSchedule
from .tracker import PayloadTooLong

CLOSE_TIMEOUT_S = 3.0
MAX_CONTROL = 125
_MAX_READ_PER_PING = 1024  # frames read for a caller that only sends, each time a ping is due

_CONNECTION_LOST = (websocket.WebSocketException, OSError)


class RecordingConnection(ConnectionBase):
    """An open connection; over once ``closed`` is not None.

    Attributes:
        on_control: called with each ping and pong that came, once it is recorded; None: nobody asks.

    Args:
        attempt: one that ``connect`` was called on.

    Raises:
        CannotConnect: the service cannot be reached, or refuses the upgrade: recorded as "refused".
    """

    def __init__(self, attempt: ConnectAttempt) -> None:
        super().__init__(attempt.options, attempt.tracker)
        self._tap, self._library = attempt.take()
        self._clock = attempt.clock
        self._keepalive = PingSchedule(self._options.ping_interval_s, now_s=self._clock.now_s())
        self._closing = ClosingHandshake(self._tap, self._tracker, self._clock)
        self._matcher = FrameMatcher(self._tap.received_frames, max_payload=self._options.max_payload)
        self._payloads = self._matcher.payloads
        self.on_control: Callable[[RecordedFrame], None] | None = None

    @property
    def waits_to_write(self) -> bool:
        """Whether bytes are queued to be sent: call ``receive`` once ``fileno`` is writable."""
        return self._tap.waits_to_write

    def fileno(self) -> int:
        """The descriptor that turns readable when ``receive`` has something to return; -1 once it is over."""
        return self._tap.fileno()

    def next_due_s(self) -> float | None:
        """Monotonic seconds at which ``receive`` must be called even if nothing arrives; None for never."""
        more_now = self._tap.has_more and not self._is_ending
        return self._clock.now_s() if more_now else self._next_deadline(None)

    def send(self, text: str, *, at_s: float | None = None) -> Payload | None:
        """Record the text as one frame, send it, and return it as it was recorded.

        None if bytes of an unfinished frame went before it: it became part of that one. ``at_s`` (in
        ``clock.now_s()``) is a moment less than a few milliseconds ahead: the frame is recorded now, with
        that time, and leaves then. It is waited for without sleeping.

        Raises:
            ConnectionEnded: the connection had ended, or ended while sending. Then the frame is recorded
                all the same: part of it may have gone out.
            InputUnusable: the text cannot be written in UTF-8.
        """
        data = utf8(text)
        # Not encoded by the library: it takes four times as long (tests/benchmarks/recording_client.py).
        written = encode(Opcode.TEXT, data, mask=os.urandom(4))
        recorded = self._send(lambda: self._tap.send(written, at_s=at_s))
        return None if recorded is None else payload_of(recorded)

    def send_frame(
        self, opcode: int, payload: bytes, *, fin: bool = True, rsv: int = 0, masked: bool = True
    ) -> RecordedFrame | None:
        """Record and send one frame exactly as described, even if it violates RFC 6455; as ``send``."""
        mask = os.urandom(4) if masked else None
        return self.send_bytes(encode(opcode, payload, fin=fin, rsv=rsv, mask=mask))

    def send_bytes(self, data: bytes) -> RecordedFrame | None:
        """Record and send raw bytes; return the last frame they completed, None if none.

        An unfinished frame is recorded once later bytes complete it, or as cut off when the connection ends.
        """
        recorded = self._send(lambda: self._tap.send(data))
        self._library.close_sent = self._library.close_sent or self._tracker.sent_close(Side.CLIENT)
        return recorded

    def ping(self, data: bytes = b"") -> RecordedFrame | None:
        """Send a ping of at most 125 bytes, and return it as ``send_frame`` does.

        The pong is recorded, not delivered; ``on_control`` gets it.
        """
        if len(data) > MAX_CONTROL:
            raise InputUnusable(f"a ping carries at most {MAX_CONTROL} bytes")
        recorded = self._send(lambda: self._library.send(data, Opcode.PING))
        self._keepalive.pinged(self._clock.now_s())
        return recorded

    def receive(self, until_s: float | None = None) -> Payload | None:
        """Return the next payload of the service, recorded already. Sends and answers pings meanwhile.

        None when ``until_s`` (in ``clock.now_s()``) has passed, after ``wake``, or when the
        connection is over and everything received before its end has been delivered.
        """
        while not self._payloads and self._closed is None:
            self._keep_alive()
            if self._payloads or self._closed is not None:
                break
            deadline_s = self._next_deadline(until_s)
            if self._closing.under_way:
                self._advance_close(deadline_s)
            elif not self._take_in(deadline_s):
                self._sync_if_idle()
            if not self._payloads and self._closed is None and self._is_interrupted(until_s):
                return None
        return self._payloads.popleft() if self._payloads else None

    def take_in(self) -> None:
        """Record the bytes that have arrived; ``receive`` delivers them later."""
        if not self._is_ending:
            try:
                self._tap.take_in()
            except BaseException as problem:
                self._end_by(problem)

    def wake(self) -> None:
        """Make ``receive`` return None now, or the next time it would wait. From any thread."""
        self._tap.wake()

    def wake_to_stop(self) -> None:
        """As ``wake``; also limits how long a send may still wait for a service that does not read."""
        self._tap.wake_to_stop()

    def hang_up(self, code: int = 1000, reason: str = "", *, timeout_s: float = CLOSE_TIMEOUT_S) -> None:
        """Send Close. The connection is over once ``receive`` sees the answer or ``timeout_s`` has passed.

        May be repeated. What arrives until then is recorded, and can be received once it is over.
        """
        if self._is_ending:
            return
        if len(reason.encode()) > MAX_CONTROL - 2:
            raise InputUnusable(f"a close reason holds at most {MAX_CONTROL - 2} bytes")
        until_s = self._clock.now_s() + timeout_s
        self._tap.send_timeout_s = min(timeout_s, self._tap.send_timeout_s)
        try:
            self._library.send_close(code, reason)
            self._closing.await_answer(until_s)
        except BaseException as problem:
            self._end_by(problem)

    def close(self, code: int = 1000, reason: str = "", *, timeout_s: float = CLOSE_TIMEOUT_S) -> None:
        """Send Close and return once the connection is over: at the latest a second after ``timeout_s``."""
        self.hang_up(code, reason, timeout_s=timeout_s)
        self._wait_until_closed()

    def abort(self, *, mid_frame: bool = False) -> None:
        """Reset the TCP connection without a Close frame; ``mid_frame``: after sending half a frame."""
        if self._closed is not None:
            return
        try:
            if mid_frame:
                with contextlib.suppress(OSError):
                    self._tap.send(HALF_FRAME)
            closed = self._tracker.closed("lost", BROKEN_OFF_BY_CLIENT)
        except BaseException:
            self._abandon()
            raise
        self._tap.reset()
        self._set_closed(closed)

    # Sending --------------------------------------------------------------------------------------

    def _send(self, send: Callable[[], object]) -> RecordedFrame | None:
        self._keep_alive()
        if not self._is_ending:
            try:
                send()
                return self._tap.sent_frames[-1] if self._tap.sent_frames else None
            except BaseException as problem:
                self._end_by(problem)
        self._wait_until_closed()
        raise ConnectionEnded(self._ending())

    # Receiving ------------------------------------------------------------------------------------

    def _take_in(self, deadline_s: float | None) -> bool:
        """Read one frame, match it with the recorded one, queue the payload it completes.

        Return False if the deadline passed or ``wake`` was called before a frame was complete.
        """
        self._tap.deadline_s = deadline_s
        try:
            if self._library.between_frames:
                self._tap.fill()
                if self._take_payload():
                    return True
            opcode, _ = self._library.recv_data_frame(True)
            frame = self._matcher.match(opcode)
            if opcode == Opcode.PONG:
                self._keepalive.answered()
            if opcode in (Opcode.PING, Opcode.PONG) and self.on_control is not None:
                self.on_control(frame)
            elif opcode == Opcode.CLOSE:
                self._finish("closed", None)
        except BaseException as problem:
            timed_out = isinstance(problem, (websocket.WebSocketTimeoutException, TimeoutError))
            if timed_out and not self._tap.send_incomplete and self._tracker.sink_error is None:
                return False
            self._end_by(problem)
        return True

    def _take_payload(self) -> bool:
        """Queue the next payload if it came in one frame that has nothing wrong; return whether it did.

        The library would find the same in the bytes, and take three times as long for it
        (tests/benchmarks/recording_client.py). Whatever else comes is left to it: it answers pings and Close
        frames, and refuses what RFC 6455 forbids.
        """
        frame = self._matcher.whole_payload()
        if frame is None or not self._tap.skip(frame):
            return False
        self._matcher.match(frame.opcode)
        return True

    def _next_deadline(self, until_s: float | None) -> float | None:
        """When waiting ends at the latest: for the caller, a ping, the sink's sync, a send timeout."""
        if self._closing.under_way:
            times: tuple[float | None, ...] = (until_s, self._closing.due_s)
        else:
            times = (until_s, self._keepalive.due_s, self._tracker.sync_due_s, self._tap.stalls_at_s)
        return min([time_s for time_s in times if time_s is not None], default=None)

    def _sync_if_idle(self) -> None:
        due_s = self._tracker.sync_due_s
        if due_s is None or self._clock.now_s() < due_s:
            return
        try:
            self._tracker.sync()
        except BaseException as problem:
            self._end_by(problem)

    def _is_interrupted(self, until_s: float | None) -> bool:
        return self._tap.take_wake() or (until_s is not None and self._clock.now_s() >= until_s)

    def _keep_alive(self) -> None:
        """Send a ping if one is due; end the connection if the service has vanished."""
        due_s = self._keepalive.due_s
        if due_s is None or self._is_ending or (now_s := self._clock.now_s()) < due_s:
            return
        # A caller that only sends has not read the pong yet.
        silent = now_s - self._tap.last_received_s >= (self._options.ping_interval_s or 0.0)
        for _ in range(_MAX_READ_PER_PING if silent else 0):
            if self._is_ending or not self._take_in(now_s):
                break
        if self._is_ending:
            return
        if self._keepalive.is_lost(now_s, last_received_s=self._tap.last_received_s):
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
        return self._closed is not None or self._closing.under_way

    def _end_by(self, problem: BaseException) -> None:
        """End the connection because of this exception; re-raise it if the connection did not cause it."""
        if self._tracker.sink_error is not None:
            self._abandon()
            raise self._tracker.sink_error
        if isinstance(problem, PayloadTooLong):
            self._fail(CloseCode.TOO_BIG, problem.problem)
        elif isinstance(problem, TextNotUtf8):
            self._fail(CloseCode.INVALID_DATA, str(problem))
        elif isinstance(problem, websocket.WebSocketProtocolException):
            # Our decoder's text names the rule; the library's does not.
            self._fail(CloseCode.PROTOCOL_ERROR, self._matcher.first_violation() or str(problem))
        elif isinstance(problem, _CONNECTION_LOST):
            self._finish("failed" if self._tap.stalled else None, None, drain=not self._tap.stalled)
        else:
            raise problem

    def _fail(self, code: int, problem: str) -> None:
        """Send Close with the reason if that is still possible, and end the connection."""
        self._tap.send_timeout_s = min(CLOSE_TIMEOUT_S, self._tap.send_timeout_s)
        try:
            self._library.send_close(code, problem[: MAX_CONTROL - 2])
        except _CONNECTION_LOST:
            pass
        finally:
            self._finish("failed", problem)

    def _finish(self, how: str | None, detail: str | None, *, drain: bool = True) -> None:
        """Stop sending and begin to close; does not wait, later calls of ``_advance_close`` finish it."""
        if self._tracker.sink_error is not None:
            self._abandon()
            raise self._tracker.sink_error
        self._closing.end_sending(how, detail, drain=drain)
        self._advance_close(self._clock.now_s())

    def _wait_until_closed(self) -> None:
        while self._closed is None:
            self._advance_close(None)

    def _advance_close(self, until_s: float | None) -> None:
        """Take the closing handshake further, until ``until_s`` or until the connection is over."""
        try:
            closed = self._closing.advance(until_s)
        except BaseException:
            self._abandon()
            raise
        if closed is not None:
            self._tap.close()
            self._set_closed(closed)

    def _set_closed(self, closed: ConnectionClosed) -> None:
        self._closed = closed
        if closed.how != "failed":
            self._matcher.match_rest()

    def _abandon(self) -> None:
        """Storage failed: try to send Close 1011, and deliver nothing that is left."""
        code = CloseCode.INTERNAL_ERROR.to_bytes(2, "big")
        self._tap.send_unrecorded(encode(Opcode.CLOSE, code, mask=os.urandom(4)))
        self._tap.close()
        self._matcher.clear()
        self._closed = self._tracker.unrecorded_end("it could not be recorded any further")

    def _ending(self) -> ConnectionClosed:
        return self._closed or self._tracker.unrecorded_end("it was interrupted")
