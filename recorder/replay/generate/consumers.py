"""Who is who in a recording: which of its connections belong to which consumer."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from recorder.messaging.envelopes import parse
from recorder.messaging.events import ConversationChanged, ConversationOpened, Event, Identified, Stamp
from recorder.messaging.interpreter import Interpreter

from .timeline_events import Began, Happening, Over, Said


@dataclass
class _Line:
    """One connection: as whom it spoke, and of which conversations.

    It began and ended at these places among all happenings, and, where that is known, at these times.
    """

    number: int
    began: int
    began_us: int | None = None
    ended: int | None = None
    ended_us: int | None = None
    subjects: set[str] = field(default_factory=set)
    talk: set[str] = field(default_factory=set)

    def was_open_at_the_beginning_of(self, other: _Line) -> bool:
        """Whether the other one, which began later, began beside this one."""
        if self.ended_us is not None and other.began_us is not None:
            return self.ended_us > other.began_us
        return self.ended is None or self.ended > other.began


def cast(happenings: Iterable[Happening]) -> dict[int, int]:
    """Connection → consumer, counted from 0 in the order of their first connections.

    One consumer are those who show tokens of one subject, or speak of one conversation: it has a single
    consumer, under whatever id. Of the others, who comes while nobody else is there, or when somebody has
    left, is taken for the last who left, unless both are known and have each had a conversation of their
    own. Who comes beside others is somebody else.
    """
    people: list[list[_Line]] = []
    consumer_of: dict[int, int] = {}
    for line in _lines(happenings):
        who = _known(line, people)
        if who is None:
            who = _returned(line, people)
        if who is None:
            who = len(people)
            people.append([])
        people[who].append(line)
        consumer_of[line.number] = who
    return consumer_of


def _known(line: _Line, people: list[list[_Line]]) -> int | None:
    for who, lines in enumerate(people):
        if any(line.subjects & other.subjects or line.talk & other.talk for other in lines):
            return who
    return None


def _returned(line: _Line, people: list[list[_Line]]) -> int | None:
    """Who left last, of those who were not there when this connection began; None: it is nobody of them."""
    left = [
        (max(other.ended or 0 for other in lines), who)
        for who, lines in enumerate(people)
        if not any(other.was_open_at_the_beginning_of(line) for other in lines)
        and not _is_another(line, lines)
    ]
    return max(left)[1] if left else None


def _is_another(line: _Line, lines: list[_Line]) -> bool:
    subjects = {subject for other in lines for subject in other.subjects}
    return bool(subjects and line.subjects and line.talk) and any(other.talk for other in lines)


def _lines(happenings: Iterable[Happening]) -> Iterable[_Line]:
    """All connections, in the order they began."""
    interpreter, lines = Interpreter(), dict[int, _Line]()
    for place, happening in enumerate(happenings):
        match happening:
            case Began(connection, offset_us, token):
                line = lines.setdefault(connection, _Line(connection, place, offset_us))
                stamp = Stamp(0, connection)
                _learn(line, interpreter.connection_opened(connection, token=token, stamp=stamp))
            case Over(connection, offset_us):
                line = lines.setdefault(connection, _Line(connection, place))
                line.ended, line.ended_us = place, offset_us
            case Said(stamp, from_client, data, binary):
                line = lines.setdefault(stamp.connection, _Line(stamp.connection, place))
                envelope = parse(data, from_client=from_client, binary=binary)
                _learn(line, interpreter.feed(envelope, stamp))
    return lines.values()


def _learn(line: _Line, events: Iterable[Event]) -> None:
    for event in events:
        match event:
            case Identified():
                line.subjects.add(event.participant)
            case ConversationOpened():
                line.talk.add(event.conversation_id)
            case ConversationChanged():
                line.talk |= {event.conversation_id, *(dialog.dialog_id for dialog in event.dialogs)}
            case _:
                named = (getattr(event, "dialog_id", None), getattr(event, "conversation_id", None))
                line.talk |= {one for one in named if one is not None}
