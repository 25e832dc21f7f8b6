"""What is kept of a request beside a WebSocket: no secrets, and no more than the bound."""

from __future__ import annotations

import pytest

from recorder.redaction.redactor import Redactor
from recorder.store.exchange_rows import exchange_row
from recorder.store.tables import http_exchange
from recorder.wire.records import BODY_LIMIT, HttpExchange

TOKEN = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJjb25zdW1lci0xIn0.c2lnbmF0dXJlLW9mLTMyLWJ5dGVzLXh4eHh4eHg"
PLAIN = HttpExchange(None, "signup", 1, 2, "POST", "https://idp.example/signup", 200)


def stored(exchange: HttpExchange, *, keep_secrets: bool = False) -> dict[str, object]:
    """The row, by column."""
    redactor = None if keep_secrets else Redactor(b"k" * 32)
    row = exchange_row(exchange, 7, 3, redactor)
    return dict(zip(http_exchange.columns.keys(), row, strict=True))


def test_every_column_holds_the_field_of_its_name() -> None:
    """With the row number of the session and the place in it."""
    row = stored(PLAIN._replace(connection=4, request_type="text/plain", response_body=b"ok"))
    told = PLAIN._replace(connection=4, request_type="text/plain", response_body="ok")
    assert row == {"session_id": 7, "number": 3, **told._asdict()}


@pytest.mark.parametrize(
    "told",
    [
        {"url": f"https://x/?token={TOKEN}"},
        {"method": f"GET {TOKEN}"},
        {"request_body": b'{"jwt": "' + TOKEN.encode() + b'"}'},
        {"response_body": TOKEN.encode()},
        {"response_type": f"text/plain; token={TOKEN}"},
        {"response_body": b"x" * (BODY_LIMIT - 40) + TOKEN.encode()},
        {"response_body": b'{"a": "' + b"x" * (BODY_LIMIT - 27) + b'", "token": "' + TOKEN.encode()},
    ],
)
def test_no_secret_is_kept(told: dict[str, str | bytes]) -> None:
    """Nor its beginning, where the body is cut within it."""
    row = str(stored(PLAIN._replace(**told)))
    assert TOKEN[:20] not in row
    assert TOKEN[-20:] not in row


def test_secrets_stay_where_that_was_asked_for() -> None:
    """As in frames."""
    assert stored(PLAIN._replace(response_body=TOKEN.encode()), keep_secrets=True)["response_body"] == TOKEN


@pytest.mark.parametrize(
    ("body", "kept"),
    [
        pytest.param(None, None, id="no-body"),
        pytest.param(b"", "", id="empty"),
        pytest.param("ü\0".encode(), "ü\\x00", id="text-no-database-can-hold"),
        pytest.param(b"\xff\xfe", None, id="no-text"),
        pytest.param(b"a" * BODY_LIMIT, "a" * BODY_LIMIT, id="exactly-the-bound"),
        pytest.param(b"a" * (BODY_LIMIT + 1), "a" * BODY_LIMIT, id="longer"),
        pytest.param(b"a" * (BODY_LIMIT - 1) + "ü".encode(), "a" * (BODY_LIMIT - 1), id="cut-in-a-letter"),
        pytest.param(b"a" * (BODY_LIMIT - 1) + b"\xc3", None, id="letter-that-never-ended"),
    ],
)
def test_a_body_is_kept_as_text_up_to_the_bound(body: bytes | None, kept: str | None) -> None:
    assert stored(PLAIN._replace(response_body=body), keep_secrets=True)["response_body"] == kept
