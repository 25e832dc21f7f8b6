"""The two ends of a connection without a socket: what each makes of the bytes of the other."""

from __future__ import annotations

from base64 import b64encode
from collections import deque
from collections.abc import Callable
from random import Random

from recorder.capture.connection_base import HALF_FRAME, ConnectionBase, ConnectionEnded, utf8
from recorder.capture.options import ConnectOptions
from recorder.capture.ping_schedule import PingSchedule
from recorder.capture.tracker import ConnectionTracker
from recorder.clock import VirtualClock
from recorder.wire.decoder import TEXT_NOT_UTF8, FrameDecoder
from recorder.wire.endings import BROKEN_OFF_BY_CLIENT, answering_close
from recorder.wire.frames import CloseCode, Frame, Opcode, Side, encode
from recorder.wire.handshake import accept_for
from recorder.wire.payloads import Payload, PayloadAssembler
from recorder.wire.records import RecordedFrame


class ServiceEnd:
    """The service's end: gives payloads to the service, and answers control frames by itself.

    It treats what RFC 6455 forbids as the simulator's server does: Close with the code that names it.

    Args:
        on_payload: called with every payload, and whether it was binary.
        on_activity: called for control frames and fragments, which count as activity.
        on_end: called once, when the connection is over for the service.
    """

    def __init__(
        self,
        *,
        on_payload: Callable[[str | bytes, bool], None],
        on_activity: Callable[[], None],
        on_end: Callable[[], None],
    ) -> None:
        self._on_payload = on_payload
        self._on_activity = on_activity
        self._on_end = on_end
        self._decoder = FrameDecoder(Side.CLIENT)
        self._pieces: list[Frame] = []
        self._close_sent = self._over = False
        self.outgoing = bytearray()
        self.ended = False

    def take(self, data: bytes) -> None:
        """Take bytes that the client sent."""
        for frame in self._decoder.feed(data):
            if not self._over:
                self._take_frame(frame)

    def say(self, text: str) -> None:
        """Send a text frame, unless a Close frame was sent."""
        if not self._close_sent:
            self.outgoing += encode(Opcode.TEXT, text.encode())

    def hang_up(self, code: int, reason: str) -> None:
        """Send a Close frame; the connection is over when the client answers it."""
        self._send_close(code.to_bytes(2, "big") + reason.encode())

    def _send_close(self, payload: bytes) -> None:
        if not self._close_sent:
            self._close_sent = True
            self.outgoing += encode(Opcode.CLOSE, payload)

    def break_off(self, data: bytes) -> None:
        """Send these bytes, even half a frame, and end the stream."""
        self.outgoing += data
        self.end()

    def end(self) -> None:
        """End the connection, whoever ended it."""
        if not self._over:
            self._over = self.ended = True
            self._on_end()

    def _take_frame(self, frame: Frame) -> None:
        if frame.violation is not None:
            self._fail(frame)
        elif frame.opcode == Opcode.CLOSE:
            self._send_close(frame.payload)
            self.end()
        elif self._close_sent:
            return
        elif frame.opcode >= Opcode.CLOSE:
            if frame.opcode == Opcode.PING:
                self.outgoing += encode(Opcode.PONG, frame.payload)
            self._on_activity()
        else:
            self._take_data(frame)

    def _take_data(self, frame: Frame) -> None:
        self._pieces.append(frame)
        if not frame.fin:
            self._on_activity()
            return
        pieces, self._pieces = self._pieces, []
        data = b"".join(piece.payload for piece in pieces)
        binary = pieces[0].opcode != Opcode.TEXT
        self._on_payload(data if binary else data.decode("utf-8", "replace"), binary)

    def _fail(self, frame: Frame) -> None:
        not_utf8 = frame.violation is not None and TEXT_NOT_UTF8 in frame.violation
        self.hang_up(CloseCode.INVALID_DATA if not_utf8 else CloseCode.PROTOCOL_ERROR, "")
        self.end()


