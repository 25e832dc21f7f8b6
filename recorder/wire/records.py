"""The records that every source of frames hands to a sink, and the sessions made of them.

A client, a replay and an imported file hand over the same records; only the ``source`` of the session tells
them apart.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from .frames import CompressedPayload, Side

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class RecordedFrame(NamedTuple):
    """One frame with its place in the session and its two clocks.

    Attributes:
        number: place in the session, from 1, over all its connections; what ``frame list`` shows.
        connection: place of its connection in the session, from 1.
        index: place in its connection, from 0, without gaps, both sides counted together.
        sender: who sent it.
        at_us: microseconds since the epoch, UTC, by our clock; None in a capture that has no times.
        offset_us: monotonic microseconds since the session began; None where unknown.
        opcode, fin, rsv, payload, violation: as in ``Frame``.
        head: the header bytes exactly as they stood on the wire, or None where only the payload is known.
        redacted: whether secrets in ``payload`` were replaced; ``head`` then tells the original length.
        compressed: set where ``payload`` came compressed and is stored inflated, or not at all.
    """

    number: int
    connection: int
    index: int  # type: ignore[assignment]  # hides tuple.index, which nobody needs of a frame
    sender: Side
    at_us: int | None
    offset_us: int | None
    opcode: int
    fin: bool
    rsv: int
    payload: bytes
    head: bytes | None = None
    violation: str | None = None
    redacted: bool = False
    compressed: CompressedPayload | None = None


class FrameForwarded(NamedTuple):
    """A proxy has passed this frame on. Comes after the frame itself, at most once.

    ``number`` is the frame's; the times are as in ``RecordedFrame``.
    """

    number: int
    at_us: int | None
    offset_us: int | None


class ConnectionOpened(NamedTuple):
    """A connection is about to be made (or an imported one begins).

    Attributes:
        provenance: how its frames were come by: client, proxy, netlog, cdp, har, mitm, pcap, text, history,
            ...; None where nobody said: then it is what the session's ``source`` says.
        fidelity: what its source can tell, one of ``FIDELITIES``; None where nobody said.
    """

    connection: int
    url: str | None
    at_us: int | None
    offset_us: int | None
    provenance: str | None = None
    fidelity: str | None = None


FIDELITIES = ("bytes", "messages", "lines")
"""What the source of a connection can tell: every byte and so every frame; whole messages, without control
frames, fragments, masks and close codes; or lines of text, mostly without times too."""


class HandshakeSeen(NamedTuple):
    """Both halves of the HTTP upgrade. ``response_status`` is None if none came.

    ``request_line`` is the first line ("GET /path HTTP/1.1"). Headers keep order, case and repeats.
    """

    connection: int
    request_line: str | None
    request_headers: tuple[tuple[str, str], ...]
    response_status: int | None
    response_headers: tuple[tuple[str, str], ...]


class ConnectionClosed(NamedTuple):
    """The end of a connection.

    Attributes:
        close_code: the code of the first Close frame, or None if there was none.
        close_reason: its reason; undecodable bytes as backslash escapes.
        closed_by: who sent the first Close frame; None if nobody did.
        how: "closed" (Close frames), "lost" (the transport ended without one), "refused" (the
            handshake failed), "failed" (we could not go on: a send that timed out, a frame too long).
        detail: one sentence more where there is something to say.
    """

    connection: int
    at_us: int | None
    offset_us: int | None
    close_code: int | None
    close_reason: str | None
    closed_by: Side | None
    how: str
    detail: str | None = None


class HttpExchange(NamedTuple):
    """A request and its answer that stand beside a WebSocket, as a summary: REST legs, a refused upgrade.

    The archive takes the secrets out of URL, bodies and media types, and keeps of each body at most
    ``BODY_LIMIT`` bytes of text; what is not UTF-8 is left out. Its place in the session is counted there.

    Attributes:
        connection: number of the connection whose upgrade was refused; None for any other request.
        purpose: what it was for: upgrade, domain-lookup, signup, login, upload, other.
        at_us, offset_us: when the request was seen, as in ``RecordedFrame``.
        answered_at_us, answered_offset_us: when the answer began; None without one.
        method: GET, POST, ...
        url: as far as it is known; a path alone where the host is not.
        status: of the answer; None if none came.
        request_type, response_type: media type of the bodies (Content-Type).
        request_size, response_size: bytes of the bodies as they came; None where unknown.
        request_body, response_body: the bodies without their Content-Encoding, or as much of them as the
            caller held; None where there was none or nobody kept it.
    """

    connection: int | None
    purpose: str
    at_us: int | None
    offset_us: int | None
    method: str
    url: str
    status: int | None
    answered_at_us: int | None = None
    answered_offset_us: int | None = None
    request_type: str | None = None
    response_type: str | None = None
    request_size: int | None = None
    response_size: int | None = None
    request_body: bytes | None = None
    response_body: bytes | None = None


UNSENT_REASONS = (
    "replaced", "given already", "dialog closed", "connection over", "leader unsent", "merged", "replay over",
)  # fmt: skip
"""Why a planned receipt never went out: a later plan or a step took its place; it had been given before its
moment; its dialog was closed; its consumer was without a connection; it was to go out with another one that
did not; it became part of a frame that a step had left unfinished; the replay ended first."""


class ReceiptPlan(NamedTuple):
    """A receipt that a replay planned for one message, and what came of it. Comes again when that is known.

    Attributes:
        number: place among the plans of the session, from 1.
        consumer: who in the script was to give it.
        connection: number of the consumer's connection when it was planned; None without one.
        dialog, sequence: the message.
        status: ACCEPT, READ, ...
        step: number of the step that planned it; None: the standing rule.
        due_offset_us: the moment it was planned for, monotonic microseconds since the session began; None
            while it waits for the frame of another receipt.
        frame: number of the frame it went out in; None: it has not.
        sent_offset_us: when that frame had been handed to the network, as ``due_offset_us``.
        unsent: one of ``UNSENT_REASONS``; None: it went out, or nothing is known yet.
    """

    number: int
    consumer: str
    connection: int | None
    dialog: str
    sequence: int
    status: str
    step: int | None
    due_offset_us: int | None
    frame: int | None = None
    sent_offset_us: int | None = None
    unsent: str | None = None


BODY_LIMIT = 64 * 1024
"""Bytes that are kept of the body of a request or answer beside a WebSocket."""

Record = RecordedFrame | FrameForwarded | ConnectionOpened | HandshakeSeen | ConnectionClosed | HttpExchange

StoredRecord = Record | ReceiptPlan
"""What an archive takes: what any source of frames tells, and what a replay had planned."""

FrameSink = Callable[[Sequence[Record]], None]
"""Takes what one read of the socket gave, and returns when all of it is committed.

