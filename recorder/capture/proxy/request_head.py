"""The head of a client's request: what it asks for, why it is refused, and how it goes to the service.

Only the values of headers that must name the service are replaced; every other byte stays as it came.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple
from urllib.parse import urlsplit

from recorder.wire.handshake import Headers, RequestHead, header_values


class HeaderChange(NamedTuple):
    """A header that goes to the service with another value than the client gave it."""

    name: str
    before: str
    after: str

    def __str__(self) -> str:
        return f"{self.name} {self.before} became {self.after}"


class ClientRequest(NamedTuple):
    """What the head of a request says. ``raw``: its bytes as they came, blank line included."""

    method: str
    target: str
    version: str
    headers: Headers
    raw: bytes

    @property
    def is_upgrade(self) -> bool:
        """Whether it asks for a WebSocket (RFC 6455 4.1)."""
        asked = ",".join(header_values(self.headers, "Upgrade")).lower().split(",")
        return self.method == "GET" and "websocket" in [name.strip() for name in asked]

    def values(self, name: str) -> tuple[str, ...]:
        """Every value of this header, in order."""
        return header_values(self.headers, name)


class UpstreamRequest(NamedTuple):
    """A request on its way to the service.

    Attributes:
        request: its head.
        rest: what the client has sent after the head already.
        url: where it goes.
        changes: what is changed in the head.
    """

    request: ClientRequest
    rest: bytes
    url: str
    changes: tuple[HeaderChange, ...]

    @property
    def head(self) -> bytes:
        """The head as the service gets it."""
        return with_changes(self.request.raw, self.changes)


def read_request(head: RequestHead, raw: bytes) -> ClientRequest:
    """The request with this parsed head. Parts that are missing in its first line are empty."""
    method, _, rest = head.request_line.partition(" ")
    target, _, version = rest.strip(" ").partition(" ")
    return ClientRequest(method, target, version.strip(" "), head.headers, raw)


def proxy_refusal(request: ClientRequest) -> str | None:
    """Why this request is none for a fixed service, in one sentence; None if it is."""
    if request.method == "CONNECT":
        return "This proxy leads to one service only; it makes no tunnels (CONNECT)"
    if request.version not in ("HTTP/1.1", "HTTP/1.0"):
        return "This proxy speaks HTTP/1.1 only"
    if not request.target.startswith("/") and request.target != "*":
        return "This proxy leads to one service only: the target must be a path, not a whole address"
    return None


def upstream_changes(
    request: ClientRequest, *, upstream: str, own_origins: Sequence[str], upstream_origin: str
) -> tuple[HeaderChange, ...]:
    """What must be changed in the head so that the service at ``upstream`` takes it for its own.

    ``Host``, and an ``Origin`` that is one of ``own_origins``: a page that was loaded through the proxy.
    The origin of any other page stays, as the service would see it without a proxy.
    """
    changes = [HeaderChange("Host", host, upstream) for host in request.values("Host") if host != upstream]
    changes += [
        HeaderChange("Origin", origin, upstream_origin)
        for origin in request.values("Origin")
        if origin.lower() in own_origins
    ]
    return tuple(changes)


def with_changes(head: bytes, changes: Sequence[HeaderChange]) -> bytes:
    """The head with the values of these headers replaced, and every other byte as it was."""
    for change in changes:
        head = with_header(head, change.name, change.after)
    return head


def with_header(head: bytes, name: str, value: str) -> bytes:
    """The head with this value in every line of the header ``name``; order, names and line ends stay."""
    wanted = name.lower().encode("latin-1")
    lines = head.split(b"\n")
    for place, line in enumerate(lines):
        found, colon, _ = line.partition(b":")
        if colon and found.strip(b" \t").lower() == wanted:
            end = b"\r" if line.endswith(b"\r") else b""
            lines[place] = found + b": " + value.encode("latin-1") + end
    return b"\n".join(lines)


def origins_of(hosts: Sequence[str], *, secure: bool) -> tuple[str, ...]:
    """The origins of pages that these values of ``Host`` serve, in lower case; usual ports are left out."""
    scheme, usual = ("https", 443) if secure else ("http", 80)
    origins = []
    for host in hosts:
        parts = urlsplit(f"//{host.lower()}")
        named = parts.netloc.removesuffix(f":{usual}")
        origins.append(f"{scheme}://{named}")
    return tuple(origins)
