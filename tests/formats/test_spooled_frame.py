"""What is packed for the temporary file comes out as it went in; see also test_spool, by property."""

from __future__ import annotations

from recorder.formats.spooled_frame import packed_forwarded, packed_frame, unpacked
from recorder.wire.frames import Side
from recorder.wire.records import CompressedPayload, FrameForwarded, RecordedFrame


def test_several_records_share_a_block():
    compressed = CompressedPayload(3, b"\1" * 32, b"abc", None)
    frame = RecordedFrame(
        7, 2, 3, Side.SERVICE, -5, None, 15, False, 7, b"p\0", b"", "it is \udcff", True, compressed
    )
    bare = RecordedFrame(8, 2, 4, Side.CLIENT, None, 9, 1, True, 0, b"")
    passed = FrameForwarded(8, None, -1)
    block = packed_frame(frame, 10, 1) + packed_frame(bare, 11, 2) + packed_forwarded(passed, 11, 3)
    assert list(unpacked(block, 2)) == [(10, 1, frame), (11, 2, bare), (11, 3, passed)]
