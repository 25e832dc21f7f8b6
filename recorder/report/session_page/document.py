"""The page of one session, or of two side by side, as the pieces of an HTML file."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from itertools import islice
from typing import NamedTuple

from recorder.counted import counted
from recorder.messaging.events import Evidence
from recorder.receipts.delays import clocks_by_dialog
from recorder.receipts.evidence import TimelineEntry
from recorder.receipts.numbers import REQUEST_TO_ANSWER, Count, Distribution, Latency
from recorder.redaction.people import Part, PeopleRedaction
from recorder.wire.endings import ending_words
from recorder.wire.records import ConnectionInfo, SessionInfo, iso_utc

from ..page import page_end, page_start
from .blocks import Block, block, json_block, packed
from .finding_columns import FindingColumns
from .frames import GROUPS, FrameColumns
from .id_references import IdReferences
from .people import People
from .plans import planned_data, points_of
from .source import SessionSource
from .states import CLOCKS, FACT_KINDS, STATUSES, StateColumns, people_in, place_in, places_of

EVIDENCE_ROWS = 500
"""Messages whose evidence is in one block."""
MOST_ROWS = 100
"""Participants, delays of theirs, and messages with planned receipts, that are listed."""
SCRIPTS = tuple(
    f"session/{name}.js"
    for name in (
        *("base", "model", "states", "virtual", "marks", "conversation", "moment", "timeline", "findings"),
        *("frames", "detail", "tables", "find", "copy", "main"),
    )
)
STYLES = ("common.css", "session/session.css")


class Pair(NamedTuple):
    """Messages of two sessions that are one and the same, by their places; None where it is in one only.

    ``changes`` are sentences about how they differ.
    """

    first: int | None
    second: int | None
    changes: Sequence[str] = ()


class Comparison(NamedTuple):
    """How two sessions are laid side by side: pairs in the order of the page, and what differs.

    ``same_wire``: both recorded one conversation, so that their calendar clocks can be compared.
    """

    pairs: Sequence[Pair]
    differences: Sequence[str]
    same_wire: bool


def document(
    sources: Sequence[SessionSource],
    *,
    redact: Collection[Part] = (),
    compare: Comparison | None = None,
) -> Iterator[str]:
    """The pieces of the file, which together are the page; each session is read once."""
    yield page_start(title_of(sources[0]), SCRIPTS, STYLES, app="session")
    rows = []
    for number, source in enumerate(sources):
        written = SessionBlocks(str(number), source, redact)
        yield from (each.element for each in written.blocks())
        rows.append(written.data)
    yield page_end(page_data(title_of(sources[0]), rows, redact, compare), SCRIPTS)


def title_of(source: SessionSource) -> str:
    """The title of the page of a session."""
    return f"session {source.session.name or source.session.session}"


def page_data(
    title: str,
    rows: Sequence[Mapping[str, object]],
    redact: Collection[Part],
    compare: Comparison | None = None,
) -> dict[str, object]:
    """What the page holds as JSON; ``rows`` are the ``data`` of its sessions."""
    return {
        "title": title,
        "words": {"kinds": FACT_KINDS, "statuses": STATUSES, "clocks": CLOCKS, "groups": GROUPS},
        "evidenceRows": EVIDENCE_ROWS,
        "redacted": sorted(redact),
        "sessions": rows,
        "pairs": None if compare is None else [list(pair) for pair in compare.pairs],
        "differences": None if compare is None else compare.differences,
        "sameWire": compare is not None and compare.same_wire,
    }


class SessionBlocks:
    """Writes the blocks of one session; then ``data`` is its part of the page's data."""

    def __init__(self, prefix: str, source: SessionSource, redact: Collection[Part]) -> None:
        self._prefix, self._source = prefix, source
        hides_names = "names" in redact
        self.places = places_of(source.changes)
        givers = people_in(source.changes)
        self.people = People(source.people, givers, known_as=source.self_of, ids=not hides_names)
        self._redaction = PeopleRedaction(redact, _letters(self.people, source) if hides_names else {})
        self.data: dict[str, object] = {}
        self.publish_places: dict[int, int] = {}
        self.states = StateColumns(self.places, self.people, {}, self._redaction.text)
        ids = IdReferences([*self.places.dialogs, *self.people.ids()])
        self.frames = FrameColumns(prefix, self.places, self.publish_places, self._redaction, ids)

    def blocks(self) -> Iterator[Block]:
        """All its blocks; the session is read as they are taken."""
        source, states, frames = self._source, self.states, self.frames
        states.grow(source.changes, clocks_by_dialog(source.messages))
        self.publish_places |= {key[1]: place for key, place in self.places.of.items() if key[0] is None}
        for message in source.messages:
            place = place_in(self.places, message)
            if message.request_frame is not None and place is not None:
                self.publish_places[message.request_frame] = place
        yield from frames.blocks(source.frames, source.proofs)
        evidence = 0
        for evidence, part in enumerate(self._evidence(), 1):
            yield json_block(f"{self._prefix}-evidence-{evidence - 1}", part)
        directory, data = packed({"frame": frames.columns, "message": states.messages, "fact": states.facts})
        yield block(f"{self._prefix}-columns", data)
        yield json_block(f"{self._prefix}-messages", {"contents": states.contents.values})
        findings = FindingColumns(source.findings, self.places, self._redaction, frames)
        yield json_block(f"{self._prefix}-findings", findings.json())
        self.data = {
            **_session_json(source.session),
            "last": source.last,
            "columns": directory,
            "chunks": frames.chunks,
            "labels": frames.labels.values,
            "receiptWords": states.receipt_words.values,
            "people": self.people.rows(),
            "dialogs": [
                {"id": dialog, "type": source.dialog_types.get(dialog or "")}
                for dialog in self.places.dialogs
            ],
            "connections": [connection_json(each, source.session) for each in source.connections],
            "honesty": self._honesty(states, frames),
            "rules": {rule.id: [rule.title, rule.explain] for rule in source.rules},
            "findingsByMoment": source.findings.by_moment,
            "distributions": [self._distribution(each) for each in source.distributions[:MOST_ROWS]],
            "counts": [self._count(each) for each in source.counts[:MOST_ROWS]],
            "requests": [source.requests, source.answered],
            "planned": planned_data(
                source.plans, self.places, MOST_ROWS, named="names" not in self._redaction.parts
            ),
        }

    # --- evidence ---

    def _evidence(self) -> Iterator[list[list[list[object]]]]:
        """For each message its rows, so many messages in a part; one that is shown for a while has none."""
        by_place: dict[int, list[list[object]]] = {}
        for message, timeline in zip(self._source.messages, self._source.timelines, strict=True):
            place = place_in(self.places, message)
            if place is not None:
                by_place[place] = [self.entry(entry) for entry in timeline]
        everywhere = (by_place.get(place, []) for place in range(len(self.places.keys)))
        while part := list(islice(everywhere, EVIDENCE_ROWS)):
            yield part

    def entry(self, entry: TimelineEntry) -> list[object]:
        """A row of the evidence of a message."""
        evidence, after = entry.evidence, entry.after
        who = self.people.place(_giver(entry))
        return [
            evidence.frame,
            self._redaction.sentence(entry.sentence),
            who,
            int(evidence.proof),
            evidence.server_ms,
            None if after is None else round(after.seconds * 1_000_000),
            CLOCKS.index("none" if after is None else after.clock),
            None if entry.reason is None else self._redaction.text(entry.reason),
        ]

    # --- in words ---

    def _distribution(self, found: Distribution) -> dict[str, object]:
        latency, seconds = found
        service = latency.kind == REQUEST_TO_ANSWER
        return {
            "kind": latency.kind,
            "who": "the service" if service else self.people.label(_who(latency)),
            "clock": latency.clock,
            "samples": latency.samples,
            "figures": [latency.p50_s, latency.p90_s, latency.p99_s, latency.max_s],
            "points": points_of(seconds),
        }

    def _count(self, count: Count) -> list[object]:
        return [self.people.label(_who(count)), count.sent, count.accepted, count.read]

    def _completeness(self) -> str:
        if self._source.missing is not None:
            return f"Incomplete: {self._source.missing}"
        if self._source.session.state == "recording":
            return "Still being recorded when this was written"
        return "Complete"

    def _honesty(self, states: StateColumns, frames: FrameColumns) -> list[str]:
        source, parts = self._source, self._redaction.parts
        authors = {row[0] for row in states.contents.values if isinstance(row, tuple) and row[3] is not None}
        whole = source.last >= source.session.frames
        lines = [
            self._completeness() if whole else f"Only up to frame #{source.last} of {source.session.frames}"
        ]
        secrets, before = frames.replaced.secrets, frames.replaced.parts
        taken = counted(secrets, "frame")
        lines.append(f"Secrets were replaced in {taken}" if secrets else "No secret was replaced in a frame")
        if parts:
            lines.append(f"Left out of this page: {_LEFT_OUT[tuple(sorted(parts))]}")
        if before - parts:
            lines.append(f"Left out before it was recorded here: {_LEFT_OUT[tuple(sorted(before))]}")
        people = "1 person" if len(authors) == 1 else f"{len(authors):,} people"
        if "text" in parts | before:
            lines.append("It holds no message text")
        else:
            lines.append(f"It holds message texts of {people}")
        return lines


