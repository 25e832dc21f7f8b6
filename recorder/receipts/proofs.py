"""What one frame proves: the way back from a frame to the messages and receipts it is evidence for."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any, NamedTuple

from recorder.messaging.events import (
    ChatStateReported,
    ConversationChanged,
    ConversationOpened,
    ConversationTaken,
    Event,
    Identified,
    MessagePublished,
    OddityNoticed,
    ParticipantNamed,
    Proof,
    PublishLost,
    PublishRefused,
    PublishRequested,
    PublishTaken,
    ReceiptRefused,
    ReceiptReported,
    RequestAnswered,
    RequestMade,
)

from .echoes import Echo, MessageKey, probable_echoes
from .participants import PeopleWords, participant_word, people_words
from .queries import MessageView, ReceiptView, message_view, role_of
from .self_facts import known_people
from .selves import selves_of
from .state import Transcript


class ProvenFact(NamedTuple):
    """One fact that a frame proves, in words and in parts; a part that does not apply is None.

    Attributes:
        kind: message, receipt, publish, chat-state, identity, request, answer, conversation, oddity.
        proof: how well: the word of the level.
        status: of a receipt or chat state; the kind of an oddity.
        better: number of the frame that is shown as the proof of this message or receipt instead, being
            stronger or earlier; None if it is this one, or nothing is shown.
    """

    kind: str
    sentence: str
    proof: Proof
    dialog_id: str | None = None
    sequence: int | None = None
    participant: str | None = None
    role: str | None = None
    mine: bool | None = None
    status: str | None = None
    better: int | None = None


def proven_facts(events: Iterable[Event], transcript: Transcript, frame: int) -> list[ProvenFact]:
    """Every fact among ``events`` that this frame proves; ``transcript`` is what they were folded to."""
    return [fact for number, fact in all_proven_facts(events, transcript) if number == frame]


def all_proven_facts(
    events: Iterable[Event], transcript: Transcript, messages: Iterable[MessageView] = ()
) -> Iterator[tuple[int, ProvenFact]]:
    """Every fact among ``events``, after the number of the frame that proves it.

    ``messages`` are those of the transcript that were viewed already.
    """
    return FactReader(transcript).facts(events, messages)


class FactReader:
    """Describes events in words, with participants by role. Who we are is as of when it was made."""

    def __init__(self, transcript: Transcript) -> None:
        self._transcript = transcript
        self._selves = selves_of(transcript)
        self._words: PeopleWords = {}
        self._echoes: dict[MessageKey, Echo] = probable_echoes(transcript, self._selves)
        self._views: dict[MessageKey, MessageView] = {}

    def facts(
        self, events: Iterable[Event], messages: Iterable[MessageView] = ()
    ) -> Iterator[tuple[int, ProvenFact]]:
        """As ``all_proven_facts``; the transcript may have grown since the last call."""
        self._views = {
            (each.dialog_id, each.sequence): each
            for each in messages
            if each.dialog_id is not None and each.sequence is not None
        }
        self._words = people_words(known_people(self._transcript, self._selves))
        for event in events:
            if not isinstance(event, PublishLost):
                for fact in _READERS[type(event)](self, event):
                    yield event.evidence.frame, fact

    def _view(self, dialog_id: str, sequence: int) -> MessageView:
        key = (dialog_id, sequence)
        if key not in self._views:
            self._views[key] = message_view(self._transcript, *key, selves=self._selves, echoes=self._echoes)
        return self._views[key]

    def _person(
        self, participant: str | None, role: str | None, *, ours: bool, connection: int | None = None
    ) -> _Person:
        participant = participant or self._selves.id_of(connection if ours else None)
        mine = True if ours else self._selves.is_one(participant)
        role = role or role_of(self._transcript, participant)
        name = participant_word(participant, role, mine=mine, connection=connection, words=self._words)
        return _Person(participant, role, mine, name)

    def message(self, event: MessagePublished) -> Iterator[ProvenFact]:
        person = self._person(event.author, event.role, ours=event.mine, connection=event.evidence.connection)
        shown = self._view(event.dialog_id, event.sequence).sent
        where = ", shown in a snapshot" if event.evidence.snapshot else ""
        yield ProvenFact(
            "message",
            f"message {event.sequence} by {person.name} in dialog {event.dialog_id}{where}",
            event.evidence.proof,
            event.dialog_id,
            event.sequence,
            *person[:3],
            better=None if shown is None or shown.frame == event.evidence.frame else shown.frame,
        )

    def receipt(self, event: ReceiptReported) -> Iterator[ProvenFact]:
        person = self._person(
            event.participant, event.role, ours=event.mine, connection=event.evidence.connection
        )
        for sequence in event.sequences:
            fact = _receipt(event, sequence, event.status, person)
            yield fact._replace(better=self._better(event, sequence))

    def receipt_refused(self, event: ReceiptRefused) -> Iterator[ProvenFact]:
        person = self._person(event.participant, None, ours=True, connection=event.evidence.connection)
        for sequence in event.sequences:
            yield _receipt(event, sequence, f"{event.code} for {event.status}", person, event.reason)

    def _better(self, event: ReceiptReported, sequence: int) -> int | None:
        for shown in self._view(event.dialog_id, sequence).receipts:
            who = event.participant or self._selves.id_of(event.evidence.connection)
            same = shown.participant == who and (who is not None or _on_one_connection(shown, event))
            if same and shown.status == event.status and shown.evidence.frame != event.evidence.frame:
                return shown.evidence.frame
        return None

    def publish(self, event: PublishRequested) -> Iterator[ProvenFact]:
        where = f" in dialog {event.dialog_id}" if event.dialog_id is not None else ""
        you = self._person(event.author, None, ours=True, connection=event.evidence.connection).name
        yield self._ours("publish", f"a publish by {you}{where}", event)._replace(
            dialog_id=event.dialog_id, participant=event.author
        )

    def publish_refused(self, event: PublishRefused) -> Iterator[ProvenFact]:
        yield self._ours(
            "publish",
            f"{event.code} for your publish of frame #{event.request_frame}{_because(event.reason)}",
            event,
        )

    def taken(self, event: PublishTaken) -> Iterator[ProvenFact]:
        sentence = (
            f"your publish of frame #{event.request_frame} was taken, under a sequence that is not told"
        )
        yield self._ours("publish", sentence, event)

    def chat_state(self, event: ChatStateReported) -> Iterator[ProvenFact]:
        person = self._person(
            event.participant, event.role, ours=event.mine, connection=event.evidence.connection
        )
        sentence = f"{event.state} by {person.name} in dialog {event.dialog_id or 'unknown'}"
        proof = event.evidence.proof
        yield ProvenFact("chat-state", sentence, proof, event.dialog_id, None, *person[:3], event.state)

    def identity(self, event: Identified) -> Iterator[ProvenFact]:
        sentence = f"on connection {event.evidence.connection} you are {event.participant}"
        yield self._ours("identity", sentence, event)._replace(participant=event.participant)

    def named(self, event: ParticipantNamed) -> Iterator[ProvenFact]:
        ours = event.participant is None
        person = self._person(event.participant, None, ours=ours, connection=event.evidence.connection)
        known_as = person.name.removesuffix(f" {event.name}")  # it is what a profile told
        sentence = f'a profile names {known_as} "{event.name}"'
        yield ProvenFact("identity", sentence, event.evidence.proof, None, None, *person[:3])

    def request(self, event: RequestMade) -> Iterator[ProvenFact]:
        named = "without an id" if event.request_id is None else f'with id "{event.request_id}"'
        yield self._ours("request", f"a request {event.type} {named}", event)

    def answer(self, event: RequestAnswered) -> Iterator[ProvenFact]:
        code = "no code" if event.code is None else str(event.code)
        asked = (
            "no request that is known"
            if event.request_frame is None
            else f"the request of frame #{event.request_frame}"
        )
        sentence = f"{code} in answer to {asked}{_because(event.reason)}"
        yield ProvenFact("answer", sentence, event.evidence.proof)

    def opened(self, event: ConversationOpened) -> Iterator[ProvenFact]:
        yield ProvenFact(
            "conversation", f"conversation {event.conversation_id} was opened", event.evidence.proof
        )

    def conversation_taken(self, event: ConversationTaken) -> Iterator[ProvenFact]:
        yield ProvenFact(
            "conversation", f"conversation {event.conversation_id} was taken by you", event.evidence.proof
        )

    def conversation(self, event: ConversationChanged) -> Iterator[ProvenFact]:
        state = f"is {event.state or 'in no known state'}"
        did = "left this subscription" if event.left_subscription else state
        yield ProvenFact("conversation", f"conversation {event.conversation_id} {did}", event.evidence.proof)

    def oddity(self, event: OddityNoticed) -> Iterator[ProvenFact]:
        yield ProvenFact("oddity", f"odd: {event.detail}", event.evidence.proof, status=event.kind)

    def _ours(
        self,
        kind: str,
        sentence: str,
        event: PublishRequested | PublishRefused | PublishTaken | Identified | RequestMade,
    ) -> ProvenFact:
        return ProvenFact(kind, sentence, event.evidence.proof, mine=True)


def _on_one_connection(shown: ReceiptView, event: ReceiptReported) -> bool:
    """Whether a receipt is by the same unknown one: each of us is, on the own connection."""
    return not event.mine or shown.evidence.connection == event.evidence.connection


def _because(reason: str | None) -> str:
    return "" if reason is None else f": {reason}"


class _Person(NamedTuple):
    participant: str | None
    role: str | None
    mine: bool | None
    name: str


def _receipt(
    event: ReceiptReported | ReceiptRefused,
    sequence: int,
    what: str,
    person: _Person,
    reason: str | None = None,
) -> ProvenFact:
    named = f"message {sequence} of dialog {event.dialog_id}"
    sentence = f"{what} by {person.name} on {named}{_because(reason)}"
    proof = event.evidence.proof
    return ProvenFact("receipt", sentence, proof, event.dialog_id, sequence, *person[:3], event.status)


_READERS: dict[type, Callable[[FactReader, Any], Iterator[ProvenFact]]] = {
    MessagePublished: FactReader.message,
    ReceiptReported: FactReader.receipt,
    ReceiptRefused: FactReader.receipt_refused,
    PublishRequested: FactReader.publish,
    PublishRefused: FactReader.publish_refused,
    PublishTaken: FactReader.taken,
    ChatStateReported: FactReader.chat_state,
    Identified: FactReader.identity,
    ParticipantNamed: FactReader.named,
    RequestMade: FactReader.request,
    RequestAnswered: FactReader.answer,
    ConversationOpened: FactReader.opened,
    ConversationTaken: FactReader.conversation_taken,
    ConversationChanged: FactReader.conversation,
    OddityNoticed: FactReader.oddity,
}
