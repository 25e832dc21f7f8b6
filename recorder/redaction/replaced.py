"""What stands in a redacted payload for what was there: for a secret, for a text, for who somebody is.

An archive says of a frame that it is redacted, not of what: that it was told to leave texts or names out is
known where that was done, and from then on the payload alone tells.
"""

from __future__ import annotations

import re
from typing import Literal

from .people import NAME_WITHHELD, Part
from .tokens import PLACEHOLDER

Replaced = Literal["secrets", "texts", "names"]

REPLACED: tuple[Replaced, ...] = ("secrets", "texts", "names")

_SIGNS: dict[Replaced, re.Pattern[str]] = {
    "secrets": PLACEHOLDER,
    "texts": re.compile(r"text of \d+ characters?\b|[\d,]+ bytes? withheld\b"),
    "names": re.compile(rf'"person\d+"|{NAME_WITHHELD}'),
}
_PART_OF: dict[Replaced, Part] = {"texts": "text", "names": "names"}


def replaced_in(payload: bytes) -> frozenset[Replaced]:
    """What was replaced in the payload of a redacted frame; nothing where that cannot be told."""
    text = payload.decode("utf-8", "replace")
    return frozenset(kind for kind, sign in _SIGNS.items() if sign.search(text))


def replaced_words(payload: bytes) -> str:
    """The same in words: ``secrets``, ``secrets, texts and names``, ``something``."""
    found = replaced_in(payload)
    if not found:
        return "something"
    *first, last = [kind for kind in REPLACED if kind in found]
    return f"{', '.join(first)} and {last}" if first else last


class ReplacedCount:
    """Counts the redacted frames of a session in which secrets were replaced.

    Attributes:
        parts: what of people was left out of any frame before.
    """

    def __init__(self) -> None:
        self.parts: frozenset[Part] = frozenset()
        self._secrets = self._unknown = 0

    def add(self, payload: bytes) -> frozenset[Replaced]:
        """Count a redacted frame; what was replaced in it."""
        found = replaced_in(payload)
        self._secrets += "secrets" in found
        self._unknown += not found
        self.parts |= {_PART_OF[kind] for kind in found if kind in _PART_OF}
        return found

    @property
    def secrets(self) -> int:
        """Frames in which secrets were replaced; one that does not tell is of what the others are."""
        return self._secrets + (0 if self.parts else self._unknown)
