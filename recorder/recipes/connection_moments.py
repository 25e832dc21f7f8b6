"""The connections of a session as of each of its frames, as ``connections_at`` has them of one."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from recorder.store.frame_chunks import ScannedFrame
from recorder.wire.records import ConnectionInfo, RecordedFrame

from .at_moment import had_begun, still_open


class ConnectionChange(NamedTuple):
    """The connections that are shown otherwise than as of the frame before, and those that are not shown."""

    shown: Sequence[ConnectionInfo]
    gone: Sequence[int]


class ConnectionMoments:
    """Goes from frame to frame.

    Args:
        connections: as they are now.
        frames: all frames of the session, scanned.
    """

    def __init__(self, connections: Sequence[ConnectionInfo], frames: Iterable[ScannedFrame]) -> None:
        self._all = {each.connection: each for each in connections}
        self._last_of: dict[int, int] = {}
        last_us, rises = -1, True
        for frame in frames:
            number, connection, offset_us = frame[0], frame[1], frame[3]
            self._last_of[connection] = number
            rises = rises and offset_us is not None and offset_us >= last_us
            last_us = offset_us or 0
        timed = all(each.opened_offset_us is not None for each in connections)
        self._settles = rises and timed
        self._looked_at = sorted(connections, key=lambda each: each.opened_offset_us or 0)
        self._shown: dict[int, bool] = {}

    def as_of(self, frame: RecordedFrame) -> ConnectionChange:
        """What changes with this frame."""
        shown, gone, left = list[ConnectionInfo](), list[int](), list[ConnectionInfo]()
        for place, each in enumerate(self._looked_at):
            number = each.connection
            if not had_begun(each, frame):
                if self._shown.pop(number, None) is not None:
                    gone.append(number)
                if self._settles:  # so have none of the others, and those before are settled or looked at
                    left += self._looked_at[place:]
                    break
                left.append(each)
                continue
            ended = self._had_ended(each, frame)
            if self._shown.get(number) is not ended:
                self._shown[number] = ended
                shown.append(each if ended else still_open(each))
            elif number == frame.connection:
                shown.append(each if ended else still_open(each))
            if not (ended and self._settles):
                left.append(each)
        self._looked_at = left
        return ConnectionChange(shown, gone)

    def now(self) -> ConnectionChange:
        """All of them, as they are now."""
        return ConnectionChange(list(self._all.values()), ())

    def _had_ended(self, connection: ConnectionInfo, frame: RecordedFrame) -> bool:
        if connection.how is None:
            return False
        last = self._last_of.get(connection.connection, 0)
        if connection.closed_offset_us is None or frame.offset_us is None:
            return last < frame.number
        return connection.closed_offset_us <= frame.offset_us and last <= frame.number
