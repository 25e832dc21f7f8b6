"""The frames of a session: a row of numbers each, and their bytes in blocks that are inflated on demand."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping

from recorder.messaging.events import Proof
from recorder.receipts.proofs import ProvenFact
from recorder.redaction.people import PeopleRedaction
from recorder.redaction.replaced import REPLACED, ReplacedCount
from recorder.wire.frames import Opcode, Side
from recorder.wire.records import RecordedFrame

from ..frame_words import FrameWords
from .blocks import Block, NumberTable, Places, block, compact_json
from .id_references import IdReferences
from .states import MessagePlaces

GROUPS = ("message", "receipt", "request", "answer", "chat state", "conversation", "ping", "close", "other")
SAME_DIALOG = "\x01"
"""Stands in sentences about a frame for the id of the dialog that its message is in."""
LONGEST_LABEL = 80
CHUNK_BYTES = 384 * 1024
CHUNK_FRAMES = 4_096

_GROUP_OF_KIND = {
    "message": "message",
    "publish": "message",
    "receipt": "receipt",
    "chat-state": "chat state",
    "conversation": "conversation",
    "request": "request",
    "answer": "answer",
}
_RANK = (
    "message",
    "receipt",
    "publish",
    "chat-state",
    "conversation",
    "request",
    "answer",
    "identity",
    "oddity",
)
_CONTROL = {Opcode.PING: ("ping", "ping"), Opcode.PONG: ("pong", "ping"), Opcode.CLOSE: ("close", "close")}
_TOLD_BY_WORDS = ("conversation", "request", "answer", "identity", "oddity")
_HOW = {
    Proof.REFUSED: " refused",
    Proof.CLAIMED: " requested",
    Proof.ACKNOWLEDGED: " answered",
    Proof.ANNOUNCED: "",
}
_TYPE = re.compile(r"[A-Z][A-Za-z]{3,60}( |\Z)")
_FIN = 0x80


class FrameColumns:
    """Takes the frames in their order and yields their blocks; then ``columns`` and ``chunks`` are complete.

    Args:
        prefix: of the names of the blocks.
        places: where messages stand.
        publish_places: frame of a publish → place of its message.
        ids: those that the page holds.
    """

    def __init__(
        self,
        prefix: str,
        places: MessagePlaces,
        publish_places: Mapping[int, int],
        redaction: PeopleRedaction,
        ids: IdReferences,
    ) -> None:
        self._prefix, self._places, self._publish_places = prefix, places, publish_places
        self._redaction, self._ids = redaction, ids
        self._words = FrameWords()
        self.labels = Places()
        self.chunks: list[int] = []
        self.replaced = ReplacedCount()
        self.columns = NumberTable(
            {
                "connection": "H",
                "client": "B",
                "bits": "B",
                "head": "B",
                "size": "I",
                "proofs": "I",
                "offset": "d",
                "at": "d",
                "label": "I",
                "group": "B",
                "message": "I",
                "flags": "B",
            }
        )
        self._data = bytearray()
        self._first: int | None = None

    def blocks(
        self, frames: Iterable[RecordedFrame], proofs: Iterable[tuple[int, ProvenFact]]
    ) -> Iterator[Block]:
        """The blocks of these frames; ``proofs`` come in the same order."""
        yield from self.full_blocks(frames, proofs)
        rest = self.unfinished()
        if rest is not None:
            yield rest
            self._end_run()

    def full_blocks(
        self, frames: Iterable[RecordedFrame], proofs: Iterable[tuple[int, ProvenFact]]
    ) -> Iterator[Block]:
        """The blocks that these frames fill; what is left waits for further frames, see ``unfinished``."""
        facts = _FactsByFrame(proofs)
        for frame in frames:
            if self._first is None:
                self._first = frame.number
                self.chunks.append(frame.number)
            self._add(frame, facts.of(frame.number))
            if len(self._data) >= CHUNK_BYTES or frame.number - self._first + 1 >= CHUNK_FRAMES:
                yield self._block()
                self._end_run()

    def unfinished(self) -> Block | None:
        """The block of the frames that do not fill one yet; None if there are none."""
        return None if self._first is None else self._block()

    def leave_ids(self) -> None:
        """Write ids as they are from now on: those that come have no place in the page's lists."""
        self._ids = IdReferences([])

    def _block(self) -> Block:
        return block(f"{self._prefix}-frames-{len(self.chunks) - 1}", self._ids.shortened(bytes(self._data)))

    def _end_run(self) -> None:
        self._first = None
        self._data.clear()

    def _add(self, frame: RecordedFrame, facts: list[ProvenFact]) -> None:
        payload = self._redaction.payload(frame.payload, is_text=frame.opcode == Opcode.TEXT)
        head = frame.head or b""
        self._data += head
        self._data += payload
        proofs = self._proofs(frame, facts)
        self._data += proofs  # behind the payload whose words they repeat: so they take little room
        label, group, message = self._described(frame, facts)
        withheld = frame.compressed is not None and frame.compressed.withheld is not None
        replaced = self.replaced.add(frame.payload) if frame.redacted else ()
        self.columns.add(
            frame.connection,
            frame.sender is Side.CLIENT,
            (_FIN if frame.fin else 0) | (frame.rsv & 7) << 4 | (frame.opcode & 15),
            len(head),
            len(payload),
            len(proofs),
            frame.offset_us,
            None if frame.at_us is None else frame.at_us - (frame.offset_us or 0),
            self.labels.of(label),
            GROUPS.index(group),
            message,
            frame.redacted
            | (frame.violation is not None) << 1
            | withheld << 2
            | sum(8 << place for place, kind in enumerate(REPLACED) if kind in replaced),
        )

    def _proofs(self, frame: RecordedFrame, facts: list[ProvenFact]) -> bytes:
        rows: list[tuple[object, ...]] = [self._proof(frame.number, facts, each) for each in facts]
        if frame.violation is not None:
            rows.append((f"against RFC 6455: {frame.violation}", -1))
        return compact_json(rows) if rows else b""

    def _proof(self, number: int, facts: list[ProvenFact], fact: ProvenFact) -> tuple[object, ...]:
        sentence = self._redaction.sentence(fact.sentence)
        message = self._message(number, facts)
        dialog_id = None if message < 0 else self._places.dialogs[self._places.dialog_of[message]]
        if dialog_id is not None and dialog_id == fact.dialog_id:
            sentence = sentence.replace(dialog_id, SAME_DIALOG)
        row = (sentence, int(fact.proof))
        return row if fact.better is None else (*row, fact.better)

    def _described(self, frame: RecordedFrame, facts: list[ProvenFact]) -> tuple[str, str, int]:
        """Label, group, and the place of the message that it is about, plus 1."""
        words = self._said(frame)
        if frame.opcode in _CONTROL:
            return (*_CONTROL[Opcode(frame.opcode)], 0)
        if not facts:
            return (words, "other", 0)
        first = min(facts, key=lambda fact: _RANK.index(fact.kind))
        return (
            words if first.kind in _TOLD_BY_WORDS else _label(first),
            _GROUP_OF_KIND.get(first.kind, "other"),
            self._message(frame.number, facts) + 1,
        )

    def _said(self, frame: RecordedFrame) -> str:
        """What the frame is, in a few words; without what people wrote, where that is left out."""
        words = self._words.feed(frame)
        if self._redaction.parts and not _TYPE.match(words):
            return "text" if frame.opcode == Opcode.TEXT else "data"
        words = self._redaction.sentence(words)
        return words if len(words) <= LONGEST_LABEL else f"{words[: LONGEST_LABEL - 1]}…"

    def _message(self, number: int, facts: list[ProvenFact]) -> int:
        for fact in facts:
            if fact.dialog_id is not None and fact.sequence is not None:
                return self._places.of.get((fact.dialog_id, fact.sequence), -1)
        return self._publish_places.get(number, -1)


def _label(fact: ProvenFact) -> str:
    if fact.kind == "chat-state":
        return (fact.status or "chat state").lower()
    what = (fact.status or "receipt") if fact.kind == "receipt" else fact.kind
    return what if fact.kind == "publish" else what + _HOW[fact.proof]


class _FactsByFrame:
    """Hands out the facts of each frame in turn; those of no frame are dropped."""

    def __init__(self, proofs: Iterable[tuple[int, ProvenFact]]) -> None:
        self._coming = iter(proofs)
        self._next = next(self._coming, None)

    def of(self, number: int) -> list[ProvenFact]:
        found = []
        while self._next is not None and self._next[0] <= number:
            if self._next[0] == number:
                found.append(self._next[1])
            self._next = next(self._coming, None)
        return found
