"""One frame as a line: what is said, and when the exact bytes are."""

import pytest

from recorder.formats.jsonl_frame import frame_fields, frame_of, sender_of
from recorder.formats.lines import JsonLine
from recorder.wire.frames import Frame, Side
from recorder.wire.records import RecordedFrame


def told(opcode: int, payload: bytes, head: bytes | None, *, redacted: bool = False) -> dict[str, object]:
    frame = RecordedFrame(1, 1, 0, Side.SERVICE, None, None, opcode, True, 0, payload, head, None, redacted)
    return {
        key: value
        for key, value in frame_fields(frame).items()
        if key in ("text", "data", "raw", "head", "redacted")
    }


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        pytest.param(told(1, b"x", None), {"text": "x"}, id="only the payload is known"),
        pytest.param(told(1, b"\xff", None), {"data": "/w=="}, id="text that is not UTF-8"),
        pytest.param(told(2, b"x", None), {"data": "eA=="}, id="binary that looks like text"),
        pytest.param(told(9, b"x", None), {"text": "x"}, id="a ping"),
        pytest.param(told(1, b"x", b"\x81\x01"), {"text": "x", "raw": "gQF4"}, id="exact bytes"),
        pytest.param(told(1, b"", b"\x81"), {"text": "", "raw": "gQ=="}, id="cut off after one byte"),
        pytest.param(
            told(1, b"x", b"\x82\x01"), {"text": "x", "head": "ggE="}, id="a head of something else"
        ),
        pytest.param(told(1, b"x", b""), {"text": "x", "head": ""}, id="an empty head"),
        pytest.param(
            told(1, b"x", b"\x81\x01", redacted=True),
            {"text": "x", "head": "gQE=", "redacted": True},
            id="redacted",
        ),
    ],
)
def test_a_line_says_what_is_known_and_nothing_that_was_redacted(
    fields: dict[str, object], expected: dict[str, object]
) -> None:
    assert fields == expected


def test_a_line_reads_back_as_its_frame() -> None:
    line = JsonLine("f", 1, b'{"sender":"service","text":"x","opcode":9,"fin":false,"rsv":4,"head":"gQE="}')
    assert sender_of(line) is Side.SERVICE
    assert frame_of(line) == Frame(9, b"x", False, 4, b"\x81\x01")
