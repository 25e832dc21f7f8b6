"""The table of frames."""

from __future__ import annotations

import io

from hypothesis import given
from hypothesis import strategies as st

from recorder.report.frames import frame_note, hexdump, opcode_word, payload_line, print_frame, print_frames
from recorder.wire.frames import CompressedPayload
from recorder.wire.records import FrameForwarded


def listed(frames, **how) -> list[str]:
    stream = io.StringIO()
    print_frames(stream, frames, **how)
    return stream.getvalue().splitlines()


def test_frames_show_what_they_say_and_what_is_wrong(frames):
    heading, *rows = listed(frames)
    assert heading.split() == ["FRAME", "CONN", "TIME", "(UTC)", "SENDER", "BYTES", "WHAT"]
    assert rows[0].split()[:5] == ["#1", "1", "22:04:01.507", "client", "15"]
    whats = [row[heading.index("WHAT") :] for row in rows]
    assert whats == [
        "an answer → without a code", "binary 00 ff", "[text is not UTF-8 (RFC 6455 8.1)] \\xc3(",
        "close 4401 expired", "[redacted] opcode 0x3",
    ]  # fmt: skip


def test_raw_shows_opcodes_and_payloads(frames):
    heading, *rows = listed(frames, raw=True)
    assert heading.split()[5:] == ["KIND", "BYTES", "PAYLOAD"]
    assert rows[0].endswith('text       15  {"kind":"resp"}')
    assert "00 ff" in rows[1]
    assert "text is not UTF-8" in rows[2]
    assert "close" in rows[3]
    assert "0x3+" in rows[4]


def test_the_words_for_one_frame(frames):
    assert [opcode_word(frame) for frame in frames] == ["text", "binary", "text", "close", "0x3+"]
    assert payload_line(frames[0]) == '{"kind":"resp"}'
    assert len(payload_line(frames[0]._replace(payload=b"x" * 500))) == 200
    assert frame_note(frames[2]) == "text is not UTF-8 (RFC 6455 8.1)"


def shown(frame) -> str:
    stream = io.StringIO()
    print_frame(stream, frame)
    return stream.getvalue()


@given(st.binary(max_size=80))
def test_every_byte_stands_in_the_hex(data):
    for in_a_row, ends in ((16, 57), (8, 33)):
        rows = list(hexdump(data, in_a_row))
        assert bytes.fromhex("".join(row[10:ends] for row in rows)) == data
        assert all(row.isascii() and row.isprintable() and len(row) <= ends + 18 for row in rows)


def test_json_is_laid_out_and_header_bytes_shown(frames):
    out = shown(frames[0])
    assert '  "kind": "resp"' in out
    assert "81 0f" in out
    assert "+1.500000s into the session" in out


def test_a_close_frame_tells_code_and_reason(frames):
    assert "close code 4401, reason expired" in shown(frames[3])


def test_what_came_compressed_or_went_through_a_proxy_says_so(frames):
    """With what stood on the wire, and why nothing of it is here if nothing is."""
    inflated = frames[0]._replace(compressed=CompressedPayload(9, b"\x01\x02"))
    assert "on the wire  9 bytes, compressed, inflated here; SHA-256 0102" in shown(inflated)
    withheld = inflated._replace(compressed=CompressedPayload(9, b"\x01", withheld="it does not inflate"))
    assert "compressed, left out: it does not inflate; SHA-256 01" in shown(withheld)
    assert frame_note(withheld) == "without payload: it does not inflate"
    for forwarded, says in (
        (FrameForwarded(1, 1_487_455_441_507_000, 1_500_250), ", +0.000250s after it came"),
        (FrameForwarded(1, None, None), "passed on  -"),
    ):
        stream = io.StringIO()
        print_frame(stream, frames[0], forwarded)
        assert says in " ".join(stream.getvalue().replace("passed on   ", "passed on").split("\n"))


def test_unknown_headers_and_violations_are_shown(frames):
    assert "violation  text is not UTF-8" in shown(frames[2])
    assert "not known" in shown(frames[1])
    assert "something replaced" in shown(frames[4])
