"""The frames that filters leave in, while they are read."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

from recorder.report.frame_words import FrameWords
from recorder.wire.frames import Opcode, close_parts
from recorder.wire.payloads import PayloadAssembler
from recorder.wire.records import RecordedFrame

from .filters import Filters, PatternSearch, check_side
from .payload_query import json_of, leaves_of

_TYPES, _STATUSES = frozenset({"type"}), frozenset({"status", "code"})


class FrameFilter:
    """Passes on the frames of one session that are asked for.

    What a payload says is asked of the frame that completes it, with all of its fragments; a payload that is
    no JSON has no type, status, dialog and participant. The status of a Close frame is its code.
    """

    def __init__(self, filters: Filters, words: FrameWords | None = None) -> None:
        """``words`` are fed with all frames, since an answer is told by its request; they keep those of
        frames that pass.

        Raises:
            BadOption: the sender is no side of a connection.
        """
        check_side(filters.sender)
        self._words = words
        self._filters = filters
        self._payloads = PayloadAssembler()
        self._search = None if filters.grep is None else PatternSearch(filters.grep)
        self._left = filters.limit

    @property
    def is_full(self) -> bool:
        """Whether as many as there may be have passed."""
        return self._left is not None and self._left <= 0

    def passing(self, frames: Iterable[RecordedFrame]) -> Iterator[RecordedFrame]:
        """Those of the next frames that pass. Raises ``BadOption`` where a filter cannot be decided."""
        if self.is_full:
            return
        for frame in frames:
            words = "" if self._words is None else self._words.feed(frame)
            if not self._passes(frame):
                continue
            if self._words is not None:
                self._words.keep(frame, words)
            yield frame
            if self._left is not None:
                self._left -= 1
                if self.is_full:
                    return

    def _passes(self, frame: RecordedFrame) -> bool:
        filters = self._filters
        said = self._said(frame) if filters.read_payloads else None
        if filters.opcode not in (None, frame.opcode):
            return False
        if filters.sender not in (None, frame.sender.value):
            return False
        if not filters.is_within(frame.number, frame.offset_us, frame.at_us):
            return False
        return not filters.read_payloads or (said is not None and self._content_passes(frame, *said))

    def _said(self, frame: RecordedFrame) -> tuple[bytes, int | None] | None:
        """The payload that a frame completes, or the reason and the code of its close; None if neither."""
        if frame.opcode == Opcode.CLOSE:
            code, _ = close_parts(frame.payload)
            return frame.payload[2:], code
        if frame.opcode > Opcode.CLOSE:
            return frame.payload, None
        payload = self._payloads.feed(frame)
        return None if payload is None else (payload.data, None)

    def _content_passes(self, frame: RecordedFrame, data: bytes, code: int | None) -> bool:
        filters = self._filters
        if self._search is not None:
            text = data.decode("utf-8", errors="replace")
            if not self._search.found_in(text, f"frame #{frame.number}"):
                return False
        if code is not None:
            others = (filters.type, filters.dialog, filters.participant, filters.where)
            return filters.status in (None, str(code)) and not any(others)
        if all(
            each is None
            for each in (filters.type, filters.dialog, filters.status, filters.participant, filters.where)
        ):
            return True
        return self._is_json_that_passes(data)

    def _is_json_that_passes(self, data: bytes) -> bool:
        filters = self._filters
        try:
            document = json_of(data)
        except ValueError:
            return False
        if filters.where is not None and not filters.where.holds_for(document):
            return False
        found = _words_in(document)
        if filters.type is not None and not any(map(filters.has_type, found.types)):
            return False
        if filters.status is not None and filters.status not in found.statuses:
            return False
        return all(each in found.all for each in (filters.dialog, filters.participant) if each is not None)


class _Words(NamedTuple):
    """Texts in a document: of all values, of those called type, and (in lower case) status or code."""

    all: set[str]
    types: set[str]
    statuses: set[str]


def _words_in(document: Any) -> _Words:
    words = _Words(set(), set(), set())
    for key, value in leaves_of(document):
        if isinstance(value, str | int):
            text = str(value)
            words.all.add(text)
            if key in _TYPES:
                words.types.add(text)
            if key in _STATUSES:
                words.statuses.add(text.lower())
    return words
