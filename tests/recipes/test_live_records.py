"""Records are stored before anything of them is shown, and shown without their secrets."""

from __future__ import annotations

import pytest

from recorder import recipes
from recorder.errors import StorageFailed
from recorder.recipes.live_records import LiveRecords
from recorder.recipes.record_session import SessionOptions, recording
from recorder.wire.frames import Side
from recorder.wire.records import ConnectionClosed, ConnectionOpened, RecordedFrame

TOKEN = "eyJhbGciOiJub25lIn0.eyJzdWIiOiJtZSJ9.c2lnbmF0dXJl"
URL = f"wss://a.example/ws_api/account/1/messaging/brand/1?token={TOKEN}"


def frame(number: int, payload: bytes, *, opcode: int = 1, fin: bool = True) -> RecordedFrame:
    return RecordedFrame(number, 1, number - 1, Side.CLIENT, 1, 1, opcode, fin, 0, payload)


@pytest.fixture
def active(tmp_path):
    with (
        recipes.open_archive(str(tmp_path / "a.db"), mode="write", create=True) as archive,
        recording(archive, source="cdp", options=SessionOptions()) as session,
    ):
        yield session


def test_payloads_come_whole_and_without_secrets(active):
    shown, remarks = [], []
    live = LiveRecords(
        active, lambda payload: shown.append((active.intake.frames, payload.data)), say=remarks.append
    )
    live.add([ConnectionOpened(1, URL, 1, 1)])
    live.add([frame(1, b'{"jwt":"%s"}' % TOKEN.encode())])
    live.add([frame(2, b"one, ", fin=False), frame(3, b"two", opcode=0), frame(4, b"\xff\0", opcode=2)])
    live.add([ConnectionClosed(1, 1, 1, 1000, "bye", Side.SERVICE, "closed")])
    assert [count for count, _ in shown] == [1, 4, 4]
    assert [data for _, data in shown[1:]] == [b"one, two", b"\xff\0"]
    assert TOKEN not in f"{shown} {remarks}"
    assert remarks[1] == "connection 1 closed by the service with 1000 (bye)"


def test_what_cannot_be_stored_is_not_shown(active):
    shown = []
    live = LiveRecords(active, shown.append, say=lambda _: None)
    active.intake.finish(1)
    with pytest.raises(StorageFailed):
        live.add([frame(1, b"x")])
    assert shown == []
