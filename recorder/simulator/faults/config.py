"""The service's moods: what the published material leaves open, and what breaks clients, as switches.

Without moods the service does everything as published. Every mood is a key of the ``simulator`` section of a
script, and a ``--mood`` on the command line::

    simulator:
      scalar_sequence_list: true
      lost_receipts: {status: READ, probability: 0.2}
      errors: [{to: ms.PublishEvent, code: 429, first: 2}]
      close_after: {code: 4401, after: 10s}

Everything random is drawn from one seed: the same seed and the same requests give the same bytes.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Annotated, Literal

from pydantic import Field

from recorder.documents import (
    DelayDistribution,
    Document,
    Duration,
    ValuePath,
    read_document,
    unknown,
    validate,
)
from recorder.documents.variables import replaced
from recorder.errors import BadOption
from recorder.wire.frames import CloseCode

from .conditions import (
    FALSE_AS_NONE,
    ONE_OR_MANY,
    Condition,
    DisconnectCondition,
    ReceiptCondition,
    RequestCondition,
    SendableCloseCode,
    StrictModel,
)


class LateReceipts(ReceiptCondition):
    """Receipts delivered late; their number and time are those of when they were given."""

    SHORT = "by"

    by: DelayDistribution
    """How much later; everything else is delivered meanwhile."""


class DuplicatedReceipts(ReceiptCondition):
    """Receipts that come twice."""

    SHORT = "number"

    number: Literal["new", "same"] = "new"
    """new: given again, under the next number. same: the same notification twice."""


class ReorderedReceipts(ReceiptCondition):
    """Receipts delivered after the next event of their dialog."""

    SHORT = "at_most"

    at_most: Duration = Duration(5)
    """Delivered after so long if no event follows."""


class LostReceipts(ReceiptCondition):
    """Receipts that are never delivered live; a new subscription finds them in the history."""


class MalformedReceipts(ReceiptCondition):
    """Receipts that name no message, or not as they should."""

    SHORT = "how"

    how: Literal["any", "empty", "missing", "text", "negative", "repeated", "nested", "no_status"] = "any"
    """What is wrong with sequenceList, or no_status: the status is missing; any: one of these, by chance."""


class SequenceGaps(Condition):
    """Numbers that are left out, as private messages leave them out."""

    SHORT = "size"

    size: int = Field(default=1, ge=1, le=1_000_000)
    """How many numbers are left out before an event."""


class ErrorAnswer(RequestCondition):
    """A request that is refused."""

    SHORT = "code"

    code: int = Field(ge=400, le=599)
    """The code of the answer; 429 is throttling."""
    says: str | None = Field(default=None, max_length=128)
    """The body of the answer; the name of the code if not given."""


class NoAnswer(RequestCondition):
    """A request that is done, but never answered."""

    SHORT = "to"


class CloseAfter(DisconnectCondition):
    """A connection that the service closes."""

    code: SendableCloseCode = CloseCode.TOKEN_EXPIRED.value
    """Close code: 4401 token expired, 4407 identity expired, 1011, …"""
    reason: str = Field(default="", max_length=40)
    """The reason in the Close frame."""


class DropAfter(DisconnectCondition):
    """A connection that breaks off without a Close frame."""

    SHORT = "bytes"

    bytes: int | None = Field(default=None, ge=1)
    """After so many bytes of the service's text frames, headers included: mid-frame, mostly."""

    @classmethod
    def timing_keys(cls) -> tuple[str, ...]:
        """Those of every early end of a connection, and ``bytes``."""
        return (*super().timing_keys(), "bytes")


class IdleClose(StrictModel):
    """What the service does about a silent client."""

    SHORT = "after"

    after: Duration
    """Without any sign of life (a ping is one) for so long."""
    code: SendableCloseCode = CloseCode.GOING_AWAY.value
    """Close code."""


class Survey(StrictModel):
    """The survey after a MAIN dialog was closed by itself; closing the whole conversation skips it."""

    greeting: str | None = "Hello, I am the survey bot"
    """What the bot says first; null for nothing."""
    questions: Annotated[tuple[str, ...], ONE_OR_MANY, Field(min_length=1, max_length=20)] = (
        "How would you rate your overall experience?",
    )
    """Asked one after the other; any message of the consumer is an answer."""
    choices: Annotated[tuple[str, ...], ONE_OR_MANY] = ("1", "2", "3", "4", "5")
    """Quick replies under every question."""
    thanks: str = "Thank you for your time."
    """What the bot says last, before it closes the dialog."""
    pace: Duration = Duration(0.5)
    """How long the bot takes for each message."""
    patience: Duration = Duration(600)
    """Without an answer for so long, the service closes the dialog."""
    system_message: str | None = None
    """What the CONTROLLER writes into the MAIN dialog just before it closes."""


class TransferOptions(StrictModel):
    """One agent leaves, another joins. What falls due in between, the new agent does."""

    away: Duration = Duration(0)
    """How long until the new agent is suggested."""
    suggested_for: Duration = Duration(2)
    """How long the new one is only SUGGESTED; 0 for not at all."""
    skill: str | None = Field(default=None, min_length=1)
    """The skill the conversation goes to; unchanged if not given."""
    system_message: str | None = None
    """What the CONTROLLER writes when the old agent has left."""


class TransferMood(TransferOptions):
    """A handover in every conversation, once."""

    SHORT = "after"

    after: Duration = Duration(5)
    """So long after the first agent joined."""


