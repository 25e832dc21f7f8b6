"""The facts that the rules read of the events of a session, event by event."""

from __future__ import annotations

from bisect import bisect_left, bisect_right, insort
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from recorder.messaging import typenames
from recorder.messaging.events import (
    ChatStateReported,
    ConversationChanged,
    Event,
    Evidence,
    Identified,
    MessagePublished,
    OddityNoticed,
    Proof,
    ReceiptReported,
    RequestAnswered,
    RequestMade,
)
from recorder.receipts.aliases import ParticipantTracker
from recorder.receipts.echoes import MessageKey
from recorder.receipts.state import Transcript

from .dependencies import Dependencies, Facts, Kind
from .dialog_numbers import Numbered, TakenBy, TakenNumbers, numbered
from .message_views import MessageViews

_SUBSCRIPTIONS = (typenames.SUBSCRIBE_MESSAGES, typenames.QUERY_MESSAGES)


_Order = tuple[int, int]
"""Of messages, receipts or snapshots; and the place among all that told of participants."""


class ParticipantsByDialog:
    """Participants of each dialog with their earliest evidence.

    Of one frame a message counts before a receipt, and that before a snapshot.
    """

    def __init__(self, dependencies: Dependencies) -> None:
        self._facts: Facts[str, dict[str, tuple[int, _Order, Evidence]]] = Facts(dependencies)
        self._first: dict[tuple[str, str], _Order] = {}
        self._noted = 0

    def note(self, dialog_id: str, participant: str, evidence: Evidence, kind: int) -> None:
        """Something shows a participant; ``kind`` 0: a message, 1: a receipt, 2: a snapshot."""
        self._noted += 1
        order, key = (kind, self._noted), (dialog_id, participant)
        first = self._first.get(key)
        if first is None or order < first:
            if first is None or kind < first[0]:
                self._facts.touch(dialog_id)
            self._first[key] = order
        people = self._facts.values.setdefault(dialog_id, {})
        known = people.get(participant)
        if known is None or (evidence.frame, order) < known[:2]:
            people[participant] = (evidence.frame, order, evidence)
            self._facts.touch(dialog_id)

    def of(self, dialog_id: str) -> dict[str, Evidence]:
        """Participants of a dialog with their earliest evidence, those first that messages showed."""
        people = self._facts.get(dialog_id) or {}
        listed = sorted(people, key=lambda who: self._first[dialog_id, who])
        return {who: people[who][2] for who in listed}