A list and not one frame: a burst is then one commit, and no timer ever holds a frame back.
"""


@dataclass(frozen=True, slots=True)
class SessionInfo:
    """One session of the archive.

    Attributes:
        session: public id, 12 hex digits.
        name: what the user called it, or None.
        source: "client", "proxy", "replay", "har", "jsonl" or "text".
        state: "recording" (being written now), "complete", "interrupted" (it has no end record, or something
            of it is known to be missing), or "refused" (no connection came about).
        started_at_us, ended_at_us: microseconds since the epoch, UTC; None where unknown.
        connections, frames: how many it holds.
        detail: one sentence more about its end, or None.
        recorder_version: version of the program that wrote it.
        source_digest: SHA-256 of the imported file in hex, or None.
    """

    session: str
    name: str | None
    source: str
    state: str
    started_at_us: int | None
    ended_at_us: int | None
    connections: int
    frames: int
    detail: str | None = None
    recorder_version: str = ""
    source_digest: str | None = None


@dataclass(frozen=True, slots=True)
class ConnectionInfo:
    """One connection; fields as in ``ConnectionOpened``, ``HandshakeSeen`` and ``ConnectionClosed``.

    ``how`` is None while it is open, or if its end was not seen. ``frames`` counts the stored frames.
    ``provenance`` and ``fidelity`` are None in what an earlier version recorded: its frames are true to the
    byte if the session's source is "client" or "replay".
    """

    connection: int
    url: str | None
    opened_at_us: int | None
    opened_offset_us: int | None
    request_line: str | None
    request_headers: tuple[tuple[str, str], ...]
    response_status: int | None
    response_headers: tuple[tuple[str, str], ...]
    closed_at_us: int | None
    closed_offset_us: int | None
    close_code: int | None
    close_reason: str | None
    closed_by: Side | None
    how: str | None
    detail: str | None
    frames: int
    provenance: str | None = None
    fidelity: str | None = None


# Years a calendar has no name for, from a capture of somebody's: written so that they still read back.
_BEYOND = re.compile(r"(-?)(\d{1,13})\.(\d{6})s since 1970", re.ASCII)


def iso_utc(at_us: int | None) -> str | None:
    """``1487455441507000`` → ``"2017-02-18T22:04:01.507000Z"``; None stays None.

    Outside the years 1–9999 it is ``"-62135596801.000000s since 1970"``. ``parse_iso_utc`` gives back the
    exact microseconds of either.
    """
    if at_us is None:
        return None
    try:
        moment = _EPOCH + timedelta(microseconds=at_us)
    except OverflowError:
        seconds, micros = divmod(abs(at_us), 1_000_000)
        return f"{'-' if at_us < 0 else ''}{seconds}.{micros:06d}s since 1970"
    return f"{moment.replace(tzinfo=None).isoformat(timespec='microseconds')}Z"


# Second 60 of a minute, with its fraction: ``T23:59:60.5`` or ``T235960``, before a zone or the end.
_LEAP_SECOND = re.compile(
    r"(.+[T ][0-2]\d(:?)[0-5]\d\2)60(?:[.,]\d+)?(Z|[+-]\d.*)?", re.ASCII | re.IGNORECASE
)
_DAY_US = 86_400_000_000


def parse_iso_utc(text: str) -> int:
    """An ISO 8601 time to microseconds since the epoch; without a zone it is taken as UTC.

    What is finer than a microsecond is cut off. A leap second (``23:59:60Z``, RFC 3339, 5.7) is the first
    moment of the next day, as in POSIX time; its fraction is dropped, so that order is kept.

    Raises:
        ValueError: it is no ISO time.
    """
    try:  # what nearly every time is like
        return _since_epoch_us(text)
    except ValueError:
        return _odd_iso_utc(text)


def _odd_iso_utc(text: str) -> int:
    """A time beyond the calendar, one with a leap second, or none."""
    if beyond := _BEYOND.fullmatch(text):
        at_us = int(beyond[2]) * 1_000_000 + int(beyond[3])
        return -at_us if beyond[1] else at_us
    if leap := _LEAP_SECOND.fullmatch(text):
        at_us = _since_epoch_us(f"{leap[1]}59{leap[3] or ''}") + 1_000_000
        if at_us % _DAY_US:
            raise ValueError(f"only the last minute of a day in UTC may have a second 60, not {text}")
        return at_us
    return _since_epoch_us(text)


def _since_epoch_us(text: str) -> int:
    moment = datetime.fromisoformat(text.upper())  # RFC 3339 allows t and z
    moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    since = moment - _EPOCH
    return (since.days * 86_400 + since.seconds) * 1_000_000 + since.microseconds
