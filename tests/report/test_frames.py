"""The table of frames."""

from __future__ import annotations

import io

from hypothesis import given
from hypothesis import strategies as st

from recorder.report.frames import frame_note, hexdump, opcode_word, payload_line, print_frame, print_frames
from recorder.wire.frames import CompressedPayload
from recorder.wire.records import FrameForwarded


def test_frames_show_kind_payload_and_what_is_wrong(frames):
    stream = io.StringIO()
    print_frames(stream, frames)
    lines = stream.getvalue().splitlines()
    assert lines[1].split()[:6] == ["#1", "1", "22:04:01.507", "client", "text", "15"]
    assert "00 ff" in lines[2]
    assert "text is not UTF-8" in lines[3]
    assert "close" in lines[4]
    assert "0x3+" in lines[5]
    assert "redacted" in lines[5]


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
    rows = list(hexdump(data))
    assert bytes.fromhex("".join(row[10:57] for row in rows)) == data
    assert all(row.isascii() and row.isprintable() for row in rows)


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
    assert "secrets replaced" in shown(frames[4])
