"""Where one HTTP/1.1 message ends in a stream of bytes, and what its body begins with.

h11 finds the end; the bytes themselves are the caller's to pass on, as they came.
"""

from __future__ import annotations

import zlib

import h11

from recorder.wire.handshake import HEAD_LIMIT, Headers, header_values
from recorder.wire.records import BODY_LIMIT

_GZIP_OR_ZLIB = 47  # zlib: any of the two, by its header


class NotHttp(Exception):
    """The bytes are no HTTP/1.1 message; the text says why."""


class MessageReader:
    """Reads one request, or the response to a request, up to its end.

    Attributes:
        has_head: whether its head is there; interim responses (1xx) do not count.
        status: of a response, once its head is there; else None.
        headers: once the head is there, as they came.
        ended: whether the message is whole.
        keeps_alive: whether another message may follow on the connection; known once it has ended.
        size: bytes of the body so far, without the framing of chunks.
        body: the first ``keep`` bytes of it.
    """

    def __init__(self, http: h11.Connection, *, keep: int = BODY_LIMIT) -> None:
        self._http = http
        self._keep = keep
        self.has_head = False
        self.status: int | None = None
        self.headers: Headers = ()
        self.ended = False
        self.keeps_alive = False
        self.size = 0
        self.body = bytearray()

    def feed(self, data: bytes) -> int:
        """Take bytes; return how many of them belong to this message, which may have ended with them.

        Raises:
            NotHttp: they cannot be read.
        """
        if self.ended:
            return 0
        if data:
            self._http.receive_data(data)
        try:
            while not self.ended and self._take(self._http.next_event()):
                pass
        except h11.RemoteProtocolError as problem:
            raise NotHttp(str(problem)) from None
        return len(data) - len(self._http.trailing_data[0]) if self.ended else len(data)

    def feed_end(self) -> None:
        """The sender sends nothing more: that ends a response without a length.

        Raises:
            NotHttp: the message is cut short.
        """
        if self.ended:
            return
        self._http.receive_data(b"")
        self.feed(b"")
        self.keeps_alive = False

    def text_body(self) -> bytes | None:
        """What is kept of the body without its Content-Encoding; None where that is none we can undo."""
        return decoded(bytes(self.body), header_values(self.headers, "Content-Encoding"), limit=self._keep)

    def _take(self, event: object) -> bool:
        """Note one event; whether to ask for the next."""
        if isinstance(event, h11.InformationalResponse):
            return True
        if isinstance(event, h11.Request | h11.Response):
            self.has_head = True
            self.headers = tuple(
                (name.decode("latin-1"), value.decode("latin-1")) for name, value in event.headers.raw_items()
            )
            self.status = event.status_code if isinstance(event, h11.Response) else None
            return True
        if isinstance(event, h11.Data):
            self.size += len(event.data)
            if len(self.body) < self._keep:
                self.body += event.data[: self._keep - len(self.body)]
            return True
        if isinstance(event, h11.EndOfMessage):
            self.ended = True
            self.keeps_alive = self._http.their_state is not h11.MUST_CLOSE
            return False
        if isinstance(event, h11.ConnectionClosed):
            raise NotHttp("it ended before it began")
        return False


def request_reader() -> MessageReader:
    """Reads a request."""
    return MessageReader(h11.Connection(h11.SERVER, max_incomplete_event_size=HEAD_LIMIT))


def response_reader(method: str, *, keep: int = BODY_LIMIT) -> MessageReader:
    """Reads the response to a request of this method: that to HEAD has no body."""
    http = h11.Connection(h11.CLIENT, max_incomplete_event_size=HEAD_LIMIT)
    http.send(h11.Request(method="HEAD" if method == "HEAD" else "GET", target="/", headers=[("Host", "-")]))
    http.send(h11.EndOfMessage())
    return MessageReader(http, keep=keep)


def decoded(body: bytes, encodings: tuple[str, ...], *, limit: int) -> bytes | None:
    """At most ``limit`` bytes of a body that may be cut off, without its Content-Encoding.

    None for an encoding other than gzip and deflate, or where the bytes do not fit it.
    """
    names = [name.strip().lower() for value in encodings for name in value.split(",")]
    for name in reversed([name for name in names if name not in ("", "identity")]):
        if name not in ("gzip", "x-gzip", "deflate"):
            return None
        try:
            body = zlib.decompressobj(_GZIP_OR_ZLIB).decompress(body, limit)
        except zlib.error:
            return None
    return body[:limit]
