"""Replace values in the text of JSON where they stand: every other character stays what it was.

Keys that stand twice, the spelling of numbers and blanks are part of what was sent; nothing is written anew.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import NamedTuple

import orjson

# A string, the colon behind it if it is a key; a bracket; a number. In JSON that reads, nothing else matters.
_TOKEN = re.compile(r'("(?:[^"\\]|\\.)*")(\s*:)?|([{\[])|([}\]])|(-?\d[\d.eE+-]*)')
_WRITTEN = json.JSONEncoder(ensure_ascii=False).encode

CONTENT_KEYS = frozenset({"message", "content", "quickReplies", "metadata"})
"""Keys of objects and arrays whose values a person or a bot chose."""
_ROLE_KEYS = frozenset({"participants", "participantsPId"})
_ROLE = re.compile(r"[A-Z][A-Z_]+\Z")


class JsonPlace(NamedTuple):
    """Where a value stands.

    Attributes:
        key: of the member that it is, or that the arrays around it are; None where there is none.
        outer: key of the object around it, as ``key``.
        in_content: whether it is part of a value of ``CONTENT_KEYS``.
    """

    key: str | None
    outer: str | None = None
    in_content: bool = False

    @property
    def is_listed_by_role(self) -> bool:
        """Whether it is an id in a map of role to ids."""
        return self.outer in _ROLE_KEYS and self.key is not None and _ROLE.match(self.key) is not None


StringReplace = Callable[[str, JsonPlace], str]
"""A string at its place → what takes its place."""


def is_json_value(payload: bytes) -> bool:
    """Whether this is an object or an array as JSON, also one with numbers or characters that are none."""
    try:
        return isinstance(orjson.loads(payload), dict | list)
    except ValueError:
        pass
    try:
        return isinstance(json.loads(payload.decode()), dict | list)
    except (ValueError, RecursionError):
        return False


def replaced_values(
    text: str,
    value: StringReplace,
    *,
    key: Callable[[str], str] = str,
    replaces_number: Callable[[JsonPlace], bool] = lambda place: False,
) -> str:
    """JSON with its strings and keys replaced; a number that is replaced becomes 0."""
    pieces: list[str] = []
    end = 0
    place = JsonPlace(None)
    outside: list[JsonPlace] = []
    for token in _TOKEN.finditer(text):
        string, colon, opening, closing, _number = token.groups()
        if opening:
            outside.append(place)
            in_content = place.in_content or place.key in CONTENT_KEYS
            inner = (None, place.key) if opening == "{" else (place.key, place.outer)
            place = JsonPlace(*inner, in_content)
            continue
        if closing:
            place = outside.pop()
            continue
        if string:
            read = _read(string)
            if colon:
                place = place._replace(key=read)
            new = key(read) if colon else value(read, place)
            written = string if new == read else _WRITTEN(new)
        else:
            written = "0" if replaces_number(place) else token[0]
        if written != (string or token[0]):
            pieces += (text[end : token.start()], written)
            end = token.start() + len(string or token[0])
    return "".join((*pieces, text[end:])) if pieces else text


def _read(string: str) -> str:
    """The content of a string as JSON; it was read before, so it does read."""
    return string[1:-1] if "\\" not in string else str(json.loads(string, strict=False))
