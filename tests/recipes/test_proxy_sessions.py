"""The sessions of a proxy in an archive."""

from __future__ import annotations

import pytest

from recorder.clock import RealClock
from recorder.errors import StorageFailed
from recorder.recipes.proxy_sessions import ProxySessions
from recorder.recipes.record_session import SessionOptions
from recorder.store.archive import Archive
from recorder.wire.frames import Side
from recorder.wire.records import ConnectionOpened, RecordedFrame


@pytest.fixture
def archive(tmp_path):
    with Archive.open(tmp_path / "a.db", mode="write") as opened:
        yield opened


def sessions_of(archive, *, each, **options):
    return ProxySessions(archive, SessionOptions(**options), clock=RealClock(), each=each)


def frame(number):
    return RecordedFrame(number, 1, number - 1, Side.CLIENT, 1, 1, 1, True, 0, b"x")


def test_one_session_takes_all_connections(archive):
    sessions = sessions_of(archive, each=False, name="run")
    one, two = sessions.session(), sessions.session()
    assert one is two is sessions.shared_session()
    sessions.begin()
    one.sink([ConnectionOpened(1, "wss://x", 1, 1), frame(1)])
    assert sessions.frames == 0
    sessions.commit()
    assert sessions.frames == 1
    sessions.connection_ended(one)
    sessions.finish(complete=True, detail=None)
    (info,) = archive.sessions()
    assert (info.session, info.name, info.source, info.state) == (sessions.ids[0], "run", "proxy", "complete")


def test_each_connection_can_have_its_own(archive):
    sessions = sessions_of(archive, each=True)
    assert sessions.shared_session() is None
    assert archive.sessions() == []
    one, two = sessions.session(), sessions.session()
    sessions.begin()
    one.sink([ConnectionOpened(1, "wss://x", 1, 1), frame(1)])
    two.sink([ConnectionOpened(1, "wss://x", 1, 1), frame(1)])
    sessions.commit()
    sessions.connection_ended(one)
    assert [info.state for info in archive.sessions()] == ["complete", "recording"]
    sessions.finish(complete=False, detail="a fault of ours: X")
    assert [info.state for info in archive.sessions()] == ["complete", "interrupted"]
    assert [info.session for info in archive.sessions()] == sessions.ids


def test_a_session_that_is_not_written_to_the_end_is_interrupted(archive, monkeypatch):
    sessions = sessions_of(archive, each=False)
    session = sessions.session()
    archive.close()
    sessions.begin()
    session.sink([ConnectionOpened(1, "wss://x", 1, 1)])
    with pytest.raises(StorageFailed):
        sessions.commit()
    with Archive.open(archive.path, mode="read") as read:
        assert [info.state for info in read.sessions()] == ["interrupted"]
