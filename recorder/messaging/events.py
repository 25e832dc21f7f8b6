"""The events read from envelopes, named in the past tense, each with the frame that proves it.

Named tuples, not dataclasses: folding a session of a million frames makes a million of these, and a
named tuple costs a third of a frozen dataclass. They are as immutable.

Wherever an id is unknown it is None. ``mine`` says that the fact stems from a request of our own
(it is then true by construction, not by comparing ids).
"""

from __future__ import annotations

from enum import IntEnum
from typing import Any, NamedTuple, final


def check_layout(event_type: type[tuple[Any, ...]], fields: str) -> None:
    """Assert that an event type has exactly these fields, in this order; ``fields`` is separated by blanks.

    A module that builds events from bare tuples, or reads their fields by position, calls this at import with
    the fields it was written for. Whoever adds a field then cannot overlook one of these modules.

    Raises:
        TypeError: the type has other fields.
    """
    actual = " ".join(event_type._fields)  # type: ignore[attr-defined]  # every event is a named tuple
    if actual != fields:
        raise TypeError(
            f"{event_type.__name__} has the fields {actual}, this module was written for {fields}"
        )


class Proof(IntEnum):
    """How well a fact is proven, weakest first."""

    REFUSED = 0
    """Our request was answered with a code of 400 or more: it proves nothing, but it was tried."""
    CLAIMED = 1
    """Our own request went out."""
    ACKNOWLEDGED = 2
    """The service answered that request with a 2xx code."""
    ANNOUNCED = 3
    """The service announced it, in a notification or in a history we requested."""

    @property
    def word(self) -> str:
        """The word the contract uses: ``announced``."""
        return self.name.lower()


class Evidence(NamedTuple):
    """The frame that proves a fact, its times, and how strong a proof it is.

    Attributes:
        proof: the level.
        frame: number of the frame in the session.
        connection: number of the connection in the session.
        at_us: local arrival, microseconds since the epoch, or None where the capture has no times.
        offset_us: local monotonic microseconds since the session began, or None.
        server_ms: the service's own time of the fact, milliseconds since the epoch, or None.
        snapshot: whether only a snapshot of the conversation says so: then it arrived at an unknown earlier
            time, and the local times are those of the snapshot.
    """

    proof: Proof
    frame: int
    connection: int
    at_us: int | None
    offset_us: int | None
    server_ms: int | None = None
    snapshot: bool = False


class Stamp(NamedTuple):
    """Frame, connection and local times of an envelope; the fields are those of ``Evidence``."""

    frame: int
    connection: int
    at_us: int | None = None
    offset_us: int | None = None


class Identified(NamedTuple):
    """This connection speaks for this participant (``sub`` of its token)."""

    participant: str
    evidence: Evidence


class ParticipantNamed(NamedTuple):
    """A user profile tells a participant's name; None: that of whoever speaks on this connection."""

    participant: str | None
    name: str
    evidence: Evidence


class RequestMade(NamedTuple):
    """A request of any type went out. ``request_id`` is a string; None if it had no id.

    ``dialog_id`` is the dialog that its body names, in a subscription the conversation if that is all; None
    if it names none. ``generation`` is 2 where the type
    is spelled as in v2 of the protocol (``.ams.ms.PublishEvent``), else 3.
    """

    request_id: str | None
    type: str
    evidence: Evidence
    dialog_id: str | None = None
    generation: int = 3


class RequestAnswered(NamedTuple):
    """A response came. ``request_frame`` is the frame of its request, None if no request fits.

    ``reason``, of a code of 400 or more only: the service's words, shortened, and what is plainly wrong with
    the request.
    """

    request_frame: int | None
    request_id: str | None
    type: str | None
    code: int | None
    evidence: Evidence
    reason: str | None = None


class PublishRequested(NamedTuple):
    """We asked the service to publish a message of ours; ``evidence.frame`` identifies the ask.

    ``type`` is the content type ("text/plain", "hosted/file", …) or, for structured content,
    "RichContentEvent"; ``text`` is None where there is none to show. ``author`` is our id if known.
    ``audience`` is who may see it ("ALL", "AGENTS_AND_MANAGERS", …), None if the request does not say.
    """

    dialog_id: str | None
    conversation_id: str | None
    type: str
    text: str | None
    author: str | None
    evidence: Evidence
    audience: str | None = None


