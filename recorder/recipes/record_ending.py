"""How a recording ended: whether the service let us in, and what is missing of it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence

from recorder.capture.interactive import UnsentLines
from recorder.capture.options import ConnectOptions
from recorder.counted import counted
from recorder.errors import CannotConnect, RecordingIncomplete
from recorder.messaging.envelopes import Response, parse
from recorder.wire.endings import ending_words, explained_ending
from recorder.wire.frames import AUTHENTICATION_CLOSES, CloseCode, Opcode, Side, authentication_hint
from recorder.wire.payloads import Payload
from recorder.wire.records import ConnectionClosed, ConnectionInfo, RecordedFrame

_FIRST_ERROR, _FIRST_OF_OTHERS = CloseCode.PROTOCOL_ERROR, 3000
"""RFC 6455 7.4: between these, a code names an error; from the second on, what others say it means."""
_REFUSED = 400
_SHOWN_CHARACTERS = 40
_SHOWN_ENDS = 5


class AdmissionWatch:
    """Tells whether the service let us in: it sent something else than the refusal of a request."""

    def __init__(self, deliver: Callable[[Payload], None]) -> None:
        self._deliver = deliver
        self.let_in = False

    def deliver(self, payload: Payload) -> None:
        """Take note of a payload of the service, and pass it on."""
        self.let_in = self.let_in or admits(payload.data, binary=payload.opcode != Opcode.TEXT)
        self._deliver(payload)


def admits(data: bytes, *, binary: bool = False) -> bool:
    """Whether a service that sends this payload has let the client in: it is no refusal of a request."""
    envelope = parse(data, from_client=False, binary=binary)
    return not (isinstance(envelope, Response) and (envelope.code or 0) >= _REFUSED)


def admitted(frames: Iterable[RecordedFrame]) -> bool:
    """Whether these frames of one connection show that the service let the client in."""
    return any(
        admits(frame.payload, binary=frame.opcode == Opcode.BINARY)
        for frame in frames
        if frame.sender is Side.SERVICE and frame.opcode in (Opcode.TEXT, Opcode.BINARY)
    )


def ending_lines(connections: Sequence[ConnectionInfo]) -> Iterator[str]:
    """A line on the end of each connection; of many, the last few."""
    if len(connections) > _SHOWN_ENDS:
        yield f"{counted(len(connections), 'connection')}; the ends of the last {_SHOWN_ENDS}:"
    for each in connections[-_SHOWN_ENDS:]:
        yield f"connection {each.connection}: {explained_ending(each)}"


def raise_unless_well_ended(
    options: ConnectOptions,
    closed: ConnectionClosed,
    *,
    let_in: bool,
    problem: str | None,
    unsent: UnsentLines | None,
    redact: Callable[[str], str] = str,
) -> None:
    """Raise unless all was sent and recorded, and the connection ended as one that was done with.

    Args:
        problem: what is missing of the session, as its ``SessionCompleteness`` says.
        unsent: the lines that could not be sent, shown by their beginning once ``redact`` has seen them.

    Raises:
        CannotConnect: the service closed it with a code that refuses the token, and never let us in.
        RecordingIncomplete: something is missing, or the service ended it before we did.
    """
    by_service = closed.closed_by is Side.SERVICE and closed.how == "closed"
    hint = _authentication_hint(options, closed) if by_service else None
    if hint is not None and not let_in:
        left = f"; {_unsent_words(unsent, redact)}" if unsent is not None else ""
        raise CannotConnect(options.base_url, f"{ending_words(closed)}{left}", hint=hint)
    if unsent is not None:
        raise RecordingIncomplete(f"{_unsent_words(unsent, redact)}: {ending_words(closed)}", hint=hint)
    if problem is not None:
        how = "" if closed.how == "failed" else f": {ending_words(closed)}"
        raise RecordingIncomplete(f"{problem}{how}; what came is recorded")
    if closed.how == "lost":
        detail = f": {closed.detail}" if closed.detail else ""
        raise RecordingIncomplete(
            f"the connection ended without a Close frame{detail}; what came is recorded"
        )
    if by_service and _names_an_error(closed.close_code):
        raise RecordingIncomplete(
            f"the service ended it before we did: {ending_words(closed)}; what came is recorded", hint=hint
        )


def _authentication_hint(options: ConnectOptions, closed: ConnectionClosed) -> str | None:
    """What to do after a close over the token; where no option gave one, how to give one."""
    hint = authentication_hint(closed.close_code)
    given = options.token is not None or any(name.lower() == "authorization" for name, _ in options.headers)
    if hint is None or given or closed.close_code != CloseCode.TOKEN_EXPIRED:
        return hint
    return "get a fresh token, and give it with --token-env NAME or in a header (-H)"


def _names_an_error(close_code: int | None) -> bool:
    if close_code is None:
        return False
    return _FIRST_ERROR <= close_code < _FIRST_OF_OTHERS or close_code in AUTHENTICATION_CLOSES


def _unsent_words(unsent: UnsentLines, redact: Callable[[str], str]) -> str:
    """``line 2 of stdin ("{…") was not sent``: secrets are taken out before it is cut."""
    text = redact(unsent.text)
    if len(text) > _SHOWN_CHARACTERS:
        text = f"{text[:_SHOWN_CHARACTERS]}…"
    others = f", nor were {unsent.more} more that had been read" if unsent.more else ""
    return f'line {unsent.number} of stdin ("{text}") was not sent{others}'
