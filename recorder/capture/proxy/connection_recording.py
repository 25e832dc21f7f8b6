"""The records of one proxied WebSocket: its bytes decoded, and whether a stream stands between two frames."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from itertools import count

from recorder.counted import counted
from recorder.wire.connection_decoder import ConnectionDecoder
from recorder.wire.frames import Side
from recorder.wire.records import ConnectionOpened, RecordedFrame

from .channel import FrameNumbers
from .recording import ProxyRecorder, ProxySession

LONGEST_FRAME = 64 * 1024 * 1024
"""Bytes of a frame that is stored; a longer one ends its connection, because it would fill the memory."""


def _forget(numbers: FrameNumbers) -> None:
    """Nothing is recorded, and so not when it went on."""


class ConnectionRecording:
    """Records one connection of a session; nothing once the storage has failed and bytes go on without it.

    Attributes:
        connection: its place in the session, from 1; None where nothing is recorded.
        forwarded: call it with the numbers of frames that have gone on.
        too_long: why a frame cannot be stored, once one has begun that is longer than ``LONGEST_FRAME``.
    """

    def __init__(self, recorder: ProxyRecorder, url: str) -> None:
        self._recorder = recorder
        self._session: ProxySession | None = recorder.session()
        self.connection: int | None = None
        self.too_long: str | None = None
        self._was_whole = dict.fromkeys(Side, (-1, True))
        self.forwarded: Callable[[FrameNumbers], None] = _forget
        session = self._session
        if session is None:
            # The handshake is read all the same: what follows it depends on it.
            self._decoder = ConnectionDecoder(0, count(1), url=url)
            return
        self.forwarded = partial(recorder.forwarded, session)
        self.connection = next(session.connections)
        self._decoder = ConnectionDecoder(self.connection, session.numbers, url=url)
        opened = ConnectionOpened(self.connection, url, *recorder.times(session), "proxy", "bytes")
        recorder.add(session, [opened])

    @property
    def close_sent(self) -> bool:
        """Whether either side has sent a Close frame."""
        return bool(self._decoder.close_frames)

    @property
    def is_open(self) -> bool:
        """Whether the service has accepted the upgrade."""
        return self._decoder.is_upgraded

    @property
    def is_refused(self) -> bool:
        """Whether the service has answered the upgrade with another status."""
        return self._decoder.handshake is not None and not self.is_open

    def feed(self, sender: Side, data: bytes) -> FrameNumbers:
        """Record bytes; return the numbers of the frames they completed."""
        session = self._session
        if session is None or (self._recorder.failure is not None and self.is_open):
            if not self.is_open:
                self._decoder.feed(sender, data, None, None)
            return ()
        recorder, decoder = self._recorder, self._decoder
        at_us, offset_us = recorder.times(session)
        frame = decoder.feed_lone(sender, data, at_us, offset_us)
        if frame is not None:
            recorder.add(session, [frame])
            return (frame[0],)
        if self._was_whole[sender][0] != recorder.round:
            self._was_whole[sender] = recorder.round, decoder.is_between_frames(sender)
        records = decoder.feed(sender, data, at_us, offset_us)
        if not records:
            self._check_length(sender)  # one that is too long completes nothing for long
            return ()
        recorder.add(session, records)
        first, last = records[0], records[-1]
        if type(last) is not RecordedFrame:
            return ()
        if type(first) is not RecordedFrame:  # frames come last
            first = next(record for record in records if isinstance(record, RecordedFrame))
        return range(first.number, last.number + 1)

    def _check_length(self, sender: Side) -> None:
        length = self._decoder.announced_by(sender)
        if length is not None and length > LONGEST_FRAME:
            self.too_long = (
                f"a frame of the {sender.value} of {counted(length, 'byte')} is longer than "
                f"the {LONGEST_FRAME:,} that can be stored"
            )

    def forwarded_whole(self, sender: Side) -> bool:
        """Whether no frame of this side has gone on in part; what came in this round has not gone on yet."""
        fed_in, was_whole = self._was_whole[sender]
        return was_whole if fed_in == self._recorder.round else self._decoder.is_between_frames(sender)

    def closed(self, how: str, detail: str | None) -> None:
        """Record what is unfinished, and the end."""
        session = self._session
        if session is not None:
            self._recorder.add(session, self._decoder.end(how, detail, *self._recorder.times(session)))
            self._recorder.connection_ended(session)
