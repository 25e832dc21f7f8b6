"""The quick way to read a frame is the general way, or no way at all; whole files are in test_jsonl."""

from __future__ import annotations

from base64 import b64encode
from contextlib import suppress
from typing import Any

import orjson
from hypothesis import given
from hypothesis import strategies as st

from recorder.errors import BadCapture
from recorder.formats.jsonl_reader import JsonlReader
from recorder.formats.lines import JsonLine
from recorder.wire.frames import encode

RAW = st.builds(
    lambda opcode, text, fin, rsv, mask: b64encode(
        encode(opcode, text.encode(), fin=fin, rsv=rsv, mask=mask)
    ).decode(),
    st.integers(0, 15), st.sampled_from(("a", "bc")), st.booleans(), st.integers(0, 7),
    st.none() | st.just(b"mask"),
)  # fmt: skip
ODD = st.sampled_from((None, -1, 1 << 60, "x", True, 1.5, []))
FIELDS: dict[str, st.SearchStrategy[Any]] = {
    "connection": st.integers(1, 3),
    "index": st.integers(0, 6),
    "number": st.integers(0, 6),
    "sender": st.sampled_from(("client", "service", "server", "?")),
    "at": st.sampled_from(
        ("2017-02-18T22:04:01.507Z", "2017-02-18t22:04:00z", "2016-12-31T23:59:60Z", "soon", 1487455441507)
    ),
    "offset_us": st.integers(-5, 5),
    "opcode": st.integers(0, 15),
    "fin": st.booleans(),
    "rsv": st.integers(0, 7),
    "text": st.sampled_from(("a", "bc", {"a": 1})),
    "raw": RAW,
    "note": st.just(1),
}
LINES = st.lists(
    st.fixed_dictionaries({}, optional={key: value | ODD for key, value in FIELDS.items()}).map(
        lambda fields: {"sender": "client", "text": "a", **fields}
    ),
    min_size=1,
    max_size=6,
)


def read_by(lines: list[dict[str, Any]], *, quick: bool) -> tuple[list[object], int]:
    """The records, and how many frames the quick way gave; up to the first line that is wrong."""
    reader, found, quickly = JsonlReader("f"), [], 0
    with suppress(BadCapture):
        for number, fields in enumerate(lines, 1):
            line = JsonLine("f", number, orjson.dumps(fields))
            frame = reader.plain_frame(line) if quick else None
            quickly += frame is not None
            found += [frame] if frame is not None else list(reader.read_line(line))
    return found, quickly


@given(LINES)
def test_the_quick_way_gives_what_the_general_one_does(lines):
    assert read_by(lines, quick=True)[0] == read_by(lines, quick=False)[0]


def test_the_quick_way_reads_what_is_exported():
    raw = b64encode(encode(1, b"hello", mask=b"mask")).decode()
    line = {
        "connection": 1, "index": 0, "number": 1, "sender": "client", "at": "2017-02-18T22:04:01.507000Z",
        "offset_us": 5, "opcode": 1, "fin": True, "rsv": 0, "text": "hello", "raw": raw,
    }  # fmt: skip
    found, quickly = read_by([{"connection": 1}, line, {"sender": "service", "text": "x"}], quick=True)
    assert quickly == 2
    assert found == read_by([{"connection": 1}, line, {"sender": "service", "text": "x"}], quick=False)[0]