class VirtualConnection(ConnectionBase):
    """The consumer's end, recorded: a ``Connection`` of the replay room.

    Args:
        chance: the random numbers for its keys.
    """

    waits_to_write = False

    def __init__(
        self,
        options: ConnectOptions,
        tracker: ConnectionTracker,
        end: ServiceEnd,
        *,
        clock: VirtualClock,
        chance: Random,
    ) -> None:
        super().__init__(options, tracker)
        self._end = end
        self._clock = clock
        self._chance = chance
        self._keepalive = PingSchedule(options.ping_interval_s, now_s=clock.now_s())
        self._assembler = PayloadAssembler()
        self._waiting: deque[Payload] = deque()
        self._shake_hands()

    def fileno(self) -> int:
        """There is none: time stands still until ``VirtualSimulator.wait``."""
        return -1

    def next_due_s(self) -> float | None:
        """When the next ping is due, or, if something has come, now."""
        if self._end.outgoing or self._end.ended:
            return self._clock.now_s()
        return self._keepalive.due_s

    # --- sending ---

    def send(self, text: str, *, at_s: float | None = None) -> RecordedFrame | None:
        """Send a text frame. ``at_s`` is ignored: virtual time is never early."""
        return self.send_frame(Opcode.TEXT, utf8(text))

    def send_frame(
        self, opcode: int, payload: bytes, *, fin: bool = True, rsv: int = 0, masked: bool = True
    ) -> RecordedFrame | None:
        """Send one frame as described, even against RFC 6455."""
        return self.send_bytes(
            encode(opcode, payload, fin=fin, rsv=rsv, mask=self._key() if masked else None)
        )

    def send_bytes(self, data: bytes) -> RecordedFrame | None:
        """Send bytes unchanged. Raises ``ConnectionOver`` once it is closed."""
        if self._closed is None and self._end.ended:
            self.take_in()
        if self._closed is not None:
            raise ConnectionEnded(self._closed)
        return self._put_on_the_wire(data)

    def hang_up(self, code: int = 1000, reason: str = "") -> None:
        """Start the closing handshake."""
        if self._closed is None and not self._tracker.sent_close(Side.CLIENT):
            self.send_frame(Opcode.CLOSE, code.to_bytes(2, "big") + reason.encode())

    def abort(self, *, mid_frame: bool = False) -> None:
        """Drop it without a Close frame; ``mid_frame``: after half a frame."""
        if self._closed is not None:
            return
        if mid_frame:
            self.send_bytes(HALF_FRAME)
        self._end.outgoing.clear()
        self._end.end()
        self._closed = self._tracker.closed("lost", BROKEN_OFF_BY_CLIENT)

    def close(self) -> None:
        """Start the closing handshake, and take in the answer."""
        self.hang_up()
        self.take_in()

    # --- receiving ---

    def receive(self, until_s: float | None = None) -> Payload | None:
        """The next payload that is there; time does not pass here, whatever ``until_s`` is."""
        if self._closed is None:
            self._keep_alive()
            self.take_in()
        return self._waiting.popleft() if self._waiting else None

    def _keep_alive(self) -> None:
        due_s, now_s = self._keepalive.due_s, self._clock.now_s()
        if due_s is not None and now_s >= due_s and not self._tracker.sent_close(Side.CLIENT):
            self._keepalive.pinged(now_s)
            self.send_frame(Opcode.PING, b"")

    def take_in(self) -> None:
        """Record what the service has sent."""
        while self._end.outgoing and self._closed is None:
            data = bytes(self._end.outgoing)
            self._end.outgoing.clear()
            for frame in self._tracker.received(data):
                self._take_frame(frame)
        if self._end.ended and self._closed is None:
            closed = self._tracker.sent_close(Side.SERVICE)
            detail = None if closed else "the service ended the stream without a Close frame"
            self._closed = self._tracker.closed("closed" if closed else "lost", detail)

    def _take_frame(self, frame: RecordedFrame) -> None:
        if frame.opcode == Opcode.PONG:
            self._keepalive.answered()
        elif frame.opcode == Opcode.CLOSE:
            if not self._tracker.sent_close(Side.CLIENT):
                answer = answering_close(frame.payload)
                self._put_on_the_wire(encode(Opcode.CLOSE, answer, mask=self._key()))
        elif (payload := self._assembler.feed(frame)) is not None:
            self._waiting.append(payload)

    # --- within ---

    def _put_on_the_wire(self, data: bytes) -> RecordedFrame | None:
        recorded = self._tracker.sent(data)
        self._end.take(data)
        return recorded[-1] if recorded else None

    def _shake_hands(self) -> None:
        """The upgrade as a real client and the simulator's server write it."""
        key = b64encode(self._chance.randbytes(16)).decode()
        parts = self._options.parts
        request = [
            f"GET {parts.path}?{parts.query} HTTP/1.1",
            "Upgrade: websocket",
            f"Host: {parts.netloc}",
            f"Sec-WebSocket-Key: {key}",
            "Sec-WebSocket-Version: 13",
            "Connection: Upgrade",
            *self._options.header_lines(),
        ]
        answer = [
            "HTTP/1.1 101 Switching Protocols",
            "Upgrade: websocket",
            "Connection: Upgrade",
            f"Sec-WebSocket-Accept: {accept_for(key)}",
        ]
        self._tracker.opened()
        self._tracker.sent("\r\n".join([*request, "", ""]).encode())
        self._tracker.received("\r\n".join([*answer, "", ""]).encode())

    def _key(self) -> bytes:
        return self._chance.randbytes(4)
