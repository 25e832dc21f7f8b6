"""The body of an answer that refuses an upgrade, read however it is chopped.

Never raises for what a service sends: a body is kept as far as it can be read.
"""

from __future__ import annotations

import re
import zlib
from typing import Final

import h11

from .handshake import Headers, header_values
from .records import BODY_LIMIT

_GZIP, _ZLIB, _RAW_DEFLATE = 31, 15, -15  # zlib's window bits
_CODINGS: Final = {"gzip": (_GZIP,), "x-gzip": (_GZIP,), "deflate": (_ZLIB, _RAW_DEFLATE)}


class RefusalReader:
    """Collects the body that follows the head of an answer, up to what the archive keeps of one.

    Args:
        head: the bytes of the head, interim answers before it included.
        headers: what it says.

    Attributes:
        done: whether nothing more is wanted: the body is whole, broken off, or longer than what is kept.
    """

    def __init__(self, head: bytes, headers: Headers) -> None:
        self._headers = headers
        self._received = bytearray()
        self._head_read = False
        self._http: h11.Connection | None = h11.Connection(h11.CLIENT)
        self._http.send(h11.Request(method="GET", target="/", headers=[("Host", "service")]))
        self._http.send(h11.EndOfMessage())
        self.done = False
        self._whole = False
        self.feed(head)
        self._head_read = True

    @property
    def media_type(self) -> str | None:
        """What the service calls the body (Content-Type)."""
        return next(iter(header_values(self._headers, "Content-Type")), None)

    @property
    def size(self) -> int | None:
        """Bytes of the body as they came; None where it did not come to its end."""
        return len(self._received) if self._whole else None

    @property
    def body(self) -> bytes | None:
        """What came of the body, without its Content-Encoding, in UTF-8 where it is text.

        None if it is encoded in a way that nobody asked for.
        """
        data = without_content_encoding(bytes(self._received), self._headers)
        return (
            None
            if data is None
            else _as_utf8(data[: BODY_LIMIT + 1], self.media_type or "", whole=self._whole)
        )

    def feed(self, data: bytes) -> None:
        """Take bytes of the body; ``b""`` is the end of the stream."""
        if self.done or self._http is None:
            self._take_plain(data)
            return
        try:
            self._http.receive_data(data)
            self._read(self._http)
        except h11.RemoteProtocolError:
            # Nothing that HTTP could frame, or a stream that ended early: what came of the body stays.
            if self._head_read:
                self._received += self._http.trailing_data[0]
            self._http, self.done = None, not data

    def _take_plain(self, data: bytes) -> None:
        if not self.done:
            self._received += data
            self.done = not data or len(self._received) > BODY_LIMIT

    def _read(self, http: h11.Connection) -> None:
        while not self.done:
            event = http.next_event()
            if isinstance(event, h11.Data):
                self._received += event.data
                self.done = len(self._received) > BODY_LIMIT
            elif isinstance(event, h11.EndOfMessage):
                self.done = self._whole = True
            elif not isinstance(event, h11.InformationalResponse | h11.Response):
                return  # more is needed


def without_content_encoding(data: bytes, headers: Headers) -> bytes | None:
    """A body as it was before it was encoded, as far as it can be read and the archive keeps it.

    None if it is encoded in a way that is not known.
    """
    decoded: bytes | None = data
    for value in reversed(header_values(headers, "Content-Encoding")):
        for coding in reversed(value.lower().split(",")):
            decoded = None if decoded is None else _decoded(decoded, coding.strip())
    return decoded


def _decoded(data: bytes, coding: str) -> bytes | None:
    """As much of ``data`` as can be inflated; None for an unknown coding."""
    if coding in ("", "identity"):
        return data
    for window_bits in _CODINGS.get(coding, ()):
        inflate = zlib.decompressobj(window_bits)
        try:
            return inflate.decompress(data, BODY_LIMIT + 1)
        except zlib.error:
            continue
    return None


def _as_utf8(data: bytes, media_type: str, *, whole: bool) -> bytes:
    """Text in UTF-8, whatever charset it came in; unless ``whole`` without half a character at its end."""
    charset = re.search(r'charset="?([\w.:-]+)', media_type, re.ASCII | re.IGNORECASE)
    tried = ("utf-8", *((charset[1],) if charset else ()), *(("cp1252",) if "text/" in media_type else ()))
    for name in tried:
        try:
            return data.decode(name).encode()
        except UnicodeDecodeError as problem:
            if name == "utf-8" and not whole and problem.end == len(data) <= problem.start + 3:
                return data[: problem.start]
        except (LookupError, UnicodeError, ValueError):
            continue
    return data
