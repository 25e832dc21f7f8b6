"""Derived rows follow from the frames alone: in pieces or whole, after a kill, and made anew."""

from __future__ import annotations

import json
import signal
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from alembic import command
from alembic.config import Config
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import NullPool, create_engine

from recorder import recipes
from recorder.clock import VirtualClock
from recorder.errors import ArchiveUnusable, NotFound, StorageFailed
from recorder.projection import incremental as kept_module
from recorder.projection.derived import refresh
from recorder.projection.derived.stored_listing import is_up_to_date, stored_listing
from recorder.projection.session import events_of
from recorder.receipts.fold import fold
from recorder.receipts.listing import dialogs_of
from recorder.receipts.queries import view
from recorder.store import revisions, sqlitefile, versions
from recorder.store.archive import Archive
from recorder.store.intake import IntakeOptions
from recorder.store.tables import DERIVED
from recorder.store.versions import DERIVATION_VERSION
from recorder.wire.frames import Side
from recorder.wire.records import ConnectionClosed, ConnectionOpened, HandshakeSeen, RecordedFrame

SAMPLES = Path(__file__).parents[3] / "samples"
ME, AGENT, OTHER = "me", "agent", "\0odd\ud800"
DIALOGS = ("d1", "d2", "\0é")


def change(dialog, event, *, sequence, by, role):
    metadata = {} if role is None else {"originatorMetadata": {"id": by, "role": role}}
    told = {"sequence": sequence, "originatorId": by, "dialogId": dialog, "conversationId": dialog}
    return {**told, **metadata, "serverTimestamp": 1_700_000_000_000 + sequence, "event": event}


def notification(*changes):
    body = {"changes": list(changes)}
    return {"kind": "notification", "type": "ms.MessagingEventNotification", "body": body}


def content(text):
    return {"type": "ContentEvent", "contentType": "text/plain", "message": text}


def receipt(status, sequences):
    return {"type": "AcceptStatusEvent", "status": status, "sequenceList": sequences}


dialogs, people = st.sampled_from(DIALOGS), st.sampled_from((ME, AGENT, OTHER))
roles = st.sampled_from((None, "CONSUMER", "ASSIGNED_AGENT"))
sequences = st.integers(0, 4)
texts = st.sampled_from(("hi", "ho", "\0", "\ud83d", "\ufffdx", "grüß", "],["))
events = st.one_of(
    st.builds(content, texts),
    st.builds(
        receipt, st.sampled_from(("ACCEPT", "READ", "ACCESS")), st.lists(sequences, min_size=1, max_size=3)
    ),
)
announced = st.builds(
    lambda *told: (
        Side.SERVICE,
        notification(
            change(told[0], told[1], sequence=told[2], by=told[3], role=told[4])
            | {"messageAudience": told[5]}
        ),
    ),
    dialogs,
    events,
    sequences,
    people,
    roles,
    st.sampled_from((None, "ALL", "AGENTS_AND_MANAGERS", "\0")),
)
asked = st.builds(
    lambda number, dialog, event: (
        Side.CLIENT,
        {
            "kind": "req",
            "id": str(number),
            "type": "ms.PublishEvent",
            "body": {"dialogId": dialog, "event": event},
        },
    ),
    st.integers(1, 3),
    dialogs,
    events,
)
answered = st.builds(
    lambda number, code, sequence: (
        Side.SERVICE,
        {
            "kind": "resp",
            "reqId": str(number),
            "code": code,
            "body": {"sequence": sequence},
            "type": "ms.PublishEventResponse",
        },
    ),
    st.integers(1, 3),
    st.sampled_from((200, 400, 1 << 70)),
    sequences,
)
snapshots = st.builds(
    lambda dialog, state, role, at, kind, conversation, listed, standing, last: (
        Side.SERVICE,
        {
            "kind": "notification",
            "type": "cqm.ExConversationChangeNotification",
            "body": {
                "changes": [
                    {
                        "type": kind,
                        "result": {
                            "convId": f"{conversation}{dialog}",
                            "lastContentEventNotification": last,
                            "conversationDetails": {
                                "metaDataLastUpdateTs": 1_700_000_000_000 + at,
                                "state": state,
                                "dialogs": [
                                    {
                                        "dialogId": dialog,
                                        "dialogType": "MAIN",
                                        "state": state,
                                        "participantsDetails": [
                                            {"id": AGENT, "role": role, "state": standing}
                                        ],
                                    }
                                ][:listed],
                            },
                        },
                    }
                ]
            },
        },
    ),
    dialogs,
    st.sampled_from(("OPEN", "CLOSE")),
    st.sampled_from(("ASSIGNED_AGENT", "MANAGER")),
    st.integers(0, 9),
    st.sampled_from(("UPSERT", "DELETE")),
    st.sampled_from(("", "c-")),
    st.integers(0, 1),
    st.sampled_from(("ACTIVE", "SUGGESTED")),
    st.none()
    | st.builds(
        lambda dialog, text, sequence: change(
            dialog, content(text), sequence=sequence, by=AGENT, role="ASSIGNED_AGENT"
        ),
        dialogs,
        texts,
        sequences,
    ),
)
stories = st.lists(st.one_of(announced, announced, asked, answered, snapshots), min_size=1, max_size=30)


