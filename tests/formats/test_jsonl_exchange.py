"""A request beside the WebSockets as a line."""

from __future__ import annotations

import json

import pytest

from recorder.errors import BadCapture
from recorder.formats.jsonl_exchange import exchange_fields, exchange_of
from recorder.formats.lines import JsonLine
from recorder.wire.records import HttpExchange


def read(**fields: object) -> HttpExchange:
    """What a line of these says."""
    return exchange_of(JsonLine("f.jsonl", 3, json.dumps(fields).encode()))


def test_what_is_not_known_is_left_out() -> None:
    exchange = HttpExchange(None, "signup", None, None, "POST", "https://x/", None)
    fields = {"exchange": "signup", "method": "POST", "url": "https://x/"}
    assert exchange_fields(exchange) == fields
    assert read(**fields) == exchange


def test_a_body_is_text() -> None:
    exchange = HttpExchange(2, "upgrade", 1_000_000, 7, "GET", "/", 429, response_body="zu früh".encode())
    fields = exchange_fields(exchange)
    assert (fields["response_body"], fields["at"]) == ("zu früh", "1970-01-01T00:00:01.000000Z")
    assert read(**fields) == exchange


@pytest.mark.parametrize(
    ("fields", "says"),
    [
        ({"exchange": "upgrade", "url": "/"}, 'an exchange has a "method" and a "url"'),
        ({"exchange": 1, "url": "/", "method": "GET"}, '"exchange" has to be a string'),
        ({"exchange": "x", "url": "/", "method": "GET", "status": 1000}, '"status" has to be a whole number'),
        ({"exchange": "x", "url": "/", "method": "GET", "at": "soon"}, '"at" is no time'),
    ],
)
def test_what_is_wrong_is_said_with_the_line(fields: dict[str, object], says: str) -> None:
    with pytest.raises(BadCapture, match=says) as wrong:
        read(**fields)
    assert wrong.value.line == 3
