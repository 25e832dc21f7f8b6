"""HTTP requests and responses as plain values, between the connection and whoever responds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple
from urllib.parse import parse_qs, urlsplit

import orjson

Headers = tuple[tuple[str, str], ...]
"""Names and values, in order."""


class HttpRequest(NamedTuple):
    """A complete request. The names in ``headers`` are in lower case."""

    method: str
    target: str
    headers: Headers
    body: bytes = b""

    @property
    def path(self) -> str:
        """The target without its query, still escaped."""
        return self.target.partition("?")[0]

    def values(self, name: str) -> Sequence[str]:
        """All values of a header, in order."""
        return [value for header, value in self.headers if header == name]

    def query(self, name: str) -> str | None:
        """The first value of a parameter in the target; None where it is missing or empty."""
        found = parse_qs(urlsplit(self.target).query).get(name)
        return found[0] if found else None


class HttpResponse(NamedTuple):
    """A response; the connection adds ``Content-Length`` and ``Connection``."""

    status: int
    headers: Headers = ()
    body: bytes = b""


def json_response(value: Mapping[str, object], *, status: int = 200) -> HttpResponse:
    """A response with a JSON object."""
    return HttpResponse(
        status, (("content-type", "application/json"), ("cache-control", "no-store")), orjson.dumps(value)
    )


def error_response(status: int, reason: str) -> HttpResponse:
    """An error response: ``{"code": …, "message": …}``."""
    return json_response({"code": status, "message": reason}, status=status)
