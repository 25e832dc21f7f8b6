"""Verbs that open, subscribe to and close conversations, and publish in them."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from pydantic import BeforeValidator, Field, WithJsonSchema

from recorder.documents import Duration

from .verb_model import ANSWER_WITHIN, FirstSequence, MessageName, TimedVerb, upper

CHAT_STATES = ("ACTIVE", "INACTIVE", "GONE", "COMPOSING", "PAUSE", "BACKGROUND")


class OpenConversationVerb(TimedVerb):
    """Ask for a conversation, and hear all of it from then on."""

    run_time: ClassVar[frozenset[str]] = frozenset({"skill"})
    skill: str | None = None
    ttr: Literal["NORMAL", "URGENT", "PRIORITIZED"] | None = None
    within: Duration = ANSWER_WITHIN
    as_: MessageName | None = Field(default=None, alias="as")


class SubscribeVerb(TimedVerb):
    """Ask for the messages of a dialog (history from ``from_sequence``, then live), or for conversations."""

    short: ClassVar[str | None] = "dialog"
    run_time: ClassVar[frozenset[str]] = frozenset({"dialog"})
    dialog: str = "main"
    from_sequence: FirstSequence = 0
    within: Duration = ANSWER_WITHIN
    as_: MessageName | None = Field(default=None, alias="as")


class SayVerb(TimedVerb):
    """Publish a text."""

    short: ClassVar[str | None] = "text"
    run_time: ClassVar[frozenset[str]] = frozenset({"text", "dialog"})
    text: str
    dialog: str | None = None
    as_: MessageName | None = Field(default=None, alias="as")
    within: Duration = ANSWER_WITHIN


class SendFileVerb(TimedVerb):
    """Hand a file over and publish it. ``file`` lies in the script's folder; ``type`` is as in MIME."""

    short: ClassVar[str | None] = "file"
    run_time: ClassVar[frozenset[str]] = frozenset({"caption", "dialog"})
    file: Annotated[str, Field(min_length=1)]
    caption: str | None = None
    type: Annotated[str, Field(pattern=r"^[\w.+-]+/[\w.+-]+$")] | None = None
    dialog: str | None = None
    as_: MessageName | None = Field(default=None, alias="as")
    within: Duration = ANSWER_WITHIN


class TypeVerb(TimedVerb):
    """Publish a chat state."""

    short: ClassVar[str | None] = "state"
    run_time: ClassVar[frozenset[str]] = frozenset({"dialog"})
    state: Annotated[
        Literal["ACTIVE", "INACTIVE", "GONE", "COMPOSING", "PAUSE", "BACKGROUND"],
        BeforeValidator(upper),
        WithJsonSchema({"type": "string", "enum": [*CHAT_STATES, *map(str.lower, CHAT_STATES)]}),
    ] = "COMPOSING"
    dialog: str | None = None


class CloseDialogVerb(TimedVerb):
    """Close one dialog, once the receipts planned by then are out; a survey may follow."""

    short: ClassVar[str | None] = "dialog"
    run_time: ClassVar[frozenset[str]] = frozenset({"dialog"})
    dialog: str = "main"
    within: Duration = ANSWER_WITHIN
    as_: MessageName | None = Field(default=None, alias="as")


class CloseConversationVerb(TimedVerb):
    """Close the conversation with all its dialogs, once the receipts planned by then are out."""

    within: Duration = ANSWER_WITHIN
    as_: MessageName | None = Field(default=None, alias="as")
