"""One HTTP request and its answer, as plain values: what travels between the socket and the REST legs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple
from urllib.parse import parse_qs, unquote, urlsplit

import orjson

from ..protocol.conversations import Json

Headers = tuple[tuple[str, str], ...]


class Ask(NamedTuple):
    """A request that came whole. Names of ``headers`` are in lower case."""

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
        return [value for each, value in self.headers if each == name]

    def query(self, name: str) -> str | None:
        """The first value of a parameter in the target; None where it is missing or empty."""
        found = parse_qs(urlsplit(self.target).query).get(name)
        return found[0] if found else None


class Answer(NamedTuple):
    """What goes back. ``Content-Length`` and ``Connection`` are left to the socket's side."""

    status: int
    headers: Headers = ()
    body: bytes = b""


class Wrong(Exception):
    """The request gets this answer instead: a status and one sentence."""

    def __init__(self, status: int, says: str) -> None:
        super().__init__(says)
        self.status = status
        self.says = says


def json_answer(told: Json, *, status: int = 200) -> Answer:
    """An object, as JSON."""
    return Answer(status, (("content-type", "application/json"), ("cache-control", "no-store")), dumped(told))


def refusal(status: int, says: str) -> Answer:
    """An error, as JSON."""
    return json_answer({"code": status, "message": says}, status=status)


def dumped(told: Json) -> bytes:
    """The object as the JSON text of a body."""
    return orjson.dumps(told)


def unescaped(segment: str) -> str:
    """A segment of a path as it was meant. Bytes that are no UTF-8 are replaced."""
    return unquote(segment)
