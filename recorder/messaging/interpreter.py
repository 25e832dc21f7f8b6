"""Envelopes in, facts out: who asked, published, accepted, read what, and which frame says so.

An answer belongs to the oldest unanswered question with the same id on the same connection. Ids repeat
in practice; a repetition is only odd while the earlier question still waits, because then the pairing is
a guess. Nothing here raises, whatever a frame holds.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from typing import Any

import orjson

from . import typenames
from .changes import changes_of, odd_time, read_change, server_time, shown
from .envelopes import (
    Envelope,
    Notification,
    Request,
    Response,
    Unreadable,
    envelope_of,
    id_text,
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
from .exchanges import Question, answered, identified_by, said_by, token_in
from .fast_dict import SameText, usual_answer, usual_event, usual_publish, usually_answered
from .snapshots import conversation_of, snapshot, updated_at

_loads = orjson.loads
_new = tuple.__new__  # a third of the time that a named tuple's own constructor takes

UPSERT = "UPSERT"
DELETE = "DELETE"


class Interpreter:
    """Reads the envelopes of one session, in the order of their frames.

    It remembers what its connections have asked and not yet heard of, and who they speak for.
    """

    def __init__(self) -> None:
        self._waiting: dict[int, dict[str | None, deque[Question]]] = {}
        self._participants: dict[int, str] = {}
        self.same: SameText = dict[str, str]().setdefault
        """Keeps each name once, for ``usual_event``."""

    def connection_opened(self, connection: int, *, token: str | None, stamp: Stamp) -> list[Event]:
        """Tell who we are, if ``token`` (an Authorization value or its placeholder) says so."""
        identified = identified_by(token, stamp)
        if identified is None:
            return []
        self._participants[connection] = identified.participant
        return [identified]

    def read(self, data: bytes, stamp: Stamp, *, from_client: bool, binary: bool = False) -> Sequence[Event]:
        """The facts in one payload: ``feed(parse(data, …), stamp)``, only faster. Never raises.

        What can be read all the same, though it came in ``binary`` frames or holds half a character, is
        odd beside.
        """
        try:
            raw = _loads(data)
        except (ValueError, RecursionError):
            envelope = parse(data, from_client=from_client, binary=binary)
            if type(envelope) is Unreadable:
                return self.feed(envelope, stamp)
            odd = _odd("half-character", "half of a surrogate pair in a text", Proof.CLAIMED, stamp)
            return [*self.feed(envelope, stamp), odd]
        if binary:
            odd = _odd("binary-frame", "JSON in a binary frame", Proof.CLAIMED, stamp)
            return [*self.understand(raw, data, stamp, from_client=from_client), odd]
        if not from_client:
            usual = usual_event(raw, self.same, *stamp)
            if usual is not None:
                return (usual,)
        return self.understand(raw, data, stamp, from_client=from_client)

    def understand(self, raw: Any, data: bytes, stamp: Stamp, *, from_client: bool) -> Sequence[Event]:
        """The facts in a payload whose JSON was read already, and which is not a ``usual_event``."""
        told = self._usually_asked(raw, stamp) if from_client else self._usually_answered(raw, stamp)
        return told or self.feed(envelope_of(raw, data, from_client=from_client), stamp)

    def _usually_asked(self, raw: Any, stamp: Stamp) -> Sequence[Event] | None:
        told = usual_publish(raw, self.same, self._participants.get(stamp.connection), *stamp)
        if told is None:
            return None
        asked, said = told
        question, oddities = Question(stamp[0], asked[1], said), list[Event]()
        self._wait(asked.request_id, question, asked.evidence, oddities)
        return [*told, *oddities] if oddities else told

    def _usually_answered(self, raw: Any, stamp: Stamp) -> Sequence[Event] | None:
        usual = usual_answer(raw)
        queue = None if usual is None else self._waiting.get(stamp.connection, {}).get(usual[0])
        if usual is None or not queue:
            return None
        request_frame, said = queue[0].frame, queue[0].said
        if type(said) is not PublishRequested and type(said) is not ReceiptReported:
            return None
        evidence = _new(Evidence, (Proof.ACKNOWLEDGED, *stamp, None))
        told = usually_answered(said, request_frame, *usual, evidence)
        if told is not None:
            self._question(stamp.connection, usual[0])
        return told

    def feed(self, envelope: Envelope, stamp: Stamp) -> list[Event]:
        """The facts in one envelope. An empty list where it tells nothing new. Never raises."""
        if type(envelope) is Notification:
            return self._notified(envelope, stamp)
        if type(envelope) is Response:
            return self._answered(envelope, stamp)
        if type(envelope) is Request:
            return self._asked(envelope, stamp)
        if type(envelope) is Unreadable:
            return [_odd("unreadable", f"{envelope.reason}: {envelope.detail}", Proof.CLAIMED, stamp)]
        return []

    def connection_ended(self, connection: int) -> list[Event]:
        """Tell of every publish that will not be answered any more, and forget the connection."""
        self._participants.pop(connection, None)
        waiting = self._waiting.pop(connection, {})
        questions = [question for queue in waiting.values() for question in queue]
        questions.sort(key=lambda question: question.frame)
        return [PublishLost(asked.frame) for asked in questions if type(asked.said) is PublishRequested]

    def _notified(self, notification: Notification, stamp: Stamp) -> list[Event]:
        if notification.from_client:
            detail = f"the client sent a notification, {shown(notification.type)}"
            return [_odd("notification-from-client", detail, Proof.CLAIMED, stamp)]
        tell: list[Event] = []
        read = _NOTIFICATIONS.get(notification.type)
        if read is not None:
            read(notification.body, stamp, tell)
        elif notification.type not in typenames.NOTIFICATION_TYPES:
            tell.append(_unknown("a notification", notification.type, Proof.ANNOUNCED, stamp))
        return tell

    def _answered(self, response: Response, stamp: Stamp) -> list[Event]:
        if response.from_client:
            detail = f"the client sent an answer, to {shown(response.request_id)}"
            return [_odd("answer-from-client", detail, Proof.CLAIMED, stamp)]
        tell = answered(self._question(stamp.connection, response.request_id), response, stamp)
        if response.type and not typenames.is_known_answer(response.type) and (response.code or 0) < 400:
            tell.append(_unknown("an answer", response.type, Proof.ANNOUNCED, stamp))
        return tell

    def _asked(self, request: Request, stamp: Stamp) -> list[Event]:
        if not request.from_client:
            detail = f"the service sent a request, {shown(request.type)}"
            return [_odd("request-from-service", detail, Proof.ANNOUNCED, stamp)]
        evidence = Evidence(Proof.CLAIMED, *stamp)
        tell: list[Event] = [RequestMade(request.id, request.type, evidence)]
        said, history_of = None, None
        if request.type == typenames.PUBLISH:
            me = self._participants.get(stamp.connection)
            said = said_by(request, evidence, tell, participant=me)
        elif request.type == typenames.INIT_CONNECTION:
            tell += self.connection_opened(stamp.connection, token=token_in(request), stamp=stamp)
        elif request.type == typenames.QUERY_MESSAGES and type(request.body) is dict:
            history_of = id_text(request.body.get("dialogId"))
        elif request.type not in typenames.REQUEST_TYPES:
            tell.append(_unknown("a request", request.type, Proof.CLAIMED, stamp))
        self._wait(request.id, Question(stamp.frame, request.type, said, history_of), evidence, tell)
        return tell

    def _wait(
        self, request_id: str | None, question: Question, evidence: Evidence, tell: list[Event]
    ) -> None:
        """Put a question in the queue for its id. One without an id still counts when all is lost."""
        waiting = self._waiting.setdefault(evidence.connection, {})
        queue = waiting.get(request_id)
        if queue is None:
            waiting[request_id] = deque((question,))
            return
        if request_id is not None:
            detail = f"id {shown(request_id)} is used again while frame {queue[0].frame} waits for its answer"
            tell.append(OddityNoticed("id-reused", detail, evidence))
        queue.append(question)

    def _question(self, connection: int, request_id: str | None) -> Question | None:
        """Take the question that this answer belongs to."""
        waiting = self._waiting.get(connection)
        queue = None if waiting is None or request_id is None else waiting.get(request_id)
        if waiting is None or not queue:
            return None
        question = queue.popleft()
        if not queue:
            del waiting[request_id]
        return question


def _read_messages(body: object, stamp: Stamp, tell: list[Event]) -> None:
    changes = changes_of(body)
    if changes is None:
        tell.append(_odd("malformed-body", f"changes are missing in {shown(body)}", Proof.ANNOUNCED, stamp))
        return
    dialog_id = body.get("dialogId") if type(body) is dict else None
    for change in changes:
        read_change(change, stamp, tell, dialog_id=dialog_id)


def _read_conversations(body: object, stamp: Stamp, tell: list[Event]) -> None:
    changes = one_or_many(body.get("changes")) if type(body) is dict and "changes" in body else None
    if changes is None:
        tell.append(_odd("malformed-body", f"changes are missing in {shown(body)}", Proof.ANNOUNCED, stamp))
        return
    for change in changes:
        _read_conversation(change, stamp, tell)


def _read_conversation(change: object, stamp: Stamp, tell: list[Event]) -> None:
    result = change.get("result") if type(change) is dict else None
    if type(change) is not dict or type(result) is not dict:
        tell.append(_odd("malformed-change", "a change without a result", Proof.ANNOUNCED, stamp))
        return
    updated = updated_at(result)
    evidence = Evidence(Proof.ANNOUNCED, *stamp, server_ms=server_time(updated))
    conversation_id, kind = conversation_of(result), change.get("type")
    if updated is not None and evidence.server_ms is None:
        tell.append(odd_time(updated, evidence))
    if kind not in (UPSERT, DELETE):
        tell.append(OddityNoticed("unknown-change", f"a change of type {shown(kind)}", evidence))
    if conversation_id is None:
        tell.append(OddityNoticed("no-conversation", "a snapshot that names no conversation", evidence))
        return
    tell.append(snapshot(result, conversation_id, left=kind == DELETE, evidence=evidence))


_NOTIFICATIONS: dict[str, Callable[[Any, Stamp, list[Event]], None]] = {
    typenames.MESSAGING_EVENT: _read_messages,
    typenames.ONLINE_EVENT: _read_messages,
    typenames.CONVERSATION_CHANGE: _read_conversations,
}


def _odd(kind: str, detail: str, proof: Proof, stamp: Stamp) -> OddityNoticed:
    return OddityNoticed(kind, detail, Evidence(proof, *stamp))


def _unknown(what: str, name: str, proof: Proof, stamp: Stamp) -> OddityNoticed:
    detail = f"{what} of type {shown(name)}" if name else f"{what} without a type"
    return _odd("unknown-type", detail, proof, stamp)