_LEFT_OUT = {("names",): "names and ids", ("text",): "texts", ("names", "text"): "texts, names and ids"}


def _who(row: Count | Latency) -> str | int | None:
    participant = row.participant
    return row.connection if participant is None else participant


def _giver(entry: TimelineEntry) -> str | int | None:
    if entry.participant is not None or not entry.mine:
        return entry.participant
    evidence: Evidence = entry.evidence
    return evidence.connection


def _letters(people: People, source: SessionSource) -> Mapping[str, str]:
    """Every id and name of a person → what takes its place: what the page calls them."""
    letters = {}
    for who in [*source.people, *people_in(source.changes)]:
        if isinstance(who, str):
            letters[who] = people.label(who)
            if who in source.people and (name := source.people[who].name) is not None:
                letters[name] = letters[who]
    return letters


def _session_json(session: SessionInfo) -> dict[str, object]:
    return {
        "session": session.session,
        "name": session.name,
        "source": session.source,
        "state": session.state,
        "startedAtUs": session.started_at_us,
        "startedAt": iso_utc(session.started_at_us),
        "frames": session.frames,
    }


def connection_json(connection: ConnectionInfo, session: SessionInfo) -> dict[str, object]:
    """A connection as the page has it."""
    own = session.source in ("client", "replay")
    return {
        "url": connection.url,
        "provenance": connection.provenance or session.source,
        "fidelity": connection.fidelity or ("bytes" if own else "unknown"),
        "opened": connection.opened_offset_us,
        "closed": connection.closed_offset_us,
        "how": connection.how,
        "ending": ending_words(connection),
        "frames": connection.frames,
    }
