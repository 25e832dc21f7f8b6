"""A request beside the WebSockets, and its answer, as a line of JSON, both directions."""

from __future__ import annotations

from recorder.wire.records import HttpExchange, iso_utc

from .lines import LARGEST_INTEGER, JsonFields, JsonLine


def exchange_fields(exchange: HttpExchange) -> JsonFields:
    """What a line says of it; what is not known is left out."""
    fields: JsonFields = {
        "exchange": exchange.purpose,
        "connection": exchange.connection,
        "at": iso_utc(exchange.at_us),
        "offset_us": exchange.offset_us,
        "method": exchange.method,
        "url": exchange.url,
        "status": exchange.status,
        "answered_at": iso_utc(exchange.answered_at_us),
        "answered_offset_us": exchange.answered_offset_us,
        "request_type": exchange.request_type,
        "response_type": exchange.response_type,
        "request_size": exchange.request_size,
        "response_size": exchange.response_size,
        "request_body": _text(exchange.request_body),
        "response_body": _text(exchange.response_body),
    }
    return {key: value for key, value in fields.items() if value is not None}


def _text(body: bytes | None) -> str | None:
    return None if body is None else body.decode("utf-8", "backslashreplace")


def exchange_of(line: JsonLine) -> HttpExchange:
    """What the line says. Raises BadCapture."""
    method, url = line.text("method"), line.text("url")
    if method is None or url is None:
        raise line.error('an exchange has a "method" and a "url"')
    bodies = (line.text("request_body"), line.text("response_body"))
    request_body, response_body = (None if text is None else text.encode() for text in bodies)
    return HttpExchange(
        connection=line.integer("connection", 1, LARGEST_INTEGER),
        purpose=line.text("exchange") or "other",
        at_us=line.time_us("at"),
        offset_us=line.integer("offset_us", -LARGEST_INTEGER, LARGEST_INTEGER),
        method=method,
        url=url,
        status=line.integer("status", 0, 999),
        answered_at_us=line.time_us("answered_at"),
        answered_offset_us=line.integer("answered_offset_us", -LARGEST_INTEGER, LARGEST_INTEGER),
        request_type=line.text("request_type"),
        response_type=line.text("response_type"),
        request_size=line.integer("request_size", 0, LARGEST_INTEGER),
        response_size=line.integer("response_size", 0, LARGEST_INTEGER),
        request_body=request_body,
        response_body=response_body,
    )
