"""The HTTP upgrade that opens a WebSocket: read it however it is chopped, and check it.

What the other end wrote is never refused here: it is read as well as it can be, and ``problems`` and
``HandshakeReader.fault`` say what is wrong with it.
"""

from __future__ import annotations

import re
from base64 import b64encode
from hashlib import sha1
from typing import NamedTuple

from .frames import Side

SWITCHING_PROTOCOLS = 101
"""The status that accepts an upgrade (RFC 9110 15.2.2)."""

HEAD_LIMIT = 64 * 1024
"""A head longer than this many bytes is given up."""

TOO_LONG = f"the head has no end within {HEAD_LIMIT} bytes"

Headers = tuple[tuple[str, str], ...]

# RFC 6455 1.3: what a service appends to the client's key to prove that it speaks WebSocket.
_PROOF = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
_BLANK_LINE = re.compile(rb"\n\r?\n")
_STATUS_LINE = re.compile(r"HTTP/\d+(?:\.\d+)? +(\d{3})(?: +(.*))?$", re.ASCII | re.DOTALL)


class RequestHead(NamedTuple):
    """The client's half. Headers keep order, case and repeats; bytes beyond ASCII are read as Latin-1."""

    request_line: str
    headers: Headers


class ResponseHead(NamedTuple):
    """The service's half. ``status`` is None if its first line is no HTTP status line.

    Headers as in ``RequestHead``.
    """

    status_line: str
    status: int | None
    reason: str
    headers: Headers


class HandshakeReader:
    """Collects one side's head until the blank line; what comes after it is frames.

    Interim answers of the service (a 1xx other than 101) are passed over. For any input, ``raw`` followed
    by what ``feed`` returned is the input.
    """

    def __init__(self, sender: Side) -> None:
        self._skips_interim = sender is Side.SERVICE
        self._buffer = bytearray()
        self._begin = 0  # where the head begins that counts, behind interim ones
        self._searched = 0  # no blank line begins before this
        self._done = False
        self.fault: str | None = None

    @property
    def raw(self) -> bytes:
        """Every byte of the handshake so far, as it came."""
        return bytes(self._buffer)

    @property
    def done(self) -> bool:
        """Whether the head is over: whole, or given up."""
        return self._done

    def feed(self, data: bytes) -> bytes | None:
        """Return what follows the head (``b""`` if nothing yet), or None while it goes on.

        Never raises. A head of more than ``HEAD_LIMIT`` bytes is over at the limit, and ``fault`` says so.
        """
        if self._done:
            return data
        self._buffer += data
        end = self._end()
        if end is None and len(self._buffer) <= HEAD_LIMIT:
            return None
        if end is None or end > HEAD_LIMIT:
            end, self.fault = HEAD_LIMIT, TOO_LONG
        self._done = True
        rest = bytes(self._buffer[end:])
        del self._buffer[end:]
        return rest

    def request(self) -> RequestHead:
        """The bytes so far, parsed as a request."""
        first, headers = _parse(bytes(self._buffer))
        return RequestHead(first, headers)

    def response(self) -> ResponseHead:
        """The bytes so far, parsed as a response."""
        first, headers = _parse(bytes(self._buffer[self._begin :]))
        status, reason = _status(first)
        return ResponseHead(first, status, reason, headers)

    def _end(self) -> int | None:
        """Where the head that counts ends, if its blank line is here."""
        while blank := _BLANK_LINE.search(self._buffer, self._searched):
            end = blank.end()
            if end > HEAD_LIMIT or not self._is_interim(end):
                return end
            self._begin = self._searched = end
        self._searched = max(self._searched, len(self._buffer) - 2)
        return None

    def _is_interim(self, end: int) -> bool:
        if not self._skips_interim:
            return False
        first, _ = _parse(bytes(self._buffer[self._begin : end]))
        status, _ = _status(first)
        return status is not None and 100 <= status < 200 and status != SWITCHING_PROTOCOLS


def accept_for(key: str) -> str:
    """The ``Sec-WebSocket-Accept`` that answers this ``Sec-WebSocket-Key`` (RFC 6455 4.2.2)."""
    digest = sha1(key.encode("latin-1", "replace") + _PROOF, usedforsecurity=False).digest()
    return b64encode(digest).decode("ascii")


def header_values(headers: Headers, name: str) -> tuple[str, ...]:
    """Every value of this header, in order; upper and lower case are the same."""
    wanted = name.lower()
    return tuple(value for key, value in headers if key.lower() == wanted)


class Extension(NamedTuple):
    """One extension of a ``Sec-WebSocket-Extensions`` header; a parameter without a value has None."""

    name: str
    parameters: dict[str, str | None]


