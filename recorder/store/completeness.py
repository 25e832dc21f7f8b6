"""Whether everything of a session was recorded, by its frames and the ends of its connections."""

from __future__ import annotations

from recorder.wire.endings import BROKEN_OFF_BY_CLIENT, Ending
from recorder.wire.frames import UNFINISHED, Side
from recorder.wire.records import RecordedFrame

COMPLETE, INTERRUPTED, REFUSED = "complete", "interrupted", "refused"
"""States of a session that has ended: all of it is there; something is missing; it never connected."""


class SessionCompleteness:
    """Collects what tells whether a session is complete. Give it every end of a connection, and every
    frame that violates RFC 6455.

    A frame that was cut short is missing in part, whoever closed the connection, and so is what came on a
    connection that failed on our side. A connection that was lost, but not within a frame, lacks nothing of
    what came. A frame that the client broke off on purpose is there as far as it was sent.
    """

    def __init__(self) -> None:
        self._cut_frames: dict[tuple[int, Side], str] = {}
        self._ends: dict[int, tuple[str | None, str | None]] = {}

    def add_frame(self, frame: RecordedFrame) -> None:
        """A frame that violates RFC 6455."""
        if frame.violation is not None and frame.violation.startswith(UNFINISHED):
            size = frame.violation.removeprefix(UNFINISHED).partition(";")[0].strip()
            self._cut_frames[frame.connection, frame.sender] = size

    def add_end(self, ended: Ending) -> None:
        """A connection and how it ended, if anybody saw that."""
        self._ends[ended.connection] = ended.how, ended.detail

    @property
    def problem(self) -> str | None:
        """What is missing, in one phrase; None if nothing is known to be."""
        for connection, (how, detail) in self._ends.items():
            if how == "failed":
                return f"connection {connection} could not go on: {detail or 'it failed'}"
        for (connection, sender), size in self._cut_frames.items():
            broken_off = self._ends.get(connection) == ("lost", BROKEN_OFF_BY_CLIENT)
            if not (broken_off and sender is Side.CLIENT):
                return f"connection {connection} ended within a frame of the {sender.value} ({size})"
        return None

    def state(self, *, frames: int, ended_well: bool = True) -> str:
        """The state of the session, of so many frames; unless ``ended_well``, something else is missing."""
        if not ended_well or self.problem is not None:
            return INTERRUPTED
        hows = {how for how, _ in self._ends.values()}
        return REFUSED if hows == {"refused"} and frames == 0 else COMPLETE
