"""Encodings of a secret: JSON escapes, percent encoding, base64.

``views`` decodes the first two in a whole payload, and maps positions back to it; ``spellings_of`` lists the
encodings of a known secret.
"""

from __future__ import annotations

import base64
import json
import re
from bisect import bisect_right
from collections.abc import Callable
from urllib.parse import quote

from .tokens import secret_bytes

_DEEPEST = 4  # JSON in a JSON string in a JSON string …
SHORTEST = 8


class View:
    """A payload with one kind of escape decoded. ``depth`` counts the escapes decoded so far.

    Quotes that were not escaped are the byte 0xFF here: they end the strings that the decoded text stands in,
    and are no quotes within it.
    """

    def __init__(self, data: bytes, parent: View | None = None) -> None:
        self.data = data
        self.depth: int = 0 if parent is None else parent.depth + 1
        self._parent = parent
        self._at: list[int] = []  # where each undone escape begins here …
        self._plain: list[int] = []  # … how long it is here …
        self._raw: list[tuple[int, int]] = []  # … and where it stands in the parent

    @classmethod
    def undone(
        cls, parent: View, escape: re.Pattern[bytes], undo: Callable[[re.Match[bytes]], bytes]
    ) -> View:
        """The parent with every match of ``escape`` decoded by ``undo``."""
        view = cls(b"", parent)
        pieces: list[bytes] = []
        length = position = 0
        for found in escape.finditer(parent.data):
            plain = undo(found)
            pieces += (_unquoted(parent.data[position : found.start()]), plain)
            length += found.start() - position
            view._at.append(length)
            view._plain.append(len(plain))
            view._raw.append(found.span())
            length += len(plain)
            position = found.end()
        pieces.append(_unquoted(parent.data[position:]))
        view.data = b"".join(pieces)
        return view

    def original(self, start: int, end: int) -> tuple[int, int]:
        """Start and end in the payload of ``start`` and ``end`` in this view."""
        if self._parent is None:
            return start, end
        last = self._place(end - 1)[1] if end > start else self._place(start)[0]
        return self._parent.original(self._place(start)[0], last)

    def _place(self, position: int) -> tuple[int, int]:
        """Start and end in the parent of one byte of this view."""
        nearest = bisect_right(self._at, position) - 1
        if nearest < 0:
            return position, position + 1
        after = position - self._at[nearest] - self._plain[nearest]
        if after < 0:
            return self._raw[nearest]
        raw = self._raw[nearest][1] + after
        return raw, raw + 1


def _unquoted(data: bytes) -> bytes:
    return data.replace(b'"', b"\xff")


def views(data: bytes) -> list[View]:
    """The payload as it is, and with its escapes decoded, as often as there are any, four times at most."""
    unescaped = [View(data)]
    while len(unescaped) <= _DEEPEST and b"\\" in unescaped[-1].data:
        unescaped.append(View.undone(unescaped[-1], _JSON_ESCAPE, _undo_json))
    decoded: list[View] = []
    for view in unescaped:
        for _ in range(2):  # a URL within a URL
            if not _PERCENT.search(view.data):
                break
            view = View.undone(view, _PERCENT, _undo_percent)
            decoded.append(view)
    return unescaped + decoded


_JSON_ESCAPE = re.compile(
    rb"\\(?:u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}|u[0-9a-fA-F]{4}|.)", re.DOTALL
)
_PERCENT = re.compile(rb"%[0-9A-Fa-f]{2}")
_SHORT_ESCAPES = {b"\\b": b"\b", b"\\f": b"\f", b"\\n": b"\n", b"\\r": b"\r", b"\\t": b"\t"}


def whole_escapes(data: bytes, start: int, end: int) -> tuple[int, int]:
    """``start`` and ``end``, moved apart so that they cut no JSON escape in two."""
    if b"\\" not in data[max(0, start - 12) : end + 12]:
        return start, end
    return _around(data, start)[0], _around(data, end)[1]


def _around(data: bytes, cut: int) -> tuple[int, int]:
    """The escape that ``cut`` would go through, or ``cut`` itself."""
    first = data.rfind(b"\\", max(0, cut - 12), cut)
    while first > 0 and data[first - 1 : first] == b"\\":
        first -= 1
    while 0 <= first < cut and (escape := _JSON_ESCAPE.match(data, first)):
        if escape.start() < cut < escape.end():
            return escape.span()
        first = data.find(b"\\", escape.end(), cut)
    return cut, cut


def _undo_json(escape: re.Match[bytes]) -> bytes:
    raw = escape[0]
    if len(raw) == 2:
        return _SHORT_ESCAPES.get(raw, raw[1:])
    units = bytes.fromhex(raw.replace(b"\\u", b"").decode())
    return units.decode("utf-16-be", "replace").encode()


def _undo_percent(escape: re.Match[bytes]) -> bytes:
    return bytes.fromhex(escape[0][1:].decode())


def spellings_of(secret: str) -> list[bytes]:
    """Every encoding of a secret, itself first; empty for one that is too short to be recognised."""
    plain = secret_bytes(secret)
    if len(secret) < SHORTEST:
        return []
    quoted = quote(plain, safe="").encode()
    escaped = json.dumps(secret)[1:-1].encode()
    written = [plain, quoted, _lower_hex(quoted), escaped, escaped.replace(b"/", b"\\/")]
    for alphabet in (base64.b64encode, base64.urlsafe_b64encode):
        written += [core for skew in range(3) if len(core := _base64_core(plain, skew, alphabet)) >= SHORTEST]
    return list(dict.fromkeys(written))


def _base64_core(plain: bytes, skew: int, encode: Callable[[bytes], bytes]) -> bytes:
    """Those base64 letters that the secret alone decides, when ``skew`` bytes stand before it."""
    letters = encode(b"\0" * skew + plain)
    return letters[(skew * 8 + 5) // 6 : (skew + len(plain)) * 8 // 6]


def _lower_hex(quoted: bytes) -> bytes:
    return _PERCENT.sub(lambda escape: escape[0].lower(), quoted)