def told_frame(number, sender, envelope, *, connection=1):
    payload = json.dumps(envelope).encode()
    at_us = 1_700_000_000_000_000 + number * 1_000
    return RecordedFrame(number, connection, number - 1, sender, at_us, number * 1_000, 1, True, 0, payload)


OPENED = ConnectionOpened(1, "wss://example.test", 1_700_000_000_000_000, 0)
CLOSED = ConnectionClosed(1, 1_700_000_009_000_000, 9_000_000, None, None, None, "lost")


def dump(archive):
    """Every derived row, by table."""
    with archive.reader() as reader:
        return {
            table.name: sorted(map(tuple, reader.run(f"SELECT * FROM {table.name}")), key=repr)
            for table in DERIVED
        }


def begun(archive):
    return archive.begin_session(
        source="client",
        started_at_us=0,
        clock=VirtualClock(),
        session="a" * 12,
        options=IntakeOptions(keep_secrets=True),
    )


def folded(archive):
    found = archive.find_session("last")
    interrupted = found.state == "interrupted"
    return fold(events_of(archive.connections(found), archive.scan_frames(found), interrupted=interrupted))


def messages_of(archive, session, dialog):
    """The messages of one dialog from its rows; None if they are not up to date."""
    with stored_listing(archive, session, dialog) as listing:
        return None if listing is None else list(listing.messages)


def assert_rows_tell_what_a_fold_tells(archive):
    found = archive.find_session("last")
    listed = view(folded(archive))
    for dialog in {message.dialog_id for message in listed} - {None}:
        told = [message for message in listed if message.dialog_id == dialog]
        assert messages_of(archive, found, dialog) == told
    with stored_listing(archive, found) as listing:
        assert list(listing.messages) == listed
    with stored_listing(archive, found) as listing:
        by_dialog = [(each.dialog_id, list(each.messages)) for each in listing.dialogs]
    assert by_dialog == [(each.dialog_id, each.messages) for each in dialogs_of(listed)]


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(story=stories, cuts=st.sets(st.integers(0, 30)), token=st.sampled_from((None, ME)), lost=st.booleans())
def test_rows_derived_in_steps_equal_a_rebuild_and_a_fold(tmp_path_factory, story, cuts, token, lost):
    """Incremental = batch, row for row, and with the same digest: once of the rows as they are read, once as
    they go in. And every message reads back as the fold has it."""
    frames = [told_frame(number, *said) for number, said in enumerate(story, start=1)]
    path = tmp_path_factory.mktemp("pieces") / "x.db"
    with Archive.open(path, mode="write") as archive:
        sink = begun(archive)
        sink([OPENED])
        if token is not None:
            sink(
                [HandshakeSeen(1, "GET /", (("Authorization", f"jwt ⟦jwt:00000000 sub={token}⟧"),), 101, ())]
            )
        kept = refresh.Projection(archive, "last")
        for number, frame in enumerate(frames):
            sink([frame])
            if number in cuts:
                kept.refresh()
        if lost:
            sink([CLOSED])
        sink.finish(0)
        kept.refresh()
        in_pieces = dump(archive)
        assert_rows_tell_what_a_fold_tells(archive)
        refresh.rebuild(archive)
        assert dump(archive) == in_pieces
        [basis] = in_pieces["projection"]
        assert basis[:6] == (1, DERIVATION_VERSION, len(frames), 1, int(lost), False)


