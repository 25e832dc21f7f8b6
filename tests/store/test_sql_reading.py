"""Somebody's SQL reads an archive, in a file and in a database, and can do nothing else."""

from __future__ import annotations

import pytest

from recorder.errors import ArchiveUnusable, BadOption, NotFound
from recorder.store.archive import Archive
from recorder.store.sql_reading import QueryOver, query_answer


@pytest.fixture
def archive(where, begin, frames):
    with Archive.open(where, mode="write") as opened:
        sink = begin(opened, session="abc")
        sink([frames.opened, *frames.some(5), frames.closed])
        sink.finish(9)
    return where


def asked(where, sql, *, limit_s=60.0, is_over=lambda: False):
    with query_answer(where, sql, time_limit_s=limit_s, is_over=is_over, on_stop=lambda _: None) as answer:
        return list(answer.columns), [tuple(row) for row in answer.rows]


def test_rows_and_columns_come(archive):
    sql = "SELECT s.session, f.number AS n FROM session s JOIN frame f ON f.session_id = s.id ORDER BY n"
    assert asked(archive, sql) == (["session", "n"], [("abc", n) for n in range(1, 6)])
    assert asked(archive, "WITH x AS (SELECT 1 AS a) SELECT a FROM x WHERE a > 1") == (["a"], [])


@pytest.mark.parametrize(
    "sql",
    [
        "DELETE FROM frame", "DROP TABLE frame", "CREATE TABLE x (a INTEGER)", "UPDATE frame SET number = 1",
        "SELECT 1; DELETE FROM frame", "BEGIN", "COMMIT", "", "nonsense", "SELECT nope FROM frame",
        "WITH x AS (SELECT 1) DELETE FROM frame", "-- nothing",
    ],
)  # fmt: skip
def test_nothing_but_one_query_that_reads(archive, sql):
    with pytest.raises(BadOption, match=r"^QUERY: [^\n]+$"):
        asked(archive, sql)
    assert asked(archive, "SELECT count(*) FROM frame")[1] == [(5,)]


@pytest.mark.parametrize(
    "sql",
    [
        "ATTACH 'other.db' AS other", "PRAGMA query_only = 0", "PRAGMA writable_schema = 1", "VACUUM",
        "SELECT load_extension('x')", "VACUUM INTO 'copy.db'",
    ],
)  # fmt: skip
def test_what_sqlite_could_do_besides_is_refused(path, begin, frames, sql):
    with Archive.open(path, mode="write") as opened:
        begin(opened).finish(9)
    before = sorted(path.parent.iterdir())
    with pytest.raises(BadOption):
        asked(str(path), sql)
    assert sorted(path.parent.iterdir()) == before
    assert asked(str(path), "PRAGMA table_info(setting)")[0][:2] == ["cid", "name"]


def test_what_postgresql_could_do_besides_is_refused(database):
    with Archive.open(database, mode="write"):
        pass
    for sql in (
        "SELECT set_config('transaction_read_only', 'off', false)",
        "SELECT nextval('session_id_seq')",
    ):
        with pytest.raises(BadOption):
            asked(database, sql)
    for sql in ("COPY session TO PROGRAM 'cat'", "SET statement_timeout = 0", "DO 'BEGIN END'", "CALL x()"):
        with pytest.raises(BadOption, match="it has to begin with SELECT"):
            asked(database, sql)


@pytest.mark.parametrize(
    "call",
    [
        "set_config('statement_timeout', '0', true)", "pg_terminate_backend(1)", "lo_export(1, '/tmp/x')",
        "PG_READ_FILE ('/etc/passwd')", "pg_catalog.pg_reload_conf/* /* ( */ */()",
        '"pg_notify" (\'a\', \'b\')',
        "lo_from_bytea -- x\n(0, 'x')", "query_to_xml('SELECT 1', true, true, '')", "pg_advisory_lock(1)",
        'U&"pg\\005fnotify"(\'a\', \'b\')', "nextval('session_id_seq')", "dblink_exec('x')",
    ],
)  # fmt: skip
def test_a_function_of_postgresql_that_does_more_than_read_is_refused(database, call):
    with Archive.open(database, mode="write"):
        pass
    with pytest.raises(BadOption, match=r"^QUERY: [^\n]+$") as refused:
        asked(database, f"SELECT {call}")
    assert "may only read" in str(refused.value) or "dblink" in call
    harmless = "SELECT max(1), lower('A'), now() IS NULL, random() < 2"
    assert asked(database, harmless)[1] == [(1, "a", False, True)]


def test_the_limit_is_for_all_rows_together(database):
    with Archive.open(database, mode="write"):
        pass
    looks = iter([False] * 3)
    with pytest.raises(QueryOver):
        asked(database, "SELECT generate_series(1, 1000)", is_over=lambda: next(looks, True))


@pytest.mark.parametrize("sql", ["SELECT zeroblob(100000000)", "SELECT hex(zeroblob(60000000))"])
def test_a_value_that_would_take_longer_than_any_limit_is_refused(path, sql):
    with Archive.open(path, mode="write"):
        pass
    with pytest.raises(BadOption, match="a value in it is longer than 64 MiB"):
        asked(str(path), sql)


def test_a_query_that_is_no_utf_8_and_a_damaged_page_are_told(path, begin, frames):
    with Archive.open(path, mode="write") as opened:
        sink = begin(opened)
        sink(frames.some(2_000))
        sink.finish(9)
    with pytest.raises(BadOption, match="it is not UTF-8"):
        asked(str(path), "SELECT '\ud800'")
    with path.open("r+b") as file:
        file.seek(0, 2)
        for page in range(20, file.tell() // 4096):
            file.seek(page * 4096)
            file.write(b"\xff" * 4096)
    with pytest.raises(ArchiveUnusable, match="the file is damaged"):
        asked(str(path), "SELECT sum(length(payload)) FROM frame")


ENDLESS = "WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n) SELECT {} FROM n"


def test_a_query_is_ended_when_its_time_is_over(archive):
    looks = iter([False] * 3)
    with pytest.raises(QueryOver):
        asked(archive, ENDLESS.format("max(x)"), limit_s=0.05, is_over=lambda: next(looks, True))


def test_rows_come_before_all_are_there(path):
    with Archive.open(path, mode="write"):
        pass
    keep = {"time_limit_s": 60.0, "is_over": lambda: False, "on_stop": lambda _: None}
    with query_answer(str(path), ENDLESS.format("x"), **keep) as answer:
        assert [next(answer.rows) for _ in range(3)] == [(1,), (2,), (3,)]


def test_there_has_to_be_an_archive(tmp_path):
    with pytest.raises(NotFound):
        asked(str(tmp_path / "none.db"), "SELECT 1")
    (tmp_path / "text.db").write_text("no archive of anybody's" * 100)
    with pytest.raises(ArchiveUnusable):
        asked(str(tmp_path / "text.db"), "SELECT 1")
