"""How connections end: what each close code means, and the end of a connection in words."""

from __future__ import annotations

from .frames import AUTHENTICATION_CLOSES, CloseCode, close_parts, may_be_sent
from .records import ConnectionClosed, ConnectionInfo

BROKEN_OFF_BY_CLIENT = "broken off by the client"
"""The detail of a connection that the client dropped on purpose, without a Close frame."""

# RFC 6455 7.4.1, and the registry at IANA.
_MEANINGS: dict[int, str] = {
    CloseCode.NORMAL: "normal closure",
    CloseCode.GOING_AWAY: "going away, such as a service that shuts down or a page that is left",
    CloseCode.PROTOCOL_ERROR: "protocol error",
    CloseCode.UNSUPPORTED_DATA: "kind of data not accepted",
    CloseCode.NO_STATUS: "no code was given; this number may not be sent",
    CloseCode.ABNORMAL: "ended without a Close frame; this number may not be sent",
    CloseCode.INVALID_DATA: "data not as its type says, such as text that is not UTF-8",
    CloseCode.TOO_BIG: "payload too big",
    CloseCode.EXTENSION_MISSING: "a required extension was not agreed",
    CloseCode.SERVICE_RESTART: "the service restarts",
    CloseCode.TRY_AGAIN_LATER: "overloaded: try again later",
    CloseCode.BAD_GATEWAY: "a gateway got a bad answer",
    CloseCode.TLS_FAILED: "the TLS handshake failed; this number may not be sent",
    3000: "unauthorized",
    3003: "forbidden",
    3008: "timeout",
    **{code: known.meaning for code, known in AUTHENTICATION_CLOSES.items()},
}
# RFC 6455 7.4.2. The first range that the code lies below is its own.
_RANGES = (
    (1000, "not used by RFC 6455"),
    (3000, "reserved for RFC 6455, without a meaning so far"),
    (4000, "registered with IANA by a library or framework"),
    (5000, "private use: its meaning is the service's own"),
)


Ending = ConnectionClosed | ConnectionInfo
"""The end of a connection, as it is recorded or as the archive has it."""


def close_meaning(close_code: int) -> str:
    """What a close code means, in one phrase: its own meaning, or that of its range (RFC 6455 7.4)."""
    known = _MEANINGS.get(close_code)
    if known is not None:
        return known
    return next((says for above, says in _RANGES if close_code < above), "beyond what RFC 6455 allows")


def ending_words(ending: Ending) -> str:
    """Who ended a connection, with which code and reason, and how: ``closed by the service with 4401 (x)``.

    Reason and detail may quote the service: escape them before they reach a terminal.
    """
    if ending.how is None:
        return "no end recorded"
    detail = f": {ending.detail}" if ending.detail else ""
    if ending.closed_by is None and ending.close_code is None:
        return f"{ending.how}{detail}"
    code = "no code" if ending.close_code is None else str(ending.close_code)
    reason = f" ({ending.close_reason})" if ending.close_reason else ""
    how = "closed" if ending.how == "closed" else f"{ending.how}, after a Close frame"
    # Of some captures the code is known, and not whose it was.
    by = "" if ending.closed_by is None else f" by the {ending.closed_by.value}"
    return f"{how}{by} with {code}{reason}{detail}"


def explained_ending(ending: Ending) -> str:
    """``ending_words``, and what the close code means, if there is one."""
    meant = f"; {ending.close_code}: {close_meaning(ending.close_code)}" if ending.close_code else ""
    return f"{ending_words(ending)}{meant}"


def answering_close(received: bytes) -> bytes:
    """The payload of the Close frame that answers one with the payload ``received`` (RFC 6455 5.5.1).

    It repeats the code; without a code it has none; a code that may not be sent is a protocol error.
    """
    if not received:
        return b""
    code, _ = close_parts(received)
    answer = code if code is not None and may_be_sent(code) else CloseCode.PROTOCOL_ERROR
    return answer.to_bytes(2, "big")
