"""Decide, by the moods, what happens to each receipt, sequence and request."""

from __future__ import annotations

from collections.abc import Callable
from http import HTTPStatus
from typing import Any, NamedTuple

from recorder.messaging.events import Participant
from recorder.messaging.requests import Json

from ..protocol.conversations import PublishedEvent, SimulatedConversation, SimulatedDialog
from ..protocol.request_parser import RequestRefused
from .conditions import ReceiptCondition, RequestCondition
from .config import NO_MOODS, ErrorAnswer, Moods
from .randomness import Randomness

RECEIPT = "AcceptStatusEvent"


class DeliveryPlan(NamedTuple):
    """How an event is delivered to its subscribers.

    Attributes:
        delay_s: how much later than without moods.
        copies: how often.
        max_hold_s: held back until the dialog's next event is delivered, at most so long; None: not held.
    """

    delay_s: float = 0.0
    copies: int = 1
    max_hold_s: float | None = None


DIRECT = DeliveryPlan()


class FaultInjector:
    """The decisions for one set of moods; without moods every event and request is left as it is."""

    def __init__(self, moods: Moods = NO_MOODS, randomness: Randomness | None = None) -> None:
        self._moods = moods
        self._randomness = randomness or Randomness()

    def publish(
        self,
        dialog: SimulatedDialog,
        author: Participant,
        event: Json,
        *,
        metadata: list[Any] | None = None,
        now_ms: int,
    ) -> list[PublishedEvent]:
        """Publish ``event`` in the dialog; a receipt may be published twice, or malformed."""
        if event["type"] == "ChatStateEvent":  # takes no sequence
            return [dialog.publish(author, event, metadata=metadata, now_ms=now_ms)]
        consumer_id = dialog.conversation.consumer.participant
        copies = 1
        if event["type"] == RECEIPT:
            copies += self._is_given_twice(author, event, consumer_id)
            event = self._malformed(author, event, consumer_id)
        published = []
        for _ in range(copies):
            if self._randomness.applies("sequence_gaps", self._moods.sequence_gaps, consumer_id):
                assert self._moods.sequence_gaps is not None  # noqa: S101 - else nothing is taken
                dialog.next_sequence += self._moods.sequence_gaps.size
            published.append(dialog.publish(author, event, metadata=metadata, now_ms=now_ms))
        return published

    def delivery_plan(
        self, conversation: SimulatedConversation, published: PublishedEvent
    ) -> DeliveryPlan | None:
        """How an event is delivered to its subscribers; None: not at all."""
        event, role = published.event, published.author.role
        if event["type"] != RECEIPT:
            return DIRECT
        consumer_id, moods = conversation.consumer.participant, self._moods
        late, repeated, reordered = moods.late_receipts, moods.duplicated_receipts, moods.reordered_receipts
        same = repeated if repeated is not None and repeated.number == "same" else None
        is_lost, is_late, is_doubled, is_reordered = (
            self._affects(name, mood, role, event, consumer_id)
            for name, mood in (
                ("lost_receipts", moods.lost_receipts),
                ("late_receipts", late),
                ("duplicated_receipts", same),
                ("reordered_receipts", reordered),
            )
        )
        if is_lost:
            return None
        return DeliveryPlan(
            delay_s=self._randomness.delay_s("late_receipts", late.by, consumer_id)
            if is_late and late
            else 0.0,
            copies=2 if is_doubled else 1,
            max_hold_s=float(reordered.at_most) if is_reordered and reordered else None,
        )

    def _affects(
        self, name: str, mood: ReceiptCondition | None, role: str, event: Json, consumer_id: str
    ) -> bool:
        """Whether a mood about receipts applies to this receipt; counted only if role and status match."""
        return (
            mood is not None
            and mood.matches(role=role, status=event.get("status"))
            and self._randomness.applies(name, mood, consumer_id)
        )

    def refusal(self, request_type: str, event_type: object, consumer_id: str) -> RequestRefused | None:
        """The error response that replaces the response to this request; None if none does."""
        for number, mood in enumerate(self._moods.errors, start=1):
            if self._affects_request(f"errors {number}", mood, request_type, event_type, consumer_id):
                return RequestRefused(mood.code, _error_text(mood))
        return None

    def suppresses_response(self, request_type: str, event_type: object, consumer_id: str) -> bool:
        """Whether the request is carried out but never answered."""
        return any(
            self._affects_request(f"unanswered {number}", mood, request_type, event_type, consumer_id)
            for number, mood in enumerate(self._moods.unanswered, start=1)
        )

    def _affects_request(
        self, name: str, mood: RequestCondition, request_type: str, event_type: object, consumer_id: str
    ) -> bool:
        """Whether a mood about requests applies to this one; counted only if it matches."""
        applies = self._randomness.applies
        return mood.matches(request_type, event_type) and applies(name, mood, consumer_id)

    def _is_given_twice(self, author: Participant, event: Json, consumer_id: str) -> bool:
        mood = self._moods.duplicated_receipts
        if mood is None or mood.number != "new":
            return False
        return self._affects("duplicated_receipts", mood, author.role, event, consumer_id)

    def _malformed(self, author: Participant, event: Json, consumer_id: str) -> Json:
        mood = self._moods.malformed_receipts
        if mood is None or not self._affects("malformed_receipts", mood, author.role, event, consumer_id):
            return event
        generator = self._randomness.generator("malformed_receipts", consumer_id)
        return MALFORMED[generator.choice(MALFORMATIONS) if mood.how == "any" else mood.how](event)


def _error_text(mood: ErrorAnswer) -> str:
    if mood.says is not None:
        return mood.says
    known = mood.code in HTTPStatus._value2member_map_
    return HTTPStatus(mood.code).phrase if known else f"Error {mood.code}"


def _without(event: Json, field: str) -> Json:
    return {key: value for key, value in event.items() if key != field}


# How a receipt can be malformed, by the values of ``malformed_receipts: {how: ...}``.
MALFORMED: dict[str, Callable[[Json], Json]] = {
    "empty": lambda event: event | {"sequenceList": []},
    "missing": lambda event: _without(event, "sequenceList"),
    "text": lambda event: event | {"sequenceList": [f"message {each}" for each in event["sequenceList"]]},
    "negative": lambda event: event | {"sequenceList": [-1 - each for each in event["sequenceList"]]},
    "repeated": lambda event: event | {"sequenceList": event["sequenceList"] * 2},
    "nested": lambda event: event | {"sequenceList": [event["sequenceList"]]},
    "no_status": lambda event: _without(event, "status"),
}
MALFORMATIONS = sorted(MALFORMED)
