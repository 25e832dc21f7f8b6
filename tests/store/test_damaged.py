"""A damaged archive, or one that was edited by hand, is called so: it never makes the program fall over."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from recorder.clock import VirtualClock
from recorder.errors import ArchiveUnusable, NotFound, StorageFailed
from recorder.store.archive import Archive
from recorder.store.intake import IntakeOptions
from recorder.store.tables import connection, frame, session, setting
from recorder.store.verify import ROWS, verify
from recorder.wire.records import HandshakeSeen

Begin = Callable[..., Any]

HUGE = 2**63 - 1

TRUTH = (setting, session, connection, frame)
"""The tables that nothing else could be made from."""


@pytest.fixture(scope="module", params=["complete", "interrupted"])
def original(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """The file of a good archive: a named session of 30 frames over two connections, ended or not."""
    path = tmp_path_factory.mktemp("good") / "x.db"
    frames = request.getfixturevalue("all_frames")
    clock = VirtualClock()
    with Archive.open(path, mode="write") as archive:
        intake = archive.begin_session(
            source="client",
            started_at_us=5,
            clock=clock,
            session="s",
            name="n",
            options=IntakeOptions(keep_secrets=True),
        )
        intake([frames.opened, HandshakeSeen(1, "GET / HTTP/1.1", (("A", "b"),), 101, (("C", "d"),))])
        intake(frames.some(18))
        clock.sleep_until(1.0)
        intake(frames.some(2, after=18))
        intake([frames.closed, *(frames.one(n, connection=2, index=n - 21) for n in range(21, 31))])
        if request.param == "complete":
            intake.finish(9, detail="done")
    return path.read_bytes()


@pytest.fixture
def good(path: Path, original: bytes) -> Path:
    """A copy of it to do harm to."""
    path.write_bytes(original)
    return path


def edit(path: Path, statements: str) -> None:
    """RowChange the file with a plain SQLite, as somebody with its shell would."""
    with closing(sqlite3.connect(path, isolation_level=None)) as handle:
        handle.executescript(statements)


# Makes the table anew without its constraints.
LOOSENED = {
    table: f"CREATE TABLE loose AS SELECT * FROM {table}; DROP TABLE {table};"
    f" ALTER TABLE loose RENAME TO {table}; "
    for table in ("session", "frame", "alembic_version")
}


def questions(archive: Archive) -> Iterator[Callable[[], object]]:
    """Everything a reader may ask."""
    yield archive.sessions
    yield lambda: archive.find_session("last")
    yield lambda: archive.find_session("s")
    yield lambda: archive.connections("s")
    yield lambda: list(archive.frames("s"))
    yield lambda: list(archive.frames("s", connection=2, first=3))
    yield lambda: archive.frame("s", 12)
    yield archive.info
    yield archive.session_claims
    yield archive.redaction_key


def ask_everything(path: Path) -> None:
    """Fails on anything but an answer, ``ArchiveUnusable`` or ``NotFound``."""
    with Archive.open(path, mode="read") as archive:
        for question in questions(archive):
            with suppress(ArchiveUnusable, NotFound):
                question()


def record_into(path: Path) -> None:
    """The same for a recorder; where the harm shows only as it writes, it may also say that it cannot."""
    with suppress(ArchiveUnusable, StorageFailed), Archive.open(path, mode="write", create=False) as archive:
        archive.begin_session(source="client", started_at_us=0, clock=VirtualClock()).finish(0)


def is_called_damaged(path: Path) -> bool:
    """Whether verify says so, in either of its two ways."""
    try:
        with Archive.open(path, mode="read") as archive:
            return "damaged" in {verdict.state for verdict in verify(archive)}
    except ArchiveUnusable:
        return True


# What is changed, by a name for it. Where no WHERE stands, every row is.
DAMAGE = {
    "payload-is-text": "UPDATE frame SET payload = replace(payload, 'a', 'b')",
    "payload-is-a-number": "UPDATE frame SET payload = 5 WHERE number = 12",
    "payload-is-a-huge-number": "UPDATE frame SET payload = 99999999999999 WHERE number = 12",
    "head-is-text": "UPDATE frame SET head = 'text' WHERE number = 12",
    "number-is-text": "UPDATE frame SET number = 'x' WHERE number = 12",
    "number-is-a-fraction": "UPDATE frame SET number = 12.5 WHERE number = 12",
    "number-is-zero": "UPDATE frame SET number = 0 WHERE number = 30",
    "number-is-negative": "UPDATE frame SET number = -30 WHERE number = 30",
    "number-is-huge": f"UPDATE frame SET number = {HUGE} WHERE number = 12",
    "index-is-negative": "UPDATE frame SET idx = -1 WHERE number = 12",
    "index-is-text": "UPDATE frame SET idx = 'x' WHERE number = 12",
    "sender-is-seven": "UPDATE frame SET sender = 7 WHERE number = 12",
    "sender-is-minus-one": "UPDATE frame SET sender = -1 WHERE number = 1",
    "opcode-is-sixteen": "UPDATE frame SET opcode = 16 WHERE number = 12",
    "opcode-is-text": "UPDATE frame SET opcode = 'text' WHERE number = 12",
    "rsv-is-eight": "UPDATE frame SET rsv = 8 WHERE number = 12",
    "fin-is-two": "UPDATE frame SET fin = 2 WHERE number = 12",
    "fin-is-text": "UPDATE frame SET fin = 'yes' WHERE number = 12",
    "redacted-is-minus-one": "UPDATE frame SET redacted = -1 WHERE number = 12",
    "chain-is-huge": f"UPDATE frame SET chain = {HUGE} WHERE number = 12",
    "time-is-huge": f"UPDATE frame SET at_us = {-HUGE - 1} WHERE number = 12",
    "time-is-text": "UPDATE frame SET at_us = 'noon' WHERE number = 12",
    "offset-is-a-fraction": "UPDATE frame SET offset_us = 1.5 WHERE number = 12",
    "violation-is-bytes": "UPDATE frame SET violation = x'00' WHERE number = 12",
    "violation-is-no-utf8": "UPDATE frame SET violation = CAST(x'ff' AS TEXT) WHERE number = 12",
    "half-a-pair": "UPDATE frame SET violation = CAST(x'eda080' AS TEXT) WHERE number = 12",
    "connection-is-unknown": "UPDATE frame SET connection = 3 WHERE number = 12",
    "connection-is-another": "UPDATE frame SET connection = 2 WHERE number = 12",
    "connection-is-text": "UPDATE frame SET connection = 'x' WHERE number = 12",
    "session-is-unknown": "UPDATE frame SET session_id = 9 WHERE number = 30",
    "session-is-text": "UPDATE frame SET session_id = 'x' WHERE number = 30",
    "payload-is-null": LOOSENED["frame"] + "UPDATE frame SET payload = NULL WHERE number = 12",
    "number-is-null": LOOSENED["frame"] + "UPDATE frame SET number = NULL WHERE number = 12",
    "sender-is-null": LOOSENED["frame"] + "UPDATE frame SET sender = NULL WHERE number = 12",
    "fin-is-null": LOOSENED["frame"] + "UPDATE frame SET fin = NULL WHERE number = 12",
    "twice": LOOSENED["frame"] + "INSERT INTO frame SELECT * FROM frame WHERE number = 12",
    "headers-are-no-json": "UPDATE connection SET request_headers = 'no JSON' WHERE number = 1",
    "headers-are-an-object": "UPDATE connection SET request_headers = '{\"a\": 1}'",
    "headers-are-a-number": "UPDATE connection SET request_headers = '7'",
    "headers-lack-a-value": "UPDATE connection SET request_headers = '[[\"a\"]]'",
    "headers-are-words-of-two": "UPDATE connection SET request_headers = '[\"ab\"]'",
    "a-header-is-a-number": "UPDATE connection SET response_headers = '[[\"a\", 1]]'",
    "headers-are-very-deep": f"UPDATE connection SET response_headers = '{'[' * 9999}'",
    "headers-are-very-long": f"UPDATE connection SET response_headers = '[{'9' * 9999}]'",
    "headers-are-bytes": "UPDATE connection SET request_headers = x'5b5d'",
    "closed-by-nobody": "UPDATE connection SET closed_by = 2 WHERE number = 1",
    "ended-no-known-way": "UPDATE connection SET how = 'gone' WHERE number = 1",
    "close-code-is-text": "UPDATE connection SET close_code = 'x'",
    "url-is-bytes": "UPDATE connection SET url = x'00'",
    "connection-number-is-text": "UPDATE connection SET number = 'x' WHERE number = 2",
    "count-is-higher": "UPDATE connection SET frame_count = frame_count + 1 WHERE number = 1",
    "count-is-lower": "UPDATE connection SET frame_count = frame_count - 1 WHERE number = 1",
    "count-is-zero": "UPDATE connection SET frame_count = 0 WHERE number = 1",
    "count-is-negative": "UPDATE connection SET frame_count = -1 WHERE number = 1",
    "count-is-null": "UPDATE connection SET frame_count = NULL WHERE number = 1",
    "digest-is-null": "UPDATE connection SET frame_digest = NULL WHERE number = 1",
    "digest-is-text": "UPDATE connection SET frame_digest = 'text' WHERE number = 1",
    "digest-is-short": "UPDATE connection SET frame_digest = x'00' WHERE number = 1",
    "barrier-is-zero": "UPDATE connection SET barrier_count = 0",
    "barrier-is-lower": "UPDATE connection SET barrier_count = barrier_count - 1",
    "barrier-is-huge": f"UPDATE connection SET barrier_count = {HUGE}",
    "barrier-digest-is-null": "UPDATE connection SET barrier_digest = NULL",
    "session-id-is-bytes": "UPDATE session SET session = x'00'",
    "nul-in-an-id": "UPDATE session SET session = 's' || char(0)",
    "name-is-bytes": "UPDATE session SET name = x'00'",
    "name-is-no-utf8": "UPDATE session SET name = CAST(x'ff' AS TEXT)",
    "start-is-text": "UPDATE session SET started_at_us = 'noon'",
    "end-state-is-unknown": "UPDATE session SET end_state = 'recording'",
    "end-state-is-a-number": "UPDATE session SET end_state = 7",
    "frames-are-text": "UPDATE session SET frames = 'x'",
    "frames-are-negative": "UPDATE session SET frames = -1",
    "frames-are-fewer": "UPDATE session SET frames = 29",
    "frames-are-huge": f"UPDATE session SET frames = {HUGE}",
    "session-id-is-null": LOOSENED["session"] + "UPDATE session SET session = NULL",
    "two-sessions-in-one": LOOSENED["session"] + "INSERT INTO session SELECT * FROM session",
    "key-is-text": "UPDATE setting SET value = 'k' || hex(randomblob(15)) || 'k'",
    "key-is-short": "UPDATE setting SET value = x'00'",
    "key-is-long": "UPDATE setting SET value = zeroblob(33)",
    "key-is-missing": "DELETE FROM setting",
    "two-revisions": "INSERT INTO alembic_version VALUES ('0000')",
    "no-revision": "DELETE FROM alembic_version",
    "revision-is-bytes": "UPDATE alembic_version SET version_num = x'30303031'",
    "null-revision": LOOSENED["alembic_version"] + "UPDATE alembic_version SET version_num = NULL",
    "strange-revision": "UPDATE alembic_version SET version_num = '9' || char(0) || char(27)",
    "another-program": "PRAGMA application_id = 7",
}


@pytest.mark.parametrize("statements", [pytest.param(each, id=name) for name, each in DAMAGE.items()])
def test_a_changed_fact_is_called_damage_and_nothing_falls_over(good: Path, statements: str) -> None:
    """Whatever is asked, by a reader or a recorder; verify notices each of them."""
    before = good.read_bytes()
    edit(good, statements)
    assert good.read_bytes() != before
    with suppress(ArchiveUnusable):
        ask_everything(good)
    assert is_called_damaged(good)
    record_into(good)


def test_two_rows_of_one_session_are_refused_by_whoever_is_to_end_it(good: Path) -> None:
    """A recorder that opens the archive ends what another left: it says what is wrong, and ends neither."""
    edit(good, DAMAGE["two-sessions-in-one"] + "; UPDATE session SET end_state = NULL, row_digest = NULL")
    with pytest.raises(ArchiveUnusable, match="damaged: session has 2 rows of this id, not one"):
        Archive.open(good, mode="write", create=False)
    with closing(sqlite3.connect(good)) as handle:
        assert handle.execute("SELECT end_state, row_digest FROM session").fetchall() == [(None, None)] * 2


def test_a_session_whose_row_is_not_found_again_cannot_be_ended(good: Path) -> None:
    """A table without its key gives a new row no id."""
    edit(good, LOOSENED["session"])
    with Archive.open(good, mode="write", create=False) as archive:
        intake = archive.begin_session(source="client", started_at_us=0, clock=VirtualClock())
        with pytest.raises(StorageFailed, match="session has 0 rows of this id, not one"):
            intake.finish(0)


@pytest.mark.parametrize("table", ["alembic_version", *(table.name for table in TRUTH)])
def test_a_missing_table_is_called_damage(good: Path, table: str) -> None:
    """In words that name it."""
    edit(good, f"DROP TABLE {table}")
    with suppress(ArchiveUnusable):
        ask_everything(good)
    assert is_called_damaged(good)
    record_into(good)


@pytest.mark.parametrize(
    ("table", "column"),
    [(table.name, column.name) for table in TRUTH for column in table.columns],
)
def test_a_missing_column_is_called_damage(good: Path, table: str, column: str) -> None:
    """Each of them is read by something; the row number of a frame serves nobody."""
    edit(good, f"ALTER TABLE {table} RENAME COLUMN {column} TO gone")
    ask_everything(good)
    assert is_called_damaged(good) or (table, column) == ("frame", "id")
    record_into(good)


OF_SESSION = ["its row (name, source, times, state): not as recorded"]
OF_CONNECTIONS = [
    f"the row of connection {number} is not as it was recorded (URL, headers, times or how it closed)"
    for number in (1, 2)
]


@pytest.mark.parametrize(
    ("statement", "problems"),
    [
        pytest.param("UPDATE session SET name = 'a' || char(0) || 'b'", OF_SESSION, id="nul-in-a-name"),
        pytest.param("UPDATE session SET source = ''", OF_SESSION, id="empty-source"),
        pytest.param(f"UPDATE session SET started_at_us = {HUGE}", OF_SESSION, id="huge-start"),
        pytest.param(f"UPDATE connection SET opened_at_us = {-HUGE - 1}", OF_CONNECTIONS, id="time-long-ago"),
        pytest.param(f"UPDATE connection SET close_code = {HUGE}", OF_CONNECTIONS, id="huge-close-code"),
        pytest.param("UPDATE connection SET url = 'x' || char(0)", OF_CONNECTIONS, id="nul-in-a-url"),
    ],
)
def test_odd_values_of_the_right_type_are_shown_as_they_are(
    good: Path, statement: str, problems: list[str]
) -> None:
    """Its frames are whole; what it tells of itself has digests from its end on, and none before."""
    edit(good, statement)
    with Archive.open(good, mode="read") as archive:
        session = archive.find_session("last")
        assert archive.find_session(session.session) == session
        assert len(archive.connections(session)) == 2
        assert len(list(archive.frames(session))) == 30
        (verdict,) = verify(archive)
        assert (verdict.frames, verdict.first_bad) == (30, None)
        if session.state == "complete":
            assert (verdict.state, list(verdict.problems)) == ("damaged", problems)
        else:
            assert (verdict.state, verdict.problems) == ("interrupted", ())
            assert verdict.not_covered == (ROWS,)
    record_into(good)


@pytest.mark.parametrize("number", [0, -1, 31, HUGE, HUGE + 1, 10**30, -(10**30)])
def test_a_frame_no_archive_can_hold_is_not_found(where: str, begin: Begin, frames: Any, number: int) -> None:
    """Whoever asks for it may have mistyped."""
    with Archive.open(where, mode="write") as archive:
        intake = begin(archive)
        intake(frames.some(3))
        with pytest.raises(NotFound):
            archive.frame(intake.session, number)
        assert list(archive.frames(intake.session, connection=number)) == []
        assert len(list(archive.frames(intake.session, last=number))) == (3 if number > 3 else 0)


@pytest.mark.parametrize("session", ["a\x00", "\udc80", "", "'; DROP TABLE frame", "x" * 100_000])
def test_a_session_no_archive_can_hold_is_not_found(where: str, begin: Begin, session: str) -> None:
    """Arguments of a command line may hold anything."""
    with Archive.open(where, mode="write") as archive:
        begin(archive)
        for question in (archive.find_session, archive.connections, archive.delete_session):
            with pytest.raises(NotFound):
                question(session)


@pytest.mark.parametrize("change", ["sender = 7", "opcode = 99", "rsv = -1", "number = 0", "idx = -1"])
def test_a_database_holds_what_its_types_allow_and_no_more_is_believed(
    database: str, begin: Begin, frames: Any, change: str
) -> None:
    """PostgreSQL keeps the types; the bounds are ours on either."""
    with Archive.open(database, mode="write") as archive:
        intake = begin(archive, session="s")
        intake(frames.some(5))
        intake.finish(0)
        with archive.writer() as writer:
            writer.connection.exec_driver_sql(f"UPDATE frame SET {change} WHERE number = 4")
        assert is_called_damaged_by(archive)
        with pytest.raises(ArchiveUnusable, match="damaged: frame"):
            list(archive.frames("s"))


def is_called_damaged_by(archive: Archive) -> bool:
    """Whether verify says so."""
    return "damaged" in {verdict.state for verdict in verify(archive)}


def test_frames_before_the_damage_can_be_read(good: Path) -> None:
    """Frame 13 stops a reader, and only there; verify says which one it was."""
    edit(good, "UPDATE frame SET payload = 'text' WHERE number = 13")
    with Archive.open(good, mode="read") as archive:
        reading = archive.frames("s")
        assert [next(reading).number for _ in range(12)] == list(range(1, 13))
        with pytest.raises(ArchiveUnusable, match=r"frame\.payload holds text") as refused:
            next(reading)
        assert refused.value.exit_code == 7
        (verdict,) = verify(archive)
        assert (verdict.first_bad, verdict.frames) == (13, 12)
        assert archive.frame("s", 14).number == 14


def test_damage_to_one_session_is_not_told_of_another(path: Path, begin: Begin, frames: Any) -> None:
    """Its frames and connections are its own."""
    with Archive.open(path, mode="write") as archive:
        for session in ("one", "two", "three"):
            intake = begin(archive, session=session)
            intake([frames.opened, *frames.some(3)])
            intake.finish(0)
    edit(path, "UPDATE connection SET url = x'00' WHERE session_id = 1")
    edit(path, "UPDATE frame SET head = 'text' WHERE session_id = 2")
    with Archive.open(path, mode="read") as archive:
        assert [verdict.state for verdict in verify(archive)] == ["damaged", "damaged", "complete"]
        assert list(archive.frames("three")) == frames.some(3)


def test_no_message_shows_what_the_damage_holds(good: Path) -> None:
    """It may be a secret."""
    edit(good, "UPDATE frame SET payload = 'canary-1' WHERE number = 3")
    edit(good, "UPDATE session SET detail = CAST(x'ff' || 'canary-2' AS TEXT)")
    edit(good, "UPDATE connection SET request_headers = 'canary-3'")
    with Archive.open(good, mode="read") as archive:
        refusals = []
        for question in questions(archive):
            try:
                question()
            except ArchiveUnusable as refused:
                refusals.append(f"{refused} {refused.hint}")
    assert len(refusals) > 5
    assert "canary" not in "".join(refusals)


CELLS = [(table.name, column.name) for table in TRUTH for column in table.columns]
VALUES = st.one_of(
    st.none(),
    st.integers(-(2**63), 2**63 - 1),
    st.integers(-2, 20),
    st.floats(allow_nan=False),
    st.text(st.characters(codec="utf-8"), max_size=5),
    st.binary(max_size=20),
)


@given(cell=st.sampled_from(CELLS), value=VALUES, number=st.integers(1, 30))
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_value_in_any_cell(
    path: Path, original: bytes, cell: tuple[str, str], value: object, number: int
) -> None:
    """Nothing falls over; and of a frame there is no cell that can be changed unnoticed."""
    for leftover in path.parent.iterdir():
        leftover.unlink()
    path.write_bytes(original)
    table, column = cell
    rows = f"WHERE number = {number}" if table == "frame" else ""
    with closing(sqlite3.connect(path, isolation_level=None)) as handle:
        look = f"SELECT quote({column}) FROM {table} {rows}"
        before = handle.execute(look).fetchall()
        with suppress(sqlite3.IntegrityError):
            handle.execute(f"UPDATE {table} SET {column} = ? {rows}", (value,))
        try:
            changed = handle.execute(f"SELECT quote({column}) FROM {table}").fetchall()
        except sqlite3.OperationalError:
            changed = []
        unchanged = all(value in changed for value in before) and bool(changed)
    ask_everything(path)
    called = is_called_damaged(path)
    assert called or unchanged or table != "frame" or column == "id"
    record_into(path)
