"""The answer to a domain lookup, held back until it is whole and passed on with the proxy's own addresses."""

from __future__ import annotations

from collections.abc import Callable

from recorder.wire.frames import Side
from recorder.wire.handshake import HandshakeReader, header_values

from .http_message import MessageReader, decoded
from .lookup import AddressFor, answer_head, rewrite_addresses

LONGEST_ANSWER = 1024 * 1024
_TOO_LONG = f"it is longer than {LONGEST_ANSWER} bytes"
_OK = 200


class AnswerRewriter:
    """Rewrites one answer. What it cannot read, or is too long, goes on as it came.

    Args:
        address_for: gives the addresses.
        say: gets a sentence on why nothing was rewritten.
    """

    def __init__(self, address_for: AddressFor, say: Callable[[str], None]) -> None:
        self._address_for = address_for
        self._say = say
        self._held: bytearray | None = bytearray()

    def feed(self, data: bytes, answer: MessageReader) -> bytes:
        """Take bytes of the answer, which ``answer`` has read already; return what goes on now."""
        if self._held is None:
            return data
        self._held += data
        if answer.ended:
            held, self._held = bytes(self._held), None
            return self._rewritten(held, answer)
        if len(self._held) > LONGEST_ANSWER:
            self._unchanged(_TOO_LONG)
            return self.give_up()
        return b""

    def give_up(self) -> bytes:
        """What was held back: the answer was cut short."""
        held, self._held = self._held, None
        return bytes(held or b"")

    def _rewritten(self, raw: bytes, answer: MessageReader) -> bytes:
        if answer.status != _OK or not answer.size:
            return raw
        if answer.size > len(answer.body):
            self._unchanged(_TOO_LONG)
            return raw
        encodings = header_values(answer.headers, "Content-Encoding")
        body = decoded(bytes(answer.body), encodings, limit=LONGEST_ANSWER)
        if body is None:
            self._unchanged(f"its encoding cannot be read ({', '.join(encodings)})")
            return raw
        rewritten = rewrite_addresses(body, self._address_for)
        if rewritten == body:
            self._unchanged("it names no address that can be replaced")
            return raw
        head = HandshakeReader(Side.SERVICE)
        head.feed(raw)
        return answer_head(head.raw, len(rewritten)) + rewritten

    def _unchanged(self, why: str) -> None:
        self._say(f"the answer to a domain lookup goes on as it came: {why}")
