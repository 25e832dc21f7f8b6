"""Whether everything of a session was recorded, by its frames and the ends of its connections."""

from __future__ import annotations

from recorder.counted import counted
from recorder.wire.endings import BROKEN_OFF_BY_CLIENT, Ending
from recorder.wire.frames import UNFINISHED, Opcode, Side
from recorder.wire.records import RecordedFrame

COMPLETE, INTERRUPTED, REFUSED = "complete", "interrupted", "refused"
"""States of a session that has ended: it is all there; something is missing; we were never let in."""


class SessionCompleteness:
    """Collects what tells whether a session is complete. Give it every end of a connection, and every
    frame that ``may_be_incomplete``.

    A frame that was cut short is missing in part, whoever closed the connection, and so is what came on a
    connection that failed on our side, and a payload of several frames whose last one never came. A
    connection that was lost, but not within any of these, lacks nothing of what came. What the client broke
    off on purpose is there as far as it was sent.
    """

    def __init__(self) -> None:
        self._cut_frames: dict[tuple[int, Side], str] = {}
        self._fragments: dict[tuple[int, Side], int] = {}
        self._ends: dict[int, tuple[str | None, str | None]] = {}

    @staticmethod
    def may_be_incomplete(frame: RecordedFrame) -> bool:
        """Whether a frame violates RFC 6455, or is a fragment of a payload."""
        return frame.violation is not None or not frame.fin or frame.opcode == Opcode.CONTINUATION

    def add_frame(self, frame: RecordedFrame) -> None:
        """A frame that ``may_be_incomplete``."""
        self._add_fragment(frame)
        if frame.violation is not None and frame.violation.startswith(UNFINISHED):
            size = frame.violation.removeprefix(UNFINISHED).partition(";")[0].strip()
            self._cut_frames[frame.connection, frame.sender] = size

    def _add_fragment(self, frame: RecordedFrame) -> None:
        place = frame.connection, frame.sender
        if frame.opcode in (Opcode.TEXT, Opcode.BINARY):
            self._fragments[place] = 1
        elif frame.opcode == Opcode.CONTINUATION and place in self._fragments:
            self._fragments[place] += 1
        if frame.fin and frame.opcode in (Opcode.TEXT, Opcode.BINARY, Opcode.CONTINUATION):
            self._fragments.pop(place, None)

    def add_end(self, ended: Ending) -> None:
        """A connection and how it ended, if anybody saw that."""
        self._ends[ended.connection] = ended.how, ended.detail

    @property
    def problem(self) -> str | None:
        """What is missing, in one phrase; None if nothing is known to be."""
        for connection, (how, detail) in self._ends.items():
            if how == "failed":
                return f"connection {connection} could not go on: {detail or 'it failed'}"
        for place, size in self._cut_frames.items():
            if not self._broken_off(*place):
                return f"connection {place[0]} ended within a frame of the {place[1].value} ({size})"
        for place, fragments in self._fragments.items():
            if not self._broken_off(*place):
                came = f"{counted(fragments, 'frame')} of it came, and not the last"
                return f"connection {place[0]} ended within a payload of the {place[1].value} ({came})"
        return None

    def _broken_off(self, connection: int, sender: Side) -> bool:
        """Whether this sender is the client, and ended the connection there on purpose."""
        ended = self._ends.get(connection)
        return sender is Side.CLIENT and ended == ("lost", BROKEN_OFF_BY_CLIENT)

    def state(self, *, frames: int, ended_well: bool = True, let_in: bool = True) -> str:
        """The state of the session, of so many frames.

        Args:
            ended_well: False: something else is missing.
            let_in: False: the service closed it over the token before it let us in.
        """
        if not ended_well or self.problem is not None:
            return INTERRUPTED
        if not let_in:
            return REFUSED
        hows = {how for how, _ in self._ends.values()}
        return REFUSED if hows == {"refused"} and frames == 0 else COMPLETE
