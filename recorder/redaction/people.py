"""Takes texts or names of people out of payloads, of sentences about them, and of addresses.

A text becomes ``text of 12 characters``, a person what the caller calls them. Of JSON all strings go but
those that the protocol itself chooses; a payload that is no JSON goes whole. What was taken out before stays.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Collection, Mapping
from functools import partial
from typing import Literal
from urllib.parse import unquote

from recorder.counted import counted

from .json_values import JsonPlace, is_json_value, replaced_values
from .tokens import PLACEHOLDER

Part = Literal["text", "names"]
"""What of people can be left out: what they wrote; their ids and names."""

PARTS: tuple[Part, ...] = ("text", "names")

# What the protocol says, and not a person: kept where texts go.
_PROTOCOL_KEYS = frozenset(
    {"kind", "type", "id", "reqId", "code", "dialogId", "conversationId", "convId", "subscriptionId"}
    | {"originatorId", "originatorPId", "userId", "agentId", "consumerId", "participantId", "participants"}
    | {"participantsPId", "contentType", "status", "role", "state", "stage", "channel", "channels"}
    | {"channelType", "convState", "conversationState", "dialogType", "eventType", "brandId", "chatState"}
    | {"messageAudience", "audience", "ttrType", "ttrDefName", "field", "closeReason", "closedBy"}
    | {"operator", "version", "op", "event", "mode", "sequence", "sequenceList", "fromSeq", "ringId"}
    | {"ringState", "skillId", "campaignId", "engagementId", "surveyId", "serverTimestamp", "timestamp"}
    | {"lastUpdateTime", "metaDataLastUpdateTs", "currentTime", "startTs", "endTs", "creationTs"}
    | {"features", "deviceFamily", "os", "availability"}
)
# A word, or a placeholder of a template that nobody filled in, which a check tells of.
_PROTOCOL_WORD = re.compile(r"[A-Za-z0-9_.:/-]{1,64}\Z|[$#]?\{{1,2}[\w. ]{1,40}\}{1,2}\Z|<[\w .-]{1,40}>\Z")
# What kind of content it is: without that a script could not say it again.
_CONTENT_WORDS = {"type": _PROTOCOL_WORD, "fileType": re.compile(r"[A-Z0-9]{1,5}\Z")}
_NAME_KEYS = frozenset(
    {"firstname", "lastname", "nickname", "name", "displayname", "email", "mobilenum", "phone"}
    | {"avatarurl", "backgndimguri", "description", "username", "fullname", "loginname"}
)
# From the first quote to the last: a text may hold some itself.
_QUOTED = re.compile(r'".*"|: .*\Z', re.DOTALL)
_WITHHELD_TEXT = re.compile(r"text of \d+ characters?(?: \(\d+\))?\Z")
_WITHHELD_BYTES = re.compile(rb"[\d,]+ bytes? withheld(?: \(\d+\))?\Z")
NAME_WITHHELD = "name withheld"

_SHORTEST, _START_OF_ID = 3, 8
"""Shorter ids and names are not looked for in texts; sentences may call people by the start of their ids."""


class PeopleRedaction:
    """Takes these parts out of whatever a session holds.

    Args:
        parts: ``text``, ``names``, both or none.
        names: what stands for each person, by every id and name of theirs.
        tell_apart: different texts of one length are numbered, so that they stay different.
    """

    def __init__(
        self,
        parts: Collection[Part] = (),
        names: Mapping[str, str] | None = None,
        *,
        tell_apart: bool = False,
    ) -> None:
        self.parts = frozenset(parts)
        self._hides_texts, self._hides_names = "text" in self.parts, "names" in self.parts
        self._names = {name: called for name, called in (names or {}).items() if name}
        words = {name: called for name, called in self._names.items() if len(name) >= _SHORTEST}
        beginnings = {
            name[:_START_OF_ID]: called for name, called in words.items() if len(name) > _START_OF_ID
        }
        self.without_names = word_substitute(beginnings | words if self._hides_names else {})
        self._tell_apart = tell_apart
        self._seen: defaultdict[str, dict[int, int]] = defaultdict(dict)
        self._kept: dict[str, str] = {}

    def text(self, text: str | None) -> str | None:
        """What somebody wrote."""
        if text is None:
            return None
        return self._withheld(text) if self._hides_texts else self.without_names(text)

    def sentence(self, sentence: str) -> str:
        """A sentence of ours: what it quotes, and the words of the service behind its colon, are texts."""
        named = self.without_names(sentence)
        return _QUOTED.sub(_withheld_quote, named) if self._hides_texts else named

    def payload(self, payload: bytes, *, is_text: bool) -> bytes:
        """A payload; one that is not of text, or no JSON, goes with the texts."""
        if not self.parts or not payload:
            return payload
        if not is_text or not is_json_value(payload):
            return self.withheld_bytes(payload)
        written = replaced_values(
            payload.decode(), self._string, key=self.without_names, replaces_number=self._replaces_number
        )
        return written.encode("utf-8", "backslashreplace")

    def withheld_bytes(self, payload: bytes) -> bytes:
        """What stands in the place of bytes that are left out."""
        if not payload or _WITHHELD_BYTES.match(payload):
            return payload
        return self._numbered(f"{counted(len(payload), 'byte')} withheld", payload).encode()

    def url(self, url: str) -> str:
        """An address: names go from all of it, and values from its query that no protocol chose."""
        address, mark, query = url.partition("?")
        values = (self._parameter(each) for each in query.split("&"))
        return self.without_names(address) + mark + "&".join(values) if self.parts else url

    def _parameter(self, parameter: str) -> str:
        name, equals, value = parameter.partition("=")
        plain = unquote(value)
        if PLACEHOLDER.fullmatch(plain):
            return name + equals + (value if (kept := self.without_names(plain)) == plain else kept)
        hidden = self._hides_names and name.lower() in _NAME_KEYS
        if hidden or (self._hides_texts and value and not _PROTOCOL_WORD.match(plain)):
            return f"{name}{equals}withheld"
        called = self._names.get(plain) if self._hides_names else None
        return name + equals + (called or self.without_names(value))

    def _string(self, value: str, place: JsonPlace) -> str:
        if not value or value.isspace():
            return value
        if self._hides_names:
            called = self._names.get(value)
            if _names_somebody(place) and not (place.in_content and self._hides_texts):
                return called or NAME_WITHHELD
            if called is not None and not place.in_content:
                return called
        if PLACEHOLDER.fullmatch(value):
            return self.without_names(value)
        if not self._hides_texts:
            return self.without_names(value)
        if self._is_of_protocol(value, place):
            return self._word(value)
        return self._withheld(value)

    def _is_of_protocol(self, value: str, place: JsonPlace) -> bool:
        if place.in_content:
            kept = _CONTENT_WORDS.get(place.key or "")
            return kept is not None and kept.match(value) is not None
        if place.is_listed_by_role or (place.key == "body" and self._is_id(value)):
            return True
        return place.key in _PROTOCOL_KEYS and _PROTOCOL_WORD.match(value) is not None

    def _is_id(self, value: str) -> bool:
        return self._names.get(value, NAME_WITHHELD) != NAME_WITHHELD

    def _word(self, word: str) -> str:
        """A word of the protocol, in which an id may stand; there are few different ones."""
        kept = self._kept.get(word)
        if kept is None:
            kept = self.without_names(word)
            if len(self._kept) < _MOST_KEPT:
                self._kept[word] = kept
        return kept

    def _replaces_number(self, place: JsonPlace) -> bool:
        if self._hides_texts and (place.in_content or place.key == "message"):
            return True
        return self._hides_names and _names_somebody(place)

    def _withheld(self, text: str) -> str:
        if not text or _WITHHELD_TEXT.match(text):
            return text
        return self._numbered(withheld_text(text), text)

    def _numbered(self, withheld: str, what: str | bytes) -> str:
        if not self._tell_apart:
            return withheld
        seen = self._seen[withheld]
        number = seen.setdefault(hash(what), len(seen) + 1)
        return withheld if number == 1 else f"{withheld} ({number})"


_MOST_KEPT = 100_000


def word_substitute(words: Mapping[str, str]) -> Callable[[str], str]:
    """What replaces these where they stand as words in a text, the longest first."""
    words = {word: new for word, new in words.items() if word != new}
    if not words:
        return str
    longest_first = "|".join(map(re.escape, sorted(words, key=len, reverse=True)))
    pattern = re.compile(rf"(?<!\w)(?:{longest_first})(?!\w)")
    return partial(pattern.sub, lambda found: words[found[0]])


def withheld_text(text: str) -> str:
    """What stands in the place of a text that is left out."""
    return (
        text
        if _WITHHELD_TEXT.match(text)
        else f"text of {len(text)} character{'' if len(text) == 1 else 's'}"
    )


def _names_somebody(place: JsonPlace) -> bool:
    return place.key is not None and place.key.lower() in _NAME_KEYS


def _withheld_quote(found: re.Match[str]) -> str:
    words = found[0]
    return f'"{withheld_text(words[1:-1])}"' if words.startswith('"') else f": {withheld_text(words[2:])}"
