"""Turn the bytes of one connection, both sides, into records, stored before the bytes are passed on.

The caller passes all bytes to ``sent`` and ``received`` in the order they crossed the wire. When a call
returns, the sink has stored every frame those bytes completed.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from recorder.clock import Clock
from recorder.wire.decoder import FrameDecoder
from recorder.wire.frames import Frame, Opcode, Side, close_parts
from recorder.wire.handshake import HandshakeReader, ResponseHead, problems
from recorder.wire.records import (
    ConnectionClosed,
    ConnectionOpened,
    FrameSink,
    HandshakeSeen,
    HttpExchange,
    Record,
    RecordedFrame,
)
from recorder.wire.refusal import RefusalReader

from .options import MAX_PAYLOAD

SWITCHING_PROTOCOLS = 101
MAX_FRAGMENTS = 4096
SYNC_AFTER_IDLE_S = 1.0


class PayloadTooLong(Exception):
    """A payload exceeds ``max_payload`` or ``MAX_FRAGMENTS``. What arrived of it has been recorded.

    ``recorded``: the frames that the same bytes completed.
    """

    def __init__(self, problem: str, recorded: Sequence[RecordedFrame] = ()) -> None:
        super().__init__(problem)
        self.problem = problem
        self.recorded = recorded

    @classmethod
    def of_length(cls, length: int, *, limit: int, recorded: Sequence[RecordedFrame] = ()) -> PayloadTooLong:
        """The error for a payload of ``length`` bytes."""
        return cls(f"a payload of {length} bytes is longer than the {limit} that are taken", recorded)


class ConnectionTracker:
    """Records one connection. Not for more than one thread at a time.

    With ``hold_glued``, frames in one segment with the upgrade are neither numbered nor recorded before
    ``record_glued_frames``.

    Attributes:
        connection: its place in the session, from 1.
        handshake: both halves of the upgrade once the answer is complete, else None.
        refusal: the body of an answer other than 101, once its head is complete, else None.
        closed_record: the end of the connection once ``closed`` was called, else None.
        sink_error: what the sink raised, if it did. Nothing more of the connection can be recorded.
        sync_due_s: when to call ``sync`` if nothing is recorded until then; None for never.
    """

    def __init__(
        self,
        *,
        connection: int,
        numbers: Iterator[int],
        began_s: float,
        clock: Clock,
        sink: FrameSink,
        url: str | None = None,
        max_payload: int = MAX_PAYLOAD,
        hold_glued: bool = False,
    ) -> None:
        self.connection = connection
        self._numbers = numbers
        self._began_s = began_s
        self._clock = clock
        self._sink = sink
        self._url = url
        self._max_payload = max_payload
        self._held: bytes | None = b"" if hold_glued else None
        self._index = 0
        self._request = HandshakeReader(Side.CLIENT)
        self._answer = HandshakeReader(Side.SERVICE)
        self._incoming: FrameDecoder | None = None
        self._outgoing: FrameDecoder | None = None
        self._fragments = 0
        self._fragments_size = 0
        self._too_long: str | None = None
        self._closes: dict[Side, bytes] = {}
        self.handshake: HandshakeSeen | None = None
        self.refusal: RefusalReader | None = None
        self._upgrade_times = [(0, 0), (0, 0)]  # of the request, and of its answer
        self.closed_record: ConnectionClosed | None = None
        self.sink_error: BaseException | None = None
        self.sync_due_s: float | None = None

    def opened(self) -> None:
        """The connection is about to be made."""
        self._store([ConnectionOpened(self.connection, self._url, *self._times())])

    def sent(self, data: bytes, *, at_s: float | None = None) -> Sequence[RecordedFrame]:
        """Record bytes that the client is about to send, at ``at_s`` if that is ahead; return the frames."""
        if self._outgoing is None:
            self._upgrade_times[0] = self._times()
            self._request.feed(data)
            return ()
        return self._record(Side.CLIENT, self._outgoing.feed(data), at_s=at_s)

    def received(self, data: bytes) -> Sequence[RecordedFrame]:
        """Record bytes of the service; return the frames they completed.

        Raises:
            PayloadTooLong: a payload is longer than ``max_payload``, or its header says it will be.
        """
        if self._incoming is None:
            return self._receive_answer(data)
        recorded = self._record(Side.SERVICE, self._incoming.feed(data))
        if self._too_long is not None:
            raise PayloadTooLong(self._too_long, recorded)
        declared = self._incoming.declared_length
        if declared is not None and declared > self._max_payload:
            raise PayloadTooLong.of_length(declared, limit=self._max_payload, recorded=recorded)
        return recorded

    def reach(self, data: bytes, most: int) -> int:
        """How many of these bytes the next ``most`` frames of the service take."""
        return len(data) if self._incoming is None else self._incoming.reach(data, most)

    def record_glued_frames(self) -> Sequence[RecordedFrame]:
        """Record the frames that came with the upgrade, as ``received`` does."""
        held, self._held = self._held, None
        return self.received(held) if held and self._incoming is not None else ()

    def upgrade_response(self) -> ResponseHead:
        """The service's response to the upgrade, as far as it has arrived."""
        return self._answer.response()

    def upgrade_response_size(self) -> int:
        """Length of the upgrade response in bytes; frames follow it."""
        return len(self._answer.raw)

    def upgrade_problems(self) -> tuple[str, ...]:
        """Why this response opens no WebSocket, a sentence each; () while nothing is wrong."""
        if self._answer.fault is not None:
            return (self._answer.fault,)
        if self._answer.done:
            return problems(self._request.request(), self._answer.response())
        beginning = self._answer.raw[:5]
        return () if b"HTTP/".startswith(beginning) else ("the answer is not HTTP",)

    def sync(self) -> None:
        """Have the sink sync what it holds to disk, because nothing was recorded for a while."""
        self._store([])
        self.sync_due_s = None

    def sent_close(self, side: Side) -> bool:
        """Whether this side has sent a Close frame."""
        return side in self._closes

    def closed(self, how: str, detail: str | None = None) -> ConnectionClosed:
        """Record unfinished frames and the end of the connection. Only the first call counts."""
        if self.closed_record is not None:
            return self.closed_record
        records: list[Record] = []
        if self.handshake is None and self._request.done:
            self.handshake = self._handshake_seen()
            records.append(self.handshake)
        if self.refusal is not None:
            records.append(self._refused_upgrade(self.refusal))
        closed_by = next(iter(self._closes), None)  # a Close frame that is cut short closes nothing
        for sender, decoder in ((Side.SERVICE, self._incoming), (Side.CLIENT, self._outgoing)):
            unfinished = decoder.end() if decoder is not None else None
            records += self._number(sender, [unfinished]) if unfinished is not None else []
        code, reason = close_parts(self._closes[closed_by]) if closed_by is not None else (None, "")
        at_us, offset_us = self._times()
        closed = ConnectionClosed(
            self.connection, at_us, offset_us, code, None if code is None else reason, closed_by, how, detail
        )
        self._store([*records, closed])
        self.closed_record = closed
        return closed

    def unrecorded_end(self, detail: str) -> ConnectionClosed:
        """The end as the caller sees it, if it was not or cannot be recorded."""
        return self.closed_record or ConnectionClosed(
            self.connection, *self._times(), None, None, None, "failed", detail
        )

    def _receive_answer(self, data: bytes) -> Sequence[RecordedFrame]:
        """Read the upgrade response. Frames may follow it in the same segment."""
        if self.refusal is not None:
            self.refusal.feed(data)
            return ()
        rest = self._answer.feed(data)
        if rest is None or self.handshake is not None:
            return ()
        self.handshake = self._handshake_seen()
        self._upgrade_times[1] = self._times()
        self._store([self.handshake])
        if self.handshake.response_status != SWITCHING_PROTOCOLS or self._answer.fault is not None:
            self._begin_refusal(rest)
            return ()
        self._incoming = FrameDecoder(Side.SERVICE)
        self._outgoing = FrameDecoder(Side.CLIENT)
        if self._held is not None:
            self._held = rest
            return ()
        return self.received(rest)

    def _begin_refusal(self, rest: bytes) -> None:
        answer = self._answer.response()
        if answer.status not in (None, SWITCHING_PROTOCOLS) and self._answer.fault is None:
            self.refusal = RefusalReader(self._answer.raw, answer.headers)
            if rest:
                self.refusal.feed(rest)

    def _refused_upgrade(self, refusal: RefusalReader) -> HttpExchange:
        """The refused request and its answer, with the body."""
        (at_us, offset_us), (answered_at_us, answered_offset_us) = self._upgrade_times
        return HttpExchange(
            connection=self.connection,
            purpose="upgrade",
            at_us=at_us,
            offset_us=offset_us,
            method=self._request.request().request_line.partition(" ")[0] or "GET",
            url=self._url or "",
            status=self._answer.response().status,
            answered_at_us=answered_at_us,
            answered_offset_us=answered_offset_us,
            response_type=refusal.media_type,
            response_size=refusal.size,
            response_body=refusal.body,
        )

    def _handshake_seen(self) -> HandshakeSeen:
        request, answer = self._request.request(), self._answer.response()
        return HandshakeSeen(
            self.connection,
            request.request_line or None,
            request.headers,
            answer.status,
            answer.headers if answer.status is not None else (),
        )

    def _times(self, at_s: float | None = None) -> tuple[int, int]:
        now_s = self._clock.now_s()
        ahead_s = 0.0 if at_s is None else max(at_s - now_s, 0.0)
        self.sync_due_s = now_s + SYNC_AFTER_IDLE_S
        wall_us = self._clock.wall_us() + round(ahead_s * 1_000_000)
        return wall_us, round((now_s + ahead_s - self._began_s) * 1_000_000)

    def _record(
        self, sender: Side, frames: Sequence[Frame], *, at_s: float | None = None
    ) -> Sequence[RecordedFrame]:
        if not frames:
            return ()
        recorded = self._number(sender, frames, at_s)
        self._store(recorded)
        return recorded

    def _number(
        self, sender: Side, frames: Sequence[Frame], at_s: float | None = None
    ) -> list[RecordedFrame]:
        """Number the frames and add their times. Hot (tests/benchmarks/recording_client.py): no keywords."""
        at_us, offset_us = self._times(at_s)
        connection, numbers, limit, index = self.connection, self._numbers, self._max_payload, self._index
        recorded = []
        for opcode, payload, fin, rsv, head, _mask, violation in frames:
            if opcode != 1 or not fin or len(payload) > limit:
                self._track_limits(sender, opcode, payload, fin)
            recorded.append(
                RecordedFrame(
                    next(numbers), connection, index, sender, at_us, offset_us,
                    opcode, fin, rsv, payload, head, violation,
                )
            )  # fmt: skip
            index += 1
        self._index = index
        return recorded

    def _track_limits(self, sender: Side, opcode: int, payload: bytes, fin: bool) -> None:
        """Remember the first Close frame of a side, and the size of a fragmented payload."""
        if opcode == Opcode.CLOSE:
            self._closes.setdefault(sender, payload)
        if opcode >= Opcode.CLOSE or sender is Side.CLIENT:
            return
        if opcode != Opcode.CONTINUATION:
            self._fragments = self._fragments_size = 0
        self._fragments += 1
        self._fragments_size += len(payload)
        if self._fragments_size > self._max_payload:
            self._too_long = PayloadTooLong.of_length(self._fragments_size, limit=self._max_payload).problem
        elif self._fragments > MAX_FRAGMENTS and not fin:
            self._too_long = f"a payload came in more than {MAX_FRAGMENTS} pieces"

    def _store(self, records: Sequence[Record]) -> None:
        try:
            self._sink(records)
        except BaseException as problem:
            self.sink_error = problem
            raise
