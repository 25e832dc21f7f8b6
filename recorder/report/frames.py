"""The table of ``frame list``."""

from __future__ import annotations

from collections.abc import Iterable
from typing import IO

from recorder.wire.frames import Opcode
from recorder.wire.records import RecordedFrame

from .json_views import payload_text
from .tables import clock_time, console
from .terminal import safe_text

FRAME_LINE = "{:>8} {:>4}  {:<12}  {:<7}  {:<13} {:>8}  {}"


def print_frames(stream: IO[str], frames: Iterable[RecordedFrame]) -> None:
    """Print the table line by line: a session may hold millions of frames."""
    output = console(stream)
    heading = FRAME_LINE.format("FRAME", "CONN", "TIME", "SENDER", "KIND", "BYTES", "PAYLOAD")
    stream.write(heading + "\n")
    for frame in frames:
        stream.write(_frame_line(frame, output.width) + "\n")


def _frame_line(frame: RecordedFrame, width: int) -> str:
    note = frame_note(frame)
    start = FRAME_LINE.format(
        f"#{frame.number}",
        frame.connection,
        clock_time(frame.at_us),
        frame.sender.value,
        opcode_word(frame),
        len(frame.payload),
        f"[{safe_text(note)}] " if note else "",
    )
    room = max(width - len(start), 20)
    shown = safe_text(payload_line(frame))
    return (start + (shown if len(shown) <= room else shown[: room - 1] + "…")).rstrip()


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
    """The violation of a frame, and whether it is redacted; empty for most frames."""
    notes = [] if frame.violation is None else [frame.violation]
    return "; ".join([*notes, "redacted"] if frame.redacted else notes)
