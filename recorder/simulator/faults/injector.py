"""What becomes of receipts, numbers and requests in a bad mood: one decision for each of them, by dice."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any, NamedTuple

from ..protocol import conversations
from ..protocol.conversations import Conversation, Dialog, Json, Participant, Published
from ..protocol.request_parser import Refused
from .conditions import OfReceipts
from .config import CALM, ErrorAnswer, Moods
from .randomness import Dice

RECEIPT = "AcceptStatusEvent"


class Way(NamedTuple):
    """How something gets to its listeners: so much later, so often, or held until the next has passed.

    ``held_s`` is how long it is held at most; None: it is not.
    """

    late_s: float = 0.0
    copies: int = 1
    held_s: float | None = None


STRAIGHT = Way()


class Mischief:
    """Decides, for one set of moods. Without moods it never does anything but the usual."""

    def __init__(self, moods: Moods = CALM, dice: Dice | None = None) -> None:
        self._moods = moods
        self._dice = dice or Dice()
        self._about_the_way = self._moods_about_the_way()
        self._straight = all(mood is None for _, mood in self._about_the_way)
        self._numbers_as_usual = not (
            moods.sequence_gaps or moods.duplicated_receipts or moods.malformed_receipts
        )

    def publish(
        self,
        conversation: Conversation,
        dialog: Dialog,
        author: Participant,
        event: Json,
        *,
        metadata: list[Any] | None = None,
        now_ms: int,
    ) -> list[Published]:
        """Give ``event`` its number, and keep it; a receipt may be given twice, or come out malformed."""
        if self._numbers_as_usual:
            return [conversations.publish(dialog, author, event, metadata=metadata, now_ms=now_ms)]
        whose = conversation.consumer.participant
        copies = 1
        if event["type"] == RECEIPT:
            copies += self._given_again(author, event, whose)
            event = self._malformed(author, event, whose)
        told = []
        for _ in range(copies):
            if self._dice.takes("sequence_gaps", self._moods.sequence_gaps, whose):
                assert self._moods.sequence_gaps is not None  # noqa: S101 - else nothing is taken
                dialog.next_sequence += self._moods.sequence_gaps.size
            told.append(conversations.publish(dialog, author, event, metadata=metadata, now_ms=now_ms))
        return told

    def way(self, conversation: Conversation, published: Published) -> Way | None:
        """How it gets to its listeners; None: it does not."""
        event, author = published.event, published.author
        if self._straight or event["type"] != RECEIPT:
            return STRAIGHT
        whose = conversation.consumer.participant
        lost, late, again, swapped = (
            mood is not None
            and mood.concerns(role=author.role, status=event.get("status"))
            and self._dice.takes(name, mood, whose)
            for name, mood in self._about_the_way
        )
        if lost:
            return None
        moods = self._moods
        by, held = moods.late_receipts, moods.reordered_receipts
        return Way(
            late_s=self._dice.seconds("late_receipts", by.by, whose) if late and by else 0.0,
            copies=2 if again else 1,
            held_s=float(held.at_most) if swapped and held else None,
        )

    def refusal(self, request_type: str, event_type: object, whose: str) -> Refused | None:
        """The error that answers this request instead of what it asks for."""
        for place, mood in enumerate(self._moods.errors, start=1):
            if mood.concerns(request_type, event_type) and self._dice.takes(f"errors {place}", mood, whose):
                return Refused(mood.code, _says(mood))
        return None

    def keeps_silent(self, request_type: str, event_type: object, whose: str) -> bool:
        """Whether the request is never answered, though it is done."""
        for place, mood in enumerate(self._moods.unanswered, start=1):
            name = f"unanswered {place}"
            if mood.concerns(request_type, event_type) and self._dice.takes(name, mood, whose):
                return True
        return False

    def _moods_about_the_way(self) -> list[tuple[str, OfReceipts | None]]:
        moods = self._moods
        same = moods.duplicated_receipts
        return [
            ("lost_receipts", moods.lost_receipts),
            ("late_receipts", moods.late_receipts),
            ("duplicated_receipts", same if same is not None and same.number == "same" else None),
            ("reordered_receipts", moods.reordered_receipts),
        ]

    def _given_again(self, author: Participant, event: Json, whose: str) -> bool:
        mood = self._moods.duplicated_receipts
        return (
            mood is not None
            and mood.number == "new"
            and mood.concerns(role=author.role, status=event.get("status"))
            and self._dice.takes("duplicated_receipts", mood, whose)
        )

    def _malformed(self, author: Participant, event: Json, whose: str) -> Json:
        mood = self._moods.malformed_receipts
        if mood is None or not mood.concerns(role=author.role, status=event.get("status")):
            return event
        if not self._dice.takes("malformed_receipts", mood, whose):
            return event
        any_of = self._dice.of("malformed_receipts", whose)
        return MALFORMED[any_of.choice(HOWS) if mood.how == "any" else mood.how](event)


def _says(mood: ErrorAnswer) -> str:
    if mood.says is not None:
        return mood.says
    known = mood.code in HTTPStatus._value2member_map_
    return HTTPStatus(mood.code).phrase if known else f"Error {mood.code}"


def _with(event: Json, sequences: object) -> Json:
    return event | {"sequenceList": sequences}


def _without(event: Json, field: str) -> Json:
    return {key: held for key, held in event.items() if key != field}


# Every way in which a receipt can come out wrong.
MALFORMED = {
    "empty": lambda event: _with(event, []),
    "missing": lambda event: _without(event, "sequenceList"),
    "text": lambda event: _with(event, [f"message {one}" for one in event["sequenceList"]]),
    "negative": lambda event: _with(event, [-1 - one for one in event["sequenceList"]]),
    "repeated": lambda event: _with(event, event["sequenceList"] * 2),
    "nested": lambda event: _with(event, [event["sequenceList"]]),
    "no_status": lambda event: _without(event, "status"),
}
HOWS = sorted(MALFORMED)
