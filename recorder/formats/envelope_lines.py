"""Envelopes alone: one a line, in one JSON array, or one after the other however they are broken into lines.

So websocat, a wscat that writes to a file, a log, and "Copy message" of DevTools have them. ``kind`` tells
who sent one: ``req`` the client, ``resp`` and ``notification`` the service.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

from recorder.errors import BadCapture
from recorder.wire.frames import Opcode, Side
from recorder.wire.records import ConnectionOpened, Record, RecordedFrame

from .capture_file import CaptureFile
from .capture_format import CaptureFormat, Notify
from .lines import LINE_LIMIT, read_lines

SENDERS = {"req": Side.CLIENT, "resp": Side.SERVICE, "notification": Side.SERVICE}
"""Who sends an envelope, by its ``kind``."""

_KIND = re.compile(rb'"kind"\s*:\s*"(?:req|resp|notification)"')
_OTHER_LINES = re.compile(rb'"(?:sender|recorder|method)"\s*:')
_BEGINS = re.compile(rb"\s*\[?\s*\{")
_STRINGS = re.compile(rb'"(?:[^"\\]++|\\.)*+"?', re.DOTALL)
_OPENS = re.compile(rb"[{\[]")
_CLOSES = re.compile(rb"[}\]]")
_BETWEEN = " \t\r\n,"
_DECODER = json.JSONDecoder()


def _recognise(file: CaptureFile) -> bool:
    if _BEGINS.match(file.beginning) is None:
        return False
    try:
        first = next(_envelopes(file.beginning.decode("utf-8", "ignore").lstrip("[ \t\r\n")), None)
    except (ValueError, RecursionError):
        first = None
    if first is not None:
        return isinstance(first[1], dict) and first[1].get("kind") in SENDERS
    # The first is longer than what is looked at.
    return _KIND.search(file.beginning) is not None and _OTHER_LINES.search(file.beginning[:512]) is None


def _read(file: CaptureFile, say: Notify) -> Iterator[Record]:
    yield ConnectionOpened(1, None, None, None, "text", "lines")
    for number, text in _whole_values(file):
        try:
            found = list(_envelopes(text))
        except RecursionError:
            raise BadCapture(file.name, "it is nested too deeply", line=number) from None
        except ValueError as fault:
            words = str(fault).partition(":")[0]
            raise BadCapture(file.name, f"it is not JSON: {words}", line=number) from None
        for envelope, value in found:
            yield _frame(file, number, envelope, value)


def _frame(file: CaptureFile, line: int, text: str, value: object) -> RecordedFrame:
    kind = value.get("kind") if isinstance(value, dict) else None
    sender = SENDERS.get(kind) if isinstance(kind, str) else None
    if sender is None:
        raise BadCapture(
            file.name,
            'it is no envelope with a "kind" of req, resp or notification, which tells who sent it',
            line=line,
            hint='write {"sender": "client", "text": …} where there is none',
        )
    payload = text.encode("utf-8", "surrogatepass")
    return RecordedFrame(0, 1, 0, sender, None, None, Opcode.TEXT, True, 0, payload)


def _whole_values(file: CaptureFile) -> Iterator[tuple[int, str]]:
    """Lines, gathered until all that was opened in them is closed, without the brackets of an array."""
    gathered: list[bytes] = []
    depth = size = number = 0
    within = None
    for number, line in enumerate(read_lines(file.open(), file=file.name), 1):
        text = line.removeprefix(b"\xef\xbb\xbf") if number == 1 else line
        if within is None and text.strip():
            within = 1 if text.lstrip().startswith(b"[") else 0
            text = text.lstrip()[within:]
        depth += json_depth(text)
        if depth < 0 and within:
            text, depth, within = text.rstrip().removesuffix(b"]"), 0, 0
        gathered.append(text)
        size += len(text)
        if size > LINE_LIMIT:
            raise BadCapture(file.name, f"one value is longer than {LINE_LIMIT >> 20} MiB", line=number)
        if depth <= 0:
            yield number, _text(file, number, b"".join(gathered))
            gathered.clear()
            size = 0
    if depth > 0 or within:
        raise BadCapture(file.name, "it ends in the middle", line=max(number, 1))


def json_depth(text: bytes) -> int:
    """How many brackets and braces more a text opens than it closes, outside of its strings."""
    bare = _STRINGS.sub(b"", text)
    return len(_OPENS.findall(bare)) - len(_CLOSES.findall(bare))


def _text(file: CaptureFile, number: int, data: bytes) -> str:
    try:
        return data.decode()
    except UnicodeDecodeError:
        raise BadCapture(file.name, "the line is not UTF-8", line=number) from None


def _envelopes(text: str) -> Iterator[tuple[str, object]]:
    """The values in a text, one after the other, each as it stands there. Raises ``ValueError``."""
    at, end = 0, len(text)
    while True:
        while at < end and text[at] in _BETWEEN:
            at += 1
        if at == end:
            return
        value, after = _DECODER.raw_decode(text, at)
        yield text[at:after], value
        at = after


ENVELOPES = CaptureFormat(
    name="envelopes",
    title="envelopes alone, one a line or in a JSON array: of websocat, of a log, copied from DevTools",
    source="text",
    made_by='websocat URL | tee FILE; or "Copy message" in DevTools, a message a line',
    lacks="times, the handshake, control frames, fragments; how it closed; messages without a kind",
    recognise=_recognise,
    read=_read,
)
