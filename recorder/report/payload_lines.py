"""Payloads as people watch them come and go in a terminal: time, side, and JSON in lines and colours."""

from __future__ import annotations

import json
import re
from typing import IO, NamedTuple

from recorder.wire.frames import Opcode, Side
from recorder.wire.payloads import Payload
from recorder.wire.records import RecordedFrame

from .cells import cell_width, shows_styles, styled, width_of
from .terminal import safe_text
from .times import clock_time

LONGEST_FORMATTED = 64 * 1024
"""Characters of JSON that are laid out; what is longer stands as it came."""

_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"|[{}\[\],:]|[^\s{}\[\],:"]+')
_CLOSING = {"{": "}", "[": "]"}
_STEP = "  "
_NARROWEST, _NARROW = 20, 72
"""Columns: so many are laid out for at the least; on a terminal of less than these, the time stands above."""
STYLE_OF_SIDE = {Side.CLIENT: "green", Side.SERVICE: "cyan"}
"""The colour of the mark, or of the name, of who sent something."""


def payload_lines(stream: IO[str], shown: Payload | RecordedFrame) -> str:
    """One payload, or a control frame, in lines for ``stream``: ``12:04:01.507 < {…}``, escaped.

    JSON that does not fit on a line is laid out, with every key, number and repeat as it came, behind the
    time, or on a narrow terminal below it; other text and binary payloads are one line.
    """
    width, margin = width_of(stream), len(clock_time(shown.at_us)) + 3
    lines = _json_lines(shown, max(width - margin, _NARROWEST))
    if len(lines) > 1 and width < _NARROW:
        margin = len(_STEP)
        lines = ["", *_json_lines(shown, max(width - margin, _NARROWEST))]
    if shows_styles(stream):
        lines = list(map(_coloured, lines))
    time, mark = marks_of(stream, shown)
    first, *rest = lines or [_plain_line(shown)]
    first = f"{time} {mark} {first}" if first else f"{time} {mark}"
    return "\n".join([first, *(" " * margin + line for line in rest)]) + "\n"


def marks_of(stream: IO[str], shown: Payload | RecordedFrame) -> tuple[str, str]:
    """What stands before a payload: its time, and ``>`` if the client sent it, else ``<``."""
    time, mark = clock_time(shown.at_us), ">" if shown.sender is Side.CLIENT else "<"
    if not shows_styles(stream):
        return time, mark
    return styled(time, "dim"), styled(mark, STYLE_OF_SIDE[shown.sender])


def _plain_line(shown: Payload | RecordedFrame) -> str:
    data = _data_of(shown)
    if shown.opcode == Opcode.BINARY:
        return data.hex(" ")
    if shown.opcode == Opcode.TEXT:
        return safe_text(data.decode("utf-8", errors="backslashreplace"))
    return control_words(shown)


def control_words(shown: Payload | RecordedFrame) -> str:
    """``ping``, or ``pong hi``: the kind of a control frame and what it carries, escaped."""
    carried = safe_text(_data_of(shown).decode("utf-8", errors="backslashreplace"))
    return f"{Opcode(shown.opcode).name.lower()} {carried}".rstrip()


def _json_lines(shown: Payload | RecordedFrame, width: int) -> list[str]:
    if shown.opcode != Opcode.TEXT:
        return []
    try:
        return formatted_json(_data_of(shown).decode(), width)
    except UnicodeDecodeError:
        return []


def _data_of(shown: Payload | RecordedFrame) -> bytes:
    return shown.data if isinstance(shown, Payload) else shown.payload


def formatted_json(text: str, width: int) -> list[str]:
    """JSON in lines of at most ``width`` columns where its texts allow it; empty for what is not JSON.

    Tokens stay as they are written: numbers, escapes and repeated keys come out as they came.
    """
    if len(text) > LONGEST_FORMATTED or not text.lstrip().startswith(("{", "[")):
        return []
    lines: list[str] = []
    try:
        json.loads(text)
        _lay_out(_tree(_TOKEN.findall(text)[::-1]), "", "", width, lines)
    except (ValueError, RecursionError):
        return []
    return lines


class _Branch(NamedTuple):
    """An object or array: its bracket, and its items with the key before each (empty in an array)."""

    bracket: str
    items: list[tuple[str, _Branch | str]]

    def compact(self) -> str:
        """It on one line."""
        inside = (key + (item if isinstance(item, str) else item.compact()) for key, item in self.items)
        return f"{self.bracket}{', '.join(inside)}{_CLOSING[self.bracket]}"


def _tree(tokens: list[str]) -> _Branch | str:
    """The value that the tokens of valid JSON begin with; they are taken from the end of the list."""
    first = tokens.pop()
    if first not in _CLOSING:
        return safe_text(first)
    items: list[tuple[str, _Branch | str]] = []
    while tokens[-1] != _CLOSING[first]:
        if tokens[-1] == ",":
            tokens.pop()
        key = f"{safe_text(tokens.pop())}{tokens.pop()} " if first == "{" else ""
        items.append((key, _tree(tokens)))
    tokens.pop()
    return _Branch(first, items)


def _lay_out(item: _Branch | str, before: str, after: str, width: int, lines: list[str]) -> None:
    """Append the lines of an item, with what stands ``before`` it (indentation, key) and ``after`` it."""
    compact = item if isinstance(item, str) else item.compact()
    if isinstance(item, str) or not item.items or cell_width(before + compact + after) <= width:
        lines.append(f"{before}{compact}{after}")
        return
    indentation = before[: len(before) - len(before.lstrip(" "))]
    lines.append(f"{before}{item.bracket}")
    last = len(item.items) - 1
    for place, (key, value) in enumerate(item.items):
        _lay_out(value, f"{indentation}{_STEP}{key}", "," if place < last else "", width, lines)
    lines.append(f"{indentation}{_CLOSING[item.bracket]}{after}")


_COLOURED = re.compile(r'("(?:[^"\\]|\\.)*")(\s*:)?|(?<![\w"])(-?\d[\d.eE+-]*|true|false|null)(?![\w"])')


def _coloured(line: str) -> str:
    """Keys, texts and other values of a line of JSON in colours."""

    def colour(found: re.Match[str]) -> str:
        text, colon, value = found[1], found[2], found[3]
        if value is not None:
            return styled(value, "yellow")
        return styled(text, "cyan") + colon if colon else styled(text, "green")

    return _COLOURED.sub(colour, line)
