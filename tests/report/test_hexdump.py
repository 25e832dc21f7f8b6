"""One frame, decoded and in hex."""

from __future__ import annotations

import io

from hypothesis import given
from hypothesis import strategies as st

from recorder.report.hexdump import hexdump, print_frame


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


def test_unknown_headers_and_violations_are_shown(frames):
    assert "violation  text is not UTF-8" in shown(frames[2])
    assert "not known" in shown(frames[1])
    assert "secrets replaced" in shown(frames[4])
