"""PostgreSQL is an archive like any other: several recorders at once, and a server that comes and goes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import psycopg
import pytest

from recorder.clock import VirtualClock
from recorder.errors import ArchiveUnusable, BadOption, StorageFailed
from recorder.store.archive import Archive
from recorder.store.postgresql import display, read_url
from recorder.store.verify import verify

Begin = Callable[..., Any]
MODES = [("read", ArchiveUnusable, 7), ("write", StorageFailed, 6)]


@pytest.mark.parametrize(("mode", "error", "exit_code"), MODES)
def test_a_wrong_password_is_told_without_the_password(
    postgresql: Any, mode: Any, error: Any, exit_code: int
) -> None:
    """Not in the message, not in what led to it."""
    with pytest.raises(error) as refused:
        Archive.open(postgresql.url(password="wr0ng-canary"), mode=mode)
    assert refused.value.exit_code == exit_code
    assert "127.0.0.1" in str(refused.value)
    chain: BaseException | None = refused.value
    while chain is not None:
        assert "wr0ng-canary" not in f"{chain!r}{chain}"
        chain = chain.__cause__


@pytest.mark.parametrize(("mode", "error", "exit_code"), MODES)
def test_a_server_that_is_not_there(mode: Any, error: Any, exit_code: int) -> None:
    """Port 1 of our own machine."""
    with pytest.raises(error, match="cannot be reached"):
        Archive.open("postgresql://u:pass-canary@127.0.0.1:1/d", mode=mode)


def test_a_server_that_goes_away_during_a_scan_leaves_the_archive_unusable(
    database: str, postgresql: Any, begin: Begin, frames: Any
) -> None:
    """The scan reads with the driver's own cursor, whose errors are translated as well."""
    with Archive.open(database, mode="write") as archive:
        begin(archive, session="s")([frames.opened, *frames.some(1_000)])
    with Archive.open(database, mode="read") as archive:
        scan = archive.scan_frames("s")
        next(scan)
        with archive.reader() as connection:
            backend = connection.value("SELECT pg_backend_pid()")
        with psycopg.connect(postgresql.url(), autocommit=True) as admin:
            admin.execute("SELECT pg_terminate_backend(%s, 5000)", (backend,))
        with pytest.raises(ArchiveUnusable, match="cannot be read"):
            list(scan)


def test_a_url_is_shown_without_its_secrets() -> None:
    """Those in its options included."""
    url = read_url("postgresql://me:canary@h/d?password=canary&sslkey=canary")
    assert display(url) == "postgresql://me:***@h/d"


def test_a_url_that_does_not_read_is_not_repeated() -> None:
    """It may hold a password."""
    with pytest.raises(BadOption) as refused:
        Archive.open("postgresql://me:canary@h:port/d", mode="read")
    assert "canary" not in str(refused.value)


def test_several_recorders_write_at_once(database: str, begin: Begin, frames: Any) -> None:
    """Each sees that the other's session is being recorded, and neither buries it."""
    said: list[str] = []
    with (
        Archive.open(database, mode="write", say=said.append) as one,
        Archive.open(database, mode="write", say=said.append) as two,
    ):
        first, second = begin(one, session="first"), begin(two, session="second")
        for number in range(1, 11):
            first([frames.one(number)])
            second([frames.one(number)])
        with Archive.open(database, mode="write", say=said.append) as three:
            assert [each.state for each in three.sessions()] == ["recording", "recording"]
        with pytest.raises(StorageFailed, match="being recorded"):
            one.delete_session("second")
        first.finish(0)
        second.finish(0)
        assert [verdict.state for verdict in verify(one)] == ["complete", "complete"]
    assert said == []


def test_archives_in_one_database_do_not_see_each_others_recorders(
    postgresql: Any, begin: Begin, database: str
) -> None:
    """Two schemas, a session number 1 in each; only one is being recorded."""
    with psycopg.connect(postgresql.url(), autocommit=True) as connection:
        connection.execute("CREATE SCHEMA another")
    with Archive.open(postgresql.url(schema="another"), mode="write") as other:
        begin(other)
    with Archive.open(database, mode="write") as archive:
        begin(archive)
        with Archive.open(postgresql.url(schema="another"), mode="read") as other:
            assert [each.state for each in other.sessions()] == ["interrupted"]


