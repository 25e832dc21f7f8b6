"""The findings of every moment as a page holds them: columns of small numbers, and texts that many share."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping, Sequence
from itertools import accumulate

from recorder.checks.finding_history import FindingHistory, ObservedSpan, RuleHistory
from recorder.checks.findings import FRAMES_SHOWN, OpenSentence, Outcome, Placeholder
from recorder.redaction.people import PeopleRedaction

from .blocks import Places
from .frames import FrameColumns
from .states import MessagePlaces

_NUMBER = re.compile(r"(?<![\w.])(0|[1-9]\d{0,14})(?!\w)", re.ASCII)
_A_NUMBER, _SECONDS, _END = 0, 1, 2
_PLACEHOLDERS = {Placeholder.SECONDS: _SECONDS, Placeholder.END: _END}
_MARKS = {Placeholder.SECONDS: "\ue000", Placeholder.END: "\ue001"}


class FindingColumns:
    """Writes the history of the findings of a session, whose frames are written."""

    def __init__(
        self, history: FindingHistory, places: MessagePlaces, redaction: PeopleRedaction, frames: FrameColumns
    ) -> None:
        self._history, self._places, self._redaction = history, places, redaction
        self._offsets = list(frames.columns.column("offset"))
        self._calendar = [
            at + (0 if math.isnan(offset) else offset)
            for at, offset in zip(frames.columns.column("at"), self._offsets, strict=True)
        ]
        self._texts, self._dialogs = Places(), Places(places.dialogs)
        self._columns: dict[str, list[int]] = {
            name: []
            for name in ("text", "numbers", "outcome", "since", "lasts", "frames", "count", "message")
        }
        self._about: dict[int, list[int | None]] = {}
        self._open: dict[int, list[int | None]] = {}
        self._first = self._message = 0

    def json(self) -> dict[str, object]:
        """All of it, as JSON has it."""
        history = self._history
        for rule in history.rules:
            for span in rule.spans:
                self._add(span)
        return {
            "rules": [[each.rule.id, each.severity, len(each.spans)] for each in history.rules],
            "texts": self._texts.values,
            **self._columns,
            "about": self._about,
            "open": self._open,
            "counts": _counts(history.rules),
            "last": len(history.ends) - 1,
            "ends": self._ends(),
            "endWords": history.end_words,
        }

    def _add(self, span: ObservedSpan) -> None:
        observation, columns = span.observation, self._columns
        row = len(columns["text"])
        frames = sorted(set(observation.frames))[:FRAMES_SHOWN]
        columns["outcome"].append(int(observation.outcome is Outcome.NOT_OBSERVABLE))
        columns["count"].append(len(frames))
        for frame in frames:
            columns["frames"].append(frame - self._first)
            self._first = frame
        self._first = first = frames[0] if frames else self._first
        columns["since"].append(span.since - first)
        columns["lasts"].append(0 if span.until is None else span.until - span.since)
        self._add_message(row, observation.dialog, observation.sequence)
        self._add_text(row, observation.sentence, first)

    def _add_message(self, row: int, dialog: str | None, sequence: int | None) -> None:
        place = None
        if dialog is not None and sequence is not None:
            place = self._places.of.get((dialog, sequence))
        if place is not None:
            self._columns["message"].append(place + 1 - self._message)
            self._message = place + 1
            return
        self._columns["message"].append(-self._message)
        self._message = 0
        if dialog is not None or sequence is not None:
            self._about[row] = [None if dialog is None else self._dialogs.of(dialog), sequence]

    def _add_text(self, row: int, sentence: str | OpenSentence, first: int) -> None:
        text: list[str | int] = []
        for part in self._parts(sentence):
            if isinstance(part, Placeholder):
                text.append(_PLACEHOLDERS[part])
                continue
            for place, piece in enumerate(_NUMBER.split(part)):
                if place % 2:
                    text.append(_A_NUMBER)
                    self._columns["numbers"].append(int(piece) - first)
                elif piece:
                    text.append(piece)
        self._columns["text"].append(self._texts.of(tuple(text)))
        if isinstance(sentence, OpenSentence):
            self._open[row] = self._since(sentence, first)

    def _parts(self, sentence: str | OpenSentence) -> Iterator[str | Placeholder]:
        redaction = self._redaction
        if isinstance(sentence, str):
            yield redaction.sentence(sentence)
        elif not redaction.parts:
            yield from sentence.parts
        else:
            marked = "".join(part if isinstance(part, str) else _MARKS[part] for part in sentence.parts)
            by_mark: Mapping[str, Placeholder] = {mark: each for each, mark in _MARKS.items()}
            for piece in re.split(f"([{''.join(by_mark)}])", redaction.sentence(marked)):
                yield by_mark.get(piece, piece)

    def _since(self, sentence: OpenSentence, first: int) -> list[int | None]:
        """The frame since which nothing has come; with both times where the frame has others."""
        times = (sentence.offset_us, sentence.at_us)
        if sentence.frame and times == self._times(sentence.frame - 1):
            return [sentence.frame - first]
        return list(times)

    def _times(self, place: int) -> tuple[int | None, int | None]:
        return (_whole(self._offsets[place]), _whole(self._calendar[place]))

    def _ends(self) -> list[list[int | None]]:
        """The frames whose latest times are not those of the frames so far."""
        latest_offset = [None, *accumulate(self._offsets, _later)]
        latest_at = [None, *accumulate(self._calendar, _later)]
        return [
            [frame, *end]
            for frame, end in enumerate(self._history.ends)
            if end != (_whole(latest_offset[frame]), _whole(latest_at[frame]))
        ]


def _later(one: float, other: float) -> float:
    return other if math.isnan(one) else one if math.isnan(other) else max(one, other)


def _whole(value: float | None) -> int | None:
    return None if value is None or math.isnan(value) else int(value)


def _counts(rules: Sequence[RuleHistory]) -> dict[str, list[object]]:
    """From frame to frame, which rules were satisfied how much more often: few such steps are different."""
    by_frame: dict[int, list[int]] = {}
    for number, rule in enumerate(rules):
        known = 0
        for frame, looked_at in rule.looked_at:
            by_frame.setdefault(frame, []).extend((number, looked_at - known))
            known = looked_at
    steps, frames, which, last = Places(), list[object](), list[object](), 0
    for frame, step in sorted(by_frame.items()):
        frames.append(frame - last)
        which.append(steps.of(tuple(step)))
        last = frame
    return {"steps": steps.values, "frames": frames, "which": which}
