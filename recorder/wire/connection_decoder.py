"""The one road for bytes: what the two sides of one connection sent becomes records.

Upgrade, frames, compressed payloads, numbers: a client's tap, a proxy, and every capture that has bytes hand
them to a ``ConnectionDecoder``, which has no clock and no sink, and never raises.

What it leaves to the caller: ``ConnectionOpened``, and HTTP requests on the same connection before the
upgrade (feed it from the request that asks for the upgrade on).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

from recorder.counted import counted

from .decoder import FrameDecoder
from .deflate import INFLATE_LIMIT, NO_EXTENSIONS, Extensions
from .frames import Frame, Opcode, Side, close_parts
from .handshake import SWITCHING_PROTOCOLS, HandshakeReader, ResponseHead, problems
from .records import ConnectionClosed, HandshakeSeen, HttpExchange, Record, RecordedFrame
from .refusal import RefusalReader

MAX_FRAGMENTS = 4096
_CLIENT = Side.CLIENT  # to look a member up takes Python 3.11 a third of a microsecond


_Times = tuple[int | None, int | None]
"""Time and offset, as in ``RecordedFrame``."""


class _EarlyBytes(NamedTuple):
    """What the client sent before it had the answer to its upgrade."""

    data: bytes
    at_us: int | None
    offset_us: int | None


class ConnectionDecoder:
    """Decodes one connection from its upgrade on, or from its middle.

    Bytes have to come in the order in which they crossed the wire, however they are chopped.

    Args:
        connection: its place in the session, from 1.
        numbers: gives each frame its number in the session.
        url: where to, for the summary of an upgrade that was refused; by default the target of its request.
        extensions: given, the connection is upgraded already: frames from the first byte on, under these.
            ``UNKNOWN_EXTENSIONS`` if nobody knows them, ``Extensions.of`` the answer's headers if they are.
        inflate_limit: bytes a compressed payload may inflate to; of a longer one the rest is withheld.
        payload_limit: bytes a payload of the service may have before ``too_long`` says that it is longer;
            None for no limit. It is decoded all the same.
        hold_first_frames: hold back frames that come in the same bytes as the answer until ``first_frames``.

    Attributes:
        handshake: both halves of the upgrade once the answer is complete, else None.
        refusal: reads the body of an answer other than 101, from its head on; else None.
        close_frames: payload of the first Close frame of each side that sent one, in the order they came.
        too_long: why a payload of the service is more than is taken, once one is; else None.
    """

    def __init__(
        self,
        connection: int,
        numbers: Iterator[int],
        *,
        url: str | None = None,
        extensions: Extensions | None = None,
        inflate_limit: int = INFLATE_LIMIT,
        payload_limit: int | None = None,
        hold_first_frames: bool = False,
    ) -> None:
        self.connection = connection
        self._numbers = numbers
        self._url = url
        self._inflate_limit = inflate_limit
        self._common_size = inflate_limit if payload_limit is None else payload_limit
        self._payload_limit = payload_limit
        self._index = 0
        self._request = HandshakeReader(Side.CLIENT)
        self._answer = HandshakeReader(Side.SERVICE)
        self._hold_first_frames = hold_first_frames
        self._first_bytes = b""
        self._asked: _Times = (None, None)
        self._answered: _Times = (None, None)
        self._early: list[_EarlyBytes] = []
        self._client: FrameDecoder | None = None
        self._service: FrameDecoder | None = None
        self._fragments = self._fragments_size = 0
        self.handshake: HandshakeSeen | None = None
        self.refusal: RefusalReader | None = None
        self.close_frames: dict[Side, bytes] = {}
        self.too_long: str | None = None
        self._extensions = extensions or NO_EXTENSIONS
        if extensions is not None:
            self._client = self._frame_decoder(Side.CLIENT)
            self._service = self._frame_decoder(Side.SERVICE)

    @property
    def is_upgraded(self) -> bool:
        """Whether bytes are read as frames."""
        return self._service is not None

    def feed(self, sender: Side, data: bytes, at_us: int | None, offset_us: int | None) -> Sequence[Record]:
        """What these bytes completed: ``HandshakeSeen``, then frames, numbered and given these times.

        No bytes mean the end of this side's stream, which ends the body of a refusal too.
        """
        decoder = self._client if sender is _CLIENT else self._service
        if decoder is not None:
            return self._number(sender, decoder.feed(data), at_us, offset_us)
        receive = self._receive_request if sender is Side.CLIENT else self._receive_answer
        return receive(data, at_us, offset_us)

    def feed_lone(
        self, sender: Side, data: bytes, at_us: int | None, offset_us: int | None
    ) -> RecordedFrame | None:
        """What ``feed`` makes of bytes that are one whole text, as nearly all are; in half the time.

        None for any other bytes: then nothing was taken in, and ``feed`` has to be given them. Hot
        (tests/benchmarks/proxy.py).
        """
        decoder = self._client if sender is _CLIENT else self._service
        text = None if decoder is None else decoder.lone_text(data)
        if text is None or len(text[1]) > self._common_size:
            return None
        head, payload = text
        index = self._index
        self._index = index + 1
        new: Callable[..., RecordedFrame] = tuple.__new__  # as in ``_number``
        return new(
            RecordedFrame,
            (
                next(self._numbers), self.connection, index, sender, at_us, offset_us,
                1, True, 0, payload, head, None, False, None,
            ),
        )  # fmt: skip

    def end(self, how: str, detail: str | None, at_us: int | None, offset_us: int | None) -> Sequence[Record]:
        """What is left: half an upgrade or one that was refused, frames that were cut short; and
        ``ConnectionClosed`` as the last.
        """
        records: list[Record] = []
        if self.handshake is None and (self._request.done or self._answer.raw):
            self.handshake = self._handshake_seen()
            records.append(self.handshake)
        if self.refusal is not None:
            records.append(self._refused_upgrade(self.refusal))
        closed_by = next(iter(self.close_frames), None)  # a Close frame that is cut short closes nothing
        for sender, decoder in ((Side.SERVICE, self._service), (Side.CLIENT, self._client)):
            unfinished = decoder.end() if decoder is not None else None
            if unfinished is not None:
                records += self._number(sender, [unfinished], at_us, offset_us)
        code, reason = (None, "") if closed_by is None else close_parts(self.close_frames[closed_by])
        given_reason = None if code is None else reason
        closed = ConnectionClosed(
            self.connection, at_us, offset_us, code, given_reason, closed_by, how, detail
        )
        return [*records, closed]

    # What a caller that is one of the two sides needs to know -----------------------------------------------

    def first_frames(self, at_us: int | None, offset_us: int | None) -> Sequence[Record]:
        """The frames that were held back since they came in the same bytes as the answer."""
        held, self._first_bytes = self._first_bytes, b""
        return self.feed(Side.SERVICE, held, at_us, offset_us) if held else ()

    @property
    def announced_length(self) -> int | None:
        """Bytes the service's unfinished frame announces; None without one, or before its head is whole."""
        return self.announced_by(Side.SERVICE)

    def announced_by(self, sender: Side) -> int | None:
        """Bytes this side's unfinished frame announces; None without one, or before its head is whole."""
        decoder = self._client if sender is _CLIENT else self._service
        return None if decoder is None else decoder.declared_length

    def is_between_frames(self, sender: Side) -> bool:
        """Whether bytes of this side are read as frames, and no frame is unfinished."""
        decoder = self._client if sender is _CLIENT else self._service
        return decoder is not None and decoder.is_between_frames

    def reach(self, data: bytes, most: int) -> int:
        """How many of these bytes the next ``most`` frames of the service take."""
        return len(data) if self._service is None else self._service.reach(data, most)

    def response(self) -> ResponseHead:
        """The service's answer to the upgrade, as far as it has come."""
        return self._answer.response()

    def response_size(self) -> int:
        """Length of that answer in bytes; frames follow it."""
        return len(self._answer.raw)

    def upgrade_problems(self) -> tuple[str, ...]:
        """Why this answer opens no WebSocket, a sentence each; () while nothing is wrong."""
        if self._answer.fault is not None:
            return (self._answer.fault,)
        if self._answer.done:
            return problems(self._request.request(), self._answer.response())
        return () if b"HTTP/".startswith(self._answer.raw[:5]) else ("the answer is not HTTP",)

    # Upgrade ------------------------------------------------------------------------------------------------

    def _receive_request(self, data: bytes, at_us: int | None, offset_us: int | None) -> Sequence[Record]:
        """Read the client's half. What follows it waits for the answer, if that has not come yet."""
        if not self._request.done:
            self._asked = at_us, offset_us
        rest = self._request.feed(data)
        if rest is None:
            return ()
        if not self.is_upgraded:
            if rest and self.handshake is None:
                self._early.append(_EarlyBytes(rest, at_us, offset_us))
            return ()
        # A capture may have the answer before the end of the request: now both halves are known.
        self._client = self._frame_decoder(Side.CLIENT)
        self.handshake = self._handshake_seen()
        return [self.handshake, *self.feed(Side.CLIENT, rest, at_us, offset_us)]

    def _receive_answer(self, data: bytes, at_us: int | None, offset_us: int | None) -> Sequence[Record]:
        """Read the answer. Frames may follow it in the same bytes, or the body of a refusal."""
        if self.refusal is not None:
            self.refusal.feed(data)
            return ()
        rest = self._answer.feed(data)
        if rest is None or self.handshake is not None:
            return ()
        self._answered = at_us, offset_us
        self.handshake = self._handshake_seen()
        status = self.handshake.response_status
        if status != SWITCHING_PROTOCOLS or self._answer.fault is not None:
            if status not in (None, SWITCHING_PROTOCOLS) and self._answer.fault is None:
                self._begin_refusal(rest)
            return [self.handshake]
        self._extensions = Extensions.of(self.handshake.response_headers)
        self._service = self._frame_decoder(Side.SERVICE)
        records: list[Record] = [self.handshake]
        if self._request.done or not self._request.raw:
            self._client = self._frame_decoder(Side.CLIENT)
            for each in self._early:
                records += self.feed(Side.CLIENT, *each)
            self._early.clear()
        if self._hold_first_frames:
            self._first_bytes = rest
            return records
        return [*records, *self.feed(Side.SERVICE, rest, at_us, offset_us)] if rest else records

    def _frame_decoder(self, sender: Side) -> FrameDecoder:
        return FrameDecoder(sender, self._extensions, inflate_limit=self._inflate_limit)

    def _begin_refusal(self, rest: bytes) -> None:
        self.refusal = RefusalReader(self._answer.raw, self._answer.response().headers)
        if rest:
            self.refusal.feed(rest)

    def _refused_upgrade(self, refusal: RefusalReader) -> HttpExchange:
        """The refused request and its answer, with the body."""
        method, _, rest = self._request.request().request_line.partition(" ")
        return HttpExchange(
            self.connection,
            "upgrade",
            *self._asked,
            method or "GET",
            rest.rpartition(" ")[0] if self._url is None else self._url,
            self._answer.response().status,
            *self._answered,
            response_type=refusal.media_type,
            response_size=refusal.size,
            response_body=refusal.body,
        )

    def _handshake_seen(self) -> HandshakeSeen:
        request, answer = self._request.request(), self._answer.response()
        return HandshakeSeen(
            self.connection,
            request.request_line or None,
            request.headers,
            answer.status,
            answer.headers if answer.status is not None else (),
        )

    # Frames -------------------------------------------------------------------------------------------------

    def _number(
        self, sender: Side, frames: Sequence[Frame], at_us: int | None, offset_us: int | None
    ) -> list[RecordedFrame]:
        """Number the frames and give them their times. Hot (tests/benchmarks/recording_client.py)."""
        connection, numbers, limit, index = self.connection, self._numbers, self._common_size, self._index
        recorded = []
        new: Callable[..., RecordedFrame] = tuple.__new__  # as RecordedFrame(...) in half the time
        for opcode, payload, fin, rsv, head, _mask, violation, compressed in frames:
            if opcode != 1 or not fin or len(payload) > limit:
                self._note(sender, opcode, payload, fin)
            recorded.append(
                new(
                    RecordedFrame,
                    (
                        next(numbers), connection, index, sender, at_us, offset_us,
                        opcode, fin, rsv, payload, head, violation, False, compressed,
                    ),
                )
            )  # fmt: skip
            index += 1
        self._index = index
        return recorded

    def _note(self, sender: Side, opcode: int, payload: bytes, fin: bool) -> None:
        """Note the first Close frame of a side, and the size of a fragmented payload of the service."""
        if opcode == Opcode.CLOSE:
            self.close_frames.setdefault(sender, payload)
        if opcode >= Opcode.CLOSE or sender is Side.CLIENT or self._payload_limit is None:
            return
        if opcode != Opcode.CONTINUATION:
            self._fragments = self._fragments_size = 0
        self._fragments += 1
        self._fragments_size += len(payload)
        if self._fragments_size > self._payload_limit:
            self.too_long = too_long_words(self._fragments_size, self._payload_limit)
        elif self._fragments > MAX_FRAGMENTS and not fin:
            self.too_long = f"a payload came in more than {MAX_FRAGMENTS} pieces"


def too_long_words(length: int, limit: int) -> str:
    """What is said of a payload longer than is taken."""
    return f"a payload of {counted(length, 'byte')} is longer than the {limit:,} that are taken"