def test_a_connection_cut_by_the_server_is_made_again(
    database: str, postgresql: Any, begin: Begin, frames: Any
) -> None:
    """No frame is lost, none is there twice, and the session is still seen as being recorded."""
    with Archive.open(database, mode="write") as archive:
        intake = begin(archive)
        intake(frames.some(5))
        with archive.reader() as connection:
            backend = connection.value("SELECT pg_backend_pid()")
        with psycopg.connect(postgresql.url(), autocommit=True) as admin:
            admin.execute("SELECT pg_terminate_backend(%s, 5000)", (backend,))
        intake(frames.some(5, after=5))
        with Archive.open(database, mode="read") as beside:
            assert [each.state for each in beside.sessions()] == ["recording"]
        intake.finish(0)
        assert list(archive.frames(intake.session)) == frames.some(10)
        assert verify(archive)[0].state == "complete"


def test_a_server_that_restarts_is_waited_for(
    database: str, postgresql: Any, begin: Begin, frames: Any
) -> None:
    """It comes back while the intake waits."""

    class Operator(VirtualClock):
        """Starts the server again at the second wait."""

        waits = 0

        def sleep_until(self, when_s: float) -> None:
            super().sleep_until(when_s)
            self.waits += 1
            if self.waits == 2:
                postgresql.start()

    clock = Operator()
    with Archive.open(database, mode="write") as archive:
        intake = begin(archive, clock=clock)
        intake(frames.some(5))
        postgresql.stop()
        intake(frames.some(5, after=5))
        intake.finish(0)
        assert clock.waits >= 2
        assert list(archive.frames(intake.session)) == frames.some(10)
        assert verify(archive)[0].state == "complete"


def test_a_server_that_stays_away_is_a_storage_failure(
    database: str, postgresql: Any, begin: Begin, frames: Any, clock: VirtualClock
) -> None:
    """After the wait; what was acknowledged before is there when it returns."""
    archive = Archive.open(database, mode="write")
    intake = begin(archive, storage_wait_s=2.0)
    intake(frames.some(5))
    postgresql.stop()
    try:
        with pytest.raises(StorageFailed) as failed:
            intake(frames.some(5, after=5))
        assert failed.value.exit_code == 6
        assert clock.now_s() >= 2.0
        archive.close()
    finally:
        postgresql.start()
    with Archive.open(database, mode="read") as archive:
        assert [(each.state, each.frames) for each in verify(archive)] == [("interrupted", 5)]


def test_a_commit_whose_answer_was_lost_is_not_made_twice(
    database: str, postgresql: Any, begin: Begin, frames: Any
) -> None:
    """The connection dies between the COMMIT and its answer."""
    with Archive.open(database, mode="write") as archive:
        intake = begin(archive)
        intake(frames.some(2))
        writer = archive._writer
        real = writer._try
        calls = []

        def dies_after_the_commit(*arguments: Any, **named: Any) -> None:
            real(*arguments, **named)
            calls.append(named["again"])
            if len(calls) == 1:
                backend = writer.reader.value("SELECT pg_backend_pid()")
                with psycopg.connect(postgresql.url(), autocommit=True) as admin:
                    admin.execute("SELECT pg_terminate_backend(%s, 5000)", (backend,))
                writer.connection.exec_driver_sql("SELECT 1")

        writer._try = dies_after_the_commit
        intake(frames.some(3, after=2))
        assert calls == [False, True]
        assert list(archive.frames(intake.session)) == frames.some(5)


def test_a_database_without_an_archive(database: str) -> None:
    """Reading says so, and makes none."""
    with pytest.raises(ArchiveUnusable, match="holds no archive"):
        Archive.open(database, mode="read")


def test_a_backup_is_left_to_postgresql(database: str, tmp_path: Any) -> None:
    """It has its own, better one."""
    with Archive.open(database, mode="write") as archive, pytest.raises(BadOption, match="pg_dump"):
        archive.backup(tmp_path / "copy")