STORY = [
    (
        Side.CLIENT,
        {
            "kind": "req",
            "id": "1",
            "type": "ms.PublishEvent",
            "body": {"dialogId": "d1", "event": content("hi")},
        },
    ),
    (
        Side.SERVICE,
        {
            "kind": "resp",
            "reqId": "1",
            "code": 200,
            "body": {"sequence": 0},
            "type": "ms.PublishEventResponse",
        },
    ),
    (Side.SERVICE, notification(change("d1", content("hello"), sequence=1, by=AGENT, role="ASSIGNED_AGENT"))),
    (
        Side.SERVICE,
        notification(change("d1", receipt("READ", [0]), sequence=2, by=AGENT, role="ASSIGNED_AGENT")),
    ),
    (Side.SERVICE, notification(change("\0é", content("\0"), sequence=0, by=OTHER, role=None))),
]


@pytest.fixture
def recorded(where):
    """An archive, SQLite and PostgreSQL, with a session that ended."""
    with Archive.open(where, mode="write") as archive:
        sink = begun(archive)
        sink([OPENED, *(told_frame(number, *said) for number, said in enumerate(STORY, start=1))])
        sink.finish(0)
        yield archive


def test_refresh_writes_once_and_rebuild_changes_no_row(recorded):
    """On each kind of database."""
    assert not any(dump(recorded).values())
    assert refresh.refresh(recorded, "last")
    rows = dump(recorded)
    assert [len(rows[name]) for name in ("message", "receipt", "request", "dialog")] == [3, 1, 1, 2]
    assert not refresh.refresh(recorded, "last")
    assert refresh.rebuild(recorded) == ["a" * 12]
    assert dump(recorded) == rows
    assert_rows_tell_what_a_fold_tells(recorded)


@pytest.mark.parametrize(
    ("told", "role", "mine"),
    [
        pytest.param(
            [(Side.SERVICE, notification(change("b", content("ho"), sequence=0, by=OTHER, role="MANAGER")))],
            "MANAGER",
            None,
            id="what role somebody has",
        ),
        pytest.param(
            [
                *STORY[:2],
                (Side.SERVICE, notification(change("d1", content("hi"), sequence=0, by=OTHER, role=None))),
            ],
            None,
            1,
            id="who we are",
        ),
    ],
)
def test_facts_from_the_last_dialog_are_in_the_rows_of_the_first(where, monkeypatch, told, role, mine):
    """They are written before it is folded; then they are written again."""
    monkeypatch.setattr(kept_module, "_DIALOGS_OF_OURS", 0)
    first = (Side.SERVICE, notification(change("a", content("hi"), sequence=0, by=OTHER, role=None)))
    with Archive.open(where, mode="write") as archive:
        sink = begun(archive)
        sink([OPENED, *(told_frame(number, *said) for number, said in enumerate([first, *told], start=1))])
        sink.finish(0)
        refresh.rebuild(archive)
        assert_rows_tell_what_a_fold_tells(archive)
        row = next(row for row in dump(archive)["message"] if row[1] == "a")
        assert (row[5], row[6]) == (role, mine)


def test_a_row_that_was_changed_by_hand_does_not_survive_a_rebuild(recorded):
    refresh.rebuild(recorded)
    rows = dump(recorded)
    with recorded.writer() as writer:
        writer.connection.exec_driver_sql("UPDATE message SET status = 'read', text = 'x'")
        writer.connection.exec_driver_sql("DELETE FROM receipt")
    assert dump(recorded) != rows
    refresh.rebuild(recorded, "last")
    assert dump(recorded) == rows


def test_rows_of_an_older_version_of_the_rules_are_not_believed(recorded):
    refresh.rebuild(recorded)
    found = recorded.find_session("last")
    assert messages_of(recorded, found, "d1")
    with recorded.writer() as writer:
        writer.connection.exec_driver_sql("UPDATE projection SET version = version - 1")
    assert messages_of(recorded, found, "d1") is None
    assert refresh.refresh(recorded, "last")
    assert messages_of(recorded, found, "d1")


def test_a_session_that_is_being_recorded_is_never_answered_from_rows(where):
    """The next frame may come between the question and the answer."""
    with Archive.open(where, mode="write") as archive:
        sink = begun(archive)
        sink([OPENED, told_frame(1, *STORY[2])])
        refresh.refresh(archive, "last")
        assert dump(archive)["message"]
        assert messages_of(archive, archive.find_session("last"), "d1") is None


