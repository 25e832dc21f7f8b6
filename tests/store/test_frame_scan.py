"""A scan gives the fields of the stored frames; content that no recorder writes is refused."""

from __future__ import annotations

import pytest
from builders.archives import scanned

from recorder.errors import ArchiveUnusable
from recorder.store.archive import Archive


def test_a_scan_gives_what_reading_gives(where, begin, frames):
    """Across several chunks, from the middle, up to a frame."""
    told = [*frames.some(5_000), frames.one(5_001, b"x" * 5_000_000), frames.one(5_002, b"y", opcode=9)]
    with Archive.open(where, mode="write") as archive:
        begin(archive, session="s")([frames.opened, *told])
        expected = [tuple(scanned(frame)) for frame in told]
        assert [tuple(frame) for frame in archive.scan_frames("s")] == expected
        assert [tuple(frame) for frame in archive.scan_frames("s", after=4_000, last=5_001)] == expected[
            4_000:5_001
        ]


@pytest.mark.parametrize(
    "damage", ["sender = 2", "opcode = 16", "fin = 7", "payload = 'text'", "at_us = 'x'", "number = 'x'"]
)
def test_invalid_content_is_refused(path, begin, frames, damage):
    with Archive.open(path, mode="write") as archive:
        begin(archive, session="s")([frames.opened, *frames.some(3)])
        with archive.writer() as writer:
            writer.connection.exec_driver_sql(f"UPDATE frame SET {damage} WHERE number = 3")
        with pytest.raises(ArchiveUnusable):
            list(archive.scan_frames("s"))
