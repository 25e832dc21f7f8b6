"""Records the bytes of our own connection, both sides, before they are passed on.

A ``ConnectionDecoder`` with a clock, a sink, and the limit of what we take.

The caller passes all bytes to ``sent`` and ``received`` in the order they crossed the wire. When a call
returns, the sink has stored every frame those bytes completed.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import cast

from recorder.clock import Clock
from recorder.wire.connection_decoder import ConnectionDecoder, too_long_words
from recorder.wire.frames import Side
from recorder.wire.handshake import ResponseHead
from recorder.wire.records import (
    ConnectionClosed,
    ConnectionOpened,
    FrameSink,
    HandshakeSeen,
    Record,
    RecordedFrame,
)
from recorder.wire.refusal import RefusalReader

from .options import MAX_PAYLOAD

SYNC_AFTER_IDLE_S = 1.0


class PayloadTooLong(Exception):
    """A payload is longer than ``max_payload``, or in too many pieces. What arrived of it has been recorded.

    ``recorded``: the frames that the same bytes completed.
    """

    def __init__(self, problem: str, recorded: Sequence[RecordedFrame] = ()) -> None:
        super().__init__(problem)
        self.problem = problem
        self.recorded = recorded

    @classmethod
    def of_length(cls, length: int, *, limit: int, recorded: Sequence[RecordedFrame] = ()) -> PayloadTooLong:
        """The error for a payload of ``length`` bytes."""
        return cls(too_long_words(length, limit), recorded)


class ConnectionTracker:
    """Records one connection. Not for more than one thread at a time.

    With ``hold_first_frames``, frames in one segment with the upgrade are neither numbered nor recorded
    before ``record_first_frames``.

    Attributes:
        connection: its place in the session, from 1.
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
        hold_first_frames: bool = False,
    ) -> None:
        self.connection = connection
        self._decoder = ConnectionDecoder(
            connection,
            numbers,
            url=url,
            payload_limit=max_payload,
            hold_first_frames=hold_first_frames,
        )
        self._began_s = began_s
        self._clock = clock
        self._sink = sink
        self._url = url
        self._max_payload = max_payload
        self._now_s = began_s
        self.closed_record: ConnectionClosed | None = None
        self.sink_error: BaseException | None = None
        self.sync_due_s: float | None = None

    @property
    def handshake(self) -> HandshakeSeen | None:
        """Both halves of the upgrade once the answer is complete."""
        return self._decoder.handshake

    @property
    def refusal(self) -> RefusalReader | None:
        """The body of an answer other than 101, once its head is complete."""
        return self._decoder.refusal

    def opened(self) -> None:
        """The connection is about to be made."""
        at_us, offset_us = self._times()
        opened = ConnectionOpened(self.connection, self._url, at_us, offset_us, "client", "bytes")
        self._store([opened])

    def sent(self, data: bytes, *, at_s: float | None = None) -> Sequence[RecordedFrame]:
        """Record bytes that the client is about to send, at ``at_s`` if that is ahead; return the frames."""
        return self._record(self._decoder.feed(Side.CLIENT, data, *self._times(at_s)))

    def received(self, data: bytes) -> Sequence[RecordedFrame]:
        """Record bytes of the service; return the frames they completed.

        Raises:
            PayloadTooLong: a payload is longer than ``max_payload``, or its header says it will be.
        """
        return self._within_limits(self._record(self._decoder.feed(Side.SERVICE, data, *self._times())))

    def reach(self, data: bytes, most: int) -> int:
        """How many of these bytes the next ``most`` frames of the service take."""
        return self._decoder.reach(data, most)

    def record_first_frames(self) -> Sequence[RecordedFrame]:
        """Record the frames that came with the upgrade, as ``received`` does."""
        return self._within_limits(self._record(self._decoder.first_frames(*self._times())))

    def upgrade_response(self) -> ResponseHead:
        """The service's response to the upgrade, as far as it has arrived."""
        return self._decoder.response()

    def upgrade_response_size(self) -> int:
        """Length of the upgrade response in bytes; frames follow it."""
        return self._decoder.response_size()

    def upgrade_problems(self) -> tuple[str, ...]:
        """Why this response opens no WebSocket, a sentence each; () while nothing is wrong."""
        return self._decoder.upgrade_problems()

    def sync(self) -> None:
        """Have the sink sync what it holds to disk, because nothing was recorded for a while."""
        self._store([])
        self.sync_due_s = None

    def sent_close(self, side: Side) -> bool:
        """Whether this side has sent a Close frame."""
        return side in self._decoder.close_frames

    def closed(self, how: str, detail: str | None = None) -> ConnectionClosed:
        """Record unfinished frames and the end of the connection. Only the first call counts."""
        if self.closed_record is not None:
            return self.closed_record
        records = self._decoder.end(how, detail, *self._times())
        self._store(records)
        closed = records[-1]
        assert isinstance(closed, ConnectionClosed)  # noqa: S101 - what ``end`` promises
        self.closed_record = closed
        return closed

    def unrecorded_end(self, detail: str) -> ConnectionClosed:
        """The end as the caller sees it, if it was not or cannot be recorded."""
        return self.closed_record or ConnectionClosed(
            self.connection, *self._times(), None, None, None, "failed", detail
        )

    def _times(self, at_s: float | None = None) -> tuple[int, int]:
        now_s = self._now_s = self._clock.now_s()
        ahead_s = 0.0 if at_s is None else max(at_s - now_s, 0.0)
        wall_us = self._clock.wall_us() + round(ahead_s * 1_000_000)
        return wall_us, round((now_s + ahead_s - self._began_s) * 1_000_000)

    def _record(self, records: Sequence[Record]) -> Sequence[RecordedFrame]:
        """Store what the decoder found; return the frames of it."""
        if not records:
            return ()
        self._store(records)
        if isinstance(records[0], RecordedFrame):  # then all are: only an upgrade comes before frames
            return cast(Sequence[RecordedFrame], records)
        return [each for each in records if isinstance(each, RecordedFrame)]

    def _within_limits(self, recorded: Sequence[RecordedFrame]) -> Sequence[RecordedFrame]:
        decoder = self._decoder
        if decoder.too_long is not None:
            raise PayloadTooLong(decoder.too_long, recorded)
        announced = decoder.announced_length
        if announced is not None and announced > self._max_payload:
            raise PayloadTooLong.of_length(announced, limit=self._max_payload, recorded=recorded)
        return recorded

    def _store(self, records: Sequence[Record]) -> None:
        self.sync_due_s = self._now_s + SYNC_AFTER_IDLE_S
        try:
            self._sink(records)
        except BaseException as problem:
            self.sink_error = problem
            raise