class StepUp(StrictModel):
    """The consumer logs in: all their conversations and connections go on under another id."""

    SHORT = "after"

    after: Duration = Duration(5)
    """So long after their first conversation was opened."""
    to: str | None = Field(default=None, min_length=1, max_length=128)
    """The new id; 64 hex digits made from the old one if not given."""


class Moods(StrictModel):
    """Every mood, off unless given. An immutable value; two alike are equal."""

    read_only: bool = False
    """Agents give READ and never ACCEPT."""
    late_receipts: Annotated[LateReceipts | None, FALSE_AS_NONE] = None
    """Receipts are delivered later than they were given, and overtaken meanwhile."""
    duplicated_receipts: Annotated[DuplicatedReceipts | None, FALSE_AS_NONE] = None
    """Receipts come twice: under a new number, or the same notification again."""
    reordered_receipts: Annotated[ReorderedReceipts | None, FALSE_AS_NONE] = None
    """Receipts are delivered after the event that follows them."""
    lost_receipts: Annotated[LostReceipts | None, FALSE_AS_NONE] = None
    """Receipts take their number and are never delivered, except in the history."""
    malformed_receipts: Annotated[MalformedReceipts | None, FALSE_AS_NONE] = None
    """Receipts with an empty, missing, nested, repeated or nonsensical sequenceList, or without status."""
    sequence_gaps: Annotated[SequenceGaps | None, FALSE_AS_NONE] = None
    """Numbers of a dialog are left out, as private messages would."""
    scalar_sequence_list: bool = False
    """A sequenceList of one is the bare number."""
    scalar_changes: bool = False
    """A list of one change is the bare change."""
    absent_changes: bool = False
    """An empty list of changes is left out."""
    absent_conversation_id: bool = False
    """Events never name their conversation."""
    absent_originator_metadata: bool = False
    """Events name their author by originatorId alone, without role."""
    absent_last_content: bool = False
    """Conversations never show their last message (lastContentEventNotification)."""
    unknown_fields: bool = False
    """Fields and a kind of notification that nobody has ever described; clients have to ignore them."""
    dialect: Literal["v3", "v2"] = "v3"
    """v2: the older spelling, with OnlineEventDistribution, $Response, and participants by role."""
    errors: Annotated[tuple[ErrorAnswer, ...], ONE_OR_MANY] = ()
    """Requests are refused with a code; the first that fits counts."""
    unanswered: Annotated[tuple[NoAnswer, ...], ONE_OR_MANY] = ()
    """Requests are done, but never answered."""
    answer_delay: DelayDistribution = Duration(0)
    """How long answers take, fixed or varying (200ms ± 50ms, 0..2s); they stay in order."""
    push_delay: DelayDistribution = Duration(0)
    """How long notifications take; they stay in order, unless overtaking."""
    overtaking: bool = False
    """Notifications may overtake each other where push_delay varies."""
    close_after: Annotated[CloseAfter | None, FALSE_AS_NONE] = None
    """The service closes connections with any code, after some time or so many requests."""
    drop_after: Annotated[DropAfter | None, FALSE_AS_NONE] = None
    """Connections break off without a Close frame, after some time, requests, or bytes (mid-frame)."""
    idle_close: Annotated[IdleClose | None, FALSE_AS_NONE] = None
    """Clients that give no sign of life are closed; 90 s and 1001 if not given."""
    init_within: Duration | None = None
    """How long a client without a token may take for InitConnection; 5 s if not given."""
    survey: Annotated[Survey | None, FALSE_AS_NONE] = None
    """Closing the MAIN dialog opens a POST_SURVEY dialog; the stage stays OPEN until that closes."""
    transfer: Annotated[TransferMood | None, FALSE_AS_NONE] = None
    """The agent leaves and another joins, suggested at first."""
    step_up: Annotated[StepUp | None, FALSE_AS_NONE] = None
    """The consumer's id changes, as when an unauthenticated one logs in."""


NO_MOODS = Moods()
"""Every mood off."""


def moods_from(raw: Mapping[str, object]) -> Moods:
    """Moods from a mapping, as YAML or Python gives it.

    Raises:
        ValueError: it does not fit; the text says where and why.
    """
    return Moods.model_validate(dict(raw))


def read_moods(document: Document, *, at: ValuePath = ()) -> Moods:
    """Moods from a document: a file of them, or the ``simulator`` section of a script or file.

    Raises:
        BadScript: they do not fit; with file, line and what was meant.
    """
    given = document.at(at)
    if isinstance(given, dict):  # "survey:" without a value turns the mood on
        given = {key: True if value is None else value for key, value in given.items()}
    return validate(document._replace(value=replaced(document.value, at, given)), Moods, at=at)


def moods_from_options(options: Iterable[str], *, base: Moods = NO_MOODS) -> Moods:
    """``base`` and the ``--mood`` options: ``NAME`` or ``NAME=VALUE``, the value in YAML.

    Raises:
        BadOption: there is no such mood.
        BadScript: its value does not fit.
    """
    given: dict[str, object] = {}
    for option in options:
        name, equals, value = option.partition("=")
        if name not in Moods.model_fields:
            raise BadOption("--mood", unknown("mood", name, Moods.model_fields))
        written = read_document(value if equals else "true", file=f"--mood {name}")
        lines = {(name, *path): line for path, line in written.lines.items()}
        moods = read_moods(written._replace(value={name: written.value}, lines=lines))
        given[name] = getattr(moods, name)
    return base.model_copy(update=given)


def mood_descriptions() -> dict[str, str]:
    """The description of every mood by its name, in the order of the model."""
    return {name: field.description or "" for name, field in Moods.model_fields.items()}
