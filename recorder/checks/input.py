"""Input of the check rules: events, transcript, connections and protocol violations of one session."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from recorder.messaging.events import Event
from recorder.receipts.state import Transcript


class WireFact(NamedTuple):
    """One frame that RFC 6455 forbids, as the frame decoder labelled it."""

    frame: int
    connection: int
    from_client: bool
    violation: str


class ClockStep(NamedTuple):
    """Our clock was set back between two frames of one connection, by ``by_us`` at the farthest.

    ``times`` is how often that happened in the session.
    """

    before: int
    frame: int
    by_us: int
    times: int


class ConnectionFact(NamedTuple):
    """One connection, as far as its frames and its end tell.

    Attributes:
        connection: its number in the session.
        first_frame, last_frame: the frames it holds; None if it holds none.
        last_offset_us: monotonic time of its last data frame (pings and pongs do not count).
        how: closed, lost, refused or failed; None while nobody saw it end.
        close_code, close_reason: of the first Close frame; None if there was none.
        closed_by_client: whether we sent that; None if nobody closed.
        close_frame: number of the first Close frame, or None.
        closed_offset_us: when it ended.
        ended: whether it has ended, be it that the recording broke off.
        last_at_us, closed_at_us: the same two moments by the calendar, for captures without offsets.
        wire_seen: whether bytes of its frames were seen as they were sent, not only what they carry.
        detail: one sentence more about its end; of a refused one, the service's words.
        fidelity: what its source can tell, as in ``ConnectionOpened``; None where nobody said.
    """

    connection: int
    first_frame: int | None
    last_frame: int | None
    last_offset_us: int | None
    how: str | None
    close_code: int | None
    close_reason: str | None
    closed_by_client: bool | None
    close_frame: int | None
    closed_offset_us: int | None
    ended: bool
    last_at_us: int | None = None
    closed_at_us: int | None = None
    wire_seen: bool = True
    detail: str | None = None
    fidelity: str | None = None

    @property
    def lacks_control_frames(self) -> bool:
        """Whether its source has no pings, closes, fragments and masks, whatever crossed the wire."""
        return self.fidelity in ("messages", "lines")


@dataclass(frozen=True, slots=True)
class CheckInput:
    """One session as the rules see it. Its end and its last times are those of the last frame included.

    Attributes:
        events: all events, in the order of frames.
        transcript: these events, folded.
        connections: in order.
        violations: frames against RFC 6455, in order.
        last_frame, last_offset_us: where the recording (or the part of it that is looked at) ends.
        recording: whether the session is still being recorded, so that missing answers may yet come.
        last_at_us: the end by the calendar, for captures without offsets.
        clock_step: the largest step of our clock backwards; None if it only ran forward.
        missing: what is known to be missing of the recording, in one phrase; None if nothing is.
    """

    events: Sequence[Event]
    transcript: Transcript
    connections: Sequence[ConnectionFact] = ()
    violations: Sequence[WireFact] = ()
    last_frame: int = 0
    last_offset_us: int | None = None
    recording: bool = False
    last_at_us: int | None = None
    clock_step: ClockStep | None = None
    missing: str | None = None