class EventFacts:
    """Lookups by message, dialog and request.

    Attributes:
        views, taken, participants, people: of these, see their classes.
        answers: the first response to each request, by the frame of the request.
        asked: requests by their frame.
        first_asked: the first request of each connection.
        subscriptions: requests for the messages of each dialog, in their order.
        subscription_frames: frames of the requests that a history may follow, rising.
        published_into: the dialogs that we published into.
        announced: frames of all announcements of each message, replays included, snapshots left out.
        first_echo: the first announcement of each message.
        echoed_messages: the dialogs in which a message of ours was announced.
        closed_dialogs: first evidence that each dialog is closed; later events may not reach this client.
        connections_of: the connections that carried messages or receipts of each dialog.
        with_events: the dialogs of which the service announced something.
        fetched: the dialogs whose history was fetched with QueryMessages, as v2 does it.
        consumers: conversation → consumer → the first frame that shows it there.
        first_shown: participant → the first frame that shows it.
        told: how often frames were told to show times of the service's that cannot be true.
        facts: whatever else rules read, by its name.
        given_answers, publishes, oddities: all answers, all messages with a publish of ours, all oddities.
    """

    def __init__(self, transcript: Transcript, dependencies: Dependencies) -> None:
        self.dependencies = dependencies
        self.views, self.taken = MessageViews(transcript), TakenNumbers(dependencies)
        self.participants = ParticipantsByDialog(dependencies)
        self.answers: Facts[int, RequestAnswered] = Facts(dependencies)
        self.asked: Facts[int, RequestMade] = Facts(dependencies)
        self.first_asked: Facts[int, int] = Facts(dependencies)
        self.subscriptions: Facts[str, list[RequestMade]] = Facts(dependencies)
        self.announced: Facts[MessageKey, list[int]] = Facts(dependencies)
        self.closed_dialogs: Facts[str, Evidence] = Facts(dependencies)
        self.connections_of: Facts[str, set[int]] = Facts(dependencies)
        self.with_events: Facts[str | None, bool] = Facts(dependencies)
        self.published_into: Facts[str | None, bool] = Facts(dependencies)
        self.fetched: Facts[str, bool] = Facts(dependencies)
        self.echoed_messages: Facts[str, bool] = Facts(dependencies)
        self.first_echo: Facts[MessageKey, MessagePublished] = Facts(dependencies)
        self.consumers: Facts[str, dict[str, int]] = Facts(dependencies)
        self.told: Facts[tuple[int, ...], int] = Facts(dependencies)
        self.facts: Facts[str, Any] = Facts(dependencies)
        self._asked_alike: Facts[tuple[int, str], list[int]] = Facts(dependencies)
        self._previous_subscription: Facts[None, None] = Facts(dependencies)
        self.given_answers: list[RequestAnswered] = []
        self.publishes: list[MessagePublished] = []
        self.oddities: list[OddityNoticed] = []
        self.first_shown: Facts[str, int] = Facts(dependencies)
        self._told_by: dict[MessageKey, tuple[int, int]] = {}
        self.people = ParticipantTracker()
        self.subscription_frames: list[int] = []
        self._asked_before = -1
        self._answered_queries: set[int] = set()
        self._dialogs_in: dict[int, set[str]] = {}
        self._own_messages: set[MessageKey] = set()

    def take(self, events: Iterable[Event]) -> list[Numbered]:
        """Take further events; what they announced under a number."""
        came: list[Numbered] = []
        for event in self.people.watch(events):
            rule = _RULES.get(type(event))
            if rule is not None:
                rule(self, event)
            if isinstance(event, MessagePublished | ReceiptReported):
                each = numbered(event)
                if each is not None:
                    came.append(each)
        return came

    def see_number(self, key: MessageKey) -> None:
        """A message has changed, or what took its number."""
        view = self.views.views.get(key)
        sent = None if view is None else view.sent
        unsent = view is not None and sent is None
        self.taken.see(key, unsent=unsent, snapshot=sent is not None and sent.snapshot)

    def _on_message(self, event: MessagePublished) -> None:
        dialog_id, author, evidence = event.dialog_id, event.author, event.evidence
        key = (dialog_id, event.sequence)
        self.taken.take(key, TakenBy(None, evidence.frame))
        self.see_number(key)
        self._carry(dialog_id, evidence)
        if author is not None:
            self.participants.note(dialog_id, author, evidence, 0)
            if evidence.frame > 0:
                self._show(author, evidence.frame)
        if evidence.proof is Proof.ANNOUNCED:
            if key not in self.first_echo.values:
                self.first_echo.put(key, event)
            if not evidence.snapshot:
                self.announced.values.setdefault(key, []).append(evidence.frame)
                self.announced.touch(key)
        if event.request_frame is not None:
            self._own_messages.add(key)
            self.publishes.append(event)
            self.dependencies.appear(Kind.PUBLISH, len(self.publishes) - 1)
        if key in self._own_messages and key in self.announced.values:
            self.echoed_messages.put(dialog_id, True)

    def _on_receipt(self, event: ReceiptReported) -> None:
        dialog_id, evidence = event.dialog_id, event.evidence
        if event.own_sequence is not None:
            key = (dialog_id, event.own_sequence)
            self.taken.take(key, TakenBy(event.status, evidence.frame))
            self.see_number(key)
        self._carry(dialog_id, evidence)
        if event.participant is not None:
            self.participants.note(dialog_id, event.participant, evidence, 1)

    def _carry(self, dialog_id: str, evidence: Evidence) -> None:
        """A connection carried something of a dialog."""
        known = self.connections_of.values.setdefault(dialog_id, set())
        if evidence.connection not in known:
            known.add(evidence.connection)
            self.connections_of.touch(dialog_id)
        if evidence.proof is Proof.ANNOUNCED:
            self.with_events.put(dialog_id, True)
        if evidence.frame in self._answered_queries:
            self.fetched.put(dialog_id, True)
            self.dependencies.touch(Kind.DIALOG, dialog_id)
        elif evidence.proof is Proof.ACKNOWLEDGED:
            self._dialogs_in.setdefault(evidence.frame, set()).add(dialog_id)

    def _on_chat_state(self, event: ChatStateReported) -> None:
        if event.evidence.proof is Proof.ANNOUNCED:
            self.with_events.put(event.dialog_id, True)

    def _on_request(self, event: RequestMade) -> None:
        frame, connection = event.evidence.frame, event.evidence.connection
        self.asked.put(frame, event)
        self.dependencies.appear(Kind.REQUEST, frame)
        if connection not in self.first_asked.values:
            self.first_asked.put(connection, frame)
        alike = (connection, event.type)
        insort(self._asked_alike.values.setdefault(alike, []), frame)
        self._asked_alike.touch(alike)
        self.facts.put(f"asked {event.type}", True)
        if event.generation == 2:
            self.facts.put("v2", True)
        if event.type == typenames.PUBLISH:
            self.published_into.put(event.dialog_id, True)
        if event.type in _SUBSCRIPTIONS:
            self._subscribe(event, frame)

    def _subscribe(self, event: RequestMade, frame: int) -> None:
        insort(self.subscription_frames, frame)
        if frame < self._asked_before:
            self._previous_subscription.touch(None)
        if event.dialog_id is not None:
            self.subscriptions.values.setdefault(event.dialog_id, []).append(event)
            self.subscriptions.touch(event.dialog_id)

    def _on_answer(self, event: RequestAnswered) -> None:
        self.given_answers.append(event)
        self.dependencies.appear(Kind.ANSWER, len(self.given_answers) - 1)
        frame = event.request_frame
        if frame is None or frame in self.answers.values:
            return
        self.answers.put(frame, event)
        asked = self.asked.values.get(frame)
        if asked is not None and asked.type == typenames.QUERY_MESSAGES:
            self._answered_queries.add(event.evidence.frame)
            for dialog_id in self._dialogs_in.get(event.evidence.frame, ()):
                self.fetched.put(dialog_id, True)
                self.dependencies.touch(Kind.DIALOG, dialog_id)

    def _on_conversation(self, event: ConversationChanged) -> None:
        for dialog_id in _closed_in(event):
            if dialog_id not in self.closed_dialogs.values:
                self.closed_dialogs.put(dialog_id, event.evidence)
        dialogs = {event.conversation_id, *(dialog.dialog_id for dialog in event.dialogs)}
        for one in event.participants:
            if one.state != "SUGGESTED":
                for dialog_id in dialogs:
                    self.participants.note(dialog_id, one.participant, event.evidence, 2)
            if one.role == "CONSUMER":
                known = self.consumers.values.setdefault(event.conversation_id, {})
                self.dependencies.appear(Kind.CONVERSATION, event.conversation_id)
                if one.participant not in known:
                    known[one.participant] = event.evidence.frame
                    self.consumers.touch(event.conversation_id)

    def _on_oddity(self, event: OddityNoticed) -> None:
        self.oddities.append(event)
        if event.kind == "id-reused":
            self.facts.put(f"reused {event.evidence.frame}", event.detail)
        kinds = self.facts.values.get("oddities", frozenset())
        self.facts.put("oddities", kinds | {event.kind})
        self.dependencies.appear(Kind.ODDITY, len(self.oddities) - 1)

    def _on_identified(self, event: Identified) -> None:
        frame, who = event.evidence.frame, event.participant
        if frame > 0:
            self._show(who, frame)

    def _show(self, who: str, frame: int) -> None:
        known = self.first_shown.values.get(who)
        if known is None or frame < known:
            self.first_shown.put(who, frame)

    def tell(self, key: MessageKey, frames: tuple[int, int] | None) -> None:
        """What announced a number is told to be dated before the one before it, by these frames."""
        known = self._told_by.pop(key, None)
        if frames is not None:
            self._told_by[key] = frames
        if known != frames:
            for each, more in ((known, -1), (frames, 1)):
                if each is not None:
                    self.told.put(each, self.told.values.get(each, 0) + more)

    def code_of(self, frame: int) -> int | None:
        """Code of the response to the request of this frame; None if there is none."""
        answer = self.answers.get(frame)
        return None if answer is None else answer.code

    def asked_next(self, request: RequestMade, after: int) -> RequestMade | None:
        """The next request of the same type on the same connection after a frame."""
        alike = (request.evidence.connection, request.type)
        frames = self._asked_alike.values.get(alike, [])
        place = bisect_right(frames, after)
        if place < len(frames):
            return self.asked.get(frames[place])
        self._asked_alike.note(alike)
        return None

    def subscription_before(self, frame: int) -> int | None:
        """The frame of the last request that a history may follow, before this frame."""
        self._asked_before = max(self._asked_before, frame)
        self._previous_subscription.note(None)
        place = bisect_left(self.subscription_frames, frame)
        return self.subscription_frames[place - 1] if place else None


_RULES: Mapping[type, Callable[..., None]] = {
    MessagePublished: EventFacts._on_message,
    ReceiptReported: EventFacts._on_receipt,
    ChatStateReported: EventFacts._on_chat_state,
    RequestMade: EventFacts._on_request,
    RequestAnswered: EventFacts._on_answer,
    ConversationChanged: EventFacts._on_conversation,
    OddityNoticed: EventFacts._on_oddity,
    Identified: EventFacts._on_identified,
}


def _closed_in(change: ConversationChanged) -> list[str]:
    if change.stage == "CLOSE" or (not change.dialogs and change.state == "CLOSE"):
        return [change.conversation_id, *(dialog.dialog_id for dialog in change.dialogs)]
    return [dialog.dialog_id for dialog in change.dialogs if dialog.state == "CLOSE"]