def test_rows_of_other_sessions_are_left_alone_and_go_with_theirs(recorded):
    sink = recorded.begin_session(
        source="client",
        started_at_us=0,
        clock=VirtualClock(),
        session="b" * 12,
        options=IntakeOptions(keep_secrets=True),
    )
    sink([OPENED, told_frame(1, *STORY[2])])
    sink.finish(0)
    refresh.rebuild(recorded)
    both = dump(recorded)
    refresh.rebuild(recorded, "b" * 12)
    assert dump(recorded) == both
    recorded.delete_session("a" * 12)
    assert {row[0] for rows in dump(recorded).values() for row in rows} == {2}
    with pytest.raises(NotFound):
        refresh.rebuild(recorded, "a" * 12)


KILLED = """
import os, signal, sys
from recorder.projection.derived import refresh
from recorder.projection.derived.stored_listing import is_up_to_date, stored_listing
from recorder.store.archive import Archive
from recorder.projection.derived.row_writer import DerivedRows

step, steps = int(sys.argv[2]), 0
def counted(told):
    def run(*arguments):
        global steps
        steps += 1
        if steps == step:
            os.kill(os.getpid(), signal.SIGKILL)
        return told(*arguments)
    return run
for name in ("insert", "_delete"):
    setattr(DerivedRows, name, counted(getattr(DerivedRows, name)))
with Archive.open(sys.argv[1], mode="write") as archive:
    refresh.rebuild(archive)
"""


@pytest.mark.parametrize("step", [1, 4, 6, 7, 9, 12, 13])
def test_a_kill_between_any_two_steps_and_a_rebuild_is_no_kill(path: Path, step):
    """Rows are those of before, whole; made anew they are the same."""
    with Archive.open(path, mode="write") as archive:
        sink = begun(archive)
        sink([OPENED, *(told_frame(number, *said) for number, said in enumerate(STORY, start=1))])
        sink.finish(0)
        refresh.rebuild(archive)
        rows = dump(archive)
    ran = subprocess.run(
        [sys.executable, "-c", KILLED, str(path), str(step)], capture_output=True, check=False
    )
    assert ran.returncode == -signal.SIGKILL, ran.stderr
    with Archive.open(path, mode="write") as archive:
        assert dump(archive) == rows
        refresh.rebuild(archive)
        assert dump(archive) == rows
        with archive.reader() as reader:
            found = {name for (name,) in reader.run("SELECT name FROM sqlite_schema WHERE type = 'index'")}
    assert {index.name for table in DERIVED for index in table.indexes} <= found


def first_archive(path: Path) -> None:
    """A file as the first migration alone makes it."""
    sqlitefile.reserve(path)
    engine = create_engine(f"sqlite:///{path}", isolation_level="AUTOCOMMIT", poolclass=NullPool)
    with engine.connect() as connection:
        connection.exec_driver_sql(f"PRAGMA application_id={versions.APPLICATION_ID}")
        config = Config()
        config.set_main_option("script_location", str(revisions.scripts_location()))
        config.attributes["connection"] = connection
        command.upgrade(config, "0001")
        connection.exec_driver_sql(
            "INSERT INTO session (id, session, source, recorder_version, end_state, frames)"
            " VALUES (1, 'aaaaaaaaaaaa', 'jsonl', '0', 'complete', 1)"
        )
        connection.exec_driver_sql("INSERT INTO connection (session_id, number) VALUES (1, 1)")
        connection.exec_driver_sql(
            "INSERT INTO frame"
            " (session_id, number, connection, idx, sender, opcode, fin, rsv, payload, redacted, chain)"
            " VALUES (1, 1, 1, 0, 1, 1, 1, 0, ?, 0, 0)",
            (json.dumps(STORY[2][1]).encode(),),
        )


def test_an_archive_of_the_first_schema_is_upgraded_and_can_be_derived_from(path: Path):
    """After a copy; the tables are empty until somebody asks for them."""
    first_archive(path)
    said: list[str] = []
    with Archive.open(path, mode="write", say=said.append) as archive:
        assert archive.revision == versions.SCHEMA_REVISION
        assert not any(dump(archive).values())
        refresh.rebuild(archive)
        (message,) = messages_of(archive, archive.find_session("last"), "d1")
    assert (message.text, message.author, message.status) == ("hello", AGENT, "sent")
    assert path.with_name("x.db.bak-0001").exists()
    assert f"from schema 0001 to {versions.SCHEMA_REVISION}" in said[0]


