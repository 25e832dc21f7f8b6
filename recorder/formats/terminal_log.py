"""Logs of wscat and wsdump, as they stand in a terminal: ``>`` before what was sent, ``<`` before what came.

What a terminal shows, or what script(1) has kept of it, with all its escape sequences. A message may have
several lines; wscat has no times, wsdump has them of what came, with ``--timings``.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

import orjson

from recorder.wire.frames import CloseCode, Opcode, Side
from recorder.wire.records import ConnectionClosed, ConnectionOpened, Record, RecordedFrame

from .capture_file import CaptureFile
from .capture_format import CaptureFormat, Notify
from .lines import read_lines

CONNECTED = b"Connected (press CTRL+C to quit)"
_WSDUMP = b"Press Ctrl+C to quit"
_SCRIPT = (b"Script started on ", b"Script done on ")

# What begins a line anew: the cursor goes to its start, or it is erased. Then every other escape sequence.
_BEGUN_ANEW = re.compile(rb"\r|\x1b\[1G|\x1b\[[02]?[JK]")
_ESCAPES = re.compile(rb"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)|[@-Z\\-_])")
_URL = re.compile(rb"\b(?:wscat|wsdump|websocat)\b.*?(wss?://[^\s'\"]+)")
_DISCONNECTED = re.compile(rb'Disconnected \(code: (\d{4}), reason: "(.*)"\)')
_RECEIVED_CONTROL = re.compile(rb'Received (ping|pong) \(data: "(.*)"\)', re.DOTALL)
_SENT_CONTROL = re.compile(rb"/(ping|pong)(?: +(\S+).*)?")
_SENT_CLOSE = re.compile(rb"/close(?: +(\d{4})(?: +(.*))?)?")
_CONTROL = {b"ping": Opcode.PING, b"pong": Opcode.PONG}
_TIMING = re.compile(rb"(\d{1,9}\.\d{1,20}(?:e-\d\d)?): ")
_KIND = re.compile(rb"(text|binary|close|ping|pong): ?")
_PROMPT_OF_WSDUMP = re.compile(rb"[> ]+(?=< )")
"""Before what came: wsdump writes its prompt and what comes from two threads, piece by piece."""


_BEGINS = re.compile(
    rb"(?:[^\n]*\n){0,8}?(?:Connected \(press CTRL\+C|Press Ctrl\+C to quit|\$ wscat |[<>] [^\n])", re.ASCII
)


def _recognise(file: CaptureFile) -> bool:
    shown = b"\n".join(shown_line(line) for line in file.beginning.split(b"\n")[:40])
    return _BEGINS.match(shown) is not None


def shown_line(line: bytes) -> bytes:
    """What a terminal shows of a line in the end, without its escape sequences."""
    parts = [_ESCAPES.sub(b"", part) for part in _BEGUN_ANEW.split(line.rstrip(b"\r\n"))]
    return next((part for part in reversed(parts) if part.strip()), b"")


def _read(file: CaptureFile, say: Notify) -> Iterator[Record]:
    log = TerminalLog()
    for line in read_lines(file.open(), file=file.name):
        yield from log.line(shown_line(line))
    yield from log.end()
    if log.messages and not log.sent:
        say(f"{file.name}: nothing in it was sent; what was typed is in a log only if a terminal showed it")


class _Shown:
    """A message with its lines so far."""

    def __init__(self, sender: Side, first: bytes) -> None:
        self.sender = sender
        self._lines = [first]

    def add(self, line: bytes) -> None:
        self._lines.append(line)

    def text(self) -> bytes:
        """Its lines as they were written; or as one, where a terminal had only broken it."""
        while len(self._lines) > 1 and not self._lines[-1]:
            self._lines.pop()
        written = b"\n".join(self._lines)
        one = b"".join(self._lines)
        return one if len(self._lines) > 1 and not _is_json(written) and _is_json(one) else written


class TerminalLog:
    """Reads the lines of one log: its connections follow each other."""

    def __init__(self) -> None:
        self._connection = 0
        self._is_open = False
        self._is_wsdump: bool | None = None
        self._url: str | None = None
        self._closed_by: Side | None = None
        self._shown: _Shown | None = None
        self.messages = 0
        self.sent = 0

    def line(self, line: bytes) -> Iterator[Record]:
        """The records that end with this line."""
        if self._is_wsdump:
            prompt = _PROMPT_OF_WSDUMP.match(line)
            line = line[prompt.end() :] if prompt else line
        if line[:2] in (b"> ", b"< ") or line == b">":
            yield from self._message_ends()
            text = line[2:]
            if line[:1] == b"<" or text.strip(b"> "):
                self._shown = _Shown(Side.CLIENT if line[:1] == b">" else Side.SERVICE, text)
        elif (disconnected := _DISCONNECTED.fullmatch(line)) is not None:
            yield from self._message_ends()
            yield from self._closed(int(disconnected[1]), disconnected[2])
        elif line.startswith((CONNECTED, _WSDUMP)):
            yield from self._message_ends()
            self._is_wsdump = line.startswith(_WSDUMP)
            yield from self._opened()
        elif line.startswith(b"error: "):
            yield from self._message_ends()
            yield from self._failed(line.removeprefix(b"error: "))
        elif line.startswith(_SCRIPT) or self._shown is None:
            yield from self._message_ends()
            if (url := _URL.search(line)) is not None:
                self._url = url[1].decode("utf-8", "replace")
        else:
            self._shown.add(line)

    def end(self) -> Iterator[Record]:
        """What is left at the end of the log."""
        yield from self._message_ends()

    # Connections --------------------------------------------------------------------------------------------

    def _opened(self) -> Iterator[Record]:
        self._connection += 1
        self._is_open = True
        self._closed_by = None
        yield ConnectionOpened(self._connection, self._url, None, None, "text", "lines")

    def _opened_if_needed(self) -> Iterator[Record]:
        if not self._is_open:
            yield from self._opened()

    def _closed(self, code: int, reason: bytes) -> Iterator[Record]:
        yield from self._opened_if_needed()
        self._is_open = False
        words = reason.decode("utf-8", "replace")
        if code == CloseCode.ABNORMAL:
            yield ConnectionClosed(self._connection, None, None, None, None, None, "lost", words or None)
            return
        told = None if code == CloseCode.NO_STATUS else code
        yield ConnectionClosed(self._connection, None, None, told, words, self._closed_by, "closed")

    def _failed(self, problem: bytes) -> Iterator[Record]:
        how = "lost" if self._is_open else "refused"
        yield from self._opened_if_needed()
        self._is_open = False
        words = problem.decode("utf-8", "replace")
        yield ConnectionClosed(self._connection, None, None, None, None, None, how, words or None)

    # Messages -----------------------------------------------------------------------------------------------

    def _message_ends(self) -> Iterator[Record]:
        shown, self._shown = self._shown, None
        if shown is None:
            return
        yield from self._opened_if_needed()
        text = shown.text()
        if shown.sender is Side.CLIENT:
            yield from self._sent(text)
        else:
            yield from self._received(text)

    def _sent(self, text: bytes) -> Iterator[Record]:
        control = None if self._is_wsdump else _SENT_CONTROL.fullmatch(text)
        closing = None if self._is_wsdump else _SENT_CLOSE.fullmatch(text)
        self.sent += 1
        if control is not None:
            yield self._frame(Side.CLIENT, _CONTROL[control[1]], control[2] or b"")
        elif closing is not None:
            code, reason = int(closing[1] or CloseCode.NORMAL), closing[2] or b""
            self._closed_by = Side.CLIENT
            yield self._frame(Side.CLIENT, Opcode.CLOSE, code.to_bytes(2, "big") + reason)
        else:
            yield self._frame(Side.CLIENT, Opcode.TEXT, _without_prompts(text) if self._is_wsdump else text)

    def _received(self, text: bytes) -> Iterator[Record]:
        control = _RECEIVED_CONTROL.fullmatch(text)
        if control is not None:
            yield self._frame(Side.SERVICE, _CONTROL[control[1]], control[2])
            return
        offset_us = None
        if self._is_wsdump is not False and (timing := _TIMING.match(text)) is not None:
            self._is_wsdump = True
            offset_us = round(float(timing[1]) * 1_000_000)
            text = text[timing.end() :]
        if self._is_wsdump:
            yield from self._of_wsdump(text, offset_us)
        else:
            yield self._frame(Side.SERVICE, Opcode.TEXT, text)

    def _of_wsdump(self, text: bytes, offset_us: int | None) -> Iterator[Record]:
        kind = _KIND.match(text)
        if not text or (kind is not None and kind[1] == b"close"):  # it says no more of a Close frame
            self._is_open = False
            yield ConnectionClosed(
                self._connection, None, offset_us, None, None, Side.SERVICE, "closed", "its code is not told"
            )
            return
        opcode: int = Opcode.TEXT
        if kind is not None:
            opcode = _CONTROL.get(kind[1], Opcode.BINARY if kind[1] == b"binary" else Opcode.TEXT)
            text = text[kind.end() :]
        yield self._frame(Side.SERVICE, opcode, _without_prompts(text), offset_us)

    def _frame(
        self, sender: Side, opcode: int, payload: bytes, offset_us: int | None = None
    ) -> RecordedFrame:
        self.messages += 1
        return RecordedFrame(0, self._connection, 0, sender, None, offset_us, opcode, True, 0, payload)


def _without_prompts(text: bytes) -> bytes:
    """The JSON that stands between prompts of wsdump; the text as it is, where there is none."""
    without = text.strip(b"> \n")
    return without if without != text and _is_json(without) else text


def _is_json(text: bytes) -> bool:
    try:
        orjson.loads(text)
    except orjson.JSONDecodeError:
        return False
    return True


WSCAT = CaptureFormat(
    name="wscat",
    title="log of wscat or wsdump, as a terminal shows it or script(1) keeps it",
    source="text",
    made_by="script -c 'wscat -P -c URL' FILE; or copied from the terminal",
    lacks="times, but for what came with wsdump --timings; the handshake, fragments; pings without -P",
    recognise=_recognise,
    read=_read,
)
