"""The table of frames."""

from __future__ import annotations

import io

from recorder.report.frames import frame_note, opcode_word, payload_line, print_frames


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