class PublishRefused(NamedTuple):
    """The service answered our publish (frame ``request_frame``) with ``code`` of 400 or more.

    ``reason`` as in ``RequestAnswered``.
    """

    request_frame: int
    code: int
    evidence: Evidence
    reason: str | None = None


class PublishTaken(NamedTuple):
    """The service took our publish (frame ``request_frame``), and its answer names no sequence."""

    request_frame: int
    evidence: Evidence


class PublishLost(NamedTuple):
    """The connection ended between our publish in ``request_frame`` and its answer: outcome unknown."""

    request_frame: int


@final
class MessagePublished(NamedTuple):
    """A message stands in its dialog under this sequence.

    Either the answer to our own publish in ``request_frame`` (``mine``, proof ACKNOWLEDGED) or a notification
    (ANNOUNCED, ``request_frame`` None, also when it echoes our own). ``audience`` is who may see it, None if
    nobody said.
    """

    dialog_id: str
    sequence: int
    conversation_id: str | None
    author: str | None
    role: str | None
    mine: bool
    type: str
    text: str | None
    request_frame: int | None
    evidence: Evidence
    audience: str | None = None


@final
class ReceiptReported(NamedTuple):
    """One participant's word (``status``: ACCEPT, READ, …) on one or more messages of a dialog.

    ``sequences`` are the messages it names; ``own_sequence`` is the number the receipt itself took,
    None where unknown. ``request_frame`` is the frame of the request if it is ours: CLAIMED when it goes out,
    ACKNOWLEDGED when it is answered. ANNOUNCED ones have ``request_frame`` None.
    """

    dialog_id: str
    sequences: tuple[int, ...]
    participant: str | None
    role: str | None
    mine: bool
    status: str
    own_sequence: int | None
    request_frame: int | None
    evidence: Evidence


class ReceiptRefused(NamedTuple):
    """Our receipt in ``request_frame`` was answered with ``code``, 400 or more, by the ``evidence``.

    ``reason`` as in ``RequestAnswered``.
    """

    dialog_id: str
    sequences: tuple[int, ...]
    participant: str | None
    status: str
    request_frame: int
    code: int
    evidence: Evidence
    reason: str | None = None


class ChatStateReported(NamedTuple):
    """Somebody types, pauses or leaves. Takes no sequence and never touches a message."""

    dialog_id: str | None
    participant: str | None
    role: str | None
    mine: bool
    state: str
    evidence: Evidence


class Dialog(NamedTuple):
    """One dialog in a snapshot. ``type``: MAIN, POST_SURVEY, OTHER, …; ``state``: OPEN, CLOSE."""

    dialog_id: str
    type: str | None
    channel: str | None
    state: str | None


class Participant(NamedTuple):
    """One participant in a snapshot. ``state``: ACTIVE, SUGGESTED or None where the form has none."""

    participant: str
    role: str
    state: str | None = None


class ConversationOpened(NamedTuple):
    """The service answered our request for a conversation with this id."""

    conversation_id: str
    request_frame: int | None
    evidence: Evidence


class ConversationTaken(NamedTuple):
    """A ring of this conversation was accepted: an agent of this connection took it."""

    conversation_id: str
    evidence: Evidence


class ConversationChanged(NamedTuple):
    """A snapshot of a conversation, whole as of ``updated_ms`` (their clock; None in old frames).

    ``left_subscription`` is true for DELETE: it left our subscription, which does not say that it was closed.
    """

    conversation_id: str
    participants: tuple[Participant, ...]
    dialogs: tuple[Dialog, ...]
    state: str | None
    stage: str | None
    updated_ms: int | None
    left_subscription: bool
    evidence: Evidence


class OddityNoticed(NamedTuple):
    """Something the protocol does not describe; kept, named and shown, never raised.

    ``kind`` is a stable short name ("unreadable", "answer-without-question", "id-reused",
    "malformed-sequence-list", "unknown-type", …); ``detail`` is one sentence for people.
    """

    kind: str
    detail: str
    evidence: Evidence


Event = (
    Identified
    | ParticipantNamed
    | RequestMade
    | RequestAnswered
    | PublishRequested
    | PublishRefused
    | PublishTaken
    | PublishLost
    | MessagePublished
    | ReceiptReported
    | ReceiptRefused
    | ChatStateReported
    | ConversationOpened
    | ConversationTaken
    | ConversationChanged
    | OddityNoticed
)
