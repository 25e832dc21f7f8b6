"""The output of ``session show``: connections, frames, messages and latencies of one session."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import IO

from recorder.counted import counted
from recorder.receipts.aliases import Suggestion
from recorder.receipts.entities import RefusedRequest
from recorder.receipts.numbers import REQUEST_TO_ANSWER, Count, Latency, Numbers
from recorder.receipts.participants import (
    ONLY_YOU,
    KnownParticipant,
    PeopleWords,
    participant_word,
    people_words,
)
from recorder.receipts.queries import ContentView, MessageView
from recorder.receipts.self_facts import SelfFact, people_of
from recorder.redaction.people import Part
from recorder.redaction.replaced import ReplacedCount
from recorder.wire.endings import ending_words
from recorder.wire.handshake import header_values
from recorder.wire.records import ConnectionInfo, HttpExchange, RecordedFrame, SessionInfo, iso_utc
from recorder.wire.refusal_words import retry_words

from .cells import arrow_of
from .json_views import named_counts, session_json
from .messages import content_words
from .planned import PlannedNumbers, planned_json, planned_words
from .replay_target import SIMULATOR
from .tables import print_line, print_pairs, print_table
from .times import moment_words

_CONTENTS_SHOWN, _TEXT_SHOWN = 4, 40


@dataclass(frozen=True, slots=True)
class FrameCounts:
    """Counts of frames, as ``count_frames`` makes them."""

    by_sender: Counter[str] = field(default_factory=Counter)
    payload_bytes: int = 0
    violations: int = 0
    redacted: int = 0
    compressed: int = 0
    withheld: int = 0
    secrets: int = 0
    """Frames in which secrets were replaced."""
    left_out: frozenset[Part] = frozenset()
    """Parts that had been left out of the frames before they were recorded here."""


def count_frames(frames: Iterable[RecordedFrame]) -> FrameCounts:
    """Count frames by sender, their payload bytes, violations, redactions, and those that came compressed."""
    by_sender: Counter[str] = Counter()
    payload_bytes = violations = redacted = compressed = withheld = 0
    replaced = ReplacedCount()
    for frame in frames:
        by_sender[frame.sender.value] += 1
        payload_bytes += len(frame.payload)
        violations += frame.violation is not None
        redacted += frame.redacted
        if frame.redacted:
            replaced.add(frame.payload)
        if frame.compressed is not None:
            compressed += 1
            withheld += frame.compressed.withheld is not None
    return FrameCounts(
        *(by_sender, payload_bytes, violations, redacted, compressed, withheld),
        secrets=replaced.secrets,
        left_out=replaced.parts,
    )


@dataclass(frozen=True, slots=True)
class Summary:
    """Everything that ``session show`` prints."""

    session: SessionInfo
    connections: Sequence[ConnectionInfo]
    counts: FrameCounts
    messages: Sequence[MessageView]
    oddities: Sequence[str]
    suggestions: Sequence[Suggestion] = ()
    numbers: Numbers | None = None
    selves: Sequence[SelfFact] = ()
    people: Mapping[str | int, KnownParticipant] = field(default_factory=dict)
    refused_requests: Sequence[RefusedRequest] = ()
    refusals: Mapping[int, HttpExchange] = field(default_factory=dict)
    """The refused upgrade of a connection, by its number."""
    target: str | None = None
    """Where a script was played: "simulator" or "service"; None: no replay, or it did not connect."""
    planned: PlannedNumbers | None = None
    """The receipts that a replay planned; None where no plan is kept."""


REFUSED_SHOWN = 20
"""Refused requests that ``session show`` lists as text; the rest is counted. JSON has them all."""


# What an earlier version recorded itself says nothing of where it comes from.
_OWN_SOURCES = ("client", "replay")


def statuses(messages: Iterable[MessageView]) -> Counter[str]:
    """The number of messages by status."""
    return Counter(message.status for message in messages)


def summary_json(summary: Summary) -> dict[str, object]:
    """The line of ``session show --json``: that of ``session list``, and details."""
    return {
        **session_json(summary.session),
        "detail": summary.session.detail,
        "target": summary.target,
        "connection_details": [
            {
                **_connection_json(each, summary.session),
                "refusal": _refusal_json(each, summary.refusals.get(each.connection)),
            }
            for each in summary.connections
        ],
        "frames_by_sender": dict(summary.counts.by_sender),
        "payload_bytes": summary.counts.payload_bytes,
        "violations": summary.counts.violations,
        "redacted": summary.counts.redacted,
        "compressed": summary.counts.compressed,
        "withheld": summary.counts.withheld,
        "messages": dict(statuses(summary.messages)),
        "dialogs": list(dict.fromkeys(message.dialog_id for message in summary.messages)),
        "selves": [each._asdict() for each in summary.selves],
        "oddities": _oddities(summary),
        "suggested_aliases": [suggestion._asdict() for suggestion in summary.suggestions],
        "numbers": None if summary.numbers is None else numbers_json(summary.numbers),
        "planned_receipts": planned_json(summary.planned),
        "refused_requests": [request._asdict() for request in summary.refused_requests],
    }


def _connection_json(connection: ConnectionInfo, session: SessionInfo) -> dict[str, object]:
    return named_counts(
        {
            "connection": connection.connection,
            "url": connection.url,
            "opened_at": iso_utc(connection.opened_at_us),
            "response_status": connection.response_status,
            "closed_at": iso_utc(connection.closed_at_us),
            "close_code": connection.close_code,
            "close_reason": connection.close_reason,
            "closed_by": connection.closed_by,
            "how": connection.how,
            "detail": connection.detail,
            "frames": connection.frames,
            "provenance": connection.provenance or session.source,
            "fidelity": connection.fidelity or ("bytes" if session.source in _OWN_SOURCES else None),
        }
    )


def _refusal_json(connection: ConnectionInfo, refusal: HttpExchange | None) -> dict[str, object] | None:
    """The answer that refused the upgrade: its status and body, and when it wants to be asked again."""
    if refusal is None:
        return None
    body = refusal.response_body
    return {
        "status": refusal.status,
        "retry_after": next(iter(header_values(connection.response_headers, "Retry-After")), None),
        "type": refusal.response_type,
        "size": refusal.response_size,
        "body": None if body is None else body.decode("utf-8", "surrogatepass"),
    }


def print_summary(stream: IO[str], summary: Summary, *, local: bool = False) -> None:
    """The text of ``session show``."""
    session = summary.session
    print_pairs(
        stream,
        {
            "session": session.session,
            "name": session.name,
            "source": session.source,
            **({} if summary.target is None else {"target": _target_words(summary)}),
            "state": f"{session.state}{_detail(session)}",
            "started": moment_words(session.started_at_us, local=local),
            "ended": moment_words(session.ended_at_us, local=local),
            "frames": _frame_words(summary),
            "messages": _count_words(statuses(summary.messages)),
            "planned": None if summary.planned is None else planned_words(summary.planned),
        },
    )
    for connection in summary.connections:
        print_line(stream, f"connection {connection.connection}: {_connection_words(connection)}")
    selves = {each.key: each.known for each in summary.selves}
    words = people_words({**people_of(summary.messages), **selves, **summary.people})
    for each in summary.selves if len(summary.selves) > 1 else ():
        print_line(stream, f"{words[each.key]}: {_self_words(each)}")
    for request in summary.refused_requests[:REFUSED_SHOWN]:
        print_line(stream, f"refused: {_refused_words(request)}")
    if len(summary.refused_requests) > REFUSED_SHOWN:
        print_line(
            stream, f"refused: and {counted(len(summary.refused_requests) - REFUSED_SHOWN, 'request')} more"
        )
    for oddity in _oddities(summary):
        print_line(stream, f"odd: {oddity}")
    if summary.numbers is not None:
        print_numbers(stream, summary.numbers, words)


def _self_words(fact: SelfFact) -> str:
    numbers = ", ".join(map(str, fact.connections))
    where = "connections" if len(fact.connections) > 1 else "connection"
    name = "" if fact.name is None else f" ({fact.name})"
    return f"{fact.participant or 'id unknown'}{name}, {where} {numbers or 'unknown'}"


def _oddities(summary: Summary) -> list[str]:
    """What is odd in frames, then the messages under whose sequence several contents stand."""
    return [*summary.oddities, *(_contents_words(each) for each in summary.messages if each.contents)]


def _contents_words(message: MessageView) -> str:
    shown = [
        f"{_quoted(content)} in frame #{content.evidence.frame}"
        for content in message.contents[:_CONTENTS_SHOWN]
    ]
    more = len(message.contents) - len(shown)
    shown += [f"{more} more"] if more else []
    contents = f"{counted(len(message.contents), 'content')}"
    return f"message {message.sequence} of dialog {message.dialog_id} has {contents}: {', '.join(shown)}"


def _quoted(content: ContentView) -> str:
    if content.text is None:
        return content_words(content.type, None)
    short = content.text if len(content.text) <= _TEXT_SHOWN else f"{content.text[: _TEXT_SHOWN - 1]}…"
    return f'"{short}"'


def _refused_words(request: RefusedRequest) -> str:
    reason = "" if request.reason is None else f": {request.reason}"
    asked = f"{request.type or 'a request'} (frame #{request.request_frame})"
    return f"{asked} was answered with {request.code} (frame #{request.frame}){reason}"


def _target_words(summary: Summary) -> str:
    """``the simulator``, or the URLs of the service."""
    if summary.target == SIMULATOR:
        return "the simulator"
    return ", ".join(dict.fromkeys(one.url for one in summary.connections if one.url is not None))


def _frame_words(summary: Summary) -> str:
    counts = summary.counts
    words = f"{summary.session.frames} ({_count_words(counts.by_sender)}), "
    words += f"{counts.payload_bytes} payload byte{'' if counts.payload_bytes == 1 else 's'}"
    words += f", {counts.violations} against RFC 6455" if counts.violations else ""
    words += f", {counts.redacted} redacted" if counts.redacted else ""
    words += f", {counts.compressed} came compressed" if counts.compressed else ""
    return words + (f", {counts.withheld} of them without payload" if counts.withheld else "")


def _count_words(counts: Counter[str]) -> str:
    return ", ".join(f"{count} {word}" for word, count in sorted(counts.items())) or "none"


def _connection_words(connection: ConnectionInfo) -> str:
    words = [connection.url or "address unknown", counted(connection.frames, "frame")]
    if connection.response_status not in (None, 101):
        again = retry_words(connection.response_headers)
        words.append(f"answered {connection.response_status}" + (f" (try again {again})" if again else ""))
    if connection.provenance not in (None, "client"):
        told = f" ({connection.fidelity} only)" if connection.fidelity in ("messages", "lines") else ""
        words.append(f"by {connection.provenance}{told}")
    words.append(ending_words(connection))
    return ", ".join(words)


def _detail(ended: SessionInfo) -> str:
    return f": {ended.detail}" if ended.detail else ""


# --- counts and latencies -----------------------------------------------------------------------------

LATENCY_COLUMNS = ("DELAY", "BY+", "CLOCK", ">SAMPLES", "/>P50", ">P90", ">P99", ">MAX")
COUNT_COLUMNS = ("WHO+", ">SENT", ">ACCEPTED", ">READ")


def numbers_json(numbers: Numbers) -> dict[str, object]:
    """The ``numbers`` of ``session show --json``; latencies in seconds, measured on the clock they name."""
    return {
        "requests": numbers.requests,
        "answered": numbers.answered,
        "participants": [count._asdict() for count in numbers.counts],
        "latencies": [latency._asdict() for latency in numbers.latencies],
    }


def print_numbers(stream: IO[str], numbers: Numbers, words: PeopleWords = ONLY_YOU) -> None:
    """Two tables, counts and latencies by participant; a table without rows is left out."""
    if numbers.counts:
        stream.write("\n")
        rows = [
            (
                _own_or_other(each, words),
                *map(str, (each.sent, each.accepted, each.read)),
            )
            for each in numbers.counts
        ]
        print_table(stream, COUNT_COLUMNS, rows)
    if numbers.latencies:
        stream.write("\n")
        rows = [_latency_row(latency, words, arrow_of(stream)) for latency in numbers.latencies]
        print_table(stream, LATENCY_COLUMNS, rows)


def _own_or_other(each: Count | Latency, words: PeopleWords) -> str:
    return participant_word(
        each.participant, each.role, mine=each.mine, connection=each.connection, words=words
    )


def _latency_row(latency: Latency, words: PeopleWords, arrow: str) -> tuple[str, ...]:
    who = _own_or_other(latency, words)
    return (
        latency.kind.replace("→", arrow),
        "the service" if latency.kind == REQUEST_TO_ANSWER else who,
        latency.clock,
        str(latency.samples),
        *(f"{seconds:.3f}s" for seconds in (latency.p50_s, latency.p90_s, latency.p99_s, latency.max_s)),
    )
