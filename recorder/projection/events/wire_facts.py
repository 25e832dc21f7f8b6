"""Facts about connections and frames (violations, closes, doubled keys) for the check rules."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from recorder.checks.input import ClockStep, ConnectionFact, WireFact
from recorder.messaging.duplicate_keys import duplicate_keys_in
from recorder.messaging.events import Evidence, OddityNoticed, Proof
from recorder.wire.frames import Opcode, Side, close_parts
from recorder.wire.payloads import Payload, PayloadAssembler
from recorder.wire.records import ConnectionInfo, RecordedFrame


@dataclass(slots=True)
class WireFacts:
    """What ``facts_of`` found.

    ``last_frame`` is the highest number, ``last_…_us`` the latest times, ``clock_step`` the largest step
    of our clock backwards. ``oddities`` are of payloads that can be read though their JSON is odd.
    """

    connections: list[ConnectionFact] = field(default_factory=list)
    violations: list[WireFact] = field(default_factory=list)
    oddities: list[OddityNoticed] = field(default_factory=list)
    last_frame: int = 0
    last_offset_us: int | None = None
    last_at_us: int | None = None
    clock_step: ClockStep | None = None


# Frames of several threads are numbered in the order in which they are handed over, and timed before.
_SETTLED_US = 1_000


@dataclass(slots=True)
class _ConnectionFrames:
    """First, last and Close frames of one connection so far."""

    first: RecordedFrame | None = None
    last: RecordedFrame | None = None
    last_data: RecordedFrame | None = None
    close: RecordedFrame | None = None
    wire: bool = False


@dataclass(slots=True)
class WireFactsReader:
    """Collects the facts of a session, frame by frame."""

    _by_connection: dict[int, _ConnectionFrames] = field(default_factory=dict)
    _payloads: PayloadAssembler = field(default_factory=PayloadAssembler)
    _facts: WireFacts = field(default_factory=WireFacts)

    def facts(self, connections: Iterable[ConnectionInfo], *, ended: bool) -> WireFacts:
        """The facts of the frames so far, and of these connections; ``ended`` as in ``facts_of``.

        Its lists of violations and oddities grow with further frames.
        """
        known = [_fact(each, self._by_connection.get(each.connection), ended) for each in connections]
        return replace(self._facts, connections=known)

    def feed(self, frame: RecordedFrame) -> None:
        """Take the next frame."""
        facts = self._facts
        facts.last_frame = max(facts.last_frame, frame.number)
        facts.last_offset_us = _later(facts.last_offset_us, frame.offset_us)
        facts.last_at_us = _later(facts.last_at_us, frame.at_us)
        if frame.violation is not None:
            from_client = frame.sender is Side.CLIENT
            facts.violations.append(WireFact(frame.number, frame.connection, from_client, frame.violation))
        seen = self._by_connection.setdefault(frame.connection, _ConnectionFrames())
        if seen.last is not None:
            facts.clock_step = _set_back(seen.last, frame, facts.clock_step)
        seen.first, seen.last = seen.first or frame, frame
        seen.wire = seen.wire or frame.head is not None
        if frame.opcode < Opcode.CLOSE:
            seen.last_data = frame
        elif frame.opcode == Opcode.CLOSE and seen.close is None:
            seen.close = frame
        payload = self._payloads.feed(frame)
        if payload is not None:
            self._read(payload)

    def _read(self, payload: Payload) -> None:
        for key in duplicate_keys_in(payload.data):
            detail = f'key "{key[:64]}" stands twice in an object; the last one counts'
            stamp = (payload.number, payload.connection, payload.at_us, payload.offset_us)
            self._facts.oddities.append(OddityNoticed("doubled-key", detail, Evidence(Proof.CLAIMED, *stamp)))


def _set_back(before: RecordedFrame, frame: RecordedFrame, largest: ClockStep | None) -> ClockStep | None:
    """The largest step backwards of our calendar clock, which the monotonic one did not make."""
    if before.at_us is None or frame.at_us is None:
        return largest
    by_us = before.at_us - frame.at_us
    if before.offset_us is not None and frame.offset_us is not None:
        by_us -= max(0, before.offset_us - frame.offset_us)
    if by_us < _SETTLED_US:
        return largest
    times = 1 if largest is None else largest.times + 1
    if largest is not None and largest.by_us >= by_us:
        return largest._replace(times=times)
    return ClockStep(before.number, frame.number, by_us, times)


def _later(one: int | None, other: int | None) -> int | None:
    return other if one is None else one if other is None else max(one, other)


def facts_of(
    connections: Iterable[ConnectionInfo], frames: Iterable[RecordedFrame], *, ended: bool
) -> WireFacts:
    """Read the facts from a session's connections and frames.

    ``ended``: nobody records any more, so a connection whose end nobody saw is over all the same.
    """
    reader = WireFactsReader()
    for frame in frames:
        reader.feed(frame)
    return reader.facts(connections, ended=ended)


def _fact(info: ConnectionInfo, seen: _ConnectionFrames | None, ended: bool) -> ConnectionFact:
    seen = _ConnectionFrames() if seen is None else seen
    code, reason, closed_by = info.close_code, info.close_reason, info.closed_by
    if closed_by is None and seen.close is not None:
        # A capture without connection lines: its Close frame tells as much.
        (code, text), closed_by = close_parts(seen.close.payload), seen.close.sender
        reason = text or None
    return ConnectionFact(
        connection=info.connection,
        first_frame=_number(seen.first),
        last_frame=_number(seen.last),
        last_offset_us=None if seen.last_data is None else seen.last_data.offset_us,
        how=info.how or ("closed" if seen.close is not None else None),
        close_code=code,
        close_reason=reason,
        closed_by_client=None if closed_by is None else closed_by == Side.CLIENT,
        close_frame=_number(seen.close),
        closed_offset_us=_first_known(info.closed_offset_us, seen.close and seen.close.offset_us),
        ended=ended or info.how is not None,
        last_at_us=None if seen.last_data is None else seen.last_data.at_us,
        closed_at_us=_first_known(info.closed_at_us, seen.close and seen.close.at_us),
        wire_seen=seen.wire,
        detail=info.detail,
        fidelity=info.fidelity,
    )


def _number(frame: RecordedFrame | None) -> int | None:
    return None if frame is None else frame.number


def _first_known(one: int | None, other: int | None) -> int | None:
    return other if one is None else one