SECOND_LIFE = [
    (Side.SERVICE, notification(change("d1", content(text), sequence=0, by=AGENT, role="ASSIGNED_AGENT")))
    for text in ("first life", "second life")
]


def archive_of(path: Path, story: Any) -> None:
    with Archive.open(path, mode="write") as archive:
        sink = begun(archive)
        sink([OPENED, *(told_frame(number, *said) for number, said in enumerate(story, start=1))])
        sink.finish(0)
        refresh.refresh(archive, "last")


def test_each_content_of_a_sequence_has_a_row(path: Path):
    """In the order of their frames; a message with one content has none."""
    other = (Side.SERVICE, notification(change("d1", content("hi"), sequence=1, by=AGENT, role=None)))
    archive_of(path, [*SECOND_LIFE, other, *SECOND_LIFE])
    with closing(sqlite3.connect(path)) as handle:
        rows = handle.execute("SELECT sequence, place, text, author, frame FROM content").fetchall()
    assert rows == [(0, 0, "first life", AGENT, 1), (0, 1, "second life", AGENT, 2)]


ADDED_TABLES = ("content", "compressed", "forwarded", "http_exchange", "receipt_plan")
ADDED_SINCE = [
    ("message", "audience"), ("message", "snapshot"), ("session", "row_digest"), ("connection", "provenance"),
    ("connection", "fidelity"), ("connection", "row_digest"), ("projection", "row_digest"),
    ("projection", "left_out"), ("participant", "name"),
]  # fmt: skip


def test_an_archive_of_the_second_schema_is_upgraded_and_its_rows_derived_again(path: Path):
    """Its message rows know neither audience nor contents: they count as out of date until a rebuild."""
    archive_of(path, SECOND_LIFE)
    with closing(sqlite3.connect(path, isolation_level=None)) as handle:
        for table in ("search_runs", "search_waiting", "search_text", *ADDED_TABLES):
            handle.execute(f"DROP TABLE IF EXISTS {table}")
        for table, column in ADDED_SINCE:
            handle.execute(f"ALTER TABLE {table} DROP COLUMN {column}")
        handle.execute("UPDATE projection SET version = 2")
        handle.execute("UPDATE alembic_version SET version_num = '0002'")
    with pytest.raises(ArchiveUnusable, match="older recorder"):
        Archive.open(path, mode="read")
    with Archive.open(path, mode="write") as archive:
        assert len(dump(archive)["message"]) == 1
        assert messages_of(archive, archive.find_session("last"), "d1") is None
        assert refresh.refresh(archive, "last")
        assert [row[6] for row in dump(archive)["content"]] == ["first life", "second life"]
        assert_rows_tell_what_a_fold_tells(archive)


def test_an_import_and_a_replay_leave_up_to_date_rows(tmp_path):
    path = str(tmp_path / "x.db")
    with recipes.open_archive(path, mode="write", create=True) as archive:
        recipes.import_capture(archive, SAMPLES / "tutorial.jsonl")
    played = recipes.replay(SAMPLES / "slow-reader.yaml", archive=path)
    with recipes.open_archive(path) as archive:
        assert [is_up_to_date(archive, session) for session in archive.sessions()] == [True, True]
        found = archive.find_session(played.session)
        dialog = played.messages[0].dialog_id
        assert messages_of(archive, found, dialog) == played.messages


def test_a_refresh_that_fails_names_the_command_that_rebuilds(tmp_path):
    path = str(tmp_path / "x.db")
    with recipes.open_archive(path, mode="write", create=True) as archive:
        session = recipes.import_capture(archive, SAMPLES / "tutorial.jsonl").session
        with archive.writer() as writer:
            writer.connection.exec_driver_sql("DELETE FROM projection")
    remarks: list[str] = []
    with recipes.open_archive(path) as archive:
        refresh.refresh_or_say(archive, session, say=remarks.append)
        with pytest.raises(StorageFailed):
            refresh.rebuild(archive)
    assert f"recorder archive rebuild {session}" in remarks[0]
    with recipes.open_archive(path, mode="write") as archive:
        assert refresh.rebuild(archive, "last") == [session]
        assert is_up_to_date(archive, archive.find_session(session))
