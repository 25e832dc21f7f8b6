"""Which connections of a recording belong to which consumer."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from recorder.messaging.events import ConversationChanged, ConversationOpened, Event, Identified, Stamp
from recorder.messaging.interpreter import Interpreter

from .timeline_events import RecordedClose, RecordedOpen, RecordedPayload, SessionRecord


@dataclass
class _Connection:
    """One connection: the token subjects it showed, the conversations and dialogs it dealt with.

    ``began`` and ``ended`` are indexes among all records; the times are None if unknown.
    """

    number: int
    began: int
    began_us: int | None = None
    ended: int | None = None
    ended_us: int | None = None
    subjects: set[str] = field(default_factory=set)
    dialogs: set[str] = field(default_factory=set)

    def was_open_at_the_beginning_of(self, other: _Connection) -> bool:
        """Whether this one was still open when the other one, which began later, began."""
        if self.ended_us is not None and other.began_us is not None:
            return self.ended_us > other.began_us
        return self.ended is None or self.ended > other.began


def consumer_by_connection(records: Iterable[SessionRecord]) -> dict[int, int]:
    """Connection → consumer, numbered from 0 in the order of their first connections.

    Connections with tokens of one subject, or with one conversation, are one consumer's: a conversation has
    only one. Any other connection that opens while nobody is connected, or after somebody left, is the
    consumer's who left last, unless both are identified and each has a conversation of its own. A connection
    that opens beside others is another consumer's.
    """
    consumers: list[list[_Connection]] = []
    consumer_of: dict[int, int] = {}
    for connection in _connections(records):
        consumer = _same_subject_or_dialog(connection, consumers)
        if consumer is None:
            consumer = _last_to_leave(connection, consumers)
        if consumer is None:
            consumer = len(consumers)
            consumers.append([])
        consumers[consumer].append(connection)
        consumer_of[connection.number] = consumer
    return consumer_of


def _same_subject_or_dialog(connection: _Connection, consumers: list[list[_Connection]]) -> int | None:
    for consumer, connections in enumerate(consumers):
        if any(
            connection.subjects & other.subjects or connection.dialogs & other.dialogs
            for other in connections
        ):
            return consumer
    return None


def _last_to_leave(connection: _Connection, consumers: list[list[_Connection]]) -> int | None:
    """Of the consumers not connected when this connection began, the one who left last; None: nobody."""
    candidates = [
        (max(other.ended or 0 for other in connections), consumer)
        for consumer, connections in enumerate(consumers)
        if not any(other.was_open_at_the_beginning_of(connection) for other in connections)
        and not _is_somebody_else(connection, connections)
    ]
    return max(candidates)[1] if candidates else None


def _is_somebody_else(connection: _Connection, connections: list[_Connection]) -> bool:
    subjects = {subject for other in connections for subject in other.subjects}
    return bool(subjects and connection.subjects and connection.dialogs) and any(
        other.dialogs for other in connections
    )


def _connections(records: Iterable[SessionRecord]) -> Iterable[_Connection]:
    """All connections, in the order they began."""
    interpreter, found = Interpreter(), dict[int, _Connection]()

    def facts(number: int, index: int, began_us: int | None = None) -> _Connection:
        return found.setdefault(number, _Connection(number, index, began_us))

    for index, record in enumerate(records):
        match record:
            case RecordedOpen(number, offset_us, token):
                events = interpreter.connection_opened(number, token=token, stamp=Stamp(0, number))
                _learn(facts(number, index, offset_us), events)
            case RecordedClose(number, offset_us):
                connection = facts(number, index)
                connection.ended, connection.ended_us = index, offset_us
            case RecordedPayload(stamp, from_client, data, binary):
                read = interpreter.read(data, stamp, from_client=from_client, binary=binary)
                _learn(facts(stamp.connection, index), read)
    return found.values()


def _learn(connection: _Connection, events: Iterable[Event]) -> None:
    for event in events:
        match event:
            case Identified():
                connection.subjects.add(event.participant)
            case ConversationOpened():
                connection.dialogs.add(event.conversation_id)
            case ConversationChanged():
                connection.dialogs |= {event.conversation_id, *(dialog.dialog_id for dialog in event.dialogs)}
            case _:
                named = (getattr(event, "dialog_id", None), getattr(event, "conversation_id", None))
                connection.dialogs |= {one for one in named if one is not None}
