"""Derive the events of a recorded session that a script could reproduce, in order and without repetition.

Pure: payloads, connection starts and connection ends are arguments, with their times.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from recorder.messaging.changes import changes_of
from recorder.messaging.envelopes import Envelope, Notification, Request, parse
from recorder.messaging.events import (
    ChatStateReported,
    ConversationChanged,
    ConversationOpened,
    Event,
    Identified,
    MessagePublished,
    ReceiptReported,
    RequestAnswered,
    Stamp,
)
from recorder.messaging.interpreter import Interpreter

from ..run.receipt_batches import MessageId
from .timeline_events import (
    CONSUMER,
    ChatStateArrived,
    Connected,
    ConversationUpdated,
    Disconnected,
    MessageArrived,
    RawPayloadSent,
    ReceiptArrived,
    RecordedClose,
    RecordedOpen,
    RecordedPayload,
    RequestSent,
    ResponseReceived,
    SecondConnectionOpened,
    SessionRecord,
    TimelineEvent,
    UnansweredMessageSeen,
)


def timeline_events(
    records: Iterable[SessionRecord], consumer_of: Mapping[int, int]
) -> list[tuple[int, TimelineEvent]]:
    """Every event of the session once, in order, with the number of the consumer whose it is.

    ``consumer_of``: connection → consumer; connections that are missing in it are consumer 0's.
    """
    events_of: dict[int, _ConsumerEvents] = {}
    events: list[tuple[int, TimelineEvent]] = []
    for record in records:
        stamp = record.stamp if isinstance(record, RecordedPayload) else record
        consumer = consumer_of.get(stamp.connection, 0)
        consumer_events = events_of.setdefault(consumer, _ConsumerEvents())
        events += [(consumer, event) for event in consumer_events.feed(record)]
    return events


class _ConsumerEvents:
    """Derives one consumer's events, and drops what was seen before."""

    def __init__(self) -> None:
        self._interpreter = Interpreter()
        self._own_ids: set[str] = set()
        self._seen_keys: set[MessageId] = set()
        self._own_keys: set[MessageId] = set()
        self._unanswered_publishes: dict[int, tuple[int, str | None]] = {}
        self._seen_receipts: set[tuple[MessageId, str, str | None]] = set()
        self._open_connections: set[int] = set()

    def feed(self, record: SessionRecord) -> Iterator[TimelineEvent]:
        match record:
            case RecordedPayload():
                yield from self._payload(record)
            case RecordedOpen(connection, offset_us, token):
                self._learn_own_ids(
                    self._interpreter.connection_opened(connection, token=token, stamp=Stamp(0, connection))
                )
                at_s = _seconds(offset_us)
                yield (
                    SecondConnectionOpened(at_s, connection) if self._open_connections else Connected(at_s)
                )
                self._open_connections.add(connection)
            case RecordedClose(connection, offset_us, by_client, code):
                self._open_connections.discard(connection)
                if not self._open_connections:
                    yield Disconnected(_seconds(offset_us), by_client, code)

    def _payload(self, payload: RecordedPayload) -> Iterator[TimelineEvent]:
        frame, connection, _, offset_us = payload.stamp
        at_s = _seconds(offset_us)
        envelope = parse(payload.data, from_client=payload.from_client, binary=payload.binary)
        events = self._interpreter.feed(envelope, payload.stamp)
        self._learn_own_ids(events)
        if not payload.from_client:
            yield from self._received(envelope, events, frame, at_s)
        elif isinstance(envelope, Request):
            request = RequestSent(frame, at_s, connection, envelope, tuple(events), payload.data)
            if request.message is not None:
                self._unanswered_publishes[frame] = connection, request.message.text
            yield request
        else:
            yield RawPayloadSent(frame, at_s, payload.data, payload.binary)

    def _learn_own_ids(self, events: Iterable[Event]) -> None:
        self._own_ids |= {event.participant for event in events if isinstance(event, Identified)}

    def _received(
        self, envelope: Envelope, events: list[Event], frame: int, at_s: float | None
    ) -> Iterator[TimelineEvent]:
        conversation_id = next(
            (event.conversation_id for event in events if isinstance(event, ConversationOpened)), None
        )
        for event in events:
            match event:
                case RequestAnswered(ask) if ask is not None:
                    yield ResponseReceived(
                        frame, at_s, ask, event.code, conversation_id, self._published_key(events)
                    )
                    self._unanswered_publishes.pop(ask, None)
                case MessagePublished() if not event.evidence.snapshot:
                    yield from self._message(envelope, event, frame, at_s)
                case ReceiptReported(participant=who, role=role) if not self._is_own(who, role, event.mine):
                    yield from self._receipt(event, at_s)
                case ChatStateReported() if not self._is_own(event.participant, event.role, event.mine):
                    yield ChatStateArrived(at_s, event.dialog_id, event.state)
                case ConversationChanged():
                    yield ConversationUpdated(at_s, event)
                case _:
                    pass

    def _published_key(self, events: Iterable[Event]) -> MessageId | None:
        own = (event for event in events if isinstance(event, MessagePublished) and event.mine)
        return next((MessageId(event.dialog_id, event.sequence) for event in own), None)

    def _message(
        self, envelope: Envelope, event: MessagePublished, frame: int, at_s: float | None
    ) -> Iterator[TimelineEvent]:
        key = MessageId(event.dialog_id, event.sequence)
        if self._is_own(event.author, event.role, event.mine) or self._may_be_own(event):
            self._own_keys.add(key)
            if event.author is not None:
                self._own_ids.add(event.author)
            ask = None if key in self._seen_keys else self._unanswered_publish(event)
            if ask is not None:
                self._unanswered_publishes.pop(ask)
                yield UnansweredMessageSeen(at_s, ask, key)
        elif key not in self._seen_keys and key not in self._own_keys:
            yield MessageArrived(frame, at_s, key, event, _raw_event(envelope, event.sequence))
        self._seen_keys.add(key)

    def _may_be_own(self, event: MessagePublished) -> bool:
        texts = (text for _, text in self._unanswered_publishes.values())
        return event.role is None and event.text is not None and event.text in texts

    def _unanswered_publish(self, event: MessagePublished) -> int | None:
        """The first unanswered publish request for this text whose connection is over; None: none."""
        for frame, (connection, text) in self._unanswered_publishes.items():
            if text is not None and text == event.text and connection not in self._open_connections:
                return frame
        return None

    def _is_own(self, participant: str | None, role: str | None, mine: bool) -> bool:
        return mine or role == CONSUMER or (participant is not None and participant in self._own_ids)

    def _receipt(self, event: ReceiptReported, at_s: float | None) -> Iterator[TimelineEvent]:
        for sequence in event.sequences:
            key = MessageId(event.dialog_id, sequence)
            if (key, event.status, event.participant) not in self._seen_receipts:
                self._seen_receipts.add((key, event.status, event.participant))
                yield ReceiptArrived(at_s, key, event.status, event.evidence.server_ms)


def _raw_event(envelope: Envelope, sequence: int) -> Mapping[str, Any] | None:
    """The raw event with this sequence; None where there is none, or more than one."""
    changes = (changes_of(envelope.body) if isinstance(envelope, Notification) else None) or []
    dicts = (change for change in changes if isinstance(change, dict))
    found = [change for change in dicts if str(change.get("sequence")) == str(sequence)]
    event = found[0].get("event") if len(found) == 1 else None
    return event if isinstance(event, dict) else None


def _seconds(offset_us: int | None) -> float | None:
    return None if offset_us is None else offset_us / 1_000_000
