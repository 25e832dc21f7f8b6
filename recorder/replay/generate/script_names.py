"""Names in a generated script: of messages, dialogs and conversations, and variables for secrets."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Iterable
from itertools import count
from typing import Any

from recorder.documents.reading import MAX_DEPTH
from recorder.messaging import typenames
from recorder.messaging.events import Dialog
from recorder.redaction.tokens import PLACEHOLDER

from ..run.receipt_batches import MessageId
from .timeline_events import (
    ConversationUpdated,
    MessageArrived,
    RequestSent,
    ResponseReceived,
    TimelineEvent,
    UnansweredMessageSeen,
)

_KIND = re.compile(r"[A-Za-z]+")
_SPECIAL = re.compile(r"([\\.^$*+?{}\[\]|()])")
_LONGEST_PATTERN = 60
DEEPEST = MAX_DEPTH + 1
"""Levels of JSON that are written; documents of more than ``MAX_DEPTH`` are refused."""


def pattern_of(text: str) -> str:
    """A regular expression that matches this text; a long text, or a second line, is left out of it."""
    line = text.partition("\n")[0]
    start = line[:_LONGEST_PATTERN]
    escaped = _SPECIAL.sub(r"\\\1", start)
    return f"^{escaped}$" if start == text else f"^{escaped}"


class SharedNames:
    """Shared by the consumers of one script: the next number of each kind of name, a variable per secret."""

    def __init__(self) -> None:
        self.secrets: dict[str, str] = {}
        self.numbers: defaultdict[str, count[int]] = defaultdict(lambda: count(1))


class ScriptNames:
    """Names for the messages, conversations and dialogs of one consumer's timeline.

    Attributes:
        key_of: frame of a publish request of ours → key of its message.
        opened_by: frame of a request for a conversation → the conversation's id.
        refused: frame of a request → the code (400 or more) it was answered with.
        referenced: messages that steps refer to, which therefore need ``as:``.
        begun: ids of conversations that were opened, or in which something was published.
        aliases: ``as:`` of the step that opens a conversation; empty where there is only one.
        current: the conversation that steps mean without ``dialog:``.
    """

    def __init__(self, events: Iterable[TimelineEvent], shared: SharedNames | None = None) -> None:
        self._shared = SharedNames() if shared is None else shared
        self.key_of: dict[int, MessageId] = {}
        self.opened_by: dict[int, str] = {}
        self.refused: dict[int, int] = {}
        self.referenced: set[MessageId] = set()
        self.begun: frozenset[str] = frozenset()
        self._openings: list[int] = []
        self._requests: dict[int, RequestSent] = {}
        self._names: dict[MessageId, str] = {}
        self._nth: dict[MessageId, tuple[str, int]] = {}
        self.aliases: dict[str, str] = {}
        self._dialogs: dict[str, tuple[str, Dialog | None]] = {}
        self.current: str | None = None
        listed = list(events)
        for event in listed:
            if isinstance(event, ConversationUpdated):
                conversation = event.conversation
                dialogs = {one.dialog_id: (conversation.conversation_id, one) for one in conversation.dialogs}
                self._dialogs.update(dialogs)
        for event in listed:
            self._read(event)
        self._name_conversations(listed)

    def _read(self, event: TimelineEvent) -> None:
        match event:
            case RequestSent():
                self._requests[event.frame] = event
                if event.request.type == typenames.REQUEST_CONVERSATION:
                    self._openings.append(event.frame)
            case ResponseReceived():
                self._read_answer(event)
            case UnansweredMessageSeen():
                self._published(event.request_frame, event.key)
            case MessageArrived() if event.key not in self._names:
                self._names[event.key] = f"received_{next(self._shared.numbers['received'])}"
            case _:
                pass

    def _read_answer(self, answered: ResponseReceived) -> None:
        if answered.code is not None and answered.code >= 400:
            self.refused[answered.request_frame] = answered.code
        if answered.conversation_id is not None and answered.request_frame in self._openings:
            self.opened_by[answered.request_frame] = answered.conversation_id
        if answered.key is not None:
            self._published(answered.request_frame, answered.key)

    def _published(self, frame: int, key: MessageId) -> None:
        """The publish request in this frame became this message."""
        request = self._requests.get(frame)
        if request is None or key in self._nth or key in self._names:
            return
        self.key_of[frame] = key
        kind = request.message.type if request.message is not None else ""
        self._nth[key] = (kind, 1 + sum(one == kind for one, _ in self._nth.values()))
        if request.text is not None:  # others become ``send`` steps, whose ``as:`` names the answer
            self._names[key] = f"said_{next(self._shared.numbers['said'])}"

    def _name_conversations(self, events: Iterable[TimelineEvent]) -> None:
        opened = list(dict.fromkeys(filter(None, (self._conversation_in(event) for event in events))))
        self.begun = frozenset(opened)
        if len(opened) > 1:
            self.aliases = {
                one: f"conversation_{next(self._shared.numbers['conversation'])}" for one in opened
            }

    def _conversation_in(self, event: TimelineEvent) -> str | None:
        """The conversation that must exist for this event."""
        match event:
            case RequestSent():
                dialog_id = event.dialog_id
                if event.frame in self.opened_by:
                    return self.opened_by[event.frame]
            case MessageArrived():
                dialog_id = event.key.dialog_id
            case _:
                dialog_id = None
        return None if dialog_id is None else self.conversation_of(dialog_id)

    # --- messages ---

    def name(self, key: MessageId) -> str:
        """The name of a message: ``said_1``, ``received_1``."""
        return self._names[key]

    def is_ours(self, key: MessageId) -> bool:
        """Whether the consumer published it."""
        return key in self._nth

    def own_message(self, key: MessageId) -> str | dict[str, Any]:
        """What ``message:`` says for a message of the consumer's: its name, else a description."""
        if key in self._names:
            return self._names[key]
        kind, nth = self._nth[key]
        return {"from": "consumer", "type": kind, **({"nth": nth} if nth > 1 else {})}

    def can_be_named(self, key: MessageId) -> bool:
        """Whether a step can refer to the message by name."""
        return key in self._names

    # --- conversations and dialogs ---

    def opens_later(self, frame: int) -> bool:
        """Whether a conversation is request for after this frame."""
        return any(opening > frame for opening in self._openings)

    def is_current(self, conversation_id: str | None) -> bool:
        """Whether this is the conversation that steps mean without ``dialog:``."""
        return conversation_id is not None and conversation_id == self.current

    def conversation_of(self, dialog_id: str) -> str:
        """The id of a dialog's conversation; the dialog's own id where no notification told it."""
        return self._dialogs.get(dialog_id, (dialog_id, None))[0]

    def is_main(self, dialog_id: str) -> bool:
        """Whether it is the main dialog, which has its conversation's id."""
        return self.conversation_of(dialog_id) == dialog_id

    def type_of(self, dialog_id: str) -> str | None:
        """MAIN, POST_SURVEY, …; None where no notification told it."""
        dialog = self._dialogs.get(dialog_id, (dialog_id, None))[1]
        return None if dialog is None else dialog.type

    def in_dialog(self, dialog_id: str | None) -> dict[str, str]:
        """``{"dialog": …}`` for another conversation or dialog type; empty for the current main dialog."""
        if dialog_id is None or dialog_id in (self.current, "") or self.current is None:
            return {}
        conversation_id, dialog = self._dialogs.get(dialog_id, (dialog_id, None))
        if conversation_id == self.current and dialog is not None and dialog.type:
            return {"dialog": dialog.type.lower()}
        return {"dialog": self._reference(dialog_id) or self.text(dialog_id)}

    def _reference(self, conversation_id: str) -> str | None:
        alias = self.aliases.get(conversation_id)
        return None if alias is None else f"${{{alias}.body.conversationId}}"

    # --- texts ---

    def plain(self, text: str) -> str:
        """The text with ``${`` escaped, so that nothing in it is taken for a variable."""
        return text.replace("${", "$${")

    def text(self, text: str) -> str:
        """The text with a variable for each redacted secret: ``⟦jwt:…⟧`` becomes ``${JWT_1}``."""
        return PLACEHOLDER.sub(lambda found: self._variable(found[0]), self.plain(text))

    def holds_secret(self, text: str) -> bool:
        """Whether the text has a redaction placeholder."""
        return PLACEHOLDER.search(text) is not None

    def _variable(self, placeholder: str) -> str:
        secrets = self._shared.secrets
        if placeholder not in secrets:
            kind = _KIND.search(placeholder)
            secrets[placeholder] = f"{kind[0] if kind else 'SECRET'}_{len(secrets) + 1}".upper()
        return f"${{{secrets[placeholder]}}}"

    def envelope(self, value: Any) -> Any:
        """JSON with references for conversation ids, and variables for redacted secrets."""
        return self._with_texts(value, self._reference_or_text)

    def literal(self, value: Any) -> Any:
        """JSON with variables for redacted secrets, and no references."""
        return self._with_texts(value, self.text)

    def _with_texts(self, value: Any, text: Callable[[str], str], levels: int = DEEPEST) -> Any:
        if levels == 0:
            return None  # no script holds what is nested so deep: it does not load anyway
        if isinstance(value, dict):
            return {str(key): self._with_texts(inner, text, levels - 1) for key, inner in value.items()}
        if isinstance(value, list):
            return [self._with_texts(inner, text, levels - 1) for inner in value]
        return text(value) if isinstance(value, str) else value

    def _reference_or_text(self, text: str) -> str:
        if text == self.current:
            return "${conversation.id}"
        return self._reference(text) or self.text(text)