def extensions(headers: Headers) -> tuple[Extension, ...]:
    """The extensions these headers offer or choose, in order (RFC 6455 9.1). Never raises."""
    values = header_values(headers, "Sec-WebSocket-Extensions")
    parts = [[part.strip() for part in item.split(";")] for value in values for item in value.split(",")]
    return tuple(
        Extension(name, dict(map(_parameter, filter(None, given)))) for name, *given in parts if name
    )


def _parameter(text: str) -> tuple[str, str | None]:
    name, has_value, value = text.partition("=")
    return name.strip(), value.strip().strip('"') if has_value else None


def minimal_response(answer: ResponseHead) -> bytes:
    """A checked 101 response reduced to the headers that a WebSocket library needs."""
    lines = ["HTTP/1.1 101 Switching Protocols", "Upgrade: websocket", "Connection: Upgrade"]
    for name in ("Sec-WebSocket-Accept", "Sec-WebSocket-Protocol"):
        lines += [f"{name}: {value}" for value in header_values(answer.headers, name)]
    return "\r\n".join([*lines, "", ""]).encode()


def problems(request: RequestHead, response: ResponseHead) -> tuple[str, ...]:
    """What a client must not accept in this answer (RFC 6455 4.1), a sentence each; empty if it may go on."""
    if response.status is None:
        return ("the answer is not HTTP",)
    if response.status != SWITCHING_PROTOCOLS:
        return (f"the service answered {response.status} {response.reason}".rstrip() + " instead of 101",)
    checks = (
        _upgrade_problem,
        _connection_problem,
        _accept_problem,
        _subprotocol_problem,
        _extension_problem,
    )
    return tuple(says for check in checks if (says := check(request.headers, response.headers)))


def _upgrade_problem(request: Headers, response: Headers) -> str | None:
    return None if "websocket" in _tokens(response, "Upgrade") else 'no "Upgrade: websocket" in the answer'


def _connection_problem(request: Headers, response: Headers) -> str | None:
    return None if "upgrade" in _tokens(response, "Connection") else 'no "Connection: Upgrade" in the answer'


def _accept_problem(request: Headers, response: Headers) -> str | None:
    keys = header_values(request, "Sec-WebSocket-Key")
    if not keys:
        return "the request has no Sec-WebSocket-Key"
    found = header_values(response, "Sec-WebSocket-Accept")
    if not found:
        return "no Sec-WebSocket-Accept in the answer"
    return None if found == (accept_for(keys[0]),) else "Sec-WebSocket-Accept does not answer the key"


def _subprotocol_problem(request: Headers, response: Headers) -> str | None:
    # Names of subprotocols are compared letter by letter; they are chosen from the client's list.
    chosen = header_values(response, "Sec-WebSocket-Protocol")
    offered = [
        name.strip()
        for value in header_values(request, "Sec-WebSocket-Protocol")
        for name in value.split(",")
    ]
    if len(chosen) > 1:
        return "more than one subprotocol in the answer"
    not_offered = [name for name in chosen if name not in offered]
    return f"the service chose a subprotocol nobody asked for: {not_offered[0]}" if not_offered else None


def _extension_problem(request: Headers, response: Headers) -> str | None:
    offered = {each.name for each in extensions(request)}
    not_offered = [each.name for each in extensions(response) if each.name not in offered]
    return (
        f"the service chose an extension nobody asked for: {', '.join(not_offered)}" if not_offered else None
    )


def _tokens(headers: Headers, name: str) -> set[str]:
    return {token.strip().lower() for value in header_values(headers, name) for token in value.split(",")}


def _parse(head: bytes) -> tuple[str, Headers]:
    """First line and headers. A line without a colon becomes a header without a value."""
    text = head.decode("latin-1").lstrip("\r\n")  # RFC 7230 3.5: an empty line may come before
    first, *lines = [line.removesuffix("\r") for line in text.split("\n")]
    pairs: list[tuple[str, str]] = []
    for line in filter(None, lines):
        if line[0] in " \t" and pairs:  # folded: the value goes on (RFC 7230 3.2.4)
            name, value = pairs[-1]
            pairs[-1] = (name, " ".join(filter(None, (value, line.strip(" \t")))))
            continue
        name, _, value = line.partition(":")
        pairs.append((name.strip(" \t"), value.strip(" \t")))
    return first, tuple(pairs)


def _status(status_line: str) -> tuple[int | None, str]:
    read = _STATUS_LINE.match(status_line)
    return (int(read[1]), read[2] or "") if read else (None, "")
