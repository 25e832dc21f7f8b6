"""What a written script calls things: messages, dialogs and conversations by name, secrets by variable."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from typing import Any

from recorder.messaging import typenames
from recorder.messaging.events import ConversationChanged, Dialog
from recorder.redaction.tokens import PLACEHOLDER

from ..run.receipt_schedule import MessageKey
from .timeline_events import Answered, Arrived, Asked, Echoed, Moment, Shown

_KIND = re.compile(r"[A-Za-z]+")
_SPECIAL = re.compile(r"([\\.^$*+?{}\[\]|()])")
_LONGEST_PATTERN = 60


def pattern_of(text: str) -> str:
    """An expression that finds this text; a long one, or one of several lines, by how it begins."""
    line = text.partition("\n")[0]
    start = line[:_LONGEST_PATTERN]
    escaped = _SPECIAL.sub(r"\\\1", start)
    return f"^{escaped}$" if start == text else f"^{escaped}"


class Common:
    """What the consumers of one script share: no name twice, and one variable for one secret."""

    def __init__(self) -> None:
        self.secrets: dict[str, str] = {}
        self._counts: Counter[str] = Counter()

    def number(self, kind: str) -> int:
        """The next number of names of this kind, from 1."""
        self._counts[kind] += 1
        return self._counts[kind]


class Wording:
    """The names for what one consumer did and heard.

    Attributes:
        key_of: frame of a publish of ours → the place its message got.
        opened_by: frame of a request for a conversation → the conversation.
        refused: frame of a request → the code (400 or more) it was answered with.
        wanted: messages that are referred to, and so need a name.
        begun: the conversations in which something was said, and those that were opened.
    """

    def __init__(self, moments: Iterable[Moment], common: Common | None = None) -> None:
        self._common = Common() if common is None else common
        self.key_of: dict[int, MessageKey] = {}
        self.opened_by: dict[int, str] = {}
        self.refused: dict[int, int] = {}
        self.wanted: set[MessageKey] = set()
        self.begun: frozenset[str] = frozenset()
        self._openings: list[int] = []
        self._asked: dict[int, Asked] = {}
        self._names: dict[MessageKey, str] = {}
        self._nth: dict[MessageKey, tuple[str, int]] = {}
        self._aliases: dict[str, str] = {}
        self._dialogs: dict[str, tuple[str, Dialog | None]] = {}
        self._current: str | None = None
        met = list(moments)
        for moment in met:
            if isinstance(moment, Shown):
                self._learn(moment.conversation)
        for moment in met:
            self._meet(moment)
        self._call_conversations(met)

    def _learn(self, told: ConversationChanged) -> None:
        for dialog in told.dialogs:
            self._dialogs[dialog.dialog_id] = (told.conversation_id, dialog)

    def _meet(self, moment: Moment) -> None:
        match moment:
            case Asked():
                self._asked[moment.frame] = moment
                if moment.request.type == typenames.REQUEST_CONVERSATION:
                    self._openings.append(moment.frame)
            case Answered():
                self._meet_answer(moment)
            case Echoed():
                self._place(moment.ask, moment.key)
            case Arrived() if moment.key not in self._names:
                self._names[moment.key] = f"received_{self._common.number('received')}"
            case _:
                pass

    def _meet_answer(self, answered: Answered) -> None:
        if answered.code is not None and answered.code >= 400:
            self.refused[answered.ask] = answered.code
        if answered.conversation_id is not None and answered.ask in self._openings:
            self.opened_by[answered.ask] = answered.conversation_id
        if answered.key is not None:
            self._place(answered.ask, answered.key)

    def _place(self, ask: int, key: MessageKey) -> None:
        """The message that was asked for in this frame got this place."""
        asked = self._asked.get(ask)
        if asked is None or key in self._nth or key in self._names:
            return
        self.key_of[ask] = key
        kind = asked.message.type if asked.message is not None else ""
        self._nth[key] = (kind, 1 + sum(one == kind for one, _ in self._nth.values()))
        if asked.text is not None:  # whatever else is said goes out as it was, and can get no name
            self._names[key] = f"said_{self._common.number('said')}"

    def _call_conversations(self, moments: Iterable[Moment]) -> None:
        opened = list(dict.fromkeys(filter(None, (self._begun_by(moment) for moment in moments))))
        self.begun = frozenset(opened)
        if len(opened) > 1:
            self._aliases = {one: f"conversation_{self._common.number('conversation')}" for one in opened}

    def _begun_by(self, moment: Moment) -> str | None:
        """The conversation that has to be there by now."""
        match moment:
            case Asked():
                dialog_id = moment.dialog_id
                if moment.frame in self.opened_by:
                    return self.opened_by[moment.frame]
            case Arrived():
                dialog_id = moment.key.dialog_id
            case _:
                dialog_id = None
        return None if dialog_id is None else self.conversation_of(dialog_id)

    # --- messages ---

    def name(self, key: MessageKey) -> str:
        """The name of a message that was said or received."""
        return self._names[key]

    def is_ours(self, key: MessageKey) -> bool:
        """Whether the consumer said it."""
        return key in self._nth

    def own(self, key: MessageKey) -> str | dict[str, Any]:
        """A message of the consumer's: by its name, or, where it has none, as it is described."""
        if key in self._names:
            return self._names[key]
        kind, nth = self._nth[key]
        return {"from": "consumer", "type": kind, **({"nth": nth} if nth > 1 else {})}

    def nameable(self, key: MessageKey) -> bool:
        """Whether it can have a name."""
        return key in self._names

    # --- conversations and dialogs ---

    def opens_later(self, frame: int) -> bool:
        """Whether a conversation is asked for after this frame."""
        return any(opening > frame for opening in self._openings)

    def turn_to(self, conversation_id: str) -> None:
        """From here on this is the conversation that is spoken of where none is named."""
        self._current = conversation_id

    def is_current(self, conversation_id: str | None) -> bool:
        """Whether this is the conversation that is spoken of where none is named."""
        return conversation_id is not None and conversation_id == self._current

    def conversation_of(self, dialog_id: str) -> str:
        """The conversation a dialog belongs to, as far as anybody told; else it is one itself."""
        return self._dialogs.get(dialog_id, (dialog_id, None))[0]

    def is_main(self, dialog_id: str) -> bool:
        """Whether it is the dialog that consumer and agent talk in; it has its conversation's id."""
        return self.conversation_of(dialog_id) == dialog_id

    def type_of(self, dialog_id: str) -> str | None:
        """MAIN, POST_SURVEY, …, as far as anybody told."""
        dialog = self._dialogs.get(dialog_id, (dialog_id, None))[1]
        return None if dialog is None else dialog.type

    def alias(self, conversation_id: str) -> str | None:
        """What the answer that opened it is called; None where there is only one, which needs no name."""
        return self._aliases.get(conversation_id)

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
        secrets = self._common.secrets
        if placeholder not in secrets:
            kind = _KIND.search(placeholder)
            secrets[placeholder] = f"{kind[0] if kind else 'SECRET'}_{len(secrets) + 1}".upper()
        return f"${{{secrets[placeholder]}}}"

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
