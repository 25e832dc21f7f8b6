"""What happened in a recorded session, in order, as far as a script could bring it about again.

Pure: the payloads and the ends of connections are handed in, with their times.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple

from recorder.messaging import typenames
from recorder.messaging.changes import changes_of
from recorder.messaging.envelopes import Envelope, Notification, Request, parse
from recorder.messaging.events import (
    ChatStateReported,
    ConversationChanged,
    ConversationOpened,
    Event,
    Identified,
    MessagePublished,
    PublishAsked,
    ReceiptReported,
    RequestAnswered,
    Stamp,
)
from recorder.messaging.interpreter import Interpreter

from ..run.receipt_schedule import MessageKey

CONSUMER = "CONSUMER"
WHOLE = ""
"""Closed is not one dialog, but the conversation with all of them."""

# --- what is handed in -----------------------------------------------------------------------------------


class Said(NamedTuple):
    """A payload of either side."""

    stamp: Stamp
    from_client: bool
    data: bytes
    binary: bool = False


class Began(NamedTuple):
    """A connection was opened. ``token`` stood in its handshake, redacted or not; None if none did."""

    connection: int
    offset_us: int | None
    token: str | None


class Over(NamedTuple):
    """A connection ended; ``by_client`` None where nobody said goodbye."""

    connection: int
    offset_us: int | None
    by_client: bool | None
    code: int | None


Happening = Said | Began | Over

# --- what is given back ----------------------------------------------------------------------------------


class Asked(NamedTuple):
    """The consumer sent a request. ``told`` is what follows from it. Times are seconds, None if unknown."""

    frame: int
    at_s: float | None
    connection: int
    request: Request
    told: tuple[Event, ...]

    @property
    def message(self) -> PublishAsked | None:
        """The message it asks to publish, if it does."""
        return next((event for event in self.told if isinstance(event, PublishAsked)), None)

    @property
    def text(self) -> str | None:
        """The plain text it asks to publish, if it does."""
        said = self.message
        return said.text if said is not None and said.type == "text/plain" else None

    @property
    def receipt(self) -> ReceiptReported | None:
        """The receipt it gives, if it does."""
        return next((event for event in self.told if isinstance(event, ReceiptReported)), None)

    @property
    def changes(self) -> list[dict[str, Any]]:
        """The fields of a conversation it asks to change; none where it is about something else."""
        body = self.request.body
        if self.request.type != typenames.UPDATE_CONVERSATION or not isinstance(body, dict):
            return []
        fields = body.get("conversationField")
        return [one for one in (fields if isinstance(fields, list) else [fields]) if isinstance(one, dict)]

    @property
    def closings(self) -> list[str]:
        """What it asks to close: ids of dialogs, or ``WHOLE``."""
        return [closed for change in self.changes if (closed := _closed(change)) is not None]

    @property
    def dialog_id(self) -> str | None:
        """The dialog it is said in; None where it is about something else."""
        said = self.message or self.receipt or self.chat_state
        return None if said is None else said.dialog_id

    @property
    def chat_state(self) -> ChatStateReported | None:
        """The chat state it tells, if it does."""
        return next((event for event in self.told if isinstance(event, ChatStateReported)), None)


class Uttered(NamedTuple):
    """The consumer sent what is no request."""

    frame: int
    at_s: float | None
    data: bytes
    binary: bool


class Answered(NamedTuple):
    """The service answered the request of frame ``ask``. ``key`` is the place a message got."""

    frame: int
    at_s: float | None
    ask: int
    code: int | None
    conversation_id: str | None
    key: MessageKey | None


class Echoed(NamedTuple):
    """A message turned up whose connection was over before it was answered; ``key`` is the place it got."""

    frame: int
    at_s: float | None
    ask: int
    key: MessageKey


class Arrived(NamedTuple):
    """A message of the other side was heard of for the first time. ``event`` is it as it came, if found."""

    frame: int
    at_s: float | None
    key: MessageKey
    message: MessagePublished
    event: Mapping[str, Any] | None = None


class Receipted(NamedTuple):
    """Somebody of the other side gave a receipt for a message of ours, this one for the first time."""

    frame: int
    at_s: float | None
    key: MessageKey
    status: str
    server_ms: int | None = None


class Typed(NamedTuple):
    """The other side told its chat state."""

    frame: int
    at_s: float | None
    dialog_id: str | None
    state: str


class Shown(NamedTuple):
    """A conversation as it stands now."""

    frame: int
    at_s: float | None
    conversation: ConversationChanged


class Connected(NamedTuple):
    """A connection was opened, after those before it had ended (else it is left out)."""

    at_s: float | None
    connection: int
    token: str | None


class Beside(NamedTuple):
    """A connection was opened while another one was there: another consumer, or a second window."""

    at_s: float | None
    connection: int


class Left(NamedTuple):
    """The only open connection ended."""

    at_s: float | None
    connection: int
    by_client: bool | None
    code: int | None


Moment = Asked | Uttered | Answered | Echoed | Arrived | Receipted | Typed | Shown | Connected | Beside | Left


def recollect(happenings: Iterable[Happening]) -> list[Moment]:
    """Everything that happened to one consumer, each fact once, in the order given."""
    return [moment for _, moment in recollect_all(happenings, {})]


def recollect_all(
    happenings: Iterable[Happening], consumer_of: Mapping[int, int]
) -> list[tuple[int, Moment]]:
    """The same of several consumers, each with their number. Of connections not named it is number 0."""
    memories: dict[int, _Memory] = {}
    told: list[tuple[int, Moment]] = []
    for happening in happenings:
        stamp = happening.stamp if isinstance(happening, Said) else happening
        who = consumer_of.get(stamp.connection, 0)
        memory = memories.setdefault(who, _Memory())
        told += [(who, moment) for moment in memory.take(happening)]
    return told


class _Memory:
    def __init__(self) -> None:
        self._interpreter = Interpreter()
        self._us: set[str] = set()
        self._keys: set[MessageKey] = set()
        self._ours: set[MessageKey] = set()
        self._asking: dict[int, tuple[int, str | None]] = {}
        self._receipts: set[tuple[MessageKey, str, str | None]] = set()
        self._open: set[int] = set()

    def take(self, happening: Happening) -> Iterator[Moment]:
        match happening:
            case Said():
                yield from self._said(happening)
            case Began(connection, offset_us, token):
                self._note(
                    self._interpreter.connection_opened(connection, token=token, stamp=Stamp(0, connection))
                )
                at_s = _seconds(offset_us)
                yield Beside(at_s, connection) if self._open else Connected(at_s, connection, token)
                self._open.add(connection)
            case Over(connection, offset_us, by_client, code):
                self._open.discard(connection)
                if not self._open:
                    yield Left(_seconds(offset_us), connection, by_client, code)

    def _said(self, said: Said) -> Iterator[Moment]:
        frame, connection, _, offset_us = said.stamp
        at_s = _seconds(offset_us)
        envelope = parse(said.data, from_client=said.from_client, binary=said.binary)
        events = self._interpreter.feed(envelope, said.stamp)
        self._note(events)
        if not said.from_client:
            yield from self._heard(envelope, events, frame, at_s)
        elif isinstance(envelope, Request):
            asked = Asked(frame, at_s, connection, envelope, tuple(events))
            if asked.message is not None:
                self._asking[frame] = connection, asked.message.text
            yield asked
        else:
            yield Uttered(frame, at_s, said.data, said.binary)

    def _note(self, events: Iterable[Event]) -> None:
        self._us |= {event.participant for event in events if isinstance(event, Identified)}

    def _heard(
        self, envelope: Envelope, events: list[Event], frame: int, at_s: float | None
    ) -> Iterator[Moment]:
        opened = next(
            (event.conversation_id for event in events if isinstance(event, ConversationOpened)), None
        )
        for event in events:
            match event:
                case RequestAnswered(ask) if ask is not None:
                    yield Answered(frame, at_s, ask, event.code, opened, self._own_key(events))
                    self._asking.pop(ask, None)
                case MessagePublished():
                    yield from self._published(envelope, event, frame, at_s)
                case ReceiptReported(participant=who, role=role) if not self._is_us(who, role, event.mine):
                    yield from self._receipted(event, frame, at_s)
                case ChatStateReported() if not self._is_us(event.participant, event.role, event.mine):
                    yield Typed(frame, at_s, event.dialog_id, event.state)
                case ConversationChanged():
                    yield Shown(frame, at_s, event)
                case _:
                    pass

    def _own_key(self, events: Iterable[Event]) -> MessageKey | None:
        own = (event for event in events if isinstance(event, MessagePublished) and event.mine)
        return next((MessageKey(event.dialog_id, event.sequence) for event in own), None)

    def _published(
        self, envelope: Envelope, event: MessagePublished, frame: int, at_s: float | None
    ) -> Iterator[Moment]:
        key = MessageKey(event.dialog_id, event.sequence)
        if self._is_us(event.author, event.role, event.mine) or self._may_be_echo(event):
            self._ours.add(key)
            if event.author is not None:
                self._us.add(event.author)
            ask = None if key in self._keys else self._unanswered(event)
            if ask is not None:
                self._asking.pop(ask)
                yield Echoed(frame, at_s, ask, key)
        elif key not in self._keys and key not in self._ours:
            yield Arrived(frame, at_s, key, event, _event_in(envelope, event.sequence))
        self._keys.add(key)

    def _may_be_echo(self, event: MessagePublished) -> bool:
        asked = (text for _, text in self._asking.values())
        return event.role is None and event.text is not None and event.text in asked

    def _unanswered(self, event: MessagePublished) -> int | None:
        """The frame that asked for it, the first of several; None where an answer may still come."""
        return next(
            (
                frame
                for frame, (connection, text) in self._asking.items()
                if text is not None and text == event.text and connection not in self._open
            ),
            None,
        )

    def _is_us(self, participant: str | None, role: str | None, mine: bool) -> bool:
        return mine or role == CONSUMER or (participant is not None and participant in self._us)

    def _receipted(self, event: ReceiptReported, frame: int, at_s: float | None) -> Iterator[Moment]:
        for sequence in event.sequences:
            key = MessageKey(event.dialog_id, sequence)
            if (key, event.status, event.participant) not in self._receipts:
                self._receipts.add((key, event.status, event.participant))
                yield Receipted(frame, at_s, key, event.status, event.evidence.server_ms)


def _event_in(envelope: Envelope, sequence: int) -> Mapping[str, Any] | None:
    """The event of this number as it came; None where it cannot be told which one it is."""
    changes = (changes_of(envelope.body) if isinstance(envelope, Notification) else None) or []
    of_that_number = [
        one for one in changes if isinstance(one, dict) and str(one.get("sequence")) == str(sequence)
    ]
    event = of_that_number[0].get("event") if len(of_that_number) == 1 else None
    return event if isinstance(event, dict) else None


def _closed(change: dict[str, Any]) -> str | None:
    """What this changed field closes; None if it does something else."""
    if change.get("conversationState") == "CLOSE":
        return WHOLE
    dialog = change.get("dialog")
    if not isinstance(dialog, dict) or dialog.get("state") != "CLOSE":
        return None
    return str(dialog.get("dialogId") or "") or None


def _seconds(offset_us: int | None) -> float | None:
    return None if offset_us is None else offset_us / 1_000_000
