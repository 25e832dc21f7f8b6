"""The row of a request beside a WebSocket: secrets blanked, its bodies cut to what is kept of them."""

from __future__ import annotations

from codecs import utf_8_decode

from recorder.wire.records import BODY_LIMIT, HttpExchange

from .redacts import Redacts
from .stored_text import storable


def exchange_row(
    exchange: HttpExchange, session_id: int, number: int, redactor: Redacts | None
) -> tuple[object, ...]:
    """The columns of ``http_exchange``, in their order."""
    *columns, request_body, response_body = exchange._replace(
        method=_text(exchange.method, redactor),
        url=storable(exchange.url if redactor is None else redactor.url(exchange.url)),
        request_type=_optional_text(exchange.request_type, redactor),
        response_type=_optional_text(exchange.response_type, redactor),
    )
    return (session_id, number, *columns, _body(request_body, redactor), _body(response_body, redactor))


def _optional_text(text: str | None, redactor: Redacts | None) -> str | None:
    return None if text is None else _text(text, redactor)


def _text(text: str, redactor: Redacts | None) -> str:
    return storable(text if redactor is None else redactor.text(text))


def _body(body: bytes | None, redactor: Redacts | None) -> str | None:
    """What is kept of a body; None if it is no text.

    Where it is cut, what a secret may begin with at its end goes too: the redactor reads it as the first
    fragment of a payload.
    """
    if body is None:
        return None
    cut = len(body) > BODY_LIMIT
    kept = body[:BODY_LIMIT]
    if redactor is not None:
        stream = object()
        kept = redactor.payload(kept, stream=stream, fin=not cut, continuation=False)
        redactor.forget(stream)
    cut = cut or len(kept) > BODY_LIMIT  # placeholders may be longer than what they stand for
    try:
        text, _ = utf_8_decode(kept[:BODY_LIMIT], "strict", not cut)
    except UnicodeDecodeError:
        return None
    return storable(text)
