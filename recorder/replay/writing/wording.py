"""What a written script calls things: messages, dialogs and conversations by name, secrets by variable."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from recorder.messaging import typenames
from recorder.messaging.events import ConversationChanged, Dialog
from recorder.messaging.tokens import PLACEHOLDER

from ..receipts_plan import MessageKey
from .recollection import Answered, Arrived, Asked, Moment

_KIND = re.compile(r"[A-Za-z]+")
_SPECIAL = re.compile(r"([\\.^$*+?{}\[\]|()])")
_LONGEST_PATTERN = 60


def pattern_of(text: str) -> str:
    """An expression that finds this text; a long one, or one of several lines, by how it begins."""
    line = text.partition("\n")[0]
    start = line[:_LONGEST_PATTERN]
    escaped = _SPECIAL.sub(r"\\\1", start)
    return f"^{escaped}$" if start == text else f"^{escaped}"


class Wording:
    """The names for one recording.

    Attributes:
        key_of: frame of a publish of ours → the place its message got.
        opened_by: frame of a request for a conversation → the conversation.
        wanted: messages that are referred to, and so need a name.
    """

    def __init__(self, moments: Iterable[Moment]) -> None:
        self.key_of: dict[int, MessageKey] = {}
        self.opened_by: dict[int, str] = {}
        self.wanted: set[MessageKey] = set()
        self._openings: list[int] = []
        self._names: dict[MessageKey, str] = {}
        self._dialogs: dict[str, tuple[str, Dialog]] = {}
        self._current: str | None = None
        self._secrets: dict[str, str] = {}
        self._meet(moments)

    def _meet(self, moments: Iterable[Moment]) -> None:
        received = 0
        for moment in moments:
            match moment:
                case Asked() if moment.request.type == typenames.REQUEST_CONVERSATION:
                    self._openings.append(moment.frame)
                case Answered():
                    if moment.key is not None and moment.key not in self._names:
                        self.key_of[moment.ask] = moment.key
                        self._names[moment.key] = f"said_{len(self.key_of)}"
                    if moment.conversation_id is not None and moment.ask in self._openings:
                        self.opened_by[moment.ask] = moment.conversation_id
                case Arrived() if moment.key not in self._names:
                    received += 1
                    self._names[moment.key] = f"received_{received}"
                case _:
                    pass

    # --- messages ---

    def name(self, key: MessageKey) -> str:
        """The name of a message that was said or received."""
        return self._names[key]

    def is_ours(self, key: MessageKey) -> bool:
        """Whether the consumer said it."""
        return self._names.get(key, "").startswith("said")

    # --- conversations and dialogs ---

    def opens_later(self, frame: int) -> bool:
        """Whether a conversation is asked for after this frame."""
        return any(opening > frame for opening in self._openings)

    def turn_to(self, conversation_id: str) -> None:
        """From here on this is the conversation that is spoken of where none is named."""
        self._current = conversation_id

    def learn(self, told: ConversationChanged) -> None:
        """Remember the dialogs of a conversation."""
        for dialog in told.dialogs:
            self._dialogs[dialog.dialog_id] = (told.conversation_id, dialog)

    def conversation_of(self, dialog_id: str) -> str:
        """The conversation a dialog belongs to, as far as anybody told; else it is one itself."""
        return self._dialogs.get(dialog_id, (dialog_id, None))[0]

    def alias(self, conversation_id: str) -> str | None:
        """What the answer that opened it is called; None where there is only one, which needs no name."""
        opened = list(dict.fromkeys(self.opened_by.values()))
        if len(opened) < 2 or conversation_id not in opened:
            return None
        return f"conversation_{opened.index(conversation_id) + 1}"

    def in_dialog(self, dialog_id: str | None) -> dict[str, str]:
        """``{"dialog": …}`` where it has to be said; empty for the conversation that is spoken of."""
        if dialog_id is None or dialog_id in (self._current, "") or self._current is None:
            return {}
        conversation_id, dialog = self._dialogs.get(dialog_id, (dialog_id, None))
        if conversation_id == self._current and dialog is not None and dialog.type:
            return {"dialog": dialog.type.lower()}
        return {"dialog": self._reference(dialog_id) or self.text(dialog_id)}

    def _reference(self, conversation_id: str) -> str | None:
        alias = self.alias(conversation_id)
        return None if alias is None else f"${{{alias}.body.conversationId}}"

    # --- texts ---

    def plain(self, text: str) -> str:
        """The text, so that nothing in it is taken for a variable."""
        return text.replace("${", "$${")

    def text(self, text: str) -> str:
        """The text with variables in place of its secrets: ``⟦jwt:…⟧`` becomes ``${JWT_1}``."""
        return PLACEHOLDER.sub(lambda found: self._variable(found[0]), self.plain(text))

    def holds_secret(self, text: str) -> bool:
        """Whether something in it was blanked out."""
        return PLACEHOLDER.search(text) is not None

    def _variable(self, placeholder: str) -> str:
        if placeholder not in self._secrets:
            kind = _KIND.search(placeholder)
            self._secrets[placeholder] = f"{kind[0] if kind else 'SECRET'}_{len(self._secrets) + 1}".upper()
        return f"${{{self._secrets[placeholder]}}}"

    def envelope(self, value: Any) -> Any:
        """JSON with ids of conversations and secrets replaced by what stands for them at run time."""
        if isinstance(value, dict):
            return {str(key): self.envelope(held) for key, held in value.items()}
        if isinstance(value, list):
            return [self.envelope(held) for held in value]
        if not isinstance(value, str):
            return value
        if value == self._current:
            return "${conversation.id}"
        return self._reference(value) or self.text(value)
