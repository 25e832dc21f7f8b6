"""The table of ``frame list``, and one frame in full: header, payload as text or JSON, and hex."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import IO

from recorder.counted import counted
from recorder.messaging.exact_numbers import formatted_json
from recorder.redaction.replaced import replaced_words
from recorder.wire.frames import CompressedPayload, Opcode, close_parts
from recorder.wire.records import FrameForwarded, RecordedFrame

from .cells import Cell, arrow_of, width_of
from .frame_words import FrameWords
from .json_views import payload_text
from .payload_lines import STYLE_OF_SIDE
from .tables import WINDOW_ROWS, print_line, print_pairs, print_table
from .terminal import safe_text
from .times import clock_time, moment_words, zone_name


def print_frames(
    stream: IO[str],
    frames: Iterable[RecordedFrame],
    *,
    raw: bool = False,
    local: bool = False,
    window: int = WINDOW_ROWS,
    words: FrameWords | None = None,
) -> None:
    """The table of ``frame list``, printed while the frames are read: a session may hold millions.

    ``raw`` shows opcodes and payloads as they are, instead of what they say; ``window`` is as in
    ``print_table``. ``words``: made by ``frame_words``, and fed with frames that are left out, too.
    """
    words = words or frame_words(stream)
    rows = (
        frame_row(frame, payload_line(frame) if raw else words.of(frame), raw=raw, local=local)
        for frame in frames
    )
    print_table(stream, frame_columns(raw=raw, local=local), rows, window=window)


def frame_columns(*, raw: bool = False, local: bool = False) -> tuple[str, ...]:
    """The columns of ``frame list``."""
    return (">FRAME", ">CONN", f"TIME ({zone_name(local=local)})", "SENDER", *(_RAW if raw else _WORDS))


def frame_words(stream: IO[str]) -> FrameWords:
    """What says what frames are, in characters that this stream shows."""
    return FrameWords(arrow_of(stream))


_RAW = ("KIND", ">BYTES", "PAYLOAD+24")
_WORDS = (">BYTES", "WHAT+24")


_PROBLEM = re.compile(r'[^"]*(?:→|->) [45]\d\d\b|close (?!100[01]\b)\d')
"""What the words of a refusal, or of a close that names an error, begin with."""


def frame_row(
    frame: RecordedFrame, shown: str, *, raw: bool = False, local: bool = False
) -> tuple[str | Cell, ...]:
    """A row of ``frame list``; ``shown`` is what the frame says, or its payload if ``raw``.

    Its side has a colour, and so has what the service refuses.
    """
    note = frame_note(frame)
    said = f"[{note}] {shown}" if note else shown
    is_problem = not raw and (frame.violation is not None or _PROBLEM.match(shown) is not None)
    return (
        f"#{frame.number}",
        str(frame.connection),
        clock_time(frame.at_us, local=local),
        Cell(frame.sender.value, STYLE_OF_SIDE[frame.sender]),
        *((opcode_word(frame),) if raw else ()),
        str(len(frame.payload)),
        Cell(safe_text(said), "red") if is_problem else said,
    )


def opcode_word(frame: RecordedFrame) -> str:
    """``text``, ``close`` or ``0x3``, with a plus if FIN is not set."""
    known = frame.opcode in Opcode._value2member_map_
    word = Opcode(frame.opcode).name.lower() if known else f"{frame.opcode:#x}"
    return word if frame.fin else f"{word}+"


def payload_line(frame: RecordedFrame) -> str:
    """The payload on one line: text, or hex if it is no text; cut after 200 characters."""
    text = payload_text(frame)
    if text is None:
        text = frame.payload[:100].hex(" ")
    return text[:200]


def frame_note(frame: RecordedFrame) -> str:
    """The violation of a frame, why its payload is missing, whether it is redacted; empty for most frames."""
    notes = [] if frame.violation is None else [frame.violation]
    if frame.compressed is not None and frame.compressed.withheld is not None:
        notes.append(f"without payload: {frame.compressed.withheld}")
    return "; ".join([*notes, "redacted"] if frame.redacted else notes)


_WIDTH_OF_16 = 75
"""Columns of a line of ``hexdump`` with 16 bytes."""


def print_frame(
    stream: IO[str],
    frame: RecordedFrame,
    forwarded: FrameForwarded | None = None,
    *,
    local: bool = False,
) -> None:
    """The output of ``frame show``; ``forwarded`` if a proxy passed the frame on."""
    print_pairs(
        stream,
        {
            "frame": f"#{frame.number}, index {frame.index} of connection {frame.connection}",
            "time": moment_words(frame.at_us, local=local) + _offset_words(frame),
            **({} if forwarded is None else {"passed on": _passed_on_words(frame, forwarded, local)}),
            "sender": frame.sender.value,
            "kind": f"{opcode_word(frame)} (opcode {frame.opcode:#x}, fin {int(frame.fin)}, rsv {frame.rsv})",
            "header": frame.head.hex(" ") if frame.head is not None else "not known",
            "payload": f"{counted(len(frame.payload), 'byte')}"
            + (f", {replaced_words(frame.payload)} replaced" if frame.redacted else ""),
            **({} if frame.compressed is None else {"on the wire": _compressed_words(frame.compressed)}),
            "violation": frame.violation,
        },
    )
    for line in _readable(frame):
        print_line(stream, line, indent="    ")
    for line in hexdump(frame.payload, 16 if width_of(stream) >= _WIDTH_OF_16 else 8):
        stream.write(f"{line}\n")


def _passed_on_words(frame: RecordedFrame, forwarded: FrameForwarded, local: bool) -> str:
    for came_us, went_us in ((frame.offset_us, forwarded.offset_us), (frame.at_us, forwarded.at_us)):
        if came_us is not None and went_us is not None:
            after = f", {(went_us - came_us) / 1_000_000:+.6f}s after it came"
            return moment_words(forwarded.at_us, local=local) + after
    return moment_words(forwarded.at_us, local=local)


def _compressed_words(compressed: CompressedPayload) -> str:
    state = "inflated here" if compressed.withheld is None else f"left out: {compressed.withheld}"
    return f"{counted(compressed.length, 'byte')}, compressed, {state}; SHA-256 {compressed.digest.hex()}"


def _offset_words(frame: RecordedFrame) -> str:
    return "" if frame.offset_us is None else f", {frame.offset_us / 1_000_000:+.6f}s into the session"


def _readable(frame: RecordedFrame) -> Iterator[str]:
    if frame.opcode == Opcode.CLOSE:
        code, reason = close_parts(frame.payload)
        yield f"close code {'none' if code is None else code}, reason {reason or 'none'}"
        return
    text = payload_text(frame)
    if text is None:
        return
    yield from _pretty(text).splitlines()


def _pretty(text: str) -> str:
    try:
        return formatted_json(text)
    except (ValueError, RecursionError):
        return text


def hexdump(data: bytes, bytes_in_a_row: int = 16) -> Iterator[str]:
    """Rows of offset, 16 bytes in hex, and the same as ASCII with dots for the rest."""
    for start in range(0, len(data), bytes_in_a_row):
        row = data[start : start + bytes_in_a_row]
        shown = "".join(chr(byte) if 0x20 <= byte < 0x7F else "." for byte in row)
        yield f"{start:08x}  {row.hex(' '):<{3 * bytes_in_a_row - 1}}  {shown}"
