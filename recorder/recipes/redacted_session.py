"""What an archive holds of a session, frame by frame, with texts or names of people left out.

Requests, answers, sequences, times and whose frame it is stay, so that the same receipts and findings follow.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import replace

from recorder.formats.capture_format import SessionHeader
from recorder.redaction.people import Part, PeopleRedaction
from recorder.redaction.people_listed import PeopleListed
from recorder.store.archive import Archive
from recorder.wire.frames import Opcode
from recorder.wire.payloads import PayloadAssembler
from recorder.wire.records import (
    ConnectionInfo,
    FrameForwarded,
    HttpExchange,
    ReceiptPlan,
    RecordedFrame,
    SessionInfo,
)

_NO_DIGEST = bytes(32)
_URL_HEADERS = frozenset({"referer", "origin", "location", "content-location", "link"})


class RedactedSession:
    """The records of one session without ``parts``; with no parts they are those of the archive.

    Frames that changed say that they are redacted, and of compressed ones the digest is zeros: it would tell
    whether a guess at the text is right. ``people`` are ids and names, and what stands for them.
    """

    def __init__(self, archive: Archive, session: SessionInfo, parts: Collection[Part] = ()) -> None:
        self._archive, self._session = archive, session
        self._parts = frozenset(parts)
        self._redaction = PeopleRedaction()
        self.people: dict[str, str] = {}
        self._pieces: dict[int, bytes] = {}
        if parts:
            self._read_through()

    def _read_through(self) -> None:
        """Learn who is in it, and what becomes of the payloads that came in several frames."""
        people, fragments = PeopleListed(), _Fragments()
        for connection in self._archive.connections(self._session):
            headers = (value for _, value in connection.request_headers)
            for text in (connection.url, connection.request_line, *headers):
                people.add_token(text or "")
        for frame in self._archive.frames(self._session):
            payload = fragments.feed(frame)
            if payload is not None:
                people.add_payload(payload)
        for exchange in self._archive.exchanges(self._session):
            for body in (exchange.request_body, exchange.response_body):
                people.add_payload(body or b"")
        self.people = people.names
        self._redaction = PeopleRedaction(self._parts, people.names, tell_apart=True)
        for numbers, payload in fragments.joined:
            without = self._redaction.payload(payload, is_text=True)
            self._pieces.update(zip(numbers, _cut(without, len(numbers)), strict=True))

    def header(self) -> SessionHeader:
        """What is told of the session as a whole."""
        session = self._session
        return SessionHeader(
            session.session,
            self._named(session.name),
            session.source,
            session.state,
            session.started_at_us,
            session.ended_at_us,
            tuple(self._plans()),
        )

    def _plans(self) -> Iterator[ReceiptPlan]:
        """What a replay planned; without names its consumers are numbered."""
        numbers: dict[str, int] = {}
        for plan in self._archive.receipt_plans(self._session):
            number = numbers.setdefault(plan.consumer, len(numbers) + 1)
            yield plan._replace(consumer=f"consumer {number}") if "names" in self._parts else plan

    def connections(self) -> Sequence[ConnectionInfo]:
        """Its connections."""
        found = self._archive.connections(self._session)
        return [self._connection(each) for each in found] if self._parts else found

    def frames(self, connection: int | None = None) -> Iterator[RecordedFrame]:
        """Its frames in order, or those of one connection."""
        frames = self._archive.frames(self._session, connection=connection)
        return map(self.redacted, frames) if self._parts else frames

    def exchanges(self) -> Iterator[HttpExchange]:
        """The HTTP requests beside its connections."""
        found = self._archive.exchanges(self._session)
        return map(self._exchange, found) if self._parts else iter(found)

    def forwarded(self) -> Iterator[FrameForwarded]:
        """When a proxy passed its frames on."""
        return iter(self._archive.forwarded(self._session))

    def _named(self, text: str | None) -> str | None:
        return None if text is None else self._redaction.without_names(text)

    def _connection(self, connection: ConnectionInfo) -> ConnectionInfo:
        redaction = self._redaction
        return replace(
            connection,
            url=None if connection.url is None else redaction.url(connection.url),
            request_line=_request_line(connection.request_line, redaction),
            request_headers=tuple(self._header(*each) for each in connection.request_headers),
            response_headers=tuple(self._header(*each) for each in connection.response_headers),
            close_reason=redaction.text(connection.close_reason or None) or connection.close_reason,
            detail=None if connection.detail is None else redaction.sentence(connection.detail),
        )

    def _header(self, name: str, value: str) -> tuple[str, str]:
        if name.lower() in _URL_HEADERS:
            return name, self._redaction.url(value)
        return name, self._redaction.without_names(value)

    def redacted(self, frame: RecordedFrame) -> RecordedFrame:
        """One of its frames, without what is left out."""
        payload = self._pieces.get(frame.number)
        if payload is None:
            payload = self._payload(frame)
        if payload == frame.payload:
            return frame
        compressed = frame.compressed
        if compressed is not None:
            compressed = compressed._replace(digest=_NO_DIGEST, data=None)
        return frame._replace(payload=payload, redacted=True, compressed=compressed)

    def _payload(self, frame: RecordedFrame) -> bytes:
        if frame.opcode == Opcode.CLOSE:
            code, reason = frame.payload[:2], frame.payload[2:].decode("utf-8", "backslashreplace")
            return code + (self._redaction.text(reason) or "").encode()
        is_whole = frame.opcode == Opcode.TEXT and frame.fin
        return self._redaction.payload(frame.payload, is_text=is_whole)

    def _exchange(self, exchange: HttpExchange) -> HttpExchange:
        return exchange._replace(
            url=self._redaction.url(exchange.url),
            request_body=self._body(exchange.request_body),
            response_body=self._body(exchange.response_body),
        )

    def _body(self, body: bytes | None) -> bytes | None:
        return None if body is None else self._redaction.payload(body, is_text=True)


def _request_line(line: str | None, redaction: PeopleRedaction) -> str | None:
    """``GET /path?query HTTP/1.1`` with the address redacted."""
    if line is None:
        return None
    return " ".join(redaction.url(word) for word in line.split(" "))


class _Fragments:
    """Joins the payloads of a session's frames.

    ``joined`` holds the numbers of the frames and the payload of each that came in several.
    """

    def __init__(self) -> None:
        self.joined: list[tuple[list[int], bytes]] = []
        self._assembler = PayloadAssembler()
        self._numbers: dict[tuple[int, str], list[int]] = {}

    def feed(self, frame: RecordedFrame) -> bytes | None:
        """The payload that this frame completes; None if it completes none, or none of text."""
        payload = self._assembler.feed(frame)
        if frame.opcode < Opcode.CLOSE:
            key = (frame.connection, frame.sender)
            numbers = self._numbers.setdefault(key, [])
            numbers.append(frame.number)
            if payload is not None:
                del self._numbers[key]
        if payload is None or payload.opcode != Opcode.TEXT:
            return None
        if payload.first != payload.number:
            self.joined.append(([each for each in numbers if each >= payload.first], payload.data))
        return payload.data


def _cut(payload: bytes, pieces: int) -> list[bytes]:
    """So many parts of about one size, none of which ends inside a character."""
    text = payload.decode("utf-8", "backslashreplace")
    step = -(-len(text) // pieces)
    return [text[at * step : (at + 1) * step].encode() for at in range(pieces)]
