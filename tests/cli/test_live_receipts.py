"""What became of our messages is told while this process records."""

from __future__ import annotations

import queue

import pytest

from recorder.cli.live_receipts import LiveReceipts, StatusLines
from recorder.clock import VirtualClock
from recorder.store.archive import Archive
from recorder.wire.frames import Side
from recorder.wire.records import ConnectionOpened, RecordedFrame

ASKED = (
    b'{"kind":"req","id":"1","type":"ms.PublishEvent","body":{"dialogId":"d","event":'
    b'{"type":"ContentEvent","contentType":"text/plain","message":"Hi"}}}'
)
TAKEN = b'{"kind":"resp","reqId":"1","code":200,"type":"ms.PublishEventResponse","body":{"sequence":0}}'
READ = (
    b'{"kind":"notification","type":"ms.MessagingEventNotification","body":{"changes":[{"sequence":1,'
    b'"dialogId":"d","originatorId":"b","event":{"type":"AcceptStatusEvent","status":"READ","sequenceList":[0]}}]}}'
)


@pytest.fixture
def session(tmp_path):
    """An archive, and a session in it that is being recorded."""
    path = tmp_path / "x.db"
    with Archive.open(path, mode="write") as archive:
        sink = archive.begin_session(source="client", started_at_us=0, clock=VirtualClock())
        sink([ConnectionOpened(1, None, 0, 0), frame(1, ASKED, Side.CLIENT)])
        yield str(path), sink


def frame(number, payload, sender=Side.SERVICE):
    return RecordedFrame(number, 1, number - 1, sender, number, number, 1, True, 0, payload)


def test_a_line_for_each_turn_of_a_message_of_ours(session):
    archive, sink = session
    lines = queue.Queue()
    with LiveReceipts(archive, StatusLines(lines.put), shown=True) as live:
        live.follow(sink.session)
        assert lines.get(timeout=60) == 'message "Hi": .. pending, #1'
        sink([frame(2, TAKEN)])
        assert lines.get(timeout=60) == 'message 0 "Hi": ✓  sent, #2'
        sink([frame(3, READ)])
        assert lines.get(timeout=60) == 'message 0 "Hi": ✓✓ read, #3'
    assert lines.empty()


def test_nothing_is_followed_where_nobody_looks(session):
    archive, sink = session
    with LiveReceipts(archive, StatusLines(pytest.fail), shown=False) as live:
        live.follow(sink.session)


def test_an_archive_that_is_gone_is_no_failure_here(tmp_path):
    with LiveReceipts(str(tmp_path / "none.db"), pytest.fail, shown=True) as live:
        live.follow("x")
