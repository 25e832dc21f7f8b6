"""Errors of the opening handshake: why there is no WebSocket, in one sentence, with a hint.

Text of the service is cut short and cleaned of control characters and of our token.
"""

from __future__ import annotations

from urllib.parse import urlsplit

from recorder.errors import CannotConnect, HandshakeRefused
from recorder.wire.handshake import ResponseHead, header_values

from .options import ConnectOptions

_LONGEST_REASON = 100

_NEW_TOKEN = "the token is missing, expired or for another account: get a new one"  # noqa: S105
_WRONG_PATH = "is the path right, and the account number in it?"
_LATER = "try again later"

_STATUS_HINTS = {
    200: "a web server answered, not a WebSocket: is the path right?",
    400: _NEW_TOKEN,
    401: _NEW_TOKEN,
    403: _NEW_TOKEN,
    404: _WRONG_PATH,
    407: "a proxy stands in the way and wants to be logged in to",
    410: _WRONG_PATH,
    426: "the service wants another protocol or version",
    429: "too many connections: " + _LATER,
    500: _LATER,
    502: _LATER,
    503: _LATER,
    504: _LATER,
}


def upgrade_refused(options: ConnectOptions, answer: ResponseHead) -> CannotConnect:
    """The error for an answer whose status is not 101."""
    status = answer.status or 0
    if 300 <= status < 400:
        hint: str | None = _redirect_hint(options, answer)
    else:
        hint = _STATUS_HINTS.get(status)
    return HandshakeRefused(options.base_url, status, _clean(answer.reason, options), hint=hint)


def not_a_websocket(options: ConnectOptions, problem: str) -> CannotConnect:
    """The error for an answer with status 101 that violates RFC 6455 4.1, or is not HTTP."""
    return CannotConnect(
        options.base_url, _clean(problem, options), hint="is this the address of a WebSocket service?"
    )


def no_subprotocol(options: ConnectOptions) -> CannotConnect:
    """The error for a service that took none of the subprotocols offered."""
    offered = ", ".join(options.subprotocols)
    return CannotConnect(
        options.base_url,
        f"the service chose none of the subprotocols offered ({offered})",
        hint="--subprotocol",
    )


def not_answered_in_time(options: ConnectOptions) -> CannotConnect:
    """The error for an upgrade that was not answered in time."""
    return CannotConnect(
        options.base_url,
        f"the upgrade was not answered within {options.connect_timeout_s:g} s",
        hint="is this the address of a WebSocket service? --connect-timeout waits longer",
    )


def ended_before_answer(options: ConnectOptions, broken: str | None) -> CannotConnect:
    """The error for a connection that ended before the upgrade was answered."""
    how = broken or "the service closed the connection"
    return CannotConnect(options.base_url, f"{how} before it answered the upgrade")


def _redirect_hint(options: ConnectOptions, answer: ResponseHead) -> str:
    """Names the target by scheme and host only: path and query may hold a secret."""
    targets = header_values(answer.headers, "Location")
    place = ""
    if targets:
        try:
            parts = urlsplit(targets[0])
        except ValueError:
            parts = urlsplit("")
        place = f" to {_clean(f'{parts.scheme}://{parts.hostname}', options)}" if parts.hostname else ""
    return f"it redirects{place}; this is not followed, because the token would go there too: give that URL"


def _clean(text: str, options: ConnectOptions) -> str:
    printable = "".join(char if char.isprintable() else "?" for char in text)
    if options.token:
        printable = printable.replace(options.token, "…")
    if len(printable) <= _LONGEST_REASON:
        return printable
    # Cut between words: redaction would not recognise half a secret.
    return printable[:_LONGEST_REASON].rpartition(" ")[0] + " …"
