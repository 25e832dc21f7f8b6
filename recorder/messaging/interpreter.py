"""Envelopes in, events out: who requested, published, accepted and read what, and the frame that proves it.

A response belongs to the oldest unanswered request with the same id on the same connection. Ids repeat in
practice; a repetition is only odd while the earlier request still waits, because then the pairing is a guess.
Nothing here raises, whatever a frame holds.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from typing import Any

import orjson

from . import typenames
from .changes import no_changes, odd_time, read_changes, server_time, shown
from .envelopes import (
    Envelope,
    Notification,
    Request,
    Response,
    Unreadable,
    envelope_of,
    id_text,
    is_too_large,
    one_or_many,
    parse,
)
from .events import (
    Event,
    Evidence,
    OddityNoticed,
    Proof,
    PublishLost,
    PublishRequested,
    ReceiptReported,
    RequestMade,
    Stamp,
)
from .exchanges import PendingRequest, identified_by, requested_event, response_events, token_in
from .fast_dict import Intern, answer_events, read_notification, read_publish, read_publish_answer
from .profiles import requested_profile
from .refusals import UNFILLED_PLACEHOLDER, placeholder_in
from .snapshots import (
    LAST_CONTENT,
    conversation_of,
    conversations_taken,
    read_last_content,
    snapshot,
    updated_at,
)

_loads = orjson.loads
_new = tuple.__new__  # a third of the time that a named tuple's own constructor takes

UPSERT = "UPSERT"
DELETE = "DELETE"


class Interpreter:
    """Reads the envelopes of one session, in the order of their frames.

    It keeps the unanswered requests of each connection, and the participant it speaks for.
    """

    def __init__(self) -> None:
        self._pending: dict[int, dict[str | None, deque[PendingRequest]]] = {}
        self._participants: dict[int, str] = {}
        self.intern: Intern = dict[str, str]().setdefault
        """Keeps each string once, for the readers of ``fast_dict``."""

    def connection_opened(self, connection: int, *, token: str | None, stamp: Stamp) -> list[Event]:
        """Our identity, if ``token`` (an Authorization value or its placeholder) names it."""
        identified = identified_by(token, stamp)
        if identified is None:
            return []
        self._participants[connection] = identified.participant
        return [identified]

    def read(self, data: bytes, stamp: Stamp, *, from_client: bool, binary: bool = False) -> Sequence[Event]:
        """The events of one payload: those of ``feed(parse(data, …), stamp)``, only faster. Never raises.

        A readable payload that came in ``binary`` frames or holds half a character adds an oddity.
        """
        try:
            raw = _loads(data)
        except (ValueError, RecursionError) as problem:
            envelope = parse(data, from_client=from_client, binary=binary)
            if type(envelope) is Unreadable or is_too_large(str(problem)):
                return self.feed(envelope, stamp)
            odd = _odd("half-character", "half of a surrogate pair in a text", Proof.CLAIMED, stamp)
            return [*self.feed(envelope, stamp), odd]
        if binary:
            odd = _odd("binary-frame", "JSON in a binary frame", Proof.CLAIMED, stamp)
            return [*self.read_json(raw, data, stamp, from_client=from_client), odd]
        if not from_client:
            common = read_notification(raw, self.intern, *stamp)
            if common is not None:
                return (common,)
        return self.read_json(raw, data, stamp, from_client=from_client)

    def read_json(self, raw: Any, data: bytes, stamp: Stamp, *, from_client: bool) -> Sequence[Event]:
        """The events of a payload whose JSON is decoded, and which ``read_notification`` did not read."""
        events = (
            self._read_common_publish(raw, stamp) if from_client else self._read_common_answer(raw, stamp)
        )
        return events or self.feed(envelope_of(raw, data, from_client=from_client), stamp)

    def _read_common_publish(self, raw: Any, stamp: Stamp) -> Sequence[Event] | None:
        events = read_publish(raw, self.intern, self._participants.get(stamp.connection), *stamp)
        if events is None:
            return None
        request, event = events
        pending, oddities = PendingRequest(stamp[0], request[1], event), list[Event]()
        self._add_pending(request.request_id, pending, request.evidence, oddities)
        return [*events, *oddities] if oddities else events

    def _read_common_answer(self, raw: Any, stamp: Stamp) -> Sequence[Event] | None:
        common = read_publish_answer(raw)
        queue = None if common is None else self._pending.get(stamp.connection, {}).get(common[0])
        if common is None or not queue:
            return None
        request_frame, event = queue[0].frame, queue[0].event
        if type(event) is not PublishRequested and type(event) is not ReceiptReported:
            return None
        evidence = _new(Evidence, (Proof.ACKNOWLEDGED, *stamp, None, False))
        events = answer_events(event, request_frame, *common, evidence)
        if events is not None:
            self._take_pending(stamp.connection, common[0])
        return events

    def feed(self, envelope: Envelope, stamp: Stamp) -> list[Event]:
        """The events of one envelope; empty if there are none. Never raises."""
        events = self._events_of(envelope, stamp)
        if not isinstance(envelope, Unreadable) and envelope.assumed is not None:
            proof = Proof.CLAIMED if envelope.from_client else Proof.ANNOUNCED
            events.append(_odd("assumed-type", envelope.assumed, proof, stamp))
        return events

    def _events_of(self, envelope: Envelope, stamp: Stamp) -> list[Event]:
        if type(envelope) is Notification:
            return self._on_notification(envelope, stamp)
        if type(envelope) is Response:
            return self._on_response(envelope, stamp)
        if type(envelope) is Request:
            return self._on_request(envelope, stamp)
        if type(envelope) is Unreadable:
            return [_odd("unreadable", f"{envelope.reason}: {envelope.detail}", Proof.CLAIMED, stamp)]
        return []

    def connection_ended(self, connection: int) -> list[Event]:
        """A ``PublishLost`` for every unanswered publish; the connection is forgotten."""
        self._participants.pop(connection, None)
        by_id = self._pending.pop(connection, {})
        unanswered = [pending for queue in by_id.values() for pending in queue]
        unanswered.sort(key=lambda pending: pending.frame)
        return [
            PublishLost(pending.frame) for pending in unanswered if type(pending.event) is PublishRequested
        ]

    def _on_notification(self, notification: Notification, stamp: Stamp) -> list[Event]:
        if notification.from_client:
            detail = f"the client sent a notification, {shown(notification.type)}"
            return [_odd("notification-from-client", detail, Proof.CLAIMED, stamp)]
        events: list[Event] = []
        read = _NOTIFICATIONS.get(notification.type)
        if read is not None:
            read(notification.body, stamp, events)
        elif notification.type not in typenames.NOTIFICATION_TYPES:
            events.append(_unknown("a notification", notification.type, Proof.ANNOUNCED, stamp))
        return events

    def _on_response(self, response: Response, stamp: Stamp) -> list[Event]:
        if response.from_client:
            detail = f"the client sent an answer, to {shown(response.request_id)}"
            return [_odd("answer-from-client", detail, Proof.CLAIMED, stamp)]
        events = response_events(self._take_pending(stamp.connection, response.request_id), response, stamp)
        if response.type and not typenames.is_known_answer(response.type) and (response.code or 0) < 400:
            events.append(_unknown("an answer", response.type, Proof.ANNOUNCED, stamp))
        return events

    def _on_request(self, request: Request, stamp: Stamp) -> list[Event]:
        if not request.from_client:
            detail = f"the service sent a request, {shown(request.type)}"
            return [_odd("request-from-service", detail, Proof.ANNOUNCED, stamp)]
        evidence = Evidence(Proof.CLAIMED, *stamp)
        dialog_id = _dialog_named(request)
        generation = 2 if str(request.raw.get("type")).startswith(".ams.") else 3
        events: list[Event] = [RequestMade(request.id, request.type, evidence, dialog_id, generation)]
        event, history_of = None, None
        if request.type == typenames.PUBLISH:
            participant = self._participants.get(stamp.connection)
            event = requested_event(request, evidence, events, participant=participant)
        elif request.type == typenames.INIT_CONNECTION:
            events += self.connection_opened(stamp.connection, token=token_in(request), stamp=stamp)
        elif request.type == typenames.QUERY_MESSAGES:
            history_of = dialog_id
        elif request.type not in typenames.REQUEST_TYPES:
            events.append(_unknown("a request", request.type, Proof.CLAIMED, stamp))
        placeholder = placeholder_in(request)
        if placeholder is not None:
            detail = f"{placeholder}, in {request.type or 'a request'}"
            events.append(OddityNoticed(UNFILLED_PLACEHOLDER, detail, evidence))
        pending = PendingRequest(
            stamp.frame, request.type, event, history_of, placeholder, requested_profile(request)
        )
        self._add_pending(request.id, pending, evidence, events)
        return events

    def _add_pending(
        self, request_id: str | None, pending: PendingRequest, evidence: Evidence, events: list[Event]
    ) -> None:
        """Queue a request under its id. Requests without an id count when the connection ends."""
        by_id = self._pending.setdefault(evidence.connection, {})
        queue = by_id.get(request_id)
        if queue is None:
            by_id[request_id] = deque((pending,))
            return
        if request_id is not None:
            detail = f"id {shown(request_id)} is used again while frame {queue[0].frame} waits for its answer"
            events.append(OddityNoticed("id-reused", detail, evidence))
        queue.append(pending)

    def _take_pending(self, connection: int, request_id: str | None) -> PendingRequest | None:
        """Take the request that this response belongs to."""
        by_id = self._pending.get(connection)
        queue = None if by_id is None or request_id is None else by_id.get(request_id)
        if by_id is None or not queue:
            return None
        pending = queue.popleft()
        if not queue:
            del by_id[request_id]
        return pending


def _dialog_named(request: Request) -> str | None:
    """The dialog that a request is about; a subscription may name its conversation alone."""
    if type(request.body) is not dict:
        return None
    dialog_id = id_text(request.body.get("dialogId"))
    if dialog_id is None and request.type == typenames.SUBSCRIBE_MESSAGES:
        return id_text(request.body.get("conversationId"))
    return dialog_id


def _read_messages(body: object, stamp: Stamp, events: list[Event]) -> None:
    dialog_id = body.get("dialogId") if type(body) is dict else None
    read_changes(body, Evidence(Proof.ANNOUNCED, *stamp), events, dialog_id=dialog_id)


def _read_conversations(body: object, stamp: Stamp, events: list[Event]) -> None:
    if type(body) is not dict or "changes" not in body:
        events.append(no_changes(body, Evidence(Proof.ANNOUNCED, *stamp)))
        return
    for change in one_or_many(body["changes"]):
        _read_conversation(change, stamp, events)


def _read_conversation(change: object, stamp: Stamp, events: list[Event]) -> None:
    result = change.get("result") if type(change) is dict else None
    if type(change) is not dict or type(result) is not dict:
        events.append(_odd("malformed-change", "a change without a result", Proof.ANNOUNCED, stamp))
        return
    updated = updated_at(result)
    evidence = Evidence(Proof.ANNOUNCED, *stamp, server_ms=server_time(updated))
    conversation_id, kind = conversation_of(result), change.get("type")
    if updated is not None and evidence.server_ms is None:
        events.append(odd_time(updated, evidence))
    if kind not in (UPSERT, DELETE):
        events.append(OddityNoticed("unknown-change", f"a change of type {shown(kind)}", evidence))
    if conversation_id is None:
        events.append(OddityNoticed("no-conversation", "a snapshot that names no conversation", evidence))
        return
    changed = snapshot(result, conversation_id, left_subscription=kind == DELETE, evidence=evidence)
    events.append(changed)
    if result.get(LAST_CONTENT) is not None:
        read_last_content(result[LAST_CONTENT], changed, stamp, events)


def _read_old_conversations(body: object, stamp: Stamp, events: list[Event]) -> None:
    """Of this notification only the form with changes is known to be of use; others are no oddity."""
    if type(body) is dict and "changes" in body:
        _read_conversations(body, stamp, events)


def _read_rings(body: object, stamp: Stamp, events: list[Event]) -> None:
    events += conversations_taken(body, Evidence(Proof.ANNOUNCED, *stamp))


_NOTIFICATIONS: dict[str, Callable[[Any, Stamp, list[Event]], None]] = {
    typenames.MESSAGING_EVENT: _read_messages,
    typenames.ONLINE_EVENT: _read_messages,
    typenames.CONVERSATION_CHANGE: _read_conversations,
    typenames.OLD_CONVERSATION_CHANGE: _read_old_conversations,
    typenames.ROUTING_TASK: _read_rings,
    typenames.RING_UPDATED: _read_rings,
}


def _odd(kind: str, detail: str, proof: Proof, stamp: Stamp) -> OddityNoticed:
    return OddityNoticed(kind, detail, Evidence(proof, *stamp))


def _unknown(what: str, name: str, proof: Proof, stamp: Stamp) -> OddityNoticed:
    detail = f"{what} of type {shown(name)}" if name else f"{what} without a type"
    return _odd("unknown-type", detail, proof, stamp)
