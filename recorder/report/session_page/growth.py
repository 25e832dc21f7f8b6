"""What the page of a session is sent when frames have come: these frames, and what they change.

A growth is JSON. ``frames``, ``messages`` and ``facts`` are further rows of the columns; ``contents``,
``labels``, ``receiptWords``, ``dialogs`` and ``chunks`` go on, too. ``people`` is the whole list, or null: as
before; ``patched`` are rows of ``[frame, message + 1]``: publishes that have found their message; ``about``
are messages with more evidence.

It takes time for what has come, and not for the session. So it leaves out what looks at all of it, findings
and delays, and does not correct what was sent: the whole page is made anew for that (see ``served.py``).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from recorder.receipts.delays import Clocks
from recorder.receipts.evidence import TimelineEntry
from recorder.receipts.proofs import ProvenFact
from recorder.receipts.self_facts import KnownPeople
from recorder.receipts.state_changes import StateChange, ViewKey
from recorder.wire.records import ConnectionInfo, RecordedFrame, SessionInfo

from .blocks import Block, compact_json, json_block
from .document import SessionBlocks, connection_json


class Growth(NamedTuple):
    """What came: as JSON, and blocks that are full now."""

    data: bytes
    blocks: Sequence[Block]


class GrowingBlocks:
    """The blocks of a session that goes on; ``written`` has written those of its beginning."""

    def __init__(self, written: SessionBlocks) -> None:
        self._written = written
        written.frames.leave_ids()

    def knows_us(self, changes: Iterable[StateChange]) -> bool:
        """Whether the page has named those of us who take part in these changes."""
        shown = [change.message for change in changes if change.message is not None]
        return self._written.people.knows_us(shown)

    def grow(
        self,
        session: SessionInfo,
        connections: Iterable[ConnectionInfo],
        frames: Iterable[RecordedFrame],
        *,
        changes: Sequence[StateChange],
        proofs: Sequence[tuple[int, ProvenFact]],
        people: KnownPeople,
        clocks: Mapping[str | None, Clocks],
    ) -> Growth:
        """Add frames, the changes that they make and what they prove.

        ``people``, everybody whose role or name is known, and ``clocks`` are as of now.
        """
        written = self._written
        places, states, columns = written.places, written.states, written.frames
        before = _Sizes.of(written)
        shown = [change for change in changes if change.message is not None]
        for change in shown:
            if change.message is not None:
                places.add(change.key, change.message.dialog_id)
        others = written.people.grow(people, (each.message for each in shown if each.message is not None))
        states.grow(changes, clocks)
        patched = self._found_publishes(shown, before.frames)
        blocks = list(columns.full_blocks(frames, proofs))
        data = {
            "last": len(columns.columns),
            "state": session.state,
            "connections": [connection_json(each, session) for each in connections],
            "frames": columns.columns.since(before.frames),
            "messages": states.messages.since(before.messages),
            "facts": states.facts.since(before.facts),
            "contents": states.contents.since(before.contents),
            "labels": columns.labels.since(before.labels),
            "receiptWords": states.receipt_words.since(before.receipt_words),
            "dialogs": [{"id": each, "type": None} for each in places.dialogs[before.dialogs :]],
            "chunks": columns.chunks[before.chunks :],
            "people": written.people.rows() if others else None,
            "patched": patched,
            "about": self._about(proofs),
        }
        return Growth(compact_json(data), blocks)

    def _about(self, proofs: Iterable[tuple[int, ProvenFact]]) -> list[int]:
        """The places of the messages that something was proven of, be it known already."""
        keys = {(fact.dialog_id, fact.sequence or 0) for _, fact in proofs if fact.sequence is not None}
        return sorted(place for key in keys if (place := self._written.places.of.get(key)) is not None)

    def _found_publishes(self, changes: Iterable[StateChange], written: int) -> list[list[int]]:
        """Publishes with the place of their message; those whose frames are written have to be patched."""
        patched = []
        for change in changes:
            frame = None if change.message is None else change.message.request_frame
            if frame is not None:
                place = self._written.places.of[change.key]
                if self._written.publish_places.get(frame) != place and frame <= written:
                    patched.append([frame, place + 1])
                self._written.publish_places[frame] = place
        return patched

    def unfinished(self) -> Block | None:
        """The block of the last frames, as far as they have come; None if they fill one."""
        return self._written.frames.unfinished()

    def key_of(self, place: int) -> ViewKey | None:
        """What the message at a place goes by; None if there is none."""
        keys = self._written.places.keys
        return keys[place] if place < len(keys) else None

    def evidence(self, name: str, timeline: Iterable[TimelineEntry]) -> Block:
        """The evidence of one message as of now."""
        return json_block(name, [self._written.entry(entry) for entry in timeline])


class _Sizes(NamedTuple):
    """How much there is of everything that only grows."""

    frames: int
    messages: int
    facts: int
    contents: int
    labels: int
    receipt_words: int
    dialogs: int
    chunks: int

    @classmethod
    def of(cls, written: SessionBlocks) -> _Sizes:
        states, frames = written.states, written.frames
        return cls(
            len(frames.columns),
            len(states.messages),
            len(states.facts),
            len(states.contents),
            len(frames.labels),
            len(states.receipt_words),
            len(written.places.dialogs),
            len(frames.chunks),
        )
