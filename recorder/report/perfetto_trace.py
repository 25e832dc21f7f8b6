"""A session as a trace in Chrome's JSON format, for Perfetto (ui.perfetto.dev) and chrome://tracing.

``{"traceEvents": [...]}``, times in microseconds since the session began ("Trace Event Format", Google). A
process "connections" has a thread for each connection, with its frames as instants; a process "participants"
has threads for each participant: its messages as slices from sent to the first READ of somebody else (else to
the last receipt), its receipts as slices of a microsecond, and a flow arrow from the message to each receipt.
Messages that overlap stand on threads of their own, as slices of one thread have to lie within each other.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

import orjson

from recorder.messaging.events import Evidence
from recorder.receipts.queries import MessageView, ReceiptView
from recorder.wire.records import ConnectionInfo, RecordedFrame

from .frames import opcode_word
from .messages import content_words
from .session_view import SessionView, completeness_lines

CONNECTIONS, PARTICIPANTS = 1, 2
"""The numbers of the two processes."""

_LEAST_US = 1
_RECEIPTS = "receipts"
_TraceEvent = dict[str, object]


class TraceClock:
    """One clock for a whole trace: ours if it timed the frames, else the service's.

    Args:
        view: the session.
        server: use the service's clock.
    """

    def __init__(self, view: SessionView, *, server: bool) -> None:
        self.name = "server" if server else "local"
        self._began_us = view.session.started_at_us
        self._first_ms = min(_server_times(view.messages), default=0)

    def evidence_us(self, evidence: Evidence) -> int | None:
        """Microseconds since the session (by the service's clock: its first message) began, if known."""
        if self.name == "server":
            return None if evidence.server_ms is None else (evidence.server_ms - self._first_ms) * 1_000
        return None if evidence.snapshot else self.local_us(evidence.at_us, evidence.offset_us)

    def local_us(self, at_us: int | None, offset_us: int | None) -> int | None:
        """A moment of our clock, in the same way."""
        if self.name == "server" or offset_us is not None:
            return None if self.name == "server" else offset_us
        return None if at_us is None or self._began_us is None else at_us - self._began_us


def _server_times(messages: Iterable[MessageView]) -> Iterator[int]:
    for message in messages:
        for evidence in _evidence(message):
            if evidence.server_ms is not None:
                yield evidence.server_ms


def _evidence(message: MessageView) -> Iterator[Evidence]:
    if message.sent is not None:
        yield message.sent
    yield from (receipt.evidence for receipt in message.receipts)


def trace_clock(view: SessionView) -> TraceClock:
    """The clock that knows at least as many of the messages and receipts; ours if both know as many."""
    clocks = [TraceClock(view, server=server) for server in (False, True)]
    proofs = [evidence for message in view.messages for evidence in _evidence(message)]
    known = [sum(clock.evidence_us(each) is not None for each in proofs) for clock in clocks]
    return clocks[known[1] > known[0]]


def trace_pieces(view: SessionView, frames: Iterable[RecordedFrame]) -> Iterator[bytes]:
    """The file, piece by piece. What has no time on the clock of the trace is not in it."""
    clock = trace_clock(view)
    about = {"session": view.session.session, "clock": clock.name, "about": list(completeness_lines(view))}
    yield b'{"displayTimeUnit":"ms","otherData":' + orjson.dumps(about) + b',"traceEvents":['
    separator = b"\n"
    for event in (*_connection_events(view, clock), *_message_events(view, clock)):
        yield separator + orjson.dumps(_encodable(event))
        separator = b",\n"
    for frame in frames:
        at_us = clock.local_us(frame.at_us, frame.offset_us)
        if at_us is not None:
            yield separator + orjson.dumps(_frame_event(frame, at_us))
            separator = b",\n"
    yield b"\n]}\n"


def _encodable(event: _TraceEvent) -> _TraceEvent:
    """The event without halves of surrogate pairs, which JSON in UTF-8 cannot hold."""
    return {key: _without_surrogates(value) for key, value in event.items()}


def _without_surrogates(value: object) -> object:
    if isinstance(value, str):
        return value.encode("utf-8", "backslashreplace").decode()
    if isinstance(value, Mapping):
        return {str(key): _without_surrogates(inner) for key, inner in value.items()}
    return value


def _track(process: int, thread: int, name: str) -> _TraceEvent:
    return {"ph": "M", "name": "thread_name", "pid": process, "tid": thread, "args": {"name": name}}


def _process(process: int, name: str) -> _TraceEvent:
    return {"ph": "M", "name": "process_name", "pid": process, "tid": 0, "args": {"name": name}}


def _slice(
    place: tuple[int, int], name: str, start_us: int, end_us: int, args: Mapping[str, object]
) -> _TraceEvent:
    process, thread = place
    return {
        "ph": "X",
        "cat": "recorder",
        "name": name,
        "pid": process,
        "tid": thread,
        "ts": start_us,
        "dur": max(end_us - start_us, _LEAST_US),
        "args": args,
    }


# --- connections and frames -----------------------------------------------------------------------------


def _connection_events(view: SessionView, clock: TraceClock) -> Iterator[_TraceEvent]:
    yield _process(CONNECTIONS, "connections")
    for each in view.connections:
        yield _track(CONNECTIONS, each.connection, f"connection {each.connection}")
        span = _span(each, clock)
        if span is not None:
            args = {"url": each.url, "how": each.how, "close_code": each.close_code}
            yield _slice((CONNECTIONS, each.connection), f"connection {each.connection}", *span, args)


def _span(connection: ConnectionInfo, clock: TraceClock) -> tuple[int, int] | None:
    opened = clock.local_us(connection.opened_at_us, connection.opened_offset_us)
    closed = clock.local_us(connection.closed_at_us, connection.closed_offset_us)
    return None if opened is None or closed is None else (opened, closed)


def _frame_event(frame: RecordedFrame, at_us: int) -> _TraceEvent:
    return {
        "ph": "i",
        "s": "t",
        "cat": "frame",
        "name": f"{frame.sender.value} {opcode_word(frame)}",
        "pid": CONNECTIONS,
        "tid": frame.connection,
        "ts": at_us,
        "args": {"frame": frame.number, "bytes": len(frame.payload), "redacted": frame.redacted},
    }


# --- participants, messages and receipts ----------------------------------------------------------------


class _Placed(NamedTuple):
    """A message on its thread, from when to when."""

    message: MessageView
    thread: int
    start_us: int
    end_us: int


class _Threads:
    """Numbers the threads of the participants, and finds one where a slice overlaps no other."""

    def __init__(self) -> None:
        self.names: dict[int, str] = {}
        self._ends: dict[str, dict[int, int]] = {}
        self._receipts: dict[str, int] = {}

    def message_thread(self, author: str, start_us: int, end_us: int) -> int:
        ends = self._ends.setdefault(author, {})
        thread = next((each for each, end in ends.items() if end <= start_us), None)
        if thread is None:
            thread = self._added(f"{author}: messages" + (f" {len(ends) + 1}" if ends else ""))
        ends[thread] = end_us
        return thread

    def receipt_thread(self, giver: str) -> int:
        if giver not in self._receipts:
            self._receipts[giver] = self._added(f"{giver}: {_RECEIPTS}")
        return self._receipts[giver]

    def _added(self, name: str) -> int:
        self.names[len(self.names) + 1] = name
        return len(self.names)


def _message_events(view: SessionView, clock: TraceClock) -> list[_TraceEvent]:
    threads = _Threads()
    events = []
    arrow = 0
    for placed in _placed(view, clock, threads):
        message = placed.message
        name = f"{'-' if message.sequence is None else message.sequence}: {_words(message)}"
        args = {
            "dialog": message.dialog_id,
            "sequence": message.sequence,
            "status": message.status,
            "frame": None if message.sent is None else message.sent.frame,
        }
        place = (PARTICIPANTS, placed.thread)
        events.append(_slice(place, name, placed.start_us, placed.end_us, args))
        for receipt in message.receipts:
            at_us = clock.evidence_us(receipt.evidence)
            if at_us is not None:
                arrow += 1
                thread = threads.receipt_thread(view.giver(receipt))
                events += _receipt_events(message, receipt, at_us, thread)
                events += _arrow(arrow, (*place, placed.start_us), (PARTICIPANTS, thread, at_us))
    named = [_track(PARTICIPANTS, thread, name) for thread, name in threads.names.items()]
    return [_process(PARTICIPANTS, "participants"), *named, *events]


def _words(message: MessageView) -> str:
    text = content_words(message.type, message.text)
    return text if len(text) <= 100 else f"{text[:99]}…"


def _placed(view: SessionView, clock: TraceClock, threads: _Threads) -> Iterator[_Placed]:
    """The messages that have a time, in its order, each on a thread where it overlaps no other."""
    timed = []
    for place, message in enumerate(view.messages):
        start_us = None if message.sent is None else clock.evidence_us(message.sent)
        if start_us is not None:
            end_us = max(_end_us(message, clock, start_us), start_us + _LEAST_US)
            timed.append((start_us, place, end_us, message))
    for start_us, _, end_us, message in sorted(timed, key=lambda each: each[:2]):
        yield _Placed(
            message, threads.message_thread(view.author(message), start_us, end_us), start_us, end_us
        )


def _end_us(message: MessageView, clock: TraceClock, start_us: int) -> int:
    """When somebody else first read it; the last receipt where nobody was seen to."""
    times = [
        (receipt, at_us)
        for receipt in message.receipts
        if (at_us := clock.evidence_us(receipt.evidence)) is not None
    ]
    read = [
        at_us
        for receipt, at_us in times
        if receipt.status == "READ" and receipt.participant != message.author
    ]
    return min(read) if read else max((at_us for _, at_us in times), default=start_us)


def _receipt_events(
    message: MessageView, receipt: ReceiptView, at_us: int, thread: int
) -> Iterator[_TraceEvent]:
    number = "-" if message.sequence is None else message.sequence
    args = {"frame": receipt.evidence.frame, "proof": receipt.evidence.proof.word}
    yield _slice((PARTICIPANTS, thread), f"{receipt.status} {number}", at_us, at_us, args)


def _arrow(number: int, begin: tuple[int, int, int], end: tuple[int, int, int]) -> Iterator[_TraceEvent]:
    """A flow from a message to a receipt; each end binds to the slice that encloses it."""
    shared = {"cat": "receipt", "name": "receipt", "id": number}
    for phase, (process, thread, at_us) in (("s", begin), ("f", end)):
        binding = {"bp": "e"} if phase == "f" else {}
        yield {"ph": phase, **shared, "pid": process, "tid": thread, "ts": at_us, **binding}
