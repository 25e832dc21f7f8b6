"""One contract, every store: what goes into an archive comes out of it, whatever kind it is."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import pytest

from recorder.clock import VirtualClock
from recorder.errors import ArchiveUnusable, BadOption, NotFound, StorageFailed
from recorder.store.archive import Archive
from recorder.store.revisions import head_revision
from recorder.store.verify import verify
from recorder.wire.frames import CompressedPayload, Side
from recorder.wire.records import (
    ConnectionClosed,
    ConnectionOpened,
    FrameForwarded,
    HandshakeSeen,
    HttpExchange,
)

Begin = Callable[..., Any]


def test_records_read_back_as_they_were_written(where: str, begin: Begin, frames: Any) -> None:
    """A connection with its handshake, its frames, its end; then the session's end."""
    headers = (("Host", "x"), ("Cookie", "a"), ("cookie", "b\u0000\udc80"))
    told = frames.some(700)
    with Archive.open(where, mode="write") as archive:
        intake = begin(archive, name="first", session="aaaaaaaaaaaa")
        intake(
            [frames.opened, HandshakeSeen(1, "GET /ws HTTP/1.1", headers, 101, (("Upgrade", "websocket"),))]
        )
        intake(told[:1])
        intake(told[1:])
        intake([frames.closed])
        intake.finish(1_700_000_001_000_000)
    with Archive.open(where, mode="read") as archive:
        assert list(archive.frames("aaaaaaaaaaaa")) == told
        (session,) = archive.sessions()
        (connection,) = archive.connections(session)
    assert (session.session, session.name, session.state) == ("aaaaaaaaaaaa", "first", "complete")
    assert (session.connections, session.frames) == (1, 700)
    assert session.ended_at_us == 1_700_000_001_000_000
    assert (connection.request_line, connection.request_headers) == ("GET /ws HTTP/1.1", headers)
    assert (connection.url, connection.response_status) == ("wss://example.test/ws", 101)
    assert (connection.close_code, connection.close_reason) == (1000, "bye")
    assert (connection.closed_by, connection.how, connection.frames) == (Side.SERVICE, "closed", 700)


@pytest.mark.parametrize(
    "told",
    [
        pytest.param({"payload": b""}, id="empty"),
        pytest.param({"payload": bytes(range(256)) + b"\x00"}, id="every-byte"),
        pytest.param({"head": None}, id="no-head"),
        pytest.param({"at_us": None, "offset_us": None}, id="no-times"),
        pytest.param({"at_us": 2**63 - 1, "offset_us": -(2**63)}, id="widest-times"),
        pytest.param({"opcode": 0xF, "rsv": 7, "fin": False}, id="nothing-rfc-6455-knows"),
        pytest.param({"violation": "reserved bit set — “strict”"}, id="violation"),
        pytest.param({"redacted": True}, id="redacted"),
        pytest.param({"compressed": CompressedPayload(7, b"d" * 32)}, id="inflated"),
        pytest.param({"compressed": CompressedPayload(0, b"d", b"\x00", "no “way”")}, id="withheld"),
        pytest.param({"payload": b"x" * 5_000_000}, id="larger-than-a-chunk"),
    ],
)
def test_a_frame_keeps_everything(where: str, begin: Begin, frames: Any, told: dict[str, Any]) -> None:
    """Whatever a peer sent is kept, however odd."""
    given = [frames.one(1, **told), frames.one(2, **told)]
    with Archive.open(where, mode="write") as archive:
        intake = begin(archive)
        intake(given)
        assert list(archive.frames(intake.session)) == given
        assert archive.frame(intake.session, 2) == given[1]


