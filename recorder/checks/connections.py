"""Rules about connections: close codes, lost connections, silence, frames against RFC 6455."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from recorder.counted import counted
from recorder.wire.frames import AUTHENTICATION_CLOSES

from .dependencies import Kind
from .findings import FRAMES_SHOWN, SATISFIED, Observation, Severity, not_observable, span, violated
from .groups import Group, Part
from .input import ConnectionFact
from .rule import Rule
from .session_index import SessionIndex


def _authentication(session: SessionIndex, number: int) -> Iterator[Observation]:
    connection = session.connections.get(number)
    if connection is None:
        return
    if connection.close_code is None:
        if connection.lacks_control_frames and connection.how != "refused":
            yield _not_in_source(connection, "close codes")
        return
    meaning = AUTHENTICATION_CLOSES.get(connection.close_code)
    if meaning is None or connection.closed_by_client:
        yield SATISFIED
        return
    reason = f' "{connection.close_reason[:80]}"' if connection.close_reason else ""
    sentence = (
        f"connection {connection.connection} was closed with {connection.close_code}{reason}: "
        f"{meaning.meaning} (according to {meaning.source})"
    )
    yield violated(sentence, *_frames(connection))


def _not_in_source(connection: ConnectionFact, what: str) -> Observation:
    return not_observable(
        f"of connection {connection.connection}: this source has no {what}", *_frames(connection)
    )


def _frames(connection: ConnectionFact) -> tuple[int, ...]:
    frame = connection.last_frame if connection.close_frame is None else connection.close_frame
    return () if frame is None else (frame,)


def _silence(session: SessionIndex, number: int) -> Iterator[Observation]:
    connection = session.connections.get(number)
    if connection is None:
        return
    if connection.how not in ("closed", "lost", "failed"):
        return
    if connection.closed_by_client:
        yield SATISFIED
        return
    if connection.lacks_control_frames and connection.closed_by_client is None:
        yield _not_in_source(connection, "close frames, so who ended it is not known")
        return
    silent = _silent_s(connection)
    named = f"connection {connection.connection}"
    if silent is None:
        sentence = f"how long {named} was silent is not known: the capture tells no times"
        yield not_observable(sentence, *_frames(connection))
    elif silent <= session.limits.silence_s:
        yield SATISFIED
    else:
        sentence = f"{named} ended after {span(silent)} without data; whether that is why, no frame tells"
        yield violated(sentence, *_frames(connection))


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


def _without_close(session: SessionIndex, number: int) -> Iterator[Observation]:
    connection = session.connections.get(number)
    if connection is None:
        return
    named = f"connection {connection.connection}"
    if connection.lacks_control_frames and connection.closed_by_client is None:
        if connection.how != "refused" and connection.ended:
            yield _not_in_source(connection, "control frames")
    elif connection.how == "closed":
        yield SATISFIED
    elif connection.how in _BROKEN_OFF:
        sentence = f"{named}: {_BROKEN_OFF[connection.how]}; what was under way then is unknown"
        yield violated(sentence, *_frames(connection))
    elif connection.how is None and connection.ended:
        yield not_observable(f"the end of {named} is not in the recording", *_frames(connection))


def _refused(session: SessionIndex, number: int) -> Iterator[Observation]:
    connection = session.connections.get(number)
    if connection is None:
        return
    if connection.how == "refused":
        why = f": {connection.detail}" if connection.detail else ""
        yield violated(f"connection {connection.connection} did not come about{why}")
    elif connection.how is not None or connection.first_frame is not None:
        yield SATISFIED


def _violation(session: SessionIndex, place: int) -> Iterator[Part]:
    frame, connection, from_client, violation = session.input.violations[place]
    yield Part((connection, from_client, violation), (place,), (frame,))


def _violations(session: SessionIndex, group: Any, parts: Group) -> Iterator[Observation]:
    connection, from_client, violation = group
    sender = "client" if from_client else "service"
    times = "" if len(parts) == 1 else f" ({counted(len(parts), 'frame')})"
    said = f"the {sender}, on connection {connection}: {violation}{times}"
    yield violated(said, *parts.frames(FRAMES_SHOWN))


def _without_violation(session: SessionIndex, number: int) -> Iterator[Observation]:
    each = session.connections.get(number)
    if each is None or each.first_frame is None or session.facts.get(f"violated {number}"):
        return
    if each.lacks_control_frames:
        yield _not_in_source(each, "control frames, fragments and masks")
    elif each.wire_seen:
        yield SATISFIED
    else:
        sentence = f"of connection {number} only what its frames carry was recorded, not their bytes"
        yield not_observable(sentence, each.first_frame)


def _incomplete(session: SessionIndex, _: None) -> Iterator[Observation]:
    missing = session.facts.get("missing")
    if missing is not None:
        yield violated(*missing)
    elif session.facts.get("over"):
        yield SATISFIED


RULES = (
    Rule(
        "recording-incomplete",
        Severity.WARNING,
        "Nothing is known to be missing of the recording",
        "Looks at how the recording ended: within a frame, within a payload of several frames, by a failure "
        "on our side, or because the recorder died. What is missing then might have satisfied other rules, "
        "or violated them. It is a warning, so that what is there can be checked: "
        "--error recording-incomplete makes it fail. Nothing is said where the recording goes on, or of an "
        "earlier moment of it.",
        looks=((Kind.SESSION, _incomplete),),
    ),
    Rule(
        "auth-close",
        Severity.ERROR,
        "No connection is closed for authentication",
        "Looks at the codes of Close frames that the service sent. 4401 and 4407 are documented for token "
        "and identity; 1008 and 1011 are taken for authentication only by client code and a readme, and may "
        "mean something else. The finding says whose meaning it is.",
        looks=((Kind.CONNECTION, _authentication),),
    ),
    Rule(
        "not-let-in",
        Severity.WARNING,
        "Every connection comes about",
        "Looks for connections that the service refused or that could not be made. The finding has the "
        "status of the answer and what its body says; session show --json has the body. A session in which "
        "no connection came about is checked only if it is given by its id.",
        looks=((Kind.CONNECTION, _refused),),
    ),
    Rule(
        "silence-before-close",
        Severity.WARNING,
        "No connection ends after a long silence",
        "Looks for more than 60 s without data (pings and pongs do not count) before the service closed a "
        "connection or it was lost. The advice is a request every 30 to 60 s; the real limit is not "
        "published, and that the silence was the cause is not claimed.",
        looks=((Kind.CONNECTION, _silence),),
    ),
    Rule(
        "ended-without-close",
        Severity.WARNING,
        "Every connection ends with a Close frame",
        "Looks for connections whose transport ended without a Close frame (1006 in browsers). Requests "
        "under way then have an unknown outcome. Where the capture does not tell how a connection ended, it "
        "is not observable.",
        looks=((Kind.CONNECTION, _without_close),),
    ),
    Rule(
        "protocol-violation",
        Severity.WARNING,
        "Every frame is as RFC 6455 wants it",
        "Looks at what the decoder found against RFC 6455: reserved bits or opcodes, masks, lengths, broken "
        "UTF-8, frames cut off by the end. Reserved bits break a rule only where no extension was agreed on. "
        "One finding for each kind, side and connection. Captures that only hold messages or texts cannot "
        "show such things: then it is not observable.",
        looks=((Kind.VIOLATION, _violation), (Kind.CONNECTION, _without_violation)),
        together=_violations,
    ),
)  # fmt: skip
