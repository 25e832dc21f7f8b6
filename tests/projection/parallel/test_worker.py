"""A helper reads its pieces and leaves them one after another, however it is told where the frames are."""

from __future__ import annotations

import io
import json
import subprocess
import sys
import tempfile

import pytest

from recorder.projection.parallel.columns import decode_range
from recorder.projection.parallel.pool import _task_source
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


def with_workers(place):
    said = io.StringIO()
    with tempfile.TemporaryFile() as file:
        run_worker(json.dumps({**place, "spans": [[0, 100], [100, 150]], "file": file.fileno()}), said)
        sizes = [tuple(map(int, line.split())) for line in said.getvalue().splitlines()]
        assert [start for _, start in sizes] == [0, sizes[0][0]]
        file.seek(0)
        return [decode_range(file.read(size)) for size, _ in sizes]


@pytest.mark.parametrize("by_address", [False, True])
def test_a_helper_leaves_its_pieces_one_after_another(recorded, by_address):
    place = {"archive": recorded.address, "session": "s"} if by_address else _task_source(recorded, "s")
    first, second = with_workers(place)
    assert {event.evidence.frame for event in first.events} == set(range(1, 101)) - {*range(10, 101, 10)}
    assert [frame[0] for frame in second.other_frames] == [110, 120, 130, 140, 150]


def test_invalid_content_ends_a_worker(path, begin, frames):
    with Archive.open(path, mode="write") as archive:
        begin(archive, session="s")([ConnectionOpened(1, None, 0, 0), *frames.some(120)])
        with archive.writer() as writer:
            writer.connection.exec_driver_sql("UPDATE frame SET opcode = 77 WHERE number = 110")
        with pytest.raises(ValueError, match="no recorder"):
            with_workers(_task_source(archive, "s"))


def test_a_helper_of_a_file_loads_no_database_library():
    """It would take it longer than reading a hundred thousand frames."""
    asked = "import sys, recorder.projection.parallel.worker; print('sqlalchemy' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", asked], capture_output=True, text=True, check=True)
    assert done.stdout == "False\n"
