"""Frames as rows: one alone as among others, in the order of the columns."""

from __future__ import annotations

from typing import Any

import pytest

from recorder.store.columns import FRAME_COLUMNS
from recorder.store.driver_values import PYTHON_VALUES, SQLITE_VALUES
from recorder.store.frame_rows import frame_row, frame_rows
from recorder.wire.frames import Opcode, Side


@pytest.mark.parametrize("values", [PYTHON_VALUES, SQLITE_VALUES])
def test_a_frame_alone_has_the_row_that_it_has_among_others(frames: Any, values: Any) -> None:
    """Whatever is odd about it."""
    plain = frames.one(1, b"abc")
    odd = frames.one(2, b"", opcode=Opcode.PONG, fin=False)._replace(
        head=None, violation="fragmented control frame", redacted=True, at_us=None, sender=Side.CLIENT, rsv=4
    )
    rows = frame_rows(7, [plain, odd], [5, 6], values)
    assert rows == [frame_row(7, plain, 5, values), frame_row(7, odd, 6, values)]
    named = dict(zip(FRAME_COLUMNS, frame_row(7, odd, 6, PYTHON_VALUES), strict=True))
    assert named == {
        "session_id": 7, "number": 2, "connection": 1, "idx": odd.index, "sender": 0, "at_us": None,
        "offset_us": odd.offset_us, "opcode": 10, "fin": False, "rsv": 4, "head": None, "payload": b"",
        "violation": "fragmented control frame", "redacted": True, "chain": 6,
    }  # fmt: skip
    assert type(named["opcode"]) is int