def test_frames_can_be_picked_by_number_and_by_connection(where: str, begin: Begin, frames: Any) -> None:
    """Odd numbers on connection 1, even ones on connection 2."""
    told = [frames.one(n, connection=2 - n % 2, index=(n - 1) // 2) for n in range(1, 11)]
    with Archive.open(where, mode="write") as archive:
        intake = begin(archive)
        intake(told)
        numbers = [frame.number for frame in archive.frames(intake.session, first=3, last=8, connection=2)]
        assert numbers == [4, 6, 8]
        assert [each.frames for each in archive.connections(intake.session)] == [5, 5]
        with pytest.raises(NotFound, match="#11"):
            archive.frame(intake.session, 11)
        with pytest.raises(NotFound, match="nosuch"):
            list(archive.frames("nosuch"))


def test_a_session_answers_to_its_id_a_prefix_its_name_and_last(where: str, begin: Begin) -> None:
    """Of two with one name the newest does, but neither to the beginning of two ids."""
    with Archive.open(where, mode="write") as archive:
        for session, name in (("aaa111", "slow reader"), ("aaa222", "twice"), ("bbb333", "twice")):
            begin(archive, session=session, name=name)
        assert archive.find_session("bbb").session == "bbb333"
        assert archive.find_session("aaa111").session == "aaa111"
        assert archive.find_session("slow reader").session == "aaa111"
        assert archive.find_session("last").session == "bbb333"
        assert archive.find_session("twice").session == "bbb333"
        assert archive.find_session("twice~1").session == "aaa222"
        assert archive.find_session("last~2").session == "aaa111"
        with pytest.raises(NotFound, match="more than one"):
            archive.find_session("aaa")
        with pytest.raises(NotFound, match="did you mean slow reader"):
            archive.find_session("slow raeder")
        with pytest.raises(NotFound):
            archive.find_session("")


def test_that_the_newest_of_several_is_meant_is_said_once(where: str, begin: Begin) -> None:
    """However often a command looks for it."""
    said: list[str] = []
    with Archive.open(where, mode="write") as archive:
        for _ in range(3):
            begin(archive, name="ci")
    with Archive.open(where, mode="read", say=said.append) as archive:
        newest = archive.find_session("ci")
        assert archive.find_session("ci") == newest == archive.sessions()[-1]
        assert archive.find_session("ci~1") == archive.sessions()[1]
    assert said == ["ci: the newest of 3"]


def test_an_archive_without_sessions_has_no_last_one(where: str) -> None:
    """``last`` of nothing is not found."""
    with Archive.open(where, mode="write") as archive, pytest.raises(NotFound):
        archive.find_session("last")


def test_a_session_is_recording_then_complete_or_interrupted(where: str, begin: Begin, frames: Any) -> None:
    """Seen from beside, while it is written and after its writer let go."""
    with Archive.open(where, mode="write") as archive:
        ended, dropped = begin(archive, session="aa"), begin(archive, session="bb")
        given_up = begin(archive, session="cc")
        for intake in (ended, dropped, given_up):
            intake([frames.opened, *frames.some(3)])
        with Archive.open(where, mode="read") as beside:
            assert {each.state for each in beside.sessions()} == {"recording"}
            assert all(verdict.state == "recording" for verdict in verify(beside))
        ended.finish(None)
        given_up.finish(None, complete=False, detail="stopped by SIGTERM")
        with Archive.open(where, mode="read") as beside:
            assert [each.state for each in beside.sessions()] == ["complete", "recording", "interrupted"]
            assert beside.sessions()[2].detail == "stopped by SIGTERM"
    with Archive.open(where, mode="read") as archive:
        states = [each.state for each in archive.sessions()]
        assert states == ["complete", "interrupted", "interrupted"]
        assert [verdict.state for verdict in verify(archive)] == states


def test_the_next_recorder_says_what_died(where: str, begin: Begin, frames: Any) -> None:
    """Once, and not again."""
    with Archive.open(where, mode="write") as archive:
        begin(archive, session="dead")(frames.some(4))
    said: list[str] = []
    with Archive.open(where, mode="write", say=said.append):
        assert said == ["session dead has no end record (its recorder died); frames kept: 4"]
    with Archive.open(where, mode="write", say=said.append):
        assert len(said) == 1


def test_many_sessions_share_an_archive(where: str, begin: Begin, frames: Any, clock: VirtualClock) -> None:
    """Load mode: their frames come in turn, and each session is whole."""
    with Archive.open(where, mode="write") as archive:
        intakes = [begin(archive) for _ in range(5)]
        for number in range(1, 21):
            for intake in intakes:
                intake([frames.one(number)])
            clock.sleep_until(clock.now_s() + 0.3)
        for intake in intakes:
            intake.finish(None)
            assert list(archive.frames(intake.session)) == frames.some(20)
        assert [verdict.state for verdict in verify(archive)] == ["complete"] * 5


def test_two_threads_may_record_at_once(where: str, begin: Begin, frames: Any) -> None:
    """One that sends and one that receives, into sessions of their own."""
    with Archive.open(where, mode="write") as archive:
        intakes = [begin(archive), begin(archive)]
        threads = [
            threading.Thread(target=lambda sink=intake: [sink([frame]) for frame in frames.some(100)])
            for intake in intakes
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert [list(archive.frames(intake.session)) for intake in intakes] == [frames.some(100)] * 2


def test_a_deleted_session_is_gone_and_the_others_stay(where: str, begin: Begin, frames: Any) -> None:
    """With its connections and frames; one that is being recorded stays."""
    with Archive.open(where, mode="write") as archive:
        gone, stays = begin(archive, session="gone"), begin(archive, session="stays")
        noted = frames.one(10, compressed=CompressedPayload(1, b"d"))
        request = HttpExchange(None, "other", 0, 0, "GET", "/", 200)
        for intake in (gone, stays):
            intake([frames.opened, *frames.some(9), noted, FrameForwarded(1, 1, 1), request])
        gone.finish(None)
        with pytest.raises(StorageFailed, match="being recorded"):
            archive.delete_session("stays")
        archive.delete_session("gone")
        stays([frames.one(11)])
        stays.finish(None)
        info = archive.info()
        assert (info.sessions, info.connections, info.frames) == (1, 1, 11)
        with pytest.raises(NotFound):
            archive.delete_session("gone")
        with archive.reader() as connection:
            for table in ("compressed", "forwarded", "http_exchange"):
                count = connection.value(f"SELECT count(*) FROM {table}")
                assert (table, count) == (table, 1)
        assert [verdict.state for verdict in verify(archive)] == ["complete"]


def test_an_archive_says_what_it_is(where: str, begin: Begin, frames: Any) -> None:
    """Kind, schema, sizes, and who records into it."""
    with Archive.open(where, mode="write") as archive:
        begin(archive)(frames.some(3))
        with Archive.open(where, mode="read") as beside:
            info = beside.info()
        assert info.holder is not None
        assert info.revision == info.head_revision == head_revision()
        assert (info.sessions, info.connections, info.frames) == (1, 1, 3)
        assert info.file_bytes > 0
    with Archive.open(where, mode="read") as archive:
        assert archive.info().holder is None


def test_the_archive_that_is_not_there(where: str) -> None:
    """Reading makes none, nor does writing that was told not to."""
    kind = NotFound if where.endswith(".db") else ArchiveUnusable
    with pytest.raises(kind):
        Archive.open(where, mode="read")
    with pytest.raises(NotFound):
        Archive.open(where, mode="write", create=False)
    with pytest.raises(kind):
        Archive.open(where, mode="read")


def test_a_reader_cannot_write(where: str, begin: Begin, frames: Any) -> None:
    """Neither through the API nor below it."""
    with Archive.open(where, mode="write") as archive:
        begin(archive, session="kept")(frames.some(1))
    with Archive.open(where, mode="read") as archive:
        with pytest.raises(StorageFailed, match="reading only"):
            begin(archive)
        with pytest.raises(StorageFailed, match="reading only"):
            archive.delete_session("kept")
        with pytest.raises(ArchiveUnusable, match="read-only"), archive.reader() as connection:
            connection.run("DELETE FROM frame")
        assert archive.sessions()[0].frames == 1


def test_two_sessions_cannot_have_one_id(where: str, begin: Begin) -> None:
    """And the archive goes on afterwards."""
    with Archive.open(where, mode="write") as archive:
        begin(archive, session="same")
        with pytest.raises(StorageFailed, match="session same already"):
            begin(archive, session="same")
        begin(archive, session="other")
        assert [each.session for each in archive.sessions()] == ["same", "other"]


def test_text_no_database_can_hold_becomes_escapes(where: str, begin: Begin) -> None:
    """A NUL or half a surrogate pair in a close reason does not stop a recording."""
    closed = ConnectionClosed(1, None, None, 1000, "a\x00b\udc80", None, "closed", "c\x00")
    with Archive.open(where, mode="write") as archive:
        intake = begin(archive, name="n\x00")
        intake([ConnectionOpened(1, "wss://x/\x00", None, None), closed])
        (connection,) = archive.connections(intake.session)
        assert connection.close_reason == "a\\x00b\\udc80"
        assert (connection.detail, connection.url) == ("c\\x00", "wss://x/\\x00")
        assert archive.sessions()[0].name == "n\\x00"


def test_an_import_is_found_by_its_digest(where: str, begin: Begin) -> None:
    """So that importing a file twice can be noticed."""
    with Archive.open(where, mode="write") as archive:
        begin(archive, session="one", source="har", source_digest="ab" * 32)
        found = archive.find_import("ab" * 32)
        assert found is not None
        assert found.session == "one"
        assert archive.find_import("cd" * 32) is None


def test_the_redaction_key_is_made_once(where: str) -> None:
    """Equal secrets in two sessions get equal placeholders."""
    with Archive.open(where, mode="write") as archive:
        key = archive.redaction_key()
    with Archive.open(where, mode="write") as archive:
        assert archive.redaction_key() == key
    assert len(key) == 32


@pytest.mark.parametrize("where_else", ["mysql://h/d", "http://h", ""])
def test_another_kind_of_url_is_refused(where_else: str) -> None:
    """Before anything is touched."""
    with pytest.raises(BadOption, match="neither a path nor a PostgreSQL URL"):
        Archive.open(where_else, mode="write")
