"""Several WebSockets become the connections of one session."""

from __future__ import annotations

from recorder.formats.session_order import numbered
from recorder.wire.frames import Side
from recorder.wire.records import (
    ConnectionClosed,
    ConnectionOpened,
    FrameForwarded,
    HandshakeSeen,
    HttpExchange,
    RecordedFrame,
)


def frame(connection, at_us, offset_us=None):
    return RecordedFrame(0, connection, 0, Side.CLIENT, at_us, offset_us, 1, True, 0, b"")


def test_numbers_are_given_in_the_order_of_the_records():
    records = list(
        numbered(
            [
                ConnectionOpened(7, "ws://seven", 1_000, None),
                frame(7, 1_500),
                ConnectionOpened(3, "ws://three", 2_000, None),
                HandshakeSeen(3, None, (), 101, ()),
                frame(3, 2_500),
                frame(7, 3_000),
                ConnectionClosed(3, 4_000, None, 1000, "", None, "closed"),
            ]
        )
    )
    assert [record.connection for record in records] == [1, 1, 2, 2, 2, 1, 2]
    frames = [record for record in records if isinstance(record, RecordedFrame)]
    assert [(each.number, each.index) for each in frames] == [(1, 0), (2, 0), (3, 1)]
    offsets = [record.offset_us for record in records if not isinstance(record, HandshakeSeen)]
    assert offsets == [0, 500, 1_000, 1_500, 2_000, 3_000]


def test_offsets_never_run_backwards_though_the_wall_clock_does():
    records = numbered([frame(1, 10_000), frame(1, 12_000), frame(1, 5_000), frame(1, 6_000)])
    assert [record.offset_us for record in records] == [0, 2_000, 2_000, 3_000]


def test_offsets_of_the_source_count_from_the_first():
    records = numbered([frame(1, 10_000, 700), frame(2, 9_000, 800), frame(1, None, 900)])
    assert [record.offset_us for record in records] == [0, 100, 200]


def test_without_any_time_there_is_no_offset():
    (record,) = numbered([frame(1, None)])
    assert record.offset_us is None


def test_what_belongs_to_others_is_numbered_with_them():
    lookup = HttpExchange(None, "domain-lookup", 1_000, None, "GET", "u", 200, answered_at_us=1_250)
    refused = HttpExchange(5, "upgrade", 2_000, None, "GET", "u", 401)
    records = list(numbered([lookup, frame(5, 1_500), FrameForwarded(99, 1_600, None), refused]))
    assert records[0] == lookup._replace(offset_us=0, answered_offset_us=250)
    assert records[2] == FrameForwarded(1, 1_600, 600)
    assert records[3] == refused._replace(connection=1, offset_us=1_000)
    monotonic = HttpExchange(None, "login", None, 700, "POST", "u", 200, answered_offset_us=900)
    assert list(numbered([monotonic])) == [monotonic._replace(offset_us=0, answered_offset_us=200)]
