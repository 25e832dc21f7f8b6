"""Rules about connections: how they ended, and what the wire forbids."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from recorder.wire.frames import AUTHENTICATION_CLOSES

from .findings import FINE, Look, Severity, broken, span, unknowable
from .input import ConnectionFact
from .session_index import Ground, Rule


def _authentication(ground: Ground) -> Iterator[Look]:
    for connection in ground.case.connections:
        if connection.close_code is None:
            continue
        meaning = AUTHENTICATION_CLOSES.get(connection.close_code)
        if meaning is None or connection.closed_by_client:
            yield FINE
            continue
        reason = f' "{connection.close_reason[:80]}"' if connection.close_reason else ""
        says = (
            f"connection {connection.connection} was closed with {connection.close_code}{reason}: "
            f"{meaning.meaning} (according to {meaning.source})"
        )
        yield broken(says, *_frames(connection))


def _frames(connection: ConnectionFact) -> tuple[int, ...]:
    frame = connection.last_frame if connection.close_frame is None else connection.close_frame
    return () if frame is None else (frame,)


def _silence(ground: Ground) -> Iterator[Look]:
    for connection in ground.case.connections:
        if connection.how not in ("closed", "lost", "failed"):
            continue
        if connection.closed_by_client:
            yield FINE
            continue
        silent = _silent_s(connection)
        named = f"connection {connection.connection}"
        if silent is None:
            says = f"how long {named} was silent is not known: the capture tells no times"
            yield unknowable(says, *_frames(connection))
        elif silent <= ground.limits.silence_s:
            yield FINE
        else:
            says = f"{named} ended after {span(silent)} without data; whether that is why, no frame tells"
            yield broken(says, *_frames(connection))


def _silent_s(connection: ConnectionFact) -> float | None:
    for last_us, closed_us in (
        (connection.last_offset_us, connection.closed_offset_us),
        (connection.last_at_us, connection.closed_at_us),
    ):
        if last_us is not None and closed_us is not None:
            return (closed_us - last_us) / 1_000_000
    return None


_BROKEN_OFF = {
    "lost": "its transport ended without a Close frame",
    "failed": "it failed on our side before a Close frame",
}


def _without_close(ground: Ground) -> Iterator[Look]:
    for connection in ground.case.connections:
        named = f"connection {connection.connection}"
        if connection.how == "closed":
            yield FINE
        elif connection.how in _BROKEN_OFF:
            says = f"{named}: {_BROKEN_OFF[connection.how]}; what was under way then is unknown"
            yield broken(says, *_frames(connection))
        elif connection.how is None and connection.ended:
            yield unknowable(f"the end of {named} is not in the recording", *_frames(connection))


def _violations(ground: Ground) -> Iterator[Look]:
    alike: defaultdict[tuple[int, bool, str], list[int]] = defaultdict(list)
    for fact in ground.case.violations:
        alike[fact.connection, fact.from_client, fact.violation].append(fact.frame)
    for (connection, from_client, violation), frames in alike.items():
        sender = "client" if from_client else "service"
        times = "" if len(frames) == 1 else f" ({len(frames)} frames)"
        yield broken(f"the {sender}, on connection {connection}: {violation}{times}", *frames)
    touched = {fact.connection for fact in ground.case.violations}
    for each in ground.case.connections:
        if each.first_frame is None or each.connection in touched:
            continue
        if each.wire_seen:
            yield FINE
        else:
            says = f"of connection {each.connection} only what its frames carry was recorded, not their bytes"
            yield unknowable(says, each.first_frame)


RULES = (
    Rule(
        "auth-close",
        Severity.ERROR,
        "No connection is closed for authentication",
        "Looks at the codes of Close frames that the service sent. 4401 and 4407 are documented for token "
        "and identity; 1008 and 1011 are taken for authentication only by client code and a readme, and may "
        "mean something else. The finding says whose meaning it is.",
        _authentication,
    ),
    Rule(
        "silence-before-close",
        Severity.WARNING,
        "No connection ends after a long silence",
        "Looks for more than 60 s without data (pings and pongs do not count) before the service closed a "
        "connection or it was lost. The advice is a request every 30 to 60 s; the real limit is not "
        "published, and that the silence was the cause is not claimed.",
        _silence,
    ),
    Rule(
        "ended-without-close",
        Severity.WARNING,
        "Every connection ends with a Close frame",
        "Looks for connections whose transport ended without a Close frame (1006 in browsers). Requests "
        "under way then have an unknown outcome. Where the capture does not tell how a connection ended, it "
        "is not observable.",
        _without_close,
    ),
    Rule(
        "protocol-violation",
        Severity.WARNING,
        "Every frame is as RFC 6455 wants it",
        "Looks at what the decoder found against RFC 6455: reserved bits or opcodes, masks, lengths, broken "
        "UTF-8, frames cut off by the end. Compressed frames of a connection whose handshake was not "
        "recorded are among them. One finding for each kind, side and connection. Captures that only hold "
        "texts cannot show such things: then it is not observable.",
        _violations,
    ),
)  # fmt: skip
