"""A helper reads its pieces and leaves them one after another, however it is told where the frames are."""

from __future__ import annotations

import io
import json
import subprocess
import sys
import tempfile

import pytest

from recorder.errors import ArchiveUnusable
from recorder.projection.parallel.columns import decode_range
from recorder.projection.parallel.worker import run_worker
from recorder.store.archive import Archive
from recorder.wire.frames import Side
from recorder.wire.records import ConnectionOpened

TEXT = (
    b'{"kind":"notification","type":"ms.MessagingEventNotification","body":{"changes":[{"sequence":%d,'
    b'"dialogId":"d","originatorId":"a","serverTimestamp":1700000000000,"event":{"type":"ContentEvent",'
    b'"contentType":"text/plain","message":"hi"}}]}}'
)


@pytest.fixture
def recorded(where, begin, frames):
    with Archive.open(where, mode="write") as archive:
        told = [
            frames.one(number, TEXT % number if number % 10 else b"{}", sender=Side.SERVICE)
            for number in range(1, 201)
        ]
        begin(archive, session="s")([ConnectionOpened(1, None, 0, 0), *told])
        yield archive


def with_workers(archive):
    said = io.StringIO()
    with tempfile.TemporaryFile() as file:
        task = {"archive": archive.address, "session": "s", "spans": [[0, 100], [100, 150]]}
        run_worker(json.dumps({**task, "file": file.fileno()}), said)
        sizes = [tuple(map(int, line.split())) for line in said.getvalue().splitlines()]
        assert [start for _, start in sizes] == [0, sizes[0][0]]
        file.seek(0)
        return [decode_range(file.read(size)) for size, _ in sizes]


def test_a_helper_leaves_its_pieces_one_after_another(recorded):
    first, second = with_workers(recorded)
    assert {event.evidence.frame for event in first.events} == set(range(1, 101)) - {*range(10, 101, 10)}
    assert [frame[0] for frame in second.other_frames] == [110, 120, 130, 140, 150]


def test_invalid_content_ends_a_worker(path, begin, frames):
    with Archive.open(path, mode="write") as archive:
        begin(archive, session="s")([ConnectionOpened(1, None, 0, 0), *frames.some(120)])
        with archive.writer() as writer:
            writer.connection.exec_driver_sql("UPDATE frame SET opcode = 77 WHERE number = 110")
        with pytest.raises(ArchiveUnusable, match=r"frame\.opcode"):
            with_workers(archive)


def test_a_helper_of_a_file_loads_no_database_library():
    """It would take it longer than reading a hundred thousand frames."""
    asked = "import sys, recorder.projection.parallel.worker; print('sqlalchemy' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", asked], capture_output=True, text=True, check=True)
    assert done.stdout == "False\n"
