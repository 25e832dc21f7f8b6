"""Ids in the bytes of frames, written as places in lists that the page holds anyway.

A dialog or a participant is named in most frames, by 36 characters that gzip shortens little: the last frame
that named it is too far away. In a block each such id is ``ESCAPE`` and its place, in two bytes.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

ESCAPE = b"\x02"
_ITSELF = ESCAPE + b"\xff\xff"  # stands for a byte of the frames that is the escape
_MOST = 0xFFFF
_SHORTEST = 8
_WORD = re.compile(rb"[\w.:-]{8,80}")


class IdReferences:
    """Shortens ids of dialogs and participants in bytes.

    Args:
        ids: dialogs and then participants, in the order of the page; None has a place, too.
    """

    def __init__(self, ids: Iterable[str | None]) -> None:
        self._references: dict[bytes, bytes] = {}
        for place, each in zip(range(_MOST), ids, strict=False):
            if each is not None and each.isascii() and len(each) >= _SHORTEST:
                self._references.setdefault(each.encode(), ESCAPE + place.to_bytes(2, "big"))

    def shortened(self, data: bytes) -> bytes:
        """These bytes with a reference for each id; the page puts the ids back."""
        return _WORD.sub(self._reference, data.replace(ESCAPE, _ITSELF))

    def _reference(self, found: re.Match[bytes]) -> bytes:
        word = found[0]
        return self._references.get(word, word)
