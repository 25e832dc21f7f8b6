"""A session as the log of wscat: what a terminal would have shown, so that it can be read and imported again.

``wscat -P --slash`` writes ``Received ping``, and takes ``/ping``; that is how control frames are written.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence

from recorder.counted import counted, counted_is
from recorder.wire.frames import CloseCode, Opcode, Side, close_parts
from recorder.wire.payloads import Payload, PayloadAssembler
from recorder.wire.records import ConnectionInfo, RecordedFrame

from .capture_format import Notify
from .terminal_log import CONNECTED, TerminalLog, shown_line

FramesOf = Callable[[int], Iterable[RecordedFrame]]
"""The frames of one connection, by its number, in order."""

_CONTROL = {Opcode.PING: b"ping", Opcode.PONG: b"pong"}


def write(connections: Sequence[ConnectionInfo], frames_of: FramesOf, *, say: Notify) -> Iterator[bytes]:
    """Yield the lines of the log, its connections one after the other. What is lost is said at the end."""
    written = _Written()
    for info in connections:
        if info.url is not None:
            yield b"$ wscat -P --slash -c " + _one_line(info.url) + b"\n"
        if info.how == "refused":
            yield b"error: " + _refusal(info) + b"\n"
            continue
        yield CONNECTED + b"\n"
        assembler = PayloadAssembler()
        for frame in frames_of(info.connection):
            if frame.opcode == Opcode.CLOSE and info.closed_by is not Side.CLIENT:
                continue  # an answer, or told by the line with which the connection ends
            yield from written.frame(frame, assembler)
        for payload in assembler.unfinished():
            yield from written.payload(payload)
        yield from _ending(info)
    written.tell(say)
    if len(connections) > 1:
        say("a log has one connection after the other: which frame came first on which is not in it")


def _refusal(info: ConnectionInfo) -> bytes:
    words = info.detail or "refused"
    if info.response_status is not None:
        words = f"Unexpected server response: {info.response_status}"
    return _one_line(words)


def _ending(info: ConnectionInfo) -> Iterator[bytes]:
    if info.how is None:
        return
    code: int | None = info.close_code
    if info.how != "closed":
        code = CloseCode.ABNORMAL
    elif code is None:
        code = CloseCode.NO_STATUS
    yield b'Disconnected (code: %04d, reason: "%s")\n' % (code, _one_line(info.close_reason or ""))


def _one_line(words: str) -> bytes:
    return " ".join(words.split()).encode("utf-8", "replace")


class _Written:
    """Writes frames, and counts what they lose."""

    def __init__(self) -> None:
        self._not_text = 0
        self._inexact = 0

    def frame(self, frame: RecordedFrame, assembler: PayloadAssembler) -> Iterator[bytes]:
        """The lines of a frame, or of the payload that it completes."""
        word = _CONTROL.get(Opcode(frame.opcode)) if frame.opcode in _CONTROL else None
        if word is not None:
            yield from self._control(frame, word)
        elif frame.opcode == Opcode.CLOSE:
            yield from self._close(frame)
        elif (payload := assembler.feed(frame)) is not None:
            yield from self.payload(payload)

    def payload(self, payload: Payload) -> Iterator[bytes]:
        """The lines of a payload, if it is text."""
        if payload.opcode != Opcode.TEXT or not _is_utf8(payload.data):
            self._not_text += 1
            return
        lines = (b"> " if payload.sender is Side.CLIENT else b"< ") + payload.data
        self._inexact += not _comes_back(lines, payload)
        yield lines + b"\n"

    def _control(self, frame: RecordedFrame, word: bytes) -> Iterator[bytes]:
        if not _is_utf8(frame.payload) or any(blank in frame.payload for blank in b'\r\n "\x1b'):
            self._not_text += 1
        elif frame.sender is Side.CLIENT:
            yield b"> " + b" ".join(filter(None, (b"/" + word, frame.payload))) + b"\n"
        else:
            yield b'< Received %s (data: "%s")\n' % (word, frame.payload)

    def _close(self, frame: RecordedFrame) -> Iterator[bytes]:
        """What the client sent; what came is in the line with which the connection ends."""
        code, reason = close_parts(frame.payload)
        if frame.sender is Side.CLIENT and code is not None:
            yield b"> " + f"/close {code:04d} {_one_line(reason).decode()}".rstrip().encode() + b"\n"

    def tell(self, say: Notify) -> None:
        """Say what is not in the log, or cannot be told apart in it."""
        if self._not_text:
            say(f"{counted_is(self._not_text, 'payload')} left out of the log: not text that it can hold")
        if self._inexact:
            say(f"{counted(self._inexact, 'payload')} cannot be told from the log's own lines")


def _comes_back(lines: bytes, payload: Payload) -> bool:
    """Whether a log with these lines holds this payload and nothing else."""
    if payload.data.startswith((b"{", b"[")) and not any(each in payload.data for each in b"\n\r\x1b"):
        return True
    log = TerminalLog()
    found = list(log.line(CONNECTED))
    for line in lines.split(b"\n"):
        found += log.line(shown_line(line))
    found += log.end()
    expected = (payload.sender, Opcode.TEXT, payload.data)
    frames = [each for each in found if isinstance(each, RecordedFrame)]
    return [(each.sender, each.opcode, each.payload) for each in frames] == [expected] and len(found) == 2


def _is_utf8(data: bytes) -> bool:
    try:
        data.decode()
    except UnicodeDecodeError:
        return False
    return True
