"""Lone surrogates in a JSON file that is read as it comes: escapes for half a character.

yajl turns them into something else: ``\\ud83d`` into a question mark, ``\\ud83dA`` into one character, and of
``\\ude00`` it makes bytes that are no UTF-8. So each is found before, and read as a noncharacter of the same
length, which Unicode (23.7) leaves to programs.
"""

from __future__ import annotations

import re

HALF_A_CHARACTER = r"a \u escape stands for half a character (a lone surrogate), which UTF-8 cannot hold"

_STAND_IN = "\ufdd0"
_ESCAPED = b"\\ufdd0"

_CANDIDATE = re.compile(rb"\\u[dD][89a-fA-F]")
_ESCAPE = re.compile(
    rb"(?<!\\)(?:\\\\)*+(?:\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}"
    rb"|(?P<lone>\\u[dD][89a-fA-F][0-9a-fA-F]{2}))"
)
_CUT_PAIR = re.compile(rb"\\u[dD][89abAB][0-9a-fA-F]{2}(?:\\(?:u(?:[dD](?:[c-fC-F][0-9a-fA-F]?)?)?)?)?\Z")
"""The start of a pair of escapes with which a file ends."""
_LONGEST = 12
"""Bytes of a pair of escapes."""


class HalfText(str):
    """A text with half a character in it, which is U+FFFD here."""

    __slots__ = ()


class LoneSurrogates:
    """Passes on the blocks of a JSON file, each lone surrogate replaced; the length stays.

    Attributes:
        found: whether there was one.
    """

    def __init__(self) -> None:
        self.found = False
        self._rest = b""

    def passed(self, block: bytes) -> bytes:
        """What can be passed on after this block; b"" as a block is the end of the file.

        The rest, some bytes that the next block may go on, is kept back. The first half of a pair with which
        the file ends is not lone: the file was cut off there.
        """
        text = self._rest + block
        end = self._end(text) if block else len(text)
        if _CANDIDATE.search(text) is None:
            self._rest = text[end:]
            return text[:end]
        pieces, at = [], 0
        for escape in _ESCAPE.finditer(text):
            if escape.start() >= end:
                break
            if escape["lone"] is not None and _CUT_PAIR.match(text, escape.start("lone")) is None:
                self.found = True
                pieces += [text[at : escape.start("lone")], _ESCAPED]
                at = escape.end()
            end = max(end, escape.end())
        self._rest = text[end:]
        return b"".join((*pieces, text[at:end]))

    def marked(self, value: str) -> str:
        """A text of the parser, as ``HalfText`` where it has half a character."""
        return HalfText(value.replace(_STAND_IN, "\ufffd")) if _STAND_IN in value else value

    def _end(self, text: bytes) -> int:
        """Where the text may be cut: no escape, and no run of backslashes, goes on from before there."""
        end = max(len(text) - _LONGEST, 0)
        return len(text[:end].rstrip(b"\\"))
