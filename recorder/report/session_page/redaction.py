"""Takes texts or names of people out of a page: of messages, of sentences about them, and of raw frames.

A text becomes ``text of 12 characters``, a person a role and a letter. Of a frame's JSON all strings go but
those that the protocol itself chooses; a frame that is no JSON goes whole.
"""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Mapping

from recorder.counted import counted
from recorder.wire.frames import Opcode

from ..redacted_view import withheld_text, word_substitute
from ..session_view import Part

# What the protocol says, and not a person: kept where texts go.
_PROTOCOL_KEYS = frozenset(
    {"kind", "type", "id", "reqId", "dialogId", "conversationId", "convId", "subscriptionId", "originatorId"}
    | {"contentType", "status", "role", "state", "stage", "channelType", "dialogType", "eventType", "brandId"}
    | {
        "chatState",
        "quickReplies",
        "messageAudience",
        "audience",
        "clientProperties",
        "ttrType",
        "closeReason",
    }
    | {"operator", "participantId", "serverTimestamp", "timestamp", "version", "op", "event", "participants"}
)
_PROTOCOL_WORD = re.compile(r"[A-Za-z0-9_.:/-]{1,64}\Z")


# From the first quote to the last: a text may hold some itself.
_QUOTED = re.compile(r'".*"|: .*\Z', re.DOTALL)


_SHORTEST, _START_OF_ID = 3, 8
"""Shorter ids and names are not looked for in texts; sentences may call people by the start of their ids."""


class PageRedaction:
    """What is left out of one page.

    Args:
        parts: ``text``, ``names``, both or none.
        names: what stands for each person, by every id and name of theirs.
    """

    def __init__(self, parts: Collection[Part] = (), names: Mapping[str, str] | None = None) -> None:
        self.parts = frozenset(parts)
        self._names = {name: letter for name, letter in (names or {}).items() if name}
        words = {name: letter for name, letter in self._names.items() if len(name) >= _SHORTEST}
        words |= {name[:_START_OF_ID]: letter for name, letter in words.items() if len(name) > _START_OF_ID}
        self._without_names = word_substitute(words if "names" in self.parts else {})

    def text(self, text: str | None) -> str | None:
        """What somebody wrote."""
        if text is None:
            return None
        return withheld_text(text) if "text" in self.parts else self._without_names(text)

    def sentence(self, sentence: str) -> str:
        """A sentence of ours: what it quotes, and the words of the service behind its colon, are texts."""
        named = self._without_names(sentence)
        return _QUOTED.sub(_withheld_quote, named) if "text" in self.parts else named

    def payload(self, payload: bytes, opcode: int) -> bytes:
        """The payload of a frame; that of a ping or a close goes with the texts."""
        if not self.parts or not payload:
            return payload
        try:
            found = json.loads(payload)
        except (ValueError, RecursionError):
            found = None
        if opcode != Opcode.TEXT or not isinstance(found, dict | list):
            return f"{counted(len(payload), 'byte')} withheld".encode()
        return json.dumps(self._value(found, None), ensure_ascii=False).encode("utf-8", "backslashreplace")

    def _value(self, value: object, key: str | None) -> object:
        if isinstance(value, dict):
            return {self._without_names(name): self._value(inner, name) for name, inner in value.items()}
        if isinstance(value, list):
            return [self._value(inner, key) for inner in value]
        if isinstance(value, str):
            return self._string(value, key)
        return value

    def _string(self, value: str, key: str | None) -> str:
        named = self._names.get(value) if "names" in self.parts else None
        named = named or self._without_names(value)
        if "names" in self.parts and key is not None and _names_somebody(key):
            return named if named != value else "name withheld"
        if "text" not in self.parts or (key in _PROTOCOL_KEYS and _PROTOCOL_WORD.match(value)):
            return named
        return withheld_text(value)


_NAME_KEYS = frozenset(
    {"firstname", "lastname", "nickname", "nickName", "name", "displayName", "email", "mobileNum", "phone"}
    | {"avatarUrl", "backgndImgUri", "description", "userName", "fullName", "loginName"}
)


def _names_somebody(key: str) -> bool:
    return key in _NAME_KEYS or key.lower() in _NAME_KEYS


def _withheld_quote(found: re.Match[str]) -> str:
    words = found[0]
    return f'"{withheld_text(words[1:-1])}"' if words.startswith('"') else f": {withheld_text(words[2:])}"
